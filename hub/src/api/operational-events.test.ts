import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import type { OperationalContent } from '@offhook/contract/operational-event';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { operationalEventView } from './operational-events.ts';
import { toOperationalExample } from './operational-message.ts';
import { deliveryDetailView, deliveryView } from './delivery-views.ts';
import { timelineView } from './call-views.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

const SILENT: OperationalContent = {
  type: 'source.silent',
  source: { id: 'voicedock', kind: 'voicedock', name: 'VoiceDock' },
  silent_since: '2026-11-22T08:00:00.000Z',
  usual_gap_ms: 4_000,
};
const STALE: OperationalContent = {
  type: 'call.stale',
  call: { id: 'stale-call', type: 'inbound_phone_call' },
  live_since: '2026-11-22T04:00:00.000Z',
};

describe('GET /v1/operational-events', () => {
  it('lists what was said, newest first, with the fields of the message', async () => {
    await hub.journal.appendOperationalEvent('default', SILENT, null);
    await hub.journal.appendOperationalEvent('default', STALE, 'once');
    await hub.journal.appendOperationalEvent('default', STALE, 'once');
    const { data } = (await hub.call('GET', '/v1/operational-events')).json();
    for (const event of data) {
      expect(operationalEventView.safeParse(event).error?.issues ?? []).toEqual([]);
    }
    expect(data).toEqual([
      {
        id: expect.stringMatching(/^ope_/),
        at: expect.any(String),
        summary: expect.stringContaining('no longer counts as active'),
        call_id: 'stale-call',
        ...STALE,
      },
      {
        id: expect.stringMatching(/^ope_/),
        at: expect.any(String),
        summary: 'The source VoiceDock has fallen silent.',
        call_id: null,
        ...SILENT,
      },
    ]);
  });

  it('takes types, goes page by page, and says what was meant', async () => {
    const silent = (
      await hub.call('GET', '/v1/operational-events?types=source.silent,call.stale&limit=1')
    ).json();
    expect([silent.data.length, silent.has_more]).toEqual([1, true]);
    const next = (
      await hub.call(
        'GET',
        `/v1/operational-events?types=source.silent,call.stale&limit=1&cursor=${encodeURIComponent(silent.next_cursor)}`,
      )
    ).json();
    expect(next.data[0].type).toBe('source.silent');
    const one = (await hub.call('GET', '/v1/operational-events?types=source.silent')).json();
    expect(one.data.map(({ type }: { type: string }) => type)).toEqual(['source.silent']);
    const wrong = await hub.call('GET', '/v1/operational-events?types=source.silet');
    expect([wrong.statusCode, wrong.json().errors[0]]).toMatchObject([
      400,
      { pointer: '/types', detail: expect.stringContaining('"source.silent"') },
    ]);
  });

  it('lists what is about one destination', async () => {
    const { id } = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/hook' },
      })
    ).json();
    await hub.journal.setDestinationHealth({ kind: 'disabled', destinationId: id, reason: 'gone' });
    const list = async (query: string): Promise<readonly string[]> => {
      const { data } = (await hub.call('GET', `/v1/operational-events?${query}`)).json();
      return data.map(({ type }: { type: string }) => type);
    };
    expect(await list(`destination_id=${id}`)).toEqual(['destination.disabled']);
    expect(await list(`destination_id=${id}&types=delivery.dead`)).toEqual([]);
    expect(await list('destination_id=dst_none')).toEqual([]);
  });

  it('shows another account nothing of it', async () => {
    const stranger = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
    const headers = { authorization: `Bearer ${await hub.makeKey(['watch'], stranger.id)}` };
    const { data } = (await hub.call('GET', '/v1/operational-events', undefined, headers)).json();
    expect(data).toEqual([]);
  });

  it('shows each type as its schema says', () => {
    for (const type of OPERATIONAL_EVENT_TYPES) {
      const { message } = toOperationalExample(type) as { message: { timestamp: string } };
      const { timestamp, ...rest } = message;
      const view = { id: 'ope_1', at: timestamp, call_id: null, ...rest };
      expect([type, operationalEventView.parse(view)]).toEqual([type, view]);
    }
  });
});

describe('deliveries of operational events', () => {
  it('may be all that a destination is sent, which then says nothing of calls', async () => {
    const make = (filter: object) =>
      hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/only' },
        filter,
      });
    const only = await make({ calls: false, operational_events: ['call.stale'] });
    expect(only.json().filter).toEqual({ calls: false, operational_events: ['call.stale'] });
    await hub.call('PUT', '/v1/calls/not-told/status', { status: 'ended' });
    const { data } = (await hub.call('GET', `/v1/deliveries?q=destination:${only.json().id}`)).json();
    expect(data).toEqual([]);
    const both = await make({ calls: true, operational_events: ['call.stale'] });
    expect(both.json().filter).toEqual({ operational_events: ['call.stale'] });
    for (const [filter, pointer] of [
      [{ calls: false }, '/filter/operational_events'],
      [{ calls: false, operational_events: [] }, '/filter/operational_events'],
      [{ calls: false, statuses: ['ended'], operational_events: ['call.stale'] }, '/filter/statuses'],
    ] as const) {
      const refused = await make(filter);
      expect([filter, refused.statusCode, refused.json().errors[0].pointer]).toEqual([filter, 400, pointer]);
    }
    for (const { id } of [only.json(), both.json()]) await hub.call('DELETE', `/v1/destinations/${id}`);
  });

  it('stand on the timeline of the call they are about, with the event', async () => {
    const asked = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/stale' },
        filter: { statuses: ['ended'], operational_events: ['call.stale'] },
      })
    ).json();
    await hub.call('PUT', '/v1/calls/long-call/status', { status: 'in-progress' });
    const entry = await hub.journal.appendOperationalEvent(
      'default',
      { ...STALE, call: { id: 'long-call', type: null } },
      null,
    );
    const timeline = (await hub.call('GET', '/v1/calls/long-call/timeline')).json();
    expect(timelineView.strict().safeParse(timeline).error?.issues ?? []).toEqual([]);
    expect(timeline.operational_events).toMatchObject([
      {
        event: { id: entry?.id, type: 'call.stale', call_id: 'long-call' },
        deliveries: [{ destination_id: asked.id, state: 'pending', event_type: 'call.stale' }],
      },
    ]);
    await hub.call('DELETE', `/v1/destinations/${asked.id}`);
  });

  it('go to those who asked for them, and are listed as what they are', async () => {
    const asked = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/ops' },
        filter: { statuses: ['ended'], operational_events: ['source.resumed', 'delivery.dead'] },
      })
    ).json();
    await hub.call('POST', '/v1/destinations', {
      kind: 'webhook',
      settings: { url: 'https://example.com/calls' },
    });
    const entry = await hub.journal.appendOperationalEvent(
      'default',
      { type: 'source.resumed', source: SILENT.source, silent_since: SILENT.silent_since },
      null,
    );
    const { data } = (await hub.call('GET', '/v1/deliveries?q=status:source.resumed')).json();
    expect(data).toHaveLength(1);
    expect(deliveryView.strict().safeParse(data[0]).error?.issues ?? []).toEqual([]);
    expect(data[0]).toMatchObject({
      destination_id: asked.id,
      event_id: entry?.id,
      event_type: 'source.resumed',
      call_id: null,
      sequence: 0,
      status: 'source.resumed',
      state: 'pending',
    });
    const detail = (await hub.call('GET', `/v1/deliveries/${data[0].id}`)).json();
    expect(deliveryDetailView.strict().safeParse(detail).error?.issues ?? []).toEqual([]);
    expect(JSON.parse(detail.body)).toMatchObject({
      message: { type: 'source.resumed', summary: 'The source VoiceDock reports again.' },
    });
    const retried = await hub.call('POST', `/v1/deliveries/${data[0].id}/retry`);
    expect(retried.json()).toMatchObject({ outcome: 'hastened', delivery: { call_id: null } });
    const cancelled = await hub.call('POST', `/v1/deliveries/${data[0].id}/cancel`);
    expect(cancelled.json()).toMatchObject({ state: 'cancelled', event_type: 'source.resumed' });
  });
});
