/** Which commands are meant by what was typed. */

/** Higher is nearer; null where it is not meant at all. Letters in order, at best at the begins of words. */
export function scoreMatch(text: string, typed: string): number | null {
  const wanted = typed.trim().toLowerCase();
  if (wanted === '') return 0;
  const lower = text.toLowerCase();
  const at = lower.indexOf(wanted);
  if (at === 0) return 100;
  if (at > 0) return lower[at - 1] === ' ' ? 80 : 60;
  let score = 40;
  let from = 0;
  for (const letter of wanted.replaceAll(' ', '')) {
    const next = lower.indexOf(letter, from);
    if (next === -1) return null;
    const isWordBegin = next === 0 || lower[next - 1] === ' ';
    if (!isWordBegin) score -= next - from;
    from = next + 1;
  }
  // Letters strewn over a sentence are no match that anybody meant.
  return score > 15 ? score : null;
}

export type Jump =
  | { readonly kind: 'call' | 'delivery' | 'destination'; readonly id: string }
  | { readonly kind: 'number'; readonly number: string };

const ID_CHARACTERS_MIN = 3;

/** What a pasted text may be the id of: ours by their prefix, anything else without a space is a call's. */
export function toJumps(typed: string): readonly Jump[] {
  const text = typed.trim();
  if (text.length < ID_CHARACTERS_MIN || /\s/.test(text.replaceAll(/[+\d][\d ]*/g, ''))) return [];
  if (/^dlv_\w+$/.test(text)) return [{ kind: 'delivery', id: text }];
  if (/^dst_\w+$/.test(text)) return [{ kind: 'destination', id: text }];
  const digits = text.replaceAll(/[\s()./-]/g, '');
  const jumps: Jump[] = [];
  if (/^\+?\d{4,20}$/.test(digits)) jumps.push({ kind: 'number', number: digits });
  if (!/\s/.test(text)) jumps.push({ kind: 'call', id: text });
  return jumps;
}
