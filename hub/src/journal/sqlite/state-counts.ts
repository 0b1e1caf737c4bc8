/** How many calls or deliveries match, by state: what a list shows beside its states before one of them is chosen. */
import { setImmediate as yieldTurn } from 'node:timers/promises';

import { CALL_STATES } from '../../calls/call.ts';
import type { StateCounts } from '../analytics.ts';
import { DELIVERY_STATES } from '../delivery-state.ts';
import type { JournalFilter } from '../filter.ts';
import type { JournalReader } from '../reader.ts';
import { findAccountRow } from './accounts.ts';
import { toCallState, toDeliveryState } from './codes.ts';
import { ROW_END, type TimeCursor } from './cursor.ts';
import { toDeliveryTables } from './delivery-rows.ts';
import { toConditions } from './filter-sql.ts';
import { findRowAt } from './row-at.ts';
import type { Store } from './store.ts';

/** Calls or deliveries looked at in one go: 1 to 4 ms. */
const WINDOW_ROWS = 4_096;
/** And in all; beyond, the counts are of the newest so many. */
const SCAN_ROWS_MAX = 200_000;

const SELECT_WINDOW_END = `
  SELECT updated_at_ms AS ms, row FROM calls INDEXED BY calls_by_update
  WHERE account_row = ? AND (updated_at_ms, row) < (?, ?)
  ORDER BY updated_at_ms DESC, row DESC LIMIT 1 OFFSET ?`;
const SELECT_FIRST_DELIVERY = 'SELECT min(row) AS row FROM deliveries';

interface Counted {
  readonly state: number;
  readonly count: number;
}

export function createStateCounts(store: Store): Pick<JournalReader, 'countCalls' | 'countDeliveries'> {
  const { read, prepareRead, counters } = store;
  const selectWindowEnd = read.prepare(SELECT_WINDOW_END);
  const selectFirstDelivery = read.prepare(SELECT_FIRST_DELIVERY);

  async function countCalls(accountRow: number, filter: JournalFilter, tally: Tally): Promise<StateCounts> {
    const conditions = toConditions(store, 'calls', accountRow, filter);
    if (conditions.callRow !== undefined) {
      const one = prepareRead(
        `SELECT c.state, 1 AS count FROM calls c WHERE c.account_row = ? ${conditions.sql}`,
      );
      tally.add(one.all(accountRow, ...conditions.values) as unknown as Counted[]);
      return tally.finish(false);
    }
    const count = prepareRead(`
      SELECT c.state, count(*) AS count FROM calls c INDEXED BY calls_by_update
      WHERE c.account_row = ? AND (c.updated_at_ms, c.row) < (?, ?) AND (c.updated_at_ms, c.row) >= (?, ?)
      ${conditions.sql} GROUP BY c.state`);
    let from: TimeCursor = { ms: Math.min(filter.untilMs ?? ROW_END, ROW_END), row: ROW_END };
    for (let scanned = 0; scanned < SCAN_ROWS_MAX; scanned += WINDOW_ROWS) {
      const end = selectWindowEnd.get(accountRow, from.ms, from.row, WINDOW_ROWS - 1) as unknown as
        | TimeCursor
        | undefined;
      const { ms, row } = end ?? { ms: 0, row: 0 };
      const found = count.all(accountRow, from.ms, from.row, ms, row, ...conditions.values);
      tally.add(found as unknown as Counted[]);
      if (end === undefined || end.ms < (filter.sinceMs ?? 0)) return tally.finish(false);
      if (tally.isFull()) break;
      from = end;
      await yieldTurn();
    }
    return tally.finish(true);
  }

  async function countDeliveries(
    accountRow: number,
    filter: JournalFilter,
    tally: Tally,
  ): Promise<StateCounts> {
    const conditions = toConditions(store, 'deliveries', accountRow, filter);
    const isOfOneCall = conditions.callRow !== undefined;
    const { tables, account } = toDeliveryTables({
      index: isOfOneCall ? 'INDEXED BY deliveries_by_call' : '',
      isOfCalls: conditions.isOfCalls,
      needs: conditions.needs,
    });
    const count = prepareRead(`
      SELECT d.state, count(*) AS count FROM ${tables}
      WHERE d.row >= ? AND d.row < ? AND ${account} = ? ${conditions.sql} GROUP BY d.state`);
    const readWindow = (lowest: number, upper: number): void =>
      tally.add(count.all(lowest, upper, accountRow, ...conditions.values) as unknown as Counted[]);
    if (isOfOneCall) {
      readWindow(0, ROW_END);
      return tally.finish(false);
    }
    let upper = Math.min(
      counters.now.deliveryRow + 1,
      filter.untilMs === undefined ? ROW_END : findRowAt(read, 'deliveries', filter.untilMs).upper,
    );
    const floor =
      filter.sinceMs === undefined
        ? ((selectFirstDelivery.get()?.['row'] as number | null) ?? 1)
        : findRowAt(read, 'deliveries', filter.sinceMs).lower;
    for (let scanned = 0; upper > floor; scanned += WINDOW_ROWS) {
      if (scanned >= SCAN_ROWS_MAX || tally.isFull()) return tally.finish(true);
      const lowest = Math.max(floor, upper - WINDOW_ROWS);
      readWindow(lowest, upper);
      upper = lowest;
      await yieldTurn();
    }
    return tally.finish(false);
  }

  return {
    countCalls(accountId, filter, limit) {
      const { callStates: _wanted, excludedCallStates: _excluded, ...rest } = filter;
      const tally = createTally(CALL_STATES, toCallState, limit);
      return countCalls(findAccountRow(store, accountId), rest, tally);
    },
    countDeliveries(accountId, filter, limit) {
      const { deliveryStates: _wanted, excludedDeliveryStates: _excluded, ...rest } = filter;
      const tally = createTally(DELIVERY_STATES, toDeliveryState, limit);
      return countDeliveries(findAccountRow(store, accountId), rest, tally);
    },
  };
}

interface Tally {
  add(rows: readonly Counted[]): void;
  /** More rows would change nothing. */
  isFull(): boolean;
  finish(truncated: boolean): StateCounts;
}

function createTally<State extends string>(
  states: readonly State[],
  toState: (code: number) => State,
  limit: number,
): Tally {
  const counts = Object.fromEntries(states.map((state) => [state, 0])) as Record<State, number>;
  return {
    add(rows) {
      for (const { state, count } of rows) {
        const name = toState(state);
        counts[name] = Math.min(limit, counts[name] + count);
      }
    },
    isFull: () => states.every((state) => counts[state] >= limit),
    finish: (truncated) => ({ counts, truncated }),
  };
}
