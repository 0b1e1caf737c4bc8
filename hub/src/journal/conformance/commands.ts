import { describe, expect, it } from 'vitest';

import type { ClaimedDelivery } from '../deliveries.ts';
import {
  accept,
  claim,
  claimOne,
  createDestination,
  DEAD,
  FIRST_PAGE,
  KEY_ACTOR,
  listDeliveries,
  readStates,
  record,
  retryIn,
  type OpenHarness,
} from './harness.ts';

export function describeCommands(open: OpenHarness): void {
  describe('retrying a delivery by hand', () => {
    it('makes a pending one due now', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await record(journal, claimed, retryIn(clock, 3_600_000));
      const result = await journal.retryDelivery('default', claimed.id, KEY_ACTOR);
      expect(result).toMatchObject({
        kind: 'hastened',
        delivery: { id: claimed.id, dueAtMs: clock.nowMs() },
      });
      expect(await claimOne(harness, id)).toMatchObject({ row: claimed.row, attempts: 1 });
    });

    it('of one that waits hastens what it waits for, so that order is kept', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      await record(journal, await claimOne(harness, id), retryIn(clock, 3_600_000));
      const [, waiting] = await listDeliveries(journal);
      const result = await journal.retryDelivery('default', waiting?.id ?? 'dlv_', KEY_ACTOR);
      expect(result).toMatchObject({ kind: 'hastened', delivery: { dueAtMs: null } });
      expect(await claim(harness, id)).toMatchObject([{ sequence: 1 }]);
    });

    it('makes a new delivery of the same event where the old one is over', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const dead = await claimOne(harness, id);
      await record(journal, dead, DEAD);
      const result = await journal.retryDelivery('default', dead.id, KEY_ACTOR);
      expect(result).toMatchObject({ kind: 'created', delivery: { state: 'pending', attempts: 0 } });
      const again = await claimOne(harness, id);
      expect(again).toMatchObject({ eventId: dead.eventId, body: dead.body, attempts: 0 });
      expect(again.row).not.toBe(dead.row);
      expect(await readStates(journal)).toEqual(['a#1 dead', 'a#1 pending']);
      // The one that was given up says what became of its event, so that nobody sends it a third time.
      expect((await journal.getDelivery('default', dead.id))?.resent).toEqual({
        id: again.id,
        state: 'pending',
      });
      await record(journal, again);
      expect((await journal.getDelivery('default', dead.id))?.resent?.state).toBe('delivered');
      expect((await journal.getDelivery('default', again.id))?.resent).toBeNull();
    });

    it('says so where the same event is on its way already, or the destination is gone', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const dead = await claimOne(harness, id);
      await record(journal, dead, DEAD);
      const both = await Promise.all([
        journal.retryDelivery('default', dead.id, KEY_ACTOR),
        journal.retryDelivery('default', dead.id, KEY_ACTOR),
      ]);
      expect(both.map((result) => result?.kind)).toEqual(['created', 'already_pending']);
      await journal.deleteDestination('default', id, KEY_ACTOR);
      expect(await journal.retryDelivery('default', dead.id, KEY_ACTOR)).toEqual({
        kind: 'destination_gone',
      });
      expect(await journal.retryDelivery('default', 'dlv_0000000999', KEY_ACTOR)).toBeUndefined();
      expect(await journal.retryDelivery('default', 'dlv_nonsense', KEY_ACTOR)).toBeUndefined();
    });

    it('never overtakes a delivery of the same call that is still pending', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const dead = await claimOne(harness, id);
      await record(journal, dead, DEAD);
      await accept(journal, 'a', 'ended');
      await journal.retryDelivery('default', dead.id, KEY_ACTOR);
      const first = await claim(harness, id);
      expect(first).toMatchObject([{ sequence: 2 }]);
      await record(journal, first[0] as ClaimedDelivery);
      expect(await claim(harness, id)).toMatchObject([{ sequence: 1 }]);
    });
  });

  describe('cancelling a delivery', () => {
    it('ends it and lets the next of its call go', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      const [first] = await listDeliveries(journal);
      const result = await journal.cancelDelivery('default', first?.id ?? 'dlv_', KEY_ACTOR);
      expect(result).toMatchObject({ kind: 'cancelled', delivery: { state: 'cancelled', dueAtMs: null } });
      expect(await claim(harness, id)).toMatchObject([{ sequence: 2 }]);
      expect((await journal.listAudit('default', FIRST_PAGE)).items[0]).toMatchObject({
        action: 'delivery.cancelled',
        subject: first?.id,
        actor: KEY_ACTOR,
      });
    });

    it('is refused while an attempt is under way, and once it is over', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      expect(await journal.cancelDelivery('default', claimed.id, KEY_ACTOR)).toMatchObject({
        kind: 'not_cancellable',
        delivery: { state: 'pending' },
      });
      await record(journal, claimed);
      expect(await journal.cancelDelivery('default', claimed.id, KEY_ACTOR)).toMatchObject({
        kind: 'not_cancellable',
        delivery: { state: 'delivered' },
      });
      expect(await journal.cancelDelivery('default', 'dlv_0000000999', KEY_ACTOR)).toBeUndefined();
    });
  });
}
