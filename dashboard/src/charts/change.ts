/** How a number moved against the previous period, in words that fit beside it. */
import { formatPercent } from '../data/format.ts';

/** What a rise means: more errors are worse, more calls are neither. */
export type RiseMeaning = 'good' | 'bad' | 'neutral';

export interface Change {
  readonly direction: 'up' | 'down' | 'same';
  readonly verdict: RiseMeaning;
  /** `12.5 %`, `1.2 pp`, `from 0` */
  readonly text: string;
}

/** null where there is nothing to compare. `points`: for rates, whose percent of a percent misleads. */
export function toChange(
  now: number | null,
  before: number | null,
  rise: RiseMeaning,
  measure: 'percent' | 'points' = 'percent',
): Change | null {
  if (now === null || before === null) return null;
  const difference = now - before;
  const text = measure === 'points' ? toPoints(difference) : toPercent(now, before);
  if (difference === 0) return { direction: 'same', verdict: 'neutral', text: 'no change' };
  const direction = difference > 0 ? 'up' : 'down';
  return { direction, verdict: direction === 'up' ? rise : OPPOSITE[rise], text };
}

const OPPOSITE: Readonly<Record<RiseMeaning, RiseMeaning>> = {
  good: 'bad',
  bad: 'good',
  neutral: 'neutral',
};

function toPercent(now: number, before: number): string {
  if (before === 0) return 'from 0';
  const ratio = Number(Math.abs(now / before - 1).toPrecision(6));
  // Beyond tenfold a percentage is noise: "× 42" is read at once.
  if (now / before >= 10) return `× ${Math.round(now / before)}`;
  return formatPercent(ratio >= 0.1 ? Math.round(ratio * 100) / 100 : ratio);
}

function toPoints(difference: number): string {
  const points = Number(Math.abs(difference * 100).toFixed(1));
  return points === 0 ? '< 0.1 pp' : `${points} pp`;
}
