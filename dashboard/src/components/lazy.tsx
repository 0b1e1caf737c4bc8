import { useEffect, useState } from 'preact/hooks';
import type { ComponentType, VNode } from 'preact';
import { ApiFault } from '../data/api.ts';
import { PageHead, Skeleton } from './page.tsx';
import { showToast } from './toast.tsx';

/**
 * A component in a file of its own, read when it is first shown: what few people open, nobody else waits for. With a
 * title it is a screen: its heading stands there meanwhile, and the boundary around it says where the file did not come.
 */
export function defineLazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
  title?: string,
): (props: Props) => VNode | null {
  let Loaded: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [state, setState] = useState<'coming' | 'here' | 'missing'>('coming');
    useEffect(() => {
      if (Loaded === null) void bring();
    }, []);
    const bring = async () => {
      try {
        Loaded = await load();
        setState('here');
      } catch {
        if (title === undefined) showToast(MISSING.title, { kind: 'alert', detail: MISSING.detail });
        else setState('missing');
      }
    };
    if (Loaded !== null) return <Loaded {...props} />;
    if (title === undefined) return null;
    if (state === 'missing') throw new ApiFault(0, MISSING);
    return (
      <div aria-busy="true">
        <PageHead title={title} />
        <Skeleton lines={8} />
      </div>
    );
  };
}

const MISSING = {
  type: 'about:blank',
  title: 'This part of the page could not be loaded',
  detail: 'The hub cannot be reached, or is newer than this page: load it again.',
  code: 'page_missing',
  request_id: null,
};
