/** The numbers on top of the analytics: each by its right name, with the sentence that says what it counts. */
import type { CallTotalsView } from '../../data/types.ts';
import type { Change, RiseMeaning } from '../../charts/change.ts';

import { toChange } from '../../charts/change.ts';
import { formatCount, formatDuration, formatPercent, NOTHING } from '../../data/format.ts';

export interface Metric {
  readonly key: string;
  readonly name: string;
  readonly definition: string;
  readonly value: string;
  readonly before: string | null;
  readonly change: Change | null;
}

interface Shape {
  readonly key: string;
  readonly name: string;
  readonly definition: string;
  readonly read: (totals: CallTotalsView) => number | null;
  readonly format: (value: number | null) => string;
  readonly rise: RiseMeaning;
  readonly measure?: 'percent' | 'points';
}

/** `before` null: nothing to compare with. */
export function toMetrics(totals: CallTotalsView, before: CallTotalsView | null): readonly Metric[] {
  return SHAPES.map(({ key, name, definition, read, format, rise, measure }) => ({
    key,
    name,
    definition,
    value: format(read(totals)),
    before: before === null ? null : format(read(before)),
    change: before === null ? null : toChange(read(totals), read(before), rise, measure),
  }));
}

/** A period before anything was reported is none to measure against: everything would have risen from nought. */
export function isReported(totals: CallTotalsView): boolean {
  return (
    totals.connected + totals.finished + totals.repeated + totals.late + totals.conflicting + totals.noted > 0
  );
}

const SHAPES: readonly Shape[] = [
  {
    key: 'connected',
    name: 'Connected calls',
    definition:
      'Calls that became live. Attempts that nobody answered are never reported, so they are not in here.',
    read: (totals) => totals.connected,
    format: formatCount,
    rise: 'neutral',
  },
  {
    key: 'error-rate',
    name: 'Error rate',
    definition: 'Calls that ended with an error, of all calls that ended.',
    read: (totals) => totals.error_rate,
    format: formatPercent,
    rise: 'bad',
    measure: 'points',
  },
  {
    key: 'clean-end-rate',
    name: 'Clean-end rate',
    definition: 'Calls that ended normally, of all calls that ended.',
    read: (totals) => totals.clean_end_rate,
    format: formatPercent,
    rise: 'good',
    measure: 'points',
  },
  {
    key: 'median',
    name: 'Median duration',
    definition: 'Half of the calls were shorter. Only calls whose start and end are both known.',
    read: (totals) => totals.duration.p50_ms,
    format: formatDuration,
    rise: 'neutral',
  },
  {
    key: 'p95',
    name: 'p95 duration',
    definition: '95 of 100 calls were shorter. Only calls whose start and end are both known.',
    read: (totals) => totals.duration.p95_ms,
    format: formatDuration,
    rise: 'neutral',
  },
  {
    key: 'short',
    name: 'Short calls',
    definition: 'Calls shorter than 10 seconds: often the first sign that something fails at once.',
    read: (totals) => totals.short_calls,
    format: formatCount,
    rise: 'bad',
  },
  {
    key: 'peak',
    name: 'Peak active',
    definition: 'Most calls active at the same moment.',
    read: (totals) => totals.active_peak,
    format: formatCount,
    rise: 'neutral',
  },
  {
    key: 'mean',
    name: 'Mean active',
    definition:
      'Calls active at once on average (erlangs): time in the range spent in calls that ended, by its length.',
    read: (totals) => totals.mean_active,
    format: formatMean,
    rise: 'neutral',
  },
];

/** Two digits that say something, however quiet the line. */
function formatMean(value: number | null): string {
  if (value === null) return NOTHING;
  if (value >= 10 || value === 0) return formatCount(Math.round(value));
  return value < 0.01 ? '< 0.01' : String(Number(value.toPrecision(2)));
}
