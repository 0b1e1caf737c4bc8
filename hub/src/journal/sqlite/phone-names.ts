/** Names of registered numbers as accepting needs them: by account and number, remembered, also where there is none. */
import type { DatabaseSync } from 'node:sqlite';

export interface PhoneNames {
  find(accountRow: number, number: string): string | null;
  /** Inside the work that changes it, and after a rollback. */
  forget(): void;
}

/** About 10 MiB at most. Starting over when full costs one read per number, so nothing finer is needed. */
const ENTRIES_MAX = 50_000;

const SELECT_NAME = 'SELECT name FROM phone_numbers WHERE account_row = ? AND number = ?';

export function createPhoneNames(db: DatabaseSync): PhoneNames {
  const select = db.prepare(SELECT_NAME);
  const names = new Map<string, string | null>();
  return {
    find(accountRow, number) {
      const key = `${accountRow} ${number}`;
      let name = names.get(key);
      if (name === undefined) {
        name = (select.get(accountRow, number)?.['name'] as string | undefined) ?? null;
        if (names.size >= ENTRIES_MAX) names.clear();
        names.set(key, name);
      }
      return name;
    },
    forget: () => names.clear(),
  };
}
