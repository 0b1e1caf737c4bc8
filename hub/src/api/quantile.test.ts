import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { DurationBucket } from '../journal/analytics.ts';

import { toQuantileMs } from './quantile.ts';

/** Bars at most 10 % wide, as the journal makes them. */
function toBuckets(values: readonly number[]): readonly DurationBucket[] {
  const buckets = new Map<number, DurationBucket>();
  for (const value of values) {
    let fromMs = 0;
    let toMs = 10;
    while (value >= toMs) {
      fromMs = toMs;
      toMs = Math.max(fromMs + 1, Math.floor(fromMs * 1.1));
    }
    buckets.set(fromMs, { fromMs, toMs, count: (buckets.get(fromMs)?.count ?? 0) + 1 });
  }
  return [...buckets.values()].toSorted((a, b) => a.fromMs - b.fromMs);
}

describe('a quantile out of buckets', () => {
  it('is null where nothing was counted', () => {
    expect(toQuantileMs([], 0.5)).toBeNull();
  });

  it('is the middle of the bucket that holds the only value', () => {
    expect(toQuantileMs([{ fromMs: 100, toMs: 110, count: 1 }], 0.95)).toBe(105);
  });

  it('lies between the values whose ranks it lies between, give or take their buckets', () => {
    fc.assert(
      fc.property(
        fc.array(fc.integer({ min: 0, max: 4_000_000 }), { minLength: 1, maxLength: 200 }),
        fc.constantFrom(0, 0.05, 0.5, 0.95, 1),
        (values, share) => {
          const buckets = toBuckets(values);
          const sorted = values.toSorted((a, b) => a - b);
          const rank = share * (sorted.length - 1);
          const lower = sorted[Math.floor(rank)] as number;
          const upper = sorted[Math.ceil(rank)] as number;
          const quantile = toQuantileMs(buckets, share) as number;
          const bucketOf = (value: number): DurationBucket =>
            buckets.find(({ fromMs, toMs }) => value >= fromMs && value < toMs) as DurationBucket;
          expect(quantile).toBeGreaterThanOrEqual(bucketOf(lower).fromMs);
          expect(quantile).toBeLessThanOrEqual(bucketOf(upper).toMs);
        },
      ),
      { numRuns: 500 },
    );
  });

  it('of evenly spread values is right within a percent', () => {
    const values = Array.from({ length: 10_000 }, (_, index) => index * 10);
    for (const share of [0.5, 0.9, 0.95]) {
      expect(
        Math.abs((toQuantileMs(toBuckets(values), share) as number) / (share * 100_000) - 1),
      ).toBeLessThan(0.01);
    }
  });

  it('does not leave its bucket for a rank between two values', () => {
    const buckets = [
      { fromMs: 0, toMs: 10, count: 1 },
      { fromMs: 10, toMs: 11, count: 1 },
    ];
    expect(toQuantileMs(buckets, 0.95)).toBeLessThanOrEqual(11);
  });

  it('never falls as the share grows', () => {
    const buckets = toBuckets([5, 80, 81, 500, 500, 30_000]);
    const quantiles = [0, 0.1, 0.2, 0.4, 0.5, 0.8, 0.95, 1].map((share) => toQuantileMs(buckets, share));
    expect(quantiles).toEqual(quantiles.toSorted((a, b) => Number(a) - Number(b)));
  });
});
