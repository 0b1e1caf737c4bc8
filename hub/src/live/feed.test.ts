import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Call } from '../calls/call.ts';
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { CallChange, EventEntry } from '../journal/reader.ts';
import type { FeedKinds, FeedViewer } from './feed.ts';

import {
  createFeed,
  FEED_CATCH_UPS_MAX,
  FEED_LAG_CALLS_MAX,
  FEED_LAG_ROWS_MAX,
  FEED_PAGE_ROWS,
} from './feed.ts';

/** A feed over rows in memory: events, and reports that changed a call without one. Reads wait for a turn of the event loop, as a journal's may. */
async function openFeed() {
  const rows: { readonly row: number; readonly accountId: AccountId; readonly isEvent: boolean }[] = [];
  const listeners = new Set<() => void>();
  const state = { reads: 0, fails: false, readsAtOnce: 0, readsAtOnceMax: 0, troubles: [] as string[] };
  /** A reading that any of these is in fails whole, as a statement over a value that is too large does. */
  const badRows = new Set<number>();
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, setTimer: () => () => {} };

  async function read(
    accountId: AccountId | undefined,
    afterRow: number,
    limit: number,
    eventsOnly: boolean,
  ) {
    state.reads += 1;
    state.readsAtOnce += 1;
    state.readsAtOnceMax = Math.max(state.readsAtOnceMax, state.readsAtOnce);
    // Answers are on their way for a while: what is committed meanwhile is not in them.
    const from = rows.findIndex(({ row }) => row > afterRow);
    const found =
      from === -1
        ? []
        : rows
            .slice(from)
            .filter((one) => accountId === undefined || one.accountId === accountId)
            .filter(({ isEvent }) => isEvent || !eventsOnly)
            .slice(0, limit);
    await turn();
    state.readsAtOnce -= 1;
    if (state.fails) throw new Error('gone');
    if (found.some(({ row }) => badRows.has(row))) throw new RangeError('Value is too large');
    return found;
  }

  const feed = createFeed({
    clock,
    journal: {
      async readFeed(accountId, afterRow, limit) {
        return (await read(accountId, afterRow, limit, true)).map(toEvent);
      },
      async readCallChanges(accountId, afterRow, limit) {
        return (await read(accountId, afterRow, limit, false)).map(toChange);
      },
      async readFeedEnd() {
        const end = rows.findLast(({ isEvent }) => isEvent)?.row ?? 0;
        await turn();
        return end;
      },
      listenFeed(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    troubled: (detail) => state.troubles.push(detail),
  });
  await feed.start();

  function append(count: number, accountId: AccountId = 'default', isEvent = true): void {
    for (let index = 0; index < count; index += 1) {
      rows.push({ row: (rows.at(-1)?.row ?? 0) + 1, accountId, isEvent });
    }
    for (const listener of listeners) listener();
  }
  return { feed, append, state, rows, badRows };
}

function toEvent({ row, accountId }: { readonly row: number; readonly accountId: AccountId }): EventEntry {
  return {
    id: `evt_${row}`,
    row,
    accountId,
    callId: `call-${row}`,
    sequence: 1,
    status: 'ended',
    acceptedAtMs: row,
    body: new Uint8Array(),
  };
}

function toChange({ row, accountId }: { readonly row: number; readonly accountId: AccountId }): CallChange {
  const call: Call = {
    callId: `call-${row}`,
    state: 'ended',
    type: null,
    phoneNumber: null,
    customer: null,
    startedAtMs: null,
    endedAtMs: null,
    durationMs: null,
    error: null,
    endReason: null,
    summary: null,
    sequence: 1,
    firstReportAtMs: row,
    liveSinceMs: null,
    updatedAtMs: row,
  };
  return { row, accountId, call };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let index = 0; index < 100; index += 1) await turn();
}

const EVENTS: FeedKinds = { events: true, calls: false };
const CALLS: FeedKinds = { events: false, calls: true };
const BOTH: FeedKinds = { events: true, calls: true };

/** Takes everything, or refuses once `room` rows were shown. */
function makeViewer(
  accountId: AccountId = 'default',
  room = Number.POSITIVE_INFINITY,
  wants: FeedKinds = EVENTS,
) {
  const seen: number[] = [];
  const calls: number[] = [];
  const resyncs: number[] = [];
  const state = { room, failed: false };
  const viewer: FeedViewer = {
    accountId,
    wants,
    show({ row, event, call }) {
      if (wants.events && event !== null) seen.push(row);
      if (wants.calls && call !== null) calls.push(row);
      state.room -= 1;
      return state.room > 0;
    },
    resync: (row) => resyncs.push(row),
    fail() {
      state.failed = true;
    },
  };
  return { viewer, seen, calls, resyncs, state, wants };
}

describe('the feed', () => {
  it('shows what comes from now on, or everything after a row', async () => {
    const { feed, append } = await openFeed();
    append(5);
    const fresh = makeViewer();
    const caughtUp = makeViewer();
    await feed.watch(fresh.viewer, null);
    await feed.watch(caughtUp.viewer, 2);
    await settle();
    append(2);
    await settle();
    expect(fresh.seen).toEqual([6, 7]);
    expect(caughtUp.seen).toEqual([3, 4, 5, 6, 7]);
  });

  it('shows each account its own events only', async () => {
    const { feed, append } = await openFeed();
    const ours = makeViewer('default');
    const theirs = makeViewer('acc_1');
    await feed.watch(ours.viewer, 0);
    await feed.watch(theirs.viewer, 0);
    append(1, 'default');
    append(2, 'acc_1');
    await settle();
    append(1, 'default');
    await settle();
    expect([ours.seen, theirs.seen]).toEqual([
      [1, 4],
      [2, 3],
    ]);
  });

  it('reads once however many watch', async () => {
    const { feed, append, state } = await openFeed();
    const viewers = Array.from({ length: 100 }, () => makeViewer());
    for (const { viewer } of viewers) await feed.watch(viewer, null);
    await settle();
    const before = state.reads;
    append(10);
    await settle();
    expect(state.reads - before).toBeLessThanOrEqual(2);
    for (const { seen } of viewers) expect(seen).toHaveLength(10);
  });

  it('reads nothing while nobody watches', async () => {
    const { append, state } = await openFeed();
    append(1000);
    await settle();
    expect(state.reads).toBe(0);
  });

  it('queues nothing for a viewer without room, and shows it all once there is room', async () => {
    const { feed, append } = await openFeed();
    const slow = makeViewer('default', 3);
    const fast = makeViewer();
    const subscription = await feed.watch(slow.viewer, null);
    await feed.watch(fast.viewer, null);
    await settle();
    append(FEED_PAGE_ROWS * 3);
    await settle();
    expect(slow.seen).toEqual([1, 2, 3]);
    expect(fast.seen).toHaveLength(FEED_PAGE_ROWS * 3);
    slow.state.room = Number.POSITIVE_INFINITY;
    subscription.resume();
    await settle();
    append(1);
    await settle();
    expect(slow.seen).toEqual(Array.from({ length: FEED_PAGE_ROWS * 3 + 1 }, (_, index) => index + 1));
    expect(slow.resyncs).toEqual([]);
  });

  it('tells a live viewer that fell too far behind to resync, and goes on at the end', async () => {
    const { feed, append, rows } = await openFeed();
    const slow = makeViewer('default', 1);
    const fast = makeViewer();
    const subscription = await feed.watch(slow.viewer, null);
    await feed.watch(fast.viewer, null);
    await settle();
    append(FEED_LAG_ROWS_MAX + 10);
    await settle();
    slow.state.room = Number.POSITIVE_INFINITY;
    subscription.resume();
    await settle();
    const end = rows.length;
    expect(slow.resyncs).toEqual([end]);
    append(1);
    await settle();
    expect(slow.seen).toEqual([1, end + 1]);
  });

  it('never resyncs one that still catches up, however much there is', async () => {
    const { feed, append } = await openFeed();
    append(FEED_LAG_ROWS_MAX * 2);
    const { viewer, seen, resyncs } = makeViewer();
    await feed.watch(viewer, 0);
    await settle();
    await settle();
    expect([seen.length, resyncs]).toEqual([FEED_LAG_ROWS_MAX * 2, []]);
  });

  it('resyncs a reader whose place is past the end: it is from another journal', async () => {
    const { feed, append } = await openFeed();
    append(3);
    const { viewer, seen, resyncs } = makeViewer();
    await feed.watch(viewer, 1_000);
    await settle();
    append(1);
    await settle();
    expect([resyncs, seen]).toEqual([[3], [4]]);
  });

  it('lets a viewer go when the journal cannot be read', async () => {
    const { feed, append, state } = await openFeed();
    append(3);
    state.fails = true;
    const { viewer, state: shown } = makeViewer();
    await feed.watch(viewer, 0);
    await settle();
    expect([shown.failed, feed.viewers]).toEqual([true, 0]);
  });

  it('leaves out a row that cannot be read, and says so only to the account that it is of', async () => {
    for (const wants of [EVENTS, CALLS, BOTH]) {
      const { feed, append, state, badRows } = await openFeed();
      const ours = makeViewer('default', Number.POSITIVE_INFINITY, wants);
      const theirs = makeViewer('acc_1', Number.POSITIVE_INFINITY, wants);
      await feed.watch(ours.viewer, null);
      await feed.watch(theirs.viewer, null);
      await settle();
      badRows.add(4);
      append(2, 'default');
      append(3, 'acc_1');
      append(2, 'default');
      await settle();
      append(1, 'default');
      append(1, 'acc_1');
      await settle();
      const shown = ({ seen, calls }: typeof ours): number[] => (wants.events ? seen : calls);
      expect([shown(ours), ours.resyncs]).toEqual([[1, 2, 6, 7, 8], []]);
      expect([shown(theirs), theirs.resyncs]).toEqual([[3, 5, 9], [4]]);
      // Once for the reading of all, once for the account's.
      expect(state.troubles).toHaveLength(2);
      expect(state.troubles[0]).toContain('row 4');
      expect([ours.state.failed, theirs.state.failed]).toEqual([false, false]);
    }
  });

  it('leaves out a row that cannot be read for one that catches up, and several in one page', async () => {
    const { feed, append, badRows } = await openFeed();
    append(FEED_PAGE_ROWS * 2);
    const bad = [1, 2, 200, FEED_PAGE_ROWS, FEED_PAGE_ROWS * 2];
    for (const row of bad) badRows.add(row);
    const { viewer, seen, resyncs } = makeViewer();
    await feed.watch(viewer, 0);
    await settle();
    await settle();
    append(1);
    await settle();
    expect(resyncs).toEqual([2, 200, FEED_PAGE_ROWS, FEED_PAGE_ROWS * 2]);
    expect(seen).toEqual(
      Array.from({ length: FEED_PAGE_ROWS * 2 + 1 }, (_, index) => index + 1).filter(
        (row) => !bad.includes(row),
      ),
    );
  });

  it('looks for a row that cannot be read once, however many watch', async () => {
    const { feed, append, state, badRows } = await openFeed();
    const viewers = Array.from({ length: 100 }, () => makeViewer());
    for (const { viewer } of viewers) await feed.watch(viewer, null);
    await settle();
    const before = state.reads;
    badRows.add(5);
    append(10);
    await settle();
    for (const { seen, resyncs } of viewers) expect([seen.length, resyncs]).toEqual([9, [5]]);
    // Each reads on for itself once; looking for the row costs some thirty.
    expect(state.reads - before).toBeLessThanOrEqual(2 * viewers.length + 100);
  });

  it('takes nothing for unreadable while the journal answers nothing at all', async () => {
    const { feed, append, state } = await openFeed();
    const { viewer, seen, resyncs } = makeViewer();
    await feed.watch(viewer, null);
    await settle();
    state.fails = true;
    append(3);
    await settle();
    state.fails = false;
    append(1);
    await settle();
    expect([seen, resyncs]).toEqual([[1, 2, 3, 4], []]);
  });

  it('shows a call that changed without an event, in the order of the rows', async () => {
    const { feed, append } = await openFeed();
    const both = makeViewer('default', Number.POSITIVE_INFINITY, BOTH);
    const calls = makeViewer('default', Number.POSITIVE_INFINITY, CALLS);
    const events = makeViewer();
    for (const { viewer } of [both, calls, events]) await feed.watch(viewer, null);
    await settle();
    append(1);
    append(1, 'default', false);
    append(1);
    await settle();
    expect([both.seen, both.calls]).toEqual([
      [1, 3],
      [1, 2, 3],
    ]);
    expect([calls.calls, events.seen]).toEqual([
      [1, 2, 3],
      [1, 3],
    ]);
  });

  it('reads changes only while somebody watches calls', async () => {
    const { feed, append, state } = await openFeed();
    const events = Array.from({ length: 50 }, () => makeViewer());
    for (const { viewer } of events) await feed.watch(viewer, null);
    await settle();
    const before = state.reads;
    append(10);
    await settle();
    expect(state.reads - before).toBe(1);
    const calls = Array.from({ length: 50 }, () => makeViewer('default', Number.POSITIVE_INFINITY, BOTH));
    for (const { viewer } of calls) await feed.watch(viewer, null);
    await settle();
    const between = state.reads;
    append(10);
    await settle();
    expect(state.reads - between).toBe(2);
    for (const viewer of calls) expect([viewer.seen.length, viewer.calls.length]).toEqual([10, 10]);
  });

  it('lets a few catch up at a time when all come back at once', async () => {
    const { feed, append, state } = await openFeed();
    append(600);
    const viewers = Array.from({ length: 40 }, () => makeViewer());
    await Promise.all(viewers.map(({ viewer }) => feed.watch(viewer, 0)));
    while (viewers.some(({ seen }) => seen.length < 600)) await turn();
    expect(state.readsAtOnceMax).toBeLessThanOrEqual(FEED_CATCH_UPS_MAX + 1);
    for (const { seen } of viewers) expect(seen).toHaveLength(600);
  });

  it('spares one that only shows calls a long past', async () => {
    const { feed, append } = await openFeed();
    append(FEED_LAG_CALLS_MAX + 1);
    const calls = makeViewer('default', Number.POSITIVE_INFINITY, CALLS);
    const near = makeViewer('default', Number.POSITIVE_INFINITY, CALLS);
    await feed.watch(calls.viewer, 0);
    await feed.watch(near.viewer, 1);
    await settle();
    append(1);
    await settle();
    expect([calls.resyncs, calls.calls]).toEqual([[FEED_LAG_CALLS_MAX + 1], [FEED_LAG_CALLS_MAX + 2]]);
    expect([near.resyncs, near.calls.length]).toEqual([[], FEED_LAG_CALLS_MAX + 1]);
  });

  it('takes the row of a call that changed after the last event for what it is', async () => {
    const { feed, append } = await openFeed();
    append(2);
    append(2, 'default', false);
    const here = makeViewer('default', Number.POSITIVE_INFINITY, BOTH);
    const elsewhere = makeViewer('default', Number.POSITIVE_INFINITY, BOTH);
    await feed.watch(here.viewer, 4);
    await feed.watch(elsewhere.viewer, 5);
    await settle();
    append(1);
    await settle();
    expect([here.resyncs, here.calls]).toEqual([[], [5]]);
    expect(elsewhere.resyncs).toEqual([2]);
  });

  it('keeps the calls of one that became live while only events were being read', async () => {
    for (let turns = 0; turns < 8; turns += 1) {
      const { feed, append } = await openFeed();
      append(3);
      const events = makeViewer();
      await feed.watch(events.viewer, null);
      await settle();
      const calls = makeViewer('default', Number.POSITIVE_INFINITY, CALLS);
      await feed.watch(calls.viewer, null);
      for (let index = 0; index < turns; index += 1) await turn();
      append(1);
      await settle();
      expect([turns, calls.calls]).toEqual([turns, [4]]);
    }
  });

  it('shows every row of the account once and in order, whatever comes between', async () => {
    const wants = fc.constantFrom(EVENTS, CALLS, BOTH);
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({
              kind: fc.constant('append' as const),
              count: fc.integer({ min: 1, max: 700 }),
              isEvent: fc.boolean(),
            }),
            fc.record({ kind: fc.constant('watch' as const), room: fc.integer({ min: 1, max: 50 }), wants }),
            fc.record({ kind: fc.constant('resume' as const), room: fc.integer({ min: 1, max: 900 }) }),
            fc.record({ kind: fc.constant('turn' as const), count: fc.integer({ min: 1, max: 5 }) }),
            fc.record({ kind: fc.constant('other' as const), count: fc.integer({ min: 1, max: 20 }) }),
          ),
          { maxLength: 30 },
        ),
        async (steps) => {
          const { feed, append, rows } = await openFeed();
          const watching: { viewer: ReturnType<typeof makeViewer>; from: number; resume: () => void }[] = [];
          for (const step of steps) {
            switch (step.kind) {
              case 'append':
                append(step.count, 'default', step.isEvent);
                break;
              case 'other':
                append(step.count, 'acc_1');
                break;
              case 'turn':
                for (let index = 0; index < step.count; index += 1) await turn();
                break;
              case 'watch': {
                const viewer = makeViewer('default', step.room, step.wants);
                const from = Math.floor(rows.length / 2);
                const subscription = await feed.watch(viewer.viewer, from);
                watching.push({ viewer, from, resume: () => subscription.resume() });
                break;
              }
              case 'resume':
                for (const { viewer, resume } of watching) {
                  viewer.state.room = step.room;
                  resume();
                }
                break;
            }
          }
          for (const { viewer, resume } of watching) {
            viewer.state.room = Number.POSITIVE_INFINITY;
            resume();
          }
          await settle();
          append(1);
          await settle();
          for (const { viewer, from } of watching) {
            if (viewer.resyncs.length > 0) continue;
            const wanted = rows.filter(({ row, accountId }) => row > from && accountId === 'default');
            const wantedEvents = viewer.wants.events ? wanted.filter(({ isEvent }) => isEvent) : [];
            expect(viewer.seen).toEqual(wantedEvents.map(({ row }) => row));
            expect(viewer.calls).toEqual(viewer.wants.calls ? wanted.map(({ row }) => row) : []);
          }
          feed.stop();
        },
      ),
      { numRuns: 60 },
    );
  });
});
