import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { afterEach, describe, expect, it } from 'vitest';

import { createDestination, KEY_ACTOR, TestClock } from '../conformance/harness.ts';
import type { Journal } from '../journal.ts';
import { createSecretBox } from '../secret-box.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

describe('memory of destinations in the file', () => {
  const folders: string[] = [];
  afterEach(() => {
    for (const folder of folders.splice(0)) rmSync(folder, { recursive: true });
  });

  function makeFile(): string {
    const folder = mkdtempSync(join(tmpdir(), 'offhook-memory-'));
    folders.push(folder);
    return join(folder, 'journal.db');
  }

  function openJournal(file: string): Promise<Journal> {
    const secretBox = createSecretBox(Buffer.alloc(32, 1));
    return openSqliteJournal({ file, clock: new TestClock(), secretBox });
  }

  function count(file: string): number {
    const db = new DatabaseSync(file, { readOnly: true });
    try {
      return db.prepare('SELECT count(*) AS count FROM destination_memory').get()?.['count'] as number;
    } finally {
      db.close();
    }
  }

  it('leaves no row behind when its destination is deleted, not even where the hub stopped half way', async () => {
    const file = makeFile();
    const journal = await openJournal(file);
    const entries = Array.from({ length: 3_500 }, (_, index) => ({ key: `key ${index}`, value: 'x' }));
    const first = await createDestination(journal);
    const second = await createDestination(journal);
    const kept = await createDestination(journal);
    for (const { id } of [first, second]) await journal.writeDestinationMemory(id, entries);
    await journal.writeDestinationMemory(kept.id, [{ key: 'kept', value: 'x' }]);
    await journal.deleteDestination('default', first.id, KEY_ACTOR);
    await expect.poll(() => count(file)).toBe(entries.length + 1);
    // Closed behind the first step: the rest is left to the next start.
    await journal.deleteDestination('default', second.id, KEY_ACTOR);
    await journal.close();
    expect(count(file)).toBeGreaterThan(1);
    const again = await openJournal(file);
    await expect.poll(() => count(file)).toBe(1);
    expect(await again.readDestinationMemory(kept.id, ['kept'])).toEqual(['x']);
    await again.close();
  });

  it('opens no secret under another key or destination', async () => {
    const file = makeFile();
    const journal = await openJournal(file);
    const { id } = await createDestination(journal);
    const other = await createDestination(journal);
    await journal.writeDestinationMemory(id, [{ key: 'token', value: 'secret', isSecret: true }]);
    await journal.close();
    const db = new DatabaseSync(file);
    db.exec(`
      INSERT INTO destination_memory (destination_row, key, sealed)
        SELECT destination_row, 'moved', sealed FROM destination_memory;
      INSERT INTO destination_memory (destination_row, key, sealed)
        SELECT (SELECT max(row) FROM destinations), 'token', sealed FROM destination_memory WHERE key = 'token'`);
    db.close();
    const again = await openJournal(file);
    expect(await again.readDestinationMemory(id, ['token'])).toEqual(['secret']);
    await expect(again.readDestinationMemory(id, ['moved'])).rejects.toMatchObject({ code: 'sealed' });
    await expect(again.readDestinationMemory(other.id, ['token'])).rejects.toMatchObject({ code: 'sealed' });
    await again.close();
  });
});
