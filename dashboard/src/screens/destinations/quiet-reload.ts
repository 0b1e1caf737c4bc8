import { useEffect, useRef } from 'preact/hooks';

import { paused } from '../../data/stream.ts';

const RELOAD_MS = 5_000;

/** Backlog and health move by themselves and are not on the stream: they are asked for while somebody looks. */
export function useQuietReload(reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    const timer = setInterval(() => {
      if (!document.hidden && !paused.value) latest.current();
    }, RELOAD_MS);
    return () => clearInterval(timer);
  }, []);
}
