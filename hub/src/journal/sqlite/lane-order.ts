/**
 * The order of one call's events at one destination. Of a (destination, call) only the head is due; what
 * comes later waits (due_at_ms NULL) until the head is finished, or released by the poison rule.
 * Everything here runs inside an operation's work.
 */
import type { Clock } from '../../clock.ts';
import { toDeliveryId, type EventId, type OperationalEventId } from '../ids.ts';
import type { DeliveryState } from '../delivery-state.ts';
import { DELIVERY_STATE_CODES } from './codes.ts';
import { toEventType } from './delivery-rows.ts';
import type { KnownDestination } from './destination-registry.ts';
import type { DueDelivery } from './due-dispatch.ts';
import type { Lease } from './leases.ts';
import { JOIN_OPERATIONAL } from './operational-rows.ts';
import type { Store } from './store.ts';

/** A pending delivery of a call. */
export interface PendingDelivery {
  readonly row: number;
  readonly destination_row: number;
  readonly event_row: number;
  readonly sequence: number;
  readonly due_at_ms: number | null;
  readonly released: number;
}

export const SUPERSEDED_BY_DELIVERED = 'A later event of the call was delivered, or may have been.';
export const SUPERSEDED_BY_NEWER = 'A newer event of the call takes its place.';

const PENDING_COLUMNS = 'row, destination_row, event_row, sequence, due_at_ms, released';
const SELECT_PENDING_OF_CALL = `
  SELECT ${PENDING_COLUMNS} FROM deliveries WHERE call_row = ? AND state = 0 ORDER BY row`;
const SELECT_PENDING_OF_LANE = `
  SELECT ${PENDING_COLUMNS} FROM deliveries
  WHERE call_row = ? AND destination_row = ? AND state = 0 ORDER BY row`;
const FINISH_DELIVERY = `
  UPDATE deliveries SET state = ?, due_at_ms = NULL, reason = ?, finished_at_ms = ? WHERE row = ? AND state = 0`;
const SET_DUE = 'UPDATE deliveries SET due_at_ms = ? WHERE row = ? AND state = 0';

export const DUE_COLUMNS = `d.row, d.call_row, d.event_row, d.sequence, d.due_at_ms, d.attempts, d.rejections,
  coalesce(e.event_id, o.id) AS event_id, coalesce(e.status, o.type) AS status, coalesce(e.body, o.body) AS body,
  e.traceparent, coalesce(e.received_at_ms, o.at_ms) AS received_at_ms`;
/** LEFT JOIN keeps deliveries outermost, so that a due index of theirs is walked in its order. */
export const DUE_TABLES = `deliveries d LEFT JOIN reports e ON e.row = d.event_row ${JOIN_OPERATIONAL}`;
const SELECT_DUE_DELIVERY = `SELECT ${DUE_COLUMNS} FROM ${DUE_TABLES} WHERE d.row = ?`;

export interface DueRow {
  readonly row: number;
  readonly call_row: number;
  readonly event_row: number;
  readonly sequence: number;
  readonly due_at_ms: number;
  readonly attempts: number;
  readonly rejections: number;
  readonly event_id: EventId | OperationalEventId;
  readonly status: string;
  readonly body: Uint8Array;
  readonly traceparent: string | null;
  readonly received_at_ms: number;
}

export interface LaneOrder {
  /** Pending deliveries of a call, oldest first: at one destination, or at all. */
  readPending(callRow: number, destinationRow?: number): readonly PendingDelivery[];
  /** Whether a new delivery is due at once. `latest` destinations give up older ones here. */
  mayGoNow(
    destination: KnownDestination,
    sequence: number,
    pending: readonly PendingDelivery[],
    nowMs: number,
  ): boolean;
  /** A later event of the call is pending at the same destination. */
  hasNewer(delivery: Pick<Lease, 'row' | 'destinationRow' | 'callRow' | 'sequence'>): boolean;
  finish(row: number, state: Exclude<DeliveryState, 'pending'>, reason: string | null, nowMs: number): void;
  /** The head is gone or released: the next waiting one, if any, becomes due. */
  promote(destination: KnownDestination, callRow: number, nowMs: number): void;
  /** A later event arrived, or may have: what is older and was never delivered must not come after it. */
  supersedeOlder(
    pending: readonly PendingDelivery[],
    delivered: { readonly row: number; readonly sequence: number },
    nowMs: number,
  ): void;
}

export function createLaneOrder(
  store: Pick<Store, 'db' | 'due' | 'leases' | 'counters'> & { readonly clock: Clock },
): LaneOrder {
  const { db, due, leases, counters } = store;
  const selectPendingOfCall = db.prepare(SELECT_PENDING_OF_CALL);
  const selectPendingOfLane = db.prepare(SELECT_PENDING_OF_LANE);
  const finishDelivery = db.prepare(FINISH_DELIVERY);
  const setDue = db.prepare(SET_DUE);
  const selectDue = db.prepare(SELECT_DUE_DELIVERY);

  function readPending(callRow: number, destinationRow?: number): readonly PendingDelivery[] {
    const rows =
      destinationRow === undefined
        ? selectPendingOfCall.all(callRow)
        : selectPendingOfLane.all(callRow, destinationRow);
    return rows as unknown as PendingDelivery[];
  }

  function finish(
    row: number,
    state: Exclude<DeliveryState, 'pending'>,
    reason: string | null,
    nowMs: number,
  ): void {
    const { changes } = finishDelivery.run(DELIVERY_STATE_CODES[state], reason, nowMs, row);
    if (changes === 0) return;
    counters.now.pending -= 1;
    due.withdraw(row);
  }

  return {
    readPending,
    hasNewer: ({ row, destinationRow, callRow, sequence }) =>
      readPending(callRow, destinationRow).some(
        (sibling) => sibling.row > row && sibling.sequence > sequence,
      ),
    finish,
    mayGoNow(destination, sequence, pending, nowMs) {
      let mayGo = true;
      for (const sibling of pending) {
        const isOutdated = destination.isLatest && sibling.sequence < sequence;
        if (isOutdated && !leases.isHeld(sibling.row)) {
          finish(sibling.row, 'superseded', SUPERSEDED_BY_NEWER, nowMs);
        } else if (sibling.released === 0) {
          mayGo = false;
        }
      }
      return mayGo;
    },
    promote(destination, callRow, nowMs) {
      for (const sibling of readPending(callRow, destination.row)) {
        if (sibling.due_at_ms === null) {
          setDue.run(nowMs, sibling.row);
          const row = selectDue.get(sibling.row) as unknown as DueRow;
          due.offer(destination, toDueDelivery(row, destination));
          return;
        }
        if (sibling.released === 0) return;
      }
    },
    supersedeOlder(pending, delivered, nowMs) {
      for (const sibling of pending) {
        const isOlder = sibling.row < delivered.row && sibling.sequence < delivered.sequence;
        if (isOlder && !leases.isHeld(sibling.row)) {
          finish(sibling.row, 'superseded', SUPERSEDED_BY_DELIVERED, nowMs);
        }
      }
    },
  };
}

export function toDueDelivery(row: DueRow, destination: KnownDestination): DueDelivery {
  return {
    id: toDeliveryId(row.row),
    row: row.row,
    destinationId: destination.id,
    accountId: destination.accountId,
    eventId: row.event_id,
    eventType: toEventType(row.event_row, row.status),
    eventRow: row.event_row,
    callRow: row.call_row,
    sequence: row.sequence,
    status: row.status,
    body: row.body,
    traceparent: row.traceparent,
    acceptedAtMs: row.received_at_ms,
    dueAtMs: row.due_at_ms,
    attempts: row.attempts,
    rejections: row.rejections,
    token: 0,
  };
}
