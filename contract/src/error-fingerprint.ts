/**
 * An error's text without what differs from call to call: two calls with the same one failed for the same reason, as
 * far as a text tells. Used where calls are counted and where they are told of, so that both speak of the same groups.
 */
export const FINGERPRINT_LENGTH_MAX = 300;
/** What is looked at of a text; a longer one differs in its beginning, or not at all. */
export const TEXT_LENGTH_MAX = 500;

/** Empty where there is no text. */
export function toErrorFingerprint(text: string): string {
  const plain = text
    .slice(0, TEXT_LENGTH_MAX)
    .replaceAll(UUID, '#')
    .replaceAll(HEX_ID, '#')
    .replaceAll(LONG_WORD, replaceId)
    .replaceAll(NUMBER, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
  // Cutting may halve a character of two code units; half of one cannot be stored and read back.
  return plain.slice(0, FINGERPRINT_LENGTH_MAX).toWellFormed();
}

const UUID = /\b[0-9a-f]{8}-(?:[0-9a-f]{4}-){3}[0-9a-f]{12}\b/gi;
/** Eight hex digits or more, one of them no letter, so that "defaced" and "facade" stay. */
const HEX_ID = /\b(?:0x[0-9a-f]+|(?=[a-f]*\d)[0-9a-f]{8,})\b/gi;
/** `call_01HQZX5T2N8`, `req_9f…`: long, with letters and digits mixed. */
const LONG_WORD = /[\w-]{16,}/g;
const LETTER = /[A-Za-z]/;
const DIGIT = /\d/;
const NUMBER = /\d+(?:[.,:]\d+)*/g;

/** Asked of each word by itself: two lookaheads in the pattern walk what is left of the text at every hyphen, 4 ms a text. */
function replaceId(word: string): string {
  return LETTER.test(word) && DIGIT.test(word) ? '#' : word;
}
