import { describe, expect, it } from 'vitest';

import {
  accept,
  claim,
  claimOne,
  createDestination,
  DEAD,
  listDeliveries,
  readStates,
  record,
  retryIn,
  type OpenHarness,
} from './harness.ts';

export function describeOrder(open: OpenHarness): void {
  describe('order per call', () => {
    it('gives out an event only after the one before it is delivered', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const first = await claim(harness, id);
      expect(first.map(({ sequence }) => sequence)).toEqual([1]);
      expect(await claim(harness, id)).toEqual([]);
      expect((await listDeliveries(journal))[1]).toMatchObject({ state: 'pending', dueAtMs: null });
      await record(journal, first[0] as (typeof first)[number]);
      expect((await claim(harness, id)).map(({ sequence }) => sequence)).toEqual([2]);
    });

    it('lets other calls and other destinations flow past', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const slow = await createDestination(journal);
      const fast = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await record(journal, await claimOne(harness, slow.id), retryIn(clock, 60_000));
      await accept(journal, 'a', 'ended');
      await accept(journal, 'b', 'in-progress');
      expect((await claim(harness, slow.id)).map(({ callRow }) => callRow)).toHaveLength(1);
      const [first] = await claim(harness, fast.id);
      expect(first?.sequence).toBe(1);
    });

    it('keeps the later event waiting while the earlier one is retried', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      await record(journal, await claimOne(harness, id), retryIn(clock, 5_000));
      expect(await claim(harness, id)).toEqual([]);
      clock.advance(5_000);
      const again = await claim(harness, id);
      expect(again).toMatchObject([{ sequence: 1, attempts: 1 }]);
    });

    it('goes on after a dead letter and after a cancelled delivery', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      for (const call of ['a', 'b']) {
        await accept(journal, call, 'in-progress');
        await accept(journal, call, 'ended');
      }
      const [a, b] = await claim(harness, id);
      if (a === undefined || b === undefined) throw new Error('Two were due.');
      await record(journal, a, DEAD);
      await journal.releaseDeliveries([b]);
      await journal.cancelDelivery('default', b.id, { kind: 'hub', id: 'hub' });
      expect((await claim(harness, id)).map(({ sequence }) => sequence)).toEqual([2, 2]);
    });

    it('lets the next event past a poisoned one, but never has both under way at once', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const poisoned = { ...retryIn(clock, 5_000), status: 422, rejected: true, releasesNext: true };
      await record(journal, await claimOne(harness, id), poisoned);
      clock.advance(5_000);
      expect((await listDeliveries(journal)).map(({ dueAtMs }) => dueAtMs)).not.toContain(null);
      const [held, ...others] = await claim(harness, id);
      expect(others).toEqual([]);
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.listDueLanes()).toEqual([]);
      await journal.releaseDeliveries(held === undefined ? [] : [held]);
      expect(await journal.listDueLanes()).toHaveLength(1);
    });

    it('supersedes the older event when the later one is delivered first', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const first = await claimOne(harness, id);
      const poisoned = { ...retryIn(clock, 60_000), status: 400, rejected: true, releasesNext: true };
      expect(await record(journal, first, poisoned)).toEqual({ kind: 'recorded', state: 'pending' });
      const second = await claimOne(harness, id);
      expect(second.sequence).toBe(2);
      await record(journal, second);
      expect(await readStates(journal)).toEqual(['a#1 superseded', 'a#2 delivered']);
      clock.advance(60_000);
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.readStats()).toMatchObject({ pendingDeliveries: 0 });
    });

    it('counts rejections and attempts on the delivery', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      for (let round = 0; round < 3; round += 1) {
        const claimed = await claimOne(harness, id);
        expect(claimed).toMatchObject({ attempts: round, rejections: round });
        await record(journal, claimed, { ...retryIn(clock, 1_000), status: 404, rejected: true });
        clock.advance(1_000);
      }
    });
  });

  describe('latest destinations', () => {
    it('give up an older event when a newer one is accepted', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal, { order: 'latest' });
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      expect(await readStates(journal)).toEqual(['a#1 superseded', 'a#2 pending']);
      expect(await claim(harness, id)).toMatchObject([{ sequence: 2 }]);
    });

    it('let an attempt under way finish, then send the newer event', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal, { order: 'latest' });
      await accept(journal, 'a', 'in-progress');
      const older = await claimOne(harness, id);
      await accept(journal, 'a', 'ended');
      expect(await claim(harness, id)).toEqual([]);
      await record(journal, older);
      expect(await claim(harness, id)).toMatchObject([{ sequence: 2 }]);
      expect(await readStates(journal)).toEqual(['a#1 delivered', 'a#2 pending']);
    });

    it('turn a retry into superseded where a newer event waits', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal, { order: 'latest' });
      await accept(journal, 'a', 'in-progress');
      const older = await claimOne(harness, id);
      await accept(journal, 'a', 'ended');
      const recorded = await record(journal, older, retryIn(clock, 5_000));
      expect(recorded).toEqual({ kind: 'recorded', state: 'superseded' });
      expect(await claim(harness, id)).toMatchObject([{ sequence: 2 }]);
    });
  });
}
