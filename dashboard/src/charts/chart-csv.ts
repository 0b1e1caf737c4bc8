/** CSV as RFC 4180 has it, with nothing a spreadsheet would run. */
import type { ChartCell, ChartColumn, ChartTable } from './chart-table.ts';

export function toCsv(table: ChartTable): string {
  const lines = [
    table.columns.map(toHeader),
    ...table.rows.map((row) => row.map((cell, index) => toCell(cell, table.columns[index]))),
  ];
  return `${lines.map((cells) => cells.join(',')).join('\r\n')}\r\n`;
}

function toHeader(column: ChartColumn): string {
  return toTextCell(column.kind === 'duration' ? `${column.label} (ms)` : column.label);
}

/** Numbers stay as exact as they came; times are RFC 3339 in UTC, whatever zone the page shows. */
function toCell(cell: ChartCell, column: ChartColumn | undefined): string {
  if (cell === null) return '';
  if (typeof cell === 'string') return toTextCell(cell);
  if (!Number.isFinite(cell)) return '';
  return column?.kind === 'time' ? new Date(cell).toISOString() : String(cell);
}

/** An error text may begin with "=": a quote in front keeps a spreadsheet from taking it as a formula. */
export function toTextCell(text: string): string {
  const harmless = /^[=+\-@\t\r\n]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(harmless) ? `"${harmless.replaceAll('"', '""')}"` : harmless;
}
