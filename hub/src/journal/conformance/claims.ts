import { describe, expect, it } from 'vitest';

import type { ClaimedDelivery, DueListener } from '../deliveries.ts';
import {
  accept,
  claim,
  claimOne,
  createDestination,
  LEASE_MS,
  listDeliveries,
  record,
  retryIn,
  toIncoming,
  toReport,
  type OpenHarness,
} from './harness.ts';

export function describeClaims(open: OpenHarness): void {
  describe('claims and leases', () => {
    it('carry all that an attempt needs', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      const { event } = await accept(journal, 'a', 'in-progress', {}, { traceparent: '00-ab-cd-01' });
      const [stored] = await journal.readFeed(undefined, 0, 1);
      const [delivery] = await listDeliveries(journal);
      const claimed = await claimOne(harness, id);
      expect(claimed).toEqual({
        id: delivery?.id,
        row: expect.any(Number),
        destinationId: id,
        accountId: 'default',
        eventId: event?.id,
        eventType: 'status-update',
        eventRow: stored?.row,
        callRow: expect.any(Number),
        sequence: 1,
        status: 'in-progress',
        body: expect.toSatisfy((body: Uint8Array) => Buffer.from(stored?.body ?? []).equals(body)),
        traceparent: '00-ab-cd-01',
        acceptedAtMs: clock.nowMs(),
        dueAtMs: clock.nowMs(),
        attempts: 0,
        rejections: 0,
        token: expect.any(Number),
      });
    });

    it('give the oldest due first and no more than each lane asked for', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const a = await createDestination(journal);
      const b = await createDestination(journal);
      for (let index = 0; index < 5; index += 1) {
        await accept(journal, `call-${index}`, 'in-progress');
        clock.advance(10);
      }
      const lanes = [
        { destinationId: a.id, limit: 2 },
        { destinationId: b.id, limit: 3 },
      ];
      const claimed = await journal.claimDeliveries({
        nodeId: 'n',
        leaseMs: LEASE_MS,
        nowMs: clock.nowMs(),
        lanes,
      });
      const dues = (id: string): readonly number[] =>
        claimed.filter(({ destinationId }) => destinationId === id).map(({ dueAtMs }) => dueAtMs);
      expect(dues(a.id)).toHaveLength(2);
      expect(dues(b.id)).toHaveLength(3);
      expect(dues(b.id)).toEqual(dues(b.id).toSorted((a, b) => a - b));
      expect(await claim(harness, a.id)).toHaveLength(3);
      expect(await claim(harness, b.id, 0)).toEqual([]);
    });

    it('never give out what is leased, nor what is not due yet', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'in-progress');
      const [a] = await claim(harness, id, 1);
      expect(await claim(harness, id)).toHaveLength(1);
      expect(await claim(harness, id)).toEqual([]);
      await record(journal, a as ClaimedDelivery, retryIn(clock, 1_000));
      expect(await claim(harness, id)).toEqual([]);
      clock.advance(1_000);
      expect(await claim(harness, id)).toMatchObject([{ row: a?.row }]);
    });

    it('run out, go to somebody else, and refuse the record of the one who lost it', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const zombie = await claimOne(harness, id);
      clock.advance(LEASE_MS + 1);
      const [heir] = await claim(harness, id, 1, 'node-b');
      expect(heir?.row).toBe(zombie.row);
      expect(heir?.token).toBeGreaterThan(zombie.token);
      expect(await record(journal, zombie)).toEqual({ kind: 'refused', state: 'pending' });
      expect(await record(journal, heir as ClaimedDelivery)).toEqual({
        kind: 'recorded',
        state: 'delivered',
      });
      expect(await record(journal, zombie)).toEqual({ kind: 'refused', state: 'delivered' });
      const [delivery] = await listDeliveries(journal);
      expect(delivery?.attempts).toBe(1);
    });

    it('still count when they ran out but nobody claimed anew', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      clock.advance(LEASE_MS + 1);
      expect(await record(journal, claimed)).toEqual({ kind: 'recorded', state: 'delivered' });
    });

    it('are renewed by their holder only; what was lost is named', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'in-progress');
      const [a, b] = (await claim(harness, id)) as [ClaimedDelivery, ClaimedDelivery];
      clock.advance(LEASE_MS - 1);
      expect(await journal.renewLeases([a], LEASE_MS, clock.nowMs())).toEqual([]);
      clock.advance(2);
      const [heir] = await claim(harness, id);
      expect(heir?.row).toBe(b.row);
      expect(await journal.renewLeases([a, b], LEASE_MS, clock.nowMs())).toEqual([b.row]);
      expect(await record(journal, a)).toMatchObject({ kind: 'recorded' });
    });

    it('can be given back untouched, but not with a stale token', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const first = await claimOne(harness, id);
      await journal.releaseDeliveries([first]);
      const second = await claimOne(harness, id);
      expect(second).toMatchObject({ row: first.row, attempts: 0 });
      await journal.releaseDeliveries([first]);
      expect(await claim(harness, id)).toEqual([]);
      expect(await record(journal, second)).toMatchObject({ kind: 'recorded' });
    });

    it('record an attempt once, however often it is asked for at the same time', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      const both = await Promise.all([
        record(journal, claimed, retryIn(clock, 1_000)),
        record(journal, claimed, retryIn(clock, 1_000)),
      ]);
      expect(both.map(({ kind }) => kind).toSorted()).toEqual(['recorded', 'refused']);
      const [delivery] = await listDeliveries(journal);
      expect(delivery?.attempts).toBe(1);
    });

    it('lanes name when their earliest unclaimed delivery is due', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const a = await createDestination(journal);
      const b = await createDestination(journal, { filter: { statuses: ['ended'] } });
      expect(await journal.listDueLanes()).toEqual([]);
      await accept(journal, 'x', 'in-progress');
      const startMs = clock.nowMs();
      clock.advance(5);
      await accept(journal, 'y', 'in-progress');
      expect(await journal.listDueLanes()).toEqual([{ destinationId: a.id, dueAtMs: startMs }]);
      const held = await claimOne(harness, a.id);
      expect(await journal.listDueLanes()).toEqual([{ destinationId: a.id, dueAtMs: startMs + 5 }]);
      await accept(journal, 'z', 'ended');
      await record(journal, held, retryIn(clock, 60_000));
      const lanes = await journal.listDueLanes();
      expect(lanes.map(({ destinationId }) => destinationId).toSorted()).toEqual([a.id, b.id].toSorted());
    });
  });

  describe('the due listener', () => {
    it('takes what a commit made due, leased, and nothing that must wait', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      const listener = createListener();
      journal.listenDue(listener);
      await journal.acceptReports([
        toIncoming(toReport('a', 'in-progress')),
        toIncoming(toReport('a', 'ended')),
      ]);
      expect(listener.taken.map(({ sequence }) => sequence)).toEqual([1]);
      expect(await claim(harness, id)).toEqual([]);
      await record(journal, listener.taken[0] as ClaimedDelivery);
      expect(listener.taken.map(({ sequence }) => sequence)).toEqual([1, 2]);
      const [first, second] = listener.taken as [ClaimedDelivery, ClaimedDelivery];
      expect(second.token).toBeGreaterThan(first.token);
      expect(Buffer.from(second.body).toString()).toContain('"ended"');
      expect(await record(journal, second)).toEqual({ kind: 'recorded', state: 'delivered' });
    });

    it('gets the very delivery that a claim would give', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      const listener = createListener();
      journal.listenDue(listener);
      await accept(journal, 'a', 'in-progress', {}, { traceparent: '00-ab-cd-01' });
      const [taken] = listener.taken;
      await journal.releaseDeliveries([taken as ClaimedDelivery]);
      const claimed = await claimOne(harness, id);
      expect({ ...taken, token: 0, body: Buffer.from(taken?.body ?? []) }).toEqual({
        ...claimed,
        token: 0,
        body: Buffer.from(claimed.body),
      });
    });

    it('leaves what it does not take in the journal, and hears of it', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      const listener = createListener();
      listener.isFull = true;
      const stop = journal.listenDue(listener);
      await accept(journal, 'a', 'in-progress');
      expect(listener.taken).toEqual([]);
      expect(listener.hints).toEqual([[id, clock.nowMs()]]);
      await record(journal, await claimOne(harness, id), retryIn(clock, 7_000));
      expect(listener.hints.at(-1)).toEqual([id, clock.nowMs() + 7_000]);
      stop();
      listener.isFull = false;
      await accept(journal, 'b', 'in-progress');
      expect(listener.taken).toEqual([]);
    });

    it('is not offered an event while an earlier one of its call, let past as poison, is leased again', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const poisoned = { ...retryIn(clock, 0), status: 422, rejected: true, releasesNext: true };
      await record(journal, await claimOne(harness, id), poisoned);
      await claimOne(harness, id);
      const listener = createListener();
      journal.listenDue(listener);
      await accept(journal, 'a', 'ended');
      await accept(journal, 'b', 'in-progress');
      expect(listener.taken.map(({ sequence }) => sequence)).toEqual([1]);
    });

    it('is not offered what is paused, and hears when it may go', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      const listener = createListener();
      journal.listenDue(listener);
      await journal.setDestinationState('default', id, 'paused', null, { kind: 'hub', id: 'hub' });
      await accept(journal, 'a', 'in-progress');
      expect(listener.taken).toEqual([]);
      await journal.setDestinationState('default', id, 'enabled', null, { kind: 'hub', id: 'hub' });
      expect(listener.hints.map(([hinted]) => hinted)).toContain(id);
    });
  });
}

function createListener(): DueListener & {
  taken: ClaimedDelivery[];
  hints: [string, number][];
  isFull: boolean;
} {
  const listener = {
    taken: [] as ClaimedDelivery[],
    hints: [] as [string, number][],
    isFull: false,
    leaseMs: LEASE_MS,
    nodeId: 'node-a',
    take(delivery: ClaimedDelivery) {
      if (!listener.isFull) listener.taken.push(delivery);
      return !listener.isFull;
    },
    hint(destinationId: string, dueAtMs: number) {
      listener.hints.push([destinationId, dueAtMs]);
    },
  };
  return listener;
}
