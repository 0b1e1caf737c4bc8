/** Reading deliveries: lists, one delivery with its attempts, the backlog of each destination. */
import { parseRow, type DeliveryId } from '../ids.ts';
import type { JournalFilter } from '../filter.ts';
import type { JournalReader } from '../reader.ts';
import { findAccountRow } from './accounts.ts';
import { parseRowCursor, ROW_END, toRowCursor } from './cursor.ts';
import {
  createAttemptReader,
  DELIVERY_COLUMNS,
  toDeliveryEntry,
  toDeliveryTables,
  toSelectDelivery,
  type DeliveryRow,
} from './delivery-rows.ts';
import { toConditions, type Conditions } from './filter-sql.ts';
import { findRowAt } from './row-at.ts';
import { scanBackwards } from './scan.ts';
import type { Store } from './store.ts';

/** Up to so many pending ones are collected and sorted; above, the newest rows hold enough of them. */
const PENDING_SORTED_MAX = 20_000;
const BACKLOG_COUNT_MAX = 10_000;

const SELECT_DELIVERY = toSelectDelivery(`${DELIVERY_COLUMNS}, coalesce(e.body, o.body) AS body`);
const SELECT_FIRST_ROW = 'SELECT min(row) AS row FROM deliveries';
const PENDING_ROWS = `
  SELECT row FROM deliveries INDEXED BY deliveries_due WHERE due_at_ms IS NOT NULL
  UNION ALL
  SELECT row FROM deliveries INDEXED BY deliveries_waiting WHERE state = 0 AND due_at_ms IS NULL`;

/** From the indexes alone, from both ends: what was tried most often is due last, and is the oldest. */
const COUNT_DUE = `
  SELECT count(*) AS count, min(row) AS oldest FROM (
    SELECT row FROM deliveries WHERE destination_row = ? AND due_at_ms IS NOT NULL ORDER BY due_at_ms LIMIT ?)`;
const OLDEST_DUE_LAST = `
  SELECT min(row) AS oldest FROM (
    SELECT row FROM deliveries WHERE destination_row = ? AND due_at_ms IS NOT NULL
    ORDER BY due_at_ms DESC LIMIT ?)`;
const COUNT_WAITING = `
  SELECT count(*) AS count, min(row) AS oldest FROM (
    SELECT row FROM deliveries INDEXED BY deliveries_waiting
    WHERE destination_row = ? AND state = 0 AND due_at_ms IS NULL LIMIT ?)`;
const SELECT_CREATED = 'SELECT created_at_ms FROM deliveries WHERE row = ?';

export function createDeliveriesReader(
  store: Store,
): Pick<JournalReader, 'listDeliveries' | 'getDelivery' | 'readBacklog'> {
  const { read, prepareRead, counters, destinations } = store;
  const selectDelivery = read.prepare(SELECT_DELIVERY);
  const selectFirstRow = read.prepare(SELECT_FIRST_ROW);
  const countDue = read.prepare(COUNT_DUE);
  const oldestDueLast = read.prepare(OLDEST_DUE_LAST);
  const countWaiting = read.prepare(COUNT_WAITING);
  const selectCreated = read.prepare(SELECT_CREATED);
  const readAttempts = createAttemptReader(read);

  function select(
    accountRow: number,
    conditions: Conditions,
    upperRow: number,
    count: number,
    { index = '', extra = '', values = [] as readonly number[] } = {},
  ): readonly DeliveryRow[] {
    const { tables, account } = toDeliveryTables({ index, isOfCalls: conditions.isOfCalls });
    const sql = `
      SELECT ${DELIVERY_COLUMNS} FROM ${tables}
      WHERE d.row < ? ${extra} AND ${account} = ? ${conditions.sql} ORDER BY d.row DESC LIMIT ?`;
    const found = prepareRead(sql).all(upperRow, ...values, accountRow, ...conditions.values, count);
    return found as unknown as DeliveryRow[];
  }

  /** By the shortest way in that the filter allows; undefined where only reading through all of them will do. */
  function selectByIndex(
    accountRow: number,
    filter: JournalFilter,
    conditions: Conditions,
    upperRow: number,
    count: number,
  ): readonly DeliveryRow[] | undefined {
    if (conditions.callRow !== undefined) {
      return select(accountRow, conditions, upperRow, count, { index: 'INDEXED BY deliveries_by_call' });
    }
    const onlyState = filter.deliveryStates?.length === 1 ? filter.deliveryStates[0] : undefined;
    if (onlyState === 'pending' && counters.now.pending <= PENDING_SORTED_MAX) {
      return select(accountRow, conditions, upperRow, count, { extra: `AND d.row IN (${PENDING_ROWS})` });
    }
    if (onlyState !== 'dead') return undefined;
    const ids = filter.destinationIds;
    const rows =
      ids === undefined
        ? [...destinations.list(accountRow).map(({ row }) => row), ...destinations.listDeletedRows()]
        : ids.flatMap((id) => destinations.find(id)?.row ?? []);
    const found = rows.flatMap((row) =>
      select(accountRow, conditions, upperRow, count, {
        index: 'INDEXED BY deliveries_dead',
        extra: 'AND d.destination_row = ? AND d.state = 2',
        values: [row],
      }),
    );
    return found.toSorted((a, b) => b.row - a.row).slice(0, count);
  }

  return {
    async listDeliveries(accountId, filter, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      const conditions = toConditions(store, 'deliveries', accountRow, filter);
      const toItem = (row: DeliveryRow): ReturnType<typeof toDeliveryEntry> => toDeliveryEntry(row, store);
      const cursorRow = parseRowCursor(cursor);
      const indexed = selectByIndex(accountRow, filter, conditions, cursorRow, limit + 1);
      if (indexed !== undefined) {
        const last = indexed.length > limit ? indexed[limit - 1] : undefined;
        return {
          items: indexed.slice(0, limit).map(toItem),
          nextCursor: last === undefined ? null : toRowCursor(last.row),
        };
      }
      const { rows, nextRow } = await scanBackwards({
        upperRow: Math.min(
          cursorRow,
          counters.now.deliveryRow + 1,
          filter.untilMs === undefined ? ROW_END : findRowAt(read, 'deliveries', filter.untilMs).upper,
        ),
        lowestRow:
          filter.sinceMs === undefined
            ? ((selectFirstRow.get()?.['row'] as number | null) ?? 1)
            : findRowAt(read, 'deliveries', filter.sinceMs).lower,
        limit,
        readWindow: (lowest, upper, count) =>
          select(accountRow, conditions, upper, count, { extra: 'AND d.row >= ?', values: [lowest] }),
      });
      return { items: rows.map(toItem), nextCursor: nextRow === null ? null : toRowCursor(nextRow) };
    },
    async getDelivery(accountId, id: DeliveryId) {
      const row = parseRow(id, 'dlv');
      if (row === undefined) return undefined;
      const found = selectDelivery.get(row, findAccountRow(store, accountId)) as unknown as
        | (DeliveryRow & { readonly body: Uint8Array })
        | undefined;
      if (found === undefined) return undefined;
      return {
        ...toDeliveryEntry(found, store),
        attemptEntries: readAttempts(found),
        body: found.body,
      };
    },
    async readBacklog() {
      return destinations.list().flatMap(({ row, id }) => {
        const due = countDue.get(row, BACKLOG_COUNT_MAX) as unknown as Counted;
        const waiting = countWaiting.get(row, BACKLOG_COUNT_MAX) as unknown as Counted;
        const pending = Math.min(due.count + waiting.count, BACKLOG_COUNT_MAX);
        if (pending === 0) return [];
        const dueLast =
          due.count < BACKLOG_COUNT_MAX
            ? null
            : (oldestDueLast.get(row, BACKLOG_COUNT_MAX)?.['oldest'] as number | null);
        const oldest = Math.min(due.oldest ?? ROW_END, waiting.oldest ?? ROW_END, dueLast ?? ROW_END);
        const oldestAtMs = (selectCreated.get(oldest)?.['created_at_ms'] as number | undefined) ?? null;
        return [{ destinationId: id, pending, oldestAtMs }];
      });
    },
  };
}

interface Counted {
  readonly count: number;
  readonly oldest: number | null;
}
