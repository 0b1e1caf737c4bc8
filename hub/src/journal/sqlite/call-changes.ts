/** Calls as they change, and those that are live: what a live screen shows. */
import type { AnalyticsJournal } from '../analytics.ts';
import type { CallChange, JournalReader } from '../reader.ts';
import { findAccountRow } from './accounts.ts';
import { CALL_COLUMNS, toCall, type CallRow } from './call-rows.ts';
import { clampToReports } from './row-at.ts';
import { scanForwards } from './scan.ts';
import type { Store } from './store.ts';

/**
 * A report that advanced its call, or that the call was last changed with: a repeated one may have brought an end
 * reason, a late one the start. An older change of the same kind is left out, since the newer one shows the call as
 * it is now. Reports of one commit share a time, so a report that changed nothing may come along: it does no harm.
 */
const CHANGED = 'r.row > ? AND (r.outcome = 0 OR r.received_at_ms = c.updated_at_ms)';
const CHANGE_COLUMNS = `r.row AS change_row, c.account_row, ${CALL_COLUMNS}`;
const CHANGE_TABLES = 'reports r CROSS JOIN calls c ON c.row = r.call_row';
const SELECT_CHANGES = `
  SELECT ${CHANGE_COLUMNS} FROM ${CHANGE_TABLES} WHERE ${CHANGED} ORDER BY r.row LIMIT ?`;
const SELECT_ACCOUNT_CHANGES = `
  SELECT ${CHANGE_COLUMNS} FROM ${CHANGE_TABLES}
  WHERE ${CHANGED} AND r.row <= ? AND r.account_row = ? ORDER BY r.row LIMIT ?`;

const COUNT_ACTIVE =
  'SELECT count(*) AS count FROM calls WHERE account_row = ? AND state = 1 AND live_since_ms >= ?';
const COUNT_STALE =
  'SELECT count(*) AS count FROM calls WHERE account_row = ? AND state = 1 AND live_since_ms < ?';
const SELECT_LONGEST = `
  SELECT call_id AS callId, live_since_ms AS liveSinceMs FROM calls INDEXED BY calls_live
  WHERE account_row = ? AND state = 1 AND live_since_ms >= ? ORDER BY live_since_ms LIMIT 1`;

type ChangeRow = CallRow & { readonly change_row: number; readonly account_row: number };

export function createCallChanges(
  store: Store,
): Pick<JournalReader, 'readCallChanges'> & Pick<AnalyticsJournal, 'readLiveCalls'> {
  const { read, accounts } = store;
  const selectChanges = read.prepare(SELECT_CHANGES);
  const selectAccountChanges = read.prepare(SELECT_ACCOUNT_CHANGES);
  const countActive = read.prepare(COUNT_ACTIVE);
  const countStale = read.prepare(COUNT_STALE);
  const selectLongest = read.prepare(SELECT_LONGEST);
  return {
    async readCallChanges(accountId, afterRow, limit) {
      const toChange = (row: ChangeRow): CallChange => ({
        row: row.change_row,
        accountId: accounts.toId(row.account_row),
        call: toCall(row),
      });
      if (accountId === undefined) {
        return (selectChanges.all(afterRow, limit) as unknown as ChangeRow[]).map(toChange);
      }
      const accountRow = findAccountRow(store, accountId);
      const rows = await scanForwards({
        ...clampToReports(read, afterRow),
        limit,
        readWindow: (after, last, count) =>
          selectAccountChanges.all(after, last, accountRow, count) as unknown as ChangeRow[],
      });
      return rows.map(toChange);
    },
    async readLiveCalls(accountId, liveSinceMsMin) {
      const accountRow = findAccountRow(store, accountId);
      const longest = selectLongest.get(accountRow, liveSinceMsMin) as unknown as
        | { readonly callId: string; readonly liveSinceMs: number }
        | undefined;
      return {
        active: countActive.get(accountRow, liveSinceMsMin)?.['count'] as number,
        stale: countStale.get(accountRow, liveSinceMsMin)?.['count'] as number,
        longest: longest === undefined ? null : { ...longest },
      };
    },
  };
}
