import type { DurationBucket } from '../journal/analytics.ts';

/**
 * The duration below which this share of what was counted lies; null where nothing was. Inside its bucket the values
 * are taken as evenly spread, so that the answer is off by at most the bucket's width (10 %).
 */
export function toQuantileMs(buckets: readonly DurationBucket[], share: number): number | null {
  const total = buckets.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return null;
  // The rank that sorted values would be read at: the first is 0, the last is total − 1.
  const rank = share * (total - 1);
  let below = 0;
  for (const { fromMs, toMs, count } of buckets) {
    // Half a place up: a bucket's only value lies in its middle, not at its lower end. A rank between the last value
    // of this one and the first of the next would lie beyond its end.
    if (rank < below + count) {
      return fromMs + Math.min(1, (rank - below + 0.5) / count) * (toMs - fromMs);
    }
    below += count;
  }
  return buckets.at(-1)?.toMs ?? null;
}
