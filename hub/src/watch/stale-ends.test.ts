import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { SimClock } from '../../../test/support/sim-clock.ts';
import type { ReportedReport } from '../ingest/request-observer.ts';
import type { AccountId } from '../journal/ids.ts';
import type { Journal } from '../journal/journal.ts';
import type { Watch, WatchedJournal } from './watch.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import {
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  toIncoming,
  toReport,
} from '../journal/conformance/harness.ts';
import { JournalError } from '../journal/journal-error.ts';
import { createSecretBox } from '../journal/secret-box.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { createStaleEndWatch, LISTENED_GAP_MS, LISTENED_MS_MIN, STALE_ENDS_PER_LOOK } from './stale-ends.ts';
import { WATCH_MS } from './watch.ts';
import { startWatchers } from './watchers.ts';

const NOW = Date.parse('2026-11-18T10:00:00Z');
const HOUR = 3_600_000;
const STALE_AFTER_MS = 4 * HOUR;
const ERROR = 'No end was reported for 4 h';
const undo: (() => Promise<unknown>)[] = [];

afterEach(async () => {
  for (const step of undo.splice(0).toReversed()) await step();
});

interface Ground {
  readonly clock: SimClock;
  readonly journal: Journal;
  readonly counted: ReportedReport[];
  /** As the hub does at its start; what it reads and writes may be changed on the way. */
  watch(changed?: Partial<WatchedJournal>): { stop(): Promise<void> };
  /** By the hub's clock, and every look that is due until then. */
  passTime(ms: number): Promise<void>;
}

async function prepare(policy: 'keep' | 'end' = 'end'): Promise<Ground> {
  const clock = createSimClock(NOW);
  const journal = await openSqliteJournal({
    file: ':memory:',
    clock,
    secretBox: createSecretBox(randomBytes(32)),
    staleAfterMs: STALE_AFTER_MS,
  });
  undo.push(() => journal.close());
  await journal.updateAccount('default', { staleCalls: policy }, KEY_ACTOR);
  const counted: ReportedReport[] = [];
  return {
    clock,
    journal,
    counted,
    watch(changed = {}) {
      const watchers = startWatchers({
        journal: { ...journal, ...changed },
        clock,
        staleAfterMs: STALE_AFTER_MS,
        observer: { reported: (report) => void counted.push(report), refused: () => undefined },
        errorRate: null,
        troubled: () => undefined,
      });
      undo.push(() => watchers.stop());
      return watchers;
    },
    passTime: (ms) => clock.runUntil(clock.nowMs() + ms),
  };
}

async function report(
  journal: Journal,
  callId: string,
  status: string,
  accountId: AccountId = 'default',
): Promise<string | undefined> {
  const [accepted] = await journal.acceptReports([toIncoming(toReport(callId, status), { accountId })]);
  return accepted?.outcome;
}

async function readState(journal: Journal, callId: string, accountId: AccountId = 'default') {
  return (await journal.getCall(accountId, callId))?.state;
}

/** What the account's destinations are owed: `status`, or type of operational event, of a call. Oldest first. */
async function listOwed(journal: Journal): Promise<readonly string[]> {
  const { items } = await journal.listDeliveries('default', {}, { limit: 200, cursor: null });
  return items.toReversed().map(({ callId, status }) => `${status} ${callId}`);
}

const LOOKED_AT = {
  staleAfterMs: STALE_AFTER_MS,
  observer: { reported: () => undefined, refused: () => undefined },
} as const;

async function lookUntil(watch: Watch, fromMs: number, untilMs: number): Promise<void> {
  for (let atMs = fromMs; atMs <= untilMs; atMs += WATCH_MS) await watch.look(atMs, () => false);
}

async function countLive(journal: Journal): Promise<number> {
  return (await journal.listLiveCallsSince(0, NOW + 1_000 * HOUR, 100_000)).length;
}

describe('the end of stale calls, where the account chose it', () => {
  it('comes with what went wrong, is told to every destination once, after it was told that the call is stale', async () => {
    const { journal, clock, counted, watch, passTime } = await prepare();
    await createDestination(journal, { filter: { operational_events: ['call.stale'] } });
    watch();
    await report(journal, 'lost', 'in-progress');
    await report(journal, 'well', 'in-progress');
    await passTime(STALE_AFTER_MS - WATCH_MS);
    await report(journal, 'well', 'ended');
    expect(await readState(journal, 'lost')).toBe('live');
    await passTime(3 * WATCH_MS);
    const call = await journal.getCall('default', 'lost');
    expect(call).toMatchObject({ state: 'failed', error: ERROR, durationMs: null, sequence: 2 });
    const endedAtMs = call?.endedAtMs ?? 0;
    expect(endedAtMs - NOW).toBeGreaterThan(STALE_AFTER_MS);
    expect(endedAtMs - NOW).toBeLessThanOrEqual(STALE_AFTER_MS + 2 * WATCH_MS);
    await passTime(2 * HOUR);
    expect(await listOwed(journal)).toEqual([
      'in-progress lost',
      'in-progress well',
      'ended well',
      'call.stale lost',
      'ended-with-error lost',
    ]);
    expect(counted).toMatchObject([{ sourceKind: 'hub', status: 'ended-with-error', outcome: 'advanced' }]);
    expect(await journal.readLiveCalls('default', clock.nowMs() - STALE_AFTER_MS)).toMatchObject({
      active: 0,
      stale: 0,
    });
    const groups = await journal.listErrorGroups('default', {}, FIRST_PAGE);
    expect(groups.items).toMatchObject([{ example: ERROR, count: 1, lastCallId: 'lost' }]);
  });

  it('never comes by itself where nothing was chosen, nor in another account', async () => {
    const { journal, watch, passTime } = await prepare('keep');
    const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
    await journal.updateAccount(other, { staleCalls: 'end' }, KEY_ACTOR);
    watch();
    await report(journal, 'kept', 'in-progress');
    await report(journal, 'theirs', 'in-progress', other);
    await passTime(30 * HOUR);
    expect(await readState(journal, 'kept')).toBe('live');
    expect(await readState(journal, 'theirs', other)).toBe('failed');
  });

  it('comes to calls that were stale before the choice, however long; of those only what is news is told again', async () => {
    const { journal, watch, passTime } = await prepare('keep');
    await createDestination(journal, {
      filter: { statuses: ['ended-with-error'], operational_events: ['call.stale'] },
    });
    await report(journal, 'old', 'in-progress');
    await passTime(60 * HOUR);
    await report(journal, 'young', 'in-progress');
    watch();
    await passTime(6 * HOUR);
    expect(await listOwed(journal)).toEqual(['call.stale young']);
    await journal.updateAccount('default', { staleCalls: 'end' }, KEY_ACTOR);
    await passTime(2 * WATCH_MS);
    expect(await listOwed(journal)).toEqual([
      'call.stale young',
      'ended-with-error old',
      'ended-with-error young',
    ]);
  });

  it('keeps a true end that comes later on the timeline, as contradicting it', async () => {
    const { journal, watch, passTime } = await prepare();
    watch();
    await report(journal, 'lost', 'in-progress');
    await passTime(STALE_AFTER_MS + 2 * WATCH_MS);
    const call = await journal.getCall('default', 'lost');
    expect(await report(journal, 'lost', 'ended')).toBe('conflicting');
    expect(await report(journal, 'lost', 'in-progress')).toBe('late');
    expect(await journal.getCall('default', 'lost')).toEqual(call);
    const timeline = await journal.getTimeline('default', 'lost');
    expect(timeline?.events.map(({ status }) => status)).toEqual(['in-progress', 'ended-with-error']);
  });
});

describe('a true end that comes while the hub is about to assume one', () => {
  it.each([
    ['ended', 'ended'],
    ['ended-with-error', 'failed'],
  ])('stays as it was reported: %s', async (status, state) => {
    const { journal, clock, counted } = await prepare();
    await report(journal, 'lost', 'in-progress');
    await report(journal, 'other', 'in-progress');
    let isOver = false;
    const watch = createStaleEndWatch({
      staleAfterMs: STALE_AFTER_MS,
      observer: { reported: (one) => void counted.push(one), refused: () => undefined },
      clock,
      journal: {
        ...journal,
        // Between the list of what is stale and the ends.
        async appendOperationalEvent(...told) {
          const isFirst = !isOver;
          isOver = true;
          if (isFirst) expect(await report(journal, 'lost', status)).toBe('advanced');
          return journal.appendOperationalEvent(...told);
        },
      },
    });
    const staleMs = NOW + STALE_AFTER_MS + WATCH_MS;
    await clock.runUntil(staleMs);
    await lookUntil(watch, staleMs, staleMs + LISTENED_MS_MIN);
    expect(isOver).toBe(true);
    expect(await journal.getCall('default', 'lost')).toMatchObject({ state, error: null, sequence: 2 });
    expect((await journal.getTimeline('default', 'lost'))?.reports).toHaveLength(2);
    expect(await readState(journal, 'other')).toBe('failed');
    expect(counted).toMatchObject([{ outcome: 'advanced', callState: 'failed' }]);
  });
});

describe('the end of many stale calls', () => {
  it('comes to all of them, some at a time, each told before it', async () => {
    const { journal, clock } = await prepare();
    const count = 2 * STALE_ENDS_PER_LOOK + 120;
    await journal.acceptReports(
      Array.from({ length: count }, (_, index) => toIncoming(toReport(`call-${index}`, 'in-progress'))),
    );
    let transactions = 0;
    let largest = 0;
    const watch = createStaleEndWatch({
      ...LOOKED_AT,
      clock,
      journal: {
        ...journal,
        acceptAssumedEnds(reports) {
          transactions += 1;
          largest = Math.max(largest, reports.length);
          return journal.acceptAssumedEnds(reports);
        },
      },
    });
    const staleMs = NOW + STALE_AFTER_MS + WATCH_MS;
    await clock.runUntil(staleMs);
    await lookUntil(watch, staleMs, staleMs + LISTENED_MS_MIN - WATCH_MS);
    expect([await countLive(journal), transactions]).toEqual([count, 0]);
    const left: number[] = [];
    for (let look = 0; look < 4; look += 1) {
      await watch.look(staleMs + LISTENED_MS_MIN + look * WATCH_MS, () => false);
      left.push(await countLive(journal));
    }
    expect(left).toEqual([count - STALE_ENDS_PER_LOOK, count - 2 * STALE_ENDS_PER_LOOK, 0, 0]);
    expect(largest).toBe(50);
    expect(transactions).toBe(Math.ceil(count / 50));
    const told = new Set<string | null>();
    for (let cursor: string | null = null; ;) {
      const page = await journal.listOperationalEvents('default', {}, { limit: 200, cursor });
      for (const { callId } of page.items) told.add(callId);
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(told.size).toBe(count);
  });

  it('goes on in the other accounts where one is in trouble', async () => {
    const { journal, watch, passTime } = await prepare();
    const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
    await journal.updateAccount(other, { staleCalls: 'end' }, KEY_ACTOR);
    await report(journal, 'mine', 'in-progress');
    await report(journal, 'theirs', 'in-progress', other);
    watch({
      acceptAssumedEnds: async (reports) => {
        if (reports.some(({ accountId }) => accountId === 'default')) throw new Error('unreadable');
        return journal.acceptAssumedEnds(reports);
      },
    });
    await passTime(STALE_AFTER_MS + 2 * WATCH_MS);
    expect(await readState(journal, 'mine')).toBe('live');
    expect(await readState(journal, 'theirs', other)).toBe('failed');
  });
});

describe('the end of stale calls, over stops of the hub', () => {
  it('comes once, and is told once, where the process died between the telling and the end', async () => {
    const { journal, watch, passTime } = await prepare();
    await createDestination(journal, { filter: { operational_events: ['call.stale'] } });
    await report(journal, 'lost', 'in-progress');
    const dying = watch({ acceptAssumedEnds: () => Promise.reject(new Error('killed')) });
    await passTime(STALE_AFTER_MS + 2 * WATCH_MS);
    await dying.stop();
    expect(await listOwed(journal)).toEqual(['in-progress lost', 'call.stale lost']);
    const again = watch();
    await passTime(LISTENED_MS_MIN + 2 * WATCH_MS);
    await again.stop();
    watch();
    await passTime(HOUR);
    expect(await listOwed(journal)).toEqual(['in-progress lost', 'call.stale lost', 'ended-with-error lost']);
  });

  it('waits after a start, so that ends which could not be reported meanwhile come first', async () => {
    const { journal, watch, passTime } = await prepare();
    await report(journal, 'over', 'in-progress');
    await report(journal, 'lost', 'in-progress');
    await passTime(10 * HOUR);
    watch();
    await passTime(LISTENED_MS_MIN - WATCH_MS);
    await report(journal, 'over', 'ended');
    await passTime(3 * WATCH_MS);
    expect(await readState(journal, 'over')).toBe('ended');
    expect(await readState(journal, 'lost')).toBe('failed');
  });

  it('waits as long after a sleep of the machine, or a clock that was ahead', async () => {
    const { journal, clock } = await prepare();
    const watch = createStaleEndWatch({ ...LOOKED_AT, clock, journal });
    await report(journal, 'running', 'in-progress');
    await lookUntil(watch, NOW, NOW + LISTENED_MS_MIN);
    // Ten days ahead for some minutes, then right again.
    const aheadMs = NOW + LISTENED_MS_MIN + 240 * HOUR;
    await lookUntil(watch, aheadMs, aheadMs + LISTENED_GAP_MS);
    await lookUntil(watch, NOW + LISTENED_MS_MIN, NOW + 2 * LISTENED_MS_MIN);
    expect(await readState(journal, 'running')).toBe('live');
    const wokenMs = NOW + 9 * HOUR;
    await clock.runUntil(wokenMs);
    await lookUntil(watch, wokenMs, wokenMs + LISTENED_MS_MIN - WATCH_MS);
    expect(await readState(journal, 'running')).toBe('live');
    await lookUntil(watch, wokenMs + LISTENED_MS_MIN, wokenMs + LISTENED_MS_MIN);
    expect(await readState(journal, 'running')).toBe('failed');
  });

  it('waits as long after a clock that was set back a little', async () => {
    const { journal, clock } = await prepare('keep');
    const watch = createStaleEndWatch({ ...LOOKED_AT, clock, journal });
    await report(journal, 'running', 'in-progress');
    const staleMs = NOW + STALE_AFTER_MS + HOUR;
    await clock.runUntil(staleMs);
    await lookUntil(watch, staleMs - LISTENED_MS_MIN, staleMs);
    await journal.updateAccount('default', { staleCalls: 'end' }, KEY_ACTOR);
    const backMs = staleMs - LISTENED_GAP_MS;
    await lookUntil(watch, backMs, backMs + LISTENED_MS_MIN - WATCH_MS);
    expect(await readState(journal, 'running')).toBe('live');
    await lookUntil(watch, backMs + LISTENED_MS_MIN, backMs + LISTENED_MS_MIN);
    expect(await readState(journal, 'running')).toBe('failed');
  });

  it.each(['check', 'acceptAssumedEnds'] as const)(
    'waits as long after a journal that took nothing (%s)',
    async (refused) => {
      const { journal, watch, passTime } = await prepare();
      let isFull = false;
      const refuse = async (): Promise<never> => {
        throw new JournalError('full', 'no space left');
      };
      const isRefused = (method: typeof refused): boolean => isFull && method === refused;
      watch({
        check: () => (isRefused('check') ? refuse() : journal.check()),
        acceptAssumedEnds: (ends) =>
          isRefused('acceptAssumedEnds') ? refuse() : journal.acceptAssumedEnds(ends),
      });
      await report(journal, 'lost', 'in-progress');
      await report(journal, 'over', 'in-progress');
      await passTime(STALE_AFTER_MS - 2 * WATCH_MS);
      isFull = true;
      await passTime(4 * WATCH_MS);
      isFull = false;
      await passTime(LISTENED_MS_MIN - 4 * WATCH_MS);
      expect(await report(journal, 'over', 'ended')).toBe('advanced');
      expect(await readState(journal, 'lost')).toBe('live');
      await passTime(6 * WATCH_MS);
      expect(await readState(journal, 'lost')).toBe('failed');
    },
  );

  it('does not take a long look for a sleep', async () => {
    const { journal, clock } = await prepare();
    const stopwatch = createSimClock(NOW);
    await report(journal, 'first', 'in-progress');
    await clock.runUntil(NOW + 2 * WATCH_MS);
    await report(journal, 'second', 'in-progress');
    const watch = createStaleEndWatch({
      ...LOOKED_AT,
      clock: stopwatch,
      journal: {
        ...journal,
        async acceptAssumedEnds(ends) {
          await stopwatch.runUntil(NOW + LISTENED_GAP_MS);
          return journal.acceptAssumedEnds(ends);
        },
      },
    });
    const staleMs = NOW + STALE_AFTER_MS + WATCH_MS;
    await clock.runUntil(staleMs);
    await lookUntil(watch, staleMs - LISTENED_MS_MIN, staleMs);
    expect([await readState(journal, 'first'), await readState(journal, 'second')]).toEqual([
      'failed',
      'live',
    ]);
    await watch.look(staleMs + LISTENED_GAP_MS + WATCH_MS, () => false);
    expect(await readState(journal, 'second')).toBe('failed');
  });
});
