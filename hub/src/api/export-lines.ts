/** Views as lines: CSV for spreadsheets, NDJSON for programs. */
import type { ExportColumn, ExportEncoder, ExportPiece } from './export-format.ts';

/** A page may be megabytes, which a slow reader takes minutes for; a piece is one that it takes in time, or is stuck. */
const PIECE_CHARACTERS = 32 * 1024;

export function toLineEncoder<View>(toLine: (view: View) => string, head: string): ExportEncoder<View> {
  let text = head;
  let rows = 0;

  function* take(): Iterable<ExportPiece> {
    if (text === '') return;
    const piece = { bytes: text, rows };
    text = '';
    rows = 0;
    yield piece;
  }

  return {
    *add(views) {
      for (const view of views) {
        text += toLine(view);
        rows += 1;
        if (text.length >= PIECE_CHARACTERS) yield* take();
      }
      yield* take();
    },
    end: take,
  };
}

/** RFC 4180: lines end in CRLF, and a cell in quotes may hold anything. */
const CSV_LINE_END = '\r\n';

export function toCsvHead<View>(columns: readonly ExportColumn<View>[]): string {
  return columns.map(({ name }) => toCell(name)).join(',') + CSV_LINE_END;
}

export function toCsvLine<View>(view: View, columns: readonly ExportColumn<View>[]): string {
  return columns.map(({ read }) => toCell(read(view))).join(',') + CSV_LINE_END;
}

export function toNdjsonLine(view: unknown): string {
  return `${JSON.stringify(view)}\n`;
}

/**
 * What a spreadsheet would run as a formula, wide forms included. An error text is written by whoever reports calls,
 * and the file is opened by somebody who trusts it.
 */
const FORMULA_START = /^[=+\-@\t\r\n＝＋－＠]/;

function toCell(value: string | number | boolean | null | undefined): string {
  if (value === null || value === undefined) return '';
  // Numbers and truth values are ours, never formulas.
  if (typeof value !== 'string') return String(value);
  const text = FORMULA_START.test(value) ? `'${value}` : value;
  return /[",\r\n]/.test(text) ? `"${text.replaceAll('"', '""')}"` : text;
}
