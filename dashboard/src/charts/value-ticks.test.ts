import { describe, expect, it } from 'vitest';
import { formatMark, toValueTicks } from './value-ticks.ts';

describe('toValueTicks', () => {
  it('marks counts at whole numbers only', () => {
    expect(toValueTicks(1, 5, 'count')).toEqual([0, 1]);
    expect(toValueTicks(3, 5, 'count')).toEqual([0, 1, 2, 3]);
    expect(toValueTicks(0, 5, 'count')).toEqual([0, 1]);
  });

  it('ends at a round number that is not below the largest value', () => {
    expect(toValueTicks(37, 5, 'count')).toEqual([0, 10, 20, 30, 40]);
    expect(toValueTicks(1_284, 4, 'count')).toEqual([0, 500, 1_000, 1_500]);
    for (const max of [1, 7, 11, 99, 101, 4_999, 123_456]) {
      const ticks = toValueTicks(max, 5, 'count');
      expect(ticks.at(-1)).toBeGreaterThanOrEqual(max);
      expect(ticks.length).toBeLessThanOrEqual(7);
    }
  });

  it('never lets a small rate fill the picture, and keeps its marks clean', () => {
    expect(toValueTicks(0.004, 5, 'rate').at(-1)).toBe(0.1);
    expect(toValueTicks(0.3, 3, 'rate')).toEqual([0, 0.1, 0.2, 0.3]);
    expect(toValueTicks(1, 5, 'rate').at(-1)).toBe(1);
  });
});

describe('formatMark', () => {
  it('fits the axis', () => {
    expect(formatMark(500, 'count')).toBe('500');
    expect(formatMark(1_500, 'count')).toBe('1.5k');
    expect(formatMark(2_000_000, 'count')).toBe('2M');
    expect(formatMark(0.05, 'rate')).toBe('5 %');
  });
});
