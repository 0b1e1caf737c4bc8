/** Accounts: few, so all are in memory; rows keep their small numbers. */
import type { DatabaseSync } from 'node:sqlite';

import type { AccountId } from '../ids.ts';
import type { Account } from '../accounts.ts';

export interface AccountRegistry {
  /** undefined: there is no such account. */
  findRow(id: AccountId): number | undefined;
  toId(row: number): AccountId;
  list(): readonly Account[];
  /** Adds it, or puts it in the place of what it was. */
  put(row: number, account: Account): void;
}

export const DEFAULT_ACCOUNT_ROW = 1;

const SELECT_ACCOUNTS = 'SELECT row, id, name, created_at_ms, stale_calls FROM accounts ORDER BY row';
const INSERT_DEFAULT_ACCOUNT = `
  INSERT OR IGNORE INTO accounts (row, id, name, created_at_ms) VALUES (${DEFAULT_ACCOUNT_ROW}, 'default', 'Default', ?)`;

export function loadAccounts(db: DatabaseSync, nowMs: number): AccountRegistry {
  db.prepare(INSERT_DEFAULT_ACCOUNT).run(nowMs);
  const rows = new Map<AccountId, number>();
  const accounts = new Map<number, Account>();
  const registry: AccountRegistry = {
    findRow: (id) => rows.get(id),
    toId(row) {
      const account = accounts.get(row);
      if (account === undefined) throw new Error(`The journal names an unknown account: row ${row}.`);
      return account.id;
    },
    list: () => [...accounts.values()],
    put(row, account) {
      rows.set(account.id, row);
      accounts.set(row, account);
    },
  };
  for (const row of db.prepare(SELECT_ACCOUNTS).all() as unknown as AccountRow[]) {
    registry.put(row.row, {
      id: row.id,
      name: row.name,
      staleCalls: row.stale_calls,
      createdAtMs: row.created_at_ms,
    });
  }
  return registry;
}

interface AccountRow {
  readonly row: number;
  readonly id: AccountId;
  readonly name: string;
  readonly created_at_ms: number;
  readonly stale_calls: Account['staleCalls'];
}
