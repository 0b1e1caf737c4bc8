/**
 * Operational events as rows, and how the rows of deliveries name them: with a minus sign in place of event and call,
 * and sequence 0. So each is an order of its own at every destination, as none of them has to wait for another.
 */
import type { OperationalContent, OperationalMessage } from '@offhook/contract/operational-event';

import type { AccountId, OperationalEventId } from '../ids.ts';
import type { OperationalEntry } from '../operational-events.ts';

export const OPERATIONAL_SEQUENCE = 0;

/** What deliveries hold as event_row and call_row, and back: the same either way. */
export function toSignedRow(row: number): number {
  return -row;
}

export function isOperational(eventRow: number): boolean {
  return eventRow < 0;
}

/** For deliveries of calls' events the row is NULL, which looks nothing up: SQLite's own test, no seek. */
export const JOIN_OPERATIONAL = `
  LEFT JOIN operational_events o ON o.row = CASE WHEN d.event_row < 0 THEN -d.event_row END`;

export const OPERATIONAL_COLUMNS = 'row, id, at_ms, call_id, body';

export interface OperationalRow {
  readonly row: number;
  readonly id: OperationalEventId;
  readonly at_ms: number;
  readonly call_id: string | null;
  readonly body: Uint8Array;
}

export function toOperationalEntry(row: OperationalRow, accountId: AccountId): OperationalEntry {
  return {
    id: row.id,
    accountId,
    atMs: row.at_ms,
    content: parseContent(row.body),
    callId: row.call_id,
  };
}

/** The body without what was made of the content when it was written. */
function parseContent(body: Uint8Array): OperationalContent {
  const { message } = JSON.parse(Buffer.from(body).toString()) as OperationalMessage;
  const { timestamp: _timestamp, summary: _summary, ...content } = message;
  return content;
}
