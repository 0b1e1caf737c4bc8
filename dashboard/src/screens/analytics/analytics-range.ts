/** The range in the address, as the question for the hub and as words. */
import { NOTHING } from '../../data/format.ts';

export const DEFAULT_SINCE = '24h';

export interface AnalyticsRange {
  /** As it stands in the address: "24h" or an RFC 3339 time; null is the default. */
  readonly since: string | null;
  readonly until: string | null;
  readonly isCompared: boolean;
}

export function readRange(query: URLSearchParams): AnalyticsRange {
  return {
    since: query.get('since'),
    until: query.get('until'),
    // On unless switched off: a number alone says little.
    isCompared: query.get('compare') !== 'none',
  };
}

/** A range without an end ends now, and its numbers grow. */
export function isGrowing(range: AnalyticsRange): boolean {
  return range.until === null;
}

export function toCallsQuery(range: AnalyticsRange, timeZone: string): Record<string, string | undefined> {
  return {
    since: range.since ?? DEFAULT_SINCE,
    until: range.until ?? undefined,
    time_zone: timeZone,
    compare: range.isCompared ? 'previous' : undefined,
  };
}

export function toDeliveriesQuery(range: AnalyticsRange): Record<string, string | undefined> {
  return { since: range.since ?? DEFAULT_SINCE, until: range.until ?? undefined };
}

const UNITS: readonly (readonly [ms: number, one: string, many: string])[] = [
  [86_400_000, 'day', 'days'],
  [3_600_000, 'hour', 'hours'],
  [60_000, 'minute', 'minutes'],
];

/** `1 hour`, `15 minutes`, `7 days`: how long a slot or a range is. */
export function formatLength(ms: number): string {
  for (const [unitMs, one, many] of UNITS) {
    const count = ms / unitMs;
    if (count >= 1) return count === 1 ? `1 ${one}` : `${Number(count.toFixed(1))} ${many}`;
  }
  return NOTHING;
}

/** `by the hour`, `per 15 minutes` */
export function formatStep(stepMs: number): string {
  return `per ${formatLength(stepMs).replace(/^1 /, '')}`;
}
