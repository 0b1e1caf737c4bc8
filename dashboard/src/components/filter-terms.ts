/** Takes a filter apart into its words for the chips, and puts it together again, without changing how it was written. */

export interface Term {
  /** As written: `-state:live,ended`. */
  readonly text: string;
  /** In the whole text, from 0. */
  readonly start: number;
  readonly end: number;
}

/** At spaces outside of quotes; a quote that is never closed runs to the end. */
export function splitTerms(text: string): readonly Term[] {
  const terms: Term[] = [];
  let start = -1;
  let isQuoted = false;
  for (let at = 0; at <= text.length; at += 1) {
    const character = text[at];
    if (character === undefined || (!isQuoted && /\s/.test(character))) {
      if (start >= 0) terms.push({ text: text.slice(start, at), start, end: at });
      start = -1;
      continue;
    }
    if (start < 0) start = at;
    if (isQuoted && character === '\\') at += 1;
    else if (character === '"') isQuoted = !isQuoted;
  }
  // An escape at the very end of an open quote stepped over the end.
  if (start >= 0) terms.push({ text: text.slice(start), start, end: text.length });
  return terms;
}

/** True where a space would be part of a value. */
export function isInQuotes(text: string): boolean {
  let isQuoted = false;
  for (let at = 0; at < text.length; at += 1) {
    if (isQuoted && text[at] === '\\') at += 1;
    else if (text[at] === '"') isQuoted = !isQuoted;
  }
  return isQuoted;
}

export function joinTerms(texts: readonly string[]): string {
  return texts.filter((text) => text !== '').join(' ');
}

export interface TermParts {
  readonly isNot: boolean;
  readonly qualifier: string;
  readonly value: string;
}

/** Null for a word without a qualifier. */
export function toParts(text: string): TermParts | null {
  const parts = /^(-?)([A-Za-z_]+):(.*)$/s.exec(text);
  if (parts === null) return null;
  return { isNot: parts[1] === '-', qualifier: parts[2] as string, value: parts[3] as string };
}

/** Quotes where the language wants them. */
export function quoteValue(value: string): string {
  if (value !== '' && !/[\s,"\\]/.test(value)) return value;
  return `"${value.replaceAll(/["\\]/g, String.raw`\$&`)}"`;
}
