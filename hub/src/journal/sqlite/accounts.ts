/** Accounts: commands, and reads out of memory. */
import { makeId, type AccountId } from '../ids.ts';
import type { Account, AdminJournal } from '../accounts.ts';
import { writeAudit } from './audit.ts';
import type { Store } from './store.ts';

const INSERT_ACCOUNT =
  'INSERT INTO accounts (id, name, created_at_ms) VALUES (?, ?, ?) RETURNING row AS inserted';
/** Of the row, not of what is in memory: another change may wait for the same commit. */
const SELECT_ACCOUNT = 'SELECT name, stale_calls AS staleCalls FROM accounts WHERE row = ?';
const UPDATE_ACCOUNT = 'UPDATE accounts SET name = ?, stale_calls = ? WHERE row = ?';

export function createAccounts(
  store: Store,
): Pick<AdminJournal, 'createAccount' | 'listAccounts' | 'getAccount' | 'updateAccount'> {
  const { accounts, writer, clock, db } = store;
  const insert = db.prepare(INSERT_ACCOUNT);
  const select = db.prepare(SELECT_ACCOUNT);
  const update = db.prepare(UPDATE_ACCOUNT);
  return {
    createAccount(name, actor) {
      return writer
        .run({
          work() {
            const account: Account = {
              id: makeId('acc'),
              name,
              staleCalls: 'keep',
              createdAtMs: clock.nowMs(),
            };
            const row = insert.get(account.id, name, account.createdAtMs)?.['inserted'] as number;
            writeAudit(store, row, actor, 'account.created', account.id, { name });
            return { row, account };
          },
          committed: ({ row, account }) => accounts.put(row, account),
        })
        .then(({ account }) => account);
    },
    listAccounts: async () => accounts.list(),
    getAccount: async (id) => findAccount(store, id),
    updateAccount(id, change, actor) {
      return writer
        .run({
          work() {
            const known = findAccount(store, id);
            const row = accounts.findRow(id);
            if (known === undefined || row === undefined) return undefined;
            // From the file: what is known in memory is as of the last commit, and this one may hold another change.
            const before: Account = {
              ...known,
              ...(select.get(row) as Pick<Account, 'name' | 'staleCalls'>),
            };
            const changed = (['name', 'staleCalls'] as const).filter(
              (fact) => change[fact] !== undefined && change[fact] !== before[fact],
            );
            if (changed.length === 0) return { row, account: before };
            const account: Account = { ...before, ...change };
            update.run(account.name, account.staleCalls, row);
            writeAudit(store, row, actor, 'account.updated', id, {
              changed,
              ...(changed.includes('staleCalls') && { stale_calls: account.staleCalls }),
            });
            return { row, account };
          },
          committed: (changed) => {
            if (changed !== undefined) accounts.put(changed.row, changed.account);
          },
        })
        .then((changed) => changed?.account);
    },
  };
}

function findAccount({ accounts }: Store, id: AccountId): Account | undefined {
  return accounts.list().find((account) => account.id === id);
}

/** Row of an account that a writer relies on: the doors let no unknown account through. */
export function toAccountRow(store: Store, id: AccountId): number {
  const row = store.accounts.findRow(id);
  if (row === undefined) throw new Error(`There is no account ${id}.`);
  return row;
}

/** Row of an account that a reader names; one that no row has where there is no such account. */
export function findAccountRow(store: Pick<Store, 'accounts'>, id: AccountId): number {
  return store.accounts.findRow(id) ?? NO_ACCOUNT;
}

const NO_ACCOUNT = -1;
