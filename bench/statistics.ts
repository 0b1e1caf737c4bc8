/** The middle and the ends of what the rounds gave; the ends are printed because the machine is noisy. */
export interface Spread {
  readonly median: number;
  readonly min: number;
  readonly max: number;
}

export function toSpread(values: readonly number[]): Spread {
  const sorted = values.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  const median =
    sorted.length % 2 === 1
      ? (sorted[Math.floor(middle)] as number)
      : ((sorted[middle - 1] as number) + (sorted[middle] as number)) / 2;
  return { median, min: sorted[0] as number, max: sorted.at(-1) as number };
}

/** Round by round: what both did within the same seconds is compared, so that a slow spell hits both. */
export function toRatios(values: readonly number[], base: readonly number[]): Spread {
  return toSpread(values.map((value, round) => value / (base[round] as number)));
}

/** Nearest rank, of values in ascending order. */
export function toPercentile(sorted: Float64Array, percent: number): number {
  return sorted[Math.max(0, Math.ceil((sorted.length * percent) / 100) - 1)] as number;
}
