/** Sources, open, in memory: every report names one, every receiving request asks for its secrets. */
import type { DatabaseSync } from 'node:sqlite';

import type { AccountId, SourceId } from '../ids.ts';
import type { SecretBox } from '../secret-box.ts';
import type { Source } from '../accounts.ts';
import { DEFAULT_ACCOUNT_ROW, type AccountRegistry } from './account-registry.ts';

export interface SourceRegistry {
  findRow(id: SourceId): number | undefined;
  /** Of a source that a report came through; throws where there is none. */
  toRow(id: SourceId): number;
  toId(row: number): SourceId;
  /** undefined where it is deleted, too. */
  find(id: string): Source | undefined;
  list(accountId: AccountId): readonly Source[];
  put(row: number, source: Source): void;
  remove(id: SourceId): void;
}

export const SOURCE_COLUMNS =
  'row, id, account_row, kind, name, secrets, created_at_ms, updated_at_ms, deleted_at_ms';
const SELECT_SOURCES = `SELECT ${SOURCE_COLUMNS} FROM sources ORDER BY row`;
const INSERT_BUILT_IN = `
  INSERT OR IGNORE INTO sources (id, account_row, kind, name, secrets, created_at_ms, updated_at_ms)
  VALUES (?, ${DEFAULT_ACCOUNT_ROW}, ?, ?, ?, ?, ?)`;

export interface SourceRow {
  readonly row: number;
  readonly id: SourceId;
  readonly account_row: number;
  readonly kind: Source['kind'];
  readonly name: string;
  readonly secrets: Uint8Array;
  readonly created_at_ms: number;
  readonly updated_at_ms: number;
  readonly deleted_at_ms: number | null;
}

export function loadSources(
  db: DatabaseSync,
  accounts: AccountRegistry,
  box: SecretBox,
  nowMs: number,
): SourceRegistry {
  const insert = db.prepare(INSERT_BUILT_IN);
  insert.run('api', 'api', 'API', sealSecrets([], 'api', box), nowMs, nowMs);
  insert.run('voicedock', 'voicedock', 'VoiceDock', sealSecrets([], 'voicedock', box), nowMs, nowMs);
  const registry = createRegistry();
  for (const row of db.prepare(SELECT_SOURCES).all() as unknown as SourceRow[]) {
    if (row.deleted_at_ms === null) registry.put(row.row, toSource(row, accounts.toId(row.account_row), box));
    else registry.bury(row.row, row.id);
  }
  return registry;
}

export function toSource(row: SourceRow, accountId: AccountId, box: SecretBox): Source {
  return {
    id: row.id,
    accountId,
    kind: row.kind,
    name: row.name,
    secrets: JSON.parse(box.open(row.secrets, toPlace(row.id))) as string[],
    createdAtMs: row.created_at_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

export function sealSecrets(secrets: readonly string[], id: SourceId, box: SecretBox): Uint8Array {
  return box.seal(JSON.stringify(secrets), toPlace(id));
}

function toPlace(id: SourceId): string {
  return `sources|${id}|secrets`;
}

function createRegistry(): SourceRegistry & { bury(row: number, id: SourceId): void } {
  const rows = new Map<string, number>();
  const ids = new Map<number, SourceId>();
  const sources = new Map<string, Source>();
  function bury(row: number, id: SourceId): void {
    rows.set(id, row);
    ids.set(row, id);
  }
  return {
    findRow: (id) => rows.get(id),
    toRow(id) {
      const row = rows.get(id);
      if (row === undefined) throw new Error(`There is no source ${id}.`);
      return row;
    },
    toId(row) {
      const id = ids.get(row);
      if (id === undefined) throw new Error(`The journal names an unknown source: row ${row}.`);
      return id;
    },
    find: (id) => sources.get(id),
    list: (accountId) => [...sources.values()].filter((source) => source.accountId === accountId),
    bury,
    put(row, source) {
      bury(row, source.id);
      sources.set(source.id, source);
    },
    remove: (id) => void sources.delete(id),
  };
}
