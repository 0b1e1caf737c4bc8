import { describe, expect, it } from 'vitest';

import type { Destination } from '../destinations.ts';
import {
  accept,
  claim,
  claimOne,
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  LEASE_MS,
  listDeliveries,
  record,
  type OpenHarness,
} from './harness.ts';

export function describeDestinations(open: OpenHarness): void {
  describe('destinations', () => {
    it('are kept as given, enabled, with an id', async () => {
      const { journal, clock } = await open();
      const created = await createDestination(journal, {
        name: 'CRM',
        settings: { url: 'https://example.com', headers: { authorization: 'Bearer x' } },
        filter: { statuses: ['ended'] },
        order: 'latest',
        concurrency: 3,
        ratePerSecond: 0.5,
        retryScheduleS: [5, 30],
        timeoutMs: 5_000,
      });
      expect(created).toMatchObject({
        id: expect.stringMatching(/^dst_/),
        state: 'enabled',
        stateReason: null,
        previousSecret: null,
        failingSinceMs: null,
        createdAtMs: clock.nowMs(),
      });
      expect(await journal.getDestination('default', created.id)).toEqual(created);
      expect(await journal.listDestinations('default')).toEqual([created]);
      expect(await journal.listDestinations()).toEqual([created]);
    });

    it('change only in what the change names', async () => {
      const { journal, clock } = await open();
      const created = await createDestination(journal);
      clock.advance(1_000);
      const changed = await journal.updateDestination(
        'default',
        created.id,
        { name: 'New', retryScheduleS: [1] },
        KEY_ACTOR,
      );
      expect(changed).toEqual({ ...created, name: 'New', retryScheduleS: [1], updatedAtMs: clock.nowMs() });
      expect(
        await journal.updateDestination('default', 'dst_none', { name: 'x' }, KEY_ACTOR),
      ).toBeUndefined();
    });

    it('keep both of two changes made at once', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal);
      await Promise.all([
        journal.updateDestination('default', id, { name: 'New' }, KEY_ACTOR),
        journal.updateDestination('default', id, { concurrency: 7 }, KEY_ACTOR),
      ]);
      expect(await journal.getDestination('default', id)).toMatchObject({ name: 'New', concurrency: 7 });
    });

    it('hold their deliveries while paused, drop none, and give them out in order on resume', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await journal.setDestinationState('default', id, 'paused', 'maintenance', KEY_ACTOR);
      expect(await journal.getDestination('default', id)).toMatchObject({
        state: 'paused',
        stateReason: 'maintenance',
      });
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'a', 'ended');
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.listDueLanes()).toEqual([]);
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      const first = await claimOne(harness, id);
      expect(first.sequence).toBe(1);
      await record(journal, first);
      expect((await claimOne(harness, id)).sequence).toBe(2);
    });

    it('take the outcome of an attempt that was under way when they were paused', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      const claimed = await claimOne(harness, id);
      await journal.setDestinationState('default', id, 'paused', null, KEY_ACTOR);
      expect(await record(journal, claimed)).toEqual({ kind: 'recorded', state: 'delivered' });
    });

    it('remember since when they fail, and forget it when they work or are resumed', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal);
      const read = async (): Promise<Destination | undefined> => journal.getDestination('default', id);
      await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs: 5 });
      await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs: 9 });
      expect((await read())?.failingSinceMs).toBe(5);
      await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      expect((await read())?.failingSinceMs).toBeNull();
      await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs: 9 });
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'it answered 410' });
      expect(await read()).toMatchObject({ state: 'disabled', stateReason: 'it answered 410' });
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      expect(await read()).toMatchObject({ state: 'enabled', stateReason: null, failingSinceMs: null });
      const audit = await journal.listAudit('default', FIRST_PAGE);
      expect(audit.items.map(({ action }) => action)).toEqual([
        'destination.resumed',
        'destination.disabled',
        'destination.recovered',
        'destination.created',
      ]);
      expect(audit.items[1]).toMatchObject({ actor: { kind: 'hub', id: 'hub' }, subject: id });
    });

    it('sign with both secrets during a rotation', async () => {
      const { journal, clock } = await open();
      const { id, secret } = await createDestination(journal);
      const rotated = await journal.rotateSecret('default', id, 'whsec_bmV3', 60_000, KEY_ACTOR);
      expect(rotated).toMatchObject({
        secret: 'whsec_bmV3',
        previousSecret: secret,
        previousSecretUntilMs: clock.nowMs() + 60_000,
      });
      expect(await journal.getDestination('default', id)).toEqual(rotated);
    });

    it('once deleted are gone, their pending deliveries cancelled, their past readable', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'in-progress');
      await accept(journal, 'b', 'ended');
      await record(journal, await claimOne(harness, id));
      expect(await journal.deleteDestination('default', id, KEY_ACTOR)).toBe(true);
      expect(await journal.deleteDestination('default', id, KEY_ACTOR)).toBe(false);
      expect(await journal.getDestination('default', id)).toBeUndefined();
      expect(await journal.listDestinations()).toEqual([]);
      const deliveries = await listDeliveries(journal);
      expect(deliveries.map(({ state }) => state)).toEqual(['delivered', 'cancelled', 'cancelled']);
      await accept(journal, 'c', 'in-progress');
      expect(await listDeliveries(journal)).toHaveLength(3);
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.readStats()).toMatchObject({ pendingDeliveries: 0 });
    });

    it('tell listeners of every change, also of health and deletion', async () => {
      const { journal } = await open();
      const heard: [string, string | undefined][] = [];
      const stop = journal.listenDestinations((id, destination) => heard.push([id, destination?.state]));
      const { id } = await createDestination(journal);
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'x' });
      await journal.deleteDestination('default', id, KEY_ACTOR);
      stop();
      await createDestination(journal);
      expect(heard).toEqual([
        [id, 'enabled'],
        [id, 'disabled'],
        [id, undefined],
      ]);
    });

    it('show their backlog and its age', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await createDestination(journal, { filter: { statuses: ['no such'] } });
      const startMs = clock.nowMs();
      await accept(journal, 'a', 'in-progress');
      clock.advance(500);
      await accept(journal, 'a', 'ended');
      await accept(journal, 'b', 'in-progress');
      expect(await journal.readBacklog()).toEqual([{ destinationId: id, pending: 3, oldestAtMs: startMs }]);
      await journal.claimDeliveries({
        nodeId: 'n',
        leaseMs: LEASE_MS,
        nowMs: clock.nowMs(),
        lanes: [{ destinationId: id, limit: 9 }],
      });
      expect(await journal.readBacklog()).toMatchObject([{ pending: 3 }]);
    });
  });
}
