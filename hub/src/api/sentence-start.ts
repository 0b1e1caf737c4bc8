/**
 * A sentence that begins in lower case, as those of kinds do, made one that stands by itself. What is no plain word
 * stays as it is written: `active_calls` is a key, `webhook_url` a setting, `redis.example.com` a host.
 */
export function startSentence(text: string): string {
  return PLAIN_WORD.test(text) ? text.charAt(0).toUpperCase() + text.slice(1) : text;
}

const PLAIN_WORD = /^\p{Ll}+(?:['’-]\p{Ll}+)*(?:[,;:.!?)]*(?:\s|$))/u;
