/**
 * Row numbers and totals, kept by the one writer. They are part of every transaction that moves them, so a
 * number is never given out twice and counting needs no scan.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface Totals {
  callRow: number;
  reportRow: number;
  deliveryRow: number;
  calls: number;
  events: number;
  pending: number;
}

export interface Counters {
  /** Changed in place by operations; saved or taken back with their transaction. */
  readonly now: Totals;
  /** Row of the newest event that is on disk. */
  readonly feedEnd: number;
  noteEvent(row: number): void;
  /** The next save writes, changed or not. */
  touch(): void;
  save(): void;
  keep(): void;
  restore(): void;
}

const SELECT_COUNTERS =
  'SELECT call_row AS callRow, report_row AS reportRow, delivery_row AS deliveryRow, calls, events, pending FROM counters';
const SELECT_FEED_END = 'SELECT row FROM reports WHERE sequence IS NOT NULL ORDER BY row DESC LIMIT 1';
const UPDATE_COUNTERS =
  'UPDATE counters SET call_row = ?, report_row = ?, delivery_row = ?, calls = ?, events = ?, pending = ?';

export function loadCounters(db: DatabaseSync): Counters {
  const update = db.prepare(UPDATE_COUNTERS);
  const now = { ...db.prepare(SELECT_COUNTERS).get() } as unknown as Totals;
  let kept: Totals = { ...now };
  let feedEnd = (db.prepare(SELECT_FEED_END).get()?.['row'] as number | undefined) ?? 0;
  let newFeedEnd = feedEnd;
  let isTouched = false;
  return {
    now,
    get feedEnd() {
      return feedEnd;
    },
    noteEvent(row) {
      newFeedEnd = row;
    },
    touch() {
      isTouched = true;
    },
    save() {
      if (!isTouched && isSame(now, kept)) return;
      isTouched = false;
      update.run(now.callRow, now.reportRow, now.deliveryRow, now.calls, now.events, now.pending);
    },
    keep() {
      kept = { ...now };
      feedEnd = newFeedEnd;
    },
    restore() {
      Object.assign(now, kept);
      newFeedEnd = feedEnd;
    },
  };
}

function isSame(a: Totals, b: Totals): boolean {
  return (
    a.reportRow === b.reportRow &&
    a.deliveryRow === b.deliveryRow &&
    a.pending === b.pending &&
    a.callRow === b.callRow &&
    a.calls === b.calls &&
    a.events === b.events
  );
}
