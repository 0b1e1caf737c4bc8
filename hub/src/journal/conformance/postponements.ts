import { describe, expect, it } from 'vitest';

import type { ClaimedDelivery } from '../deliveries.ts';
import {
  accept,
  claim,
  claimOne,
  createDestination,
  DEAD,
  KEY_ACTOR,
  LEASE_MS,
  listDeliveries,
  readStates,
  record,
  retryIn,
  type Harness,
  type OpenHarness,
} from './harness.ts';

const WAITS = 'Waits for the start of the call.';

export function describePostponements(open: OpenHarness): void {
  describe('a delivery that is put off', () => {
    it('stays pending until its time, without an attempt, and says what it waits for', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await putOff(harness, claimed, 20_000);
      const dueAtMs = clock.nowMs() + 20_000;
      expect(await listDeliveries(journal)).toMatchObject([
        { state: 'pending', stateReason: WAITS, attempts: 0, lastStatus: null, lastDetail: null, dueAtMs },
      ]);
      expect((await journal.getDelivery('default', claimed.id))?.attemptEntries).toEqual([]);
      expect(await journal.listDueLanes()).toEqual([{ destinationId: id, dueAtMs }]);
      clock.advance(19_999);
      expect(await claim(harness, id)).toEqual([]);
      clock.advance(1);
      const again = await claimOne(harness, id);
      expect(again).toMatchObject({ row: claimed.row, attempts: 0 });
      expect((await listDeliveries(journal))[0]?.stateReason).toContain('under way');
      await record(journal, again);
      expect(await journal.getDelivery('default', claimed.id)).toMatchObject({
        state: 'delivered',
        stateReason: null,
        attempts: 1,
        attemptEntries: [{ number: 1, outcome: 'delivered' }],
      });
    });

    it('frees its lease at once, and wakes its lane when it is due', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      const hints: [string, number][] = [];
      const stop = journal.listenDue({
        leaseMs: LEASE_MS,
        nodeId: 'node-a',
        take: () => false,
        hint: (destinationId, dueAtMs) => void hints.push([destinationId, dueAtMs]),
      });
      await putOff(harness, claimed, 1_000);
      await expect.poll(() => hints).toContainEqual([id, clock.nowMs() + 1_000]);
      stop();
      expect(await journal.renewLeases([claimed], LEASE_MS, clock.nowMs())).toEqual([claimed.row]);
      expect(await journal.cancelDelivery('default', claimed.id, KEY_ACTOR)).toMatchObject({
        kind: 'cancelled',
        delivery: { stateReason: 'It was cancelled by hand.' },
      });
    });

    it('keeps what its last attempt came to, and counts on from it', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await record(journal, await claimOne(harness, id), retryIn(clock, 0));
      await putOff(harness, await claimOne(harness, id), 1_000);
      expect(await listDeliveries(journal)).toMatchObject([
        { stateReason: WAITS, attempts: 1, lastStatus: 500, lastDetail: 'It answered 500.' },
      ]);
      clock.advance(1_000);
      const again = await claimOne(harness, id);
      expect(again.attempts).toBe(1);
      await record(journal, again, retryIn(clock, 1_000));
      expect(await listDeliveries(journal)).toMatchObject([{ stateReason: 'It waits for its next try.' }]);
    });

    it('is not overtaken by the next event of its call, while other calls flow past', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      await putOff(harness, await claimOne(harness, id), 5_000);
      await accept(journal, 'b', 'in-progress');
      expect(await claim(harness, id)).toMatchObject([{ status: 'in-progress' }]);
      expect((await listDeliveries(journal))[1]).toMatchObject({ state: 'pending', dueAtMs: null });
      clock.advance(5_000);
      const first = await claimOne(harness, id);
      expect(first.sequence).toBe(1);
      await record(journal, first);
      expect(await claim(harness, id)).toMatchObject([{ sequence: 2 }]);
    });

    it('is taken over by a newer event where only the latest counts, as soon as it would wait', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal, { order: 'latest' });
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await accept(journal, 'a', 'ended');
      await putOff(harness, claimed, 5_000);
      expect(await readStates(journal)).toEqual(['a#1 superseded', 'a#2 pending']);
      expect((await journal.readStats()).pendingDeliveries).toBe(1);
      await putOff(harness, await claimOne(harness, id), 5_000);
      expect(await readStates(journal)).toEqual(['a#1 superseded', 'a#2 pending']);
    });

    it('ignores a token that is not the latest', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const lost = await claimOne(harness, id);
      clock.advance(LEASE_MS + 1);
      const latest = await claimOne(harness, id);
      await putOff(harness, lost, 60_000);
      expect(await listDeliveries(journal)).toMatchObject([
        { dueAtMs: latest.dueAtMs, stateReason: expect.stringContaining('under way') },
      ]);
      await record(journal, latest, DEAD);
      await putOff(harness, latest, 60_000);
      await putOff(harness, { ...latest, row: 999_999 }, 60_000);
      expect(await readStates(journal)).toEqual(['a#1 dead']);
      expect(await listDeliveries(journal)).toMatchObject([{ stateReason: 'exhausted', dueAtMs: null }]);
    });

    it('is held while its destination is paused, whatever its time', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await journal.setDestinationState('default', id, 'paused', null, KEY_ACTOR);
      await putOff(harness, claimed, 1_000);
      clock.advance(2_000);
      expect(await claim(harness, id)).toEqual([]);
      expect(await listDeliveries(journal)).toMatchObject([{ stateReason: 'Its destination is paused.' }]);
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      expect(await claim(harness, id)).toMatchObject([{ row: claimed.row }]);
    });

    it('goes at once where a person says so', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await putOff(harness, claimed, 60_000);
      expect(await journal.retryDelivery('default', claimed.id, KEY_ACTOR)).toMatchObject({
        kind: 'hastened',
      });
      expect(await claim(harness, id)).toMatchObject([{ row: claimed.row }]);
    });

    it('ends with its destination', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await putOff(harness, claimed, 60_000);
      await journal.deleteDestination('default', id, KEY_ACTOR);
      await putOff(harness, claimed, 60_000);
      expect(await journal.getDelivery('default', claimed.id)).toMatchObject({
        state: 'cancelled',
        stateReason: 'Its destination was deleted.',
      });
    });
  });
}

export function describePostponementsRestart(open: OpenHarness): void {
  describe('after a crash', () => {
    it('what was put off still waits, and still says what for', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const crash = harness.crash ?? expect.fail('a store that survives a crash says how to crash it');
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const claimed = await claimOne(harness, id);
      await putOff(harness, claimed, 5_000);
      const again = { journal: await crash(), clock };
      expect((await listDeliveries(again.journal))[0]).toMatchObject({ stateReason: WAITS, attempts: 0 });
      expect(await claim(again, id)).toEqual([]);
      clock.advance(5_000);
      expect(await claim(again, id)).toMatchObject([{ row: claimed.row, sequence: 1 }]);
    });
  });
}

function putOff(
  { journal, clock }: Pick<Harness, 'journal' | 'clock'>,
  { row, token }: Pick<ClaimedDelivery, 'row' | 'token'>,
  delayMs: number,
): Promise<void> {
  return journal.postponeDeliveries([{ row, token, dueAtMs: clock.nowMs() + delayMs, detail: WAITS }]);
}
