import { describe, expect, it } from 'vitest';
import { stackBars, toRuns } from './plot-shapes.ts';

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
