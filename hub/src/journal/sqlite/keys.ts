/** API keys: only their hashes are kept. */
import { makeId, type KeyId } from '../ids.ts';
import type { AdminJournal, ApiKey, Scope } from '../accounts.ts';
import type { AccountRegistry } from './account-registry.ts';
import { findAccountRow, toAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import type { Store } from './store.ts';

export const KEY_COLUMNS =
  'id, account_row, name, scopes, hint, created_at_ms, expires_at_ms, revoked_at_ms, last_used_at_ms';
const INSERT_KEY = `
  INSERT INTO keys (id, account_row, name, scopes, hint, hash, created_at_ms, expires_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const SELECT_KEY_BY_HASH = `SELECT ${KEY_COLUMNS} FROM keys WHERE hash = ?`;
const SELECT_KEYS = `SELECT ${KEY_COLUMNS} FROM keys WHERE account_row = ? ORDER BY row`;
const SELECT_KEY = `SELECT ${KEY_COLUMNS} FROM keys WHERE id = ? AND account_row = ?`;
const REVOKE_KEY = 'UPDATE keys SET revoked_at_ms = ? WHERE id = ? AND revoked_at_ms IS NULL';
const TOUCH_KEY = `
  UPDATE keys SET last_used_at_ms = ?1 WHERE id = ?2 AND (last_used_at_ms IS NULL OR last_used_at_ms <= ?1 - ?3)`;

/** A key is used thousands of times a second; when it was last used is written once a minute. */
const TOUCH_INTERVAL_MS = 60_000;

export interface KeyRow {
  readonly id: KeyId;
  readonly account_row: number;
  readonly name: string;
  readonly scopes: string;
  readonly hint: string;
  readonly created_at_ms: number;
  readonly expires_at_ms: number | null;
  readonly revoked_at_ms: number | null;
  readonly last_used_at_ms: number | null;
}

export function createKeys(
  store: Store,
): Pick<AdminJournal, 'createKey' | 'findKey' | 'listKeys' | 'revokeKey' | 'touchKey'> {
  const { db, read, writer, clock, accounts } = store;
  const insert = db.prepare(INSERT_KEY);
  const selectByHash = read.prepare(SELECT_KEY_BY_HASH);
  const selectAll = read.prepare(SELECT_KEYS);
  const select = db.prepare(SELECT_KEY);
  const revoke = db.prepare(REVOKE_KEY);
  const touch = db.prepare(TOUCH_KEY);
  /** Spares the writer a turn per request; the statement's own condition holds across restarts. */
  const touchedAtMs = new Map<KeyId, number>();

  const toKey = (row: KeyRow): ApiKey => toApiKey(row, accounts);

  return {
    createKey({ accountId, name, scopes, hint, expiresAtMs, hash }, actor) {
      return writer.run({
        work() {
          const createdAtMs = clock.nowMs();
          const id = makeId('key');
          const accountRow = toAccountRow(store, accountId);
          insert.run(id, accountRow, name, JSON.stringify(scopes), hint, hash, createdAtMs, expiresAtMs);
          writeAudit(store, accountRow, actor, 'key.created', id, { name, scopes });
          const unused = { revokedAtMs: null, lastUsedAtMs: null };
          return { id, accountId, name, scopes, hint, createdAtMs, expiresAtMs, ...unused };
        },
      });
    },
    async findKey(hash) {
      const row = selectByHash.get(hash) as unknown as KeyRow | undefined;
      return row === undefined ? undefined : toKey(row);
    },
    async listKeys(accountId) {
      return (selectAll.all(findAccountRow(store, accountId)) as unknown as KeyRow[]).map(toKey);
    },
    revokeKey(accountId, id, actor) {
      return writer.run({
        work() {
          const accountRow = findAccountRow(store, accountId);
          if (select.get(id, accountRow) === undefined) return undefined;
          if (revoke.run(clock.nowMs(), id).changes > 0) {
            writeAudit(store, accountRow, actor, 'key.revoked', id, null);
          }
          return toKey(select.get(id, accountRow) as unknown as KeyRow);
        },
      });
    },
    async touchKey(id, atMs) {
      if (atMs < (touchedAtMs.get(id) ?? Number.NEGATIVE_INFINITY) + TOUCH_INTERVAL_MS) return;
      touchedAtMs.set(id, atMs);
      await writer.run({ work: () => void touch.run(atMs, id, TOUCH_INTERVAL_MS) }, { lazy: true });
    },
  };
}

export function toApiKey(row: KeyRow, accounts: Pick<AccountRegistry, 'toId'>): ApiKey {
  return {
    id: row.id,
    accountId: accounts.toId(row.account_row),
    name: row.name,
    scopes: JSON.parse(row.scopes) as Scope[],
    hint: row.hint,
    createdAtMs: row.created_at_ms,
    expiresAtMs: row.expires_at_ms,
    revokedAtMs: row.revoked_at_ms,
    lastUsedAtMs: row.last_used_at_ms,
  };
}
