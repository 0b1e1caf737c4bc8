/**
 * Finds rows by time without an index: rows are numbered in the order they were made, so a binary search over
 * the primary key gets there in some 25 seeks. Saves an index write per report and per delivery.
 */
import type { DatabaseSync } from 'node:sqlite';

/** Clocks are set back now and then; the exact time is still a condition of the query. */
const CLOCK_SLACK_MS = 3_600_000;

const TIMES = {
  reports: {
    first: 'SELECT min(row) AS row FROM reports',
    last: 'SELECT max(row) AS row FROM reports',
    from: 'SELECT row, received_at_ms AS ms FROM reports WHERE row >= ? ORDER BY row LIMIT 1',
  },
  deliveries: {
    first: 'SELECT min(row) AS row FROM deliveries',
    last: 'SELECT max(row) AS row FROM deliveries',
    from: 'SELECT row, created_at_ms AS ms FROM deliveries WHERE row >= ? ORDER BY row LIMIT 1',
  },
  operational_events: {
    first: 'SELECT min(row) AS row FROM operational_events',
    last: 'SELECT max(row) AS row FROM operational_events',
    from: 'SELECT row, at_ms AS ms FROM operational_events WHERE row >= ? ORDER BY row LIMIT 1',
  },
} as const;

/** Every row of that time lies at or above `lower`, every earlier one below `upper`. */
export function findRowAt(
  db: DatabaseSync,
  table: keyof typeof TIMES,
  ms: number,
): { readonly lower: number; readonly upper: number } {
  return {
    lower: findFirstRow(db, table, ms - CLOCK_SLACK_MS),
    upper: findFirstRow(db, table, ms + CLOCK_SLACK_MS),
  };
}

/** Where a search for reports after a row begins and ends: those that retention took need not be walked through. */
export function clampToReports(
  db: DatabaseSync,
  afterRow: number,
): { readonly afterRow: number; readonly lastRow: number } {
  const first = (db.prepare(TIMES.reports.first).get()?.['row'] as number | null) ?? 1;
  const last = (db.prepare(TIMES.reports.last).get()?.['row'] as number | null) ?? 0;
  return { afterRow: Math.max(afterRow, first - 1), lastRow: last };
}

/** The lowest row that was made at or after this time, where no clock was set back; one past the end if there is none. */
export function findFirstRow(db: DatabaseSync, table: keyof typeof TIMES, ms: number): number {
  const from = db.prepare(TIMES[table].from);
  const last = (db.prepare(TIMES[table].last).get()?.['row'] as number | null) ?? 0;
  let low = 1;
  let high = last + 1;
  while (low < high) {
    const middle = Math.floor((low + high) / 2);
    const found = from.get(middle) as unknown as { row: number; ms: number } | undefined;
    if (found === undefined || found.ms >= ms) high = middle;
    else low = found.row + 1;
  }
  return low;
}
