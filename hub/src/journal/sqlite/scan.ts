/**
 * Pages over tables of any length. A search that matches little would hold the event loop while it reads millions of
 * rows, so it reads a window of rows at a time and lets other work run in between.
 */
import { setImmediate as yieldTurn } from 'node:timers/promises';

/** Row numbers per window: 2 to 8 ms of reading. */
const WINDOW_ROWS = 4_096;
/** One page looks at no more; beyond, it is short and its cursor goes on from there. */
const SCAN_ROWS_MAX = 1_000_000;

export interface Scanned<Row> {
  readonly rows: readonly Row[];
  /** Rows below this are still to be looked at; null where none are. */
  readonly nextRow: number | null;
}

/** `readWindow` returns matches with lowest <= row < upper, newest first, at most `count`. */
export async function scanBackwards<Row extends { readonly row: number }>(options: {
  /** Exclusive. */
  readonly upperRow: number;
  readonly lowestRow: number;
  readonly limit: number;
  readonly readWindow: (lowest: number, upper: number, count: number) => readonly Row[];
}): Promise<Scanned<Row>> {
  const { lowestRow, limit, readWindow } = options;
  const rows: Row[] = [];
  let upper = options.upperRow;
  const floor = Math.max(lowestRow, upper - SCAN_ROWS_MAX);
  for (let width = WINDOW_ROWS; upper > floor;) {
    const lowest = Math.max(floor, upper - width);
    // One more than the page, to know whether there is a next one.
    rows.push(...readWindow(lowest, upper, limit + 1 - rows.length));
    if (rows.length > limit) return { rows: rows.slice(0, limit), nextRow: rows[limit - 1]?.row ?? null };
    upper = lowest;
    if (upper > floor) await yieldTurn();
  }
  return { rows, nextRow: floor > lowestRow ? floor : null };
}

/**
 * The first matches after a row, in the order of rows: all that there are up to `lastRow`, so that a page which is not
 * full is the end. `readWindow` returns matches with after < row <= last, at most `count`.
 */
export async function scanForwards<Row>(options: {
  readonly afterRow: number;
  /** Of what was committed when the search began: a later commit may come between windows. */
  readonly lastRow: number;
  readonly limit: number;
  readonly readWindow: (after: number, last: number, count: number) => readonly Row[];
}): Promise<readonly Row[]> {
  const { lastRow, limit, readWindow } = options;
  const rows: Row[] = [];
  for (let after = options.afterRow; after < lastRow;) {
    const last = Math.min(after + WINDOW_ROWS, lastRow);
    rows.push(...readWindow(after, last, limit - rows.length));
    if (rows.length >= limit) break;
    after = last;
    if (after < lastRow) await yieldTurn();
  }
  return rows;
}
