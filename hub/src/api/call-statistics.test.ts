import { describe, expect, it } from 'vitest';
import type { CallSlot, CallStatistics } from '../journal/analytics.ts';

import { sumCalls } from './call-statistics.ts';

const HOUR_MS = 3_600_000;
const EMPTY: Omit<CallSlot, 'startMs'> = {
  connected: 0,
  ended: 0,
  failed: 0,
  unpaired: 0,
  durationCount: 0,
  durationMsSum: 0,
  durationMsMax: 0,
  shortCalls: 0,
  activePeak: 0,
  activeEnd: 0,
  repeated: 0,
  late: 0,
  conflicting: 0,
  noted: 0,
};

function makeStatistics(
  slots: readonly Partial<CallSlot>[],
  more: Partial<CallStatistics> = {},
): CallStatistics {
  return {
    sinceMs: 0,
    untilMs: slots.length * HOUR_MS,
    stepMs: HOUR_MS,
    slots: slots.map((slot, index) => ({ ...EMPTY, startMs: index * HOUR_MS, ...slot })),
    durations: [],
    errors: [],
    ...more,
  };
}

describe('the totals of calls', () => {
  it('of nothing are noughts, and null where nothing can be said', () => {
    expect(sumCalls(makeStatistics([{}, {}]), 2 * HOUR_MS)).toMatchObject({
      finished: 0,
      durationCount: 0,
      meanMs: null,
      p50Ms: null,
      p95Ms: null,
      maxMs: null,
      activePeak: 0,
      activePeakAtMs: null,
      meanActive: 0,
    });
  });

  it('sum the slots, and name the first slot of the peak', () => {
    const totals = sumCalls(
      makeStatistics(
        [
          {
            connected: 2,
            ended: 1,
            activePeak: 3,
            durationCount: 1,
            durationMsSum: 60_000,
            durationMsMax: 60_000,
          },
          { failed: 1, unpaired: 1, activePeak: 5, late: 1 },
          {
            ended: 3,
            activePeak: 5,
            durationCount: 2,
            durationMsSum: 120_000,
            durationMsMax: 100_000,
            shortCalls: 1,
            repeated: 2,
          },
        ],
        {
          durations: [
            { fromMs: 20_000, toMs: 22_000, count: 1 },
            { fromMs: 60_000, toMs: 66_000, count: 2 },
          ],
        },
      ),
      10 * HOUR_MS,
    );
    expect(totals).toMatchObject({
      connected: 2,
      ended: 4,
      failed: 1,
      finished: 5,
      unpaired: 1,
      durationCount: 3,
      meanMs: 60_000,
      maxMs: 100_000,
      shortCalls: 1,
      activePeak: 5,
      activePeakAtMs: HOUR_MS,
      repeated: 2,
      late: 1,
    });
    expect(totals.meanActive).toBeCloseTo(180_000 / (3 * HOUR_MS));
  });

  it('say no percentile above the longest call', () => {
    const totals = sumCalls(
      makeStatistics([{ durationCount: 1, durationMsSum: 1_001, durationMsMax: 1_001 }], {
        durations: [{ fromMs: 1_000, toMs: 1_100, count: 1 }],
      }),
      HOUR_MS,
    );
    expect([totals.p50Ms, totals.p95Ms]).toEqual([1_001, 1_001]);
  });

  it('divide by the time that has passed, not by the rest of the hour', () => {
    const statistics = makeStatistics([
      { durationCount: 1, durationMsSum: HOUR_MS / 2, durationMsMax: 1, activePeak: 1 },
    ]);
    expect(sumCalls(statistics, HOUR_MS / 2).meanActive).toBe(1);
  });

  it('say no mean above the peak: what was spent before the range does not count, and what was spent before the slot does', () => {
    const mean = (...slots: Partial<CallSlot>[]): number | null =>
      sumCalls(makeStatistics(slots), 100 * HOUR_MS).meanActive;
    // One call of 50 hours that ended in the last of two.
    expect(mean({ activePeak: 1 }, { activePeak: 1, durationCount: 1, durationMsSum: 50 * HOUR_MS })).toBe(1);
    expect(mean({ activePeak: 0 }, { activePeak: 1, durationCount: 1, durationMsSum: 50 * HOUR_MS })).toBe(
      0.5,
    );
    expect(mean({ activePeak: 2 }, { activePeak: 2, durationCount: 2, durationMsSum: 3 * HOUR_MS })).toBe(
      1.5,
    );
  });
});
