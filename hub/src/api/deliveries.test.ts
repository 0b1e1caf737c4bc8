import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';
import type { DestinationId } from '../journal/ids.ts';
import type { AttemptRecord } from '../journal/deliveries.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { deliveryDetailView, deliveryView } from './delivery-views.ts';
import { replayView } from './replay-views.ts';
import { stateCountsView } from './analytics-views.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

function expectView(view: z.ZodObject, value: unknown): void {
  expect(view.strict().safeParse(value).error?.issues ?? []).toEqual([]);
}

async function createDestination(): Promise<{ id: DestinationId; secret: string }> {
  return (
    await hub.call('POST', '/v1/destinations', {
      kind: 'webhook',
      name: 'CRM',
      settings: { url: 'https://example.com/crm' },
    })
  ).json();
}

/** Attempts what is due there, as the engine would record it. */
async function attempt(destinationId: DestinationId, more: Partial<AttemptRecord>): Promise<void> {
  const nowMs = Date.now();
  const claims = await hub.journal.claimDeliveries({
    nodeId: 'test',
    leaseMs: 15_000,
    nowMs,
    lanes: [{ destinationId, limit: 10 }],
  });
  await hub.journal.recordAttempts(
    claims.map((claim) => ({
      deliveryRow: claim.row,
      token: claim.token,
      number: claim.attempts + 1,
      startedAtMs: nowMs,
      durationMs: 12,
      firstByteMs: 10,
      status: 200,
      cause: null,
      detail: null,
      responseBody: null,
      outcome: 'delivered',
      nextDueAtMs: null,
      deadReason: null,
      rejected: false,
      releasesNext: false,
      ...more,
    })),
  );
}

const NOT_FOUND: Partial<AttemptRecord> = {
  status: 404,
  detail: 'answered 404: is the path right?',
  responseBody: Buffer.from('{"error":"use /crm-v2"}'),
  outcome: 'retry',
  nextDueAtMs: 0,
  rejected: true,
};

async function readOne(callId: string) {
  const [listed] = (await hub.call('GET', `/v1/deliveries?q=call:${callId}`)).json().data;
  const detail = (await hub.call('GET', `/v1/deliveries/${listed.id}`)).json();
  return { listed, detail };
}

describe('a delivery', () => {
  it('says what every answer means, what was sent, and where it goes', async () => {
    const { id, secret } = await createDestination();
    await hub.call('PUT', '/v1/calls/explained/status', { status: 'in-progress' });
    await attempt(id, NOT_FOUND);
    await attempt(id, {});
    const { listed, detail } = await readOne('explained');
    expectView(deliveryView, listed);
    expectView(deliveryDetailView, detail);
    expect(listed).toMatchObject({ state: 'delivered', attempts: 2, explanation: null });
    expect(detail.destination).toEqual({
      id,
      kind: 'webhook',
      kind_title: 'Webhook',
      name: 'CRM',
      target: 'https://example.com/crm',
      url: 'https://example.com/crm',
      state: 'enabled',
    });
    const [first, second] = detail.attempt_entries;
    expect(first).toMatchObject({
      number: 1,
      status: 404,
      response_body: '{"error":"use /crm-v2"}',
      explanation: { title: '404: nothing is at this path' },
    });
    expect(first.request).toEqual({
      method: 'POST',
      url: 'https://example.com/crm',
      headers: [
        ['webhook-id', detail.event_id],
        ['Offhook-Attempt', '1'],
        ['webhook-signature', secret],
      ],
      signature: 'valid',
      settings_changed: false,
    });
    // The attempt that delivered is one like the others.
    expect(second).toMatchObject({ number: 2, status: 200, outcome: 'delivered', explanation: null });
    expect(second.request.headers[1]).toEqual(['Offhook-Attempt', '2']);
    const timeline = (await hub.call('GET', '/v1/calls/explained/timeline')).json();
    expect(timeline.deliveries[0].attempt_entries[0].explanation.title).toBe('404: nothing is at this path');
    await hub.call('DELETE', `/v1/destinations/${id}`);
  });

  it('admits that the secret or the settings have changed since', async () => {
    const { id, secret } = await createDestination();
    await hub.call('PUT', '/v1/calls/rotated/status', { status: 'in-progress' });
    await attempt(id, NOT_FOUND);
    await hub.call('PATCH', `/v1/destinations/${id}`, { settings: { url: 'https://example.com/crm-v2' } });
    const moved = (await readOne('rotated')).detail.attempt_entries[0].request;
    expect(moved).toMatchObject({
      url: 'https://example.com/crm-v2',
      signature: 'valid',
      settings_changed: true,
    });
    const rotated = (await hub.call('POST', `/v1/destinations/${id}/rotate-secret`)).json();
    const { detail } = await readOne('rotated');
    const { request } = detail.attempt_entries[0];
    expect(request).toMatchObject({ signature: 'secret rotated since', settings_changed: true });
    expect(request.headers.at(-1)).toEqual(['webhook-signature', '…']);
    // Both sign while the rotation lasts.
    await attempt(id, {});
    const after = (await readOne('rotated')).detail.attempt_entries[1].request;
    expect(after.headers.at(-1)).toEqual(['webhook-signature', `${rotated.secret} ${secret}`]);
    expect(after).toMatchObject({ signature: 'valid', settings_changed: false });
    await hub.call('DELETE', `/v1/destinations/${id}`);
    const gone = (await readOne('rotated')).detail;
    expect(gone.destination).toBeNull();
    expect(gone.attempt_entries.map((one: { request: unknown }) => one.request)).toEqual([null, null]);
    expect(gone.attempt_entries[0].explanation.hint).toMatch(/deleted since/);
  });
});

describe('deliveries', () => {
  it('that went in a batch have no signature to show, whoever asks', async () => {
    const { id } = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/batches', batch_events_max: 10 },
      })
    ).json();
    await hub.call('PUT', '/v1/calls/batched/status', { status: 'ended' });
    await attempt(id, NOT_FOUND);
    const [listed] = (await hub.call('GET', `/v1/deliveries?q=destination:${id}`)).json().data;
    for (const scope of ['watch', 'read'] as const) {
      const headers = { authorization: `Bearer ${await hub.makeKey([scope])}` };
      const detail = (await hub.call('GET', `/v1/deliveries/${listed.id}`, undefined, headers)).json();
      expectView(deliveryDetailView, detail);
      expect(detail.attempt_entries[0].request).toMatchObject({ signature: 'batch' });
    }
    await hub.call('DELETE', `/v1/destinations/${id}`);
  });

  it('show no signature to a key that may only watch: it could be sent again by whoever stands before the screen', async () => {
    const { id } = await createDestination();
    await hub.call('PUT', '/v1/calls/watched/status', { status: 'ended' });
    await attempt(id, NOT_FOUND);
    const [listed] = (await hub.call('GET', `/v1/deliveries?q=destination:${id}`)).json().data;
    const read = async (scopes: readonly ('watch' | 'read')[]) => {
      const headers = { authorization: `Bearer ${await hub.makeKey(scopes)}` };
      const detail = (await hub.call('GET', `/v1/deliveries/${listed.id}`, undefined, headers)).json();
      expectView(deliveryDetailView, detail);
      return detail.attempt_entries[0].request;
    };
    const watched = await read(['watch']);
    expect(watched).toMatchObject({ signature: 'not for this key' });
    expect(watched.headers.at(-1)).toEqual(['webhook-signature', '…']);
    const whole = await read(['watch', 'read']);
    expect(whole).toMatchObject({ signature: 'valid' });
    expect(whole.headers.at(-1)[1]).toMatch(/^whsec_/);
  });

  it('are filtered by the code of the last answer and by attempts, and are counted by state', async () => {
    const { id } = await createDestination();
    for (const call of ['f-1', 'f-2', 'f-3'])
      await hub.call('PUT', `/v1/calls/${call}/status`, { status: 'ended' });
    await attempt(id, { ...NOT_FOUND, nextDueAtMs: Date.now() + 60_000 });
    await hub.call('PUT', '/v1/calls/f-4/status', { status: 'ended' });
    const list = async (q: string): Promise<string[]> =>
      (await hub.call('GET', `/v1/deliveries?q=${encodeURIComponent(`destination:${id} ${q}`)}`))
        .json()
        .data.map((delivery: { call_id: string }) => delivery.call_id)
        .toSorted();
    expect(await list('code:404')).toEqual(['f-1', 'f-2', 'f-3']);
    expect(await list('code:4xx attempts:>0')).toEqual(['f-1', 'f-2', 'f-3']);
    expect(await list('code:500..599')).toEqual([]);
    expect(await list('attempts:0')).toEqual(['f-4']);

    const counts = (
      await hub.call('GET', `/v1/deliveries/counts?q=${encodeURIComponent(`destination:${id} state:dead`)}`)
    ).json();
    expectView(stateCountsView, counts);
    expect(counts).toMatchObject({ counts: { pending: 4, dead: 0 }, limit: 1_000, truncated: false });
    const stranger = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
    const headers = { authorization: `Bearer ${await hub.makeKey(['read'], stranger.id)}` };
    const theirs = (await hub.call('GET', '/v1/deliveries/counts', undefined, headers)).json();
    expect(Object.values(theirs.counts).every((count) => count === 0)).toBe(true);
  });

  it('are what code: and attempts: speak of, and nothing else', async () => {
    for (const path of ['calls', 'calls/counts', 'active-calls', 'events', 'export/calls', 'export/events']) {
      for (const q of ['code:404', 'attempts:>0']) {
        const format = path.startsWith('export') ? '&format=csv' : '';
        const response = await hub.call('GET', `/v1/${path}?q=${q}${format}`);
        expect([path, response.statusCode, response.json().errors?.[0].code]).toEqual([
          path,
          400,
          'meaningless_filter',
        ]);
      }
    }
  });

  it('are replayed by those words too, up to a number', async () => {
    const { id } = await createDestination();
    for (let call = 0; call < 5; call += 1)
      await hub.call('PUT', `/v1/calls/max-${call}/status`, { status: 'ended' });
    await attempt(id, { ...NOT_FOUND, outcome: 'dead', nextDueAtMs: null, deadReason: 'exhausted' });
    const what = { q: `destination:${id} state:dead code:4xx attempts:>0` };
    const dry = (await hub.call('POST', '/v1/replays', { ...what, dry_run: true })).json();
    expect(dry.total).toBe(5);
    const created = (await hub.call('POST', '/v1/replays', { ...what, max: 2, expected: dry.total })).json();
    expectView(replayView, created);
    expect(created).toMatchObject({ max: 2, expected: 5, delivery_ids: null });
    let ended = await hub.journal.advanceReplay(created.id, 100);
    while (ended.state === 'running') ended = await hub.journal.advanceReplay(created.id, 100);
    expect([ended.state, ended.created]).toEqual(['finished', 2]);
    expect((await hub.call('POST', '/v1/replays', { ...what, max: 0 })).statusCode).toBe(400);
    expect((await hub.call('POST', '/v1/replays', what)).json()).toMatchObject({ max: null, expected: null });
  });
});
