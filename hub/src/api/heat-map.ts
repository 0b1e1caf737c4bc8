/**
 * Hours of the week by somebody's clock on the wall. In: slots of UTC time, each within one hour of the zone. Out: 168
 * sums. An hour that a summer time repeats counts twice, one that it skips not at all, as on that wall.
 */
import type { CallSlot } from '../journal/analytics.ts';

export interface HeatHour {
  /** 1 is Monday. */
  readonly weekday: number;
  readonly hour: number;
  readonly connected: number;
  readonly failed: number;
}

type CountedSlot = Pick<CallSlot, 'startMs' | 'connected' | 'failed'>;

export function toHeatMap(slots: readonly CountedSlot[], timeZone: string): readonly HeatHour[] {
  const readHour = createHourReader(timeZone);
  const sums = Array.from({ length: 7 * 24 }, () => ({ connected: 0, failed: 0 }));
  for (const { startMs, connected, failed } of slots) {
    if (connected === 0 && failed === 0) continue;
    const sum = sums[readHour(startMs)];
    if (sum === undefined) continue;
    sum.connected += connected;
    sum.failed += failed;
  }
  return sums.map((sum, index) => ({ weekday: Math.floor(index / 24) + 1, hour: index % 24, ...sum }));
}

const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/**
 * The longest slots that never straddle an hour of the zone: an hour, or 30 or 15 minutes where its clocks are off the
 * hour at some time of the range (India, Nepal, Lord Howe Island in winter).
 */
export function toHeatStepMs(timeZone: string, sinceMs: number, untilMs: number): number {
  const readOffset = createOffsetReader(timeZone);
  let stepMs = HOUR_MS;
  for (let atMs = sinceMs; atMs < untilMs + DAY_MS; atMs += DAY_MS) {
    const offsetMs = readOffset(Math.min(atMs, untilMs));
    if (offsetMs % (HOUR_MS / 2) !== 0) return HOUR_MS / 4;
    if (offsetMs % HOUR_MS !== 0) stepMs = HOUR_MS / 2;
  }
  return stepMs;
}

/** Whether this is a zone that Intl knows by name; bare offsets are no zones, since they have no summer. */
export function isTimeZone(name: string): boolean {
  if (!/^[A-Za-z][\w+/-]{0,63}$/.test(name)) return false;
  try {
    // Throws for a zone it does not know.
    return new Intl.DateTimeFormat('en', { timeZone: name }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

/** Hour of the week, 0 to 167, Monday first. */
function createHourReader(timeZone: string): (atMs: number) => number {
  const readOffset = createOffsetReader(timeZone);
  return (atMs) => {
    const localMs = atMs + readOffset(atMs);
    // 1 January 1970 was a Thursday.
    const day = (Math.floor(localMs / DAY_MS) + 3) % 7;
    return day * 24 + Math.floor((localMs % DAY_MS) / HOUR_MS);
  };
}

/** What the zone's clocks are ahead of UTC at an instant. */
function createOffsetReader(timeZone: string): (atMs: number) => number {
  const format = new Intl.DateTimeFormat('en', {
    timeZone,
    calendar: 'gregory',
    numberingSystem: 'latn',
    hourCycle: 'h23',
    year: 'numeric',
    month: 'numeric',
    day: 'numeric',
    hour: 'numeric',
    minute: 'numeric',
    second: 'numeric',
  });
  return (atMs) => {
    const parts: Partial<Record<Intl.DateTimeFormatPartTypes, number>> = {};
    for (const { type, value } of format.formatToParts(atMs)) parts[type] = Number(value);
    const { year = 0, month = 1, day = 1, hour = 0, minute = 0, second = 0 } = parts;
    const wholeSecondMs = Math.floor(atMs / 1_000) * 1_000;
    return Date.UTC(year, month - 1, day, hour, minute, second) - wholeSecondMs;
  };
}
