/** A screen that is fetched when it is first gone to. */
import type { ComponentType } from 'preact';
import { useEffect, useState } from 'preact/hooks';

import { Skeleton } from '../components/page.tsx';

/** `id`: what stands in the path after the screen's name: a call, a destination, a delivery, a tab of settings. */
export interface ScreenProps {
  readonly id: string | null;
}

/** On loopback a screen is there in some 20 ms; a skeleton shown for so short a time is only a flicker. */
const SKELETON_MS = 200;

export function lazyScreen(load: () => Promise<ComponentType<ScreenProps>>): ComponentType<ScreenProps> {
  let loaded: ComponentType<ScreenProps> | null = null;
  return function LazyScreen(props: ScreenProps) {
    const [fault, setFault] = useState<Error | null>(null);
    const [, setLoaded] = useState(loaded !== null);
    useEffect(() => {
      if (loaded !== null) return undefined;
      let isGone = false;
      async function fetchIt(): Promise<void> {
        try {
          loaded = await load();
          if (!isGone) setLoaded(true);
        } catch (error) {
          if (!isGone) setFault(new ScreenMissing(error));
        }
      }
      void fetchIt();
      return () => {
        isGone = true;
      };
    }, []);
    if (fault !== null) throw fault;
    const Component = loaded;
    return Component === null ? <LateSkeleton /> : <Component {...props} />;
  };
}

/** Its file is not there (any more): the hub was updated under an open page, or is away. */
export class ScreenMissing extends Error {
  override readonly name = 'ScreenMissing';

  constructor(cause: unknown) {
    super('This screen could not be fetched from the hub: it may have been updated, or be away.', { cause });
  }
}

function LateSkeleton() {
  const [isLate, setLate] = useState(false);
  useEffect(() => {
    const timer = setTimeout(() => setLate(true), SKELETON_MS);
    return () => clearTimeout(timer);
  }, []);
  return isLate ? (
    <div aria-busy="true">
      <Skeleton lines={6} />
    </div>
  ) : null;
}
