import { beforeEach, describe, expect, it } from 'vitest';

import type { DestinationId, SourceId } from '../ids.ts';
import type { ClaimedDelivery } from '../deliveries.ts';
import type { JournalFilter } from '../filter.ts';
import {
  accept,
  claim,
  createDestination,
  DEAD,
  FIRST_PAGE,
  KEY_ACTOR,
  record,
  retryIn,
  type Harness,
  type OpenHarness,
} from './harness.ts';

/**
 * One small world, asked in many ways. Calls: `good` lasted 90 s; `bad` broke; `live` runs; `web` has no
 * numbers and came through another source.
 */
export function describeFilters(open: OpenHarness): void {
  describe('filters', () => {
    let harness: Harness;
    let crm: DestinationId;
    let slack: DestinationId;
    let other: SourceId;
    let middleMs = 0;

    beforeEach(async () => {
      harness = await open();
      const { journal, clock } = harness;
      crm = (await createDestination(journal)).id;
      slack = (await createDestination(journal, { filter: { statuses: ['ended-with-error'] } })).id;
      const source = { accountId: 'default', kind: 'api', name: 'Other', secrets: [] } as const;
      other = (await journal.createSource(source, KEY_ACTOR)).id;
      const startMs = clock.nowMs();
      await accept(journal, 'good', 'in-progress', { occurredAtMs: startMs });
      await accept(journal, 'good', 'ended', { occurredAtMs: startMs + 90_000 });
      clock.advance(60_000);
      middleMs = clock.nowMs();
      const theirs = { customer: { number: '+4930123456' }, occurredAtMs: startMs };
      await accept(journal, 'bad', 'in-progress', theirs);
      const failed = { ...theirs, occurredAtMs: startMs + 5_000, error: 'STT Verbindung ÜBERLASTET' };
      await accept(journal, 'bad', 'ended-with-error', failed);
      const ours = { phoneNumber: { number: '+31850000002' }, type: 'outbound_phone_call' };
      await accept(journal, 'live', 'in-progress', ours);
      const web = { type: 'web_call', phoneNumber: { number: null }, customer: { number: null } };
      await accept(journal, 'web', 'ended', web, { sourceId: other });
      for (let round = 0; round < 2; round += 1) {
        for (const claimed of await claim(harness, crm)) {
          await record(journal, claimed, claimed.status === 'ended-with-error' ? DEAD : {});
        }
      }
    });

    async function findCalls(filter: JournalFilter): Promise<readonly string[]> {
      const page = await harness.journal.listCalls('default', filter, FIRST_PAGE);
      return page.items.map(({ callId }) => callId).toSorted();
    }

    async function findEvents(filter: JournalFilter): Promise<readonly string[]> {
      const page = await harness.journal.listEvents('default', filter, FIRST_PAGE);
      return page.items.map(({ callId, sequence }) => `${callId}#${sequence}`).toSorted();
    }

    async function findDeliveries(filter: JournalFilter): Promise<readonly string[]> {
      const page = await harness.journal.listDeliveries('default', filter, FIRST_PAGE);
      const names = new Map<DestinationId, string>([
        [crm, 'crm'],
        [slack, 'slack'],
      ]);
      return page.items
        .map(({ callId, sequence, destinationId }) => `${callId}#${sequence} ${names.get(destinationId)}`)
        .toSorted();
    }

    it('by nothing give everything', async () => {
      expect(await findCalls({})).toEqual(['bad', 'good', 'live', 'web']);
      expect(await findEvents({})).toEqual(['bad#1', 'bad#2', 'good#1', 'good#2', 'live#1', 'web#1']);
      expect(await findDeliveries({})).toHaveLength(7);
    });

    it('by status: events by their own, calls by the state it put them in', async () => {
      expect(await findCalls({ statuses: ['ended', 'in-progress'] })).toEqual(['good', 'live', 'web']);
      expect(await findCalls({ excludedStatuses: ['ended'] })).toEqual(['bad', 'live']);
      expect(await findCalls({ statuses: ['no such'] })).toEqual([]);
      expect(await findEvents({ statuses: ['ended'] })).toEqual(['good#2', 'web#1']);
      expect(await findEvents({ excludedStatuses: ['in-progress', 'ended'] })).toEqual(['bad#2']);
      expect(await findDeliveries({ statuses: ['ended-with-error'] })).toEqual(['bad#2 crm', 'bad#2 slack']);
    });

    it('by call state', async () => {
      expect(await findCalls({ callStates: ['live'] })).toEqual(['live']);
      expect(await findCalls({ callStates: ['live', 'failed'] })).toEqual(['bad', 'live']);
      expect(await findCalls({ excludedCallStates: ['ended'] })).toEqual(['bad', 'live']);
      expect(await findEvents({ callStates: ['failed'] })).toEqual(['bad#1', 'bad#2']);
      expect(await findDeliveries({ callStates: ['live'] })).toEqual(['live#1 crm']);
    });

    it('by delivery state', async () => {
      expect(await findDeliveries({ deliveryStates: ['pending'] })).toEqual(['bad#2 slack']);
      expect(await findDeliveries({ deliveryStates: ['dead'] })).toEqual(['bad#2 crm']);
      expect(await findDeliveries({ deliveryStates: ['dead', 'pending'] })).toHaveLength(2);
      expect(await findDeliveries({ excludedDeliveryStates: ['delivered', 'dead'] })).toEqual([
        'bad#2 slack',
      ]);
      expect(await findCalls({ deliveryStates: ['dead'] })).toEqual(['bad']);
      expect(await findCalls({ excludedDeliveryStates: ['dead'] })).toEqual(['good', 'live', 'web']);
      expect(await findEvents({ deliveryStates: ['pending'] })).toEqual(['bad#2']);
    });

    it('by the status of a delivery’s last answer, and by how often it was tried', async () => {
      const [waiting] = await claim(harness, slack);
      const failed = { ...retryIn(harness.clock, 60_000), status: 401 };
      await record(harness.journal, waiting as ClaimedDelivery, failed);
      expect(await findDeliveries({ codes: [{ min: 401, max: 401 }] })).toEqual(['bad#2 slack']);
      expect(await findDeliveries({ codes: [{ min: 200, max: 299 }] })).toHaveLength(5);
      const either = [
        { min: 400, max: 499 },
        { min: 200, max: 200 },
      ];
      expect(await findDeliveries({ codes: either })).toHaveLength(6);
      expect(await findDeliveries({ codes: either, deliveryStates: ['pending'] })).toEqual(['bad#2 slack']);
      // The dead one had no answer at all.
      expect(await findDeliveries({ codes: [{ min: 0, max: 999 }], deliveryStates: ['dead'] })).toEqual([]);
      expect(await findDeliveries({ codes: [] })).toEqual([]);
      expect(await findDeliveries({ attempts: { min: 1 } })).toHaveLength(7);
      expect(await findDeliveries({ attempts: { min: 2 } })).toEqual([]);
      expect(await findDeliveries({ attempts: { max: 0 } })).toEqual([]);
      await accept(harness.journal, 'late', 'ended-with-error');
      expect(await findDeliveries({ attempts: { max: 0 }, destinationIds: [slack] })).toEqual([
        'late#1 slack',
      ]);
    });

    it('by destination, alone and together with a state', async () => {
      expect(await findDeliveries({ destinationIds: [slack] })).toEqual(['bad#2 slack']);
      expect(await findDeliveries({ destinationIds: [slack], deliveryStates: ['dead'] })).toEqual([]);
      expect(await findDeliveries({ destinationIds: [crm], deliveryStates: ['dead'] })).toEqual([
        'bad#2 crm',
      ]);
      expect(await findDeliveries({ destinationIds: ['dst_none'] })).toEqual([]);
      expect(await findCalls({ destinationIds: [slack] })).toEqual(['bad']);
      expect(await findCalls({ destinationIds: [slack], deliveryStates: ['dead'] })).toEqual([]);
      expect(await findEvents({ destinationIds: [slack] })).toEqual(['bad#2']);
    });

    it('by call type and by call id', async () => {
      expect(await findCalls({ callTypes: ['web_call', 'outbound_phone_call'] })).toEqual(['live', 'web']);
      expect(await findEvents({ callTypes: ['web_call'] })).toEqual(['web#1']);
      expect(await findCalls({ callId: 'good' })).toEqual(['good']);
      expect(await findCalls({ callId: 'good', callStates: ['live'] })).toEqual([]);
      expect(await findCalls({ callId: 'go' })).toEqual([]);
      expect(await findEvents({ callId: 'good' })).toEqual(['good#1', 'good#2']);
      expect(await findDeliveries({ callId: 'bad' })).toHaveLength(3);
      expect(await findDeliveries({ callId: 'none' })).toEqual([]);
    });

    it('by number, ours or theirs, whole or from its beginning', async () => {
      expect(await findCalls({ number: { value: '+31850000001', prefix: false } })).toEqual(['bad', 'good']);
      expect(await findCalls({ number: { value: '+318500', prefix: true } })).toEqual([
        'bad',
        'good',
        'live',
      ]);
      expect(await findCalls({ number: { value: '318500', prefix: false } })).toEqual([]);
      expect(await findCalls({ number: { value: '49 30 12', prefix: true } })).toEqual(['bad']);
      expect(await findEvents({ number: { value: '+4930123456', prefix: false } })).toEqual([
        'bad#1',
        'bad#2',
      ]);
      expect(await findCalls({ number: { value: '%', prefix: true } })).toEqual([]);
    });

    it('by source', async () => {
      expect(await findCalls({ sourceIds: [other] })).toEqual(['web']);
      expect(await findEvents({ sourceIds: [other] })).toEqual(['web#1']);
      expect(await findDeliveries({ sourceIds: [other] })).toEqual(['web#1 crm']);
      expect(await findCalls({ sourceIds: ['src_none'] })).toEqual([]);
    });

    it('by time, with its beginning and without its end', async () => {
      expect(await findCalls({ sinceMs: middleMs })).toEqual(['bad', 'live', 'web']);
      expect(await findCalls({ untilMs: middleMs })).toEqual(['good']);
      expect(await findEvents({ untilMs: middleMs })).toEqual(['good#1', 'good#2']);
      expect(await findDeliveries({ sinceMs: middleMs, untilMs: middleMs + 1 })).toHaveLength(5);
      expect(await findDeliveries({ sinceMs: middleMs + 1 })).toEqual([]);
    });

    it('by duration', async () => {
      expect(await findCalls({ durationMs: { min: 60_000 } })).toEqual(['good']);
      expect(await findCalls({ durationMs: { max: 5_000 } })).toEqual(['bad']);
      expect(await findCalls({ durationMs: { min: 5_000, max: 90_000 } })).toEqual(['bad', 'good']);
      expect(await findEvents({ durationMs: { min: 60_000 } })).toEqual(['good#1', 'good#2']);
    });

    it('by words of the error, in any case and any script', async () => {
      expect(await findCalls({ error: 'stt' })).toEqual(['bad']);
      expect(await findCalls({ error: 'überlastet STT' })).toEqual(['bad']);
      expect(await findCalls({ error: 'stt missing' })).toEqual([]);
      expect(await findDeliveries({ error: 'verbindung', destinationIds: [slack] })).toEqual(['bad#2 slack']);
    });

    it('by several parts, all of which must hold', async () => {
      const filter: JournalFilter = { statuses: ['ended'], number: { value: '+31', prefix: true } };
      expect(await findEvents(filter)).toEqual(['good#2']);
      expect(await findEvents({ ...filter, durationMs: { max: 1 } })).toEqual([]);
    });

    it('take every value as a value', async () => {
      const nasty = `x' OR 1=1 --`;
      expect(await findCalls({ callTypes: [nasty] })).toEqual([]);
      expect(await findCalls({ callId: nasty })).toEqual([]);
      expect(await findEvents({ statuses: [nasty], error: nasty })).toEqual([]);
      expect(await findDeliveries({ number: { value: nasty, prefix: true } })).toEqual([]);
    });
  });
}
