/** Data to stdout, messages to stderr; JSON where it was asked for; colour only for a person's terminal. */
import { styleText } from 'node:util';

export type Colour = 'red' | 'green' | 'yellow' | 'blue' | 'cyan' | 'dim' | 'bold';

export interface OutputStream {
  /** false: it has enough for now, and says `drain` when it can take more. */
  write(data: string | Uint8Array): unknown;
  once?(event: 'drain', listener: () => void): unknown;
  readonly isTTY?: boolean;
}

export interface Output {
  readonly json: boolean;
  /** Whether a person may be asked something. */
  readonly interactive: boolean;
  /** Data is read by a person as it comes. */
  readonly toTerminal: boolean;
  /** One line of data. */
  line(text: string): void;
  /** One value of data: a JSON line. */
  value(value: unknown): void;
  /** Data that is a file already, as it is; resolves when more can be taken. */
  bytes(data: Uint8Array): Promise<void>;
  /** A line for the person, never data. */
  note(text: string): void;
  /** A line that the next one replaces, on a terminal only; null takes the last one away. */
  progress(text: string | null): void;
  paint(colour: Colour, text: string): string;
}

export interface OutputOptions {
  readonly stdout: OutputStream;
  readonly stderr: OutputStream;
  readonly stdin: { readonly isTTY?: boolean };
  readonly env: Readonly<Record<string, string | undefined>>;
  readonly json: boolean;
  /** False after `--no-color`. */
  readonly colour: boolean;
}

export function createOutput(options: OutputOptions): Output {
  const { stdout, stderr, env } = options;
  // https://no-color.org: set and not empty means off, whatever its value.
  const isColoured = options.colour && !env['NO_COLOR'] && env['TERM'] !== 'dumb' && stdout.isTTY === true;
  return {
    json: options.json,
    toTerminal: stdout.isTTY === true,
    interactive: options.stdin.isTTY === true && stderr.isTTY === true,
    line: (text) => void stdout.write(`${text}\n`),
    value: (value) => void stdout.write(`${JSON.stringify(value)}\n`),
    async bytes(data) {
      if (stdout.write(data) !== false || stdout.once === undefined) return;
      await new Promise<void>((resolve) => void stdout.once?.('drain', resolve));
    },
    note: (text) => void stderr.write(`${text}\n`),
    progress(text) {
      if (stderr.isTTY === true && env['TERM'] !== 'dumb') stderr.write(`\r\u001B[K${text ?? ''}`);
    },
    paint: (colour, text) => (isColoured ? styleText(colour, text, { validateStream: false }) : text),
  };
}

// Text from the network must not steer a terminal: C0, DEL and C1 become visible stand-ins.
// oxlint-disable-next-line no-control-regex -- they are what is looked for
const CONTROL_CHARACTERS = /[\u0000-\u001f\u007f-\u009f\u200e\u200f\u202a-\u202e\u2066-\u2069]/g;

/** For every text that somebody else wrote: errors, names, ids. */
export function toPlainText(text: string): string {
  return text.replace(CONTROL_CHARACTERS, '\u{FFFD}');
}

export interface Column<Row> {
  readonly title: string;
  readonly toText: (row: Row) => string | number | null | undefined;
  /** Where set, the colour of this row's cell. */
  readonly toColour?: (row: Row) => Colour | undefined;
}

/** Aligned columns under their titles; with `--json` one line per row instead. */
export function printTable<Row>(output: Output, rows: readonly Row[], columns: readonly Column<Row>[]): void {
  if (output.json) {
    for (const row of rows) output.value(row);
    return;
  }
  const cells = rows.map((row) => columns.map((column) => toPlainText(String(column.toText(row) ?? '–'))));
  const widths = columns.map((column, index) =>
    Math.max(column.title.length, ...cells.map((row) => row[index]?.length ?? 0)),
  );
  const toLine = (texts: readonly string[], paint: (text: string, index: number) => string): string =>
    texts
      .map((text, index) =>
        index === texts.length - 1 ? paint(text, index) : paint(text.padEnd(widths[index] ?? 0), index),
      )
      .join('  ');
  output.line(
    toLine(
      columns.map((column) => column.title),
      (text) => output.paint('dim', text),
    ),
  );
  rows.forEach((row, rowIndex) => {
    output.line(
      toLine(cells[rowIndex] ?? [], (text, index) => {
        const colour = columns[index]?.toColour?.(row);
        return colour === undefined ? text : output.paint(colour, text);
      }),
    );
  });
}

/** `name  value` lines; with `--json` the record itself. */
export function printRecord(output: Output, record: Readonly<Record<string, unknown>>): void {
  if (output.json) {
    output.value(record);
    return;
  }
  const width = Math.max(...Object.keys(record).map((key) => key.length));
  for (const [key, value] of Object.entries(record)) {
    const text =
      typeof value === 'string' ? value : value === null || value === undefined ? '–' : JSON.stringify(value);
    output.line(`${output.paint('dim', key.padEnd(width))}  ${toPlainText(text)}`);
  }
}
