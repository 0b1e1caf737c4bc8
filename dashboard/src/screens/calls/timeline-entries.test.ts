import { describe, expect, it } from 'vitest';
import type { EventView, ReportView, TimelineView } from '../../data/types.ts';
import type { TimelineDelivery } from './timeline-entries.ts';

import {
  foldRepeated,
  isTroubled,
  summarizeDeliveries,
  toLag,
  toTimelineEntries,
} from './timeline-entries.ts';

const NO_FACTS: ReportView['report'] = {
  type: null,
  phone_number: null,
  customer: null,
  error: null,
  end_reason: null,
  assistant: null,
  duration_seconds: null,
  summary: null,
  unknown_fields: null,
};

function report(id: string, at: string, status: string, more: Partial<ReportView> = {}): ReportView {
  return {
    id,
    source_id: 'voicedock',
    assumed: false,
    received_at: at,
    occurred_at: at,
    status,
    outcome: 'advanced',
    reason: null,
    event_id: null,
    report: NO_FACTS,
    ...more,
  };
}

function event(id: string, at: string, status: string, sequence: number): EventView {
  return { id, row: sequence, call_id: 'c', sequence, status, accepted_at: at, body: '{}' };
}

function delivery(id: string, eventId: string, more: Partial<TimelineDelivery> = {}): TimelineDelivery {
  return {
    id,
    destination_id: 'dst_1',
    event_id: eventId,
    event_type: 'status-update',
    call_id: 'c',
    sequence: 1,
    status: 'ended',
    state: 'delivered',
    state_reason: null,
    attempts: 1,
    last_status: 200,
    last_detail: null,
    explanation: null,
    due_at: null,
    created_at: '2025-12-13T12:00:00.000Z',
    finished_at: null,
    replay_id: null,
    resent: null,
    attempt_entries: [],
    ...more,
  };
}

function timeline(more: Partial<TimelineView>): TimelineView {
  return {
    call: {} as TimelineView['call'],
    reports: [],
    events: [],
    deliveries: [],
    operational_events: [],
    truncated: false,
    ...more,
  };
}

describe('toTimelineEntries', () => {
  it('tells what came, what it changed and where it went, in the order in which Offhook learned it', () => {
    const told = toTimelineEntries(
      timeline({
        reports: [
          report('r1', '2025-12-13T12:00:00.000Z', 'in-progress', { event_id: 'e1' }),
          report('r3', '2025-12-13T12:05:01.000Z', 'in-progress', {
            outcome: 'late',
            occurred_at: '2025-12-13T11:59:00.000Z',
          }),
          report('r2', '2025-12-13T12:05:00.000Z', 'ended-with-error', { event_id: 'e2' }),
        ],
        events: [
          event('e1', '2025-12-13T12:00:00.000Z', 'in-progress', 1),
          event('e2', '2025-12-13T12:05:00.000Z', 'ended-with-error', 2),
        ],
        deliveries: [delivery('d2', 'e2'), delivery('d1', 'e1')],
      }),
    );
    expect(told.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'report r1',
      'change change e1',
      'event e1',
      'report r2',
      'change change e2',
      'event e2',
      'report r3',
    ]);
    expect(told[4]).toMatchObject({ from: 'live', to: 'failed' });
    expect(told[5]).toMatchObject({ deliveries: [{ id: 'd2' }] });
    expect(told[6]).toMatchObject({ lag: { kind: 'late', ms: 361_000 } });
  });

  it('loses no delivery where a long call is not told whole', () => {
    const told = toTimelineEntries(
      timeline({
        events: [event('e1', '2025-12-13T12:00:00.000Z', 'ended', 1)],
        deliveries: [delivery('d1', 'e1'), delivery('d9', 'e9', { created_at: '2025-12-13T13:00:00.000Z' })],
        truncated: true,
      }),
    );
    expect(told.map(({ key }) => key)).toEqual(['change e1', 'e1', 'e9']);
    expect(told[2]).toMatchObject({ event: null, deliveries: [{ id: 'd9' }] });
  });
});

describe('foldRepeated', () => {
  it('folds a long run of one duplicate and loses none of it', () => {
    const repeated = Array.from({ length: 50 }, (_, index) =>
      report(`d${index}`, '2025-12-13T12:00:01.000Z', 'in-progress', { outcome: 'repeated' }),
    );
    const entries = toTimelineEntries(
      timeline({
        reports: [
          report('r1', '2025-12-13T12:00:00.000Z', 'in-progress'),
          ...repeated,
          report('r2', '2025-12-13T12:05:00.000Z', 'ended'),
        ],
      }),
    );
    const folded = foldRepeated(entries);
    expect(folded.map(({ kind, key }) => `${kind} ${key}`)).toEqual([
      'report r1',
      'report d0',
      'run run d0',
      'report r2',
    ]);
    expect(folded.flatMap((one) => (one.kind === 'run' ? one.entries : [one]))).toEqual(entries);
  });

  it('leaves a few of them, and those of unlike statuses, as they are', () => {
    const entries = toTimelineEntries(
      timeline({
        reports: Array.from({ length: 8 }, (_, index) =>
          report(`d${index}`, '2025-12-13T12:00:01.000Z', index % 2 === 0 ? 'ended' : 'in-progress', {
            outcome: 'repeated',
          }),
        ),
      }),
    );
    expect(foldRepeated(entries)).toEqual(entries);
  });
});

describe('toLag', () => {
  it('says how late a report came, or how far the clock of its source is ahead', () => {
    const received = '2025-12-13T12:00:10.000Z';
    expect(toLag({ received_at: received, occurred_at: '2025-12-13T12:00:05.900Z' })).toEqual({
      kind: 'late',
      ms: 4_100,
    });
    expect(toLag({ received_at: received, occurred_at: '2025-12-13T12:01:10.000Z' })).toEqual({
      kind: 'ahead',
      ms: 60_000,
    });
    expect(toLag({ received_at: received, occurred_at: '2025-12-13T12:00:08.000Z' })).toBeNull();
    expect(toLag({ received_at: received, occurred_at: null })).toBeNull();
  });
});

describe('what the hub noticed', () => {
  it('stands where it happened, with whom it told', () => {
    const told = {
      event: {
        id: 'ope_1',
        type: 'call.stale' as const,
        at: '2025-12-13T12:30:00.000Z',
        summary: 'No end for 30 min.',
        call_id: 'c',
        call: { id: 'c', type: null },
        live_since: '2025-12-13T12:00:00.000Z',
      },
      deliveries: [delivery('1', 'ope_1')],
    };
    const entries = toTimelineEntries(
      timeline({
        events: [
          event('e1', '2025-12-13T12:00:00.000Z', 'in-progress', 1),
          event('e2', '2025-12-13T13:00:00.000Z', 'ended', 2),
        ],
        operational_events: [told],
      }),
    );
    expect(entries.map(({ key }) => key)).toEqual(['change e1', 'e1', 'ope_1', 'change e2', 'e2']);
    expect(entries[2]).toMatchObject({ kind: 'noticed', ...told });
  });
});

describe('summarizeDeliveries', () => {
  it('tells a delivery that is tried again from one that waits for its first try', () => {
    expect(
      summarizeDeliveries([
        delivery('1', 'e', { state: 'pending', attempts: 0 }),
        delivery('2', 'e', { state: 'pending', attempts: 3 }),
        delivery('3', 'e', { state: 'dead' }),
        delivery('4', 'e'),
        delivery('5', 'e', { state: 'superseded' }),
      ]),
    ).toEqual({ dead: 1, retrying: 1, waiting: 1, delivered: 1, other: 1 });
  });
});

describe('isTroubled', () => {
  it('opens what failed, until the same destination has the event after all', () => {
    const dead = delivery('1', 'e', { state: 'dead' });
    expect(isTroubled(dead, [dead])).toBe(true);
    expect(isTroubled(dead, [dead, delivery('2', 'e')])).toBe(false);
    expect(isTroubled(dead, [dead, delivery('2', 'e', { destination_id: 'dst_2' })])).toBe(true);
    expect(isTroubled(delivery('3', 'e', { state: 'pending', attempts: 0 }), [])).toBe(false);
  });
});
