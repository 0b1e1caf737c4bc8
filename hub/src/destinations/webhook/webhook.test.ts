import { createHmac } from 'node:crypto';
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { Webhook as SvixWebhook } from 'svix';
import { afterEach, describe, expect, it } from 'vitest';
import { createSecret, verifyPublished, verifyStandard } from '@offhook/contract/signature';
import type { AttemptRequest } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround } from '../test-ground.ts';
import { createWebhookKind } from './webhook.ts';

const body = Buffer.from(
  '{"message":{"type":"status-update","call":{"id":"+31 6 \\u00e9 😀","status":"ended"}}}',
);

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('a webhook attempt', () => {
  it('sends the exact bytes with every header of the contract', async () => {
    const { sender, received } = await start({ headers: { Authorization: 'Bearer abc' } });
    const request = attempt({ eventId: 'evt_abc', sequence: 2, attemptNumber: 3, nowMs: 1_795_312_893_999 });
    const result = await sender.attempt(request);

    expect(result).toMatchObject({ kind: 'answered', status: 200, retryAfter: null, abort: false });
    expect(result.kind === 'answered' && Buffer.from(result.responseBody ?? []).toString()).toBe('OK');
    expect(received[0]?.body.equals(body)).toBe(true);
    expect(received[0]?.method).toBe('POST');
    expect(received[0]?.url).toBe('/hook?a=1');
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/json',
      'content-length': String(body.length),
      'user-agent': 'Offhook/test',
      'x-webhook-event': 'status-update',
      'x-webhook-timestamp': '1795312893',
      'webhook-id': 'evt_abc',
      'webhook-timestamp': '1795312893',
      'offhook-call-sequence': '2',
      'offhook-attempt': '3',
      traceparent: request.traceparent,
      authorization: 'Bearer abc',
    });
    expect(received[0]?.headers).not.toHaveProperty('accept-encoding');
  });

  it('is described afterwards as it was sent, but for what is secret and what was not kept', async () => {
    const { sender, received, kind, settings } = await start({ headers: { Authorization: 'Bearer abc' } });
    const request = attempt({ attemptNumber: 3 });
    await sender.attempt(request);
    const sent = received[0]?.headers ?? {};

    const described = kind.describeRequest?.(settings, request);
    expect([described?.method, described?.url]).toEqual([
      'POST',
      expect.stringMatching(/^http:\/\/localhost:\d+\/hook\?a=••••••$/),
    ]);
    const headers = Object.fromEntries(
      (described?.headers ?? []).map(([name, value]) => [name.toLowerCase(), value]),
    );
    const { host: _host, connection: _connection, 'content-length': _length, ...rest } = sent;
    expect(headers).toEqual({ ...rest, authorization: '••••••' });

    const unknown = kind.describeRequest?.(settings, { ...request, traceparent: null, secrets: null });
    expect(unknown?.headers.filter(([, value]) => value === '…').map(([name]) => name)).toEqual([
      'X-Webhook-Signature',
      'webhook-signature',
      'traceparent',
    ]);
    const broken = { current: 'whsec_!', previous: null };
    expect(kind.describeRequest?.(settings, { ...request, secrets: broken })).toBeNull();
  });

  it('is verified by the scheme of the source document and by three independent verifiers', async () => {
    const { sender, received } = await start();
    const secret = createSecret();
    const nowMs = Date.now();
    await sender.attempt(attempt({ nowMs, secrets: { current: secret, previous: null } }));
    const headers = textHeaders(received[0]?.headers ?? {});

    const published = createHmac('sha256', secret)
      .update(`${headers['x-webhook-timestamp']}.`)
      .update(body)
      .digest('hex');
    expect(headers['x-webhook-signature']).toBe(`sha256=${published}`);
    expect(new StandardWebhook(secret).verify(body.toString(), headers)).toEqual(JSON.parse(body.toString()));
    expect(() => new SvixWebhook(secret).verify(body.toString(), headers)).not.toThrow();
    expect(
      verifyStandard({
        secrets: [secret],
        body,
        nowMs,
        id: headers['webhook-id'],
        timestamp: headers['webhook-timestamp'],
        signature: headers['webhook-signature'],
      }),
    ).toEqual({ ok: true });
  });

  it('is accepted by holders of either secret while a rotation lasts', async () => {
    const { sender, received } = await start();
    const [old, current] = [createSecret(), createSecret()];
    const nowMs = Date.now();
    await sender.attempt(attempt({ nowMs, secrets: { current, previous: old } }));
    await sender.attempt(attempt({ nowMs, secrets: { current, previous: null } }));
    const [during, after] = received.map((one) => textHeaders(one.headers));

    for (const secret of [old, current]) {
      expect(() => new StandardWebhook(secret).verify(body.toString(), during ?? {})).not.toThrow();
    }
    const publishedBy = (secret: string, headers: Record<string, string> | undefined): boolean =>
      verifyPublished({
        secrets: [secret],
        body,
        nowMs,
        timestamp: headers?.['x-webhook-timestamp'],
        signature: headers?.['x-webhook-signature'],
      }).ok;
    expect([publishedBy(old, during), publishedBy(current, during)]).toEqual([true, false]);
    expect([publishedBy(old, after), publishedBy(current, after)]).toEqual([false, true]);
    expect(() => new StandardWebhook(old).verify(body.toString(), after ?? {})).toThrow(
      /No matching signature/,
    );
  });

  it('is signed anew each time, under the same id', async () => {
    const { sender, received } = await start();
    const secrets = { current: createSecret(), previous: null };
    await sender.attempt(attempt({ secrets, attemptNumber: 1, nowMs: 1_795_312_893_000 }));
    await sender.attempt(attempt({ secrets, attemptNumber: 2, nowMs: 1_795_319_999_000 }));
    const [first, second] = received.map((one) => textHeaders(one.headers));
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect(second?.['webhook-signature']).not.toBe(first?.['webhook-signature']);
    expect(second?.['x-webhook-timestamp']).toBe('1795319999');
  });

  it('fails as a matter of settings where the secret cannot sign, without showing it', async () => {
    const { sender, received } = await start();
    const result = await sender.attempt(attempt({ secrets: { current: 'whsec_short', previous: null } }));
    expect(result).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(JSON.stringify(result)).not.toContain('whsec_short');
    expect(received).toHaveLength(0);
  });

  it('fails as a matter of settings where the stored URL cannot be read', async () => {
    const kind = createKind();
    expect(await kind.open({ url: 'nonsense' }, createTestGround()).attempt(attempt({}))).toMatchObject({
      kind: 'failed',
      cause: 'settings',
    });
  });

  it('goes nowhere near a proxy that the environment names', async () => {
    const { sender, received } = await start();
    process.env['HTTP_PROXY'] = process.env['http_proxy'] = 'http://127.0.0.1:9';
    try {
      expect(await sender.attempt(attempt({}))).toMatchObject({ kind: 'answered', status: 200 });
    } finally {
      delete process.env['HTTP_PROXY'];
      delete process.env['http_proxy'];
    }
    expect(received).toHaveLength(1);
  });
});

interface Received {
  readonly method: string | undefined;
  readonly url: string | undefined;
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function createKind() {
  return createWebhookKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
    }),
  );
}

async function start(more: { readonly headers?: Record<string, string> } = {}) {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({
        method: request.method,
        url: request.url,
        headers: request.headers,
        body: Buffer.concat(chunks),
      });
      response.end('OK');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  const kind = createKind();
  const settings = kind.settings.parse({ url: `http://localhost:${port}/hook?a=1`, ...more });
  const sender = kind.open(settings, createTestGround());
  cleanUps.push(
    () => new Promise<void>((resolve) => void server.close(() => resolve())),
    () => sender.close(),
  );
  return { sender, received, kind, settings };
}

function attempt(over: Partial<AttemptRequest>): AttemptRequest {
  return {
    eventId: 'evt_1',
    eventType: 'status-update',
    sequence: 1,
    attemptNumber: 1,
    body,
    nowMs: Date.now(),
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    deadlineMs: 10_000,
    secrets: { current: createSecret(), previous: null },
    ...over,
  };
}

function textHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
