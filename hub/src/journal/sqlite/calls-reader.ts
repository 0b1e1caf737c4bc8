/** Reading calls: lists, one call, its timeline, how many are active. */
import { setImmediate as yieldTurn } from 'node:timers/promises';

import type { JournalReader } from '../reader.ts';
import { findAccountRow } from './accounts.ts';
import { CALL_COLUMNS, toCall, type CallRow } from './call-rows.ts';
import { parseTimeCursor, toTimeCursor, type TimeCursor } from './cursor.ts';
import {
  createAttemptReader,
  DELIVERY_COLUMNS,
  toDeliveryEntry,
  toDeliveryTables,
  type DeliveryRow,
} from './delivery-rows.ts';
import { REPORT_COLUMNS, toEventEntry, toReportEntry, type EventRow, type ReportRow } from './event-rows.ts';
import { toConditions, type Conditions } from './filter-sql.ts';
import {
  OPERATIONAL_COLUMNS,
  toOperationalEntry,
  toSignedRow,
  type OperationalRow,
} from './operational-rows.ts';
import type { Store } from './store.ts';

/** Reports and deliveries shown of one call, each. */
const TIMELINE_MAX = 1_000;
/** Operational events about one call, and deliveries of each. */
const OPERATIONAL_MAX = 100;
/** Above, live calls are so many that the newest calls hold enough of them: sorting a million took 1.1 s. */
const LIVE_SORTED_MAX = 10_000;
/** Calls looked at in one go while searching, and for one page at most. */
const WINDOW_CALLS = 2_000;
const SCAN_CALLS_MAX = 500_000;

const SELECT_CALL = `SELECT ${CALL_COLUMNS} FROM calls c WHERE c.account_row = ? AND c.call_id = ?`;
const SELECT_REPORTS = `SELECT ${REPORT_COLUMNS} FROM reports WHERE call_row = ? ORDER BY row LIMIT ?`;
const SELECT_DELIVERIES = `
  SELECT ${DELIVERY_COLUMNS} FROM ${toDeliveryTables({ isOfCalls: true }).tables} WHERE d.call_row = ? ORDER BY d.row LIMIT ?`;
const SELECT_OPERATIONAL = `
  SELECT ${OPERATIONAL_COLUMNS} FROM operational_events INDEXED BY operational_events_by_call
  WHERE account_row = ? AND call_id = ? ORDER BY row LIMIT ?`;
const SELECT_TOLD = `
  SELECT ${DELIVERY_COLUMNS} FROM ${toDeliveryTables({ index: 'INDEXED BY deliveries_by_call' }).tables}
  WHERE d.call_row = ? ORDER BY d.row LIMIT ?`;
const COUNT_LIVE =
  'SELECT count(*) AS count FROM calls WHERE account_row = ? AND state = 1 AND live_since_ms >= ?';
const COUNT_LIVE_OF_ALL =
  'SELECT count(*) AS count FROM calls INDEXED BY calls_live WHERE state = 1 AND live_since_ms >= ?';
const COUNT_LIVE_CAPPED =
  'SELECT count(*) AS count FROM (SELECT 1 FROM calls WHERE account_row = ? AND state = 1 LIMIT ?)';
/** Where a window of calls ends: read from the index alone. */
const SELECT_WINDOW_END = `
  SELECT updated_at_ms AS ms, row FROM calls WHERE account_row = ? AND (updated_at_ms, row) < (?, ?)
  ORDER BY updated_at_ms DESC, row DESC LIMIT 1 OFFSET ?`;

export function createCallsReader(
  store: Store,
): Pick<JournalReader, 'listCalls' | 'getCall' | 'getTimeline' | 'readActiveCallCount'> {
  const { read } = store;
  const selectCall = read.prepare(SELECT_CALL);
  const selectReports = read.prepare(SELECT_REPORTS);
  const selectDeliveries = read.prepare(SELECT_DELIVERIES);
  const selectOperational = read.prepare(SELECT_OPERATIONAL);
  const selectTold = read.prepare(SELECT_TOLD);
  const countLive = read.prepare(COUNT_LIVE);
  const countLiveOfAll = read.prepare(COUNT_LIVE_OF_ALL);
  const countLiveCapped = read.prepare(COUNT_LIVE_CAPPED);
  const selectWindowEnd = read.prepare(SELECT_WINDOW_END);
  const readAttempts = createAttemptReader(read);

  function readWindow(
    accountRow: number,
    from: TimeCursor,
    end: TimeCursor,
    conditions: Conditions,
    isLive: boolean,
    count: number,
  ): readonly CallRow[] {
    // The few live calls have an index of their own, which SQLite takes only where it reads "state = 1".
    const table = isLive ? 'INDEXED BY calls_live WHERE c.state = 1 AND' : 'INDEXED BY calls_by_update WHERE';
    const sql = `
      SELECT ${CALL_COLUMNS} FROM calls c ${table} c.account_row = ? AND (c.updated_at_ms, c.row) < (?, ?) AND (c.updated_at_ms, c.row) >= (?, ?)
      ${conditions.sql} ORDER BY c.updated_at_ms DESC, c.row DESC LIMIT ?`;
    return read
      .prepare(sql)
      .all(
        accountRow,
        from.ms,
        from.row,
        end.ms,
        end.row,
        ...conditions.values,
        count,
      ) as unknown as CallRow[];
  }

  function hasFewLive(accountRow: number): boolean {
    const found = countLiveCapped.get(accountRow, LIVE_SORTED_MAX + 1);
    return (found?.['count'] as number) <= LIVE_SORTED_MAX;
  }

  return {
    async listCalls(accountId, filter, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      const conditions = toConditions(store, 'calls', accountRow, filter);
      const isLive =
        filter.callStates?.length === 1 && filter.callStates[0] === 'live' && hasFewLive(accountRow);
      let from = parseTimeCursor(cursor);
      if (from.ms > (filter.untilMs ?? Infinity)) from = { ms: filter.untilMs ?? from.ms, row: 0 };
      const oldestMs = filter.sinceMs ?? 0;
      const rows: CallRow[] = [];
      for (let scanned = 0; scanned < SCAN_CALLS_MAX; scanned += WINDOW_CALLS) {
        // Live calls are few and need no windows, nor does one call.
        const end =
          isLive || conditions.callRow !== undefined || conditions.sql === ''
            ? undefined
            : (selectWindowEnd.get(accountRow, from.ms, from.row, WINDOW_CALLS - 1) as unknown as
                | TimeCursor
                | undefined);
        const found =
          conditions.callRow === undefined
            ? readWindow(accountRow, from, end ?? START, conditions, isLive, limit + 1 - rows.length)
            : readOne(accountRow, from, conditions);
        rows.push(...found);
        const last = rows[limit - 1];
        if (rows.length > limit && last !== undefined) {
          const nextCursor = toTimeCursor({ ms: last.updated_at_ms, row: last.row });
          return { items: rows.slice(0, limit).map(toCall), nextCursor };
        }
        if (end === undefined || end.ms < oldestMs) return { items: rows.map(toCall), nextCursor: null };
        from = end;
        await yieldTurn();
      }
      return { items: rows.map(toCall), nextCursor: toTimeCursor(from) };
    },
    async getCall(accountId, callId) {
      const row = selectCall.get(findAccountRow(store, accountId), callId) as unknown as CallRow | undefined;
      return row === undefined ? undefined : toCall(row);
    },
    async getTimeline(accountId, callId) {
      const accountRow = findAccountRow(store, accountId);
      const row = selectCall.get(accountRow, callId) as unknown as CallRow | undefined;
      if (row === undefined) return undefined;
      const reports = selectReports.all(row.row, TIMELINE_MAX + 1) as unknown as ReportRow[];
      const deliveries = selectDeliveries.all(row.row, TIMELINE_MAX + 1) as unknown as DeliveryRow[];
      const told = selectOperational.all(
        accountRow,
        callId,
        OPERATIONAL_MAX + 1,
      ) as unknown as OperationalRow[];
      const shown = reports.slice(0, TIMELINE_MAX);
      const events = shown.filter((report) => report.event_id !== null);
      return {
        call: toCall(row),
        reports: shown.map((report) => toReportEntry(report, callId, store.sources)),
        events: events.map((event) =>
          toEventEntry({ ...event, account_row: 0, call_id: callId } as EventRow, accountId),
        ),
        deliveries: deliveries.slice(0, TIMELINE_MAX).map((delivery) => ({
          ...toDeliveryEntry(delivery, store),
          attemptEntries: readAttempts(delivery),
        })),
        operationalEvents: told.slice(0, OPERATIONAL_MAX).map((event) => ({
          ...toOperationalEntry(event, accountId),
          deliveries: (
            selectTold.all(toSignedRow(event.row), OPERATIONAL_MAX) as unknown as DeliveryRow[]
          ).map((delivery) => toDeliveryEntry(delivery, store)),
        })),
        truncated:
          reports.length > TIMELINE_MAX || deliveries.length > TIMELINE_MAX || told.length > OPERATIONAL_MAX,
      };
    },
    async readActiveCallCount(accountId, liveSinceMsMin) {
      const found =
        accountId === undefined
          ? countLiveOfAll.get(liveSinceMsMin)
          : countLive.get(findAccountRow(store, accountId), liveSinceMsMin);
      return found?.['count'] as number;
    },
  };

  function readOne(accountRow: number, from: TimeCursor, conditions: Conditions): readonly CallRow[] {
    const sql = `
      SELECT ${CALL_COLUMNS} FROM calls c
      WHERE c.account_row = ? AND (c.updated_at_ms, c.row) < (?, ?) ${conditions.sql}`;
    return read.prepare(sql).all(accountRow, from.ms, from.row, ...conditions.values) as unknown as CallRow[];
  }
}

const START: TimeCursor = { ms: 0, row: 0 };
