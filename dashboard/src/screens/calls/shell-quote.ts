/**
 * Any text as exactly one word for a shell (sh, bash, zsh, ksh). Payloads are written by strangers, and what is copied
 * here is pasted into a terminal: nothing in it may be run, and nothing may be lost.
 */
export function quoteForShell(text: string): string {
  return UNSEEN.test(text) ? quoteByOctets(text) : `'${text.replaceAll("'", String.raw`'\''`)}'`;
}

/**
 * Control characters, format characters (bidirectional overrides, zero widths), line separators and lone surrogates.
 * Quotes hold them in a script, but a terminal sees them first: ESC can end a bracketed paste, Tab completes, and an
 * override shows another command than the one that runs.
 */
const UNSEEN = /[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u;

const encoder = new TextEncoder();

/** `$'…'` with octal escapes: three digits end by themselves, where `\x` would eat a hex digit that follows. */
function quoteByOctets(text: string): string {
  let quoted = '';
  // An argument of a program cannot hold NUL, so that it becomes the replacement character.
  for (const character of text.replaceAll('\0', '\u{FFFD}')) {
    quoted += UNSEEN.test(character) || ACTIVE.has(character) ? toOctets(character) : character;
  }
  return `$'${quoted}'`;
}

/** Ends the word, begins an escape; and `!`, which older bash expands from its history even here. */
const ACTIVE = new Set(["'", '\\', '!']);

function toOctets(character: string): string {
  return Array.from(encoder.encode(character), (octet) => `\\${octet.toString(8).padStart(3, '0')}`).join('');
}
