/** What a time chart is painted from: bars that stand on each other, lines without their gaps. */

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
