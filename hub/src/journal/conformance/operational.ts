import type { OperationalContent } from '@offhook/contract/operational-event';
import { describe, expect, it } from 'vitest';

import type { AccountId } from '../ids.ts';
import { RECOVERED_AFTER_MS, type Destination } from '../destinations.ts';
import type { ClaimedDelivery } from '../deliveries.ts';
import type { Journal } from '../journal.ts';
import type { JournalFilter } from '../filter.ts';
import type { OperationalFilter } from '../operational-events.ts';
import {
  accept,
  claim,
  claimOne,
  createDestination,
  DEAD,
  FIRST_PAGE,
  KEY_ACTOR,
  LEASE_MS,
  listDeliveries,
  record,
  retryIn,
  type Harness,
  type OpenHarness,
} from './harness.ts';

/** Of one destination, in a minute of the clock. */
const DEAD_EVENTS_PER_MINUTE_MAX = 60;

const SILENT = {
  type: 'source.silent',
  source: { id: 'voicedock', kind: 'voicedock', name: 'VoiceDock' },
  silent_since: '2026-11-22T09:00:00.000Z',
  usual_gap_ms: 60_000,
} as const satisfies OperationalContent;

function toStale(callId: string): OperationalContent {
  return {
    type: 'call.stale',
    call: { id: callId, type: 'inbound_phone_call' },
    live_since: '2026-11-22T05:00:00.000Z',
  };
}

function subscribe(
  journal: Journal,
  types: readonly string[],
  more: Parameters<typeof createDestination>[1] = {},
): Promise<Destination> {
  // No call has this status, so that it gets operational events alone.
  const filter = { statuses: ['none'], operational_events: types };
  return createDestination(journal, { filter, ...more });
}

async function listTypes(journal: Journal): Promise<readonly string[]> {
  const { items } = await journal.listOperationalEvents('default', {}, FIRST_PAGE);
  return items.map(({ content }) => content.type).toReversed();
}

/** One delivery dies at the destination: of a call of its own. */
async function letDie(harness: Harness, id: Destination['id'], callId: string): Promise<ClaimedDelivery> {
  await accept(harness.journal, callId, 'in-progress');
  const claimed = await claimOne(harness, id);
  await record(harness.journal, claimed, DEAD);
  return claimed;
}

export function describeOperational(open: OpenHarness): void {
  describe('operational events', () => {
    it('come with a delivery for each destination that asks for their type, and for no other', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const both = await subscribe(journal, ['source.silent', 'call.stale']);
      await subscribe(journal, ['call.stale']);
      await subscribe(journal, []);
      await createDestination(journal);
      const gone = await subscribe(journal, ['source.silent']);
      await journal.deleteDestination('default', gone.id, KEY_ACTOR);
      const other = await journal.createAccount('Other', KEY_ACTOR);
      await subscribe(journal, ['source.silent'], { accountId: other.id });

      const entry = await journal.appendOperationalEvent('default', SILENT, null);
      expect(entry).toEqual({
        id: expect.stringMatching(/^ope_[0-9A-Z]{20}$/),
        accountId: 'default',
        atMs: clock.nowMs(),
        content: SILENT,
        callId: null,
      });
      expect(await listDeliveries(journal)).toMatchObject([
        {
          destinationId: both.id,
          eventId: entry?.id,
          eventType: 'source.silent',
          status: 'source.silent',
          callId: null,
          sequence: 0,
          state: 'pending',
          dueAtMs: clock.nowMs(),
        },
      ]);
      expect(await listDeliveries(journal, other.id)).toEqual([]);
      const claimed = await claimOne(harness, both.id);
      expect(claimed).toMatchObject({
        eventId: entry?.id,
        eventType: 'source.silent',
        status: 'source.silent',
        sequence: 0,
        traceparent: null,
        acceptedAtMs: clock.nowMs(),
        attempts: 0,
      });
      expect(claimed.eventRow).toBeLessThan(0);
      expect(claimed.callRow).toBeLessThan(0);
      const { source } = SILENT;
      expect(JSON.parse(Buffer.from(claimed.body).toString())).toEqual({
        message: {
          type: 'source.silent',
          timestamp: new Date(clock.nowMs()).toISOString(),
          summary: expect.stringContaining('VoiceDock'),
          source,
          silent_since: SILENT.silent_since,
          usual_gap_ms: 60_000,
        },
      });
      expect(await record(journal, claimed)).toEqual({ kind: 'recorded', state: 'delivered' });
      const delivery = await journal.getDelivery('default', claimed.id);
      expect(delivery).toMatchObject({ state: 'delivered', attempts: 1, eventType: 'source.silent' });
      expect(Buffer.from(delivery?.body ?? [])).toEqual(Buffer.from(claimed.body));
      expect(await journal.getDelivery(other.id, claimed.id)).toBeUndefined();
      expect(await journal.readStats()).toMatchObject({ calls: 0, events: 0, pendingDeliveries: 0 });
      expect(await journal.readFeedEnd()).toBe(0);
    });

    it('are handed out right after the commit, as calls’ events are', async () => {
      const { journal } = await open();
      const { id } = await subscribe(journal, ['call.stale']);
      const taken: ClaimedDelivery[] = [];
      const stop = journal.listenDue({
        nodeId: 'node-a',
        leaseMs: LEASE_MS,
        take(delivery) {
          taken.push(delivery);
          return true;
        },
        hint() {},
      });
      await journal.appendOperationalEvent('default', toStale('a'), null);
      await expect.poll(() => taken).toHaveLength(1);
      const [delivery] = taken as [ClaimedDelivery];
      expect(delivery).toMatchObject({ destinationId: id, eventType: 'call.stale', sequence: 0 });
      expect(Buffer.from(delivery.body).toString()).toContain('"id":"a"');
      expect(await record(journal, delivery)).toEqual({ kind: 'recorded', state: 'delivered' });
      stop();
    });

    it('are written once for each key of an account', async () => {
      const { journal } = await open();
      await subscribe(journal, ['call.stale']);
      const other = await journal.createAccount('Other', KEY_ACTOR);
      expect(await journal.appendOperationalEvent('default', toStale('a'), 'stale a')).not.toBeNull();
      expect(await journal.appendOperationalEvent('default', toStale('a'), 'stale a')).toBeNull();
      expect(await journal.appendOperationalEvent('default', toStale('b'), 'stale b')).not.toBeNull();
      expect(await journal.appendOperationalEvent(other.id, toStale('a'), 'stale a')).not.toBeNull();
      // Asked for in one turn, so that both are in one commit.
      const twice = await Promise.all([
        journal.appendOperationalEvent('default', toStale('c'), 'stale c'),
        journal.appendOperationalEvent('default', toStale('c'), 'stale c'),
      ]);
      expect(twice.filter((entry) => entry !== null)).toHaveLength(1);
      expect(await listDeliveries(journal)).toHaveLength(3);
      await journal.appendOperationalEvent('default', toStale('a'), null);
      await journal.appendOperationalEvent('default', toStale('a'), null);
      expect(await listDeliveries(journal)).toHaveLength(5);
    });

    it('change nothing where they are refused', async () => {
      const { journal } = await open();
      await subscribe(journal, ['call.stale']);
      await expect(journal.appendOperationalEvent('acc_NONE', toStale('a'), 'key')).rejects.toThrow(
        'acc_NONE',
      );
      expect(await listTypes(journal)).toEqual([]);
      expect(await journal.readStats()).toMatchObject({ pendingDeliveries: 0 });
    });

    it('are listed newest first, page by page, by type and by account', async () => {
      const { journal, clock } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      for (const [index, content] of [toStale('a'), SILENT, toStale('b'), toStale('c')].entries()) {
        clock.advance(1_000);
        await journal.appendOperationalEvent('default', content, `once ${index}`);
      }
      await journal.appendOperationalEvent(other.id, SILENT, null);
      expect(await listTypes(journal)).toEqual(['call.stale', 'source.silent', 'call.stale', 'call.stale']);
      const first = await journal.listOperationalEvents('default', {}, { limit: 3, cursor: null });
      expect(first.items.map(({ callId }) => callId)).toEqual(['c', 'b', null]);
      expect(first.items[0]).toMatchObject({ atMs: clock.nowMs(), content: toStale('c') });
      const rest = await journal.listOperationalEvents(
        'default',
        {},
        {
          limit: 3,
          cursor: first.nextCursor,
        },
      );
      expect(rest).toMatchObject({ items: [{ callId: 'a' }], nextCursor: null });
      const silent = await journal.listOperationalEvents('default', { types: ['source.silent'] }, FIRST_PAGE);
      expect(silent.items.map(({ content }) => content)).toEqual([SILENT]);
      expect((await journal.listOperationalEvents('default', { types: [] }, FIRST_PAGE)).items).toEqual([]);
      expect((await journal.listOperationalEvents(other.id, {}, FIRST_PAGE)).items).toHaveLength(1);
    });

    it('are listed by the destination they are about, by type too, and only of its own account', async () => {
      const harness = await open();
      const { journal } = harness;
      const other = await journal.createAccount('Other', KEY_ACTOR);
      const one = await createDestination(journal, { filter: { call_types: ['one'] } });
      const two = await createDestination(journal, { filter: { call_types: ['two'] } });
      const disable = (id: Destination['id'], reason: string): Promise<void> =>
        journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason });
      for (const [index, { id }] of [one, two, one].entries()) {
        await accept(journal, `call-${index}`, 'in-progress', { type: id === one.id ? 'one' : 'two' });
        await record(journal, await claimOne(harness, id), DEAD);
      }
      await disable(two.id, 'gone');
      await disable(one.id, 'gone');
      await journal.appendOperationalEvent('default', toStale('a'), null);
      const list = async (filter: OperationalFilter, accountId: AccountId = 'default') => {
        const words: string[] = [];
        for (let cursor: string | null = null; ;) {
          const page = await journal.listOperationalEvents(accountId, filter, { limit: 2, cursor });
          words.push(...page.items.map(({ content, callId }) => `${content.type} ${callId}`));
          cursor = page.nextCursor;
          if (cursor === null) return words;
        }
      };
      expect(await list({ destinationId: one.id })).toEqual([
        'destination.disabled null',
        'delivery.dead call-2',
        'delivery.dead call-0',
      ]);
      expect(await list({ destinationId: one.id, types: ['delivery.dead', 'call.stale'] })).toEqual([
        'delivery.dead call-2',
        'delivery.dead call-0',
      ]);
      expect(await list({ destinationId: two.id, types: ['delivery.dead'] })).toEqual([
        'delivery.dead call-1',
      ]);
      expect(await list({ destinationId: one.id, types: [] })).toEqual([]);
      expect(await list({ destinationId: 'dst_none' })).toEqual([]);
      expect(await list({ destinationId: one.id }, other.id)).toEqual([]);
      // What was said of it stays readable when it is gone.
      await journal.deleteDestination('default', two.id, KEY_ACTOR);
      expect(await list({ destinationId: two.id })).toHaveLength(2);
    });

    it('have an end that grows with each of the account', async () => {
      const { journal } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      expect(await journal.readOperationalEnd('default')).toBe(0);
      await journal.appendOperationalEvent('default', toStale('a'), 'a');
      const end = await journal.readOperationalEnd('default');
      expect(end).toBeGreaterThan(0);
      await journal.appendOperationalEvent(other.id, toStale('a'), null);
      await journal.appendOperationalEvent('default', toStale('a'), 'a');
      expect(await journal.readOperationalEnd('default')).toBe(end);
      await journal.appendOperationalEvent('default', toStale('b'), 'b');
      expect(await journal.readOperationalEnd('default')).toBeGreaterThan(end);
    });

    it('wait for none of their kind, nor for a call’s events, nor do these wait for them', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const filter = { operational_events: ['call.stale'] };
      for (const order of ['strict', 'latest'] as const) {
        const { id } = await createDestination(journal, { filter, order });
        await accept(journal, `a ${order}`, 'in-progress');
        await journal.appendOperationalEvent('default', toStale(`a ${order}`), null);
        await journal.appendOperationalEvent('default', toStale(`a ${order}`), null);
        const claimed = await claim(harness, id);
        const [first, second] = claimed.filter(({ eventType }) => eventType === 'call.stale');
        const ofCall = claimed.find(({ sequence }) => sequence === 1);
        if (first === undefined || second === undefined || ofCall === undefined) {
          throw new Error('Three were due at once.');
        }
        await record(journal, first, retryIn(clock, 60_000));
        // The later one and the call's own event come first: nothing is superseded by that.
        await record(journal, second);
        await record(journal, ofCall);
        await accept(journal, `a ${order}`, 'ended');
        expect(await journal.getDelivery('default', first.id)).toMatchObject({ state: 'pending' });
        expect(await claim(harness, id)).toMatchObject([{ sequence: 2 }]);
        await journal.deleteDestination('default', id, KEY_ACTOR);
      }
    });

    it('are tried again, die, and can be sent again or called off', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await subscribe(journal, ['call.stale', 'delivery.dead']);
      await journal.appendOperationalEvent('default', toStale('a'), null);
      const claimed = await claimOne(harness, id);
      await record(journal, claimed, retryIn(clock, 10_000));
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.retryDelivery('default', claimed.id, KEY_ACTOR)).toMatchObject({
        kind: 'hastened',
        delivery: { attempts: 1, eventType: 'call.stale' },
      });
      const again = await claimOne(harness, id);
      expect(again).toMatchObject({ row: claimed.row, attempts: 1, eventType: 'call.stale' });
      expect(await record(journal, again, DEAD)).toEqual({ kind: 'recorded', state: 'dead' });
      // That it died is said by its state alone: events about events would never end.
      expect(await listTypes(journal)).toEqual(['call.stale']);
      const created = await journal.retryDelivery('default', claimed.id, KEY_ACTOR);
      if (created?.kind !== 'created') throw new Error('It was terminal.');
      expect(await journal.retryDelivery('default', claimed.id, KEY_ACTOR)).toMatchObject({
        kind: 'already_pending',
        delivery: { id: created.delivery.id },
      });
      expect(await journal.getDelivery('default', claimed.id)).toMatchObject({
        resent: { id: created.delivery.id, state: 'pending' },
        attemptEntries: [{ number: 1 }, { number: 2, outcome: 'dead' }],
      });
      expect(await journal.cancelDelivery('default', created.delivery.id, KEY_ACTOR)).toMatchObject({
        kind: 'cancelled',
        delivery: { state: 'cancelled', eventId: claimed.eventId },
      });
      expect(await claim(harness, id)).toEqual([]);
      expect(await journal.readStats()).toMatchObject({ pendingDeliveries: 0 });
    });

    it('are held for a destination that is paused or disabled, and go with one that is deleted', async () => {
      const harness = await open();
      const { journal } = harness;
      const paused = await subscribe(journal, ['call.stale']);
      const disabled = await subscribe(journal, ['call.stale']);
      await journal.setDestinationState('default', paused.id, 'paused', 'maintenance', KEY_ACTOR);
      await journal.setDestinationState('default', disabled.id, 'disabled', 'gone', KEY_ACTOR);
      await journal.appendOperationalEvent('default', toStale('a'), null);
      for (const { id } of [paused, disabled]) {
        expect(await claim(harness, id)).toEqual([]);
        expect(await journal.readBacklog()).toContainEqual(
          expect.objectContaining({ destinationId: id, pending: 1 }),
        );
      }
      await journal.setDestinationState('default', paused.id, 'enabled', null, KEY_ACTOR);
      expect(await journal.listDueLanes()).toMatchObject([{ destinationId: paused.id }]);
      expect(await claim(harness, paused.id)).toMatchObject([{ eventType: 'call.stale' }]);
      await journal.deleteDestination('default', disabled.id, KEY_ACTOR);
      const states = (await listDeliveries(journal)).map(({ state }) => state);
      expect(states.toSorted()).toEqual(['cancelled', 'pending']);
    });

    it('are found by what lists of deliveries ask, and not by what only calls have', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal, { filter: { operational_events: ['call.stale'] } });
      await accept(journal, 'a', 'in-progress');
      await accept(journal, 'b', 'ended-with-error', { error: 'STT connection failed' });
      await journal.appendOperationalEvent('default', toStale('a'), null);
      const stale = (await claim(harness, id)).find(({ eventType }) => eventType === 'call.stale');
      if (stale === undefined) throw new Error('It was due.');
      await record(journal, stale, DEAD);
      clock.advance(10_000_000);
      await journal.appendOperationalEvent('default', toStale('never seen'), null);
      const find = async (filter: JournalFilter): Promise<readonly string[]> => {
        const { items } = await journal.listDeliveries('default', filter, FIRST_PAGE);
        const { counts } = await journal.countDeliveries('default', filter, 100);
        const { deliveryStates, excludedDeliveryStates } = filter;
        if (deliveryStates === undefined && excludedDeliveryStates === undefined) {
          expect(Object.values(counts).reduce((sum, count) => sum + count)).toBe(items.length);
        }
        return items.map(({ callId, status }) => `${callId} ${status}`);
      };
      const all = ['never seen call.stale', 'a call.stale', 'b ended-with-error', 'a in-progress'];
      const ofCalls = all.slice(2);
      expect(await find({})).toEqual(all);
      expect(await find({ statuses: ['call.stale'] })).toEqual(all.slice(0, 2));
      expect(await find({ statuses: ['call.stale', 'in-progress'] })).toEqual([
        'never seen call.stale',
        'a call.stale',
        'a in-progress',
      ]);
      expect(await find({ excludedStatuses: ['call.stale'] })).toEqual(ofCalls);
      expect(await find({ excludedStatuses: ['in-progress'] })).toEqual(all.slice(0, 3));
      expect(await find({ excludedStatuses: ['in-progress', 'call.stale'] })).toEqual(['b ended-with-error']);
      expect(await find({ excludedStatuses: ['source.silent', 'nothing'] })).toEqual(all);
      expect(await find({ excludedStatuses: [] })).toEqual(all);
      expect(await find({ callId: 'a' })).toEqual(['a call.stale', 'a in-progress']);
      expect(await find({ callId: 'a', statuses: ['call.stale'] })).toEqual(['a call.stale']);
      expect(await find({ callId: 'never seen' })).toEqual(['never seen call.stale']);
      expect(await find({ callId: 'nobody' })).toEqual([]);
      expect(await find({ destinationIds: [id] })).toEqual(all);
      expect(await find({ destinationIds: [] })).toEqual([]);
      expect(await find({ deliveryStates: ['dead'] })).toEqual(['a call.stale']);
      expect(await find({ deliveryStates: ['pending'] })).toEqual([
        'never seen call.stale',
        'b ended-with-error',
        'a in-progress',
      ]);
      expect(await find({ excludedDeliveryStates: ['pending'] })).toEqual(['a call.stale']);
      expect(await find({ attempts: { min: 1 } })).toEqual(['a call.stale']);
      expect(await find({ sinceMs: clock.nowMs() })).toEqual(['never seen call.stale']);
      expect(await find({ untilMs: clock.nowMs() })).toEqual(all.slice(1));
      expect(await find({ codes: [{ min: 200, max: 299 }] })).toEqual([]);
      expect(await find({ callStates: ['live', 'failed', 'ended'] })).toEqual(ofCalls);
      expect(await find({ excludedCallStates: ['ended'] })).toEqual(ofCalls);
      expect(await find({ callTypes: ['inbound_phone_call'] })).toEqual(ofCalls);
      expect(await find({ sourceIds: ['api'] })).toEqual(ofCalls);
      expect(await find({ number: { value: '+3161', prefix: true } })).toEqual(ofCalls);
      expect(await find({ durationMs: { min: 0 } })).toEqual([]);
      expect(await find({ error: 'stt' })).toEqual(['b ended-with-error']);
      expect(await find({ callId: 'a', callTypes: ['inbound_phone_call'] })).toEqual(['a in-progress']);
      const paged: string[] = [];
      for (let cursor: string | null = null; ;) {
        const page = await journal.listDeliveries('default', {}, { limit: 1, cursor });
        paged.push(...page.items.map(({ callId, status }) => `${callId} ${status}`));
        cursor = page.nextCursor;
        if (cursor === null) break;
      }
      expect(paged).toEqual(all);
      // What calls and their events show stays theirs.
      expect(await journal.getTimeline('default', 'a')).toMatchObject({ deliveries: [{ sequence: 1 }] });
      expect((await journal.listEvents('default', {}, FIRST_PAGE)).items).toHaveLength(2);
      expect((await journal.listCalls('default', { deliveryStates: ['dead'] }, FIRST_PAGE)).items).toEqual(
        [],
      );
    });

    it('may be all that a destination is sent', async () => {
      const { journal } = await open();
      const { id } = await createDestination(journal, {
        filter: { calls: false, statuses: [], operational_events: ['call.stale'] },
      });
      await accept(journal, 'a', 'in-progress');
      await journal.appendOperationalEvent('default', toStale('a'), null);
      const { items } = await journal.listDeliveries('default', {}, FIRST_PAGE);
      expect(items.map(({ destinationId, eventType }) => [destinationId, eventType])).toEqual([
        [id, 'call.stale'],
      ]);
      expect((await journal.getDestination('default', id))?.filter.calls).toBe(false);
    });

    it('are replayed by their deliveries and by filter, to those that ask for them', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const first = await createDestination(journal, { filter: { operational_events: ['call.stale'] } });
      await accept(journal, 'a', 'in-progress');
      await journal.appendOperationalEvent('default', toStale('a'), null);
      await journal.appendOperationalEvent('default', toStale('b'), null);
      await journal.appendOperationalEvent('default', SILENT, null);
      const claimed = await claim(harness, first.id);
      expect(claimed).toHaveLength(3);
      for (const each of claimed) await record(journal, each, each.sequence === 0 ? DEAD : {});
      const late = await subscribe(journal, ['call.stale']);
      const replay = async (
        filter: JournalFilter,
        deliveryIds?: readonly ClaimedDelivery['id'][],
      ): Promise<readonly string[]> => {
        const request = {
          accountId: 'default',
          filter,
          ratePerSecond: null,
          ...(deliveryIds !== undefined && { deliveryIds }),
        } as const;
        const { total } = await journal.countReplay(request);
        const created = await journal.createReplay(request, KEY_ACTOR);
        let job = created;
        for (let step = 0; job.state === 'running' && step < 20; step += 1) {
          job = await journal.advanceReplay(created.id, 1);
        }
        expect(job).toMatchObject({ state: 'finished', created: total });
        const sent: string[] = [];
        for (const { id } of [first, late]) {
          for (const each of await claim(harness, id)) {
            const about = JSON.parse(Buffer.from(each.body).toString()) as {
              message: { call: { id: string } };
            };
            sent.push(`${id === late.id ? 'late' : 'first'} ${about.message.call.id} ${each.status}`);
            await record(journal, each);
          }
        }
        return sent.toSorted();
      };
      const stale = claimed.filter(({ sequence }) => sequence === 0).map(({ id }) => id);
      expect(await replay({}, stale.slice(0, 1))).toEqual(['first a call.stale']);
      expect(
        await replay(
          {},
          claimed.map(({ id }) => id),
        ),
      ).toEqual(['first a call.stale', 'first a in-progress', 'first b call.stale']);
      expect(await replay({ statuses: ['call.stale'], callId: 'a' })).toEqual(['first a call.stale']);
      expect(await replay({ deliveryStates: ['dead'] })).toEqual([]);
      expect(await replay({ callTypes: ['inbound_phone_call'] })).toEqual(['first a in-progress']);
      // Backfill: what it asks for, and never had.
      expect(await replay({ destinationIds: [late.id] })).toEqual(['late a call.stale', 'late b call.stale']);
      expect(await replay({ sinceMs: clock.nowMs() + 10_000_000 })).toEqual([]);
      expect(await journal.listRunnableReplays()).toEqual([]);
    });

    it('are replayed oldest first, and none that came after the replay was asked for', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await subscribe(journal, ['call.stale']);
      for (const call of ['a', 'b', 'c']) {
        await journal.appendOperationalEvent('default', toStale(call), null);
        clock.advance(1_000);
      }
      const claimed = await claim(harness, id);
      for (const each of claimed) await record(journal, each);
      const replay = async (
        limit: number,
        deliveryIds?: readonly ClaimedDelivery['id'][],
      ): Promise<readonly string[]> => {
        const named = deliveryIds === undefined ? {} : { deliveryIds };
        const request = { accountId: 'default', filter: {}, ratePerSecond: null, ...named } as const;
        let job = await journal.createReplay(request, KEY_ACTOR);
        const late = await journal.appendOperationalEvent('default', toStale('late'), null);
        while (job.state === 'running') {
          job = await journal.advanceReplay(job.id, limit);
          clock.advance(1);
        }
        const sent: string[] = [];
        for (const each of (await claim(harness, id)).toSorted((a, b) => a.row - b.row)) {
          await record(journal, each);
          if (each.eventId === late?.id) continue;
          sent.push(String(/"call":\{"id":"(\w+)"/.exec(Buffer.from(each.body).toString())?.[1]));
        }
        return sent;
      };
      expect(await replay(1)).toEqual(['a', 'b', 'c']);
      expect(await replay(100)).toEqual(['a', 'b', 'c', 'late']);
      const ids = claimed.map((each) => each.id).toReversed();
      expect(await replay(2, ids)).toEqual(['a', 'b', 'c']);
    });

    it('are found by a replay without a walk through all that there ever were', async () => {
      const { journal, clock } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      const many = (accountId: AccountId): Promise<unknown> =>
        Promise.all(
          Array.from({ length: 5_000 }, (_, index) =>
            journal.appendOperationalEvent(accountId, toStale(`call-${index}`), null),
          ),
        );
      const countSteps = async (filter: JournalFilter): Promise<number> => {
        const request = { accountId: 'default', filter, ratePerSecond: null } as const;
        let job = await journal.createReplay(request, KEY_ACTOR);
        let steps = 0;
        for (; job.state === 'running'; steps += 1) job = await journal.advanceReplay(job.id, 1_000);
        return steps;
      };
      await many(other.id);
      await journal.appendOperationalEvent('default', toStale('a'), null);
      expect(await countSteps({}), 'those of others').toBe(2);
      const untilMs = clock.nowMs() + 1;
      clock.advance(2 * 3_600_000);
      await many('default');
      clock.advance(2 * 3_600_000);
      const sinceMs = clock.nowMs();
      await journal.appendOperationalEvent('default', toStale('b'), null);
      expect(await countSteps({ sinceMs }), 'those before the time asked for').toBe(2);
      expect(await countSteps({ untilMs }), 'those after the time asked for').toBe(2);
      await journal.prune(sinceMs, 100);
      expect(await countSteps({}), 'those that retention took').toBe(2);
    });

    it('go with retention, with their deliveries, once nothing of theirs is pending', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await subscribe(journal, ['call.stale']);
      await accept(journal, 'a', 'in-progress');
      for (const call of ['a', 'owed']) await journal.appendOperationalEvent('default', toStale(call), call);
      const [sent] = (await claim(harness, id)) as [ClaimedDelivery];
      await record(journal, sent, retryIn(clock, 0));
      const again = (await claim(harness, id)).find(({ row }) => row === sent.row) as ClaimedDelivery;
      await record(journal, again);
      clock.advance(1_000);
      const cutMs = clock.nowMs();
      await journal.appendOperationalEvent('default', toStale('new'), null);
      // Calls are what is counted.
      expect(await journal.prune(cutMs, 100)).toBe(1);
      expect(await journal.getDelivery('default', sent.id)).toBeUndefined();
      const left = async (): Promise<readonly (string | null)[]> =>
        (await journal.listOperationalEvents('default', {}, FIRST_PAGE)).items.map(({ callId }) => callId);
      expect(await left()).toEqual(['new', 'owed']);
      clock.advance(LEASE_MS);
      for (const each of await claim(harness, id)) await record(journal, each);
      await journal.prune(cutMs, 100);
      expect(await left()).toEqual(['new']);
      await journal.prune(clock.nowMs() + 1, 100);
      expect(await left()).toEqual([]);
      expect(await listDeliveries(journal)).toEqual([]);
      // Numbers are not given out again: what names an old one must never mean a new one.
      await journal.appendOperationalEvent('default', toStale('a'), 'a');
      expect((await claimOne(harness, id)).eventRow).toBeLessThan(sent.eventRow);
    });

    it('go with retention although one before them is from a clock that was ahead', async () => {
      const { journal, clock } = await open();
      clock.advance(400 * 86_400_000);
      await journal.appendOperationalEvent('default', toStale('ahead'), null);
      clock.advance(-400 * 86_400_000);
      for (const call of ['a', 'b']) await journal.appendOperationalEvent('default', toStale(call), null);
      clock.advance(1_000);
      const cutMs = clock.nowMs();
      await journal.appendOperationalEvent('default', toStale('new'), null);
      await journal.prune(cutMs, 100);
      const { items } = await journal.listOperationalEvents('default', {}, FIRST_PAGE);
      expect(items.map(({ callId }) => callId)).toEqual(['new', 'ahead']);
    });

    it('go with retention however many there are', async () => {
      const { journal, clock } = await open();
      const { id } = await subscribe(journal, ['call.stale']);
      await Promise.all(
        Array.from({ length: 250 }, (_, index) =>
          journal.appendOperationalEvent('default', toStale(`call-${index}`), null),
        ),
      );
      await journal.deleteDestination('default', id, KEY_ACTOR);
      clock.advance(1);
      await journal.prune(clock.nowMs(), 10);
      expect(await listTypes(journal)).toEqual([]);
      expect(await listDeliveries(journal)).toEqual([]);
    });
  });

  describe('what the journal itself says', () => {
    it('is that it disabled a destination, and that one works again', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const types = ['destination.disabled', 'destination.recovered'];
      const watcher = await subscribe(journal, types);
      const { id } = await createDestination(journal, { name: 'CRM' });
      const sinceMs = clock.nowMs();
      // It had not failed, so there is nothing to recover from.
      await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs });
      clock.advance(RECOVERED_AFTER_MS);
      await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      const disabled = { kind: 'disabled', destinationId: id, reason: 'it answered 410 Gone' } as const;
      await journal.setDestinationHealth(disabled);
      await journal.setDestinationHealth(disabled);
      const destination = { id, kind: 'webhook', name: 'CRM' };
      const { items } = await journal.listOperationalEvents('default', {}, FIRST_PAGE);
      expect(items).toMatchObject([
        {
          content: { type: 'destination.disabled', destination, reason: 'it answered 410 Gone' },
          callId: null,
        },
        {
          content: {
            type: 'destination.recovered',
            destination,
            failing_since: new Date(sinceMs).toISOString(),
          },
        },
      ]);
      expect((await claim(harness, watcher.id)).map(({ status }) => status)).toEqual(types.toReversed());
      const audit = (await journal.listAudit('default', FIRST_PAGE)).items.map(({ action }) => action);
      expect(audit.filter((action) => types.includes(action))).toEqual(types);
    });

    it('is not that one works again which failed for a moment, nor an entry of the audit log', async () => {
      const { journal, clock } = await open();
      const { id } = await createDestination(journal);
      for (let flap = 0; flap < 20; flap += 1) {
        const sinceMs = clock.nowMs();
        await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs });
        clock.advance(RECOVERED_AFTER_MS - 1);
        await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      }
      expect(await listTypes(journal)).toEqual([]);
      expect(await journal.getDestination('default', id)).toMatchObject({ failingSinceMs: null });
      const { items } = await journal.listAudit('default', FIRST_PAGE);
      expect(items.map(({ action }) => action)).toEqual(['destination.created']);
    });

    it('is that one works again which it had disabled, however short it failed since it was resumed', async () => {
      const { journal, clock } = await open();
      const { id } = await createDestination(journal);
      const fail = async (): Promise<void> => {
        const sinceMs = clock.nowMs();
        await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs });
      };
      await fail();
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'gone' });
      clock.advance(RECOVERED_AFTER_MS);
      // It was under way when it was disabled: nothing is sent there until somebody resumes it.
      await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      expect(await listTypes(journal)).toEqual(['destination.disabled']);
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      for (let flap = 0; flap < 3; flap += 1) {
        await fail();
        clock.advance(1_000);
        await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      }
      expect(await listTypes(journal)).toEqual(['destination.disabled', 'destination.recovered']);
    });

    it('is that one works again which it had disabled, at its first delivery after somebody resumed it', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const { id } = await createDestination(journal);
      for (const call of ['a', 'b', 'c']) await accept(journal, call, 'in-progress');
      const claimed = await claim(harness, id);
      const [underWay, failed, last] = claimed as [ClaimedDelivery, ClaimedDelivery, ClaimedDelivery];
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'gone' });
      await record(journal, underWay);
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      await record(journal, failed, retryIn(clock, 0));
      expect(await listTypes(journal)).toEqual(['destination.disabled']);
      await record(journal, last);
      await record(journal, await claimOne(harness, id));
      const { items } = await journal.listOperationalEvents('default', { destinationId: id }, FIRST_PAGE);
      expect(items.map(({ content }) => content)).toMatchObject([
        { type: 'destination.recovered', destination: { id }, failing_since: null },
        { type: 'destination.disabled' },
      ]);
      // Once for each time it was disabled.
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'gone' });
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      for (const call of ['d', 'e']) await accept(journal, call, 'in-progress');
      for (const each of await claim(harness, id)) await record(journal, each);
      const told = ['destination.disabled', 'destination.recovered'];
      expect(await listTypes(journal)).toEqual([...told, ...told]);
    });

    it('is nothing where a person paused, disabled or resumed it', async () => {
      const { journal } = await open();
      const { id } = await subscribe(journal, ['destination.disabled', 'destination.recovered']);
      const sinceMs = 1;
      await journal.setDestinationHealth({ kind: 'failing', destinationId: id, sinceMs });
      for (const state of ['paused', 'disabled', 'enabled'] as const) {
        await journal.setDestinationState('default', id, state, null, KEY_ACTOR);
      }
      await journal.setDestinationHealth({ kind: 'recovered', destinationId: id });
      expect(await listTypes(journal)).toEqual([]);
    });

    it('is held by the disabled destination itself until somebody resumes it', async () => {
      const harness = await open();
      const { journal } = harness;
      const { id } = await subscribe(journal, ['destination.disabled']);
      const taken: ClaimedDelivery[] = [];
      const stop = journal.listenDue({
        nodeId: 'node-a',
        leaseMs: LEASE_MS,
        take: (delivery) => taken.push(delivery) > 0,
        hint() {},
      });
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'gone' });
      expect(await claim(harness, id)).toEqual([]);
      expect(taken).toEqual([]);
      stop();
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      expect(await claim(harness, id)).toMatchObject([{ eventType: 'destination.disabled' }]);
    });

    it('is each dead letter, in the commit that made it one', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const watcher = await subscribe(journal, ['delivery.dead']);
      const { id } = await createDestination(journal, { name: 'CRM' });
      await accept(journal, 'a', 'in-progress');
      await record(journal, await claimOne(harness, id), retryIn(clock, 0));
      const claimed = await claimOne(harness, id);
      const failures = { ...DEAD, detail: 'answered 500' };
      await record(journal, claimed, failures);
      // A second record of the same attempt is refused, so it says nothing.
      await record(journal, claimed, failures);
      const { items } = await journal.listOperationalEvents('default', {}, FIRST_PAGE);
      expect(items).toMatchObject([
        {
          callId: 'a',
          content: {
            type: 'delivery.dead',
            destination: { id, kind: 'webhook', name: 'CRM' },
            delivery: { id: claimed.id, attempts: 2 },
            event: { id: claimed.eventId, status: 'in-progress' },
            call: { id: 'a' },
            reason: 'answered 500',
          },
        },
      ]);
      expect(await claim(harness, watcher.id)).toMatchObject([{ eventType: 'delivery.dead' }]);
    });

    it('is at most so many dead letters of one destination in a minute', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const one = await createDestination(journal, { filter: { call_types: ['one'] } });
      const other = await createDestination(journal, { filter: { call_types: ['other'] } });
      const kill = async (type: string, id: Destination['id'], count: number): Promise<void> => {
        for (let index = 0; index < count; index += 1) {
          await accept(journal, `${type} ${clock.nowMs()} ${index}`, 'in-progress', { type });
        }
        const claimed = await claim(harness, id);
        expect(claimed).toHaveLength(count);
        for (const each of claimed) await record(journal, each, DEAD);
      };
      const page = { limit: 1_000, cursor: null };
      const count = async (): Promise<number> =>
        (await journal.listOperationalEvents('default', { types: ['delivery.dead'] }, page)).items.length;
      await kill('one', one.id, DEAD_EVENTS_PER_MINUTE_MAX + 5);
      expect(await count()).toBe(DEAD_EVENTS_PER_MINUTE_MAX);
      await kill('other', other.id, 1);
      expect(await count()).toBe(DEAD_EVENTS_PER_MINUTE_MAX + 1);
      clock.advance(60_000);
      await kill('one', one.id, 2);
      expect(await count()).toBe(DEAD_EVENTS_PER_MINUTE_MAX + 3);
      const dead = await journal.countDeliveries('default', {}, 1_000);
      expect(dead.counts.dead).toBe(DEAD_EVENTS_PER_MINUTE_MAX + 8);
    });
  });

  describe('live calls by when they became live', () => {
    it('are listed of all accounts, oldest first, within the time asked for', async () => {
      const { journal, clock } = await open();
      const other = await journal.createAccount('Other', KEY_ACTOR);
      const startMs = clock.nowMs();
      await accept(journal, 'first', 'in-progress');
      clock.advance(1_000);
      await accept(journal, 'theirs', 'in-progress', {}, { accountId: other.id });
      await accept(journal, 'ended', 'in-progress');
      clock.advance(1_000);
      await accept(journal, 'third', 'in-progress');
      await accept(journal, 'ended', 'ended');
      clock.advance(1_000);
      await accept(journal, 'new', 'in-progress');
      const list = async (
        sinceMs: number,
        beforeMs: number,
        limit = 100,
        of?: AccountId,
      ): Promise<readonly string[]> =>
        (await journal.listLiveCallsSince(sinceMs, beforeMs, limit, of)).map(
          ({ accountId, call }) => `${accountId === other.id ? 'other' : accountId} ${call.callId}`,
        );
      expect(await list(0, clock.nowMs())).toEqual(['default first', 'other theirs', 'default third']);
      expect(await list(0, clock.nowMs(), 2)).toEqual(['default first', 'other theirs']);
      expect(await list(startMs + 1, clock.nowMs() + 1)).toEqual([
        'other theirs',
        'default third',
        'default new',
      ]);
      expect(await list(startMs, startMs)).toEqual([]);
      expect(await list(0, clock.nowMs(), 100, 'default')).toEqual(['default first', 'default third']);
      expect(await list(0, clock.nowMs(), 1, 'default')).toEqual(['default first']);
      expect(await list(0, clock.nowMs(), 100, other.id)).toEqual(['other theirs']);
      expect(await list(startMs, startMs, 100, 'default')).toEqual([]);
      expect(await list(0, clock.nowMs(), 100, 'acc_none')).toEqual([]);
    });

    it('are the oldest of all accounts, whichever account has how many', async () => {
      const { journal, clock } = await open();
      const accounts: AccountId[] = ['default'];
      for (let count = 1; count < 4; count += 1) {
        accounts.push((await journal.createAccount(`Account ${count}`, KEY_ACTOR)).id);
      }
      const expected: string[] = [];
      // Several in one millisecond, of the same account and of others.
      for (let index = 0; index < 60; index += 1) {
        const accountId = accounts[(index * index + (index % 3)) % accounts.length] as AccountId;
        await accept(journal, `call-${index}`, 'in-progress', {}, { accountId });
        expected.push(`call-${index}`);
        if (index % 4 === 3) clock.advance(1_000);
      }
      clock.advance(1_000);
      for (const limit of [1, 7, 59, 60, 100]) {
        const found = await journal.listLiveCallsSince(0, clock.nowMs(), limit);
        expect(found.map(({ call }) => call.callId)).toEqual(expected.slice(0, limit));
        for (const { accountId, call } of found) {
          expect(await journal.getCall(accountId, call.callId)).toEqual(call);
        }
      }
    });
  });
}

/** For stores that outlive their process. */
export function describeOperationalRestart(open: OpenHarness): void {
  describe('operational events after a crash', () => {
    it('are there with their deliveries and attempts, and their once keys hold', async () => {
      const harness = await open();
      const { journal, clock } = harness;
      const crash = harness.crash ?? expect.fail('a store that survives a crash says how to crash it');
      const { id } = await createDestination(journal, {
        filter: { operational_events: ['call.stale', 'delivery.dead'] },
      });
      await letDie(harness, id, 'a');
      await journal.appendOperationalEvent('default', toStale('a'), 'stale a');
      const [first] = (await claim(harness, id)) as [ClaimedDelivery];
      await record(journal, first, retryIn(clock, 1_000));
      await journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'gone' });
      await journal.setDestinationState('default', id, 'enabled', null, KEY_ACTOR);
      const read = async (from: Journal): Promise<unknown> => ({
        events: await from.listOperationalEvents('default', {}, FIRST_PAGE),
        deliveries: (await listDeliveries(from)).map((delivery) => ({ ...delivery, stateReason: null })),
        attempts: (await from.getDelivery('default', first.id))?.attemptEntries.length,
      });
      const before = await read(journal);

      const again = await crash();
      expect(await read(again)).toEqual(before);
      expect(await again.appendOperationalEvent('default', toStale('a'), 'stale a')).toBeNull();
      clock.advance(1_000);
      const claimed = await claim({ journal: again, clock }, id);
      expect(claimed.map(({ eventType }) => eventType).toSorted()).toEqual(['call.stale', 'delivery.dead']);
      for (const each of claimed) {
        expect(await record(again, each)).toEqual({ kind: 'recorded', state: 'delivered' });
      }
      expect((await listTypes(again)).slice(-2)).toEqual(['destination.disabled', 'destination.recovered']);
      await again.appendOperationalEvent('default', toStale('b'), 'stale b');
      expect((await claimOne({ journal: again, clock }, id)).eventRow).toBeLessThan(
        Math.min(...claimed.map(({ eventRow }) => eventRow)),
      );
    });
  });
}
