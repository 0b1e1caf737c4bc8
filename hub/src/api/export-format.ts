/** Views as lines of a file: CSV for spreadsheets, NDJSON for programs. Pure. */

export const EXPORT_FORMATS = ['csv', 'ndjson'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportColumn<View> {
  readonly name: string;
  readonly read: (view: View) => string | number | boolean | null | undefined;
}

export const EXPORT_MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
};

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
