/**
 * Which error texts are the same trouble: a class by keyword, and the text without what differs from call to call.
 * Free text is all a source gives, so this is a guess; whoever shows a group shows a text as it came beside it.
 */
export const ERROR_CLASSES = [
  'stt',
  'tts',
  'llm',
  'telephony',
  'integration',
  'quota',
  'timeout',
  'other',
] as const;
export type ErrorClass = (typeof ERROR_CLASSES)[number];

export interface ErrorTraits {
  readonly errorClass: ErrorClass;
  /** Empty where there is no text. */
  readonly fingerprint: string;
}

export const FINGERPRINT_LENGTH_MAX = 300;
/** What is looked at of a text; a longer one differs in its beginning, or not at all. */
const TEXT_LENGTH_MAX = 500;

export function toErrorTraits(text: string): ErrorTraits {
  const begin = text.slice(0, TEXT_LENGTH_MAX);
  return { errorClass: toErrorClass(begin), fingerprint: toFingerprint(begin) };
}

/**
 * The first that fits, in this order: "speech-to-text timed out" is trouble of the speech recogniser. Short words are
 * whole words, since "sip" is in "gossip" and "voice" in "voicemail".
 */
const KEYWORDS: readonly (readonly [ErrorClass, RegExp])[] = [
  ['stt', /\bstt\b|\basr\b|transcrib|transcript|speech[- ]to[- ]text|deepgram/i],
  ['tts', /\btts\b|\bvoices?\b|\bspeech\b|text[- ]to[- ]speech|elevenlabs/i],
  ['llm', /\bllm\b|\bmodels?\b|openai|anthropic|\bgpt|\bgemini\b|\bmistral\b/i],
  ['telephony', /\bsip\b|trunk|carrier|\bdial|\bpstn\b/i],
  ['integration', /webhook|assistant-request/i],
  ['quota', /credit|quota|balance|payment|\b429\b/i],
  ['timeout', /time-?out|timed out/i],
];

function toErrorClass(text: string): ErrorClass {
  return KEYWORDS.find(([, pattern]) => pattern.test(text))?.[0] ?? 'other';
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

function toFingerprint(text: string): string {
  const plain = text
    .replaceAll(UUID, '#')
    .replaceAll(HEX_ID, '#')
    .replaceAll(LONG_WORD, replaceId)
    .replaceAll(NUMBER, '#')
    .replaceAll(/\s+/g, ' ')
    .trim();
  // Cutting may halve a character of two code units; half of one cannot be stored and read back.
  return plain.slice(0, FINGERPRINT_LENGTH_MAX).toWellFormed();
}
