import { cpSync, existsSync, mkdirSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';

import { describeJournal } from '../../conformance/describe-journal.ts';
import { TestClock, toIncoming, toReport, type Harness } from '../../conformance/harness.ts';
import type { ClaimedDelivery } from '../../deliveries.ts';
import type { Journal } from '../../journal.ts';
import { openThreadJournal } from './thread-journal.ts';

const masterKey = Buffer.alloc(32, 1);

/** Stands still like TestClock, for the journal's thread too. */
class SharedTestClock extends TestClock {
  readonly shared = new SharedArrayBuffer(16);

  constructor() {
    super();
    this.advance(0);
  }

  override advance(ms: number): void {
    super.advance(ms);
    const times = new BigInt64Array(this.shared);
    Atomics.store(times, 0, BigInt(this.nowMs()));
    Atomics.store(times, 1, BigInt(this.monotonicMs()));
  }
}

describeJournal('SQLite on its own thread', async (): Promise<Harness> => {
  const folder = mkdtempSync(join(tmpdir(), 'offhook-journal-'));
  const clock = new SharedTestClock();
  const open = (file: string): Promise<Journal> =>
    openThreadJournal({ file, masterKey, sharedClock: clock.shared });
  const opened = [await open(join(folder, 'journal.db'))];
  return {
    journal: opened[0] as Journal,
    clock,
    async crash() {
      const left = join(folder, 'left');
      mkdirSync(left);
      for (const name of ['journal.db', 'journal.db-wal']) {
        if (existsSync(join(folder, name))) cpSync(join(folder, name), join(left, name));
      }
      const again = await open(join(left, 'journal.db'));
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

describe('the journal’s thread', () => {
  async function openOne(file = ':memory:'): Promise<Journal> {
    return openThreadJournal({ file, masterKey });
  }

  it('says why it cannot open the journal', async () => {
    await expect(openOne('/etc/hostname/journal.db')).rejects.toMatchObject({ name: 'JournalError' });
  });

  it('refuses calls after it was closed', async () => {
    const journal = await openOne();
    await journal.close();
    await journal.close();
    await expect(journal.readStats()).rejects.toMatchObject({ code: 'closed' });
  });

  it('hands what became due to the engine before the report is answered, and takes it back where there is no room', async () => {
    const journal = await openOne();
    const destination = await journal.createDestination(
      {
        accountId: 'default',
        kind: 'webhook',
        name: null,
        settings: {},
        filter: {},
        order: 'strict',
        concurrency: 1,
        ratePerSecond: null,
        retryScheduleS: null,
        timeoutMs: 1_000,
        secret: 'secret',
      },
      { kind: 'hub', id: 'hub' },
    );
    const taken: ClaimedDelivery[] = [];
    const hinted: string[] = [];
    let hasRoom = true;
    journal.listenDue({
      nodeId: 'a',
      leaseMs: 15_000,
      take(delivery) {
        if (hasRoom) taken.push(delivery);
        return hasRoom;
      },
      hint: (id) => hinted.push(id),
    });
    const claim = (limit: number): Promise<readonly ClaimedDelivery[]> =>
      journal.claimDeliveries({
        nodeId: 'a',
        leaseMs: 15_000,
        nowMs: Date.now() + 1,
        lanes: [{ destinationId: destination.id, limit }],
      });

    await journal.acceptReports([toIncoming(toReport('first', 'in-progress'))]);
    expect(taken).toHaveLength(1);
    expect(JSON.parse(Buffer.from(taken[0]?.body ?? []).toString())).toMatchObject({
      message: { call: { id: 'first', status: 'in-progress' } },
    });
    expect(await claim(10)).toHaveLength(0);

    hasRoom = false;
    await journal.acceptReports([toIncoming(toReport('second', 'in-progress'))]);
    // Refused, so its lane has a backlog: the next one is not offered, but hinted at.
    await journal.acceptReports([toIncoming(toReport('third', 'in-progress'))]);
    hasRoom = true;
    await journal.acceptReports([toIncoming(toReport('fourth', 'in-progress'))]);
    expect(taken).toHaveLength(1);
    expect(hinted).toContain(destination.id);
    expect(await claim(10)).toHaveLength(3);

    // Caught up: what is new goes the fast way again.
    await journal.acceptReports([toIncoming(toReport('fifth', 'in-progress'))]);
    expect(taken).toHaveLength(2);
    await journal.close();
  });

  it('answers everything it was asked in one turn', async () => {
    const journal = await openOne();
    const calls = Array.from({ length: 200 }, (_, index) => `call-${index}`);
    const accepted = await Promise.all(
      calls.map((callId) => journal.acceptReports([toIncoming(toReport(callId, 'in-progress'))])),
    );
    expect(accepted.map(([one]) => one?.call.callId)).toEqual(calls);
    expect(await journal.readStats()).toMatchObject({ events: 200 });
    await journal.close();
  });
});
