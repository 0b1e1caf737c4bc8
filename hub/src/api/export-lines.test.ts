import { describe, expect, it } from 'vitest';
import type { ExportColumn } from './export-format.ts';

import { toCsvHead, toCsvLine, toNdjsonLine } from './export-lines.ts';

interface Row {
  readonly text: string | null;
  readonly count: number;
}
const COLUMNS: readonly ExportColumn<Row>[] = [
  { name: 'text', type: 'text', read: (row) => row.text },
  { name: 'count', type: 'integer', read: (row) => row.count },
];
const toLine = (text: string | null): string => toCsvLine({ text, count: -1 }, COLUMNS);

describe('CSV', () => {
  it('is RFC 4180: a header, CRLF, quotes around what needs them and doubled inside', () => {
    expect(toCsvHead(COLUMNS)).toBe('text,count\r\n');
    expect(toLine('plain')).toBe('plain,-1\r\n');
    expect(toLine(null)).toBe(',-1\r\n');
    expect(toLine('a,b')).toBe('"a,b",-1\r\n');
    expect(toLine('say "x"')).toBe('"say ""x""",-1\r\n');
    expect(toLine('two\r\nlines')).toBe('"two\r\nlines",-1\r\n');
    expect(toLine('é 電話')).toBe('é 電話,-1\r\n');
  });

  it('holds nothing that a spreadsheet would run', () => {
    for (const text of [
      '=1+1',
      '+31612345678',
      '-2+3',
      '@SUM(A1)',
      '\t=1',
      '\r=1',
      '\n=1',
      '＝1+1',
      '=HYPERLINK("http://x","y")',
      "=cmd|' /C calc'!A0",
    ]) {
      expect(toLine(text).replace(/^"/, '').startsWith("'")).toBe(true);
    }
    // Our own numbers are no text.
    expect(toLine('x')).toContain(',-1');
  });
});

describe('NDJSON', () => {
  it('is one object a line, whatever it holds', () => {
    expect(toNdjsonLine({ a: 'two\nlines', b: null })).toBe('{"a":"two\\nlines","b":null}\n');
  });
});
