import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { signPublished } from '@offhook/contract/signature';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';

const SECRET = 'whsec_bWZ0aGlzaXNhc2VjcmV0b2ZlbmoxMjM0';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

function toWebhook(callId: string, status: string, change: Record<string, unknown> = {}): string {
  return JSON.stringify({
    message: {
      type: 'status-update',
      timestamp: '2025-12-13T12:00:00.000Z',
      call: { id: callId, type: 'inbound_phone_call', status },
      phone_number: { number: '+31850835037', name: 'HMS Sovereign Demo' },
      customer: { number: '+31612345678' },
      ...change,
    },
  });
}

function sign(body: string, secret: string, atS = Math.floor(Date.now() / 1000)): Record<string, string> {
  return {
    'x-webhook-timestamp': String(atS),
    'x-webhook-signature': signPublished(secret, atS, Buffer.from(body)),
    authorization: '',
  };
}

describe('PUT /v1/calls/{call_id}/status', () => {
  it('answers 202 for what advances the call, 200 for what does not, and 409 for a contradiction', async () => {
    const put = async (status: string, more = {}) => {
      const response = await hub.call('PUT', '/v1/calls/life/status', { status, ...more });
      return [response.statusCode, response.json().outcome, response.json().call.state];
    };
    expect(await put('ringing')).toEqual([200, 'noted', 'none']);
    expect(await put('in-progress')).toEqual([202, 'advanced', 'live']);
    expect(await put('in-progress')).toEqual([200, 'repeated', 'live']);
    expect(await put('ended')).toEqual([202, 'advanced', 'ended']);
    expect(await put('in-progress')).toEqual([200, 'late', 'ended']);
    expect(await put('ended')).toEqual([200, 'repeated', 'ended']);
    expect(await put('ended-with-error', { error: 'x' })).toEqual([409, 'conflicting', 'ended']);
  });

  it('says which event it made, and never shows the call to a key that may only report', async () => {
    const key = await hub.makeKey(['ingest']);
    const response = await hub.call(
      'PUT',
      '/v1/calls/shown/status',
      { status: 'in-progress', customer: { number: '+31612345678' } },
      { authorization: `Bearer ${key}` },
    );
    expect(response.json()).toEqual({
      outcome: 'advanced',
      call: { id: 'shown', state: 'live', sequence: 1 },
      event: { id: expect.stringMatching(/^evt_/), sequence: 1 },
    });
    const read = await hub.call('GET', '/v1/calls/shown', undefined, { authorization: `Bearer ${key}` });
    expect(read.statusCode).toBe(403);
    expect(read.json()).toMatchObject({ scope: 'watch' });
  });

  it("takes the source's own ids as they are: plus signs, slashes, other scripts, 256 characters", async () => {
    const ids = [
      'call-_+31623731537_XqaQxRRgAzYc',
      'a/b',
      'ünï 漢字',
      'a?b#c%d',
      '.hidden',
      '漢'.repeat(256),
    ];
    for (const id of ids) {
      const path = `/v1/calls/${encodeURIComponent(id)}`;
      const put = await hub.call('PUT', `${path}/status`, { status: 'in-progress' });
      expect([put.statusCode, put.json().call.id]).toEqual([202, id]);
      const read = await hub.call('GET', path);
      expect(read.json().id).toBe(id);
    }
    // Unencoded, a plus in a path is a plus.
    expect((await hub.call('GET', '/v1/calls/call-_+31623731537_XqaQxRRgAzYc')).statusCode).toBe(200);
  });

  it('masks the number in a call id before it is told to the log lines', async () => {
    await hub.call('PUT', '/v1/calls/call-_%2B31623731537_x/status', { status: 'in-progress' });
    const told = JSON.stringify(hub.answered.at(-1));
    expect(told).toContain('call-_+31•••••••37_x');
    expect(told).not.toContain('31623731537');
    expect(hub.answered.at(-1)).toMatchObject({
      route: '/v1/calls/:call_id/status',
      status: 202,
      outcome: 'advanced',
      accountId: 'default',
      keyId: expect.stringMatching(/^key_/),
    });
  });

  it('keeps numbers as given and finds them by what people type', async () => {
    await hub.call('PUT', '/v1/calls/odd-number/status', {
      status: 'in-progress',
      customer: { number: '+31 (0)20 555 0199' },
      phone_number: { number: 'anonymous' },
    });
    const found = (await hub.call('GET', `/v1/calls?q=${encodeURIComponent('number:+3120555*')}`)).json();
    expect(found.data).toMatchObject([
      { id: 'odd-number', customer: { number: '+31 (0)20 555 0199' }, phone_number: { number: 'anonymous' } },
    ]);
  });
});

describe('POST /v1/reports', () => {
  it('takes a thousand in one transaction and answers in their order', async () => {
    const reports = Array.from({ length: 1000 }, (_, index) => ({
      call_id: `many-${index}`,
      status: 'in-progress',
    }));
    const response = await hub.call('POST', '/v1/reports', { reports });
    expect(response.statusCode).toBe(200);
    const { results } = response.json();
    expect(results.map((result: { call: { id: string } }) => result.call.id)).toEqual(
      reports.map((report) => report.call_id),
    );
    expect(results.every((result: { outcome: string }) => result.outcome === 'advanced')).toBe(true);
  });

  it('tells a faulty item by its pointer and keeps none of the others out', async () => {
    const response = await hub.call('POST', '/v1/reports', {
      reports: [
        { call_id: 'mixed-1', status: 'in-progress' },
        { call_id: 'mixed-2' },
        { status: 'ended' },
        { call_id: 'mixed-3', status: 'ended', timestamp: 'yesterday' },
        { call_id: 'mixed-1', status: 'ended' },
      ],
    });
    expect(response.statusCode).toBe(200);
    const { results } = response.json();
    expect(results[0].outcome).toBe('advanced');
    expect(results[1].problem.errors[0].pointer).toBe('/reports/1/status');
    expect(results[2].problem.errors[0].pointer).toBe('/reports/2/call_id');
    expect(results[3].problem.errors[0].pointer).toBe('/reports/3/timestamp');
    expect(results[4]).toMatchObject({ outcome: 'advanced', call: { state: 'ended', sequence: 2 } });
  });

  it('refuses a thousand and one, and none', async () => {
    const reports = Array.from({ length: 1001 }, () => ({ call_id: 'x', status: 'ended' }));
    for (const body of [{ reports }, { reports: [] }]) {
      const response = await hub.call('POST', '/v1/reports', body);
      expect([response.statusCode, response.json().errors[0].pointer]).toEqual([400, '/reports']);
    }
  });
});

describe('POST /webhooks/status-update', () => {
  const post = (body: string, headers: Record<string, string> = {}, path = '/webhooks/status-update') =>
    hub.call('POST', path, body, { authorization: '', ...headers });

  it('answers 200 OK and says in a header what became of the report', async () => {
    const answers = [];
    for (const status of [
      'in-progress',
      'in-progress',
      'ended',
      'in-progress',
      'ended-with-error',
      'ringing',
    ]) {
      const response = await post(toWebhook('hook-1', status));
      answers.push([response.statusCode, response.body, response.headers['offhook-outcome']]);
    }
    expect(answers).toEqual([
      [200, 'OK', 'advanced'],
      [200, 'OK', 'repeated'],
      [200, 'OK', 'advanced'],
      [200, 'OK', 'late'],
      [200, 'OK', 'conflicting'],
      [200, 'OK', 'noted'],
    ]);
  });

  it('answers {} to the other event types that share the URL', async () => {
    for (const type of ['assistant-request', 'tool-calls', 'something-new']) {
      const response = await post(
        JSON.stringify({ message: { type, call: { id: 'x', status: 'ringing' } } }),
      );
      expect([response.statusCode, response.body]).toEqual([200, '{}']);
    }
  });

  it('notes an end-of-call-report on its call', async () => {
    await post(toWebhook('hook-eoc', 'ended'));
    await post(
      JSON.stringify({
        message: {
          type: 'end-of-call-report',
          timestamp: '2025-12-13T12:06:00.000Z',
          call: { id: 'hook-eoc' },
          duration_seconds: 42,
          summary: 'They talked.',
        },
      }),
    );
    expect((await hub.call('GET', '/v1/calls/hook-eoc')).json()).toMatchObject({
      state: 'ended',
      summary: 'They talked.',
      duration_ms: 42_000,
    });
  });

  it("verifies with each of a source's secrets once it has any, in the local profile too", async () => {
    const made = (
      await hub.call('POST', '/v1/sources', {
        kind: 'voicedock',
        name: 'second',
        secrets: [SECRET, `${SECRET}old`],
      })
    ).json();
    expect(made).toMatchObject({ secrets: 2, path: `/webhooks/${made.id}` });
    const body = toWebhook('hook-signed', 'in-progress');
    expect((await post(body, {}, made.path)).statusCode).toBe(401);
    expect((await post(body, sign(body, 'whsec_another_secret_of_length'), made.path)).statusCode).toBe(401);
    expect((await post(body, sign(body, SECRET), made.path)).headers['offhook-outcome']).toBe('advanced');
    expect((await post(body, sign(body, `${SECRET}old`), made.path)).headers['offhook-outcome']).toBe(
      'repeated',
    );

    // The old secret ends with the very change that takes it out.
    await hub.call('PATCH', `/v1/sources/${made.id}`, { secrets: [SECRET] });
    expect((await post(body, sign(body, `${SECRET}old`), made.path)).statusCode).toBe(401);
    expect((await post(body, sign(body, SECRET), made.path)).statusCode).toBe(200);
  });

  it('gives reports to the account of their source', async () => {
    const account = (await hub.call('POST', '/v1/accounts', { name: 'other' })).json();
    const key = await hub.makeKey(['admin'], account.id);
    const headers = { authorization: `Bearer ${key}` };
    const source = (
      await hub.call('POST', '/v1/sources', { kind: 'voicedock', name: 'theirs', secrets: [SECRET] }, headers)
    ).json();
    const body = toWebhook('hook-theirs', 'in-progress');
    expect((await post(body, sign(body, SECRET), source.path)).statusCode).toBe(200);
    expect((await hub.call('GET', '/v1/calls/hook-theirs', undefined, headers)).statusCode).toBe(200);
    expect((await hub.call('GET', '/v1/calls/hook-theirs')).statusCode).toBe(404);
  });

  it('knows no source that does not exist, and takes no webhooks for the API itself', async () => {
    for (const path of ['/webhooks/src_nobody', '/webhooks/api', `/webhooks/${'x'.repeat(500)}`]) {
      expect((await post(toWebhook('x', 'ended'), {}, path)).statusCode).toBe(404);
    }
  });
});

describe('away from the local profile', () => {
  it('a source without a secret refuses everything, and OFFHOOK_VOICEDOCK_SECRET opens the built-in one', async () => {
    const closed = await openTestHub({ localProfile: false });
    const open = await openTestHub({ localProfile: false, voicedockSecrets: [`${SECRET}new`, SECRET] });
    try {
      const body = toWebhook('x', 'in-progress');
      const unsigned = await closed.call('POST', '/webhooks/status-update', body);
      expect([unsigned.statusCode, unsigned.json().signature_fault]).toEqual([401, 'secret_missing']);
      for (const secret of [SECRET, `${SECRET}new`]) {
        const response = await open.call('POST', '/webhooks/status-update', body, sign(body, secret));
        expect(response.statusCode).toBe(200);
      }
      expect((await open.call('POST', '/webhooks/status-update', body)).statusCode).toBe(401);
    } finally {
      await closed.close();
      await open.close();
    }
  });
});

describe('rate limits', () => {
  it('answer 429 with Retry-After once a key or a source is over its limit, and others are not touched', async () => {
    const limited = await openTestHub({
      keyRateLimit: { perSecond: 1, burst: 2 },
      sourceRateLimit: { perSecond: 1, burst: 1 },
    });
    try {
      const answers = [];
      for (let index = 0; index < 3; index += 1) {
        answers.push(await limited.call('PUT', '/v1/calls/x/status', { status: 'in-progress' }));
      }
      expect(answers.map((response) => response.statusCode)).toEqual([202, 200, 429]);
      expect(answers[0]?.headers['ratelimit-policy']).toBe('"key";q=2;w=2');
      expect(answers[2]?.headers).toMatchObject({ 'retry-after': expect.stringMatching(/^\d+$/) });
      expect(answers[2]?.json()).toMatchObject({ type: 'urn:offhook:problem:rate_limited', status: 429 });
      const other = await limited.makeKey(['read']);
      const read = await limited.call('GET', '/v1/calls', undefined, { authorization: `Bearer ${other}` });
      expect(read.statusCode).toBe(200);

      const body = toWebhook('y', 'in-progress');
      expect((await limited.call('POST', '/webhooks/status-update', body)).statusCode).toBe(200);
      expect((await limited.call('POST', '/webhooks/status-update', body)).statusCode).toBe(429);
    } finally {
      await limited.close();
    }
  });
});
