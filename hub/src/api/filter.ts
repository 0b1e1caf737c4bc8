/**
 * The one filter language: API `q=`, CLI `--filter`, the dashboard's search box. In: what a person typed. Out: a
 * JournalFilter, or the column of what cannot be understood.
 *
 *   status:ended-with-error number:+3185* destination:dst_1 duration:>5m error:"STT" -state:dead code:4xx attempts:>0
 *
 * Words apart must all hold; a comma means or; a minus before a word means not; quotes keep spaces and commas.
 */
import type { CallState } from '../calls/call.ts';
import type { DestinationId, SourceId } from '../journal/ids.ts';
import type { DeliveryState } from '../journal/delivery-state.ts';
import type { JournalFilter } from '../journal/filter.ts';

import { CALL_STATES } from '../calls/call.ts';
import { DELIVERY_STATES } from '../journal/delivery-state.ts';
import { findNearest } from '../nearest-word.ts';
import { parseDurationMs } from './duration.ts';

export const FILTER_CHARACTERS_MAX = 1_024;
export const FILTER_VALUES_MAX = 50;

export type ParsedFilter = { readonly kind: 'filter'; readonly filter: JournalFilter } | FilterFault;

export interface FilterFault {
  readonly kind: 'fault';
  /** From 1. */
  readonly column: number;
  readonly detail: string;
}

export const QUALIFIERS = [
  'status',
  'state',
  'number',
  'call',
  'type',
  'destination',
  'source',
  'duration',
  'error',
  'code',
  'attempts',
] as const;
export type Qualifier = (typeof QUALIFIERS)[number];

export function parseFilter(text: string): ParsedFilter {
  if (text.length > FILTER_CHARACTERS_MAX) {
    return toFault(FILTER_CHARACTERS_MAX, `A filter may have at most ${FILTER_CHARACTERS_MAX} characters.`);
  }
  const filter: Draft = {};
  for (let at = skipSpace(text, 0); at < text.length; at = skipSpace(text, at)) {
    const term = readTerm(text, at);
    if ('kind' in term) return term;
    const fault = addTerm(filter, term);
    if (fault !== null) return fault;
    at = term.end;
  }
  return { kind: 'filter', filter };
}

type Draft = { -readonly [Key in keyof JournalFilter]: JournalFilter[Key] };

interface Value {
  readonly text: string;
  readonly isQuoted: boolean;
  readonly column: number;
}

interface Term {
  readonly qualifier: Qualifier;
  readonly isNot: boolean;
  readonly values: readonly Value[];
  /** Of the qualifier, from 1. */
  readonly column: number;
  readonly end: number;
}

function readTerm(text: string, start: number): Term | FilterFault {
  const isNot = text[start] === '-';
  const nameStart = isNot ? start + 1 : start;
  const name = /^[A-Za-z_]+/.exec(text.slice(nameStart))?.[0] ?? '';
  const colon = nameStart + name.length;
  if (name === '' || text[colon] !== ':') {
    const word = /^\S+/.exec(text.slice(nameStart))?.[0] ?? text.slice(nameStart);
    return toFault(nameStart, `Write what "${clip(word)}" is: ${toSuggestion(word)}.`);
  }
  const qualifier = QUALIFIERS.find((known) => known === name.toLowerCase());
  if (qualifier === undefined) {
    const nearest = findNearest(name, QUALIFIERS);
    const meant =
      nearest === undefined ? `Known are ${QUALIFIERS.join(', ')}.` : `Did you mean "${nearest}"?`;
    return toFault(nameStart, `"${clip(name)}" is not known here. ${meant}`);
  }
  const values: Value[] = [];
  let at = colon;
  do {
    const value = readValue(text, at + 1);
    if ('kind' in value) return value;
    if (values.length >= FILTER_VALUES_MAX)
      return toFault(at, `At most ${FILTER_VALUES_MAX} values may follow one word.`);
    values.push(value);
    at = value.end;
  } while (text[at] === ',');
  if (at < text.length && !/\s/.test(text[at] as string))
    return toFault(at, 'Put a space between two words.');
  return { qualifier, isNot, values, column: nameStart + 1, end: at };
}

function readValue(text: string, start: number): (Value & { readonly end: number }) | FilterFault {
  if (text[start] === '"') {
    let value = '';
    for (let at = start + 1; at < text.length; at += 1) {
      const character = text[at] as string;
      if (character === '"') return { text: value, isQuoted: true, column: start + 1, end: at + 1 };
      if (character === '\\' && (text[at + 1] === '"' || text[at + 1] === '\\')) at += 1;
      value += text[at] as string;
    }
    return toFault(start, 'This quote is never closed.');
  }
  const value = /^[^\s,"]*/.exec(text.slice(start))?.[0] ?? '';
  if (value === '') return toFault(start, 'A value is missing here.');
  return { text: value, isQuoted: false, column: start + 1, end: start + value.length };
}

function addTerm(filter: Draft, term: Term): FilterFault | null {
  const { qualifier, values } = term;
  switch (qualifier) {
    case 'status': {
      const texts = values.map((value) => value.text);
      if (term.isNot) filter.excludedStatuses = [...(filter.excludedStatuses ?? []), ...texts];
      else if (filter.statuses !== undefined) return toTwice(term);
      else filter.statuses = texts;
      return null;
    }
    case 'state':
      return addStates(filter, term);
    case 'type':
      return addList(filter, term, 'callTypes', (value) => value.text);
    case 'destination':
      return addList(filter, term, 'destinationIds', (value) => toId(value, 'dst_', []) as DestinationId);
    case 'source':
      return addList(
        filter,
        term,
        'sourceIds',
        (value) => toId(value, 'src_', ['api', 'voicedock']) as SourceId,
      );
    case 'call':
      return addSingle(filter, term, 'callId', (value) => value.text);
    case 'number':
      return addSingle(filter, term, 'number', toNumber);
    case 'error':
      return addSingle(filter, term, 'error', (value) => value.text);
    case 'duration':
      return addDuration(filter, term);
    case 'code':
      return addCodes(filter, term);
    case 'attempts':
      return addAttempts(filter, term);
  }
}

/** Calls and deliveries have states of different names, so that one word serves both. */
function addStates(filter: Draft, term: Term): FilterFault | null {
  const known = [...CALL_STATES, ...DELIVERY_STATES];
  for (const value of term.values) {
    const state = value.text.toLowerCase();
    const callState = CALL_STATES.find((one): one is CallState => one === state);
    const deliveryState = DELIVERY_STATES.find((one): one is DeliveryState => one === state);
    if (callState !== undefined) {
      const key = term.isNot ? 'excludedCallStates' : 'callStates';
      filter[key] = [...(filter[key] ?? []), callState];
    } else if (deliveryState !== undefined) {
      const key = term.isNot ? 'excludedDeliveryStates' : 'deliveryStates';
      filter[key] = [...(filter[key] ?? []), deliveryState];
    } else {
      const nearest = findNearest(state, known);
      const meant =
        nearest === undefined ? `It is one of ${known.join(', ')}.` : `Did you mean "${nearest}"?`;
      return toFault(value.column - 1, `"${clip(value.text)}" is no state. ${meant}`);
    }
  }
  return null;
}

function addList<Key extends 'callTypes' | 'destinationIds' | 'sourceIds'>(
  filter: Draft,
  term: Term,
  key: Key,
  toItem: (value: Value) => NonNullable<JournalFilter[Key]>[number] | FilterFault,
): FilterFault | null {
  if (term.isNot) return toNoNot(term);
  if (filter[key] !== undefined) return toTwice(term);
  const items: NonNullable<JournalFilter[Key]>[number][] = [];
  for (const value of term.values) {
    const item = toItem(value);
    if (typeof item !== 'string') return item;
    items.push(item);
  }
  filter[key] = items as unknown as Draft[Key];
  return null;
}

function addSingle<Key extends 'callId' | 'number' | 'error'>(
  filter: Draft,
  term: Term,
  key: Key,
  toItem: (value: Value) => NonNullable<JournalFilter[Key]> | FilterFault,
): FilterFault | null {
  if (term.isNot) return toNoNot(term);
  if (filter[key] !== undefined) return toTwice(term);
  const [value, second] = term.values;
  if (value === undefined) return null;
  if (second !== undefined) return toFault(second.column - 1, `${term.qualifier}: takes one value.`);
  const item = toItem(value);
  if (typeof item === 'object' && 'kind' in item) return item;
  filter[key] = item;
  return null;
}

/** Spaces, hyphens and brackets are how people write numbers; quotes let them. */
function toNumber(value: Value): { value: string; prefix: boolean } | FilterFault {
  const prefix = value.text.endsWith('*');
  const text = (prefix ? value.text.slice(0, -1) : value.text).replaceAll(/[\s().-]/g, '');
  const digits = text.startsWith('00') ? `+${text.slice(2)}` : text;
  if (/^\+?\d{1,15}$/.test(digits)) return { value: digits, prefix };
  return toFault(
    value.column - 1,
    'A number is digits, with a + before its country; a * at its end stands for the rest.',
  );
}

function toId(value: Value, prefix: string, builtIn: readonly string[]): string | FilterFault {
  if (value.text.startsWith(prefix) || builtIn.includes(value.text)) return value.text;
  const known = builtIn.length === 0 ? '' : ` or is ${builtIn.join(', ')}`;
  return toFault(value.column - 1, `An id here begins with "${prefix}"${known}.`);
}

/** `>5m`, `<30s`, `>=1h`, `5m..10m`. */
function addDuration(filter: Draft, term: Term): FilterFault | null {
  if (term.isNot) return toNoNot(term);
  const [value, second] = term.values;
  if (value === undefined) return null;
  if (second !== undefined) return toFault(second.column - 1, 'duration: takes one value.');
  const between = /^(.+)\.\.(.+)$/.exec(value.text);
  const compared = /^([<>])(=?)(.+)$/.exec(value.text);
  let range: { min?: number; max?: number } | undefined;
  if (between !== null) {
    const min = parseDurationMs(between[1] as string);
    const max = parseDurationMs(between[2] as string);
    if (min !== undefined && max !== undefined) range = { min, max };
  } else if (compared !== null) {
    const ms = parseDurationMs(compared[3] as string);
    const isExclusive = compared[2] === '';
    if (ms !== undefined) {
      range =
        compared[1] === '>'
          ? { min: ms + (isExclusive ? 1 : 0) }
          : { max: Math.max(0, ms - (isExclusive ? 1 : 0)) };
    }
  }
  if (range === undefined) {
    return toFault(value.column - 1, 'A duration is compared: >5m, <30s, >=1h30m, or 1m..5m.');
  }
  const merged = { ...filter.durationMs, ...range };
  filter.durationMs = merged;
  return null;
}

/** `401`, `4xx`, `500..599`; several with commas. */
function addCodes(filter: Draft, term: Term): FilterFault | null {
  if (term.isNot) return toNoNot(term);
  if (filter.codes !== undefined) return toTwice(term);
  const codes: { min: number; max: number }[] = [];
  for (const value of term.values) {
    const range = toCodes(value.text);
    if (range === undefined) {
      return toFault(
        value.column - 1,
        'A code is an HTTP status: 401, 4xx for all that begin with 4, or 500..599.',
      );
    }
    codes.push(range);
  }
  filter.codes = codes;
  return null;
}

function toCodes(text: string): { min: number; max: number } | undefined {
  const hundred = /^([1-9])xx$/i.exec(text)?.[1];
  if (hundred !== undefined) return { min: Number(hundred) * 100, max: Number(hundred) * 100 + 99 };
  const [, first, last] = /^([1-9]\d\d)(?:\.\.([1-9]\d\d))?$/.exec(text) ?? [];
  if (first === undefined) return undefined;
  const range = { min: Number(first), max: Number(last ?? first) };
  return range.min <= range.max ? range : undefined;
}

/** `>0`, `>=3`, `<5`, `1..4`, `2`. */
function addAttempts(filter: Draft, term: Term): FilterFault | null {
  if (term.isNot) return toNoNot(term);
  const [value, second] = term.values;
  if (value === undefined) return null;
  if (second !== undefined) return toFault(second.column - 1, 'attempts: takes one value.');
  const range = toCountRange(value.text);
  if (range === undefined) {
    return toFault(value.column - 1, 'Attempts are counted: >0, >=3, <5, 1..4, or 2.');
  }
  filter.attempts = { ...filter.attempts, ...range };
  return null;
}

function toCountRange(text: string): { min?: number; max?: number } | undefined {
  const between = /^(\d{1,6})\.\.(\d{1,6})$/.exec(text);
  if (between !== null) {
    const range = { min: Number(between[1]), max: Number(between[2]) };
    return range.min <= range.max ? range : undefined;
  }
  const [, comparison, digits] = /^([<>]=?|)(\d{1,6})$/.exec(text) ?? [];
  if (digits === undefined) return undefined;
  const count = Number(digits);
  switch (comparison) {
    case '>':
      return { min: count + 1 };
    case '>=':
      return { min: count };
    case '<':
      // Below none there is nothing, which is not what anybody means.
      return count === 0 ? undefined : { max: count - 1 };
    case '<=':
      return { max: count };
    default:
      return { min: count, max: count };
  }
}

function toNoNot(term: Term): FilterFault {
  return toFault(
    term.column - 2,
    `"-" cannot stand before ${term.qualifier}: only status and state can be ruled out.`,
  );
}

function toTwice(term: Term): FilterFault {
  return toFault(
    term.column - 1,
    `"${term.qualifier}" stands twice: write its values after one, with commas.`,
  );
}

function toSuggestion(word: string): string {
  if (/^\+?\d+\*?$/.test(word)) return `number:${clip(word)} or call:${clip(word)}`;
  if (word.startsWith('dst_')) return `destination:${clip(word)}`;
  return `call:…, status:… or error:${clip(word)}`;
}

/** What was typed is shown again, but not a page of it. */
function clip(text: string): string {
  return text.length <= 40 ? text : `${text.slice(0, 39)}…`;
}

function skipSpace(text: string, start: number): number {
  let at = start;
  while (at < text.length && /\s/.test(text[at] as string)) at += 1;
  return at;
}

function toFault(at: number, detail: string): FilterFault {
  return { kind: 'fault', column: at + 1, detail };
}
