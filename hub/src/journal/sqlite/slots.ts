/**
 * Counting by minute, in the transaction that does what is counted. Memory holds the slots of the current minute; each
 * commit writes the ones it touched, as they then are, into the row that every commit writes anyway (counters), so a
 * commit pays for counting with some hundred bytes and no statement. When that grows, it is set aside in a row of its
 * own (a spill). When the minute is over its slots become rows of the tables, and the spills go.
 *
 * So what was counted and is in no table yet is: the spills in order, then the counters' bytes, where a later record
 * of a slot replaces an earlier one. After a rollback or a start that is read back and nothing else.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { Counters } from './counters.ts';
import { createBars, addBars, writeBars } from './histogram.ts';
import {
  createCounts,
  HOUR_MINUTES,
  listSlotColumns,
  MINUTE_MS,
  SLOT_KINDS,
  toSlotTable,
  type SlotKind,
} from './slot-kinds.ts';
import { readSlot, writeSlot, type SlotValues } from './slot-record.ts';
import { ByteWriter } from './varint.ts';

/** A slot that is not (or not only) in the tables. */
export interface OpenSlot extends SlotValues {
  /** Where its newest record begins and ends in the counters' bytes; -1: it is not there, or was touched since. */
  recordAt: number;
  recordEnd: number;
  /** Its newest record is in the counters' bytes, or will be with this commit. */
  isCarried: boolean;
  /** It is in its table as well, and only waits for its minute's others. */
  isSaved: boolean;
}

export interface SlotMarks {
  /** Hours before this are in the hour tables. */
  readonly foldedUntil: number;
  /** Minutes before this are in the hour tables alone. */
  readonly minutesSince: number;
}

export interface Slots {
  readonly marks: SlotMarks;
  /** Grows whenever the clock was set back into an hour before the latest one: whoever read that hour must do so again. */
  readonly reopenings: number;
  /** Inside work: the slot of this moment, to be changed at once and in place. */
  touch(kind: SlotKind, accountRow: number, row: number, nowMs: number): OpenSlot;
  /** Inside work: minutes that are over by now are put in the tables, with this commit and those after it. */
  close(nowMs: number): void;
  /** Some of what is over is not in the tables yet; the next commits see to it. */
  readonly isClosing: boolean;
  /** Inside work. */
  setMarks(marks: SlotMarks): void;
  /** Everything that was counted and may be in no table, as of the last commit where no work runs. */
  listOpen(): Iterable<OpenSlot>;
  /** Before a commit. */
  save(): void;
  /** After a rollback: forgets and reads back. */
  restore(): void;
}

/** Beyond, the counters' row would not fit on its page of 4 KiB any more. */
const CARRIED_BYTES_MAX = 3_000;
/** Hours made minutes again by one commit: about 100 ms, when a clock was set back by days. */
const REOPENED_ROWS_MAX = 10_000;
/** Slots put in the tables by one commit: about 2 ms. */
const SAVED_MAX = 500;

const SELECT_MARKS = 'SELECT folded_until AS foldedUntil, minutes_since AS minutesSince FROM slot_marks';
const UPDATE_MARKS = 'UPDATE slot_marks SET folded_until = ?, minutes_since = ?';
const SELECT_SPILLS = 'SELECT slots FROM slot_spills ORDER BY row';
const INSERT_SPILL = 'INSERT INTO slot_spills (slots) VALUES (?)';
const DELETE_SPILLS = 'DELETE FROM slot_spills';

const NOTHING = new Uint8Array(0);

export function createSlots(db: DatabaseSync, counters: Counters): Slots {
  return new MinuteSlots(db, counters);
}

class MinuteSlots implements Slots {
  readonly #counters: Counters;
  readonly #selectMarks: StatementSync;
  readonly #updateMarks: StatementSync;
  readonly #selectSpills: StatementSync;
  readonly #insertSpill: StatementSync;
  readonly #deleteSpills: StatementSync;
  readonly #selectSlot: readonly StatementSync[];
  readonly #replaceSlot: readonly StatementSync[];
  readonly #reopening: readonly {
    readonly countHours: StatementSync;
    readonly deleteMinutes: StatementSync;
    readonly insertMinutes: StatementSync;
  }[];
  readonly #writer = new ByteWriter();
  /** By kind and minute, whether it is over or not. */
  readonly #open = new Map<string, OpenSlot>();
  /** Of the current minute (hour), by kind and owner: the way that every event takes. */
  readonly #current: readonly Map<number, OpenSlot>[] = SLOT_KINDS.map(() => new Map());
  #carried: OpenSlot[] = [];
  #closing: OpenSlot[] = [];
  #marks: SlotMarks = { foldedUntil: 0, minutesSince: 0 };
  #spills = 0;
  #isDirty = false;
  /** Memory is to be read back before it is used. */
  #isLost = true;
  #nowMs = -1;
  #minute = -1;
  /** What the clock says, which is less than the minute where too much would have to be reopened. */
  #clockMinute = -1;
  #hour = -1;
  #latestHour = -1;
  #reopenings = 0;

  constructor(db: DatabaseSync, counters: Counters) {
    this.#counters = counters;
    this.#selectMarks = db.prepare(SELECT_MARKS);
    this.#updateMarks = db.prepare(UPDATE_MARKS);
    this.#selectSpills = db.prepare(SELECT_SPILLS);
    this.#insertSpill = db.prepare(INSERT_SPILL);
    this.#deleteSpills = db.prepare(DELETE_SPILLS);
    this.#selectSlot = SLOT_KINDS.map((kind) => {
      const statement = db.prepare(toSelectSlot(kind));
      statement.setReturnArrays(true);
      return statement;
    });
    this.#reopening = SLOT_KINDS.filter((kind) => kind.minutes !== null).map((kind) => ({
      countHours: db.prepare(toCountHours(kind)),
      deleteMinutes: db.prepare(toDeleteMinutes(kind)),
      insertMinutes: db.prepare(toInsertMinutes(kind)),
    }));
    this.#replaceSlot = SLOT_KINDS.map((kind) => db.prepare(toReplaceSlot(kind, kind.grain)));
  }

  get marks(): SlotMarks {
    if (this.#isLost) this.#readBack();
    return this.#marks;
  }

  get reopenings(): number {
    return this.#reopenings;
  }

  get isClosing(): boolean {
    return this.#closing.length > 0;
  }

  touch(kind: SlotKind, accountRow: number, row: number, nowMs: number): OpenSlot {
    if (nowMs !== this.#nowMs || this.#isLost) this.#moveTo(nowMs);
    const number = kind.grain === 'minute' ? this.#minute : this.#hour;
    const owner = toOwner(accountRow, row);
    const current = this.#current[kind.code] as Map<number, OpenSlot>;
    let slot = current.get(owner);
    if (slot === undefined) {
      slot = this.#find(kind, accountRow, row, number);
      current.set(owner, slot);
    }
    if (slot.recordAt >= 0 || !slot.isCarried) this.#carry(slot);
    return slot;
  }

  close(nowMs: number): void {
    this.#moveTo(nowMs);
  }

  setMarks(marks: SlotMarks): void {
    if (this.#isLost) this.#readBack();
    this.#updateMarks.run(marks.foldedUntil, marks.minutesSince);
    this.#marks = marks;
  }

  listOpen(): Iterable<OpenSlot> {
    if (this.#isLost) this.#readBack();
    return this.#open.values();
  }

  save(): void {
    if (this.#closing.length > 0) this.#saveClosing();
    if (!this.#isDirty) return;
    this.#isDirty = false;
    const writer = this.#writer;
    const before = this.#counters.slots;
    for (const slot of this.#carried) {
      const at = writer.length;
      if (slot.recordAt < 0) writeSlot(writer, slot);
      else writer.writeBytes(before, slot.recordAt, slot.recordEnd);
      slot.recordAt = at;
      slot.recordEnd = writer.length;
    }
    const bytes = writer.take();
    if (bytes.length <= CARRIED_BYTES_MAX) {
      this.#counters.setSlots(bytes);
      return;
    }
    this.#insertSpill.run(bytes);
    this.#spills += 1;
    for (const slot of this.#carried) {
      slot.isCarried = false;
      slot.recordAt = -1;
    }
    this.#carried = [];
    this.#counters.setSlots(NOTHING);
  }

  /** Only when it is needed, since a store that just failed may not be read either. */
  restore(): void {
    this.#isLost = true;
    this.#closing = [];
    this.#isDirty = false;
  }

  #readBack(): void {
    this.#open.clear();
    for (const map of this.#current) map.clear();
    this.#carried = [];
    // All three, or the next report of the same millisecond would be counted in no minute.
    this.#nowMs = -1;
    this.#clockMinute = -1;
    this.#minute = -1;
    this.#marks = { ...this.#selectMarks.get() } as unknown as SlotMarks;
    const spills = this.#selectSpills.all() as unknown as readonly { readonly slots: Uint8Array }[];
    this.#spills = spills.length;
    for (const { slots } of spills) {
      for (const slot of readSlots(slots)) {
        slot.recordAt = -1;
        this.#open.set(toKey(slot), slot);
      }
    }
    for (const slot of readSlots(this.#counters.slots)) {
      slot.isCarried = true;
      this.#open.set(toKey(slot), slot);
      this.#carried.push(slot);
    }
    this.#isLost = false;
  }

  /**
   * The minute may also be an earlier one, where the clock was set back: its slots are found again wherever they are,
   * and where its hour was folded, it will be again. Where its minutes are deleted already, its hour becomes one.
   */
  #moveTo(nowMs: number): void {
    if (this.#isLost) this.#readBack();
    this.#nowMs = nowMs;
    const clockMinute = Math.floor(nowMs / MINUTE_MS);
    if (clockMinute === this.#clockMinute) return;
    this.#clockMinute = clockMinute;
    if (clockMinute < this.#marks.minutesSince) this.#reopenHours(Math.floor(clockMinute / HOUR_MINUTES));
    const minute = Math.max(clockMinute, this.#marks.minutesSince);
    if (minute === this.#minute) return;
    this.#minute = minute;
    this.#hour = Math.floor(minute / HOUR_MINUTES);
    for (const map of this.#current) map.clear();
    if (this.#hour < this.#latestHour) this.#reopenings += 1;
    this.#latestHour = Math.max(this.#latestHour, this.#hour);
    if (this.#hour < this.#marks.foldedUntil) this.setMarks({ ...this.#marks, foldedUntil: this.#hour });
    this.#closing = [...this.#open.values()].filter((slot) => this.#isOver(slot) && !slot.isSaved);
  }

  /**
   * Makes minutes of hours from this one on, each at the beginning of its hour, so that the clock may count in them and
   * fold them anew. After a start with a clock that was far ahead that is one hour at most; where it is too many rows
   * for one commit, what comes is counted in the first minutes there are, until the clock is there again.
   */
  #reopenHours(hour: number): void {
    const untilHour = this.#marks.minutesSince / HOUR_MINUTES;
    let rows = 0;
    for (const { countHours } of this.#reopening) {
      rows += countHours.get(hour, untilHour, REOPENED_ROWS_MAX + 1)?.['count'] as number;
      if (rows > REOPENED_ROWS_MAX) return;
    }
    for (const { deleteMinutes, insertMinutes } of this.#reopening) {
      // Some may be left of a deletion that was under way; their hours hold them.
      deleteMinutes.run(hour * HOUR_MINUTES, this.#marks.minutesSince);
      insertMinutes.run(hour, untilHour);
    }
    this.#reopenings += 1;
    this.setMarks({
      foldedUntil: Math.min(hour, this.#marks.foldedUntil),
      minutesSince: hour * HOUR_MINUTES,
    });
  }

  #isOver({ kind, number }: SlotValues): boolean {
    return number < (kind.grain === 'minute' ? this.#minute : this.#hour);
  }

  #find(kind: SlotKind, accountRow: number, row: number, number: number): OpenSlot {
    const key = toKey({ kind, accountRow, row, number });
    const open = this.#open.get(key);
    if (open !== undefined) return open;
    const saved = this.#selectSlot[kind.code]?.get(...toKeyValues({ kind, accountRow, row, number })) as
      | unknown[]
      | undefined;
    const slot: OpenSlot = {
      kind,
      accountRow,
      row,
      number,
      counts: createCounts(kind),
      bars: null,
      recordAt: -1,
      recordEnd: -1,
      isCarried: false,
      isSaved: false,
    };
    if (saved !== undefined) fillSlot(slot, saved as (number | Uint8Array)[], 0);
    this.#open.set(key, slot);
    return slot;
  }

  #carry(slot: OpenSlot): void {
    slot.recordAt = -1;
    slot.isSaved = false;
    this.#isDirty = true;
    if (slot.isCarried) return;
    slot.isCarried = true;
    this.#carried.push(slot);
  }

  /** Their records stay until all of them are in the tables: an older one in a spill must never be the newest. */
  #saveClosing(): void {
    for (const slot of this.#closing.splice(0, SAVED_MAX)) {
      this.#replaceSlot[slot.kind.code]?.run(...toKeyValues(slot), ...toRowValues(slot));
      slot.isSaved = true;
    }
    if (this.#closing.length > 0) return;
    if (this.#spills > 0) this.#deleteSpills.run();
    this.#spills = 0;
    this.#carried = [];
    this.#isDirty = true;
    for (const [key, slot] of this.#open) {
      if (slot.isSaved) {
        this.#open.delete(key);
      } else {
        slot.isCarried = true;
        this.#carried.push(slot);
      }
    }
  }
}

/** Also what a histogram column holds. */
const blobs = new ByteWriter();

/** The values of its columns after the key. */
export function toRowValues(slot: SlotValues): (number | Uint8Array)[] {
  if (slot.kind.histogram === null) return slot.counts;
  writeBars(blobs, slot.bars);
  return [...slot.counts, blobs.take()];
}

/** Adds a row's histogram and sets its numbers; the row's numbers begin at `from`. */
function fillSlot(slot: OpenSlot, row: readonly (number | Uint8Array)[], from: number): void {
  for (const index of slot.counts.keys()) slot.counts[index] = row[from + index] as number;
  if (slot.kind.histogram === null) return;
  slot.bars = createBars();
  addBars({ bytes: row[from + slot.counts.length] as Uint8Array, at: 0 }, slot.bars);
}

export function toKeyValues(slot: Pick<SlotValues, 'kind' | 'accountRow' | 'row' | 'number'>): number[] {
  return slot.kind.rowColumn === null
    ? [slot.accountRow, slot.number]
    : [slot.accountRow, slot.number, slot.row];
}

function* readSlots(bytes: Uint8Array): Generator<OpenSlot> {
  for (const from = { bytes, at: 0 }; from.at < bytes.length;) {
    const start = from.at;
    const slot = readSlot(from);
    yield {
      ...slot,
      recordAt: start,
      recordEnd: from.at,
      isCarried: false,
      isSaved: false,
    };
  }
}

/** Destinations and error groups are numbered over all accounts, sources are not: `api` is everybody's. */
function toOwner(accountRow: number, row: number): number {
  return accountRow * 0x4000000 + row;
}

function toKey(slot: Pick<SlotValues, 'kind' | 'accountRow' | 'row' | 'number'>): string {
  return `${slot.kind.code} ${slot.accountRow} ${slot.row} ${slot.number}`;
}

function toSelectSlot(kind: SlotKind): string {
  const columns = [...kind.columns, ...(kind.histogram === null ? [] : [kind.histogram])];
  return `SELECT ${columns.join(', ')} FROM ${toSlotTable(kind, kind.grain)}
    WHERE account_row = ? AND slot = ?${kind.rowColumn === null ? '' : ` AND ${kind.rowColumn} = ?`}`;
}

/** By account, since that is how the key begins. */
function toHours(kind: SlotKind): string {
  return `accounts a CROSS JOIN ${kind.hours} h ON h.account_row = a.row AND h.slot >= ? AND h.slot < ?`;
}

function toCountHours(kind: SlotKind): string {
  return `SELECT count(*) AS count FROM (SELECT 1 FROM ${toHours(kind)} LIMIT ?)`;
}

function toInsertMinutes(kind: SlotKind): string {
  const [, ...others] = listSlotColumns(kind);
  return `
    INSERT INTO ${toSlotTable(kind, 'minute')} (account_row, slot, ${others.join(', ')})
    SELECT h.account_row, h.slot * ${HOUR_MINUTES}, ${others.map((column) => `h.${column}`).join(', ')}
    FROM ${toHours(kind)}`;
}

function toDeleteMinutes(kind: SlotKind): string {
  const table = toSlotTable(kind, 'minute');
  return `DELETE FROM ${table} WHERE slot >= ? AND slot < ?`;
}

export function toReplaceSlot(kind: SlotKind, grain: SlotKind['grain']): string {
  const columns = ['account_row', ...listSlotColumns(kind)];
  return `REPLACE INTO ${toSlotTable(kind, grain)} (${columns.join(', ')})
    VALUES (${columns.map(() => '?').join(', ')})`;
}
