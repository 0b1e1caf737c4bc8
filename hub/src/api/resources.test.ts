import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { z } from 'zod';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import {
  accountView,
  auditView,
  keyView,
  keyWithTextView,
  phoneNumberView,
  sourceView,
} from './account-views.ts';
import { callView, eventView, reportView, timelineView } from './call-views.ts';
import { deliveryDetailView, deliveryView } from './delivery-views.ts';
import { destinationView, destinationWithSecretView } from './destination-views.ts';
import { replayCountView, replayView } from './replay-views.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

const SETTINGS = { url: 'https://example.com/hook', headers: { authorization: 'Bearer canary' } };

/** The document says what is shown, so what is shown must be exactly that. */
function expectView(view: z.ZodObject, value: unknown): void {
  expect(view.strict().safeParse(value).error?.issues ?? []).toEqual([]);
}

describe('destinations', () => {
  it('show their secret once, and never what their settings keep secret', async () => {
    const created = await hub.call('POST', '/v1/destinations', { kind: 'webhook', settings: SETTINGS });
    expect(created.statusCode).toBe(201);
    expectView(destinationWithSecretView, created.json());
    const { id, secret } = created.json();
    expect(secret).toMatch(/^whsec_/);
    const read = await hub.call('GET', `/v1/destinations/${id}`);
    expectView(destinationView, read.json());
    const list = await hub.call('GET', '/v1/destinations');
    for (const response of [created, read, list]) expect(response.body).not.toContain('canary');
    for (const response of [read, list]) expect(response.body).not.toContain(secret);
    expect(created.headers['cache-control']).toBe('no-store');
  });

  it('change only while they are what If-Match says', async () => {
    const created = await hub.call('POST', '/v1/destinations', { kind: 'webhook', settings: SETTINGS });
    const path = `/v1/destinations/${created.json().id}`;
    const etag = String((await hub.call('GET', path)).headers['etag']);
    const first = await hub.call('PATCH', path, { name: 'CRM', concurrency: 4 }, { 'if-match': etag });
    expect(first.json()).toMatchObject({ name: 'CRM', concurrency: 4, timeout_ms: 15_000 });
    const second = await hub.call('PATCH', path, { name: 'Other' }, { 'if-match': etag });
    expect([second.statusCode, second.json().type]).toEqual([412, 'urn:offhook:problem:changed_meanwhile']);
    expect((await hub.call('PATCH', path, { name: null })).json().name).toBeNull();
    expect((await hub.call('DELETE', path, undefined, { 'if-match': etag })).statusCode).toBe(412);
    expect((await hub.call('DELETE', path)).statusCode).toBe(204);
    expect((await hub.call('GET', path)).statusCode).toBe(404);
  });

  it('pause, resume, rotate and test', async () => {
    const created = await hub.call('POST', '/v1/destinations', { kind: 'webhook', settings: SETTINGS });
    const { id, secret } = created.json();
    const path = `/v1/destinations/${id}`;
    expect((await hub.call('POST', `${path}/pause`, { reason: 'maintenance' })).json()).toMatchObject({
      state: 'paused',
      state_reason: 'maintenance',
    });
    expect((await hub.call('POST', `${path}/resume`)).json()).toMatchObject({
      state: 'enabled',
      state_reason: null,
    });
    const rotated = (await hub.call('POST', `${path}/rotate-secret`, { overlap: '1h' })).json();
    expect(rotated.secret).toMatch(/^whsec_/);
    expect(rotated.secret).not.toBe(secret);
    const untilMs = Date.parse(rotated.previous_secret_until);
    expect(Math.abs(untilMs - Date.now() - 3_600_000)).toBeLessThan(60_000);
    expect((await hub.call('POST', `${path}/rotate-secret`)).statusCode).toBe(200);
    const wrong = await hub.call('POST', `${path}/rotate-secret`, { overlap: 'long' });
    expect([wrong.statusCode, wrong.json().errors[0].pointer]).toEqual([400, '/overlap']);

    expect((await hub.call('POST', `${path}/test`)).json()).toMatchObject({
      ok: true,
      status: 200,
      response_body: 'OK',
    });
    expect((await hub.call('POST', `${path}/test`, { status: 'ended-with-error' })).json()).toMatchObject({
      ok: false,
      status: 500,
    });
    expect((await hub.call('POST', `${path}/test`, { status: 'ringing' })).statusCode).toBe(400);
  });
});

describe('calls, events and deliveries', () => {
  it('are listed page by page without a gap or a repetition', async () => {
    await hub.call('POST', '/v1/destinations', { kind: 'webhook', settings: SETTINGS });
    const reports = Array.from({ length: 25 }, (_, index) => ({
      call_id: `page-${index}`,
      status: 'in-progress',
    }));
    await hub.call('POST', '/v1/reports', { reports });
    for (const list of ['calls', 'events', 'deliveries']) {
      const seen: string[] = [];
      let cursor: string | null = null;
      do {
        const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
        const page = (await hub.call('GET', `/v1/${list}?limit=7${query}`)).json();
        seen.push(...page.data.map((item: { id: string }) => item.id));
        expect(page.has_more).toBe(page.next_cursor !== null);
        cursor = page.next_cursor;
      } while (cursor !== null);
      expect(new Set(seen).size).toBe(seen.length);
      expect(seen.length).toBeGreaterThanOrEqual(25);
    }
  });

  it.each(['calls', 'active-calls', 'events', 'deliveries', 'replays', 'audit', 'phone-numbers'])(
    'refuse a cursor that no page of %s gave instead of beginning anew',
    async (list) => {
      for (const cursor of ['xx', '!', 'MTI', 'MTI!', 'YS5i']) {
        const isNumbers = list === 'phone-numbers' && ['MTI', 'YS5i'].includes(cursor);
        const isRow = cursor === 'MTI' && !list.endsWith('calls');
        const response = await hub.call('GET', `/v1/${list}?cursor=${cursor}`);
        if (isNumbers || isRow) {
          expect(response.statusCode).toBe(200);
        } else {
          expect([response.statusCode, response.json().type, response.json().errors]).toEqual([
            400,
            'urn:offhook:problem:invalid_query',
            [expect.objectContaining({ in: 'query', pointer: '/cursor', code: 'invalid' })],
          ]);
        }
      }
    },
  );

  it('name every fault of a query at once', async () => {
    const { errors } = (await hub.call('GET', '/v1/calls?limit=abc&foo=1')).json();
    expect(errors.map(({ pointer }: { pointer: string }) => pointer)).toEqual(['/foo', '/limit']);
    const zero = (await hub.call('GET', '/v1/calls?limit=0')).json();
    expect(zero.errors).toEqual([
      {
        in: 'query',
        pointer: '/limit',
        detail: 'must be a whole number from 1 to 200.',
        code: 'invalid',
      },
    ]);
  });

  it('are shown as the document says', async () => {
    await hub.call('PUT', '/v1/calls/shown/status', {
      status: 'in-progress',
      type: 'web_call',
      phone_number: { number: null },
      metadata: { crm_id: '1' },
      extra: { a: [1] },
    });
    const call = (await hub.call('GET', '/v1/calls/shown')).json();
    expectView(callView, call);
    const timeline = (await hub.call('GET', '/v1/calls/shown/timeline')).json();
    expectView(timelineView, timeline);
    for (const report of timeline.reports) expectView(reportView, report);
    for (const event of timeline.events) expectView(eventView, event);
    const [event] = (await hub.call('GET', '/v1/events?q=call:shown')).json().data;
    expect(event.body).toBe(timeline.events[0].body);
    expect(JSON.parse(event.body).message.call).toEqual({
      id: 'shown',
      type: 'web_call',
      status: 'in-progress',
    });
    expect((await hub.call('GET', `/v1/events/${event.id}`)).json()).toEqual(event);
    const [delivery] = (await hub.call('GET', '/v1/deliveries?q=call:shown')).json().data;
    expectView(deliveryView, delivery);
    const detail = (await hub.call('GET', `/v1/deliveries/${delivery.id}`)).json();
    expectView(deliveryDetailView, detail);
    expect(detail.body).toBe(event.body);
  });

  it('answer 304 while a call has not changed, and 200 once it has', async () => {
    await hub.call('PUT', '/v1/calls/cached/status', { status: 'in-progress' });
    const etag = String((await hub.call('GET', '/v1/calls/cached')).headers['etag']);
    const same = await hub.call('GET', '/v1/calls/cached', undefined, { 'if-none-match': `"x", ${etag}` });
    expect([same.statusCode, same.body]).toEqual([304, '']);
    await hub.call('PUT', '/v1/calls/cached/status', { status: 'ended' });
    const changed = await hub.call('GET', '/v1/calls/cached', undefined, { 'if-none-match': etag });
    expect([changed.statusCode, changed.json().state]).toEqual([200, 'ended']);
  });

  it('as a feed come in the order of acceptance, from the row that was asked', async () => {
    const all = (await hub.call('GET', '/v1/events?after=0&limit=200')).json().data as { row: number }[];
    expect(all.map(({ row }) => row)).toEqual(all.map(({ row }) => row).toSorted((a, b) => a - b));
    const later = (await hub.call('GET', `/v1/events?after=${all[2]?.row}&limit=2`)).json();
    expect(later.data.map(({ row }: { row: number }) => row)).toEqual([all[3]?.row, all[4]?.row]);
    expect(later.has_more).toBe(true);
  });

  it('can be retried and cancelled, and say when that is not possible', async () => {
    await hub.call('PUT', '/v1/calls/retried/status', { status: 'in-progress' });
    const [delivery] = (await hub.call('GET', '/v1/deliveries?q=call:retried')).json().data;
    const path = `/v1/deliveries/${delivery.id}`;
    expect((await hub.call('POST', `${path}/retry`)).json()).toMatchObject({ outcome: 'hastened' });
    expect((await hub.call('POST', `${path}/cancel`)).json()).toMatchObject({ state: 'cancelled' });
    const again = await hub.call('POST', `${path}/cancel`);
    expect([again.statusCode, again.json()]).toMatchObject([409, { delivery: { state: 'cancelled' } }]);
    const retried = (await hub.call('POST', `${path}/retry`)).json();
    expect(retried).toMatchObject({ outcome: 'created', delivery: { state: 'pending' } });
    expect(retried.delivery.id).not.toBe(delivery.id);
  });
});

describe('active calls', () => {
  it('are the live ones, with their number, and the filter still holds', async () => {
    const fresh = await openTestHub();
    try {
      for (const [id, status, number] of [
        ['a', 'in-progress', '+31850000001'],
        ['b', 'in-progress', '+31850000002'],
        ['c', 'ended', '+31850000001'],
      ] as const) {
        await fresh.call('PUT', `/v1/calls/${id}/status`, { status, phone_number: { number } });
      }
      const all = (await fresh.call('GET', '/v1/active-calls')).json();
      expect(all.data.map(({ id }: { id: string }) => id).toSorted()).toEqual(['a', 'b']);
      expect(all.count).toBe(2);
      const one = (await fresh.call('GET', '/v1/active-calls?q=number:%2B31850000001')).json();
      expect(one.data.map(({ id }: { id: string }) => id)).toEqual(['a']);
    } finally {
      await fresh.close();
    }
  });
});

describe('replays', () => {
  it('count first, then run, pause, resume and cancel', async () => {
    // What is on its way already is not sent twice, so something has to have ended.
    const waiting = (await hub.call('GET', '/v1/deliveries?q=call:shown')).json().data as { id: string }[];
    for (const { id } of waiting) await hub.call('POST', `/v1/deliveries/${id}/cancel`);
    const dry = (await hub.call('POST', '/v1/replays', { q: 'call:shown', dry_run: true })).json();
    expectView(replayCountView, dry);
    expect(dry.total).toBeGreaterThanOrEqual(1);
    const created = await hub.call('POST', '/v1/replays', {
      q: 'call:shown',
      since: '1h',
      rate_per_second: 5,
    });
    expect(created.statusCode).toBe(201);
    expectView(replayView, created.json());
    const path = `/v1/replays/${created.json().id}`;
    for (const [verb, state] of [
      ['pause', 'paused'],
      ['resume', 'running'],
      ['cancel', 'cancelled'],
    ]) {
      expect((await hub.call('POST', `${path}/${verb}`)).json().state).toBe(state);
    }
    expect((await hub.call('POST', `${path}/resume`)).statusCode).toBe(409);
    expect((await hub.call('GET', path)).json().state).toBe('cancelled');
  });

  it('want to be told what to send again', async () => {
    for (const body of [{}, { dry_run: true }, { delivery_ids: [] }, { delivery_ids: ['x'] }, { q: 'x' }]) {
      expect((await hub.call('POST', '/v1/replays', body)).statusCode).toBe(400);
    }
    const both = await hub.call('POST', '/v1/replays', { delivery_ids: ['dlv_0000000001'], since: '1h' });
    expect(both.json().errors[0].pointer).toBe('/delivery_ids');
  });
});

describe('keys', () => {
  it('are shown once, work at once, and stop at once when they are revoked', async () => {
    const created = await hub.call('POST', '/v1/keys', {
      name: 'CI',
      scopes: ['read'],
      expires_at: '2099-01-01T00:00:00+01:00',
    });
    expect(created.statusCode).toBe(201);
    expectView(keyWithTextView, created.json());
    const { id, key } = created.json();
    const headers = { authorization: `Bearer ${key}` };
    expect((await hub.call('GET', '/v1/calls', undefined, headers)).statusCode).toBe(200);
    const list = await hub.call('GET', '/v1/keys');
    expect(list.body).not.toContain(key);
    for (const one of list.json().data) expectView(keyView, one);
    expect((await hub.call('DELETE', `/v1/keys/${id}`)).json().revoked_at).not.toBeNull();
    const after = await hub.call('GET', '/v1/calls', undefined, headers);
    expect([after.statusCode, after.json().detail]).toEqual([
      401,
      'This API key was revoked: use another one.',
    ]);
  });

  it('can be made for another account by the default account only', async () => {
    const account = (await hub.call('POST', '/v1/accounts', { name: 'Tenant' })).json();
    expectView(accountView, account);
    const created = (
      await hub.call('POST', '/v1/keys', { name: 'theirs', scopes: ['admin'], account_id: account.id })
    ).json();
    expect(created.account_id).toBe(account.id);
    const headers = { authorization: `Bearer ${created.key}` };
    expect((await hub.call('GET', `/v1/accounts/${account.id}`, undefined, headers)).json().name).toBe(
      'Tenant',
    );
    expect((await hub.call('GET', '/v1/keys', undefined, headers)).json().data).toHaveLength(1);
    expect((await hub.call('GET', `/v1/keys?account_id=${account.id}`)).json().data).toHaveLength(1);
  });

  it('are refused with an end in the past, an unknown scope or the reserved name', async () => {
    for (const [change, pointer] of [
      [{ expires_at: '2001-01-01T00:00:00Z' }, '/expires_at'],
      [{ expires_at: 'soon' }, '/expires_at'],
      [{ scopes: ['root'] }, '/scopes/0'],
      [{ scopes: [] }, '/scopes'],
      [{ name: 'bootstrap' }, '/name'],
    ] as const) {
      const response = await hub.call('POST', '/v1/keys', { name: 'x', scopes: ['read'], ...change });
      expect([change, response.statusCode, response.json().errors[0].pointer]).toEqual([
        change,
        400,
        pointer,
      ]);
    }
  });
});

describe('sources, numbers, accounts and the audit log', () => {
  it('change an account in what is given alone, its own by its admins, and say so in its audit log', async () => {
    const account = (await hub.call('POST', '/v1/accounts', { name: 'Tenant' })).json();
    expect(account.stale_calls).toBe('keep');
    const path = `/v1/accounts/${account.id}`;
    const headers = { authorization: `Bearer ${await hub.makeKey(['admin'], account.id)}` };
    const chosen = await hub.call('PATCH', path, { stale_calls: 'end' }, headers);
    expect(chosen.statusCode).toBe(200);
    expectView(accountView, chosen.json());
    expect(chosen.json()).toEqual({ ...account, stale_calls: 'end' });
    const renamed = await hub.call('PATCH', path, { name: 'Renamed' });
    expect(renamed.json()).toEqual({ ...account, name: 'Renamed', stale_calls: 'end' });
    expect((await hub.call('GET', path)).json()).toEqual(renamed.json());
    const same = await hub.call('PATCH', path, { name: 'Renamed', stale_calls: 'end' });
    expect([same.statusCode, same.json()]).toEqual([200, renamed.json()]);
    const audit = (await hub.call('GET', '/v1/audit', undefined, headers)).json().data;
    const changes = audit.filter(({ action }: { action: string }) => action === 'account.updated');
    expect(changes).toHaveLength(2);
    expect(changes).toMatchObject([
      { subject: account.id, detail: { changed: ['name'] } },
      { subject: account.id, detail: { changed: ['staleCalls'], stale_calls: 'end' } },
    ]);
    const writer = { authorization: `Bearer ${await hub.makeKey(['write'], account.id)}` };
    expect((await hub.call('PATCH', path, { name: 'x' }, writer)).statusCode).toBe(403);
    expect((await hub.call('PATCH', '/v1/accounts/default', { name: 'x' }, headers)).statusCode).toBe(404);
    expect((await hub.call('PATCH', '/v1/accounts/acc_none', { name: 'x' })).statusCode).toBe(404);
    for (const [body, pointer] of [
      [{ stale_calls: 'kill' }, '/stale_calls'],
      [{ stale_calls: null }, '/stale_calls'],
      [{ name: '' }, '/name'],
      [{ id: 'acc_mine' }, '/id'],
    ] as const) {
      const refused = await hub.call('PATCH', path, body);
      expect([refused.statusCode, refused.json().errors[0].pointer]).toEqual([400, pointer]);
    }
  });

  it('keep their secrets to themselves', async () => {
    const secret = 'canary_secret_of_a_source_1234';
    const created = await hub.call('POST', '/v1/sources', {
      kind: 'voicedock',
      name: 'x',
      secrets: [secret],
    });
    expectView(sourceView, created.json());
    const path = `/v1/sources/${created.json().id}`;
    const changed = await hub.call('PATCH', path, { name: 'y' });
    expect(changed.json()).toMatchObject({ name: 'y', secrets: 1 });
    for (const response of [
      created,
      changed,
      await hub.call('GET', path),
      await hub.call('GET', '/v1/sources'),
      await hub.call('GET', '/v1/audit'),
    ]) {
      expect(response.body).not.toContain('canary');
    }
    expect((await hub.call('DELETE', path)).statusCode).toBe(204);
    expect((await hub.call('DELETE', '/v1/sources/api')).statusCode).toBe(409);
    const built = (await hub.call('GET', '/v1/sources')).json().data;
    expect(built.map(({ id }: { id: string }) => id).toSorted()).toEqual(['api', 'voicedock']);
  });

  it('need a secret wherever other machines reach the hub', async () => {
    const open = await openTestHub({ localProfile: false });
    try {
      const source = { kind: 'voicedock', name: 'x' };
      const secrets = ['canary_secret_of_a_source_1234'];
      const made = await open.call('POST', '/v1/sources', { ...source, secrets });
      const path = `/v1/sources/${made.json().id}`;
      for (const refused of [
        await open.call('POST', '/v1/sources', source),
        await open.call('POST', '/v1/sources', { ...source, secrets: [] }),
        await open.call('PATCH', path, { secrets: [] }),
      ]) {
        expect([refused.statusCode, refused.json().errors[0].pointer]).toEqual([400, '/secrets']);
      }
      expect((await open.call('GET', path)).json()).toMatchObject({ secrets: 1 });
      expect((await open.call('PATCH', path, { name: 'y' })).statusCode).toBe(200);
      expect((await open.call('PATCH', '/v1/sources/src_none', { secrets: [] })).statusCode).toBe(404);
    } finally {
      await open.close();
    }
  });

  it('give a registered number its name in events that lack one', async () => {
    const put = await hub.call('PUT', '/v1/phone-numbers/%2B31850000009', { name: 'Sales' });
    expectView(phoneNumberView, put.json());
    await hub.call('PUT', '/v1/calls/named/status', {
      status: 'ended',
      phone_number: { number: '+31850000009' },
    });
    const [event] = (await hub.call('GET', '/v1/events?q=call:named')).json().data;
    expect(JSON.parse(event.body).message.phone_number).toEqual({ number: '+31850000009', name: 'Sales' });
    expect((await hub.call('PUT', '/v1/phone-numbers/0850000009', { name: 'x' })).statusCode).toBe(400);
    expect((await hub.call('DELETE', '/v1/phone-numbers/%2B31850000009')).statusCode).toBe(204);
    expect((await hub.call('DELETE', '/v1/phone-numbers/%2B31850000009')).statusCode).toBe(404);
  });

  it('say who did what', async () => {
    const { data } = (await hub.call('GET', '/v1/audit?limit=200')).json();
    for (const entry of data) expectView(auditView, entry);
    expect(data.map(({ action }: { action: string }) => action)).toEqual(
      expect.arrayContaining(['destination.created', 'key.created', 'key.revoked', 'replay.created']),
    );
  });
});

describe('a fault that asks whether something else was meant', () => {
  it('ends with its question mark', async () => {
    const { detail } = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/' },
        filter: { operational_events: ['delivery.ded'] },
      })
    ).json() as { detail: string };
    expect(detail).toMatch(/Did you mean "delivery\.dead"\?$/);
  });
});

describe('health and metrics', () => {
  it('are open, out of the request log, and say what is wrong', async () => {
    const before = hub.answered.length;
    for (const path of ['/livez', '/healthz', '/readyz', '/metrics']) {
      expect((await hub.call('GET', path, undefined, { authorization: '' })).statusCode).toBe(200);
    }
    expect(hub.answered).toHaveLength(before);
    let checks = 0;
    const broken = await openTestHub(
      {},
      {
        journal: (journal) => ({
          ...journal,
          check: () => {
            checks += 1;
            return Promise.reject(new Error('/secret/path is gone'));
          },
        }),
      },
    );
    try {
      const ready = await broken.call('GET', '/readyz');
      expect([ready.statusCode, ready.json().checks[0].ok]).toEqual([503, false]);
      expect(ready.body).not.toContain('/secret/path');
      // Anybody may ask, and asking the journal costs an fsync.
      for (let asked = 0; asked < 50; asked += 1) await broken.call('GET', '/readyz');
      expect(checks).toBeLessThan(10);
    } finally {
      await broken.close();
    }
  });

  it('count reports and requests by their names, with no id and no number in a label', async () => {
    await hub.call('PUT', '/v1/calls/call-_%2B31687654321_m/status', { status: 'in-progress' });
    const text = (await hub.call('GET', '/metrics')).body;
    for (const name of [
      'offhook_calls_active',
      'offhook_call_events_total{source="api",status="in-progress",result="advanced"}',
      'offhook_call_duration_seconds_bucket',
      'offhook_delivery_queue_depth',
      'offhook_delivery_oldest_age_seconds',
      'offhook_destination_disabled',
      'offhook_sse_clients',
      'offhook_http_request_duration_seconds_bucket{le="0.005",method="PUT",route="/v1/calls/:call_id/status",status="202"}',
      'offhook_build_info{version="0.0.0-test"',
      'process_cpu_seconds_total',
      'nodejs_eventloop_lag_seconds',
    ]) {
      expect(text).toContain(name);
    }
    expect(text).not.toContain('31687654321');
    expect(text).not.toMatch(/(?:evt|dst|dlv|key)_[0-9A-Z]{10}/);
  });
});
