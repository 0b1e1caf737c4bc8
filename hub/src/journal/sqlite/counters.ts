/**
 * Row numbers and totals, kept by the one writer. They are part of every transaction that moves them, so a
 * number is never given out twice and counting needs no scan. The row also carries what slots.ts has counted and
 * not yet put in its tables, since no other row is written by every commit anyway.
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
  /** Row of the newest report that changed a call, on disk. */
  readonly changeEnd: number;
  /** As last saved or set. */
  readonly slots: Uint8Array;
  noteEvent(row: number): void;
  noteChange(row: number): void;
  /** Saved with the next commit, changed numbers or not. */
  setSlots(slots: Uint8Array): void;
  /** The next save writes, changed or not. */
  touch(): void;
  save(): void;
  keep(): void;
  restore(): void;
}

const SELECT_COUNTERS =
  'SELECT call_row AS callRow, report_row AS reportRow, delivery_row AS deliveryRow, calls, events, pending FROM counters';
const SELECT_SLOTS = 'SELECT slots FROM counters';
const SELECT_FEED_END = 'SELECT row FROM reports WHERE sequence IS NOT NULL ORDER BY row DESC LIMIT 1';
const UPDATE_COUNTERS =
  'UPDATE counters SET call_row = ?, report_row = ?, delivery_row = ?, calls = ?, events = ?, pending = ?, slots = ?';

export function loadCounters(db: DatabaseSync): Counters {
  const update = db.prepare(UPDATE_COUNTERS);
  const now = { ...db.prepare(SELECT_COUNTERS).get() } as unknown as Totals;
  let kept: Totals = { ...now };
  let feedEnd = (db.prepare(SELECT_FEED_END).get()?.['row'] as number | undefined) ?? 0;
  let newFeedEnd = feedEnd;
  let changeEnd = feedEnd;
  let newChangeEnd = feedEnd;
  let slots = db.prepare(SELECT_SLOTS).get()?.['slots'] as Uint8Array;
  let keptSlots = slots;
  let isTouched = false;
  return {
    now,
    get feedEnd() {
      return feedEnd;
    },
    get changeEnd() {
      return changeEnd;
    },
    get slots() {
      return slots;
    },
    noteEvent(row) {
      newFeedEnd = row;
    },
    noteChange(row) {
      newChangeEnd = row;
    },
    setSlots(newSlots) {
      slots = newSlots;
      isTouched = true;
    },
    touch() {
      isTouched = true;
    },
    save() {
      if (!isTouched && isSame(now, kept)) return;
      isTouched = false;
      update.run(now.callRow, now.reportRow, now.deliveryRow, now.calls, now.events, now.pending, slots);
    },
    keep() {
      kept = { ...now };
      feedEnd = newFeedEnd;
      changeEnd = newChangeEnd;
      keptSlots = slots;
    },
    restore() {
      Object.assign(now, kept);
      newFeedEnd = feedEnd;
      newChangeEnd = changeEnd;
      slots = keptSlots;
      isTouched = false;
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
