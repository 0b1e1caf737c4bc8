/**
 * Which error texts are the same trouble: a class by keyword, and the text without what differs from call to call.
 * Free text is all a source gives, so this is a guess; whoever shows a group shows a text as it came beside it.
 */
import { TEXT_LENGTH_MAX, toErrorFingerprint } from '@offhook/contract/error-fingerprint';

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

export function toErrorTraits(text: string): ErrorTraits {
  return { errorClass: toErrorClass(text.slice(0, TEXT_LENGTH_MAX)), fingerprint: toErrorFingerprint(text) };
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
