/** Sessions of the dashboard: only the hashes of their tokens are kept. */
import { makeId, type SessionId } from '../ids.ts';
import type { AdminJournal, Session } from '../accounts.ts';
import { findAccountRow, toAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import { KEY_COLUMNS, toApiKey, type KeyRow } from './keys.ts';
import type { Store } from './store.ts';

/** Of one key; beyond it the oldest end. Somebody who has the key cannot fill the journal by signing in. */
export const SESSIONS_PER_KEY_MAX = 1_000;

const SELECT_KEY_ROW = 'SELECT row FROM keys WHERE id = ? AND account_row = ?';
const INSERT_SESSION = `
  INSERT INTO sessions (id, key_row, hash, created_at_ms, expires_at_ms) VALUES (?, ?, ?, ?, ?)`;
const SESSION_COLUMNS = `
  sessions.id AS session_id, sessions.created_at_ms AS opened_at_ms, sessions.expires_at_ms AS ends_at_ms,
  sessions.revealed_at_ms AS revealed_at_ms`;
const SELECT_SESSION = `
  SELECT ${SESSION_COLUMNS}, ${KEY_COLUMNS.split(', ')
    .map((column) => `keys.${column} AS ${column}`)
    .join(', ')}
  FROM sessions JOIN keys ON keys.row = sessions.key_row`;
const SET_REVEALED = 'UPDATE sessions SET revealed_at_ms = ? WHERE id = ?';
const DELETE_SESSION = 'DELETE FROM sessions WHERE id = ?';
const DELETE_EXPIRED = 'DELETE FROM sessions WHERE expires_at_ms <= ?';
const DELETE_OLDEST = `
  DELETE FROM sessions WHERE row IN
    (SELECT row FROM sessions WHERE key_row = ? ORDER BY row DESC LIMIT -1 OFFSET ${SESSIONS_PER_KEY_MAX})`;

interface SessionRow extends KeyRow {
  readonly session_id: SessionId;
  readonly opened_at_ms: number;
  readonly ends_at_ms: number;
  readonly revealed_at_ms: number | null;
}

export function createSessions(
  store: Store,
): Pick<AdminJournal, 'createSession' | 'findSession' | 'setSessionRevealed' | 'endSession'> {
  const { db, read, writer, clock, accounts } = store;
  const selectKeyRow = db.prepare(SELECT_KEY_ROW);
  const insert = db.prepare(INSERT_SESSION);
  const selectByHash = read.prepare(`${SELECT_SESSION} WHERE sessions.hash = ?`);
  const selectById = db.prepare(`${SELECT_SESSION} WHERE sessions.id = ?`);
  const setRevealed = db.prepare(SET_REVEALED);
  const remove = db.prepare(DELETE_SESSION);
  const removeExpired = db.prepare(DELETE_EXPIRED);
  const removeOldest = db.prepare(DELETE_OLDEST);

  function toSession(row: SessionRow): Session {
    return {
      id: row.session_id,
      accountId: accounts.toId(row.account_row),
      keyId: row.id,
      createdAtMs: row.opened_at_ms,
      expiresAtMs: row.ends_at_ms,
      revealedAtMs: row.revealed_at_ms,
    };
  }

  return {
    createSession({ accountId, keyId, expiresAtMs, hash }, actor) {
      return writer.run({
        work() {
          const createdAtMs = clock.nowMs();
          const keyRow = selectKeyRow.get(keyId, findAccountRow(store, accountId))?.['row'];
          if (typeof keyRow !== 'number') throw new Error(`There is no key ${keyId} in ${accountId}.`);
          const id = makeId('ses');
          insert.run(id, keyRow, hash, createdAtMs, expiresAtMs);
          removeExpired.run(createdAtMs);
          removeOldest.run(keyRow);
          writeAudit(store, toAccountRow(store, accountId), actor, 'session.created', id, null);
          return { id, accountId, keyId, createdAtMs, expiresAtMs, revealedAtMs: null };
        },
      });
    },
    async findSession(hash) {
      const row = selectByHash.get(hash) as unknown as SessionRow | undefined;
      return row === undefined ? undefined : { session: toSession(row), key: toApiKey(row, accounts) };
    },
    setSessionRevealed(id, isRevealed, actor) {
      return writer.run({
        work() {
          const row = selectById.get(id) as unknown as SessionRow | undefined;
          if (row === undefined) return undefined;
          const session = toSession(row);
          if ((session.revealedAtMs !== null) === isRevealed) return session;
          const revealedAtMs = isRevealed ? clock.nowMs() : null;
          setRevealed.run(revealedAtMs, id);
          const action = isRevealed ? 'numbers.revealed' : 'numbers.masked';
          writeAudit(store, row.account_row, actor, action, id, null);
          return { ...session, revealedAtMs };
        },
      });
    },
    endSession(id, actor) {
      return writer.run({
        work() {
          const row = selectById.get(id) as unknown as SessionRow | undefined;
          if (row === undefined) return false;
          remove.run(id);
          writeAudit(store, row.account_row, actor, 'session.ended', id, null);
          return true;
        },
      });
    },
  };
}
