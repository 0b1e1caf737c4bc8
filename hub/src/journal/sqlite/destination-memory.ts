/**
 * What destinations remember, and what they ask about calls. Secrets are sealed and bound to destination and key, so
 * that no row can be read in another's place.
 */
import type { DestinationId } from '../ids.ts';
import type { DestinationMemoryJournal } from '../destination-memory.ts';
import { findAccountRow } from './accounts.ts';
import { CALL_COLUMNS, toCall, type CallRow } from './call-rows.ts';
import { parseTimeCursor, ROW_END, toPage, toTimeCursor } from './cursor.ts';
import type { KnownDestination } from './destination-registry.ts';
import type { Store } from './store.ts';

/** As destinations/destination.ts promises its kinds; layers forbid the import. */
export const MEMORY_KEY_CHARACTERS_MAX = 320;
export const MEMORY_VALUE_CHARACTERS_MAX = 16_384;

const SELECT_ENTRY =
  'SELECT key, value, sealed FROM destination_memory WHERE destination_row = ? AND key = ?';
/** From the prefix on, in the order of the key; the first that does not begin with it ends the list. */
const SELECT_FROM = `
  SELECT key, value, sealed FROM destination_memory WHERE destination_row = ? AND key >= ? ORDER BY key LIMIT ?`;
const UPSERT_ENTRY = `
  INSERT INTO destination_memory (destination_row, key, value, sealed, call_row) VALUES (?, ?, ?, ?, ?)
  ON CONFLICT (destination_row, key) DO UPDATE SET
    value = excluded.value, sealed = excluded.sealed, call_row = excluded.call_row`;
const DELETE_ENTRY = 'DELETE FROM destination_memory WHERE destination_row = ? AND key = ?';
/** Asked of the row, not of memory: an operation before it in the same group may have deleted it. */
const SELECT_DESTINATION = 'SELECT row, account_row FROM destinations WHERE id = ? AND deleted_at_ms IS NULL';
const SELECT_CALL_ROW = 'SELECT row FROM calls WHERE account_row = ? AND call_id = ?';
const SELECT_CALL = `SELECT ${CALL_COLUMNS} FROM calls c WHERE c.account_row = ? AND c.call_id = ?`;
/** A call keeps its place in this order for as long as it is live, so no page misses or repeats one. */
const SELECT_ACTIVE = `
  SELECT ${CALL_COLUMNS} FROM calls c INDEXED BY calls_live
  WHERE c.account_row = ? AND c.state = 1 AND (c.live_since_ms, c.row) > (?, ?)
  ORDER BY c.live_since_ms, c.row LIMIT ?`;

interface EntryRow {
  readonly key: string;
  readonly value: string | null;
  readonly sealed: Uint8Array | null;
}

type Entries = Parameters<DestinationMemoryJournal['writeDestinationMemory']>[1];

export function createDestinationMemory(store: Store): DestinationMemoryJournal {
  const { db, read, writer, box, destinations } = store;
  const selectEntry = read.prepare(SELECT_ENTRY);
  const selectFrom = read.prepare(SELECT_FROM);
  const selectCall = read.prepare(SELECT_CALL);
  const selectActive = read.prepare(SELECT_ACTIVE);
  const selectDestination = db.prepare(SELECT_DESTINATION);
  const selectCallRow = db.prepare(SELECT_CALL_ROW);
  const upsert = db.prepare(UPSERT_ENTRY);
  const remove = db.prepare(DELETE_ENTRY);

  function find(id: DestinationId): KnownDestination | undefined {
    const known = destinations.find(id);
    return known?.destination === undefined ? undefined : known;
  }

  function open(id: DestinationId, { key, value, sealed }: EntryRow): string {
    return sealed === null ? (value as string) : box.open(sealed, toPlace(id, key));
  }

  function write(id: DestinationId, entries: Entries): void {
    const found = selectDestination.get(id) as unknown as { row: number; account_row: number } | undefined;
    if (found === undefined) return;
    for (const { key, value, callId, isSecret = false } of entries) {
      const callRow =
        callId === undefined
          ? null
          : (selectCallRow.get(found.account_row, callId)?.['row'] as number | undefined);
      // Of a call that is gone, or never was, there is nothing to remember: it could never be forgotten again.
      if (value === null || callRow === undefined) remove.run(found.row, key);
      else if (isSecret) upsert.run(found.row, key, null, box.seal(value, toPlace(id, key)), callRow);
      else upsert.run(found.row, key, value, null, callRow);
    }
  }

  return {
    async readDestinationMemory(id, keys) {
      const known = find(id);
      return keys.map((key) => {
        const row = known && (selectEntry.get(known.row, key) as unknown as EntryRow | undefined);
        return row && open(id, row);
      });
    },
    async listDestinationMemory(id, prefix, limit) {
      const known = find(id);
      const entries: { key: string; value: string }[] = [];
      if (known === undefined) return entries;
      for (const each of selectFrom.iterate(known.row, prefix, limit)) {
        const row = each as unknown as EntryRow;
        if (!row.key.startsWith(prefix)) break;
        entries.push({ key: row.key, value: open(id, row) });
      }
      return entries;
    },
    async writeDestinationMemory(id, entries) {
      for (const entry of entries) checkEntry(entry);
      await writer.run({ work: () => write(id, entries) }, { weight: Math.max(1, entries.length) });
    },
    async readCalls(accountId, callIds) {
      const accountRow = findAccountRow(store, accountId);
      return callIds.map((callId) => {
        const row = selectCall.get(accountRow, callId) as unknown as CallRow | undefined;
        return row && toCall(row);
      });
    },
    async listActiveCalls(accountId, liveSinceMsMin, { limit, cursor }) {
      const given = parseTimeCursor(cursor);
      // No cursor begins before the first; one of an earlier question does not reach back behind this one's.
      const isAfter = given.ms !== ROW_END && given.ms >= liveSinceMsMin;
      const from = isAfter ? given : { ms: liveSinceMsMin, row: 0 };
      const rows = selectActive.all(findAccountRow(store, accountId), from.ms, from.row, limit + 1);
      return toPage(rows as unknown as CallRow[], limit, toCall, (row) =>
        toTimeCursor({ ms: row.live_since_ms ?? 0, row: row.row }),
      );
    },
  };
}

function checkEntry({ key, value }: Entries[number]): void {
  if (key === '' || key.length > MEMORY_KEY_CHARACTERS_MAX) {
    throw new Error(`A key of a destination's memory has 1 to ${MEMORY_KEY_CHARACTERS_MAX} characters.`);
  }
  if (value !== null && value.length > MEMORY_VALUE_CHARACTERS_MAX) {
    throw new Error(
      `A value of a destination's memory has at most ${MEMORY_VALUE_CHARACTERS_MAX} characters.`,
    );
  }
}

function toPlace(id: DestinationId, key: string): string {
  return `destination_memory|${id}|${key}`;
}
