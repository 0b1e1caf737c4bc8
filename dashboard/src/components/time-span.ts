/** A span of time as it stands in the URL: since and until, each "24h" back from now or an RFC 3339 time. */

export interface TimeSpan {
  readonly since: string | null;
  readonly until: string | null;
}

export interface TimePreset {
  readonly since: string;
  readonly label: string;
}

export const TIME_PRESETS: readonly TimePreset[] = [
  { since: '15m', label: 'Last 15 minutes' },
  { since: '1h', label: 'Last hour' },
  { since: '24h', label: 'Last 24 hours' },
  { since: '7d', label: 'Last 7 days' },
  { since: '30d', label: 'Last 30 days' },
];

const UNITS: Readonly<Record<string, readonly [one: string, many: string]>> = {
  s: ['second', 'seconds'],
  m: ['minute', 'minutes'],
  h: ['hour', 'hours'],
  d: ['day', 'days'],
  w: ['week', 'weeks'],
};

/** "Last 24 hours"; null for what is no plain duration, which is a span of its own. */
export function toPresetLabel(since: string): string | null {
  const known = TIME_PRESETS.find((preset) => preset.since === since);
  if (known !== undefined) return known.label;
  const parts = /^(\d+)([smhdw])$/.exec(since);
  const words = UNITS[parts?.[2] ?? ''];
  if (parts === null || words === undefined) return null;
  const count = Number(parts[1]);
  return count === 1 ? `Last ${words[0]}` : `Last ${count} ${words[1]}`;
}

/** Value of an <input type=datetime-local> for an instant; in UTC where the page is. */
export function toInputText(ms: number, isUtc: boolean): string {
  const date = new Date(ms);
  if (isUtc) return date.toISOString().slice(0, 16);
  return new Date(ms - date.getTimezoneOffset() * 60_000).toISOString().slice(0, 16);
}

/** The instant that somebody chose; null where it is none. */
export function parseInputText(text: string, isUtc: boolean): number | null {
  if (!/^\d{4}-\d\d-\d\dT\d\d:\d\d(?::\d\d(?:\.\d+)?)?$/.test(text)) return null;
  const ms = Date.parse(isUtc ? `${text}Z` : text);
  return Number.isNaN(ms) ? null : ms;
}

/** Null where the two together are a span. */
export function toSpanFault(sinceMs: number | null, untilMs: number | null, nowMs: number): string | null {
  if (sinceMs === null) return 'Choose where it begins.';
  if (sinceMs > nowMs) return 'It begins in the future.';
  if (untilMs !== null && untilMs <= sinceMs) return 'It ends before it begins.';
  return null;
}
