import { describe, expect, it } from 'vitest';

import { toPercentile, toRatios, toSpread } from './statistics.ts';

describe('statistics', () => {
  it('takes the middle round, or the mean of the middle two, and keeps both ends', () => {
    expect(toSpread([30, 10, 20])).toEqual({ median: 20, min: 10, max: 30 });
    expect(toSpread([40, 10, 20, 30])).toEqual({ median: 25, min: 10, max: 40 });
  });

  it('compares within each round, so that a slow spell which hit both leaves the ratio alone', () => {
    expect(toRatios([50, 5, 50], [100, 10, 100])).toEqual({ median: 0.5, min: 0.5, max: 0.5 });
  });

  it('takes percentiles by nearest rank', () => {
    const hundred = Float64Array.from({ length: 100 }, (_, index) => index + 1);
    expect(toPercentile(hundred, 50)).toBe(50);
    expect(toPercentile(hundred, 99)).toBe(99);
    expect(toPercentile(Float64Array.of(7), 99)).toBe(7);
  });
});
