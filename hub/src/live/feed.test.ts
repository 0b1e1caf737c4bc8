import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { EventEntry } from '../journal/journal.ts';
import type { FeedViewer } from './feed.ts';

import { createFeed, FEED_LAG_EVENTS_MAX, FEED_PAGE_EVENTS } from './feed.ts';

/** A feed over rows in memory. Reads wait for a turn of the event loop, as a journal's may. */
async function openFeed() {
  const rows: EventEntry[] = [];
  const listeners = new Set<() => void>();
  const state = { reads: 0, fails: false };
  const clock: Clock = { nowMs: () => 0, monotonicMs: () => 0, setTimer: () => () => {} };
  const feed = createFeed({
    clock,
    journal: {
      async readFeed(accountId, afterRow, limit) {
        state.reads += 1;
        await turn();
        if (state.fails) throw new Error('gone');
        const from = rows.findIndex(({ row }) => row > afterRow);
        if (from === -1) return [];
        const found = rows
          .slice(from)
          .filter((one) => accountId === undefined || one.accountId === accountId);
        return found.slice(0, limit);
      },
      async readFeedEnd() {
        const end = rows.at(-1)?.row ?? 0;
        await turn();
        return end;
      },
      listenFeed(listener) {
        listeners.add(listener);
        return () => listeners.delete(listener);
      },
    },
    troubled: () => {},
  });
  await feed.start();

  function append(count: number, accountId: AccountId = 'default'): void {
    for (let index = 0; index < count; index += 1) {
      const row = (rows.at(-1)?.row ?? 0) + 1;
      rows.push({
        id: `evt_${row}`,
        row,
        accountId,
        callId: `call-${row}`,
        sequence: 1,
        status: 'ended',
        acceptedAtMs: row,
        body: new Uint8Array(),
      });
    }
    for (const listener of listeners) listener();
  }
  return { feed, append, state, rows };
}

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

async function settle(): Promise<void> {
  for (let index = 0; index < 60; index += 1) await turn();
}

/** Takes everything, or refuses once `room` events were shown. */
function makeViewer(accountId: AccountId = 'default', room = Number.POSITIVE_INFINITY) {
  const seen: number[] = [];
  const resyncs: number[] = [];
  const state = { room, failed: false };
  const viewer: FeedViewer = {
    accountId,
    show(event) {
      seen.push(event.row);
      state.room -= 1;
      return state.room > 0;
    },
    resync: (row) => resyncs.push(row),
    fail() {
      state.failed = true;
    },
  };
  return { viewer, seen, resyncs, state };
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
    append(FEED_PAGE_EVENTS * 3);
    await settle();
    expect(slow.seen).toEqual([1, 2, 3]);
    expect(fast.seen).toHaveLength(FEED_PAGE_EVENTS * 3);
    slow.state.room = Number.POSITIVE_INFINITY;
    subscription.resume();
    await settle();
    append(1);
    await settle();
    expect(slow.seen).toEqual(Array.from({ length: FEED_PAGE_EVENTS * 3 + 1 }, (_, index) => index + 1));
    expect(slow.resyncs).toEqual([]);
  });

  it('tells a live viewer that fell too far behind to resync, and goes on at the end', async () => {
    const { feed, append, rows } = await openFeed();
    const slow = makeViewer('default', 1);
    const fast = makeViewer();
    const subscription = await feed.watch(slow.viewer, null);
    await feed.watch(fast.viewer, null);
    await settle();
    append(FEED_LAG_EVENTS_MAX + 10);
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
    append(FEED_LAG_EVENTS_MAX * 2);
    const { viewer, seen, resyncs } = makeViewer();
    await feed.watch(viewer, 0);
    await settle();
    await settle();
    expect([seen.length, resyncs]).toEqual([FEED_LAG_EVENTS_MAX * 2, []]);
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

  it('shows every event of the account once and in order, whatever comes between', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(
          fc.oneof(
            fc.record({ kind: fc.constant('append' as const), count: fc.integer({ min: 1, max: 700 }) }),
            fc.record({ kind: fc.constant('watch' as const), room: fc.integer({ min: 1, max: 50 }) }),
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
                append(step.count);
                break;
              case 'other':
                append(step.count, 'acc_1');
                break;
              case 'turn':
                for (let index = 0; index < step.count; index += 1) await turn();
                break;
              case 'watch': {
                const viewer = makeViewer('default', step.room);
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
            const wanted = rows.filter(({ row, accountId }) => row > from && accountId === 'default');
            if (viewer.resyncs.length === 0) expect(viewer.seen).toEqual(wanted.map(({ row }) => row));
          }
          feed.stop();
        },
      ),
      { numRuns: 60 },
    );
  });
});
