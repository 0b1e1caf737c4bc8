/** What SQLite and the disk may do to the journal, each done to it for real. */
import { spawnSync } from 'node:child_process';
import {
  appendFileSync,
  cpSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  openSync,
  readFileSync,
  rmSync,
  statSync,
  truncateSync,
  writeSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import { accept, createDestination, TestClock, toIncoming, toReport } from '../conformance/harness.ts';
import type { Journal } from '../journal.ts';
import { createSecretBox } from '../secret-box.ts';
import { openSqliteJournal, type SqliteJournalOptions } from './sqlite-journal.ts';

const JOURNAL_MODULE = new URL('./sqlite-journal.ts', import.meta.url).href;
const BOX_MODULE = new URL('../secret-box.ts', import.meta.url).href;
const HARNESS_MODULE = new URL('../conformance/harness.ts', import.meta.url).href;

const hasStrace = spawnSync('strace', ['-V']).status === 0;
const canMount = spawnSync('unshare', ['-m', 'true']).status === 0;

let folder = '';
let opened: Journal[] = [];

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-faults-'));
});

afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  rmSync(folder, { recursive: true });
});

async function open(more: Partial<SqliteJournalOptions> = {}): Promise<Journal> {
  const journal = await openSqliteJournal({
    file: join(folder, 'journal.db'),
    clock: new TestClock(),
    secretBox: createSecretBox(Buffer.alloc(32, 1)),
    ...more,
  });
  opened.push(journal);
  return journal;
}

async function close(journal: Journal): Promise<void> {
  opened = opened.filter((each) => each !== journal);
  await journal.close();
}

/** File and log as kill -9 leaves them, in a folder of their own. */
function takeRemains(): string {
  const remains = join(folder, 'remains');
  mkdirSync(remains);
  for (const name of ['journal.db', 'journal.db-wal']) {
    if (existsSync(join(folder, name))) cpSync(join(folder, name), join(remains, name));
  }
  return join(remains, 'journal.db');
}

/** Runs a script against a journal in a process of its own; returns what it printed as JSON. */
function runInProcess(command: readonly string[], body: string): { stdout: string; stderr: string } {
  const script = `
    import { openSqliteJournal } from '${JOURNAL_MODULE}';
    import { createSecretBox } from '${BOX_MODULE}';
    import { accept, TestClock } from '${HARNESS_MODULE}';
    const open = (more = {}) => openSqliteJournal({
      file: '${join(folder, 'data', 'journal.db')}', clock: new TestClock(),
      secretBox: createSecretBox(Buffer.alloc(32, 1)), ...more });
    ${body}`;
  const words = [...command, process.execPath, '--input-type=module', '-e', script];
  const [file = process.execPath, ...args] = words;
  const { stdout, stderr } = spawnSync(file, args, { encoding: 'utf8' });
  return { stdout, stderr };
}

describe('group commit', () => {
  it('shares one commit among all who wait for it', async () => {
    let commits = 0;
    const journal = await open({ crashPoint: (point) => void (point === 'before-commit' && (commits += 1)) });
    await Promise.all(
      Array.from({ length: 100 }, (_, index) => accept(journal, `call-${index}`, 'in-progress')),
    );
    expect(commits).toBe(1);
    for (let index = 0; index < 3; index += 1) await accept(journal, `call-${index}`, 'ended');
    expect(commits).toBe(4);
  });

  it('rejects only the operation that is at fault', async () => {
    const journal = await open();
    const results = await Promise.allSettled([
      accept(journal, 'a', 'in-progress'),
      accept(journal, 'b', 'in-progress', {}, { accountId: 'acc_unknown' }),
      accept(journal, 'a', 'ended'),
      accept(journal, 'c', 'in-progress', {}, { sourceId: 'src_unknown' }),
    ]);
    expect(results.map(({ status }) => status)).toEqual(['fulfilled', 'rejected', 'fulfilled', 'rejected']);
    const feed = await journal.readFeed(undefined, 0, 10);
    expect(feed.map(({ callId, sequence, row }) => [callId, sequence, row])).toEqual([
      ['a', 1, 1],
      ['a', 2, 2],
    ]);
    expect(await journal.readStats()).toMatchObject({ calls: 1, events: 2 });
  });

  it('changes nothing where one report of a batch is at fault', async () => {
    const journal = await open();
    const good = toIncoming(toReport('a', 'in-progress'));
    const bad = toIncoming(toReport('b', 'in-progress'), { sourceId: 'src_unknown' });
    await expect(journal.acceptReports([good, bad])).rejects.toThrow('src_unknown');
    expect(await journal.getCall('default', 'a')).toBeUndefined();
    expect((await accept(journal, 'a', 'in-progress')).outcome).toBe('advanced');
  });

  it('refuses what would wait too long, and takes it again later', async () => {
    const journal = await open();
    const batch = Array.from({ length: 1_000 }, (_, index) => toIncoming(toReport(`call-${index}`, 'ended')));
    const results = await Promise.allSettled(Array.from({ length: 52 }, () => journal.acceptReports(batch)));
    const refused = results.filter((result) => result.status === 'rejected');
    expect(refused).toHaveLength(2);
    expect(refused[0]?.reason).toMatchObject({ name: 'JournalError', code: 'busy' });
    expect((await accept(journal, 'late', 'ended')).outcome).toBe('advanced');
  });

  it('finishes what was asked for before it closes, and nothing after', async () => {
    const journal = await open();
    const accepted = accept(journal, 'a', 'in-progress');
    const closed = close(journal);
    await expect(accept(journal, 'b', 'in-progress')).rejects.toMatchObject({ code: 'closed' });
    expect((await accepted).outcome).toBe('advanced');
    await closed;
    expect(existsSync(join(folder, 'journal.db-wal'))).toBe(false);
    expect(await (await open()).getCall('default', 'a')).toBeDefined();
  });
});

describe('durability', () => {
  it('costs at least one fsync for each commit, counted by strace', ({ skip }) => {
    if (!hasStrace) skip('strace is not installed');
    const log = join(folder, 'strace.log');
    const { stdout, stderr } = runInProcess(
      ['strace', '-f', '-o', log, '-e', 'trace=fsync,fdatasync'],
      `const journal = await open();
       console.log('begin');
       for (let index = 0; index < 50; index += 1) await accept(journal, 'call-' + index, 'in-progress');
       console.log('done');
       process.exit(0);`,
    );
    expect(stdout || stderr).toBe('begin\ndone\n');
    const syncs = readFileSync(log, 'utf8')
      .split('\n')
      .filter((line) => /f(data)?sync\(.*= 0/.test(line));
    expect(syncs.length).toBeGreaterThanOrEqual(50);
  });

  it('after an fsync that failed acknowledges nothing any more, and says why', ({ skip }) => {
    if (!hasStrace) skip('strace is not installed');
    const { stdout, stderr } = runInProcess(
      ['strace', '-f', '-o', '/dev/null', '-e', 'trace=fsync', '-e', 'inject=fsync:error=EIO:when=30'],
      `const journal = await open();
       const outcomes = [];
       for (let index = 0; index < 40; index += 1) {
         outcomes.push(await accept(journal, 'call-' + index, 'in-progress').then(() => 'ok', (error) => error.code));
       }
       console.log(JSON.stringify({
         refused: [...new Set(outcomes.slice(outcomes.findIndex((outcome) => outcome !== 'ok')))],
         accepted: outcomes.filter((outcome) => outcome === 'ok').length,
         broken: (await journal.broken).code,
         check: await journal.check().then(() => 'ok', (error) => error.code),
         claims: await journal.claimDeliveries({ lanes: [] }).then(() => 'ok', (error) => error.code),
       }));
       process.exit(0);`,
    );
    expect(JSON.parse(stdout || stderr)).toEqual({
      refused: ['broken'],
      accepted: expect.any(Number),
      broken: 'broken',
      check: 'broken',
      claims: 'broken',
    });
  });

  it('survives any of its writes failing: nothing acknowledged is lost, and the next start works', async ({
    skip,
  }) => {
    if (!hasStrace) skip('strace is not installed');
    let ackedOfAll = 0;
    for (const [index, nth] of [1, 40, 80, 120, 140, 160, 170, 180, 190, 200, 210, 220, 240].entries()) {
      const error = index % 2 === 0 ? 'EIO' : 'ENOSPC';
      const inject = `inject=pwrite64:error=${error}:when=${nth}`;
      const { stdout, stderr } = runInProcess(
        ['strace', '-f', '-o', '/dev/null', '-e', 'trace=pwrite64', '-e', inject],
        `const journal = await open({ checkpointPages: 8 }).catch((error) => {
           console.error(error.name);
           process.exit(0);
         });
         console.error('opened');
         for (let index = 0; index < 10; index += 1) {
           await accept(journal, 'call-' + index, 'in-progress').then(() => console.log(index), () => {});
         }
         process.exit(0);`,
      );
      const acked = stdout.split('\n').filter((line) => line !== '');
      ackedOfAll += acked.length;
      // Nothing acknowledged: it did not open, or its first commit was the one that failed.
      if (acked.length === 0) expect(['JournalError', 'opened']).toContain(stderr.trim().split('\n').at(-1));
      const journal = await open({ file: join(folder, 'data', 'journal.db') });
      for (const call of acked) expect(await journal.getCall('default', `call-${call}`)).toBeDefined();
      await close(journal);
      const db = new DatabaseSync(join(folder, 'data', 'journal.db'));
      expect(db.prepare('PRAGMA integrity_check').get()).toEqual({ integrity_check: 'ok' });
      db.close();
      rmSync(join(folder, 'data'), { recursive: true });
    }
    expect(ackedOfAll).toBeGreaterThan(20);
  });

  it('on a full disk refuses with "full", keeps what it took, and goes on when there is space', ({
    skip,
  }) => {
    if (!canMount) skip('mounting is not allowed here');
    const { stdout, stderr } = runInProcess(
      [
        'unshare',
        '-m',
        'sh',
        '-c',
        `mkdir "$0" && mount -t tmpfs -o size=1m tmpfs "$0" && exec "$@"`,
        join(folder, 'data'),
      ],
      `import { rmSync, writeFileSync } from 'node:fs';
       const journal = await open();
       writeFileSync('${join(folder, 'data', 'ballast')}', Buffer.alloc(300_000));
       const codes = new Set();
       let acked = 0;
       let index = 0;
       for (; codes.size === 0 && index < 5_000; index += 1) {
         await accept(journal, 'call-' + index, 'ended').then(() => (acked += 1), (error) => codes.add(error.code));
       }
       rmSync('${join(folder, 'data', 'ballast')}');
       await accept(journal, 'after', 'ended');
       const { calls } = await journal.readStats();
       console.log(JSON.stringify({ codes: [...codes], lost: acked + 1 - calls, isSome: acked > 5 }));
       await journal.close();`,
    );
    expect(JSON.parse(stdout || stderr)).toEqual({ codes: ['full'], lost: 0, isSome: true });
  });

  it('keeps every commit when the log ends in the middle of a later one', async () => {
    const journal = await open();
    await accept(journal, 'a', 'in-progress');
    const committed = statSync(join(folder, 'journal.db-wal')).size;
    await accept(journal, 'b', 'in-progress');
    const file = takeRemains();
    truncateSync(`${file}-wal`, committed + 5_000);
    const torn = await open({ file });
    expect(await torn.getCall('default', 'a')).toBeDefined();
    expect(await torn.getCall('default', 'b')).toBeUndefined();
    expect((await accept(torn, 'b', 'in-progress')).outcome).toBe('advanced');
  });

  it('takes no garbage at the end of the log for a commit', async () => {
    const journal = await open();
    await accept(journal, 'a', 'in-progress');
    const file = takeRemains();
    appendFileSync(`${file}-wal`, Buffer.alloc(20_000, 0xa5));
    const again = await open({ file });
    expect(await again.readStats()).toMatchObject({ calls: 1, events: 1 });
  });
});

describe('opening', () => {
  it('refuses a second owner while the first lives, and takes over when it is gone', async () => {
    const first = await open();
    await expect(open()).rejects.toMatchObject({ code: 'busy', message: expect.stringContaining('Another') });
    const { stdout } = runInProcess(
      [],
      `await openSqliteJournal({ file: '${join(folder, 'journal.db')}', clock: new TestClock(),
         secretBox: createSecretBox(Buffer.alloc(32, 1)) }).catch((error) => console.log(error.code));`,
    );
    expect(stdout).toBe('busy\n');
    await accept(first, 'a', 'in-progress');
    await close(first);
    expect(await (await open()).getCall('default', 'a')).toBeDefined();
  });

  it('refuses another master key before anything is accepted', async () => {
    await close(await open());
    await expect(open({ secretBox: createSecretBox(Buffer.alloc(32, 2)) })).rejects.toMatchObject({
      name: 'JournalError',
      code: 'sealed',
    });
    await close(await open());
  });

  it('refuses a journal of a newer version, and one that another 0001 made', async () => {
    await close(await open());
    const change = (sql: string): void => {
      const db = new DatabaseSync(join(folder, 'journal.db'));
      db.exec(sql);
      db.close();
    };
    change(`INSERT INTO migrations VALUES (9, '0009-future.sql', 'x', 0)`);
    await expect(open()).rejects.toMatchObject({
      code: 'unsupported',
      message: expect.stringContaining('newer Offhook'),
    });
    change(`DELETE FROM migrations WHERE number = 9; UPDATE migrations SET checksum = 'x'`);
    await expect(open()).rejects.toMatchObject({ code: 'unsupported' });
  });

  it('refuses a damaged file after an unclean stop', async () => {
    const journal = await open({ checkpointPages: 1 });
    for (let index = 0; index < 50; index += 1) await accept(journal, `call-${index}`, 'ended');
    const file = takeRemains();
    const descriptor = openSync(file, 'r+');
    for (let page = 3; page < 30; page += 1)
      writeSync(descriptor, Buffer.alloc(64, 0xff), 0, 64, page * 4_096);
    await expect(open({ file })).rejects.toMatchObject({ code: 'broken' });
  });

  it('reads the others, and a call whose row holds a duration that no number can hold', async () => {
    const journal = await open();
    await accept(journal, 'absurd', 'ended');
    await accept(journal, 'sound', 'ended');
    await close(journal);
    const db = new DatabaseSync(join(folder, 'journal.db'));
    db.exec(`UPDATE calls SET duration_ms = 10000000000000000 WHERE call_id = 'absurd'`);
    db.close();
    const again = await open();
    const page = await again.listCalls('default', {}, { limit: 10, cursor: null });
    expect(page.items.map(({ callId, durationMs }) => [callId, durationMs])).toEqual([
      ['sound', null],
      ['absurd', Number.MAX_SAFE_INTEGER],
    ]);
    expect((await again.getTimeline('default', 'absurd'))?.call.durationMs).toBe(Number.MAX_SAFE_INTEGER);
    expect(await again.readCallChanges(undefined, 0, 10)).toHaveLength(2);
    expect(await accept(again, 'absurd', 'ended')).toMatchObject({ outcome: 'repeated' });
  });

  it('keeps no secret readable in its files', async () => {
    const journal = await open();
    const settings = { url: 'https://example.com', token: 'canary-settings' };
    const { id } = await createDestination(journal, { secret: 'whsec_canary-secret', settings });
    await journal.rotateSecret('default', id, 'whsec_canary-rotated', 1_000, { kind: 'hub', id: 'hub' });
    await journal.updateSource(
      'default',
      'voicedock',
      { secrets: ['canary-source'] },
      { kind: 'hub', id: 'hub' },
    );
    for (const name of ['journal.db', 'journal.db-wal']) {
      expect(readFileSync(join(folder, name)).includes('canary-')).toBe(false);
    }
    await close(journal);
    const again = await open();
    expect(await again.getDestination('default', id)).toMatchObject({
      secret: 'whsec_canary-rotated',
      previousSecret: 'whsec_canary-secret',
      settings,
    });
    expect((await again.findSource('voicedock'))?.secrets).toEqual(['canary-source']);
  });
});
