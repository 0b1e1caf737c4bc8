/**
 * Views with their numbers masked: what people see until they reveal them, and what a wall screen always shows. Every
 * text is looked through unless its key says that it cannot hold a number, so that a view somebody adds tomorrow is
 * masked without knowing of this file.
 */
import { hasPhoneNumbers, loadPhoneNumbers, splitNumber } from '../ingest/phone-number.ts';
import { maskText } from '@offhook/contract/masked-text';

const HIDDEN = '••••';

/** A copy; the view stays as it is. To be called after prepareMasks. */
export function maskView<View>(view: View): View {
  return walk(view, '', 'ours') as View;
}

/** Null where the library that knows how numbers are grouped is there already. */
export function prepareMasks(): Promise<void> | null {
  return hasPhoneNumbers() ? null : loadPhoneNumbers();
}

/** What stands in a view: our own fields, a party of a call, or what a source sent and nobody knows. */
type Place = 'ours' | 'party' | 'foreign';

function walk(value: unknown, key: string, place: Place): unknown {
  if (typeof value === 'string') return maskField(value, key, place);
  if (typeof value === 'number') return place === 'foreign' ? maskForeignNumber(value) : value;
  if (typeof value !== 'object' || value === null) return value;
  if (place !== 'foreign' && OPEN_KEYS.has(key)) return value;
  // A list says what its entries are, and so does the key of a filter's {value, prefix}.
  if (Array.isArray(value)) return value.map((item) => walk(item, key, place));
  const inside = toPlace(key, place);
  const isNumber = NUMBER_KEYS.has(key);
  const done = inside === 'ours' ? toDoneKey(value) : null;
  return Object.fromEntries(
    Object.entries(value).map(([name, part]) => [
      inside === 'foreign' ? maskText(name) : name,
      name === done ? part : walk(part, isNumber && name === 'value' ? key : name, inside),
    ]),
  );
}

/**
 * The key of the sentence about what was done at a destination: kinds promise that it holds nobody's number, and
 * without the ids in it the record could not be found there. What went wrong is often told in other people's words.
 */
function toDoneKey(view: object): 'detail' | 'last_detail' | null {
  if ('last_detail' in view) return 'state' in view && view.state === 'delivered' ? 'last_detail' : null;
  const isDone = ('outcome' in view && view.outcome === 'delivered') || ('ok' in view && view.ok === true);
  return isDone ? 'detail' : null;
}

function toPlace(key: string, place: Place): Place {
  if (place === 'foreign' || FOREIGN_KEYS.has(key)) return 'foreign';
  return PARTY_KEYS.has(key) ? 'party' : 'ours';
}

const NUMBER_KEYS: ReadonlySet<string> = new Set(['number', 'phone_numbers', 'phone_number', 'customer']);
const PARTY_KEYS: ReadonlySet<string> = new Set(['phone_number', 'customer']);
const FOREIGN_KEYS: ReadonlySet<string> = new Set(['unknown_fields', 'assistant', 'metadata']);
/** What an admin wrote or the hub made; digits in it are part of an address, a key or a hash. */
const OPEN_KEYS: ReadonlySet<string> = new Set([
  'settings',
  'settings_schema',
  'target',
  'url',
  'headers',
  'secret',
  'key',
  'hint',
  'fingerprint',
  'version',
]);

function maskField(text: string, key: string, place: Place): string {
  if (NUMBER_KEYS.has(key)) return maskNumber(text);
  if (place === 'foreign') return maskText(text);
  if (OPEN_KEYS.has(key) || isId(key, text)) return text;
  if (key === 'name' && place === 'ours') return text;
  if (key === 'body') return maskBody(text);
  if (key === 'subject') return /^\+\d+$/.test(text) ? maskNumber(text) : text;
  // Where a list of numbers goes on is the last one shown.
  if (key === 'next_cursor') return text;
  return maskText(text);
}

/** Ids of calls are the source's own and may hold a number; without them nothing could be looked up. */
function isId(key: string, text: string): boolean {
  return key === 'id' || /(?:_id|Id)s?$/.test(key) || /^[a-z]{3}_[0-9A-Za-z]+$/.test(text);
}

/** `+31 6 •••• 5678`; of what is no full number the ends stay, or less where it is short. */
export function maskNumber(number: string): string {
  if (NOBODY.test(number)) return number;
  const parts = splitNumber(number);
  if (parts === null) return maskEnds(number);
  const { country, area, national } = parts;
  const shown = national.length >= 8 ? 4 : 2;
  const showsArea = area.length > 0 && national.length - area.length - shown >= HIDDEN_DIGITS_MIN;
  return [country, ...(showsArea ? [area] : []), HIDDEN, national.slice(-shown)].join(' ');
}

/** With fewer, the area is hidden as well. */
const HIDDEN_DIGITS_MIN = 3;
const NOBODY = /^(?:|anonymous|blocked|private|restricted|unavailable|unknown|withheld)$/i;

function maskEnds(text: string): string {
  const characters = Array.from(text);
  const shown = characters.length >= 7 ? 2 : characters.length >= 4 ? 1 : 0;
  const hidden = characters.slice(shown, characters.length - shown).map(() => '•');
  return [...characters.slice(0, shown), ...hidden, ...characters.slice(characters.length - shown)].join('');
}

/** As text: parsed and written again, its long numbers would be others. */
function maskBody(text: string): string {
  const masked = text.replaceAll(NUMBER_MEMBER, (found, lead: string, value: string) => {
    try {
      return lead + JSON.stringify(maskNumber(JSON.parse(value) as string));
    } catch {
      return found;
    }
  });
  return maskText(masked);
}

const NUMBER_MEMBER = /("number"\s*:\s*)("(?:[^"\\]|\\.)*")/g;

/** Nobody's number has a fraction. */
function maskForeignNumber(value: number): number | string {
  if (!Number.isInteger(value)) return value;
  const text = String(value);
  const masked = maskText(text);
  return masked === text ? value : masked;
}
