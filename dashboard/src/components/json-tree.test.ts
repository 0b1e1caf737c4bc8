import { describe, expect, it } from 'vitest';
import fc from 'fast-check';

import { parseJsonTree, toOpenDepth } from './json-tree.ts';
import type { JsonNode } from './json-tree.ts';

describe('a JSON text as a tree', () => {
  it('keeps numbers and strings as they are written', () => {
    const text = String.raw`{"big":12345678901234567890,"one":1.0,"small":1e-7,"minus":-0,"text":"a\u00e9\"\n"}`;
    expect(write(parseJsonTree(text))).toBe(text);
  });

  it('keeps names that stand twice, and their order', () => {
    const text = '{"b":1,"a":2,"b":3,"__proto__":4}';
    expect(write(parseJsonTree(text))).toBe(text);
  });

  it('reads what JSON.parse reads, and nothing else', () => {
    fc.assert(
      fc.property(fc.oneof(fc.json(), fc.string(), fc.json().map(breakSomewhere)), (text) => {
        const node = parseJsonTree(text);
        const isJson = isParsed(text);
        expect(node !== null).toBe(isJson);
        if (node !== null) expect(JSON.parse(write(node))).toEqual(JSON.parse(text));
      }),
    );
  });

  it.each([
    '',
    '{',
    '[1,]',
    '{"a":1,}',
    '{a:1}',
    '01',
    '1.',
    '.5',
    '+1',
    'NaN',
    "'a'",
    '"\t"',
    '[1 2]',
    'nul',
    '{}{}',
  ])('takes %j for no JSON', (text) => {
    expect(parseJsonTree(text)).toBeNull();
  });

  it('gives up on what is deeper than the stack should go, without falling off it', () => {
    expect(parseJsonTree('['.repeat(100_000))).toBeNull();
  });

  it('counts lines, and opens as many levels as fit', () => {
    const small = parseJsonTree('{"a":{"b":{"c":1}}}');
    expect(small).toMatchObject({ lines: 7 });
    expect(toOpenDepth(small as JsonNode)).toBe(3);
    const long = parseJsonTree(JSON.stringify({ rows: Array.from({ length: 1_000 }, (_, id) => ({ id })) }));
    expect(toOpenDepth(long as JsonNode)).toBe(1);
  });

  it('reads a megabyte in well under a second', () => {
    const text = JSON.stringify(
      Array.from({ length: 20_000 }, (_, id) => ({ id, name: 'a call', rate: 1.5 })),
    );
    // The fastest of three: what else the machine does only adds.
    const tookMs = Array.from({ length: 3 }, () => {
      const startedMs = performance.now();
      expect(parseJsonTree(text)).not.toBeNull();
      return performance.now() - startedMs;
    });
    expect(Math.min(...tookMs)).toBeLessThan(1_000);
  });
});

function write(node: JsonNode | null): string {
  if (node === null) return '';
  if (!('entries' in node)) return node.text;
  const [opening, closing] = node.kind === 'object' ? ['{', '}'] : ['[', ']'];
  const inside = node.entries.map(
    (entry) => `${entry.name === null ? '' : `${entry.name}:`}${write(entry.node)}`,
  );
  return `${opening}${inside.join(',')}${closing}`;
}

function breakSomewhere(text: string): string {
  return text.slice(0, Math.floor(text.length / 2)) + text.slice(Math.floor(text.length / 2) + 1);
}

function isParsed(text: string): boolean {
  try {
    JSON.parse(text);
    return true;
  } catch {
    return false;
  }
}
