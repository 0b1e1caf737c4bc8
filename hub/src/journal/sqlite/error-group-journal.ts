/** Error groups as people see them, and what they do about them. */
import type { AnalyticsJournal, ErrorGroup } from '../analytics.ts';
import { findAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import { parseTimeCursor, toPage, toTimeCursor } from './cursor.ts';
import { GROUP_COLUMNS, type ErrorGroupRow } from './error-groups.ts';
import type { Store } from './store.ts';

/** `since` stands before the states, whose number differs. */
const toSelectPage = (states: number): string => `
  SELECT ${GROUP_COLUMNS} FROM error_groups
  WHERE account_row = ? AND last_at_ms >= ? AND (last_at_ms, row) < (?, ?)
    ${states === 0 ? '' : `AND state IN (${Array.from({ length: states }, () => '?').join(', ')})`}
  ORDER BY last_at_ms DESC, row DESC LIMIT ?`;

export function createErrorGroupJournal(
  store: Store,
): Pick<AnalyticsJournal, 'listErrorGroups' | 'setErrorGroupState'> {
  const { read, writer, accounts, errorGroups } = store;
  return {
    async listErrorGroups(accountId, { states, sinceMs }, { limit, cursor }) {
      const from = parseTimeCursor(cursor);
      // No state at all matches nothing.
      if (states?.length === 0) return { items: [], nextCursor: null };
      const rows = read
        .prepare(toSelectPage(states?.length ?? 0))
        .all(
          findAccountRow(store, accountId),
          sinceMs ?? 0,
          from.ms,
          from.row,
          ...(states ?? []),
          limit + 1,
        ) as unknown as ErrorGroupRow[];
      return toPage(
        rows,
        limit,
        (row) => toErrorGroup(row, accountId),
        (row) => toTimeCursor({ ms: row.last_at_ms, row: row.row }),
      );
    },
    setErrorGroupState(accountId, id, state, actor) {
      return writer.run({
        work() {
          const accountRow = accounts.findRow(accountId);
          const group = accountRow === undefined ? undefined : errorGroups.find(accountRow, id);
          if (accountRow === undefined || group === undefined) return undefined;
          if (group.state !== state) {
            const detail = { from: group.state, fingerprint: group.fingerprint };
            group.state = state;
            errorGroups.change(group);
            writeAudit(store, accountRow, actor, `error_group.${state}`, id, detail);
          }
          return toErrorGroup(group, accountId);
        },
      });
    },
  };
}

export function toErrorGroup(row: ErrorGroupRow, accountId: ErrorGroup['accountId']): ErrorGroup {
  return {
    id: row.id,
    accountId,
    errorClass: row.class,
    fingerprint: row.fingerprint,
    example: row.example,
    state: row.state,
    firstAtMs: row.first_at_ms,
    lastAtMs: row.last_at_ms,
    count: row.calls,
    lastCallId: row.last_call_id,
  };
}
