/**
 * When a failed attempt is tried again (design section 6). Pure: randomness and time are handed in.
 */

/** Seconds before each try after the first. In all 75.7 h, jitter aside: Standard Webhooks asks for days. */
export const RETRY_SCHEDULE_S: readonly number[] = [
  5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 50_400, 72_000, 86_400,
];

/** Each delay is spread by this much to either side, so that a herd does not come back in step. */
export const RETRY_JITTER = 0.2;

/** A receiver may ask for more patience than planned, but not for more than this. */
export const RETRY_AFTER_MS_MAX = 3_600_000;

/** Delay before the try after `attemptNumber` (from 1), jitter included; undefined where the schedule is used up. */
export function toRetryDelayMs(
  attemptNumber: number,
  scheduleS: readonly number[],
  random: () => number,
): number | undefined {
  const planS = scheduleS[attemptNumber - 1];
  if (planS === undefined) return undefined;
  return Math.round(planS * 1000 * (1 - RETRY_JITTER + 2 * RETRY_JITTER * random()));
}

/**
 * Milliseconds a Retry-After value asks for (RFC 9110 section 10.2.3: delay in seconds, or an HTTP date).
 * undefined for anything else, so that garbage and dates in the past change nothing.
 */
export function parseRetryAfterMs(value: string | null, nowMs: number): number | undefined {
  if (value === null) return undefined;
  const text = value.trim();
  if (/^\d{1,10}$/.test(text)) return Number(text) * 1000;
  // Date.parse takes many forms; only the ones that start with a weekday name are HTTP dates.
  if (!/^(Mon|Tue|Wed|Thu|Fri|Sat|Sun)/.test(text)) return undefined;
  const atMs = Date.parse(text);
  return Number.isNaN(atMs) || atMs <= nowMs ? undefined : atMs - nowMs;
}

/** Honours Retry-After between the planned delay and one hour: never earlier than planned. */
export function stretchDelayMs(plannedMs: number, retryAfterMs: number | undefined): number {
  if (retryAfterMs === undefined) return plannedMs;
  return Math.max(plannedMs, Math.min(retryAfterMs, RETRY_AFTER_MS_MAX));
}
