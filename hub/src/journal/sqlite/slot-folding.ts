/**
 * Keeps the roll-ups small: puts the minutes of an hour that is over together in hour rows, and deletes minutes that
 * are two days old. In the background and in small steps, so that the writer is never held for long; after each hour,
 * and at a start for what was missed.
 *
 * An hour row is made from all its minute rows and replaced as a whole, and the mark that makes it count moves with the
 * last of them: folding an hour again, after a crash half way, gives the same rows.
 */
import type { StatementSync } from 'node:sqlite';
import { setImmediate as yieldTurn } from 'node:timers/promises';

import { MINUTES_KEPT_MS } from '../analytics.ts';
import { JournalError } from '../journal-error.ts';
import type { TroubleListener } from '../trouble.ts';
import { addBars, createBars } from './histogram.ts';
import {
  createCounts,
  HOUR_MINUTES,
  HOUR_MS,
  MINUTE_MS,
  listSlotColumns,
  mergeCounts,
  SLOT_KINDS,
  toSlotTable,
  type SlotKind,
} from './slot-kinds.ts';
import type { SlotValues } from './slot-record.ts';
import { toKeyValues, toReplaceSlot, toRowValues } from './slots.ts';
import type { Store } from './store.ts';
import { classifyError } from './writer.ts';

export interface SlotFolding {
  /** At the start: folds what an earlier process left. */
  start(): void;
  /** Begins, where there is something to do and it is not under way. */
  afterCommit(): void;
}

const MINUTES_KEPT = MINUTES_KEPT_MS / MINUTE_MS;
/** Rows read, written or deleted in one step: 2 to 4 ms. */
const STEP_ROWS = 500;
/** Accounts looked at in one step. */
const STEP_ACCOUNTS = 100;

const FOLDED_KINDS = SLOT_KINDS.filter((kind) => kind.minutes !== null);

interface KindStatements {
  readonly kind: SlotKind;
  readonly selectMinutes: StatementSync;
  readonly selectFirst: StatementSync;
  readonly selectLast: StatementSync;
  readonly replaceHour: StatementSync;
  readonly deleteMinutes: StatementSync;
}

export function createSlotFolding(
  { db, writer, clock, slots, accounts }: Pick<Store, 'db' | 'writer' | 'clock' | 'slots' | 'accounts'>,
  troubled: TroubleListener,
): SlotFolding {
  const kinds = FOLDED_KINDS.map((kind): KindStatements => {
    const selectMinutes = db.prepare(toSelectMinutes(kind));
    selectMinutes.setReturnArrays(true);
    const table = toSlotTable(kind, 'minute');
    return {
      kind,
      selectMinutes,
      selectFirst: db.prepare(`SELECT min(slot) AS slot FROM ${table} WHERE account_row = ? AND slot >= ?`),
      selectLast: db.prepare(`SELECT max(slot) AS slot FROM ${table} WHERE account_row = ?`),
      replaceHour: db.prepare(toReplaceSlot(kind, 'hour')),
      deleteMinutes: db.prepare(toDeleteMinutes(kind)),
    };
  });
  let isRunning = false;
  /** Something more was asked for meanwhile. */
  let isWanted = false;
  /** The hour in which it last found nothing more to do, and the minute in which it last tried. */
  let doneHour = -1;
  let triedMinute = -1;

  function listAccountRows(): readonly number[] {
    return accounts.list().flatMap(({ id }) => accounts.findRow(id) ?? []);
  }

  /** First hour from this one on in which any account has a minute; undefined where none has. */
  function findHour(from: number): number | undefined {
    const firsts = listAccountRows().flatMap((accountRow) =>
      kinds.flatMap(
        ({ selectFirst }) =>
          (selectFirst.get(accountRow, from * HOUR_MINUTES)?.['slot'] as number | null) ?? [],
      ),
    );
    return firsts.length === 0 ? undefined : Math.floor(Math.min(...firsts) / HOUR_MINUTES);
  }

  async function run(): Promise<void> {
    const hourNow = Math.floor(clock.nowMs() / HOUR_MS);
    // Minutes that are over and still in memory go first.
    if (hasOverdue(hourNow)) await writer.run({ work: () => slots.close(clock.nowMs()) });
    while (slots.isClosing) await writer.run({ work: () => undefined });
    for (let hour = slots.marks.foldedUntil; hour < hourNow; hour = slots.marks.foldedUntil) {
      // After each hour that is the one; after a long stop many are empty.
      const next = hour === hourNow - 1 ? hour : Math.min(findHour(hour) ?? hourNow, hourNow);
      if (next === hourNow) await moveMark(hourNow);
      else if (!(await fold(next))) return;
    }
    await deleteMinutes();
    doneHour = hourNow;
  }

  function hasOverdue(hourNow: number): boolean {
    for (const { kind, number } of slots.listOpen()) {
      if (number < (kind.grain === 'minute' ? hourNow * HOUR_MINUTES : hourNow)) return true;
    }
    return false;
  }

  function moveMark(foldedUntil: number): Promise<void> {
    return writer.run({
      work() {
        if (foldedUntil > slots.marks.foldedUntil) slots.setMarks({ ...slots.marks, foldedUntil });
      },
    });
  }

  /** False where the clock was set back meanwhile: what was read may not be all. */
  async function fold(hour: number): Promise<boolean> {
    const { reopenings } = slots;
    const made: MadeSlot[] = [];
    for (const [index, accountRow] of listAccountRows().entries()) {
      if (index % STEP_ACCOUNTS === STEP_ACCOUNTS - 1) await yieldTurn();
      made.push(...(await mergeAccount(accountRow, hour)));
    }
    for (;;) {
      const step = made.splice(0, STEP_ROWS);
      const isLast = made.length === 0;
      const isGood = await writer.run({
        work() {
          if (slots.reopenings !== reopenings) return false;
          for (const { replace, slot } of step) replace.run(...toKeyValues(slot), ...toRowValues(slot));
          if (isLast) slots.setMarks({ ...slots.marks, foldedUntil: hour + 1 });
          return true;
        },
      });
      if (!isGood || isLast) return isGood;
    }
  }

  /** Nothing of an account whose rows cannot be read: the hours of all the others must not wait for it. */
  async function mergeAccount(accountRow: number, hour: number): Promise<readonly MadeSlot[]> {
    const made: MadeSlot[] = [];
    try {
      for (const statements of kinds) {
        for (const slot of await mergeHour(statements, accountRow, hour)) {
          made.push({ replace: statements.replaceHour, slot });
        }
      }
      return made;
    } catch (error) {
      // What the store itself did wrong is nobody's row, and so is reading from one that was closed meanwhile.
      if (classifyError(error) !== 'operation' || !db.isOpen) throw error;
      troubled({ task: 'fold', accountId: accounts.toId(accountRow), error: toError(error) });
      return [];
    }
  }

  async function mergeHour(
    { kind, selectMinutes }: KindStatements,
    accountRow: number,
    hour: number,
  ): Promise<Iterable<SlotValues>> {
    const merged = new Map<number, SlotValues>();
    const first = kind.rowColumn === null ? 1 : 2;
    const last = first + kind.columns.length;
    const until = (hour + 1) * HOUR_MINUTES;
    let place = [hour * HOUR_MINUTES - 1, Number.MAX_SAFE_INTEGER].slice(0, first);
    for (;;) {
      const rows = selectMinutes.all(accountRow, ...place, until, STEP_ROWS) as unknown as (readonly (
        | number
        | Uint8Array
      )[])[];
      for (const values of rows) {
        const row = kind.rowColumn === null ? 0 : (values[1] as number);
        let slot = merged.get(row);
        if (slot === undefined) {
          slot = { kind, accountRow, row, number: hour, counts: createCounts(kind), bars: null };
          merged.set(row, slot);
        }
        mergeCounts(kind, slot.counts, values.slice(first, last) as number[]);
        if (kind.histogram !== null) {
          slot.bars ??= createBars();
          addBars({ bytes: values[last] as Uint8Array, at: 0 }, slot.bars);
        }
      }
      const end = rows.at(-1);
      if (end === undefined || rows.length < STEP_ROWS) return merged.values();
      place = end.slice(0, first) as number[];
      await yieldTurn();
    }
  }

  async function deleteMinutes(): Promise<void> {
    if (findDeletable() <= slots.marks.minutesSince) return;
    // From here on nobody reads them: a question sees all of an hour's minutes, or its hour.
    await writer.run({
      work() {
        // Asked again, since the clock may have been set back meanwhile.
        const minutesSince = findDeletable();
        if (minutesSince > slots.marks.minutesSince) slots.setMarks({ ...slots.marks, minutesSince });
      },
    });
    for (let rest = listAccountRows(); rest.length > 0;) {
      const step = rest;
      rest = await writer.run({ work: () => deleteSome(step, slots.marks.minutesSince) });
    }
  }

  /** Minutes before this may go. Never beyond the hour of the newest one there is: the clock may be far ahead. */
  function findDeletable(): number {
    const hourNow = Math.floor(clock.nowMs() / HOUR_MS);
    const before = Math.min(slots.marks.foldedUntil * HOUR_MINUTES, hourNow * HOUR_MINUTES - MINUTES_KEPT);
    const newest = Math.max(
      ...listAccountRows().flatMap((accountRow) =>
        kinds.map(({ selectLast }) => (selectLast.get(accountRow)?.['slot'] as number | null) ?? -1),
      ),
    );
    return Math.min(before, (Math.floor(newest / HOUR_MINUTES) + 1) * HOUR_MINUTES);
  }

  /** One step of it; the accounts that may have more. */
  function deleteSome(accountRows: readonly number[], before: number): readonly number[] {
    let deleted = 0;
    for (const [index, accountRow] of accountRows.entries()) {
      if (index === STEP_ACCOUNTS) return accountRows.slice(index);
      for (const { deleteMinutes: remove } of kinds) {
        deleted += Number(remove.run(accountRow, before, STEP_ROWS - deleted).changes);
        if (deleted >= STEP_ROWS) return accountRows.slice(index);
      }
    }
    return [];
  }

  function begin(): void {
    if (isRunning) {
      isWanted = true;
      return;
    }
    isRunning = true;
    isWanted = false;
    run()
      // The next minute tries again.
      .catch((error: unknown) => {
        const isClosed = !db.isOpen || (error instanceof JournalError && error.code === 'closed');
        if (!isClosed) troubled({ task: 'fold', accountId: null, error: toError(error) });
      })
      .finally(() => {
        isRunning = false;
        if (isWanted) begin();
      });
  }

  return {
    start() {
      const hourNow = Math.floor(clock.nowMs() / HOUR_MS);
      if (slots.marks.foldedUntil >= hourNow) return;
      if (hasOverdue(hourNow) || findHour(slots.marks.foldedUntil) !== undefined) {
        begin();
        return;
      }
      // Nothing to fold: the marks are set at once, so that a new journal begins without a commit of its own.
      slots.setMarks({ ...slots.marks, foldedUntil: hourNow });
      doneHour = hourNow;
    },
    afterCommit() {
      const minute = Math.floor(clock.nowMs() / MINUTE_MS);
      if (minute === triedMinute && !slots.isClosing) return;
      triedMinute = minute;
      if (slots.isClosing || doneHour !== Math.floor(minute / HOUR_MINUTES)) begin();
    },
  };
}

interface MadeSlot {
  readonly replace: StatementSync;
  readonly slot: SlotValues;
}

function toError(error: unknown): Error {
  return error instanceof Error ? error : new Error(String(error));
}

/** A stretch of minutes in the order of the key. */
function toSelectMinutes(kind: SlotKind): string {
  const place = kind.rowColumn === null ? 'slot' : `slot, ${kind.rowColumn}`;
  return `
    SELECT ${listSlotColumns(kind).join(', ')} FROM ${toSlotTable(kind, 'minute')}
    WHERE account_row = ? AND (${place}) > (${kind.rowColumn === null ? '?' : '?, ?'}) AND slot < ?
    ORDER BY ${place} LIMIT ?`;
}

function toDeleteMinutes(kind: SlotKind): string {
  const table = toSlotTable(kind, 'minute');
  const place = kind.rowColumn === null ? 'slot' : `slot, ${kind.rowColumn}`;
  return `
    DELETE FROM ${table} WHERE (account_row, ${place}) IN (
      SELECT account_row, ${place} FROM ${table} WHERE account_row = ? AND slot < ? ORDER BY ${place} LIMIT ?)`;
}
