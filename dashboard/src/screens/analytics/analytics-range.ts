/** The range in the address, as the question for the hub and as words. */
import { parseDurationMs } from '../../../../hub/src/api/duration.ts';
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

/** since and until as the hub is asked. */
export interface Question {
  readonly since: string;
  readonly until: string | undefined;
}

/**
 * "24h" is asked as whole slots up to the end of the present one: so the period before falls on the same hours of its
 * day, and the first bar is as whole as the others. What somebody typed goes as it is.
 */
export function toQuestion(range: AnalyticsRange, nowMs: number): Question {
  const since = range.since ?? DEFAULT_SINCE;
  const lengthMs = parseDurationMs(since);
  if (range.until !== null || lengthMs === undefined || lengthMs < MINUTE_MS)
    return { since, until: range.until ?? undefined };
  const stepMs = AUTO_STEPS_MS.find((step) => lengthMs <= AUTO_SLOTS_MAX * step) ?? DAY_MS;
  const untilMs = Math.ceil(nowMs / stepMs) * stepMs;
  return {
    since: new Date(untilMs - lengthMs).toISOString(),
    until: new Date(untilMs).toISOString(),
  };
}

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** What `step=auto` of the hub takes; where it takes another, the ends are no longer whole slots and nothing else changes. */
const AUTO_STEPS_MS = [MINUTE_MS, 5 * MINUTE_MS, 15 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, DAY_MS];
const AUTO_SLOTS_MAX = 168;

const UNITS: readonly (readonly [ms: number, one: string, many: string])[] = [
  [DAY_MS, 'day', 'days'],
  [HOUR_MS, 'hour', 'hours'],
  [MINUTE_MS, 'minute', 'minutes'],
];

/** `1 hour`, `15 minutes`, `7 days`: how long a slot or a range is. */
export function formatLength(ms: number): string {
  for (const [unitMs, one, many] of UNITS) {
    const count = ms / unitMs;
    if (count >= 1) return count === 1 ? `1 ${one}` : `${Number(count.toFixed(1))} ${many}`;
  }
  return NOTHING;
}

/** `per hour`, `per 15 minutes` */
export function formatStep(stepMs: number): string {
  return `per ${formatLength(stepMs).replace(/^1 /, '')}`;
}
