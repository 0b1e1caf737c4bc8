/**
 * Operational events: written with their deliveries in one transaction, by whoever watches, and by the journal itself
 * where its own work makes one true.
 */
import {
  OPERATIONAL_EVENT_TYPES,
  toOperationalBody,
  type OperationalContent,
} from '@offhook/contract/operational-event';

import { makeId, toDeliveryId } from '../ids.ts';
import type { Destination, OperationalEntry, OperationalJournal } from '../journal.ts';
import { findAccountRow, toAccountRow } from './accounts.ts';
import { CALL_COLUMNS, toCall, type CallRow } from './call-rows.ts';
import { parseRowCursor, toPage, toRowCursor } from './cursor.ts';
import type { DeliveryMaker } from './delivery-maker.ts';
import {
  OPERATIONAL_COLUMNS,
  OPERATIONAL_SEQUENCE,
  toOperationalEntry,
  toSignedRow,
  type OperationalRow,
} from './operational-rows.ts';
import type { Store } from './store.ts';

/** Inside an operation's work. null: the account has one with this key already. */
export type RaiseOperational = (
  accountRow: number,
  content: OperationalContent,
  onceKey?: string | null,
) => OperationalEntry | null;

const INSERT_EVENT = `
  INSERT INTO operational_events (id, account_row, at_ms, type, call_id, once_key, body)
  VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING row AS inserted`;
const SELECT_ONCE = 'SELECT row FROM operational_events WHERE account_row = ? AND once_key = ?';
const SELECT_PAGE = `
  SELECT ${OPERATIONAL_COLUMNS} FROM operational_events
  WHERE account_row = ? AND type = ? AND row < ? ORDER BY row DESC LIMIT ?`;
const SELECT_LIVE = `
  SELECT ${CALL_COLUMNS} FROM calls c INDEXED BY calls_live
  WHERE c.account_row = ? AND c.state = 1 AND c.live_since_ms >= ? AND c.live_since_ms < ?
  ORDER BY c.live_since_ms, c.row LIMIT ?`;

export function createRaiseOperational(store: Store, deliveries: DeliveryMaker): RaiseOperational {
  const { db, clock, accounts, destinations, due } = store;
  const insert = db.prepare(INSERT_EVENT);
  const selectOnce = db.prepare(SELECT_ONCE);
  return (accountRow, content, onceKey = null) => {
    if (onceKey !== null && selectOnce.get(accountRow, onceKey) !== undefined) return null;
    const { type } = content;
    const nowMs = clock.nowMs();
    const id = makeId('ope');
    const callId = 'call' in content ? content.call.id : null;
    const body = toOperationalBody(content, new Date(nowMs).toISOString());
    const inserted = insert.get(id, accountRow, nowMs, type, callId, onceKey, body)?.['inserted'];
    const signedRow = toSignedRow(inserted as number);
    for (const destination of destinations.matchOperational(accountRow, type)) {
      const { row } = deliveries.make({
        destination,
        callRow: signedRow,
        eventRow: signedRow,
        sequence: OPERATIONAL_SEQUENCE,
        pending: [],
        replayRow: null,
        nowMs,
      });
      due.offer(destination, {
        id: toDeliveryId(row),
        row,
        destinationId: destination.id,
        accountId: destination.accountId,
        eventId: id,
        eventType: type,
        eventRow: signedRow,
        callRow: signedRow,
        sequence: OPERATIONAL_SEQUENCE,
        status: type,
        body,
        traceparent: null,
        acceptedAtMs: nowMs,
        dueAtMs: nowMs,
        attempts: 0,
        rejections: 0,
        token: 0,
      });
    }
    return { id, accountId: accounts.toId(accountRow), atMs: nowMs, content, callId };
  };
}

export function createOperationalEvents(store: Store, raise: RaiseOperational): OperationalJournal {
  const { read, writer, accounts } = store;
  const selectPage = read.prepare(SELECT_PAGE);
  const selectLive = read.prepare(SELECT_LIVE);
  return {
    appendOperationalEvent(accountId, content, onceKey) {
      return writer.run({ work: () => raise(toAccountRow(store, accountId), content, onceKey) });
    },
    async listOperationalEvents(accountId, types, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      const upperRow = parseRowCursor(cursor);
      const rows = [...new Set(types ?? OPERATIONAL_EVENT_TYPES)].flatMap(
        (type) => selectPage.all(accountRow, type, upperRow, limit + 1) as unknown as OperationalRow[],
      );
      return toPage(
        rows.toSorted((a, b) => b.row - a.row),
        limit,
        (row) => toOperationalEntry(row, accountId),
        (row) => toRowCursor(row.row),
      );
    },
    async listLiveCallsSince(sinceMs, beforeMs, limit) {
      const found = accounts.list().flatMap(({ id }) => {
        const rows = selectLive.all(findAccountRow(store, id), sinceMs, beforeMs, limit);
        return (rows as unknown as CallRow[]).map((row) => ({ accountId: id, row }));
      });
      return found
        .toSorted((a, b) => (a.row.live_since_ms ?? 0) - (b.row.live_since_ms ?? 0) || a.row.row - b.row.row)
        .slice(0, limit)
        .map(({ accountId, row }) => ({ accountId, call: toCall(row) }));
    },
  };
}

export function toDestinationPart({ id, kind, name }: Pick<Destination, 'id' | 'kind' | 'name'>): {
  readonly id: string;
  readonly kind: string;
  readonly name: string | null;
} {
  return { id, kind, name };
}
