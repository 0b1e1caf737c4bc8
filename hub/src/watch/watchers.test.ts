import { randomBytes } from 'node:crypto';
import { afterEach, describe, expect, it } from 'vitest';
import type { SimClock } from '../../../test/support/sim-clock.ts';
import type { SourceActivity } from '../journal/analytics.ts';
import type { Journal } from '../journal/journal.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import { FIRST_PAGE, toIncoming, toReport } from '../journal/conformance/harness.ts';
import { createSecretBox } from '../journal/secret-box.ts';
import { openSqliteJournal } from '../journal/sqlite/sqlite-journal.ts';
import { createErrorRateWatch } from './error-rate.ts';
import { createSilenceWatch } from './silent-sources.ts';
import { createStaleWatch, STALE_CALLS_PER_LOOK } from './stale-calls.ts';
import { toAssumedError } from './stale-ends.ts';
import { WATCH_MS } from './watch.ts';
import { startWatchers } from './watchers.ts';

const NOW = Date.parse('2026-11-18T10:00:00Z');
const HOUR = 3_600_000;
const MINUTE = 60_000;
const GOES_ON = () => false;
const opened: Journal[] = [];

afterEach(async () => {
  await Promise.all(opened.splice(0).map((journal) => journal.close()));
});

async function openJournal(clock: SimClock): Promise<Journal> {
  const journal = await openSqliteJournal({
    file: ':memory:',
    clock,
    secretBox: createSecretBox(randomBytes(32)),
    staleAfterMs: 4 * HOUR,
  });
  opened.push(journal);
  return journal;
}

async function report(journal: Journal, callId: string, status: string, error: string | null = null) {
  await journal.acceptReports([toIncoming(toReport(callId, status, { error }))]);
}

async function listTold(journal: Journal): Promise<readonly string[]> {
  const { items } = await journal.listOperationalEvents('default', {}, FIRST_PAGE);
  return items.map(({ content }) =>
    'call' in content ? `${content.type} ${content.call.id}` : content.type,
  );
}

describe('the watch over stale calls', () => {
  it('tells of a call once it has been live for too long, and only once', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    const watch = createStaleWatch({ journal, staleAfterMs: 4 * HOUR });
    await report(journal, 'call-1', 'in-progress');
    await report(journal, 'call-2', 'in-progress');
    await report(journal, 'call-2', 'ended');
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual([]);
    await clock.runUntil(NOW + 4 * HOUR + MINUTE);
    await watch.look(clock.nowMs(), GOES_ON);
    await watch.look(clock.nowMs(), GOES_ON);
    await createStaleWatch({ journal, staleAfterMs: 4 * HOUR }).look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['call.stale call-1']);
  });

  it('gets past more calls of one millisecond than one look holds', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    const count = STALE_CALLS_PER_LOOK + 100;
    await journal.acceptReports(
      Array.from({ length: count }, (_, index) => toIncoming(toReport(`call-${index}`, 'in-progress'))),
    );
    await clock.runUntil(NOW + MINUTE);
    await report(journal, 'later', 'in-progress');
    const watch = createStaleWatch({ journal, staleAfterMs: 4 * HOUR });
    await clock.runUntil(NOW + 5 * HOUR);
    for (let look = 0; look < 4; look += 1) await watch.look(clock.nowMs(), GOES_ON);
    const told = new Set<string>();
    for (let cursor: string | null = null; ;) {
      const page = await journal.listOperationalEvents(
        'default',
        { types: ['call.stale'] },
        { limit: 200, cursor },
      );
      for (const { callId } of page.items) told.add(callId ?? '');
      cursor = page.nextCursor;
      if (cursor === null) break;
    }
    expect(told.size).toBe(count + 1);
    expect(told).toContain('later');
  });
});

describe('the watch over stale calls, its clock', () => {
  it('tells what became stale while the clock was ahead, once it is right again', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    await report(journal, 'call-1', 'in-progress');
    const watch = createStaleWatch({ journal, staleAfterMs: 4 * HOUR });
    // Ten days ahead, and nothing is old enough to be told within the look back of a day.
    await watch.look(NOW + 240 * HOUR, GOES_ON);
    expect(await listTold(journal)).toEqual([]);
    await clock.runUntil(NOW + 5 * HOUR);
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['call.stale call-1']);
  });
});

describe('the watch over error rates', () => {
  const rule = { threshold: 0.25, windowMs: 15 * MINUTE, finishedMin: 10 };

  it('says that it is high, and that it is normal again, each once, over a restart too', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    const makeWatch = () => createErrorRateWatch({ journal, rule, staleAfterMs: 4 * HOUR });
    let watch = makeWatch();
    for (let index = 0; index < 9; index += 1) {
      await report(journal, `call-${index}`, 'in-progress');
      await report(
        journal,
        `call-${index}`,
        index < 4 ? 'ended-with-error' : 'ended',
        'STT connection failed',
      );
    }
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal), 'nine calls are too few').toEqual([]);
    await report(journal, 'call-9', 'in-progress');
    await report(journal, 'call-9', 'ended');
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['error_rate.high']);
    watch = makeWatch();
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['error_rate.high']);
    await clock.runUntil(NOW + 20 * MINUTE);
    await watch.look(clock.nowMs(), GOES_ON);
    watch = makeWatch();
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['error_rate.normal', 'error_rate.high']);
  });

  it('leaves out the ends that the hub assumed, however many', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    const staleAfterMs = 4 * HOUR;
    const watch = createErrorRateWatch({ journal, rule, staleAfterMs });
    const error = toAssumedError(staleAfterMs);
    for (let index = 0; index < 30; index += 1) {
      await report(journal, `lost-${index}`, 'in-progress');
      const end = toReport(`lost-${index}`, 'ended-with-error', { error, isAssumed: true });
      await journal.acceptAssumedEnds([toIncoming(end)]);
    }
    for (let index = 0; index < 9; index += 1) await report(journal, `call-${index}`, 'ended');
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual([]);
    for (let index = 0; index < 3; index += 1) await report(journal, `bad-${index}`, 'ended-with-error', 'x');
    await watch.look(clock.nowMs(), GOES_ON);
    const { items } = await journal.listOperationalEvents('default', {}, FIRST_PAGE);
    expect(items.map(({ content }) => content)).toMatchObject([
      { type: 'error_rate.high', failed: 3, finished: 12, rate: 0.25 },
    ]);
  });

  it('does not flicker about the threshold', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    const watch = createErrorRateWatch({ journal, rule, staleAfterMs: 4 * HOUR });
    for (let index = 0; index < 12; index += 1) {
      await report(journal, `call-${index}`, index < 3 ? 'ended-with-error' : 'ended');
    }
    await watch.look(clock.nowMs(), GOES_ON);
    await report(journal, 'one-more', 'ended');
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['error_rate.high']);
  });
});

describe('the watch over silent sources', () => {
  /** Thirty reports an hour for the last ten days, but none since `lastMs`. */
  function toActivity(lastMs: number): SourceActivity {
    const hours = Array.from({ length: 240 }, (_, index) => ({
      startMs: Math.floor(lastMs / HOUR) * HOUR - (239 - index) * HOUR,
      reports: 30,
    }));
    return { sourceId: 'api', lastReportAtMs: lastMs, hours };
  }

  it('says that a source is silent and that it reports again, each once, over a restart too', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    let lastMs = NOW;
    // Ten days of reports would be minutes of test; the history is what the watch reads of them.
    const watched = {
      appendOperationalEvent: journal.appendOperationalEvent.bind(journal),
      listOperationalEvents: journal.listOperationalEvents.bind(journal),
      listAccounts: journal.listAccounts.bind(journal),
      listSources: journal.listSources.bind(journal),
      readSourceActivity: async () => [toActivity(lastMs)],
    };
    let watch = createSilenceWatch({ journal: watched, clock });
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual([]);
    await clock.runUntil(NOW + 2 * HOUR);
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['source.silent']);
    watch = createSilenceWatch({ journal: watched, clock });
    await watch.look(clock.nowMs(), GOES_ON);
    lastMs = clock.nowMs();
    await clock.runUntil(clock.nowMs() + MINUTE);
    await watch.look(clock.nowMs(), GOES_ON);
    await clock.runUntil(clock.nowMs() + MINUTE);
    await watch.look(clock.nowMs(), GOES_ON);
    expect(await listTold(journal)).toEqual(['source.resumed', 'source.silent']);
  });
});

describe('the watchers', () => {
  it('look at every account, whatever befalls one of them', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    const other = await journal.createAccount('Other', { kind: 'hub', id: 'hub' });
    for (let index = 0; index < 10; index += 1) {
      await journal.acceptReports([
        toIncoming(toReport(`call-${index}`, 'ended-with-error'), { accountId: other.id }),
      ]);
    }
    const watch = createErrorRateWatch({
      journal: {
        ...journal,
        readCallStatistics: async (request) => {
          if (request.accountId === 'default') throw new Error('unreadable');
          return journal.readCallStatistics(request);
        },
      },
      rule: { threshold: 0.25, windowMs: 15 * MINUTE, finishedMin: 10 },
      staleAfterMs: 4 * HOUR,
    });
    await expect(watch.look(clock.nowMs(), GOES_ON)).rejects.toThrow('unreadable');
    const { items } = await journal.listOperationalEvents(other.id, {}, FIRST_PAGE);
    expect(items.map(({ content }) => content.type)).toEqual(['error_rate.high']);
  });

  it('go on after trouble, which is told once', async () => {
    const clock = createSimClock(NOW);
    const journal = await openJournal(clock);
    let fails = true;
    const troubles: string[] = [];
    const watchers = startWatchers({
      journal: {
        ...journal,
        listLiveCallsSince: async (...values) => {
          if (fails) throw new Error('full');
          return journal.listLiveCallsSince(...values);
        },
      },
      clock,
      staleAfterMs: 4 * HOUR,
      observer: { reported: () => undefined, refused: () => undefined },
      errorRate: null,
      troubled: (watch) => troubles.push(watch),
    });
    await report(journal, 'call-1', 'in-progress');
    await clock.runUntil(NOW + 4 * HOUR + 3 * WATCH_MS);
    expect(troubles).toEqual(['stale-calls']);
    fails = false;
    await clock.runUntil(clock.nowMs() + 2 * WATCH_MS);
    expect(await listTold(journal)).toEqual(['call.stale call-1']);
    await watchers.stop();
  });
});
