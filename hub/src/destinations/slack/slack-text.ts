/**
 * Free text as it may stand in a message: nobody can ping, link, format, hide or reorder anything by it, phone numbers
 * are masked, and its length is bounded. Sources write what they like into an error, so nothing of it is trusted.
 */
import { maskText } from '@offhook/contract/masked-text';

/**
 * Without what is not seen, numbers masked, at most so many characters. Masked before it is cut, since half a number
 * would pass for none.
 */
export function cleanText(text: string, charactersMax: number): string {
  const seen = text
    .slice(0, charactersMax * LOOKED_AT_FACTOR)
    .toWellFormed()
    .replaceAll(LINE_BREAK, '\n')
    .replaceAll(INVISIBLE, '')
    .replaceAll(LOOSE_JOINER, '')
    .replaceAll(STACKED_MARKS, (marks) => Array.from(marks).slice(0, MARKS_MAX).join(''))
    .replaceAll(SPACES, ' ')
    .replaceAll(/ ?\n ?/g, '\n')
    .replaceAll(/\n{3,}/g, '\n\n')
    .trim();
  return cut(maskText(seen), charactersMax);
}

/** The same on one line. */
export function cleanLine(text: string, charactersMax: number): string {
  return cleanText(text.slice(0, charactersMax * LOOKED_AT_FACTOR).replaceAll(/\s+/g, ' '), charactersMax);
}

/** `&`, `<` and `>` are all that Slack reads as more than text: mentions, links and dates begin with `<`. */
export function escapeText(text: string): string {
  return text.replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
}

/** Inside a sentence of ours: no stray backtick begins a code span that swallows what follows. */
export function toProse(line: string): string {
  return escapeText(line.replaceAll(BACKTICK, "'"));
}

/**
 * Nothing is formatted inside: no bold, no emoji, no list. Slack knows no escape for a backtick, so one becomes an
 * apostrophe. Empty for empty text, since two backticks with nothing between them would be shown.
 */
export function toCodeSpan(line: string): string {
  const text = escapeText(line.replaceAll(BACKTICK, "'").replaceAll('\n', ' ').trim());
  return text === '' ? '' : `\`${text}\``;
}

export function toCodeBlock(text: string): string {
  return `\`\`\`\n${escapeText(text.replaceAll(BACKTICK, "'"))}\n\`\`\``;
}

/** A link in code style, as Slack's own integrations write commits; the label is not formatted. */
export function toCodeLink(url: string, line: string): string {
  const label = escapeText(line.replaceAll(BACKTICK, "'").replaceAll('|', '¦').replaceAll('\n', ' ').trim());
  return label === '' ? '' : `\`<${toSafeUrl(url)}|${label}>\``;
}

export function toLink(url: string, words: string): string {
  return `<${toSafeUrl(url)}|${escapeText(words)}>`;
}

/** In the zone of whoever reads it; the day too where it is not of today. */
export function toDateText(atMs: number, nowMs: number): string {
  const format = isOfToday(atMs, nowMs) ? '{time_secs}' : '{date_short_pretty} at {time_secs}';
  return `<!date^${Math.floor(atMs / 1_000)}^${format}|${toUtcText(atMs, nowMs)}>`;
}

/** For where Slack formats no dates: notifications, screen readers, details of attempts. */
export function toUtcText(atMs: number, nowMs: number): string {
  const text = new Date(atMs).toISOString();
  const time = `${text.slice(11, 19)} UTC`;
  return isOfToday(atMs, nowMs) ? time : `${text.slice(0, 10)} ${time}`;
}

const TODAY_MS = 12 * 3_600_000;
/** Cleaning shortens a text, and an endless one need not be walked to its end. */
const LOOKED_AT_FACTOR = 4;
/** Thai and Tibetan stack three; more is a text that climbs out of its line. */
const MARKS_MAX = 4;

const LINE_BREAK = /\r\n|[\r\v\f\u0085\u2028\u2029]/g;
/**
 * Control characters; format characters (bidi overrides, zero-width spaces, tags) but the two joiners; and letters that
 * show nothing.
 */
const INVISIBLE = /(?![\n\t\u200c\u200d])[\p{Cc}\p{Cf}]|[\u034f\u115f\u1160\u17b4\u17b5\u3164\uffa0]/gu;
/** Joiners belong between letters of scripts that need them, and between emoji; elsewhere they only hide something. */
const LOOSE_JOINER = /(?<![^\p{ASCII}\s])[\u200c\u200d]+|[\u200c\u200d]+(?![^\p{ASCII}\s])/gu;
const STACKED_MARKS = /\p{M}{5,}/gu;
const SPACES = /[\t\p{Zs}]+/gu;
const BACKTICK = /[`\u02cb\u1fef\uff40]/g;

function cut(text: string, charactersMax: number): string {
  return text.length <= charactersMax
    ? text
    : `${text
        .slice(0, charactersMax - 1)
        .toWellFormed()
        .trimEnd()}…`;
}

function isOfToday(atMs: number, nowMs: number): boolean {
  return Math.abs(nowMs - atMs) < TODAY_MS;
}

function toSafeUrl(url: string): string {
  return url.replaceAll(/[<>|\s]/g, (one) => encodeURIComponent(one)).replaceAll('&', '&amp;');
}
