/** From key presses to what they are called: `g l`, `R`, `?`, `mod+k`. No document here. */

export interface KeyPress {
  readonly key: string;
  readonly ctrlKey: boolean;
  readonly metaKey: boolean;
  readonly altKey: boolean;
}

/** Longer than this between two keys, and they are two keys. */
export const SEQUENCE_MS_MAX = 1_200;

/** null for what is no shortcut: modifiers alone, Alt, function keys. */
export function toStroke(press: KeyPress): string | null {
  if (press.altKey || press.key.length !== 1 || press.key === ' ') return null;
  // ⌘ on a Mac, Ctrl elsewhere; whichever is pressed is meant.
  return press.ctrlKey || press.metaKey ? `mod+${press.key.toLowerCase()}` : press.key;
}

export interface StrokeSequence {
  /** The name that is meant now: a sequence begun before, or the key alone; null while a sequence is only begun. */
  /** atMs: when the key was pressed, on any clock; a page at work may hear of it much later. */
  push(stroke: string, known: (name: string) => boolean, atMs: number): string | null;
}

export function makeStrokeSequence(): StrokeSequence {
  let begun: { readonly stroke: string; readonly atMs: number } | null = null;
  return {
    push(stroke, known, atMs) {
      const first = begun !== null && atMs - begun.atMs <= SEQUENCE_MS_MAX ? begun.stroke : null;
      begun = null;
      if (first !== null && known(`${first} ${stroke}`)) return `${first} ${stroke}`;
      if (known(stroke)) return stroke;
      begun = { stroke, atMs };
      return null;
    },
  };
}
