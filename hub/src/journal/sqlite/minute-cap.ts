/**
 * How much may be said of one thing in a minute of the clock, counted in memory: a rollback does not take it back, and
 * then a minute tells fewer.
 */
const MINUTE_MS = 60_000;

/** Counts this one; false beyond the cap. */
export type MinuteCap = (key: number, nowMs: number) => boolean;

export function createMinuteCap(perMinuteMax: number): MinuteCap {
  const counts = new Map<number, number>();
  let countedMinute = Number.NaN;
  return (key, nowMs) => {
    const minute = Math.floor(nowMs / MINUTE_MS);
    if (minute !== countedMinute) {
      counts.clear();
      countedMinute = minute;
    }
    const count = (counts.get(key) ?? 0) + 1;
    counts.set(key, count);
    return count <= perMinuteMax;
  };
}
