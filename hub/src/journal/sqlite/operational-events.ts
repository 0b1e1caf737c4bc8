/**
 * Operational events: written with their deliveries in one transaction, by whoever watches, and by the journal itself
 * where its own work makes one true.
 */
import {
  OPERATIONAL_EVENT_TYPES,
  toOperationalBody,
  type OperationalContent,
} from '@offhook/contract/operational-event';

import type { Call } from '../../calls/call.ts';
import { makeId, toDeliveryId, type AccountId, type DestinationId } from '../ids.ts';
import type { Destination } from '../destinations.ts';
import type { OperationalEntry, OperationalFilter, OperationalJournal } from '../operational-events.ts';
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

/** Of one destination and one type, in a minute of the clock. */
export const TOLD_PER_MINUTE_MAX = 60;

/** Inside an operation's work. null: the account has one with this key already. */
export type RaiseOperational = (
  accountRow: number,
  content: OperationalContent,
  onceKey?: string | null,
) => OperationalEntry | null;

const INSERT_EVENT = `
  INSERT INTO operational_events (id, account_row, at_ms, type, call_id, destination_row, once_key, body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?) RETURNING row AS inserted`;
const SELECT_ONCE = 'SELECT row FROM operational_events WHERE account_row = ? AND once_key = ?';
/** Each walks its index from the end: of several types, each its own, and the newest of all are taken. */
export const OPERATIONAL_LISTS = {
  all: toSelectPage('by_account', 'account_row = ?'),
  ofType: toSelectPage('by_type', 'account_row = ? AND type = ?'),
  ofDestination: toSelectPage('by_destination', 'destination_row = ? AND type = ?'),
  end: `
    SELECT max(row) AS row FROM operational_events INDEXED BY operational_events_by_account
    WHERE account_row = ?`,
} as const;
/** One seek an account, however many calls are live. */
export const SELECT_LIVE_HEADS = `
  SELECT account_row, ms FROM (
    SELECT a.row AS account_row, (
      SELECT min(c.live_since_ms) FROM calls c INDEXED BY calls_live
      WHERE c.account_row = a.row AND c.state = 1 AND c.live_since_ms >= ?) AS ms
    FROM accounts a)
  WHERE ms < ? ORDER BY ms`;
/** Two statements: SQLite would walk through all of one millisecond to get past a row of it. */
export const SELECT_NEXT_LIVE = {
  sameMs: toSelectNextLive('c.live_since_ms = ? AND c.row > ?'),
  later: toSelectNextLive('c.live_since_ms > ? AND c.live_since_ms < ?'),
} as const;

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
    const about =
      'destination' in content ? destinations.find(content.destination.id as DestinationId) : null;
    const body = toOperationalBody(content, new Date(nowMs).toISOString());
    const inserted = insert.get(id, accountRow, nowMs, type, callId, about?.row ?? null, onceKey, body)?.[
      'inserted'
    ];
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
  const { read, writer, accounts, destinations } = store;
  const selectAll = read.prepare(OPERATIONAL_LISTS.all);
  const selectOfType = read.prepare(OPERATIONAL_LISTS.ofType);
  const selectOfDestination = read.prepare(OPERATIONAL_LISTS.ofDestination);
  const selectEnd = read.prepare(OPERATIONAL_LISTS.end);
  const selectLiveHeads = read.prepare(SELECT_LIVE_HEADS);
  const selectLiveOfMs = read.prepare(SELECT_NEXT_LIVE.sameMs);
  const selectLaterLive = read.prepare(SELECT_NEXT_LIVE.later);

  function selectPage(
    accountRow: number,
    { types, destinationId }: OperationalFilter,
    upperRow: number,
    count: number,
  ): readonly OperationalRow[] {
    const about = destinationId === undefined ? undefined : destinations.find(destinationId);
    if (destinationId !== undefined && about?.accountRow !== accountRow) return [];
    if (about === undefined && types === undefined) {
      return selectAll.all(accountRow, upperRow, count) as unknown as OperationalRow[];
    }
    const rows = [...new Set(types ?? OPERATIONAL_EVENT_TYPES)].flatMap((type) =>
      about === undefined
        ? selectOfType.all(accountRow, type, upperRow, count)
        : selectOfDestination.all(about.row, type, upperRow, count),
    );
    return (rows as unknown as OperationalRow[]).toSorted((a, b) => b.row - a.row);
  }

  return {
    appendOperationalEvent(accountId, content, onceKey) {
      return writer.run({ work: () => raise(toAccountRow(store, accountId), content, onceKey) });
    },
    async listOperationalEvents(accountId, filter, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      return toPage(
        selectPage(accountRow, filter, parseRowCursor(cursor), limit + 1),
        limit,
        (row) => toOperationalEntry(row, accountId),
        (row) => toRowCursor(row.row),
      );
    },
    async readOperationalEnd(accountId) {
      return (selectEnd.get(findAccountRow(store, accountId))?.['row'] as number | null) ?? 0;
    },
    async listLiveCallsSince(sinceMs, beforeMs, limit, accountId) {
      if (sinceMs >= beforeMs) return [];
      const found: { readonly accountId: AccountId; readonly call: Call }[] = [];
      const readNext = (accountRow: number, after: LivePlace): LiveHead | undefined => {
        const ofSameMs = selectLiveOfMs.get(accountRow, after.ms, after.row);
        const row = (ofSameMs ?? selectLaterLive.get(accountRow, after.ms, beforeMs)) as unknown as
          | CallRow
          | undefined;
        return row && { ms: row.live_since_ms ?? 0, row: row.row, accountRow, call: row };
      };
      // The oldest of each account, sorted; the oldest of all is taken, and its account's next one put in its place.
      const first =
        accountId === undefined
          ? (selectLiveHeads.all(sinceMs, beforeMs) as unknown as Head[])
          : [{ account_row: findAccountRow(store, accountId), ms: sinceMs }];
      const lastMs = first[limit - 1]?.ms ?? beforeMs;
      const heads = first
        .filter(({ ms }) => ms <= lastMs)
        .flatMap(({ account_row }) => readNext(account_row, { ms: sinceMs, row: 0 }) ?? [])
        .toSorted(comparePlaces);
      for (let head = heads.shift(); head !== undefined && found.length < limit; head = heads.shift()) {
        found.push({ accountId: accounts.toId(head.accountRow), call: toCall(head.call) });
        const next = readNext(head.accountRow, head);
        if (next !== undefined) insertSorted(heads, next);
      }
      return found;
    },
  };
}

interface Head {
  readonly account_row: number;
  readonly ms: number;
}

interface LivePlace {
  readonly ms: number;
  readonly row: number;
}

interface LiveHead extends LivePlace {
  readonly accountRow: number;
  readonly call: CallRow;
}

function comparePlaces(a: LivePlace, b: LivePlace): number {
  return a.ms - b.ms || a.row - b.row;
}

function insertSorted(heads: LiveHead[], head: LiveHead): void {
  const index = heads.findIndex((other) => comparePlaces(head, other) < 0);
  heads.splice(index === -1 ? heads.length : index, 0, head);
}

function toSelectNextLive(condition: string): string {
  return `
    SELECT ${CALL_COLUMNS} FROM calls c INDEXED BY calls_live
    WHERE c.account_row = ? AND c.state = 1 AND ${condition} ORDER BY c.live_since_ms, c.row LIMIT 1`;
}

function toSelectPage(index: string, condition: string): string {
  return `
    SELECT ${OPERATIONAL_COLUMNS} FROM operational_events INDEXED BY operational_events_${index}
    WHERE ${condition} AND row < ? ORDER BY row DESC LIMIT ?`;
}

export function toDestinationPart({ id, kind, name }: Pick<Destination, 'id' | 'kind' | 'name'>): {
  readonly id: string;
  readonly kind: string;
  readonly name: string | null;
} {
  return { id, kind, name };
}
