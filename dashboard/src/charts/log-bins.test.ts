import { describe, expect, it } from 'vitest';
import { formatMarkDuration, toDurationMarks, toLogBins, toLogPosition } from './log-bins.ts';

describe('toLogBins', () => {
  it('loses no call, whatever the number of bars', () => {
    const durations = Array.from({ length: 120 }, (_, index) => {
      const fromMs = 1.1 ** index * 10;
      return { fromMs, toMs: fromMs * 1.1, count: index % 7 };
    });
    const sum = durations.reduce((total, bar) => total + bar.count, 0);
    for (const barsMax of [1, 8, 24, 48]) {
      const bins = toLogBins(durations, barsMax);
      expect(bins?.bars.reduce((total, bar) => total + bar.count, 0)).toBe(sum);
      expect(bins?.bars).toHaveLength(barsMax);
    }
  });

  it('puts what is shorter than the axis into its first bar, which begins at nought', () => {
    const bins = toLogBins([{ fromMs: 0, toMs: 100, count: 3 }], 10);
    expect(bins?.bars[0]).toMatchObject({ fromMs: 0, count: 3 });
  });

  it('lays bars side by side up to the longest call', () => {
    const bins = toLogBins([{ fromMs: 3_500_000, toMs: 3_600_000, count: 1 }], 20);
    expect(bins?.bars.at(-1)?.toMs).toBeCloseTo(3_600_000, 0);
    expect(bins?.bars.at(-1)?.count).toBe(1);
  });

  it('is nothing where there is nothing', () => {
    expect(toLogBins([], 10)).toBeNull();
    expect(toLogBins([{ fromMs: 0, toMs: 10, count: 0 }], 10)).toBeNull();
  });
});

describe('toDurationMarks', () => {
  it('keeps its marks apart, with fewer where there is little room', () => {
    const wide = toDurationMarks(1_000, 3_600_000, 0.04);
    const narrow = toDurationMarks(1_000, 3_600_000, 0.18);
    expect(narrow.length).toBeLessThan(wide.length);
    expect(narrow.map(formatMarkDuration)).toEqual(['1 s', '10 s', '1 min', '10 min', '1 h']);
  });
});

describe('toLogPosition', () => {
  it('goes from one end to the other and never beyond', () => {
    expect(toLogPosition(1_000, 1_000, 100_000)).toBe(0);
    expect(toLogPosition(10_000, 1_000, 100_000)).toBeCloseTo(0.5);
    expect(toLogPosition(0, 1_000, 100_000)).toBe(0);
    expect(toLogPosition(1e9, 1_000, 100_000)).toBe(1);
  });
});
