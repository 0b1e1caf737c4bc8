import { describe, expect, it } from 'vitest';
import type { CallSlot } from '../journal/analytics.ts';
import type { AccountId, DestinationId } from '../journal/ids.ts';
import type { Destination } from '../journal/destinations.ts';
import type { Overview } from './overview.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import { createOverviewFeed, OVERVIEW_ALIVE_MS } from './overview-feed.ts';
import { createOverviewReader, OVERVIEW_MS, OVERVIEW_REST_MS_MAX } from './overview.ts';

const MINUTE = 60_000;
const NOW = Date.parse('2026-03-18T10:30:20Z');

function makeSlot(startMs: number, counts: Partial<CallSlot>): CallSlot {
  return {
    startMs,
    connected: 0,
    ended: 0,
    failed: 0,
    unpaired: 0,
    durationCount: 0,
    durationMsSum: 0,
    durationMsMax: 0,
    shortCalls: 0,
    activePeak: 0,
    activeEnd: 0,
    repeated: 0,
    late: 0,
    conflicting: 0,
    noted: 0,
    ...counts,
  };
}

function makeDestination(id: DestinationId, more: Partial<Destination>): Destination {
  return {
    id,
    accountId: 'default',
    kind: 'webhook',
    name: null,
    settings: {},
    filter: {},
    order: 'strict',
    state: 'enabled',
    stateReason: null,
    concurrency: 1,
    ratePerSecond: null,
    retryScheduleS: null,
    timeoutMs: 1,
    secret: '',
    previousSecret: null,
    previousSecretUntilMs: null,
    failingSinceMs: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    ...more,
  };
}

/** A reader over readings that the test sets; it counts how often each is asked for. */
function openReader() {
  const clock = createSimClock(NOW);
  const reads = { live: 0, destinations: 0, sources: 0 };
  const state = { active: 3, fails: false, tookMs: 0, destinations: [] as Destination[] };
  const listeners = new Set<(id: DestinationId, destination: Destination | undefined) => void>();
  const read = createOverviewReader({
    clock,
    staleAfterMs: 60 * MINUTE,
    readBacklog: async () =>
      new Map([
        ['dst_1', { pending: 2, oldestAtMs: 900 }],
        ['dst_2', { pending: 5, oldestAtMs: 400 }],
        ['dst_9', { pending: 70, oldestAtMs: 1 }],
      ] as const),
    journal: {
      async readLiveCalls(_accountId, liveSinceMsMin) {
        reads.live += 1;
        if (state.fails) throw new Error('gone');
        if (state.tookMs > 0) await new Promise<void>((done) => clock.setTimer(done, state.tookMs));
        expect(liveSinceMsMin).toBe(clock.nowMs() - state.tookMs - 60 * MINUTE);
        return { active: state.active, stale: 1, longest: { callId: 'call-1', liveSinceMs: 5 } };
      },
      async readCallStatistics(request) {
        const minuteMs = Math.floor(clock.nowMs() / MINUTE) * MINUTE;
        return {
          ...request,
          slots: [
            makeSlot(minuteMs - 15 * MINUTE, { ended: 3, failed: 1, connected: 500 }),
            makeSlot(minuteMs - 5 * MINUTE, { ended: 4, connected: 10 }),
            makeSlot(minuteMs - MINUTE, { connected: 5 }),
            makeSlot(minuteMs, { ended: 1, failed: 1, connected: 400 }),
          ],
          durations: [],
          errors: [],
        };
      },
      async readSourceActivity() {
        reads.sources += 1;
        return [{ sourceId: 'api', lastReportAtMs: NOW - 5, hours: [] }];
      },
      async listSources(accountId) {
        return (['api', 'voicedock'] as const).map((id) => ({
          id,
          accountId,
          kind: id,
          name: id.toUpperCase(),
          secrets: [],
          createdAtMs: 0,
          updatedAtMs: 0,
        }));
      },
      async listDestinations() {
        reads.destinations += 1;
        return state.destinations;
      },
      listenDestinations(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
  });
  return {
    clock,
    read,
    reads,
    state,
    wait: (ms: number) => clock.runUntil(clock.nowMs() + ms),
    changeDestination(accountId: AccountId) {
      for (const listener of listeners) listener('dst_1', makeDestination('dst_1', { accountId }));
    },
  };
}

describe('the overview', () => {
  it('puts the readings of the account together', async () => {
    const { read, state } = openReader();
    state.destinations = [
      makeDestination('dst_1', {}),
      makeDestination('dst_2', { failingSinceMs: 7 }),
      makeDestination('dst_3', { state: 'paused', failingSinceMs: 7 }),
      makeDestination('dst_4', { state: 'disabled' }),
    ];
    expect(await read('default')).toEqual({
      atMs: NOW,
      live: { active: 3, stale: 1, longest: { callId: 'call-1', liveSinceMs: 5 } },
      staleAfterMs: 60 * MINUTE,
      finished: 10,
      failed: 2,
      connectedPerMinute: 3,
      backlog: { pending: 7, oldestAtMs: 400 },
      destinations: { enabled: 2, paused: 1, disabled: 1, failing: 1 },
      sources: [
        {
          id: 'api',
          name: 'API',
          kind: 'api',
          lastReportAtMs: NOW - 5,
          usualGapMs: null,
          silentSinceMs: null,
        },
        {
          id: 'voicedock',
          name: 'VOICEDOCK',
          kind: 'voicedock',
          lastReportAtMs: null,
          usualGapMs: null,
          silentSinceMs: null,
        },
      ],
    } satisfies Overview);
  });

  it('is made once a second however many ask, and not at all when nobody does', async () => {
    const { read, reads, wait } = openReader();
    await Promise.all(Array.from({ length: 500 }, () => read('default')));
    expect(reads).toEqual({ live: 1, destinations: 1, sources: 1 });
    await wait(OVERVIEW_MS);
    await Promise.all(Array.from({ length: 500 }, () => read('default')));
    // Destinations and sources change more seldom.
    expect(reads).toEqual({ live: 2, destinations: 1, sources: 1 });
    await wait(60_000);
    expect(reads.live).toBe(2);
  });

  it('reads the destinations again once one of the account has changed', async () => {
    const { read, reads, wait, changeDestination } = openReader();
    await read('default');
    changeDestination('acc_1');
    await wait(OVERVIEW_MS);
    await read('default');
    expect(reads.destinations).toBe(1);
    changeDestination('default');
    await wait(OVERVIEW_MS);
    await read('default');
    expect(reads.destinations).toBe(2);
  });

  it('rests twenty times as long as it takes', async () => {
    const { read, reads, state, wait } = openReader();
    state.tookMs = 200;
    const first = read('default');
    await wait(200);
    await first;
    await wait(3_700);
    await read('default');
    expect(reads.live).toBe(1);
    await wait(200);
    const second = read('default');
    await wait(200);
    await second;
    expect(reads.live).toBe(2);
  });

  it('rests for ten seconds at most, however long it took once', async () => {
    const { read, reads, state, wait } = openReader();
    state.tookMs = 30_000;
    const first = read('default');
    await wait(30_000);
    await first;
    state.tookMs = 0;
    await wait(OVERVIEW_REST_MS_MAX - 1);
    await read('default');
    expect(reads.live).toBe(1);
    await wait(1);
    await read('default');
    expect(reads.live).toBe(2);
  });

  it('tells a failure to those who waited, and reads anew for the next', async () => {
    const { read, state } = openReader();
    state.fails = true;
    await expect(read('default')).rejects.toThrow('gone');
    state.fails = false;
    await expect(read('default')).resolves.toMatchObject({ finished: 10 });
  });
});

describe('the overview feed', () => {
  function openFeed() {
    const reader = openReader();
    const troubles: string[] = [];
    const feed = createOverviewFeed({
      read: reader.read,
      clock: reader.clock,
      troubled: (detail) => troubles.push(detail),
    });
    return { ...reader, feed, troubles };
  }

  it('shows it at once, then when it has changed, and every 5 seconds in any case', async () => {
    const { feed, state, wait, clock } = openFeed();
    const shown: { readonly atMs: number; readonly active: number }[] = [];
    feed.watch('default', ({ live }) => shown.push({ atMs: clock.nowMs() - NOW, active: live.active }));
    await wait(0);
    expect(shown).toEqual([{ atMs: 0, active: 3 }]);
    await wait(2_500);
    expect(shown).toHaveLength(1);
    state.active = 4;
    await wait(1_000);
    expect(shown.slice(1)).toEqual([{ atMs: 3_000, active: 4 }]);
    await wait(60_000);
    for (const [index, { atMs }] of shown.entries()) {
      const gapMs = atMs - (shown[index - 1]?.atMs ?? 0);
      expect(gapMs).toBeLessThanOrEqual(OVERVIEW_ALIVE_MS);
    }
  });

  it('reads once for all who watch, shows a new one the overview at once, and stops with the last', async () => {
    const { feed, reads, wait } = openFeed();
    const shown = Array.from({ length: 100 }, () => 0);
    const stops = shown.map((_, index) =>
      feed.watch('default', () => (shown[index] = (shown[index] ?? 0) + 1)),
    );
    await wait(0);
    expect([reads.live, shown.every((count) => count === 1)]).toEqual([1, true]);
    await wait(3_000);
    expect(reads.live).toBeLessThanOrEqual(4);
    for (const stop of stops) stop();
    const before = reads.live;
    await wait(60_000);
    expect(reads.live).toBe(before);
  });

  it('says once that it cannot be read, and goes on trying', async () => {
    const { feed, state, troubles, wait } = openFeed();
    let shown = 0;
    state.fails = true;
    feed.watch('default', () => (shown += 1));
    await wait(10_000);
    expect([troubles.length, shown]).toEqual([1, 0]);
    state.fails = false;
    await wait(OVERVIEW_MS);
    expect(shown).toBe(1);
  });
});
