/**
 * Opaque cursors: base64url of the sort key and row of the last item seen. The API asks `isCursor` before it passes one
 * on, since a list that silently began anew would be taken for its next page; here, what is not ours starts from the
 * beginning.
 */
import type { Page } from '../page.ts';

/** Greater than every row number and time, so "row < this" holds for all; 15 digits, as cursors take them. */
export const ROW_END = 999_999_999_999_999;

/** What a list goes on from: a row, a time and a row, or a text. */
export type CursorKind = 'row' | 'time' | 'text';

/** Whether a list of this kind may have given it. */
export function isCursor(kind: CursorKind, cursor: string): boolean {
  // Decoding skips what is not base64url; only what was encoded here comes out of the way back the same.
  if (cursor === '' || toTextCursor(parseTextCursor(cursor)) !== cursor) return false;
  switch (kind) {
    case 'row':
      return decode(cursor, 1) !== undefined;
    case 'time':
      return decode(cursor, 2) !== undefined;
    case 'text':
      return true;
  }
}

export function toRowCursor(row: number): string {
  return encode([row]);
}

/** The row after which a newest-first list goes on. */
export function parseRowCursor(cursor: string | null): number {
  return decode(cursor, 1)?.[0] ?? ROW_END;
}

export interface TimeCursor {
  readonly ms: number;
  readonly row: number;
}

export function toTimeCursor({ ms, row }: TimeCursor): string {
  return encode([ms, row]);
}

export function parseTimeCursor(cursor: string | null): TimeCursor {
  const [ms, row] = decode(cursor, 2) ?? [];
  return { ms: ms ?? ROW_END, row: row ?? ROW_END };
}

export function toTextCursor(text: string): string {
  return Buffer.from(text).toString('base64url');
}

export function parseTextCursor(cursor: string | null): string {
  return cursor === null ? '' : Buffer.from(cursor, 'base64url').toString('utf8');
}

/** `rows` holds one more than the limit where there is a next page. */
export function toPage<Row, Item>(
  rows: readonly Row[],
  limit: number,
  toItem: (row: Row) => Item,
  toCursor: (row: Row) => string,
): Page<Item> {
  const shown = rows.slice(0, limit);
  const last = shown.at(-1);
  return {
    items: shown.map(toItem),
    nextCursor: rows.length > limit && last !== undefined ? toCursor(last) : null,
  };
}

function encode(parts: readonly number[]): string {
  return Buffer.from(parts.join('.')).toString('base64url');
}

function decode(cursor: string | null, count: number): readonly number[] | undefined {
  if (cursor === null) return undefined;
  const parts = Buffer.from(cursor, 'base64url').toString('latin1').split('.');
  const isOurs = parts.length === count && parts.every((part) => /^\d{1,15}$/.test(part));
  return isOurs ? parts.map(Number) : undefined;
}
