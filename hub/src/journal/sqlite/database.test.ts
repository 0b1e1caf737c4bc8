import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, it } from 'vitest';

import { openDatabase } from './database.ts';

it('keeps the files of the journal to its owner, in a folder that others may read', () => {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-database-'));
  chmodSync(folder, 0o755);
  const database = openDatabase(join(folder, 'journal.sqlite'), 'FULL');
  try {
    database.write.exec('CREATE TABLE one (two)');
    const names = readdirSync(folder);
    expect(names).toEqual(
      expect.arrayContaining(['journal.sqlite', 'journal.sqlite-owner', 'journal.sqlite-wal']),
    );
    for (const name of names)
      expect([name, statSync(join(folder, name)).mode & 0o777]).toEqual([name, 0o600]);
  } finally {
    database.close();
    rmSync(folder, { recursive: true });
  }
});
