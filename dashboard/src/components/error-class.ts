/** Names of the classes that the hub sorts errors into; a newer hub may know more. */
const WORDS: ReadonlyMap<string, string> = new Map([
  ['stt', 'Speech to text'],
  ['tts', 'Text to speech'],
  ['llm', 'Language model'],
  ['telephony', 'Telephony'],
  ['integration', 'Integration'],
  ['quota', 'Quota'],
  ['timeout', 'Timeout'],
  ['other', 'Other'],
]);

export function toErrorClassWords(name: string): string {
  return WORDS.get(name) ?? name;
}
