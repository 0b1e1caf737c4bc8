/** What the roll-ups do in their tables: when minutes get there, what they become, and what a crash or an upgrade leaves. */
import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createHash } from 'node:crypto';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { afterEach, beforeEach, describe, expect, it } from 'vitest';

import {
  accept,
  claim,
  createDestination,
  FIRST_PAGE,
  record,
  TestClock,
  toIncoming,
  toRecord,
  toReport,
} from '../conformance/harness.ts';
import type { CallSlot } from '../analytics.ts';
import type { DestinationId } from '../ids.ts';
import type { Journal } from '../journal.ts';
import { createSecretBox } from '../secret-box.ts';
import type { JournalTrouble } from '../trouble.ts';
import { openSqliteJournal, type SqliteJournalOptions } from './sqlite-journal.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const secretBox = createSecretBox(Buffer.alloc(32, 1));

let folder = '';
let opened: Journal[] = [];
let clock = new TestClock();

beforeEach(() => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-slots-'));
  clock = new TestClock();
});

afterEach(async () => {
  for (const journal of opened.splice(0)) await journal.close();
  rmSync(folder, { recursive: true });
});

async function open(more: Partial<SqliteJournalOptions> = {}): Promise<Journal> {
  const journal = await openSqliteJournal({ file: join(folder, 'journal.db'), clock, secretBox, ...more });
  opened.push(journal);
  return journal;
}

/** What kill -9 would leave now, opened. */
function crash(): Promise<Journal> {
  const left = join(folder, `left-${opened.length}`);
  mkdirSync(left);
  for (const name of ['journal.db', 'journal.db-wal']) {
    if (existsSync(join(folder, name))) cpSync(join(folder, name), join(left, name));
  }
  return open({ file: join(left, 'journal.db') });
}

function count(table: string): number {
  const db = new DatabaseSync(join(folder, 'journal.db'), { readOnly: true });
  try {
    return db.prepare(`SELECT count(*) AS count FROM ${table}`).get()?.['count'] as number;
  } finally {
    db.close();
  }
}

async function readSlots(
  journal: Journal,
  sinceMs: number,
  stepMs: number,
): Promise<readonly Pick<CallSlot, 'ended' | 'activeEnd'>[]> {
  const request = { accountId: 'default', sinceMs, untilMs: clock.nowMs() + 1, stepMs } as const;
  const { slots } = await journal.readCallStatistics(request);
  return slots;
}

async function countEnded(journal: Journal, sinceMs: number, stepMs: number): Promise<number> {
  return (await readSlots(journal, sinceMs, stepMs)).reduce((sum, { ended }) => sum + ended, 0);
}

async function countDelivered(journal: Journal, sinceMs: number): Promise<readonly number[]> {
  const request = { accountId: 'default', sinceMs, untilMs: clock.nowMs() + 1, stepMs: MINUTE_MS } as const;
  const { destinations } = await journal.readDeliveryStatistics(request);
  return destinations.map(({ delivered }) => delivered);
}

describe('a minute', () => {
  it('is in its table once it is over, and in no commit before', async () => {
    const journal = await open();
    await accept(journal, 'a', 'ended');
    await accept(journal, 'b', 'ended');
    expect(count('call_minutes')).toBe(0);
    clock.advance(MINUTE_MS);
    await accept(journal, 'c', 'ended');
    expect(count('call_minutes')).toBe(1);
    expect(count('slot_spills')).toBe(0);
    expect(await countEnded(journal, clock.nowMs() - MINUTE_MS, MINUTE_MS)).toBe(3);
  });

  it('of more destinations than one row holds is set aside, and put in the tables in steps', async () => {
    const journal = await open();
    const startMs = clock.nowMs();
    const ids: DestinationId[] = [];
    for (let index = 0; index < DESTINATIONS; index += 1) ids.push((await createDestination(journal)).id);
    for (const call of ['a', 'b']) {
      await journal.acceptReports([toIncoming(toReport(call, 'ended'))]);
      for (let from = 0; from < ids.length; from += 100) {
        const lanes = ids.slice(from, from + 100).map((destinationId) => ({ destinationId, limit: 1 }));
        const claimed = await journal.claimDeliveries({
          nodeId: 'a',
          leaseMs: 15_000,
          nowMs: clock.nowMs(),
          lanes,
        });
        await journal.recordAttempts(claimed.map((each) => toRecord(each)));
      }
      expect(count('slot_spills')).toBeGreaterThan(1);
      expect(await countDelivered(await crash(), startMs)).toEqual(
        Array.from({ length: DESTINATIONS }, () => (call === 'a' ? 1 : 2)),
      );
    }
    clock.advance(MINUTE_MS);
    await accept(journal, 'c', 'in-progress');
    // The first step went with that commit; a crash between two of them loses nothing.
    const between = await crash();
    expect(await countDelivered(between, startMs)).toEqual(ids.map(() => 2));
    await expect.poll(() => count('slot_spills')).toBe(0);
    expect(count('delivery_minutes')).toBe(DESTINATIONS);
    expect(await countDelivered(journal, startMs)).toEqual(ids.map(() => 2));
    await accept(between, 'd', 'in-progress');
    expect(await countDelivered(await crash(), startMs)).toEqual(ids.map(() => 2));
  });

  it('is found again where the clock was set back into it', async () => {
    const journal = await open();
    const startMs = clock.nowMs();
    await accept(journal, 'a', 'ended');
    clock.advance(5 * MINUTE_MS);
    await accept(journal, 'b', 'ended');
    clock.advance(-5 * MINUTE_MS);
    await accept(journal, 'c', 'ended');
    await accept(journal, 'd', 'ended');
    clock.advance(5 * MINUTE_MS);
    await accept(journal, 'e', 'ended');
    const expected = [3, 0, 0, 0, 0, 2];
    expect((await readSlots(journal, startMs, MINUTE_MS)).map(({ ended }) => ended)).toEqual(expected);
    const again = await crash();
    expect((await readSlots(again, startMs, MINUTE_MS)).map(({ ended }) => ended)).toEqual(expected);
  });
});

/** More than are put in the tables by one commit. */
const DESTINATIONS = 520;

describe('an hour', () => {
  it('is folded when it is over; its minutes go after two days', async () => {
    const journal = await open();
    const startMs = clock.nowMs();
    const { id } = await createDestination(journal);
    for (let index = 0; index < 100; index += 1) {
      await accept(journal, `call-${index}`, index % 10 === 0 ? 'ended-with-error' : 'ended');
      for (const claimed of await claim({ journal, clock }, id)) await record(journal, claimed);
      clock.advance(2 * MINUTE_MS);
    }
    await accept(journal, 'last', 'ended');
    await expect.poll(() => count('call_hours')).toBeGreaterThanOrEqual(3);
    expect(count('delivery_hours')).toBe(count('call_hours'));
    expect(count('call_minutes')).toBe(100);
    expect(await countEnded(journal, startMs, HOUR_MS)).toBe(91);
    clock.advance(50 * HOUR_MS);
    await accept(journal, 'after', 'ended');
    await expect.poll(() => count('call_minutes')).toBe(0);
    expect(count('delivery_minutes')).toBe(0);
    expect(count('error_minutes')).toBe(0);
    expect(await countEnded(journal, startMs, HOUR_MS)).toBe(92);
    expect(await countEnded(await crash(), startMs, HOUR_MS)).toBe(92);
  });

  it('that ended while nobody ran is folded at the next start', async () => {
    const journal = await open();
    const startMs = clock.nowMs();
    for (const call of ['a', 'b']) {
      await accept(journal, call, 'ended');
      clock.advance(MINUTE_MS);
    }
    await journal.close();
    opened = [];
    clock.advance(30 * HOUR_MS);
    const again = await open();
    await expect.poll(() => count('call_hours')).toBe(1);
    expect(await countEnded(again, startMs, HOUR_MS)).toBe(2);
    expect(await countEnded(again, startMs, MINUTE_MS)).toBe(2);
  });

  it('is folded anew where the clock was set back into it', async () => {
    const journal = await open();
    const startMs = clock.nowMs();
    await accept(journal, 'a', 'ended');
    clock.advance(HOUR_MS);
    await accept(journal, 'b', 'ended');
    await expect.poll(() => count('call_hours')).toBe(1);
    clock.advance(-HOUR_MS);
    await accept(journal, 'c', 'ended');
    expect((await readSlots(journal, startMs, HOUR_MS)).map(({ ended }) => ended)).toEqual([2]);
    clock.advance(2 * HOUR_MS);
    await accept(journal, 'd', 'ended');
    await expect.poll(() => count('call_hours')).toBe(2);
    expect((await readSlots(journal, startMs, HOUR_MS)).map(({ ended }) => ended)).toEqual([2, 1, 1]);
  });
});

describe('a clock that was far ahead', () => {
  const AHEAD_MS = 400 * 24 * HOUR_MS;

  it('at a start and was put right loses no count, in a new journal or in an old one', async () => {
    // An hour whose minutes were deleted stands at its beginning.
    const startMs = Math.floor(clock.nowMs() / HOUR_MS) * HOUR_MS;
    for (const ended of [0, 2]) {
      clock.advance(AHEAD_MS);
      const ahead = await open();
      if (ended > 0) await expect.poll(() => count('call_minutes')).toBe(0);
      await ahead.close();
      opened = [];
      clock.advance(-AHEAD_MS);
      const journal = await open();
      await accept(journal, `a${ended}`, 'ended');
      clock.advance(MINUTE_MS);
      await accept(journal, `b${ended}`, 'ended');
      for (const stepMs of [MINUTE_MS, HOUR_MS]) {
        expect(await countEnded(journal, startMs, stepMs)).toBe(ended + 2);
      }
      await journal.close();
      opened = [];
    }
    clock.advance(60 * HOUR_MS);
    const later = await open();
    await expect.poll(() => count('call_minutes')).toBe(0);
    expect(await countEnded(later, startMs, HOUR_MS)).toBe(4);
    expect(await countEnded(await crash(), startMs, HOUR_MS)).toBe(4);
  });

  it('while calls were counted and was put right counts each where its clock was', async () => {
    const journal = await open();
    const startMs = clock.nowMs();
    await accept(journal, 'before', 'ended');
    clock.advance(AHEAD_MS);
    await accept(journal, 'ahead', 'ended');
    clock.advance(60 * HOUR_MS);
    await accept(journal, 'ahead-still', 'ended');
    await expect.poll(() => count('call_minutes')).toBe(0);
    clock.advance(-60 * HOUR_MS - AHEAD_MS);
    for (const call of ['right', 'right-too']) {
      await accept(journal, call, 'ended');
      clock.advance(HOUR_MS);
    }
    await accept(journal, 'now', 'in-progress');
    await expect.poll(() => count('call_hours')).toBeGreaterThanOrEqual(3);
    const request = { accountId: 'default', sinceMs: startMs, stepMs: HOUR_MS } as const;
    const near = await journal.readCallStatistics({ ...request, untilMs: clock.nowMs() + 1 });
    expect(near.slots.map(({ ended }) => ended)).toEqual([2, 1, 0]);
    const all = await journal.readCallStatistics({
      ...request,
      untilMs: startMs + AHEAD_MS + 70 * HOUR_MS,
      stepMs: 24 * HOUR_MS,
    });
    expect(all.slots.reduce((sum, { ended }) => sum + ended, 0)).toBe(5);
  });
});

describe('trouble with roll-ups', () => {
  it('of one account stops no other account, and is told', async () => {
    const journal = await open();
    const other = (await journal.createAccount('Other', { kind: 'key', id: 'key_TEST' })).id;
    const startMs = clock.nowMs();
    await accept(journal, 'a', 'ended');
    await accept(journal, 'b', 'ended', {}, { accountId: other });
    clock.advance(MINUTE_MS);
    await accept(journal, 'c', 'ended', {}, { accountId: other });
    await journal.close();
    opened = [];
    const db = new DatabaseSync(join(folder, 'journal.db'));
    db.exec('UPDATE call_minutes SET duration_ms_sum = 1 << 60 WHERE account_row = 1');
    db.close();
    clock.advance(HOUR_MS);
    const again = await open();
    const told: JournalTrouble[] = [];
    again.listenTrouble((trouble) => told.push(trouble));
    await expect.poll(() => count('call_hours')).toBe(1);
    expect(told).toMatchObject([{ task: 'fold', accountId: 'default', error: { code: 'ERR_OUT_OF_RANGE' } }]);
    const request = { accountId: other, sinceMs: startMs, untilMs: clock.nowMs(), stepMs: HOUR_MS } as const;
    expect((await again.readCallStatistics(request)).slots[0]).toMatchObject({ ended: 2 });
  });

  it('that stops all folding is told, and is tried again', async () => {
    const journal = await open();
    await accept(journal, 'a', 'ended');
    const told: JournalTrouble[] = [];
    journal.listenTrouble((trouble) => told.push(trouble));
    const db = new DatabaseSync(join(folder, 'journal.db'));
    db.exec(`CREATE TRIGGER refuse BEFORE INSERT ON call_hours BEGIN SELECT RAISE(ABORT, 'refused'); END`);
    clock.advance(HOUR_MS);
    await accept(journal, 'b', 'ended');
    await expect.poll(() => told).toMatchObject([{ accountId: null, error: { message: 'refused' } }]);
    db.exec('DROP TRIGGER refuse');
    db.close();
    clock.advance(MINUTE_MS);
    await accept(journal, 'c', 'ended');
    await expect.poll(() => count('call_hours')).toBe(1);
    expect(told).toHaveLength(1);
  });
});

describe('a journal made before there were roll-ups', () => {
  it('opens, keeps its calls, counts those that are active, and counts on from there', async () => {
    makeOldJournal();
    const journal = await open();
    const { items } = await journal.listCalls('default', {}, FIRST_PAGE);
    expect(items.map(({ callId, state }) => [callId, state])).toEqual([
      ['old-live', 'live'],
      ['old-ended', 'ended'],
    ]);
    expect(await journal.readLiveCalls('default', 0)).toMatchObject({ active: 1 });
    const startMs = clock.nowMs();
    expect(await readSlots(journal, startMs - HOUR_MS, HOUR_MS)).toEqual(
      expect.arrayContaining([expect.objectContaining({ ended: 0, activeEnd: 0 })]),
    );
    await accept(journal, 'new', 'in-progress');
    expect(await readSlots(journal, startMs, MINUTE_MS)).toMatchObject([{ activeEnd: 2 }]);
    await accept(journal, 'old-live', 'ended');
    expect(await readSlots(journal, startMs, MINUTE_MS)).toMatchObject([{ ended: 1, activeEnd: 1 }]);
  });
});

/** With the schema that was released first, and nothing of what came later. */
function makeOldJournal(): void {
  const sql = readFileSync(new URL('./migrations/0001-init.sql', import.meta.url), 'utf8');
  const db = new DatabaseSync(join(folder, 'journal.db'));
  db.exec('PRAGMA journal_mode = WAL');
  db.exec(sql);
  db.exec(`
    CREATE TABLE migrations (
      number INTEGER PRIMARY KEY, name TEXT NOT NULL, checksum TEXT NOT NULL, applied_at_ms INTEGER NOT NULL
    ) STRICT`);
  const checksum = createHash('sha256').update(sql).digest('hex');
  db.prepare('INSERT INTO migrations VALUES (1, ?, ?, 0)').run('0001-init.sql', checksum);
  const insert = db.prepare(`
    INSERT INTO calls (row, account_row, call_id, state, given, sequence, first_report_at_ms, live_since_ms,
      updated_at_ms)
    VALUES (?, 1, ?, ?, 0, 1, ?, ?, ?)`);
  const nowMs = clock.nowMs();
  insert.run(1, 'old-ended', 2, nowMs - HOUR_MS, null, nowMs - HOUR_MS);
  insert.run(2, 'old-live', 1, nowMs - MINUTE_MS, nowMs - MINUTE_MS, nowMs - MINUTE_MS);
  db.exec('UPDATE counters SET call_row = 2, calls = 2');
  db.close();
}
