/**
 * Sizes that no theme, density or device changes are written out where they are used, when the dashboard is built. That
 * holds only as long as each is declared once, for the whole page: what would make it untrue stops the build.
 */

const SIZE = /(--(?:space|size|radius|weight)\b[\w-]*)\s*:\s*([^;{}]+);?/g;
const COMMENT = /\/\*.*?\*\//gs;

/** Out of the text of tokens.css: of its first `:root`, before anything that is nested in it. */
export function readSizes(tokens: string): ReadonlyMap<string, string> {
  const css = tokens.replaceAll(COMMENT, '');
  const root = css.split(':root {', 2)[1]?.split('{', 1)[0] ?? '';
  const sizes = new Map([...root.matchAll(SIZE)].map(([, name = '', value = '']) => [name, value]));
  const isOnce = [...css.matchAll(SIZE)].length === sizes.size;
  if (!isOnce) throw new Error('tokens.css: a size is declared in its first :root only, and once.');
  return sizes;
}

/** A style sheet without names of sizes; with `isTheirs`, tokens.css itself, without their declarations. */
export function writeSizesOut(css: string, sizes: ReadonlyMap<string, string>, isTheirs: boolean): string {
  const rest = css.replaceAll(COMMENT, '').replaceAll(SIZE, '');
  const isDeclared = rest !== css.replaceAll(COMMENT, '');
  if (isDeclared && !isTheirs)
    throw new Error('A size is declared in tokens.css only: elsewhere it has no effect.');
  return rest.replaceAll(/var\((--[\w-]+)\)/g, (use, name: string) => sizes.get(name) ?? use);
}
