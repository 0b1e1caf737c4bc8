/** Numbers and times as people read them. Durations are never negative; a reader sees at once which zone a time is in. */
import type { TimeZone } from './preferences.ts';

import { timeZone } from './preferences.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;
/** For what is not there. */
export const NOTHING = '–';

/** `14:03:27` */
export function formatTime(at: string | number | null | undefined, zone: TimeZone = timeZone.value): string {
  const date = toDate(at);
  return date === null ? NOTHING : `${formatterOf(zone, 'time').format(date)}${toSuffix(zone)}`;
}

/** `14 Dec 2025, 14:03:27` */
export function formatDateTime(
  at: string | number | null | undefined,
  zone: TimeZone = timeZone.value,
): string {
  const date = toDate(at);
  return date === null ? NOTHING : `${formatterOf(zone, 'dateTime').format(date)}${toSuffix(zone)}`;
}

/** `14 Dec` */
export function formatDate(at: string | number | null | undefined, zone: TimeZone = timeZone.value): string {
  const date = toDate(at);
  return date === null ? NOTHING : formatterOf(zone, 'date').format(date);
}

/** `14:03:27.042`, for two things that happened in one second. */
export function formatTimeExact(
  at: string | number | null | undefined,
  zone: TimeZone = timeZone.value,
): string {
  const date = toDate(at);
  return date === null ? NOTHING : `${formatterOf(zone, 'exact').format(date)}${toSuffix(zone)}`;
}

/** `12 s ago`, `in 5 min`, `now` */
export function formatRelative(at: string | number | null | undefined, nowMs: number): string {
  const date = toDate(at);
  if (date === null) return NOTHING;
  const awayMs = date.getTime() - nowMs;
  const text = toCoarse(Math.abs(awayMs));
  if (text === '0 s') return 'now';
  return awayMs < 0 ? `${text} ago` : `in ${text}`;
}

/** `0:07`, `12:34`, `1:02:03`, `3 d 04:12`; keeps its width while it ticks. */
export function formatDuration(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING;
  const seconds = Math.max(0, Math.floor(ms / SECOND_MS));
  const s = String(seconds % 60).padStart(2, '0');
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return `${minutes}:${s}`;
  const m = String(minutes % 60).padStart(2, '0');
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return `${hours}:${m}:${s}`;
  return `${Math.floor(hours / 24)} d ${String(hours % 24).padStart(2, '0')}:${m}`;
}

/** `84 ms`, `1.2 s`, `3 min 20 s`, `5 h`: how long one thing took. */
export function formatLatency(ms: number | null | undefined): string {
  if (ms === null || ms === undefined || !Number.isFinite(ms)) return NOTHING;
  const positive = Math.max(0, ms);
  if (positive < 10) return `${trim(positive, 1)} ms`;
  if (positive < SECOND_MS) return `${Math.round(positive)} ms`;
  if (positive < 10 * SECOND_MS) return `${trim(positive / SECOND_MS, 1)} s`;
  return toCoarse(positive);
}

/** `1,284`; `12.4k` where there is little room. */
export function formatCount(
  count: number | null | undefined,
  options: { readonly isShort?: boolean } = {},
): string {
  if (count === null || count === undefined || !Number.isFinite(count)) return NOTHING;
  if (options.isShort === true && Math.abs(count) >= 10_000) return SHORT.format(count);
  return COUNT.format(count);
}

/** Of a part of one: `4.2 %`; never `0 %` for what happened nor `100 %` for what failed once. */
export function formatPercent(part: number | null | undefined): string {
  if (part === null || part === undefined || !Number.isFinite(part)) return NOTHING;
  const percent = part * 100;
  if (percent > 0 && percent < 0.1) return '< 0.1 %';
  if (percent < 100 && percent > 99.9) return '> 99.9 %';
  return `${trim(percent, 1)} %`;
}

/** `4.2 MB`, by thousands. */
export function formatBytes(bytes: number | null | undefined): string {
  if (bytes === null || bytes === undefined || !Number.isFinite(bytes)) return NOTHING;
  const units = ['B', 'kB', 'MB', 'GB', 'TB'];
  let value = Math.max(0, bytes);
  let unit = 0;
  while (value >= 1_000 && unit < units.length - 1) {
    value /= 1_000;
    unit += 1;
  }
  return `${unit === 0 || value >= 100 ? Math.round(value) : trim(value, 1)} ${units[unit] ?? ''}`;
}

const COUNT = new Intl.NumberFormat('en-GB', { maximumFractionDigits: 1 });
const SHORT = new Intl.NumberFormat('en-GB', { notation: 'compact', maximumFractionDigits: 1 });

function trim(value: number, digits: number): string {
  return String(Number(value.toFixed(digits)));
}

function toCoarse(ms: number): string {
  if (ms < MINUTE_MS) return `${Math.floor(ms / SECOND_MS)} s`;
  if (ms < 10 * MINUTE_MS) {
    const seconds = Math.floor((ms % MINUTE_MS) / SECOND_MS);
    return `${Math.floor(ms / MINUTE_MS)} min${seconds === 0 ? '' : ` ${seconds} s`}`;
  }
  if (ms < HOUR_MS) return `${Math.floor(ms / MINUTE_MS)} min`;
  if (ms < DAY_MS) {
    const minutes = Math.floor((ms % HOUR_MS) / MINUTE_MS);
    return `${Math.floor(ms / HOUR_MS)} h${minutes === 0 ? '' : ` ${minutes} min`}`;
  }
  return `${Math.floor(ms / DAY_MS)} d`;
}

function toDate(at: string | number | null | undefined): Date | null {
  if (at === null || at === undefined) return null;
  const date = new Date(at);
  return Number.isNaN(date.getTime()) ? null : date;
}

function toSuffix(zone: TimeZone): string {
  return zone === 'utc' ? ' UTC' : '';
}

const SHAPES = {
  time: { hour: '2-digit', minute: '2-digit', second: '2-digit' },
  exact: { hour: '2-digit', minute: '2-digit', second: '2-digit', fractionalSecondDigits: 3 },
  date: { day: 'numeric', month: 'short' },
  dateTime: {
    day: 'numeric',
    month: 'short',
    year: 'numeric',
    hour: '2-digit',
    minute: '2-digit',
    second: '2-digit',
  },
} as const satisfies Record<string, Intl.DateTimeFormatOptions>;

/** Making one costs some 50 µs, more than the thousand times it is used. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: TimeZone, shape: keyof typeof SHAPES): Intl.DateTimeFormat {
  const key = `${zone} ${shape}`;
  let formatter = formatters.get(key);
  if (formatter === undefined) {
    formatter = new Intl.DateTimeFormat('en-GB', {
      ...SHAPES[shape],
      hourCycle: 'h23',
      ...(zone === 'utc' && { timeZone: 'UTC' }),
    });
    formatters.set(key, formatter);
  }
  return formatter;
}
