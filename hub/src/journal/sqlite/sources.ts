/** Sources: commands, and reads out of memory. */
import { makeId, type SourceId } from '../ids.ts';
import type { AdminJournal, Source } from '../accounts.ts';
import { toAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import { sealSecrets, SOURCE_COLUMNS, toSource, type SourceRow } from './source-registry.ts';
import type { Store } from './store.ts';

const SELECT_SOURCE = `SELECT ${SOURCE_COLUMNS} FROM sources WHERE id = ? AND deleted_at_ms IS NULL`;
const INSERT_SOURCE = `
  INSERT INTO sources (id, account_row, kind, name, secrets, created_at_ms, updated_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?) RETURNING row AS inserted`;
const UPDATE_SOURCE = 'UPDATE sources SET name = ?, secrets = ?, updated_at_ms = ? WHERE row = ?';
/** Reports keep naming it; its secrets go at once. */
const DELETE_SOURCE = `UPDATE sources SET secrets = x'', deleted_at_ms = ?, updated_at_ms = ? WHERE row = ?`;

const BUILT_IN: ReadonlySet<SourceId> = new Set<SourceId>(['api', 'voicedock']);

export function createSources(
  store: Store,
): Pick<AdminJournal, 'listSources' | 'findSource' | 'createSource' | 'updateSource' | 'deleteSource'> {
  const { db, writer, clock, box, sources, accounts } = store;
  const select = db.prepare(SELECT_SOURCE);
  const insert = db.prepare(INSERT_SOURCE);
  const update = db.prepare(UPDATE_SOURCE);
  const remove = db.prepare(DELETE_SOURCE);

  function read(id: SourceId): { row: number; accountRow: number; source: Source } | undefined {
    const row = select.get(id) as unknown as SourceRow | undefined;
    if (row === undefined) return undefined;
    const source = toSource(row, accounts.toId(row.account_row), box);
    return { row: row.row, accountRow: row.account_row, source };
  }

  return {
    listSources: async (accountId) => sources.list(accountId),
    findSource: async (id) => sources.find(id),
    createSource(created, actor) {
      return writer
        .run({
          work() {
            const nowMs = clock.nowMs();
            const source: Source = { ...created, id: makeId('src'), createdAtMs: nowMs, updatedAtMs: nowMs };
            const accountRow = toAccountRow(store, created.accountId);
            const secrets = sealSecrets(source.secrets, source.id, box);
            const row = insert.get(source.id, accountRow, source.kind, source.name, secrets, nowMs, nowMs)?.[
              'inserted'
            ] as number;
            const detail = { kind: source.kind, name: source.name };
            writeAudit(store, accountRow, actor, 'source.created', source.id, detail);
            return { row, source };
          },
          committed: ({ row, source }) => sources.put(row, source),
        })
        .then(({ source }) => source);
    },
    updateSource(accountId, id, change, actor) {
      return writer
        .run({
          work() {
            const found = read(id);
            if (found?.source.accountId !== accountId) return undefined;
            const source: Source = { ...found.source, ...change, updatedAtMs: clock.nowMs() };
            update.run(source.name, sealSecrets(source.secrets, id, box), source.updatedAtMs, found.row);
            const detail = { changed: Object.keys(change) };
            writeAudit(store, found.accountRow, actor, 'source.updated', id, detail);
            return { row: found.row, source };
          },
          committed: (changed) => {
            if (changed !== undefined) sources.put(changed.row, changed.source);
          },
        })
        .then((changed) => changed?.source);
    },
    deleteSource(accountId, id, actor) {
      if (BUILT_IN.has(id)) return Promise.resolve(false);
      return writer.run({
        work() {
          const found = read(id);
          if (found?.source.accountId !== accountId) return false;
          const nowMs = clock.nowMs();
          remove.run(nowMs, nowMs, found.row);
          writeAudit(store, found.accountRow, actor, 'source.deleted', id, { name: found.source.name });
          return true;
        },
        committed: (isDeleted) => {
          if (isDeleted) sources.remove(id);
        },
      });
    },
  };
}
