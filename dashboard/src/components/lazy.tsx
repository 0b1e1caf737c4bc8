import { useEffect, useReducer } from 'preact/hooks';
import type { ComponentType, VNode } from 'preact';
import { showToast } from './toast.tsx';

/** A component in a file of its own, read when it is first shown: what few people open, nobody else waits for. */
export function defineLazy<Props extends object>(
  load: () => Promise<ComponentType<Props>>,
): (props: Props) => VNode | null {
  let Loaded: ComponentType<Props> | null = null;
  return function Lazy(props: Props) {
    const [, render] = useReducer((count: number) => count + 1, 0);
    useEffect(() => {
      if (Loaded === null) void bring();
    }, []);
    const bring = async () => {
      try {
        Loaded = await load();
        render(undefined);
      } catch {
        // The hub may be down, or newer than this page.
        showToast('This part of the page could not be loaded', {
          kind: 'alert',
          detail: 'Load the page again.',
        });
      }
    };
    return Loaded === null ? null : <Loaded {...props} />;
  };
}
