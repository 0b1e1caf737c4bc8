/** How often something may run because of the stream: at once when asked, and at most once per gap. */
import { useEffect, useRef } from 'preact/hooks';

export interface Gate {
  ask(): void;
  /** Forgets what was asked. */
  stop(): void;
}

export interface Timers {
  readonly now: () => number;
  /** Gives back how to call it off. */
  readonly later: (run: () => void, ms: number) => () => void;
}

export function makeGate(gapMs: number, { now, later }: Timers, run: () => void): Gate {
  let ranAtMs = Number.NEGATIVE_INFINITY;
  let callOff: (() => void) | null = null;
  const runNow = (): void => {
    callOff = null;
    ranAtMs = now();
    run();
  };
  return {
    ask() {
      if (callOff !== null) return;
      const leftMs = ranAtMs + gapMs - now();
      if (leftMs <= 0) runNow();
      else callOff = later(runNow, leftMs);
    },
    stop() {
      callOff?.();
      callOff = null;
    },
  };
}

export const BROWSER_TIMERS: Timers = {
  now: () => performance.now(),
  later(run, ms) {
    const timer = setTimeout(run, ms);
    return () => clearTimeout(timer);
  },
};

/** Runs as often as `listen` says, paced; `run` and `listen` are taken anew when one of the `inputs` changes. */
export function usePaced(
  gapMs: number,
  run: () => void,
  listen: (ask: () => void) => readonly (() => void)[],
  inputs: readonly unknown[],
): void {
  const latest = useRef({ run, listen });
  latest.current = { run, listen };
  useEffect(() => {
    const gate = makeGate(gapMs, BROWSER_TIMERS, () => latest.current.run());
    const stops = latest.current.listen(() => gate.ask());
    return () => {
      gate.stop();
      for (const stop of stops) stop();
    };
  }, inputs);
}
