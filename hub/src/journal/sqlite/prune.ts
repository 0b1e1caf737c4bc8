/**
 * Retention. Deletes finished calls whole, and operational events likewise, in small transactions. The file does not
 * shrink: freed pages are taken by new rows, so it stays at its high-water mark. (Incremental vacuum would keep a pointer
 * map, one more page to write in many commits, to give back space that the next days need again.)
 */
import { setImmediate as yieldTurn } from 'node:timers/promises';

import type { Journal } from '../journal.ts';
import { HOURS_KEPT_DAYS } from '../analytics.ts';
import { CALL_STATE_CODES } from './codes.ts';
import { ERROR_KIND, HOUR_MS, MINUTE_MS, SLOT_KINDS, toSlotTable, type SlotKind } from './slot-kinds.ts';
import { toSignedRow } from './operational-rows.ts';
import type { Store } from './store.ts';

const DAY_MS = 24 * HOUR_MS;
/** Calls of one transaction: about 5 ms. */
const STEP_CALLS = 100;
/** Calls looked at by one run, so that many kept ones do not make it long. */
const EXAMINED_MAX = 20_000;

const SELECT_OLD_CALLS = `
  SELECT row, updated_at_ms, state, live_since_ms FROM calls
  WHERE account_row = ? AND updated_at_ms < ? AND (updated_at_ms, row) > (?, ?)
  ORDER BY updated_at_ms, row LIMIT ?`;
const SELECT_PENDING = 'SELECT 1 FROM deliveries WHERE call_row = ? AND state = 0 LIMIT 1';
const COUNT_EVENTS = 'SELECT count(*) AS count FROM reports WHERE call_row = ? AND sequence IS NOT NULL';
const DELETE_ATTEMPTS =
  'DELETE FROM attempts WHERE delivery_row IN (SELECT row FROM deliveries WHERE call_row = ?)';
const DELETE_DELIVERIES = 'DELETE FROM deliveries WHERE call_row = ?';
const DELETE_REPORTS = 'DELETE FROM reports WHERE call_row = ?';
const DELETE_CALL = 'DELETE FROM calls WHERE row = ?';
const FORGET_CALL = 'DELETE FROM destination_memory WHERE call_row = ?';
export const SELECT_OLD_OPERATIONAL = `
  SELECT row, at_ms FROM operational_events INDEXED BY operational_events_by_time
  WHERE at_ms < ? AND (at_ms, row) > (?, ?) ORDER BY at_ms, row LIMIT ?`;
const DELETE_OPERATIONAL = 'DELETE FROM operational_events WHERE row = ?';
const DELETE_QUALITY = `
  DELETE FROM source_quality WHERE (account_row, slot, source_row) IN (
    SELECT account_row, slot, source_row FROM source_quality WHERE account_row = ? AND slot < ? LIMIT ?)`;
/** The newest of a source stays: when it last reported is asked for however long ago that was. */
const KEEP_NEWEST = `
  AND EXISTS (SELECT 1 FROM source_hours n
    WHERE n.account_row = s.account_row AND n.source_row = s.source_row AND n.slot > s.slot)`;
const DELETE_GROUPS = 'DELETE FROM error_groups WHERE account_row = ? AND last_at_ms < ?';
/** Roll-up rows of one transaction: about 3 ms. */
const STEP_SLOTS = 500;
const DELETE_AUDIT = `
  DELETE FROM audit WHERE row IN (SELECT row FROM audit ORDER BY row LIMIT ?) AND at_ms < ?`;
const DELETE_SESSIONS = 'DELETE FROM sessions WHERE expires_at_ms <= ?';

interface OldCall {
  readonly row: number;
  readonly updated_at_ms: number;
  readonly state: number;
  readonly live_since_ms: number | null;
}

interface Place {
  readonly ms: number;
  readonly row: number;
}

const START: Place = { ms: -1, row: 0 };

export function createPrune(store: Store): Pick<Journal, 'prune'> {
  const { db, writer, clock, counters, calls, accounts, activeCalls, errorGroups } = store;
  const selectOld = db.prepare(SELECT_OLD_CALLS);
  const selectPending = db.prepare(SELECT_PENDING);
  const countEvents = db.prepare(COUNT_EVENTS);
  const deleteAttempts = db.prepare(DELETE_ATTEMPTS);
  const deleteDeliveries = db.prepare(DELETE_DELIVERIES);
  const deletes = [DELETE_REPORTS, DELETE_CALL, FORGET_CALL].map((sql) => db.prepare(sql));
  const selectOperational = db.prepare(SELECT_OLD_OPERATIONAL);
  const deleteOperational = db.prepare(DELETE_OPERATIONAL);
  const deleteQuality = db.prepare(DELETE_QUALITY);
  const deleteAudit = db.prepare(DELETE_AUDIT);
  const slotDeletes = SLOT_KINDS.flatMap((kind) => [
    ...(kind.minutes === null
      ? []
      : [{ kind, statement: db.prepare(toDeleteSlots(kind, 'minute')), slotMs: MINUTE_MS }]),
    { kind, statement: db.prepare(toDeleteSlots(kind, 'hour')), slotMs: HOUR_MS },
  ]);
  const deleteGroups = db.prepare(DELETE_GROUPS);
  /** Error groups before this hour are gone. */
  let prunedHour = -1;
  const deleteSessions = db.prepare(DELETE_SESSIONS);
  /** Where the last run stopped in each account: what it kept is not looked at again before the next round. */
  const places = new Map<number, Place>();
  /** Likewise among operational events. */
  let operationalPlace = START;

  function deleteDeliveriesOf(callRow: number): void {
    deleteAttempts.run(callRow);
    deleteDeliveries.run(callRow);
  }

  function pruneCalls(accountRow: number, rows: readonly OldCall[]): number {
    let deleted = 0;
    for (const { row, state, live_since_ms } of rows) {
      if (selectPending.get(row) !== undefined) continue;
      if (state === CALL_STATE_CODES.live) activeCalls.remove(accountRow, live_since_ms);
      counters.now.calls -= 1;
      counters.now.events -= countEvents.get(row)?.['count'] as number;
      deleteDeliveriesOf(row);
      for (const statement of deletes) statement.run(row);
      deleted += 1;
    }
    // Old calls are in the cache only where something looked at them just now; a row that is gone must not be.
    if (deleted > 0) calls.forget();
    return deleted;
  }

  async function pruneOperational(beforeMs: number): Promise<void> {
    for (let examined = 0; examined < EXAMINED_MAX; examined += STEP_CALLS) {
      const rows = await writer.run({
        work() {
          const { ms, row: afterRow } = operationalPlace;
          const old = selectOperational.all(beforeMs, ms, afterRow, STEP_CALLS) as unknown as {
            readonly row: number;
            readonly at_ms: number;
          }[];
          for (const { row } of old) {
            const signedRow = toSignedRow(row);
            if (selectPending.get(signedRow) !== undefined) continue;
            deleteDeliveriesOf(signedRow);
            deleteOperational.run(row);
          }
          return old;
        },
      });
      const last = rows.at(-1);
      if (last === undefined || rows.length < STEP_CALLS) {
        operationalPlace = START;
        return;
      }
      operationalPlace = { ms: last.at_ms, row: last.row };
      await yieldTurn();
    }
  }

  /** Once an hour, since whole hours go; groups after their slots, so that no number of a group is given out anew. */
  async function pruneSlots(beforeMs: number): Promise<void> {
    const hour = Math.floor(beforeMs / HOUR_MS);
    if (hour <= prunedHour) return;
    const keptMs = clock.nowMs() - HOURS_KEPT_DAYS * DAY_MS;
    const countsHour = Math.min(hour, Math.floor(keptMs / HOUR_MS));
    for (const { id } of accounts.list()) {
      const accountRow = accounts.findRow(id) as number;
      for (let deleted = STEP_SLOTS; deleted >= STEP_SLOTS;) {
        deleted = await writer.run({
          work() {
            let count = 0;
            for (const { kind, statement, slotMs } of slotDeletes) {
              const before = ((kind === ERROR_KIND ? hour : countsHour) * HOUR_MS) / slotMs;
              count += Number(statement.run(accountRow, before, STEP_SLOTS - count).changes);
            }
            count += Number(deleteQuality.run(accountRow, countsHour, STEP_SLOTS - count).changes);
            if (count >= STEP_SLOTS) return count;
            errorGroups.save();
            deleteGroups.run(accountRow, hour * HOUR_MS);
            errorGroups.forget();
            return count;
          },
        });
        await yieldTurn();
      }
    }
    prunedHour = hour;
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
              const rows = selectOld.all(
                accountRow,
                beforeMs,
                place.ms,
                place.row,
                count,
              ) as unknown as OldCall[];
              return { rows, deleted: pruneCalls(accountRow, rows) };
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
      await pruneOperational(beforeMs);
      await pruneSlots(beforeMs);
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

function toDeleteSlots(kind: SlotKind, grain: SlotKind['grain']): string {
  const table = toSlotTable(kind, grain);
  const key = kind.rowColumn === null ? 'account_row, slot' : `account_row, slot, ${kind.rowColumn}`;
  return `
    DELETE FROM ${table} WHERE (${key}) IN (
      SELECT ${key} FROM ${table} s
      WHERE account_row = ? AND slot < ? ${kind.name === 'source' ? KEEP_NEWEST : ''} LIMIT ?)`;
}
