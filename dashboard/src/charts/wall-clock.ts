/** What a clock on the wall shows, as a shift against UTC: enough to place and name the ticks of an axis. */
import type { TimeZone } from '../data/preferences.ts';

/** Milliseconds the wall clock is ahead of UTC at this instant. */
export type WallClock = (atMs: number) => number;

export function toWallClock(zone: TimeZone): WallClock {
  return zone === 'utc' ? () => 0 : (atMs) => -new Date(atMs).getTimezoneOffset() * 60_000;
}

/** The instant at which the clock shows this wall time; the hour a clock skips is taken as the one after it. */
export function toInstant(wallMs: number, clock: WallClock): number {
  const guessMs = wallMs - clock(wallMs);
  return wallMs - clock(guessMs);
}

/** The name the hub's `time_zone` takes. */
export function toZoneName(zone: TimeZone): string {
  return zone === 'utc' ? 'UTC' : Intl.DateTimeFormat().resolvedOptions().timeZone;
}
