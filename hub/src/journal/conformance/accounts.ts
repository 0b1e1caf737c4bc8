import { describe, expect, it } from 'vitest';

import type { AccountId } from '../ids.ts';
import type { Journal } from '../journal.ts';
import type { ReplayRequest } from '../replays.ts';
import { accept, claim, createDestination, FIRST_PAGE, KEY_ACTOR, type OpenHarness } from './harness.ts';

export function describeAccounts(open: OpenHarness): void {
  describe('accounts', () => {
    it('begin with the default one', async () => {
      const { journal } = await open();
      const made = await journal.createAccount('Other', KEY_ACTOR);
      expect(await journal.listAccounts()).toEqual([
        { id: 'default', name: expect.any(String), staleCalls: 'keep', createdAtMs: expect.any(Number) },
        made,
      ]);
      expect(await journal.getAccount(made.id)).toEqual(made);
      expect(await journal.getAccount('acc_none')).toBeUndefined();
    });

    it('are changed in what is given alone, also by two at once, and the change is in their audit log', async () => {
      const { journal } = await open();
      const made = await journal.createAccount('Other', KEY_ACTOR);
      expect(made.staleCalls).toBe('keep');
      await Promise.all([
        journal.updateAccount(made.id, { staleCalls: 'end' }, KEY_ACTOR),
        journal.updateAccount(made.id, { name: 'Renamed' }, KEY_ACTOR),
      ]);
      const changed = { ...made, name: 'Renamed', staleCalls: 'end' };
      expect(await journal.getAccount(made.id)).toEqual(changed);
      expect((await journal.listAccounts()).map(({ staleCalls }) => staleCalls)).toEqual(['keep', 'end']);
      expect(await journal.updateAccount(made.id, {}, KEY_ACTOR)).toEqual(changed);
      const same = { name: 'Renamed', staleCalls: 'end' } as const;
      expect(await journal.updateAccount(made.id, same, KEY_ACTOR)).toEqual(changed);
      expect(await journal.updateAccount('acc_none', { name: 'x' }, KEY_ACTOR)).toBeUndefined();
      const { items } = await journal.listAudit(made.id, FIRST_PAGE);
      expect(items.toReversed()).toMatchObject([
        { action: 'account.created' },
        {
          action: 'account.updated',
          subject: made.id,
          detail: { changed: ['staleCalls'], stale_calls: 'end' },
        },
        { action: 'account.updated', actor: KEY_ACTOR, detail: { changed: ['name'] } },
      ]);
      expect(items).toHaveLength(3);
    });

    it('have calls of their own under the same id, and destinations that get only these', async () => {
      const harness = await open();
      const { journal } = harness;
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      const mine = await createDestination(journal);
      const theirs = await createDestination(journal, { accountId: other });
      await accept(journal, 'same', 'in-progress');
      expect(await accept(journal, 'same', 'ended', {}, { accountId: other })).toMatchObject({
        outcome: 'advanced',
        call: { state: 'ended', sequence: 1 },
      });
      expect((await journal.getCall('default', 'same'))?.state).toBe('live');
      expect(await claim(harness, mine.id)).toMatchObject([{ accountId: 'default', status: 'in-progress' }]);
      expect(await claim(harness, theirs.id)).toMatchObject([{ accountId: other, status: 'ended' }]);
      const feed = await journal.readFeed(undefined, 0, 10);
      expect(feed.map(({ accountId }) => accountId)).toEqual(['default', other]);
      expect(await journal.readFeed(other, 0, 10)).toHaveLength(1);
      expect(await journal.readActiveCallCount(other, 0)).toBe(0);
    });

    it('see nothing of another account, whatever ids they know', async () => {
      const { journal } = await open();
      const other = (await journal.createAccount('Other', KEY_ACTOR)).id;
      const { id: destinationId } = await createDestination(journal);
      await accept(journal, 'call', 'in-progress');
      await journal.putPhoneNumber('default', '+31', 'x', KEY_ACTOR);
      const source = await journal.createSource(
        { accountId: 'default', kind: 'api', name: 'x', secrets: [] },
        KEY_ACTOR,
      );
      const hash = Buffer.alloc(32, 1);
      const key = await journal.createKey(
        { accountId: 'default', name: 'x', scopes: [], hint: '', expiresAtMs: null, hash },
        KEY_ACTOR,
      );
      const replay = await journal.createReplay(
        { accountId: 'default', filter: {}, ratePerSecond: null },
        KEY_ACTOR,
      );
      const [event] = (await journal.listEvents('default', {}, FIRST_PAGE)).items;
      const [delivery] = (await journal.listDeliveries('default', {}, FIRST_PAGE)).items;
      if (event === undefined || delivery === undefined) throw new Error('There are both.');

      for (const stranger of [other, 'acc_unknown' as AccountId]) {
        for (const list of [
          journal.listCalls(stranger, {}, FIRST_PAGE),
          journal.listCalls(stranger, { callId: 'call' }, FIRST_PAGE),
          journal.listEvents(stranger, {}, FIRST_PAGE),
          journal.listEvents(stranger, { destinationIds: [destinationId] }, FIRST_PAGE),
          journal.listDeliveries(stranger, {}, FIRST_PAGE),
          journal.listDeliveries(stranger, { destinationIds: [destinationId] }, FIRST_PAGE),
          journal.listDeliveries(stranger, { deliveryStates: ['pending'] }, FIRST_PAGE),
          journal.listDeliveries(stranger, { deliveryStates: ['dead'] }, FIRST_PAGE),
          journal.listPhoneNumbers(stranger, FIRST_PAGE),
          journal.listReplays(stranger, FIRST_PAGE),
        ]) {
          expect(await list).toEqual({ items: [], nextCursor: null });
        }
        expect((await journal.listAudit(stranger, FIRST_PAGE)).items.map(({ action }) => action)).toEqual(
          stranger === other ? ['account.created'] : [],
        );
        expect(await journal.readFeed(stranger, 0, 10)).toEqual([]);
        expect(await journal.listDestinations(stranger)).toEqual([]);
        expect(await journal.listSources(stranger)).toEqual([]);
        expect(await journal.listKeys(stranger)).toEqual([]);
        for (const found of [
          journal.getCall(stranger, 'call'),
          journal.getTimeline(stranger, 'call'),
          journal.getEvent(stranger, event.id),
          journal.getDelivery(stranger, delivery.id),
          journal.getDestination(stranger, destinationId),
          journal.getReplay(stranger, replay.id),
          journal.updateDestination(stranger, destinationId, { name: 'x' }, KEY_ACTOR),
          journal.setDestinationState(stranger, destinationId, 'paused', null, KEY_ACTOR),
          journal.rotateSecret(stranger, destinationId, 'whsec_x', 0, KEY_ACTOR),
          journal.retryDelivery(stranger, delivery.id, KEY_ACTOR),
          journal.cancelDelivery(stranger, delivery.id, KEY_ACTOR),
          journal.setReplayState(stranger, replay.id, 'cancelled', KEY_ACTOR),
          journal.revokeKey(stranger, key.id, KEY_ACTOR),
          journal.updateSource(stranger, source.id, { name: 'x' }, KEY_ACTOR),
        ] as readonly Promise<unknown>[]) {
          expect(await found).toBeUndefined();
        }
        expect(await journal.deleteDestination(stranger, destinationId, KEY_ACTOR)).toBe(false);
        expect(await journal.deleteSource(stranger, source.id, KEY_ACTOR)).toBe(false);
        expect(await journal.deletePhoneNumber(stranger, '+31', KEY_ACTOR)).toBe(false);
      }
      await expectNoReplay(journal, other, { deliveryIds: [delivery.id] });
      await expectNoReplay(journal, other, { filter: { destinationIds: [destinationId] } });
      expect((await journal.getDelivery('default', delivery.id))?.state).toBe('pending');
    });
  });
}

async function expectNoReplay(
  journal: Journal,
  accountId: AccountId,
  part: Partial<ReplayRequest>,
): Promise<void> {
  await accept(journal, 'own', 'in-progress', {}, { accountId });
  const request = { accountId, filter: {}, ratePerSecond: null, ...part };
  expect((await journal.countReplay(request)).total).toBe(0);
  const { id } = await journal.createReplay(request, KEY_ACTOR);
  expect(await journal.advanceReplay(id, 100)).toMatchObject({ created: 0 });
}
