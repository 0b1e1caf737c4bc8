/** What may be meant by the word that is being typed into a filter, best first. Pure: the box shows it. */
import { quoteValue } from './filter-terms.ts';

export interface Suggestion {
  readonly value: string;
  /** "Destination in the CRM", beside an id. */
  readonly title?: string | undefined;
}

export type Suggestions = Readonly<Partial<Record<string, readonly (Suggestion | string)[]>>>;

export interface Completion {
  readonly key: string;
  /** What the word becomes. */
  readonly text: string;
  readonly title: string;
  readonly kind: 'qualifier' | 'value' | 'bare';
  /** Whole: it becomes a chip at once. Otherwise its value is still to be typed. */
  readonly isWhole: boolean;
}

export const COMPLETIONS_MAX = 12;

/** What a qualifier is for, and values that serve without asking the hub. */
const QUALIFIER_HELP: Readonly<
  Record<string, { readonly title: string; readonly values?: readonly Suggestion[] }>
> = {
  state: { title: 'State of the call or delivery' },
  status: {
    title: 'Status as it was reported',
    values: [{ value: 'connected' }, { value: 'ended' }, { value: 'ended-with-error' }],
  },
  number: { title: 'Phone number of either side; +3185* is a beginning' },
  call: { title: 'Id of a call' },
  type: { title: 'Kind of call' },
  destination: { title: 'Where it was sent' },
  source: { title: 'Where the report came from' },
  duration: {
    title: 'How long the call took',
    values: [
      { value: '>5m', title: 'longer than 5 minutes' },
      { value: '>1h', title: 'longer than an hour' },
      { value: '<10s', title: 'shorter than 10 seconds' },
      { value: '1m..5m', title: 'between the two' },
    ],
  },
  error: { title: 'Text in the error' },
  code: {
    title: 'HTTP status of the last answer',
    values: [
      { value: '4xx', title: 'refused' },
      { value: '5xx', title: 'failed over there' },
      { value: '401', title: 'unauthorized' },
      { value: '404', title: 'not found' },
      { value: '429', title: 'too many requests' },
      { value: '500..599', title: 'a range' },
    ],
  },
  attempts: {
    title: 'How often it was tried',
    values: [
      { value: '>0', title: 'tried at least once' },
      { value: '>3', title: 'more than three times' },
    ],
  },
};

const NEGATABLE = new Set(['state', 'status']);

export function completeFilter(
  word: string,
  { qualifiers, suggestions }: { readonly qualifiers: readonly string[]; readonly suggestions: Suggestions },
): readonly Completion[] {
  const typed = /^(-?)([A-Za-z_]+):(.*)$/s.exec(word);
  const name = typed?.[2]?.toLowerCase() ?? '';
  const all =
    typed !== null && qualifiers.includes(name)
      ? completeValue(typed[1] ?? '', name, typed[3] ?? '', suggestions)
      : completeWord(word, qualifiers, suggestions);
  return all.slice(0, COMPLETIONS_MAX);
}

/** Behind the colon: after the last comma one more value may stand. */
function completeValue(
  minus: string,
  name: string,
  value: string,
  suggestions: Suggestions,
): readonly Completion[] {
  const comma = value.lastIndexOf(',');
  const before = value.slice(0, comma + 1);
  const used = new Set(before.split(','));
  const part = value.slice(comma + 1).replace(/^"/, '');
  return rank(part, valuesOf(name, suggestions))
    .filter((one) => !used.has(quoteValue(one.value)))
    .map((one) => toValueCompletion(`${minus}${name}:${before}`, one));
}

function completeWord(
  word: string,
  qualifiers: readonly string[],
  suggestions: Suggestions,
): readonly Completion[] {
  const isNot = word.startsWith('-');
  const bare = (isNot ? word.slice(1) : word).trim();
  const allowed = isNot ? qualifiers.filter((name) => NEGATABLE.has(name)) : qualifiers;
  const names = allowed
    .filter((name) => bare === '' || name.startsWith(bare.toLowerCase()))
    .map((name): Completion => ({
      key: `${name}:`,
      text: `${isNot ? '-' : ''}${name}:`,
      title: QUALIFIER_HELP[name]?.title ?? '',
      kind: 'qualifier',
      isWhole: false,
    }));
  if (bare === '') return names;
  const values = allowed.flatMap((name) =>
    rank(bare, valuesOf(name, suggestions))
      .slice(0, 3)
      .map((one) => toValueCompletion(`${isNot ? '-' : ''}${name}:`, one)),
  );
  const guesses = isNot ? [] : toGuesses(bare, allowed);
  // Somebody who types "st" wants a qualifier; who types "timeout" wants to find it.
  return names.length > 0 ? [...names, ...values, ...guesses] : [...values, ...guesses];
}

/** A word without a qualifier is looked for where such words are found. */
function toGuesses(bare: string, qualifiers: readonly string[]): readonly Completion[] {
  const digits = bare.replaceAll(/[\s().-]/g, '');
  const asNumber: Completion[] = /^\+?\d{2,15}\*?$/.test(digits)
    ? [
        toGuess('number', digits.endsWith('*') ? digits : `${digits}*`, 'Phone numbers that begin so'),
        ...(digits.endsWith('*') ? [] : [toGuess('number', digits, 'This phone number')]),
      ]
    : [];
  const asCall = toGuess('call', quoteValue(bare), 'The call with this id');
  const asError = toGuess('error', quoteValue(bare), 'Errors that contain it');
  const asDestination = bare.startsWith('dst_') ? [toGuess('destination', bare, 'This destination')] : [];
  const asSource = bare.startsWith('src_') ? [toGuess('source', bare, 'This source')] : [];
  // Ids have digits or more than one hyphen or underscore; words of an error have not.
  const isIdLike = !/\s/.test(bare) && bare.length >= 6 && /\d|[-_].*[-_]/.test(bare);
  const rest = isIdLike || asNumber.length > 0 ? [asCall, asError] : [asError, asCall];
  return [...asNumber, ...asDestination, ...asSource, ...rest].filter(({ text }) =>
    qualifiers.includes(text.slice(0, text.indexOf(':'))),
  );
}

function toGuess(name: string, value: string, title: string): Completion {
  const text = `${name}:${value}`;
  return { key: `guess ${text}`, text, title, kind: 'bare', isWhole: true };
}

function toValueCompletion(before: string, { value, title }: Suggestion): Completion {
  const text = `${before}${quoteValue(value)}`;
  return { key: text, text, title: title ?? '', kind: 'value', isWhole: true };
}

function valuesOf(name: string, suggestions: Suggestions): readonly Suggestion[] {
  const given = suggestions[name]?.map((one) => (typeof one === 'string' ? { value: one } : one));
  return given ?? QUALIFIER_HELP[name]?.values ?? [];
}

/** Those that begin with it before those that contain it, by value or title. */
function rank(part: string, values: readonly Suggestion[]): readonly Suggestion[] {
  const wanted = part.toLowerCase();
  if (wanted === '') return values;
  const begins = (one: Suggestion) =>
    one.value.toLowerCase().startsWith(wanted) || one.title?.toLowerCase().startsWith(wanted) === true;
  const contains = (one: Suggestion) =>
    one.value.toLowerCase().includes(wanted) || one.title?.toLowerCase().includes(wanted) === true;
  return [...values.filter(begins), ...values.filter((one) => !begins(one) && contains(one))];
}
