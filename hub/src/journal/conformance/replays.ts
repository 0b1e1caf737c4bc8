import { describe, expect, it } from 'vitest';

import type { DestinationId } from '../ids.ts';
import type { Journal } from '../journal.ts';
import type { JournalFilter } from '../filter.ts';
import type { Replay, ReplayRequest } from '../replays.ts';
import {
  accept,
  claim,
  createDestination,
  DEAD,
  FIRST_PAGE,
  KEY_ACTOR,
  listDeliveries,
  record,
  type Harness,
  type OpenHarness,
} from './harness.ts';

export function describeReplays(open: OpenHarness): void {
  describe('replays', () => {
    it('send every matching event again, in order, once', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a', 'b', 'c']);
      const request = toRequest({});
      expect(await journal.countReplay(request)).toEqual({
        total: 6,
        perDestination: [{ destinationId: id, count: 6 }],
        truncated: false,
      });
      const created = await journal.createReplay(request, KEY_ACTOR);
      expect(created).toMatchObject({ state: 'running', examined: 0, created: 0, request });
      expect(await journal.listRunnableReplays()).toEqual([created]);
      const steps = [];
      for (let replay = created; replay.state === 'running'; steps.push(replay.created)) {
        replay = await journal.advanceReplay(created.id, 4);
      }
      expect(steps).toEqual([4, 6]);
      expect(await journal.getReplay('default', created.id)).toMatchObject({
        state: 'finished',
        examined: 6,
        created: 6,
        skipped: 0,
        finishedAtMs: clock.nowMs(),
      });
      expect(await journal.listRunnableReplays()).toEqual([]);
      const made = (await listDeliveries(journal)).slice(6);
      expect(made.every(({ replayId }) => replayId === created.id)).toBe(true);
      // Order per call holds for what is replayed, too: only the first event of each call may go.
      expect((await claim(harness, id)).map(({ sequence }) => sequence)).toEqual([1, 1, 1]);
    });

    it('take steps that make at most one event’s fan-out more than asked', async () => {
      const harness = await open();
      const { journal } = harness;
      const destinations = [];
      for (let count = 0; count < 3; count += 1) destinations.push(await createDestination(journal));
      for (const callId of ['a', 'b', 'c', 'd']) await accept(journal, callId, 'in-progress');
      for (const { id } of destinations) {
        for (const claimed of await claim(harness, id)) await record(journal, claimed);
      }
      const created = await journal.createReplay(toRequest({}), KEY_ACTOR);
      const steps = [];
      for (let replay = created; replay.state === 'running'; steps.push(replay.created)) {
        replay = await journal.advanceReplay(created.id, 2);
      }
      expect(steps).toEqual([3, 6, 9, 12]);
    });

    it('skip what is on its way already', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a']);
      await accept(journal, 'b', 'in-progress');
      expect((await journal.countReplay(toRequest({}))).total).toBe(2);
      const replay = await runReplay(journal, toRequest({}));
      expect(replay).toMatchObject({ examined: 3, created: 2, skipped: 1 });
      const again = await runReplay(journal, toRequest({}));
      expect(again).toMatchObject({ examined: 3, created: 0, skipped: 3 });
    });

    it('send again only where the latest delivery is in the states asked for', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a']);
      await accept(journal, 'b', 'in-progress');
      for (const claimed of await claim(harness, id)) await record(journal, claimed, DEAD);
      const request = toRequest({ deliveryStates: ['dead'] });
      expect((await journal.countReplay(request)).total).toBe(1);
      await runReplay(journal, request);
      const made = await claim(harness, id);
      expect(made).toMatchObject([{ sequence: 1, status: 'in-progress' }]);
      for (const claimed of made) await record(journal, claimed);
      // The latest delivery of that event is delivered now.
      expect((await journal.countReplay(request)).total).toBe(0);
    });

    it('take a time window, a call, a status and a destination', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const one = await createDestination(journal);
      const two = await createDestination(journal);
      await acceptAndDeliver(harness, one.id, ['a']);
      clock.advance(10_000);
      const laterMs = clock.nowMs();
      await acceptAndDeliver(harness, one.id, ['b']);
      for (const filter of [{}]) expect((await journal.countReplay(toRequest(filter))).total).toBe(4);
      const count = async (filter: JournalFilter): Promise<number> =>
        (await journal.countReplay(toRequest({ destinationIds: [one.id], ...filter }))).total;
      expect(await count({})).toBe(4);
      expect(await count({ sinceMs: laterMs })).toBe(2);
      expect(await count({ untilMs: laterMs })).toBe(2);
      expect(await count({ callId: 'a' })).toBe(2);
      expect(await count({ callId: 'none' })).toBe(0);
      expect(await count({ statuses: ['ended'] })).toBe(2);
      expect(await count({ destinationIds: [two.id] })).toBe(0);
    });

    it('fill a new destination with events of before its time, where it is named and wants them', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a', 'b']);
      const late = await createDestination(journal, { filter: { statuses: ['ended'] } });
      const replay = await runReplay(journal, toRequest({ destinationIds: [late.id] }));
      expect(replay.created).toBe(2);
      expect((await claim(harness, late.id)).map(({ status }) => status)).toEqual(['ended', 'ended']);
    });

    it('send named deliveries again and no others', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a', 'b']);
      const [first] = await listDeliveries(journal);
      if (first === undefined) throw new Error('There are deliveries.');
      const request: ReplayRequest = {
        ...toRequest({}),
        deliveryIds: [first.id, first.id, 'dlv_0000000999'],
      };
      expect((await journal.countReplay(request)).total).toBe(1);
      expect(await runReplay(journal, request)).toMatchObject({ examined: 1, created: 1 });
      expect(await claim(harness, id)).toMatchObject([{ eventId: first.eventId }]);
    });

    it('leave out events that were accepted after they were asked for', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a']);
      const replay = await journal.createReplay(toRequest({}), KEY_ACTOR);
      await acceptAndDeliver(harness, id, ['b']);
      expect(await journal.advanceReplay(replay.id, 100)).toMatchObject({ state: 'finished', created: 2 });
    });

    it('can be paused, resumed and cancelled; what is over stays as it is', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await createDestination(journal);
      await acceptAndDeliver(harness, id, ['a', 'b']);
      const { id: replayId } = await journal.createReplay(toRequest({}), KEY_ACTOR);
      const set = (state: 'running' | 'paused' | 'cancelled'): Promise<Replay | undefined> =>
        journal.setReplayState('default', replayId, state, KEY_ACTOR);
      expect(await set('paused')).toMatchObject({ state: 'paused' });
      expect(await journal.listRunnableReplays()).toEqual([]);
      expect(await journal.advanceReplay(replayId, 10)).toMatchObject({ state: 'paused', created: 0 });
      expect(await set('running')).toMatchObject({ state: 'running' });
      expect(await journal.advanceReplay(replayId, 1)).toMatchObject({ created: 1 });
      expect(await set('cancelled')).toMatchObject({ state: 'cancelled' });
      expect(await set('running')).toMatchObject({ state: 'cancelled' });
      expect(await journal.advanceReplay(replayId, 10)).toMatchObject({ state: 'cancelled', created: 1 });
      expect(await journal.setReplayState('default', 'rpl_none', 'paused', KEY_ACTOR)).toBeUndefined();
    });

    it('are listed newest first, page by page', async () => {
      const { journal } = await open();
      const ids = [];
      for (let index = 0; index < 3; index += 1) {
        ids.push((await journal.createReplay(toRequest({}), KEY_ACTOR)).id);
      }
      const first = await journal.listReplays('default', { limit: 2, cursor: null });
      const second = await journal.listReplays('default', { limit: 2, cursor: first.nextCursor });
      expect([...first.items, ...second.items].map(({ id }) => id)).toEqual(ids.toReversed());
      expect(second.nextCursor).toBeNull();
      expect((await journal.listAudit('default', FIRST_PAGE)).items[0]?.action).toBe('replay.created');
    });

    it('end once they have made as many as they may, in the middle of an event if need be', async () => {
      const harness = await open();
      const { journal } = harness;
      const destinations = [await createDestination(journal), await createDestination(journal)];
      for (const call of ['a', 'b', 'c']) await accept(journal, call, 'ended');
      for (const { id } of destinations) {
        for (const claimed of await claim(harness, id)) await record(journal, claimed);
      }
      const request = { ...toRequest({}), createdMax: 3, expected: 6 };
      // A dry run counts what matches, whatever the job may make of it.
      expect((await journal.countReplay(request)).total).toBe(6);
      expect(await runReplay(journal, request)).toMatchObject({ state: 'finished', created: 3, request });
      expect((await listDeliveries(journal)).length).toBe(9);
      expect(await runReplay(journal, { ...request, createdMax: 0 })).toMatchObject({ created: 0 });
    });

    it('send again what had such an answer, or so many attempts, last', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      for (const call of ['a', 'b', 'c']) await accept(journal, call, 'ended');
      const answers = [{ ...DEAD, status: 401, cause: null }, { ...DEAD, status: 503, cause: null }, {}];
      const claimed = await claim({ journal, clock }, id);
      for (const [index, each] of claimed.entries()) await record(journal, each, answers[index]);
      const countTotal = async (filter: JournalFilter): Promise<number> =>
        (await journal.countReplay(toRequest(filter))).total;
      expect(await countTotal({ codes: [{ min: 401, max: 401 }] })).toBe(1);
      expect(await countTotal({ codes: [{ min: 400, max: 599 }] })).toBe(2);
      expect(await countTotal({ codes: [{ min: 400, max: 499 }], deliveryStates: ['delivered'] })).toBe(0);
      expect(await countTotal({ attempts: { min: 1 } })).toBe(3);
      expect(await countTotal({ attempts: { min: 2 } })).toBe(0);
      // It never had them, so it had no such answer either.
      const late = await createDestination(journal);
      expect(await countTotal({ codes: [{ min: 200, max: 599 }], destinationIds: [late.id] })).toBe(0);
      expect(await countTotal({ destinationIds: [late.id] })).toBe(3);
    });

    it('that match nothing end by themselves', async () => {
      const { journal } = await open();
      const replay = await runReplay(journal, toRequest({ callId: 'none' }));
      expect(replay).toMatchObject({ state: 'finished', examined: 0 });
    });
  });
}

function toRequest(filter: JournalFilter): ReplayRequest {
  return { accountId: 'default', filter, ratePerSecond: null };
}

async function runReplay(journal: Journal, request: ReplayRequest): Promise<Replay> {
  let replay = await journal.createReplay(request, KEY_ACTOR);
  while (replay.state === 'running') replay = await journal.advanceReplay(replay.id, 100);
  return replay;
}

async function acceptAndDeliver(
  harness: Harness,
  destinationId: DestinationId,
  calls: readonly string[],
): Promise<void> {
  for (const status of ['in-progress', 'ended']) {
    for (const call of calls) await accept(harness.journal, call, status);
    for (const claimed of await claim(harness, destinationId)) await record(harness.journal, claimed);
  }
}
