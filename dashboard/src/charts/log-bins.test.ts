import { describe, expect, it } from 'vitest';
import { formatMarkDuration, toDurationMarks, toLogBins, toLogPosition } from './log-bins.ts';

/** As the journal has them: from 0.1 ms on, each 10 % wider than the one before. */
const journalBars = Array.from({ length: 170 }, (_, index) => ({
  fromMs: 0.1 * 1.1 ** index,
  toMs: 0.1 * 1.1 ** (index + 1),
  count: index % 7,
}));

describe('toLogBins', () => {
  it('loses no call and keeps to the room there is', () => {
    const sum = journalBars.reduce((total, bar) => total + bar.count, 0);
    for (const barsMax of [1, 8, 24, 48, 500]) {
      const bins = toLogBins(journalBars, barsMax);
      expect(bins?.bars.reduce((total, bar) => total + bar.count, 0)).toBe(sum);
      // Groups begin at the same places whatever came since, so one may be cut at each end.
      expect(bins?.bars.length).toBeLessThanOrEqual(barsMax + 2);
    }
  });

  it('gathers whole bars of the journal: the same number in each', () => {
    const even = journalBars.map((bar) => ({ ...bar, count: 1 }));
    const counts =
      toLogBins(even, 24)
        ?.bars.slice(1, -1)
        .map((bar) => bar.count) ?? [];
    expect(counts.length).toBeGreaterThan(10);
    expect(new Set(counts).size).toBe(1);
  });

  it('has bars side by side, their edges those of the journal', () => {
    const bars = toLogBins(journalBars, 24)?.bars ?? [];
    for (const [index, bar] of bars.slice(1).entries()) {
      expect(bar.fromMs).toBeCloseTo(bars[index]?.toMs ?? 0, 6);
      const step = Math.log(bar.fromMs / 0.1) / Math.log(1.1);
      expect(step).toBeCloseTo(Math.round(step), 6);
    }
  });

  it('puts what is shorter than the axis into its first bar, which begins at nought', () => {
    const bins = toLogBins([{ fromMs: 0, toMs: 0.1, count: 3 }], 10);
    expect(bins?.bars[0]).toMatchObject({ fromMs: 0, count: 3 });
    expect(bins?.minMs).toBeLessThanOrEqual(1_000);
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
