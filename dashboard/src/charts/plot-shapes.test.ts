import { describe, expect, it } from 'vitest';
import { findSlotAt, stackBars, toEnds, toMiddle, toRuns, toShare } from './plot-shapes.ts';

describe('stackBars', () => {
  it('puts each bar on those before it and leaves lines where they are', () => {
    const stacked = stackBars([
      { shape: 'bar', values: [1, 2, null] },
      { shape: 'line', values: [9, null, 9] },
      { shape: 'bar', values: [3, null, 5] },
    ]);
    expect(stacked).toEqual([
      [1, 2, 0],
      [9, null, 9],
      [4, 2, 5],
    ]);
  });
});

describe('toRuns', () => {
  it('breaks a line where slots have no value', () => {
    expect(toRuns([null, 1, 2, null, 0, null, null, 4])).toEqual([
      [
        { at: 1, value: 1 },
        { at: 2, value: 2 },
      ],
      [{ at: 4, value: 0 }],
      [{ at: 7, value: 4 }],
    ]);
    expect(toRuns([null, null])).toEqual([]);
  });
});

describe('the time axis', () => {
  /** The range begins within the first slot and ends within the last one. */
  const slots = { atMs: [0, 60, 120, 180], stepMs: 60, sinceMs: 30, untilMs: 200 };

  it('is as long as its slots, or as its range where that is longer', () => {
    expect(toEnds(slots)).toEqual([0, 240]);
    expect(toEnds({ ...slots, sinceMs: -10, untilMs: 300 })).toEqual([-10, 300]);
    expect(toEnds({ ...slots, atMs: [] })).toEqual([30, 200]);
  });

  it('gives each instant its share, and each slot its middle', () => {
    expect([0, 60, 240].map((atMs) => toShare(slots, atMs))).toEqual([0, 0.25, 1]);
    expect(toShare(slots, toMiddle(slots, 3))).toBe(0.875);
  });

  it('finds the slot at each share, and beyond its ends the one beside them', () => {
    expect([0, 0.24, 0.26, 0.99].map((share) => findSlotAt(slots, share))).toEqual([0, 0, 1, 3]);
    expect([-5, 1, 5].map((share) => findSlotAt(slots, share))).toEqual([0, 3, 3]);
    for (const index of slots.atMs.keys())
      expect(findSlotAt(slots, toShare(slots, toMiddle(slots, index)))).toBe(index);
  });

  it('finds none where there is none', () => {
    expect(findSlotAt({ ...slots, atMs: [] }, 0.5)).toBeNull();
  });
});
