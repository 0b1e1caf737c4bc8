/** Deliveries and attempts as people see them. */
import type { DatabaseSync } from 'node:sqlite';

import { STATUS_UPDATE_EVENT } from '@offhook/contract/headers';

import { toAttemptId, toDeliveryId, type EventId, type OperationalEventId, type ReplayId } from '../ids.ts';
import type { AttemptEntry, DeliveryEntry } from '../reader.ts';
import { toAttemptOutcome, toDeliveryState } from './codes.ts';
import { isOperational, JOIN_OPERATIONAL } from './operational-rows.ts';
import type { Store } from './store.ts';

/** Of the same event to the same destination, made by a retry or a replay. */
const LATER = `FROM deliveries n
  WHERE n.call_row = d.call_row AND n.destination_row = d.destination_row AND n.event_row = d.event_row
    AND n.row > d.row`;

/** deliveries d joined with calls c and reports e, or with operational_events o. */
export const DELIVERY_COLUMNS = `d.row, d.destination_row, d.call_row, d.event_row, d.sequence, d.state,
  d.due_at_ms, d.released, d.attempts, d.reason, d.created_at_ms, d.finished_at_ms, d.last_status, d.last_detail,
  d.sent_at_ms, d.sent_duration_ms, d.sent_first_byte_ms, coalesce(e.event_id, o.id) AS event_id,
  coalesce(e.status, o.type) AS status, coalesce(c.call_id, o.call_id) AS call_id,
  (SELECT id FROM replays r WHERE r.row = d.replay_row) AS replay_id,
  CASE WHEN d.state > 1 THEN (SELECT max(n.row) ${LATER}) END AS resent_row,
  CASE WHEN d.state > 1 THEN (SELECT n.state ${LATER} ORDER BY n.row DESC LIMIT 1) END AS resent_state`;

export interface DeliveryQuery {
  /** `INDEXED BY …`; none without. */
  readonly index?: string;
  /** Something is asked of the call or its reports, which operational events do not have. */
  readonly isOfCalls?: boolean;
  /** Where only conditions count: what they ask of, beside the delivery itself. All without. */
  readonly needs?: EventNeeds;
}

/** SQLite reads a row of each table that is joined, asked of or not, where it counts by state. */
export interface EventNeeds {
  readonly reports: boolean;
  readonly operational: boolean;
}

/**
 * Tables in a fixed order, deliveries first, and the column that says whose they are. The account is the destination's,
 * as a delivery never leaves its account: of a window of others' deliveries no call and no event is read. Where calls
 * are asked for, theirs says it as well, and the event's long row comes after the conditions on them.
 *
 * LEFT JOIN keeps the order as CROSS JOIN does, but only while no condition needs the joined row to be there: SQLite
 * would make a plain join of it and begin with all calls of the account.
 */
export function toDeliveryTables({ index = '', isOfCalls = false, needs }: DeliveryQuery): {
  readonly tables: string;
  readonly account: string;
} {
  const deliveries = `deliveries d ${index}`;
  const { reports, operational } = needs ?? { reports: true, operational: true };
  const names = operational ? JOIN_OPERATIONAL : '';
  if (isOfCalls) {
    const events = reports ? 'CROSS JOIN reports e ON e.row = d.event_row' : '';
    return {
      tables: `${deliveries} CROSS JOIN calls c ON c.row = d.call_row ${events} ${names}`,
      account: 'c.account_row',
    };
  }
  const events = reports ? 'LEFT JOIN reports e ON e.row = d.event_row' : '';
  const calls = needs === undefined ? 'LEFT JOIN calls c ON c.row = d.call_row' : '';
  return {
    tables: `${deliveries} CROSS JOIN destinations t ON t.row = d.destination_row ${names} ${events} ${calls}`,
    account: 't.account_row',
  };
}

/** One delivery of an account: its row, and the account's. */
export function toSelectDelivery(columns: string): string {
  const { tables, account } = toDeliveryTables({});
  return `SELECT ${columns} FROM ${tables} WHERE d.row = ? AND ${account} = ?`;
}

export interface DeliveryRow {
  readonly row: number;
  readonly destination_row: number;
  readonly call_row: number;
  readonly event_row: number;
  readonly sequence: number;
  readonly state: number;
  readonly due_at_ms: number | null;
  readonly released: number;
  readonly attempts: number;
  readonly reason: string | null;
  readonly created_at_ms: number;
  readonly finished_at_ms: number | null;
  readonly last_status: number | null;
  readonly last_detail: string | null;
  readonly sent_at_ms: number | null;
  readonly sent_duration_ms: number | null;
  readonly sent_first_byte_ms: number | null;
  readonly event_id: EventId | OperationalEventId;
  readonly status: string;
  readonly call_id: string | null;
  readonly replay_id: ReplayId | null;
  readonly resent_row: number | null;
  readonly resent_state: number | null;
}

export function toDeliveryEntry(row: DeliveryRow, store: Store): DeliveryEntry {
  const destination = store.destinations.get(row.destination_row);
  return {
    id: toDeliveryId(row.row),
    accountId: destination.accountId,
    destinationId: destination.id,
    eventId: row.event_id,
    eventType: toEventType(row.event_row, row.status),
    callId: row.call_id,
    sequence: row.sequence,
    status: row.status,
    state: toDeliveryState(row.state),
    stateReason: row.finished_at_ms === null ? explainWait(row, store) : row.reason,
    attempts: row.attempts,
    lastStatus: row.last_status,
    lastDetail: row.last_detail,
    dueAtMs: row.due_at_ms,
    createdAtMs: row.created_at_ms,
    finishedAtMs: row.finished_at_ms,
    replayId: row.replay_id,
    resent:
      row.resent_row === null || row.resent_state === null
        ? null
        : { id: toDeliveryId(row.resent_row), state: toDeliveryState(row.resent_state) },
  };
}

/** Status of an operational event is its type. */
export function toEventType(eventRow: number, status: string): string {
  return isOperational(eventRow) ? status : STATUS_UPDATE_EVENT;
}

/** What a pending delivery waits for; null where it is simply due. */
function explainWait(row: DeliveryRow, { destinations, leases }: Store): string | null {
  if (leases.isHeld(row.row)) return 'An attempt is under way.';
  if (row.due_at_ms === null) return 'It waits behind an earlier event of its call.';
  const { destination } = destinations.get(row.destination_row);
  if (destination?.state === 'paused') return 'Its destination is paused.';
  if (destination?.state === 'disabled') return 'Its destination is disabled.';
  // Put off: its destination said what for.
  if (row.reason !== null) return row.reason;
  return row.attempts > 0 ? 'It waits for its next try.' : null;
}

const SELECT_ATTEMPTS = `
  SELECT number, outcome, started_at_ms, duration_ms, first_byte_ms, status, cause, detail, response_body
  FROM attempts WHERE delivery_row = ? ORDER BY number`;

interface AttemptRow {
  readonly number: number;
  readonly outcome: number;
  readonly started_at_ms: number;
  readonly duration_ms: number;
  readonly first_byte_ms: number | null;
  readonly status: number | null;
  readonly cause: string | null;
  readonly detail: string | null;
  readonly response_body: Uint8Array | null;
}

export function createAttemptReader(db: DatabaseSync): (delivery: DeliveryRow) => readonly AttemptEntry[] {
  const select = db.prepare(SELECT_ATTEMPTS);
  return (delivery) => {
    // Most deliveries succeed at once: those have no rows here.
    const failed = delivery.sent_at_ms !== null && delivery.attempts === 1 ? [] : select.all(delivery.row);
    const entries = (failed as unknown as AttemptRow[]).map((row): AttemptEntry => ({
      id: toAttemptId(delivery.row, row.number),
      number: row.number,
      startedAtMs: row.started_at_ms,
      durationMs: row.duration_ms,
      firstByteMs: row.first_byte_ms,
      status: row.status,
      cause: row.cause,
      detail: row.detail,
      responseBody: row.response_body,
      outcome: toAttemptOutcome(row.outcome),
    }));
    if (delivery.sent_at_ms !== null) entries.push(toSentEntry(delivery, delivery.sent_at_ms));
    return entries;
  };
}

function toSentEntry(delivery: DeliveryRow, startedAtMs: number): AttemptEntry {
  return {
    id: toAttemptId(delivery.row, delivery.attempts),
    number: delivery.attempts,
    startedAtMs,
    durationMs: delivery.sent_duration_ms ?? 0,
    firstByteMs: delivery.sent_first_byte_ms,
    status: delivery.last_status,
    cause: null,
    detail: delivery.last_detail,
    responseBody: null,
    outcome: 'delivered',
  };
}
