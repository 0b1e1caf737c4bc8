/** Questions that people ask every day, as links. */
import type { CallQuery } from './call-query.ts';

export interface CallPreset {
  readonly label: string;
  readonly hint: string;
  readonly query: CallQuery;
}

/** `todayMs`: when the day began, in the time zone of the page. */
export function toCallPresets(todayMs: number): readonly CallPreset[] {
  const today = new Date(todayMs).toISOString();
  return [
    { label: 'Live now', hint: 'state:live', query: ask('state:live', null) },
    { label: 'Failed today', hint: 'state:failed', query: ask('state:failed', today) },
    { label: 'Longer than 5 min', hint: 'duration:>5m', query: ask('duration:>5m') },
    { label: 'Shorter than 10 s', hint: 'duration:<10s', query: ask('duration:<10s') },
    { label: 'A delivery failed', hint: 'state:dead', query: ask('state:dead', '7d') },
    { label: 'A delivery is pending', hint: 'state:pending', query: ask('state:pending', null) },
    { label: 'No status yet', hint: 'state:none', query: ask('state:none', null) },
  ];
}

function ask(q: string, since: string | null = '24h'): CallQuery {
  return { q, since, until: null };
}

/** Midnight before `nowMs`. */
export function toDayStart(nowMs: number, zone: 'local' | 'utc'): number {
  const day = new Date(nowMs);
  return zone === 'utc' ? day.setUTCHours(0, 0, 0, 0) : day.setHours(0, 0, 0, 0);
}
