/**
 * Reads JSON without making values of it: numbers and strings stay as they are written, because what was signed is the
 * text. 12345678901234567890 and 1.0 would not survive JSON.parse. Null where it is no JSON.
 */

export type JsonNode = JsonScalar | JsonList;

export interface JsonScalar {
  readonly kind: 'string' | 'number' | 'word';
  /** As written; strings with their quotes and escapes. */
  readonly text: string;
}

export interface JsonList {
  readonly kind: 'object' | 'array';
  readonly entries: readonly JsonEntry[];
  /** Lines it takes when all is open. */
  readonly lines: number;
}

export interface JsonEntry {
  /** As written, with its quotes; null in arrays. */
  readonly name: string | null;
  readonly node: JsonNode;
}

/** Deeper than any payload, and far from the end of the stack. */
const DEPTH_MAX = 500;

// JSON forbids raw control characters in strings.
// oxlint-disable-next-line no-control-regex
const STRING = /"(?:[^"\\\u0000-\u001f]|\\(?:["\\/bfnrt]|u[0-9A-Fa-f]{4}))*"/y;
const NUMBER = /-?(?:0|[1-9]\d*)(?:\.\d+)?(?:[eE][+-]?\d+)?/y;
const WORD = /true|false|null/y;
const SPACE = /[ \t\n\r]*/y;

export function parseJsonTree(text: string): JsonNode | null {
  let at = 0;

  function skip(): void {
    SPACE.lastIndex = at;
    SPACE.exec(text);
    at = SPACE.lastIndex;
  }

  function match(pattern: RegExp): string | null {
    pattern.lastIndex = at;
    const found = pattern.exec(text);
    if (found === null) return null;
    at = pattern.lastIndex;
    return found[0];
  }

  function readNode(depth: number): JsonNode | null {
    const first = text[at];
    if (first === '{' || first === '[') return depth >= DEPTH_MAX ? null : readList(first, depth);
    if (first === '"') return toScalar('string', match(STRING));
    if (first === 't' || first === 'f' || first === 'n') return toScalar('word', match(WORD));
    return toScalar('number', match(NUMBER));
  }

  function readList(opening: '{' | '[', depth: number): JsonList | null {
    const isObject = opening === '{';
    const closing = isObject ? '}' : ']';
    const entries: JsonEntry[] = [];
    let lines = 2;
    at += 1;
    skip();
    while (text[at] !== closing) {
      let name: string | null = null;
      if (isObject) {
        name = match(STRING);
        skip();
        if (name === null || text[at] !== ':') return null;
        at += 1;
        skip();
      }
      const node = readNode(depth + 1);
      if (node === null) return null;
      entries.push({ name, node });
      lines += 'lines' in node ? node.lines : 1;
      skip();
      if (text[at] === ',') {
        at += 1;
        skip();
        if (text[at] === closing) return null;
      } else if (text[at] !== closing) return null;
    }
    at += 1;
    return { kind: isObject ? 'object' : 'array', entries, lines: entries.length === 0 ? 1 : lines };
  }

  skip();
  const node = readNode(0);
  skip();
  return at === text.length ? node : null;
}

function toScalar(kind: JsonScalar['kind'], text: string | null): JsonScalar | null {
  return text === null ? null : { kind, text };
}

/** Lines that may be open at first; what is more is opened by hand, level by level. */
const OPEN_LINES_MAX = 400;

/** How many levels to open: as many as fit, at least the first. */
export function toOpenDepth(root: JsonNode): number {
  let level: readonly JsonNode[] = [root];
  let lines = 1;
  for (let depth = 0; ; depth += 1) {
    const lists = level.filter((node): node is JsonList => 'entries' in node && node.entries.length > 0);
    const children = lists.flatMap((list) => list.entries.map((entry) => entry.node));
    lines += children.length + lists.length;
    if (children.length === 0 || (lines > OPEN_LINES_MAX && depth > 0)) return depth;
    level = children;
  }
}
