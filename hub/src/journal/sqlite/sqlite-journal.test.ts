import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import { describeJournal } from '../conformance/describe-journal.ts';
import { TestClock, type Harness } from '../conformance/harness.ts';
import { createSecretBox } from '../secret-box.ts';
import { openSqliteJournal } from './sqlite-journal.ts';

const secretBox = createSecretBox(Buffer.alloc(32, 1));

describeJournal('SQLite in a file', async (): Promise<Harness> => {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-journal-'));
  const clock = new TestClock();
  const file = join(folder, 'journal.db');
  const journal = await openSqliteJournal({ file, clock, secretBox });
  const opened = [journal];
  return {
    journal,
    clock,
    async crash() {
      // What kill -9 leaves: file and log as they stand, without a goodbye.
      const left = join(folder, 'left');
      mkdirSync(left);
      for (const name of ['journal.db', 'journal.db-wal']) {
        if (existsSync(join(folder, name))) cpSync(join(folder, name), join(left, name));
      }
      const again = await openSqliteJournal({ file: join(left, 'journal.db'), clock, secretBox });
      opened.push(again);
      return again;
    },
    readDisk: () =>
      Buffer.concat(['journal.db', 'journal.db-wal'].map((name) => readFileSync(join(folder, name)))),
    async close() {
      for (const each of opened) await each.close();
      rmSync(folder, { recursive: true });
    },
  };
});

describeJournal(
  'SQLite in memory',
  async (): Promise<Harness> => {
    const clock = new TestClock();
    const journal = await openSqliteJournal({ file: ':memory:', clock, secretBox });
    return { journal, clock, crash: null, readDisk: null, close: () => journal.close() };
  },
  { survivesCrash: false },
);
