import { describe, expect, it } from 'vitest';
import type { AccountId, DeliveryId } from '../journal/ids.ts';
import type { DeliveryState } from '../journal/delivery-state.ts';
import type { DeliveryChange, RecordedDelivery } from './delivery-feed.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import {
  createDeliveryFeed,
  DELIVERIES_BATCH_MS,
  DELIVERIES_RESYNC_EVERY_MS,
  DELIVERIES_TOLD_PER_SECOND_MAX,
} from './delivery-feed.ts';

const BODY = Buffer.from(JSON.stringify({ message: { call: { id: 'call "7"' } } }));

function makeAttempt(
  id: DeliveryId,
  state: DeliveryState = 'delivered',
  more: { readonly accountId?: AccountId; readonly number?: number; readonly refused?: boolean } = {},
): RecordedDelivery {
  const isDelivered = state === 'delivered';
  return {
    delivery: {
      id,
      row: 1,
      destinationId: 'dst_1',
      accountId: more.accountId ?? 'default',
      eventId: 'evt_1',
      eventType: 'status-update',
      eventRow: 1,
      callRow: 1,
      sequence: 2,
      status: 'ended',
      body: BODY,
      traceparent: null,
      acceptedAtMs: 0,
      dueAtMs: 0,
      attempts: 0,
      rejections: 0,
      token: 1,
    },
    record: {
      deliveryRow: 1,
      token: 1,
      number: more.number ?? 1,
      startedAtMs: 0,
      durationMs: 1,
      firstByteMs: 1,
      status: isDelivered ? 200 : 503,
      cause: null,
      detail: isDelivered ? null : 'It answered 503.',
      responseBody: null,
      outcome: isDelivered ? 'delivered' : 'retry',
      nextDueAtMs: isDelivered ? null : 5_000,
      deadReason: null,
      rejected: false,
      releasesNext: false,
    },
    recorded: { kind: more.refused === true ? 'refused' : 'recorded', state },
  };
}

function openFeed() {
  const clock = createSimClock(1_000_000);
  const feed = createDeliveryFeed(clock);
  const batches: (readonly DeliveryChange[])[] = [];
  let resyncs = 0;
  const stop = feed.watch('default', {
    show: (changes) => batches.push(changes),
    resync: () => (resyncs += 1),
  });
  return {
    feed,
    batches,
    stop,
    resyncs: () => resyncs,
    wait: (ms: number) => clock.runUntil(clock.nowMs() + ms),
  };
}

describe('the delivery feed', () => {
  it('tells the first at once, and those that follow in one batch', async () => {
    const { feed, batches, wait } = openFeed();
    feed.attempted(makeAttempt('dlv_1'));
    await wait(0);
    expect(batches).toEqual([
      [
        {
          id: 'dlv_1',
          destinationId: 'dst_1',
          eventId: 'evt_1',
          eventType: 'status-update',
          callId: 'call "7"',
          sequence: 2,
          status: 'ended',
          state: 'delivered',
          attempts: 1,
          lastStatus: 200,
          lastDetail: null,
          dueAtMs: null,
        },
      ],
    ]);
    feed.attempted(makeAttempt('dlv_2'));
    feed.attempted(makeAttempt('dlv_3'));
    await wait(DELIVERIES_BATCH_MS - 1);
    expect(batches).toHaveLength(1);
    await wait(1);
    expect(batches.slice(1).map((batch) => batch.map(({ id }) => id))).toEqual([['dlv_2', 'dlv_3']]);
  });

  it('tells the last of what happened to a delivery within a batch', async () => {
    const { feed, batches, wait } = openFeed();
    feed.attempted(makeAttempt('dlv_1', 'pending'));
    feed.attempted(makeAttempt('dlv_2'));
    feed.attempted(makeAttempt('dlv_1', 'delivered', { number: 2 }));
    await wait(0);
    expect(batches.map((batch) => batch.map(({ id, state, attempts }) => [id, state, attempts]))).toEqual([
      [
        ['dlv_2', 'delivered', 1],
        ['dlv_1', 'delivered', 2],
      ],
    ]);
  });

  it('says when the next try is only of one that is still pending', async () => {
    const { feed, batches, wait } = openFeed();
    feed.attempted(makeAttempt('dlv_1', 'pending'));
    feed.attempted(makeAttempt('dlv_2', 'superseded'));
    await wait(0);
    expect(batches[0]?.map(({ dueAtMs }) => dueAtMs)).toEqual([5_000, null]);
  });

  it('tells nothing of other accounts, nor of what was not recorded', async () => {
    const { feed, batches, wait } = openFeed();
    feed.attempted(makeAttempt('dlv_1', 'delivered', { accountId: 'acc_1' }));
    feed.attempted(makeAttempt('dlv_2', 'delivered', { refused: true }));
    await wait(1_000);
    expect(batches).toEqual([]);
  });

  it('tells no more than its number a second of 10,000, and says that others were left out', async () => {
    const { feed, batches, wait, resyncs } = openFeed();
    for (let second = 0; second < 10; second += 1) {
      for (let step = 0; step < 100; step += 1) {
        for (let index = 0; index < 100; index += 1) {
          feed.attempted(makeAttempt(`dlv_${second}_${step}_${index}`));
        }
        await wait(10);
      }
    }
    const told = batches.flat().length;
    // What it may tell at once, and then in each second.
    expect(told).toBeLessThanOrEqual(DELIVERIES_TOLD_PER_SECOND_MAX * 11);
    expect(told).toBeGreaterThan(DELIVERIES_TOLD_PER_SECOND_MAX * 9);
    expect(batches.length).toBeLessThanOrEqual(10_000 / DELIVERIES_BATCH_MS + 1);
    expect(resyncs()).toBe(2);
    // The last resync comes after the last that was left out.
    await wait(DELIVERIES_RESYNC_EVERY_MS);
    expect(resyncs()).toBe(3);
    await wait(60_000);
    expect(resyncs()).toBe(3);
  });

  it('goes on telling in time while a resync waits', async () => {
    const { feed, batches, wait } = openFeed();
    for (let round = 0; round < 2; round += 1) {
      for (let index = 0; index < DELIVERIES_TOLD_PER_SECOND_MAX * 3; index += 1) {
        feed.attempted(makeAttempt(`dlv_${round}_${index}`));
      }
      await wait(1_000);
    }
    const before = batches.length;
    feed.attempted(makeAttempt('dlv_late'));
    await wait(DELIVERIES_BATCH_MS);
    expect(batches.slice(before).map((batch) => batch.map(({ id }) => id))).toEqual([['dlv_late']]);
  });

  it('looks at nothing once the last viewer has gone', async () => {
    const { feed, stop } = openFeed();
    stop();
    const unread = makeAttempt('dlv_1');
    let looks = 0;
    const watched = new Proxy(unread.delivery, {
      get(target, name) {
        looks += 1;
        return Reflect.get(target, name) as unknown;
      },
    });
    feed.attempted({ ...unread, delivery: watched });
    expect(looks).toBe(0);
  });
});
