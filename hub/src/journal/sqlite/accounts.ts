/** Accounts: few, so all are in memory; rows keep their small numbers. */
import type { DatabaseSync } from 'node:sqlite';

import { makeId, type AccountId } from '../ids.ts';
import type { Account, AdminJournal } from '../journal.ts';
import { writeAudit } from './audit.ts';
import type { Store } from './store.ts';

export interface AccountRegistry {
  /** undefined: there is no such account. */
  findRow(id: AccountId): number | undefined;
  toId(row: number): AccountId;
  list(): readonly Account[];
  add(row: number, account: Account): void;
}

export const DEFAULT_ACCOUNT_ROW = 1;

const SELECT_ACCOUNTS = 'SELECT row, id, name, created_at_ms FROM accounts ORDER BY row';
const INSERT_DEFAULT_ACCOUNT = `INSERT OR IGNORE INTO accounts VALUES (${DEFAULT_ACCOUNT_ROW}, 'default', 'Default', ?)`;
const INSERT_ACCOUNT =
  'INSERT INTO accounts (id, name, created_at_ms) VALUES (?, ?, ?) RETURNING row AS inserted';

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
    add(row, account) {
      rows.set(account.id, row);
      accounts.set(row, account);
    },
  };
  for (const row of db.prepare(SELECT_ACCOUNTS).all() as unknown as AccountRow[]) {
    registry.add(row.row, { id: row.id, name: row.name, createdAtMs: row.created_at_ms });
  }
  return registry;
}

interface AccountRow {
  readonly row: number;
  readonly id: AccountId;
  readonly name: string;
  readonly created_at_ms: number;
}

export function createAccounts(
  store: Store,
): Pick<AdminJournal, 'createAccount' | 'listAccounts' | 'getAccount'> {
  const { accounts, writer, clock, db } = store;
  const insert = db.prepare(INSERT_ACCOUNT);
  return {
    createAccount(name, actor) {
      return writer
        .run({
          work() {
            const account: Account = { id: makeId('acc'), name, createdAtMs: clock.nowMs() };
            const row = insert.get(account.id, name, account.createdAtMs)?.['inserted'] as number;
            writeAudit(store, row, actor, 'account.created', account.id, { name });
            return { row, account };
          },
          committed: ({ row, account }) => accounts.add(row, account),
        })
        .then(({ account }) => account);
    },
    listAccounts: async () => accounts.list(),
    getAccount: async (id) => accounts.list().find((account) => account.id === id),
  };
}

/** Row of an account that a writer relies on: the doors let no unknown account through. */
export function toAccountRow(store: Store, id: AccountId): number {
  const row = store.accounts.findRow(id);
  if (row === undefined) throw new Error(`There is no account ${id}.`);
  return row;
}
