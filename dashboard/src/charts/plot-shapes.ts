/** What a time chart is painted from: bars that stand on each other, lines without their gaps, places on the time axis. */
import type { Slots } from './slot-cursor.ts';

export interface PlotPoint {
  readonly at: number;
  readonly value: number;
}

type Values = readonly (number | null)[];

/** Bars carry the sum of themselves and those below; everything else stays as it is. */
export function stackBars(
  series: readonly { readonly shape: string; readonly values: Values }[],
): readonly Values[] {
  let below: Values = [];
  return series.map(({ shape, values }) => {
    if (shape !== 'bar') return values;
    const under = below;
    below = values.map((value, at) => (value ?? 0) + (under[at] ?? 0));
    return below;
  });
}

/** The stretches between slots without a value. */
export function toRuns(values: Values): readonly (readonly PlotPoint[])[] {
  const runs: PlotPoint[][] = [];
  values.forEach((value, at) => {
    if (value === null) return;
    const run = runs.at(-1);
    if (run?.at(-1)?.at === at - 1) run.push({ at, value });
    else runs.push([{ at, value }]);
  });
  return runs;
}

/** Of the time axis, in whole slots: the first may begin before the range does. */
export function toEnds({ atMs, stepMs, sinceMs, untilMs }: Slots): [sinceMs: number, untilMs: number] {
  return [Math.min(sinceMs, atMs[0] ?? sinceMs), Math.max(untilMs, (atMs.at(-1) ?? 0) + stepMs)];
}

export function toMiddle(slots: Slots, index: number): number {
  return (slots.atMs[index] ?? 0) + slots.stepMs / 2;
}

/** Of the time axis: 0 is its left end, 1 its right one. */
export function toShare(slots: Slots, atMs: number): number {
  const [sinceMs, untilMs] = toEnds(slots);
  return (atMs - sinceMs) / (untilMs - sinceMs);
}

/** The slot at a share of the time axis; beyond its ends the one beside them, null where there is none. */
export function findSlotAt(slots: Slots, share: number): number | null {
  const [firstMs] = slots.atMs;
  if (firstMs === undefined) return null;
  const [sinceMs, untilMs] = toEnds(slots);
  const index = Math.floor((sinceMs + share * (untilMs - sinceMs) - firstMs) / slots.stepMs);
  return Math.min(slots.atMs.length - 1, Math.max(0, index));
}
