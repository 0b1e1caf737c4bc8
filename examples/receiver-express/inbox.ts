/**
 * What has arrived and what is still to be done about it, on disk. One insert does two jobs: the primary key makes
 * a second delivery of the same event harmless, and the row survives a crash between the 200 and the slow work.
 * A table in the database you have already serves just as well.
 */
import { DatabaseSync } from 'node:sqlite';

export interface InboxEntry {
  /** Same on every retry and replay of an event. */
  readonly webhookId: string;
  readonly body: Uint8Array;
}

export interface Inbox {
  /** False where this id has been here before. */
  add(entry: InboxEntry, nowMs: number): boolean;
  /** The oldest that is not done; undefined where nothing is left to do. */
  next(): InboxEntry | undefined;
  markDone(webhookId: string): void;
  /** Forgets what is done and older: keep it longer than anybody may send an event again. */
  prune(beforeMs: number): void;
  close(): void;
}

export function openInbox(file: string): Inbox {
  const database = new DatabaseSync(file);
  database.exec(`
    PRAGMA journal_mode = WAL;
    PRAGMA synchronous = FULL;
    CREATE TABLE IF NOT EXISTS inbox (
      place INTEGER PRIMARY KEY,
      webhook_id TEXT NOT NULL UNIQUE,
      received_at_ms INTEGER NOT NULL,
      body BLOB NOT NULL,
      is_done INTEGER NOT NULL DEFAULT 0
    ) STRICT;
    CREATE INDEX IF NOT EXISTS inbox_to_do ON inbox (place) WHERE is_done = 0;
  `);
  const insert = database.prepare(
    'INSERT INTO inbox (webhook_id, received_at_ms, body) VALUES (?, ?, ?) ON CONFLICT DO NOTHING',
  );
  const selectNext = database.prepare(
    'SELECT webhook_id, body FROM inbox WHERE is_done = 0 ORDER BY place LIMIT 1',
  );
  const setDone = database.prepare('UPDATE inbox SET is_done = 1 WHERE webhook_id = ?');
  const deleteDone = database.prepare('DELETE FROM inbox WHERE is_done = 1 AND received_at_ms < ?');
  return {
    add: (entry, nowMs) => insert.run(entry.webhookId, nowMs, entry.body).changes === 1,
    next() {
      const row = selectNext.get() as { webhook_id: string; body: Uint8Array } | undefined;
      return row === undefined ? undefined : { webhookId: row.webhook_id, body: row.body };
    },
    markDone: (webhookId) => void setDone.run(webhookId),
    prune: (beforeMs) => void deleteDone.run(beforeMs),
    close: () => database.close(),
  };
}
