/** Registered phone numbers: they give calls a name. */
import type { AdminJournal, PhoneNumber } from '../accounts.ts';
import { findAccountRow, toAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import { parseTextCursor, toPage, toTextCursor } from './cursor.ts';
import type { Store } from './store.ts';

const PUT_NUMBER = `
  INSERT INTO phone_numbers (account_row, number, name, created_at_ms) VALUES (?, ?, ?, ?)
  ON CONFLICT DO UPDATE SET name = excluded.name RETURNING created_at_ms`;
const SELECT_NUMBERS = `
  SELECT number, name, created_at_ms FROM phone_numbers
  WHERE account_row = ? AND number > ? ORDER BY number LIMIT ?`;
const DELETE_NUMBER = 'DELETE FROM phone_numbers WHERE account_row = ? AND number = ?';

interface NumberRow {
  readonly number: string;
  readonly name: string;
  readonly created_at_ms: number;
}

export function createPhoneNumbers(
  store: Store,
): Pick<AdminJournal, 'putPhoneNumber' | 'listPhoneNumbers' | 'deletePhoneNumber'> {
  const { db, read, writer, clock, phoneNames } = store;
  const put = db.prepare(PUT_NUMBER);
  const selectPage = read.prepare(SELECT_NUMBERS);
  const remove = db.prepare(DELETE_NUMBER);
  return {
    putPhoneNumber(accountId, number, name, actor) {
      return writer.run({
        work() {
          const accountRow = toAccountRow(store, accountId);
          phoneNames.forget();
          const row = put.get(accountRow, number, name, clock.nowMs());
          writeAudit(store, accountRow, actor, 'phone_number.saved', number, { name });
          return { accountId, number, name, createdAtMs: row?.['created_at_ms'] as number };
        },
      });
    },
    async listPhoneNumbers(accountId, { limit, cursor }) {
      const accountRow = findAccountRow(store, accountId);
      const rows = selectPage.all(accountRow, parseTextCursor(cursor), limit + 1) as unknown as NumberRow[];
      return toPage(
        rows,
        limit,
        (row): PhoneNumber => ({
          accountId,
          number: row.number,
          name: row.name,
          createdAtMs: row.created_at_ms,
        }),
        (row) => toTextCursor(row.number),
      );
    },
    deletePhoneNumber(accountId, number, actor) {
      return writer.run({
        work() {
          const accountRow = findAccountRow(store, accountId);
          phoneNames.forget();
          if (remove.run(accountRow, number).changes === 0) return false;
          writeAudit(store, accountRow, actor, 'phone_number.deleted', number, null);
          return true;
        },
      });
    },
  };
}
