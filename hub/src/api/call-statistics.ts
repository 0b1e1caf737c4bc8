/** What the journal counted of calls, summed up for people. Pure: the clock is a number handed in. */
import type { CallSlot, CallStatistics, DurationBucket } from '../journal/analytics.ts';
import type { HeatHour } from './heat-map.ts';

import { toQuantileMs } from './quantile.ts';

export interface CallTotals {
  readonly connected: number;
  readonly ended: number;
  readonly failed: number;
  readonly finished: number;
  readonly unpaired: number;
  readonly durationCount: number;
  readonly meanMs: number | null;
  readonly p50Ms: number | null;
  readonly p95Ms: number | null;
  readonly maxMs: number | null;
  readonly shortCalls: number;
  readonly activePeak: number;
  readonly activePeakAtMs: number | null;
  readonly meanActive: number | null;
  readonly repeated: number;
  readonly late: number;
  readonly conflicting: number;
  readonly noted: number;
}

export interface CallStatisticsFacts {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
  readonly timeZone: string;
  readonly totals: CallTotals;
  readonly slots: readonly CallSlot[];
  readonly durations: readonly DurationBucket[];
  readonly heat: readonly HeatHour[];
  readonly errors: CallStatistics['errors'];
}

export function sumCalls(statistics: CallStatistics, nowMs: number): CallTotals {
  const { slots, durations, sinceMs } = statistics;
  const sum = (pick: (slot: CallSlot) => number): number =>
    slots.reduce((total, slot) => total + pick(slot), 0);
  const ended = sum((slot) => slot.ended);
  const failed = sum((slot) => slot.failed);
  const durationCount = sum((slot) => slot.durationCount);
  const durationMsSum = sum((slot) => slot.durationMsSum);
  const maxMs = durationCount === 0 ? null : Math.max(...slots.map((slot) => slot.durationMsMax));
  const activePeak = slots.reduce((peak, slot) => Math.max(peak, slot.activePeak), 0);
  // The range may reach past now by what it was moved outward; nothing can have happened there.
  const lengthMs = Math.min(statistics.untilMs, Math.max(nowMs, sinceMs)) - sinceMs;
  return {
    connected: sum((slot) => slot.connected),
    ended,
    failed,
    finished: ended + failed,
    unpaired: sum((slot) => slot.unpaired),
    durationCount,
    meanMs: durationCount === 0 ? null : Math.round(durationMsSum / durationCount),
    p50Ms: toKnownQuantileMs(durations, 0.5, maxMs),
    p95Ms: toKnownQuantileMs(durations, 0.95, maxMs),
    maxMs,
    shortCalls: sum((slot) => slot.shortCalls),
    activePeak,
    activePeakAtMs:
      activePeak === 0 ? null : (slots.find((slot) => slot.activePeak === activePeak)?.startMs ?? null),
    meanActive: lengthMs <= 0 ? null : sumActiveMs(slots, sinceMs, sinceMs + lengthMs) / lengthMs,
    repeated: sum((slot) => slot.repeated),
    late: sum((slot) => slot.late),
    conflicting: sum((slot) => slot.conflicting),
    noted: sum((slot) => slot.noted),
  };
}

/**
 * Time spent in calls within [sinceMs, untilMs). A duration is counted where its call ended, though it was spent
 * before: from the last slot back, each takes no more than as many calls as were active at once in it can fill, and
 * leaves the rest to the slot before. What is left at the begin was spent before the range.
 */
function sumActiveMs(slots: readonly CallSlot[], sinceMs: number, untilMs: number): number {
  let [total, restMs, endMs] = [0, 0, untilMs];
  for (const { startMs, durationMsSum, activePeak } of slots.toReversed()) {
    const beginMs = Math.max(startMs, sinceMs);
    const roomMs = activePeak * Math.max(0, endMs - beginMs);
    const spentMs = Math.min(restMs + durationMsSum, roomMs);
    total += spentMs;
    restMs += durationMsSum - spentMs;
    endMs = Math.min(endMs, beginMs);
  }
  return total;
}

/** The bucket's upper part may lie above the longest call there was. */
function toKnownQuantileMs(
  buckets: readonly DurationBucket[],
  share: number,
  maxMs: number | null,
): number | null {
  const quantileMs = toQuantileMs(buckets, share);
  if (quantileMs === null) return null;
  return Math.round(maxMs === null ? quantileMs : Math.min(quantileMs, maxMs));
}
