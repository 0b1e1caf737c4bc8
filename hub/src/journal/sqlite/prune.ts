/**
 * Retention. Deletes finished calls whole, in small transactions. The file does not shrink: freed pages are
 * taken by new rows, so it stays at its high-water mark. (Incremental vacuum would keep a pointer map, one
 * more page to write in many commits, to give back space that the next days need again.)
 */
import { setImmediate as yieldTurn } from 'node:timers/promises';

import type { Journal } from '../journal.ts';
import type { Store } from './store.ts';

/** Calls of one transaction: about 5 ms. */
const STEP_CALLS = 100;
/** Calls looked at by one run, so that many kept ones do not make it long. */
const EXAMINED_MAX = 20_000;

const SELECT_OLD_CALLS = `
  SELECT row, updated_at_ms FROM calls
  WHERE account_row = ? AND updated_at_ms < ? AND (updated_at_ms, row) > (?, ?)
  ORDER BY updated_at_ms, row LIMIT ?`;
const SELECT_PENDING = 'SELECT 1 FROM deliveries WHERE call_row = ? AND state = 0 LIMIT 1';
const COUNT_EVENTS = 'SELECT count(*) AS count FROM reports WHERE call_row = ? AND sequence IS NOT NULL';
const DELETE_ATTEMPTS =
  'DELETE FROM attempts WHERE delivery_row IN (SELECT row FROM deliveries WHERE call_row = ?)';
const DELETE_DELIVERIES = 'DELETE FROM deliveries WHERE call_row = ?';
const DELETE_REPORTS = 'DELETE FROM reports WHERE call_row = ?';
const DELETE_CALL = 'DELETE FROM calls WHERE row = ?';
const DELETE_AUDIT = `
  DELETE FROM audit WHERE row IN (SELECT row FROM audit ORDER BY row LIMIT ?) AND at_ms < ?`;
const DELETE_SESSIONS = 'DELETE FROM sessions WHERE expires_at_ms <= ?';

interface Place {
  readonly ms: number;
  readonly row: number;
}

const START: Place = { ms: -1, row: 0 };

export function createPrune(store: Store): Pick<Journal, 'prune'> {
  const { db, writer, clock, counters, calls, accounts } = store;
  const selectOld = db.prepare(SELECT_OLD_CALLS);
  const selectPending = db.prepare(SELECT_PENDING);
  const countEvents = db.prepare(COUNT_EVENTS);
  const deletes = [DELETE_ATTEMPTS, DELETE_DELIVERIES, DELETE_REPORTS, DELETE_CALL].map((sql) =>
    db.prepare(sql),
  );
  const deleteAudit = db.prepare(DELETE_AUDIT);
  const deleteSessions = db.prepare(DELETE_SESSIONS);
  /** Where the last run stopped in each account: what it kept is not looked at again before the next round. */
  const places = new Map<number, Place>();

  function pruneCalls(rows: readonly { readonly row: number }[]): number {
    let deleted = 0;
    for (const { row } of rows) {
      if (selectPending.get(row) !== undefined) continue;
      counters.now.calls -= 1;
      counters.now.events -= countEvents.get(row)?.['count'] as number;
      for (const statement of deletes) statement.run(row);
      deleted += 1;
    }
    // Old calls are in the cache only where something looked at them just now; a row that is gone must not be.
    if (deleted > 0) calls.forget();
    return deleted;
  }

  return {
    async prune(beforeMs, limit) {
      let deleted = 0;
      let examined = 0;
      for (const { id } of accounts.list()) {
        const accountRow = accounts.findRow(id) as number;
        while (deleted < limit && examined < EXAMINED_MAX) {
          const place = places.get(accountRow) ?? START;
          const count = Math.min(STEP_CALLS, limit - deleted);
          const step = await writer.run({
            work() {
              const rows = selectOld.all(accountRow, beforeMs, place.ms, place.row, count) as unknown as {
                row: number;
                updated_at_ms: number;
              }[];
              return { rows, deleted: pruneCalls(rows) };
            },
          });
          deleted += step.deleted;
          examined += step.rows.length;
          const last = step.rows.at(-1);
          if (last === undefined || step.rows.length < count) {
            places.delete(accountRow);
            break;
          }
          places.set(accountRow, { ms: last.updated_at_ms, row: last.row });
          await yieldTurn();
        }
      }
      await writer.run({
        work() {
          deleteAudit.run(limit, beforeMs);
          deleteSessions.run(clock.nowMs());
        },
      });
      return deleted;
    },
  };
}
