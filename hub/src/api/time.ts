/** Instants: as people give them to the API (RFC 3339, or how long ago: `15m`, `24h`, `7d`), and as it shows them. */
import { z } from 'zod';

import { parseDurationMs } from './duration.ts';

/** Unix ms; undefined where the text is neither form. */
export function parseSince(text: string, nowMs: number): number | undefined {
  const agoMs = parseDurationMs(text);
  return agoMs === undefined ? parseRfc3339(text) : nowMs - agoMs;
}

function parseRfc3339(text: string): number | undefined {
  if (!/^\d{4}-\d\d-\d\d[Tt]\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:[Zz]|[+-]\d\d:\d\d)$/.test(text)) return undefined;
  const ms = Date.parse(text.toUpperCase());
  // Date.parse moves 30 February to March.
  const isOnCalendar =
    new Date(Date.parse(`${text.slice(0, 10)}T00:00:00Z`)).getUTCDate() === Number(text.slice(8, 10));
  return Number.isNaN(ms) || !isOnCalendar ? undefined : ms;
}

export const SINCE_SENTENCE =
  'must be an RFC 3339 time such as "2025-12-13T12:00:00Z", or a duration back from now such as "15m", "24h" or "7d"';

/** In a query, `+01:00` arrives with a space where the plus was, unless the caller encoded it. */
export const sinceSchema = z
  .string()
  .transform((text, context) => {
    const ms = parseSince(text.replace(/ (?=\d\d:\d\d$)/, '+'), Date.now());
    if (ms !== undefined) return ms;
    context.addIssue({ code: 'custom', message: SINCE_SENTENCE });
    return z.NEVER;
  })
  .meta({ description: 'RFC 3339, or a duration back from now: 15m, 24h, 7d.', examples: ['24h'] });

/** An instant as answers say it. */
export const timeView = z.string().meta({ format: 'date-time' });
export const timeOrNullView = timeView.nullable();

export function toRfc3339(ms: number): string {
  return new Date(ms).toISOString();
}

export function toRfc3339OrNull(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
