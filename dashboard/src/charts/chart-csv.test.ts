import { describe, expect, it } from 'vitest';
import { toCsv, toTextCell } from './chart-csv.ts';

describe('toCsv', () => {
  it('writes times in UTC, numbers as they are, and nothing for what is not there', () => {
    const csv = toCsv({
      columns: [
        { label: 'From', kind: 'time' },
        { label: 'Calls', kind: 'count' },
        { label: 'Rate', kind: 'rate' },
        { label: 'Median', kind: 'duration' },
      ],
      rows: [[Date.UTC(2025, 11, 13, 12), 12_345, 1 / 3, null]],
    });
    expect(csv).toBe('From,Calls,Rate,Median (ms)\r\n2025-12-13T12:00:00.000Z,12345,0.3333333333333333,\r\n');
  });
});

describe('toTextCell', () => {
  it('quotes what would end a cell', () => {
    expect(toTextCell('a,b')).toBe('"a,b"');
    expect(toTextCell('say "no"')).toBe('"say ""no"""');
    expect(toTextCell('two\nlines')).toBe('"two\nlines"');
  });

  it('keeps a spreadsheet from running an error text', () => {
    expect(toTextCell('=HYPERLINK("http://evil.example")')).toBe('"\'=HYPERLINK(""http://evil.example"")"');
    for (const start of ['=', '+', '-', '@', '\t', '\r'])
      expect(toTextCell(`${start}1`).replace('"', '').startsWith("'")).toBe(true);
  });
});
