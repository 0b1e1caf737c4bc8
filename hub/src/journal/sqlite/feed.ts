/** Events: the feed in acceptance order, lists, one event, and the hint that there are new ones. */
import { parseRow, type EventId } from '../ids.ts';
import type { JournalReader } from '../reader.ts';
import { findAccountRow } from './accounts.ts';
import { parseRowCursor, ROW_END, toRowCursor } from './cursor.ts';
import { EVENT_COLUMNS, toEventEntry, type EventRow } from './event-rows.ts';
import { toConditions } from './filter-sql.ts';
import { clampToReports, findFirstRow, findRowAt } from './row-at.ts';
import { scanBackwards, scanForwards } from './scan.ts';
import type { Store } from './store.ts';

const EVENT_TABLES = 'reports e CROSS JOIN calls c ON c.row = e.call_row';
const SELECT_EVENT = `
  SELECT ${EVENT_COLUMNS} FROM ${EVENT_TABLES} WHERE e.row = ? AND e.account_row = ? AND e.event_id = ?`;
const SELECT_FEED = `
  SELECT ${EVENT_COLUMNS} FROM ${EVENT_TABLES}
  WHERE e.row > ? AND e.sequence IS NOT NULL ORDER BY e.row LIMIT ?`;
const SELECT_ACCOUNT_FEED = `
  SELECT ${EVENT_COLUMNS} FROM ${EVENT_TABLES}
  WHERE e.row > ? AND e.row <= ? AND e.sequence IS NOT NULL AND e.account_row = ? ORDER BY e.row LIMIT ?`;
const SELECT_FIRST_ROW = 'SELECT min(row) AS row FROM reports';

export interface Feed extends Pick<
  JournalReader,
  'listEvents' | 'getEvent' | 'readFeed' | 'readFeedEnd' | 'findFeedRow' | 'listenFeed'
> {
  /** After a commit; tells listeners where it appended events, or changed a call without one. */
  publish(): void;
}

export function createFeed(store: Store): Feed {
  const { read, counters, accounts } = store;
  const selectEvent = read.prepare(SELECT_EVENT);
  const selectFeed = read.prepare(SELECT_FEED);
  const selectAccountFeed = read.prepare(SELECT_ACCOUNT_FEED);
  const selectFirstRow = read.prepare(SELECT_FIRST_ROW);
  const listeners = new Set<() => void>();
  let publishedEnd = counters.changeEnd;

  return {
    async listEvents(accountId, filter, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      const conditions = toConditions(store, 'events', accountRow, filter);
      const toItem = (row: EventRow): ReturnType<typeof toEventEntry> => toEventEntry(row, accountId);
      const upperRow = Math.min(
        parseRowCursor(cursor),
        counters.now.reportRow + 1,
        filter.untilMs === undefined ? ROW_END : findRowAt(read, 'reports', filter.untilMs).upper,
      );
      const lowestRow =
        filter.sinceMs === undefined
          ? ((selectFirstRow.get()?.['row'] as number | null) ?? 1)
          : findRowAt(read, 'reports', filter.sinceMs).lower;
      // Of one call there are few: its index is the way in, and the window is everything.
      const index = conditions.callRow === undefined ? '' : 'INDEXED BY reports_by_call';
      const select = read.prepare(`
        SELECT ${EVENT_COLUMNS} FROM reports e ${index} CROSS JOIN calls c ON c.row = e.call_row
        WHERE e.row >= ? AND e.row < ? AND e.account_row = ? AND e.sequence IS NOT NULL ${conditions.sql}
        ORDER BY e.row DESC LIMIT ?`);
      const readWindow = (lowest: number, upper: number, count: number): readonly EventRow[] =>
        select.all(lowest, upper, accountRow, ...conditions.values, count) as unknown as EventRow[];
      if (conditions.callRow !== undefined) {
        const rows = readWindow(0, parseRowCursor(cursor), limit + 1);
        const last = rows.length > limit ? rows[limit - 1] : undefined;
        return {
          items: rows.slice(0, limit).map(toItem),
          nextCursor: last === undefined ? null : toRowCursor(last.row),
        };
      }
      const { rows, nextRow } = await scanBackwards({ upperRow, lowestRow, limit, readWindow });
      return { items: rows.map(toItem), nextCursor: nextRow === null ? null : toRowCursor(nextRow) };
    },
    async getEvent(accountId, id: EventId) {
      const row = parseRow(id, 'evt');
      if (row === undefined) return undefined;
      const found = selectEvent.get(row, findAccountRow(store, accountId), id) as unknown as
        | EventRow
        | undefined;
      return found === undefined ? undefined : toEventEntry(found, accountId);
    },
    async readFeed(accountId, afterRow, limit) {
      if (accountId === undefined) {
        return (selectFeed.all(afterRow, limit) as unknown as EventRow[]).map((row) =>
          toEventEntry(row, accounts.toId(row.account_row)),
        );
      }
      const accountRow = findAccountRow(store, accountId);
      const rows = await scanForwards({
        ...clampToReports(read, afterRow),
        limit,
        readWindow: (after, last, count) =>
          selectAccountFeed.all(after, last, accountRow, count) as unknown as EventRow[],
      });
      return rows.map((row) => toEventEntry(row, accounts.toId(row.account_row)));
    },
    readFeedEnd: async () => counters.feedEnd,
    findFeedRow: async (ms) => Math.min(findFirstRow(read, 'reports', ms) - 1, counters.feedEnd),
    listenFeed(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    publish() {
      if (counters.changeEnd === publishedEnd) return;
      publishedEnd = counters.changeEnd;
      for (const listener of listeners) listener();
    },
  };
}
