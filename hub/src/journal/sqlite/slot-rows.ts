/**
 * Reads slots of an account: hours where they are folded, minutes for the rest, and what is counted but in no table
 * yet from memory. Long stretches are read in windows, so that nobody waits for a month's answer; what may still
 * change is read last and in one go, so that nothing is missed or taken twice.
 */
import type { StatementSync } from 'node:sqlite';
import { setImmediate as yieldTurn } from 'node:timers/promises';

import {
  CALL,
  HOUR_MINUTES,
  HOUR_MS,
  listSlotColumns,
  MINUTE_MS,
  toSlotTable,
  type SlotKind,
} from './slot-kinds.ts';
import type { OpenSlot } from './slots.ts';
import type { Store } from './store.ts';

/** Bars as its row holds them, or as memory does. */
export type SeenBars = Uint8Array | OpenSlot['bars'];

export type SeeSlot = (startMs: number, row: number, counts: readonly number[], bars: SeenBars) => void;

export interface SlotRange {
  /** Unix ms, whole minutes; whole hours with grain `hour`. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /** hour: minutes are looked at only where their hour is not folded. minute: hours only where minutes are deleted. */
  readonly grain: 'minute' | 'hour';
}

export interface SlotReader {
  /**
   * Shows every slot in the range, oldest first but for what is in memory. `begin` is called before, and again if
   * it had to start over since hours were folded or minutes deleted meanwhile.
   */
  read(kind: SlotKind, accountRow: number, range: SlotRange, begin: () => void, see: SeeSlot): Promise<void>;
  /** Active calls at the end of the last slot before; 0 where there is none. */
  readActiveBefore(accountRow: number, ms: number): number;
}

/** Rows of one window: 1 to 2 ms. */
const WINDOW_ROWS = 500;

const SELECT_ACTIVE_MINUTE = `
  SELECT slot, active_end AS active FROM call_minutes
  WHERE account_row = ? AND slot < ? ORDER BY slot DESC LIMIT 1`;
const SELECT_ACTIVE_HOUR = `
  SELECT slot, active_end AS active FROM call_hours
  WHERE account_row = ? AND slot < ? ORDER BY slot DESC LIMIT 1`;

export function createSlotReader({ read, slots }: Pick<Store, 'read' | 'slots'>): SlotReader {
  const statements = new Map<string, StatementSync>();
  const selectActiveMinute = read.prepare(SELECT_ACTIVE_MINUTE);
  const selectActiveHour = read.prepare(SELECT_ACTIVE_HOUR);

  function prepare(kind: SlotKind, grain: SlotKind['grain']): StatementSync {
    const table = toSlotTable(kind, grain);
    let statement = statements.get(table);
    if (statement === undefined) {
      const place = kind.rowColumn === null ? 'slot' : `slot, ${kind.rowColumn}`;
      statement = read.prepare(`
        SELECT ${listSlotColumns(kind).join(', ')} FROM ${table}
        WHERE account_row = ? AND (${place}) > (${kind.rowColumn === null ? '?' : '?, ?'}) AND slot < ?
        ORDER BY ${place} LIMIT ?`);
      // An object for each of 14,400 rows costs more than all the rest of a month's answer.
      statement.setReturnArrays(true);
      statements.set(table, statement);
    }
    return statement;
  }

  /** Rows with from <= slot < until; yields between windows where it may. */
  function* readWindows(
    kind: SlotKind,
    grain: SlotKind['grain'],
    accountRow: number,
    from: number,
    until: number,
    see: (slot: number, row: number, counts: readonly number[], bars: SeenBars) => void,
  ): Generator<void> {
    const statement = prepare(kind, grain);
    const first = kind.rowColumn === null ? 1 : 2;
    const last = first + kind.columns.length;
    let place = kind.rowColumn === null ? [from - 1] : [from - 1, Number.MAX_SAFE_INTEGER];
    while (from < until) {
      const rows = statement.all(accountRow, ...place, until, WINDOW_ROWS) as unknown as (readonly (
        | number
        | Uint8Array
      )[])[];
      for (const row of rows) {
        see(
          row[0] as number,
          kind.rowColumn === null ? 0 : (row[1] as number),
          row.slice(first, last) as number[],
          (row[last] as Uint8Array | undefined) ?? null,
        );
      }
      const end = rows.at(-1);
      if (end === undefined || rows.length < WINDOW_ROWS) return;
      place = end.slice(0, first) as number[];
      yield;
    }
  }

  async function readOnce(
    kind: SlotKind,
    accountRow: number,
    { sinceMs, untilMs, grain }: SlotRange,
    see: SeeSlot,
  ): Promise<boolean> {
    const { foldedUntil, minutesSince } = slots.marks;
    const since = sinceMs / MINUTE_MS;
    const until = untilMs / MINUTE_MS;
    const isHourly = kind.grain === 'hour';
    // Minutes begin where hours end; of an hour whose minutes are gone, what it counted stands at its beginning.
    const minutesFrom = Math.max(since, grain === 'hour' ? foldedUntil * HOUR_MINUTES : minutesSince);
    const hoursUntil = isHourly ? until / HOUR_MINUTES : Math.min(until, minutesFrom) / HOUR_MINUTES;
    const seeHour = (slot: number, ...rest: SlotTail): void => see(slot * HOUR_MS, ...rest);
    const seeMinute = (slot: number, ...rest: SlotTail): void => see(slot * MINUTE_MS, ...rest);

    const open = (): readonly OpenSlot[] =>
      [...slots.listOpen()].filter((slot) => slot.kind === kind && slot.accountRow === accountRow);
    const oldestOpen = Math.min(...open().map(({ number }) => number), Number.MAX_SAFE_INTEGER);
    const stableUntil = Math.min(oldestOpen, isHourly ? hoursUntil : until);

    const hours = [Math.ceil(since / HOUR_MINUTES), isHourly ? stableUntil : hoursUntil] as const;
    for (const _ of readWindows(kind, 'hour', accountRow, ...hours, seeHour)) await yieldTurn();
    if (!isHourly) {
      const minutes = [minutesFrom, stableUntil] as const;
      for (const _ of readWindows(kind, 'minute', accountRow, ...minutes, seeMinute)) await yieldTurn();
    }

    // From here on nothing else runs until the end.
    const found = open();
    // The clock was set back into what was already read.
    if (found.some(({ number }) => number < stableUntil)) return false;
    const held = new Set(found.map(({ number, row }) => `${number} ${row}`));
    const seeRest = (slot: number, row: number, ...rest: [readonly number[], SeenBars]): void => {
      if (held.has(`${slot} ${row}`)) return;
      (isHourly ? seeHour : seeMinute)(slot, row, ...rest);
    };
    const from = Math.max(stableUntil, isHourly ? hours[0] : minutesFrom);
    const end = isHourly ? hoursUntil : until;
    for (const _ of readWindows(kind, kind.grain, accountRow, from, end, seeRest));
    for (const { number, row, counts, bars } of found) {
      if (number >= from && number < end) (isHourly ? seeHour : seeMinute)(number, row, counts, bars);
    }
    return slots.marks.foldedUntil === foldedUntil && slots.marks.minutesSince === minutesSince;
  }

  return {
    async read(kind, accountRow, range, begin, see) {
      do begin();
      while (!(await readOnce(kind, accountRow, range, see)));
    },
    readActiveBefore(accountRow, ms) {
      const minute = Math.ceil(ms / MINUTE_MS);
      let last = selectActiveMinute.get(accountRow, minute) as unknown as Active | undefined;
      for (const { kind, accountRow: owner, number, counts } of slots.listOpen()) {
        if (kind.name !== 'call' || owner !== accountRow || number >= minute) continue;
        if (number >= (last?.slot ?? 0)) last = { slot: number, active: counts[CALL.activeEnd] as number };
      }
      // Minutes are the newest there are: hours count only where no minute is left.
      last ??= selectActiveHour.get(accountRow, Math.floor(minute / HOUR_MINUTES)) as unknown as
        | Active
        | undefined;
      return last?.active ?? 0;
    },
  };
}

type SlotTail = [row: number, counts: readonly number[], bars: SeenBars];

interface Active {
  readonly slot: number;
  readonly active: number;
}
