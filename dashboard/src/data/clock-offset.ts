/** How far the hub's clock is ahead of this browser's, learned from times the hub sends. */

/** Enough to hold one message that came without delay, few enough to follow a clock that is set. */
const SAMPLES_MAX = 12;

export interface Offset {
  learn(hubMs: number, localMs: number): void;
  valueMs(): number;
}

export function makeOffset(): Offset {
  let samples: number[] = [];
  return {
    learn(hubMs, localMs) {
      if (!Number.isFinite(hubMs)) return;
      samples = [...samples.slice(1 - SAMPLES_MAX), hubMs - localMs];
    },
    /** A message is only ever late, so the sample that says most is nearest to the truth. */
    valueMs: () => (samples.length === 0 ? 0 : Math.max(...samples)),
  };
}
