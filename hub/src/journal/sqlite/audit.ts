/** The audit log: who did what, written in the transaction that did it. */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import { makeId, type AuditId } from '../ids.ts';
import type { Actor } from '../actor.ts';
import type { AdminJournal, AuditEntry } from '../accounts.ts';
import { parseRowCursor, toPage, toRowCursor } from './cursor.ts';
import type { Store } from './store.ts';

const INSERT_AUDIT = `
  INSERT INTO audit (id, account_row, at_ms, actor_kind, actor_id, action, subject, detail)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?)`;
const SELECT_AUDIT = `
  SELECT row, id, at_ms, actor_kind, actor_id, action, subject, detail FROM audit
  WHERE account_row = ? AND row < ? ORDER BY row DESC LIMIT ?`;

/** Prepared once per connection; a WeakMap, since every part of the journal writes audit rows. */
const inserts = new WeakMap<DatabaseSync, StatementSync>();

/** Inside an operation's work. */
export function writeAudit(
  store: Pick<Store, 'db' | 'clock'>,
  accountRow: number,
  actor: Actor,
  action: string,
  subject: string,
  detail: Readonly<Record<string, unknown>> | null,
): void {
  let insert = inserts.get(store.db);
  if (insert === undefined) {
    insert = store.db.prepare(INSERT_AUDIT);
    inserts.set(store.db, insert);
  }
  const json = detail === null ? null : JSON.stringify(detail);
  const nowMs = store.clock.nowMs();
  insert.run(makeId('aud'), accountRow, nowMs, actor.kind, actor.id, action, subject, json);
}

interface AuditRow {
  readonly row: number;
  readonly id: AuditId;
  readonly at_ms: number;
  readonly actor_kind: Actor['kind'];
  readonly actor_id: Actor['id'];
  readonly action: string;
  readonly subject: string;
  readonly detail: string | null;
}

export function createAudit(store: Store): Pick<AdminJournal, 'listAudit' | 'appendAudit'> {
  const select = store.read.prepare(SELECT_AUDIT);
  return {
    appendAudit({ accountId, action, subject, detail }, actor) {
      return store.writer.run({
        work() {
          const accountRow = store.accounts.findRow(accountId);
          if (accountRow === undefined) throw new Error(`There is no account ${accountId}.`);
          writeAudit(store, accountRow, actor, action, subject, detail);
        },
      });
    },
    async listAudit(accountId, { limit, cursor }) {
      const accountRow = store.accounts.findRow(accountId);
      if (accountRow === undefined) return { items: [], nextCursor: null };
      const rows = select.all(accountRow, parseRowCursor(cursor), limit + 1) as unknown as AuditRow[];
      return toPage(
        rows,
        limit,
        (row): AuditEntry => ({
          id: row.id,
          accountId,
          atMs: row.at_ms,
          actor: { kind: row.actor_kind, id: row.actor_id },
          action: row.action,
          subject: row.subject,
          detail: row.detail === null ? null : (JSON.parse(row.detail) as Record<string, unknown>),
        }),
        (row) => toRowCursor(row.row),
      );
    },
  };
}
