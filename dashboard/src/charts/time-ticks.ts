/** Where a time axis is marked and what stands there: round wall times of the chosen zone, dates where a day begins. */
import type { WallClock } from './wall-clock.ts';

import { toInstant } from './wall-clock.ts';

export interface TimeTick {
  readonly atMs: number;
  readonly label: string;
  /** A day begins here. */
  readonly isDay: boolean;
}

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;
const DAY_MS = 24 * HOUR_MS;
/** 1 January 1970 was a Thursday: weeks of ticks begin on Mondays. */
const MONDAY_MS = 4 * DAY_MS;

const STEPS_MS: readonly number[] = [
  ...[1, 2, 5, 10, 15, 30].map((minutes) => minutes * MINUTE_MS),
  ...[1, 2, 3, 6, 12].map((hours) => hours * HOUR_MS),
  ...[1, 2, 7, 14, 28, 56, 112, 224, 448].map((days) => days * DAY_MS),
];

/** At most `countMax` ticks in [sinceMs, untilMs]. */
export function toTimeTicks(
  sinceMs: number,
  untilMs: number,
  countMax: number,
  clock: WallClock,
): readonly TimeTick[] {
  const lengthMs = untilMs - sinceMs;
  if (!(lengthMs > 0) || countMax < 1) return [];
  const stepMs = STEPS_MS.find((one) => lengthMs / one <= countMax) ?? lengthMs;
  const originMs = stepMs >= 7 * DAY_MS ? MONDAY_MS : 0;
  const wallUntilMs = untilMs + clock(untilMs);
  const ticks: TimeTick[] = [];
  let wallMs = Math.ceil((sinceMs + clock(sinceMs) - originMs) / stepMs) * stepMs + originMs;
  for (; wallMs <= wallUntilMs; wallMs += stepMs) {
    const atMs = toInstant(wallMs, clock);
    const last = ticks.at(-1);
    // The hour a clock skips would stand on top of the one after it.
    if (atMs < sinceMs || atMs > untilMs || (last !== undefined && atMs <= last.atMs)) continue;
    const isDay = wallMs % DAY_MS === 0;
    ticks.push({ atMs, isDay, label: isDay ? toDay(wallMs) : toClock(wallMs) });
  }
  return ticks;
}

/** `12 Mar 14:00–15:00`, `12 Mar 18:00 – 13 Mar 00:00` */
export function formatSpan(sinceMs: number, untilMs: number, clock: WallClock): string {
  const since = sinceMs + clock(sinceMs);
  const until = untilMs + clock(untilMs);
  if (since % DAY_MS === 0 && until - since === DAY_MS) return toDay(since);
  const isOneDay = Math.floor(since / DAY_MS) === Math.floor((until - 1) / DAY_MS);
  if (isOneDay) return `${toDay(since)} ${toClock(since)}–${toClock(until)}`;
  return `${toDay(since)} ${toClock(since)} – ${toDay(until)} ${toClock(until)}`;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

function toDay(wallMs: number): string {
  const date = new Date(wallMs);
  return `${date.getUTCDate()} ${MONTHS[date.getUTCMonth()] ?? ''}`;
}

function toClock(wallMs: number): string {
  return new Date(wallMs).toISOString().slice(11, 16);
}
