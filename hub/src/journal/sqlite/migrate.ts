/** Runs the numbered .sql files beside it: forward only, each once, in one transaction, its checksum kept. */
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

import { JournalError } from '../journal-error.ts';

const FOLDER = new URL('./migrations/', import.meta.url);

const CREATE_MIGRATIONS = `
  CREATE TABLE IF NOT EXISTS migrations (
    number        INTEGER PRIMARY KEY,
    name          TEXT NOT NULL,
    checksum      TEXT NOT NULL,
    applied_at_ms INTEGER NOT NULL
  ) STRICT`;
const SELECT_MIGRATIONS = 'SELECT number, name, checksum FROM migrations ORDER BY number';
const INSERT_MIGRATION = 'INSERT INTO migrations VALUES (?, ?, ?, ?)';

/** Returns the number the journal stands at. */
export function migrate(db: DatabaseSync, nowMs: number): number {
  const files = readMigrations();
  db.exec('BEGIN IMMEDIATE');
  try {
    db.exec(CREATE_MIGRATIONS);
    const applied = db.prepare(SELECT_MIGRATIONS).all() as unknown as {
      number: number;
      name: string;
      checksum: string;
    }[];
    for (const migration of applied) {
      const file = files[migration.number - 1];
      if (file === undefined) {
        throw new JournalError(
          'unsupported',
          `The journal was written by a newer Offhook (migration ${migration.name}). Start that version, or restore a backup made before the upgrade.`,
        );
      }
      if (file.checksum !== migration.checksum) {
        throw new JournalError(
          'unsupported',
          `Migration ${file.name} is not the one that made this journal: this program was changed after it was released.`,
        );
      }
    }
    const insert = db.prepare(INSERT_MIGRATION);
    for (const file of files.slice(applied.length)) {
      db.exec(file.sql);
      insert.run(file.number, file.name, file.checksum, nowMs);
    }
    db.exec('COMMIT');
  } catch (error) {
    if (db.isTransaction) db.exec('ROLLBACK');
    throw error;
  }
  return files.length;
}

function readMigrations(): readonly { number: number; name: string; sql: string; checksum: string }[] {
  const names = readdirSync(FOLDER)
    .filter((name) => /^\d{4}-.+\.sql$/.test(name))
    .toSorted();
  return names.map((name, index) => {
    const sql = readFileSync(new URL(name, FOLDER), 'utf8');
    if (Number(name.slice(0, 4)) !== index + 1) throw new Error(`Migration ${name} leaves a gap.`);
    return { number: index + 1, name, sql, checksum: createHash('sha256').update(sql).digest('hex') };
  });
}
