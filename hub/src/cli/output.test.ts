import { describe, expect, it } from 'vitest';

import { createOutput, printTable, toPlainText } from './output.ts';

function capture(
  options: { env?: Record<string, string>; isTTY?: boolean; json?: boolean; colour?: boolean } = {},
) {
  let stdout = '';
  const output = createOutput({
    stdout: { write: (text) => (stdout += text), isTTY: options.isTTY ?? false },
    stderr: { write: () => {} },
    stdin: {},
    env: options.env ?? {},
    json: options.json ?? false,
    colour: options.colour ?? true,
  });
  return { output, read: () => stdout };
}

const COLUMNS = [
  { title: 'ID', toText: (row: { id: string; n: number | null }) => row.id },
  { title: 'N', toText: (row: { id: string; n: number | null }) => row.n },
];

describe('output', () => {
  it('colours for a terminal only, and never against NO_COLOR, TERM=dumb or --no-color', () => {
    const isColoured = (options: Parameters<typeof capture>[0]): boolean =>
      capture(options).output.paint('red', 'x') !== 'x';
    expect(isColoured({ isTTY: true })).toBe(true);
    expect(isColoured({})).toBe(false);
    expect(isColoured({ isTTY: true, env: { NO_COLOR: '1' } })).toBe(false);
    expect(isColoured({ isTTY: true, env: { TERM: 'dumb' } })).toBe(false);
    expect(isColoured({ isTTY: true, colour: false })).toBe(false);
  });

  it('aligns tables, and prints whole rows as JSON lines', () => {
    const rows = [
      { id: 'long-one', n: 1 },
      { id: 'b', n: null },
    ];
    const table = capture();
    printTable(table.output, rows, COLUMNS);
    expect(table.read()).toBe('ID        N\nlong-one  1\nb         –\n');
    const json = capture({ json: true });
    printTable(json.output, rows, COLUMNS);
    expect(json.read()).toBe('{"id":"long-one","n":1}\n{"id":"b","n":null}\n');
  });

  it('lets no text from the network steer the terminal', () => {
    expect(toPlainText('a\u001b[2Jb\u202ec\u0007\nd')).toBe('a\u{FFFD}[2Jb\u{FFFD}c\u{FFFD}\u{FFFD}d');
  });
});
