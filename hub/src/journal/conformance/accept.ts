import { describe, expect, it } from 'vitest';

import { parseRow } from '../ids.ts';
import {
  accept,
  createDestination,
  FIRST_PAGE,
  KEY_ACTOR,
  listDeliveries,
  toIncoming,
  toReport,
  type OpenHarness,
} from './harness.ts';

export function describeAccept(open: OpenHarness): void {
  describe('accepting reports', () => {
    it('advances a call, appends the event and owes it to every matching destination, all at once', async () => {
      const { journal } = await open();
      const all = await createDestination(journal);
      const endings = await createDestination(journal, { filter: { statuses: ['ended'] } });
      const accepted = await accept(journal, 'call-1', 'in-progress', {}, { traceparent: '00-ab-cd-01' });
      expect(accepted.outcome).toBe('advanced');
      expect(accepted.reason).toBeNull();
      expect(accepted.call).toMatchObject({ callId: 'call-1', state: 'live', sequence: 1 });
      expect(accepted.event?.sequence).toBe(1);
      await accept(journal, 'call-1', 'ended');
      const deliveries = await listDeliveries(journal);
      expect(deliveries.map((each) => [each.destinationId, each.status])).toEqual([
        [all.id, 'in-progress'],
        [all.id, 'ended'],
        [endings.id, 'ended'],
      ]);
    });

    it('answers a repeated, late or conflicting report with its reason and makes no event', async () => {
      const { journal } = await open();
      await createDestination(journal);
      const outcomes = [];
      for (const status of [
        'in-progress',
        'in-progress',
        'ended',
        'ended',
        'in-progress',
        'ended-with-error',
      ]) {
        const { outcome, event, reason } = await accept(journal, 'call-1', status);
        expect(event === null).toBe(outcome !== 'advanced');
        expect(reason === null).toBe(outcome === 'advanced');
        outcomes.push(outcome);
      }
      expect(outcomes).toEqual(['advanced', 'repeated', 'advanced', 'repeated', 'late', 'conflicting']);
      expect(await listDeliveries(journal)).toHaveLength(2);
    });

    it('drops an end that is assumed of a call that is not live, as if nobody had assumed it', async () => {
      const { journal } = await open();
      await createDestination(journal);
      await accept(journal, 'over', 'in-progress');
      await accept(journal, 'over', 'ended');
      await accept(journal, 'failed', 'ended-with-error');
      await accept(journal, 'noted', 'ringing');
      await accept(journal, 'live', 'in-progress');
      const callIds = ['over', 'failed', 'noted', 'live', 'unknown', 'live'];
      const before = await Promise.all(callIds.map((callId) => journal.getTimeline('default', callId)));
      const { events, calls } = await journal.readStats();
      const ended = await journal.acceptAssumedEnds(
        callIds.map((callId) =>
          toIncoming(
            toReport(callId, 'ended-with-error', { occurredAtMs: null, error: 'given up', isAssumed: true }),
          ),
        ),
      );
      expect(ended).toMatchObject([
        { outcome: 'advanced', call: { callId: 'live', state: 'failed', error: 'given up' } },
      ]);
      expect(await journal.readStats()).toMatchObject({ events: events + 1, calls });
      for (const [index, callId] of callIds.entries()) {
        if (callId !== 'live') expect(await journal.getTimeline('default', callId)).toEqual(before[index]);
      }
      expect((await journal.getTimeline('default', 'live'))?.reports).toHaveLength(2);
      const { slots } = await journal.readCallStatistics({
        accountId: 'default',
        sinceMs: (ended[0]?.call.endedAtMs ?? 0) - 3_600_000,
        untilMs: (ended[0]?.call.endedAtMs ?? 0) + 3_600_000,
        stepMs: 3_600_000,
      });
      const count = (outcome: 'repeated' | 'conflicting' | 'failed') =>
        slots.reduce((total, slot) => total + slot[outcome], 0);
      expect([count('repeated'), count('conflicting'), count('failed')]).toEqual([0, 0, 2]);
    });

    it('notes an unknown status and keeps the call in state none', async () => {
      const { journal } = await open();
      await createDestination(journal);
      const accepted = await accept(journal, 'call-1', 'ringing');
      expect(accepted).toMatchObject({ outcome: 'noted', event: null, call: { state: 'none', sequence: 0 } });
      expect(await listDeliveries(journal)).toHaveLength(0);
      expect(await journal.getCall('default', 'call-1')).toEqual(accepted.call);
    });

    it('applies the reports of one batch in order, also when they are of the same call', async () => {
      const { journal } = await open();
      const accepted = await journal.acceptReports([
        toIncoming(toReport('a', 'in-progress')),
        toIncoming(toReport('b', 'ended')),
        toIncoming(toReport('a', 'ended')),
        toIncoming(toReport('a', 'ended')),
      ]);
      expect(accepted.map(({ outcome, event }) => [outcome, event?.sequence])).toEqual([
        ['advanced', 1],
        ['advanced', 1],
        ['advanced', 2],
        ['repeated', undefined],
      ]);
      expect((await journal.readFeed(undefined, 0, 10)).map((event) => event.callId)).toEqual([
        'a',
        'b',
        'a',
      ]);
    });

    it('takes many writers at once and gives each its own answer', async () => {
      const { journal } = await open();
      const accepted = await Promise.all(
        Array.from({ length: 200 }, (_, index) => accept(journal, `call-${index % 50}`, 'in-progress')),
      );
      expect(accepted.filter(({ outcome }) => outcome === 'advanced')).toHaveLength(50);
      expect(new Set(accepted.flatMap(({ event }) => event?.id ?? [])).size).toBe(50);
      expect(await journal.readStats()).toMatchObject({ calls: 50, events: 50 });
    });

    it('keeps the body of the event as it will be sent, with the registered name of the number', async () => {
      const { journal } = await open();
      await journal.putPhoneNumber('default', '+31850000001', 'Sales', KEY_ACTOR);
      const { event } = await accept(journal, 'call-1', 'in-progress', {
        occurredAtMs: Date.UTC(2026, 0, 2, 3, 4, 5, 678),
        phoneNumber: { number: '+31850000001' },
        assistant: { id: 'as_1', name: 'Ada', metadata: { team: 'x' } },
      });
      const stored = await journal.getEvent('default', event?.id ?? 'evt_');
      const body = Buffer.from(stored?.body ?? []).toString();
      expect(body).toBe(
        '{"message":{"type":"status-update","timestamp":"2026-01-02T03:04:05.678Z",' +
          '"call":{"id":"call-1","type":"inbound_phone_call","status":"in-progress"},' +
          '"phone_number":{"number":"+31850000001","name":"Sales"},"customer":{"number":"+31612345678"},' +
          '"assistant":{"id":"as_1","name":"Ada","metadata":{"team":"x"}}}}',
      );
      await journal.putPhoneNumber('default', '+31850000001', 'Support', KEY_ACTOR);
      await accept(journal, 'call-2', 'in-progress', { phoneNumber: { number: '+31850000001' } });
      expect((await journal.getCall('default', 'call-2'))?.phoneNumber).toEqual({
        number: '+31850000001',
        name: 'Support',
      });
    });

    it('keeps every report as it came, null and missing told apart', async () => {
      const { journal } = await open();
      const reports = [
        toReport('call-1', 'in-progress', { occurredAtMs: 1_700_000_000_000 }),
        toReport('call-1', 'ringing', {
          type: null,
          phoneNumber: null,
          customer: { number: null },
          unknownFields: { deep: { er: [1, 'two', null] } },
        }),
        toReport('call-1', 'end-of-call-report', {
          phoneNumber: { number: '+1', name: null },
          durationSeconds: null,
          summary: 'They talked.',
        }),
        toReport('call-1', 'ended-with-error', {
          phoneNumber: { number: null },
          error: 'STT failed',
          endReason: 'pipeline-error',
          assistant: { id: 'as_1', metadata: null },
        }),
      ];
      await journal.acceptReports(reports.map((report) => toIncoming(report)));
      const timeline = await journal.getTimeline('default', 'call-1');
      expect(timeline?.reports.map((entry) => entry.report)).toEqual(reports);
      expect(timeline?.reports.map((entry) => entry.outcome)).toEqual([
        'advanced',
        'noted',
        'noted',
        'advanced',
      ]);
      expect(timeline?.events.map((event) => event.id)).toEqual(
        timeline?.reports.flatMap((entry) => entry.eventId ?? []),
      );
    });

    it('reads a call back exactly as it was answered', async () => {
      const { journal } = await open();
      const calls = [
        await accept(journal, 'a', 'in-progress', { phoneNumber: null, customer: null, type: null }),
        await accept(journal, 'b', 'in-progress', {
          phoneNumber: { number: null },
          customer: { number: null },
        }),
        await accept(journal, 'c', 'ended', { phoneNumber: { number: '+1', name: null }, endReason: 'bye' }),
        await accept(journal, 'd', 'ended-with-error', { phoneNumber: { number: 'anonymous' }, error: 'x' }),
      ];
      for (const { call } of calls) expect(await journal.getCall('default', call.callId)).toEqual(call);
    });

    it('keeps a call readable whatever duration is told of it', async () => {
      const { journal } = await open();
      for (const [index, durationSeconds] of [1e13, 1e300, Infinity, NaN, -1e300].entries()) {
        const callId = `call-${index}`;
        await accept(journal, callId, 'ended');
        const { call } = await accept(journal, callId, 'end-of-call-report', {
          durationSeconds,
          summary: '',
        });
        expect(call.durationMs ?? 0).toBe(0);
        expect(await journal.getCall('default', callId)).toEqual(call);
      }
      expect((await journal.listCalls('default', {}, FIRST_PAGE)).items).toHaveLength(5);
      expect(await journal.readCallChanges(undefined, 0, 100)).toHaveLength(10);
    });

    it('takes any text as a call id, exactly as it is', async () => {
      const { journal } = await open();
      const ids = [
        'a',
        'A',
        'a ',
        ' a',
        '+31612345678@x',
        "'; DROP TABLE calls; --",
        'é',
        'e\u0301',
        '😀',
        '\u0000',
      ];
      for (const id of ids) expect((await accept(journal, id, 'in-progress')).outcome).toBe('advanced');
      for (const id of ids) expect((await journal.getCall('default', id))?.callId).toBe(id);
    });

    it('numbers events upwards in the order of acceptance', async () => {
      const { journal } = await open();
      const accepted = [];
      for (const id of ['a', 'b', 'c']) accepted.push(await accept(journal, id, 'in-progress'));
      const rows = accepted.map(({ event }) => parseRow(event?.id ?? '', 'evt') ?? 0);
      expect(rows).toEqual(rows.toSorted((a, b) => a - b));
      expect(await journal.readFeedEnd()).toBe(rows.at(-1));
      const page = await journal.listEvents('default', {}, FIRST_PAGE);
      expect(page.items.map((event) => event.row)).toEqual(rows.toReversed());
    });

    it('matches destinations by status, call type and number in either form', async () => {
      const { journal } = await open();
      const byNumber = await createDestination(journal, { filter: { phone_numbers: ['+31850000001'] } });
      const byGiven = await createDestination(journal, { filter: { phone_numbers: ['085 000 0001'] } });
      const byType = await createDestination(journal, { filter: { call_types: ['web_call'] } });
      const byBoth = await createDestination(journal, {
        filter: { statuses: ['in-progress'], phone_numbers: ['+31850000001', '085 000 0001'] },
      });
      await createDestination(journal, { filter: { statuses: ['ended'] } });
      const national = { phoneNumber: { number: '085 000 0001' } };
      await accept(journal, 'a', 'in-progress', national, { phoneNumberE164: '+31850000001' });
      await accept(journal, 'b', 'in-progress', { type: 'web_call', phoneNumber: { number: null } });
      const owed = new Map<string, string[]>();
      for (const { callId, destinationId } of await listDeliveries(journal)) {
        const others = owed.get(callId ?? '') ?? [];
        owed.set(callId ?? '', [...others, destinationId]);
      }
      expect(owed.get('a')?.toSorted()).toEqual([byNumber.id, byGiven.id, byBoth.id].toSorted());
      expect(owed.get('b')).toEqual([byType.id]);
    });
  });
}
