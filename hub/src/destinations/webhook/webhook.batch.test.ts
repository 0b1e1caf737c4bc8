/** Batches on the wire: what a receiver gets, whether verifiers take it, and what hostile servers can do with it. */
import type { IncomingHttpHeaders } from 'node:http';
import { createServer } from 'node:http';
import { Webhook as StandardWebhook } from 'standardwebhooks';
import { afterEach, describe, expect, it } from 'vitest';
import type { EventBatch } from '@offhook/contract/event-batch';
import { createSecret, verifyPublished } from '@offhook/contract/signature';
import type { BehaviourName } from '../../../../proofs/hostile/behaviours.ts';
import { BEHAVIOUR_NAMES } from '../../../../proofs/hostile/behaviours.ts';
import { startHostileServer } from '../../../../proofs/hostile/hostile-server.ts';
import { endedWithin } from '../../../../test/support/ended-within.ts';
import type { AttemptRequest } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround } from '../test-ground.ts';
import { createWebhookKind } from './webhook.ts';

const body = Buffer.from('{"message":{"type":"status-update","n":1.0,"call":{"id":"\\u00e9 😀"}}}');
/** Of those that answer, however long the machine stands still. */
const DEADLINE_MS = 10_000;
/** Of those of the zoo that do not. */
const TIMEOUT_MS = 600;

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('a webhook destination that asks for batches', () => {
  it('gets many events in one request, each with its exact bytes', async () => {
    const { sender, received } = await start();
    const requests = [
      event({ eventId: 'evt_1', sequence: 1 }),
      event({ eventId: 'evt_2', sequence: 2, attemptNumber: 3 }),
      event({ eventId: 'ope_1', sequence: 0, eventType: 'call.stale' }),
    ];
    expect(await sender.attemptBatch?.(requests)).toMatchObject({ kind: 'answered', status: 200 });
    const [one] = received;
    expect(one?.headers).toMatchObject({
      'content-type': 'application/vnd.offhook.batch+json',
      'x-webhook-event': 'batch',
      'offhook-batch-size': '3',
      'webhook-id': expect.stringMatching(/^bat_[\w-]{32}$/),
      authorization: 'Bearer abc',
    });
    for (const header of ['traceparent', 'offhook-call-sequence', 'offhook-attempt'])
      expect(one?.headers).not.toHaveProperty(header);
    const text = one?.body.toString() ?? '';
    expect(text.split(body.toString())).toHaveLength(4);
    const { events } = JSON.parse(text) as EventBatch;
    expect(events.map(({ id, type, sequence, attempt }) => [id, type, sequence, attempt])).toEqual([
      ['evt_1', 'status-update', 1, 1],
      ['evt_2', 'status-update', 2, 3],
      ['ope_1', 'call.stale', undefined, 1],
    ]);
  });

  it('verifies the whole batch in both schemes, during a rotation with either secret', async () => {
    const { sender, received } = await start();
    const [previous, current] = [createSecret(), createSecret()];
    const nowMs = Date.now();
    const secrets = { current, previous };
    await sender.attemptBatch?.([event({ secrets, nowMs }), event({ secrets, nowMs, eventId: 'evt_2' })]);
    const headers = textHeaders(received[0]?.headers ?? {});
    const bytes = received[0]?.body ?? Buffer.alloc(0);
    for (const secret of [previous, current])
      expect(new StandardWebhook(secret).verify(bytes.toString(), headers)).toHaveProperty('events');
    expect(() => new StandardWebhook(current).verify(`${bytes.toString()} `, headers)).toThrow(
      /No matching signature/,
    );
    const published = verifyPublished({
      secrets: [previous],
      body: bytes,
      nowMs,
      timestamp: headers['x-webhook-timestamp'],
      signature: headers['x-webhook-signature'],
    });
    expect(published).toEqual({ ok: true });
  });

  it('gets a lone event in a batch of one, with its trace', async () => {
    const { sender, received } = await start();
    const request = event({ eventId: 'evt_9' });
    await sender.attempt(request);
    expect(received[0]?.headers).toMatchObject({
      'content-type': 'application/vnd.offhook.batch+json',
      'offhook-batch-size': '1',
      traceparent: request.traceparent,
    });
    expect((JSON.parse(received[0]?.body.toString() ?? '') as EventBatch).events[0]?.id).toBe('evt_9');
  });

  it('gets the same batch under the same id, and is signed for anew', async () => {
    const { sender, received } = await start();
    const both = (nowMs: number) => [event({ nowMs }), event({ nowMs, eventId: 'evt_2' })];
    await sender.attemptBatch?.(both(1_795_312_893_000));
    await sender.attemptBatch?.(both(1_795_319_999_000).toReversed());
    await sender.attemptBatch?.([event({ nowMs: 1_795_319_999_000 })]);
    const [first, second, third] = received.map(({ headers }) => textHeaders(headers));
    expect(second?.['webhook-id']).toBe(first?.['webhook-id']);
    expect(second?.['webhook-signature']).not.toBe(first?.['webhook-signature']);
    expect(third?.['webhook-id']).not.toBe(first?.['webhook-id']);
  });

  it('is described with what is still known of such a request', async () => {
    const { kind, settings } = await start();
    const described = kind.describeRequest?.(settings, event({}));
    const headers = Object.fromEntries(described?.headers ?? []);
    expect(headers).toMatchObject({
      'Content-Type': 'application/vnd.offhook.batch+json',
      'X-Webhook-Event': 'batch',
      'webhook-id': '…',
      'webhook-signature': '…',
      'X-Webhook-Signature': '…',
      'Offhook-Batch-Size': '…',
    });
  });

  it('fails as a matter of settings where the secret cannot sign', async () => {
    const { sender, received } = await start();
    const secrets = { current: 'whsec_short', previous: null };
    const result = await sender.attemptBatch?.([event({ secrets }), event({ secrets, eventId: 'evt_2' })]);
    expect(result).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(received).toHaveLength(0);
  });

  it('says how many events and how long they may wait', async () => {
    const { kind } = await start();
    const rule = (settings: unknown) => kind.toBatchRule?.(kind.settings.parse(settings));
    const url = 'http://localhost:1/';
    expect(rule({ url })).toBeNull();
    expect(rule({ url, batch_events_max: 100 })).toMatchObject({ eventsMax: 100, waitMs: 200 });
    expect(rule({ url, batch_events_max: 2, batch_wait_ms: 0 })).toMatchObject({ eventsMax: 2, waitMs: 0 });
    for (const wrong of [
      { batch_events_max: 1 },
      { batch_events_max: 101 },
      { batch_events_max: 2.5 },
      { batch_wait_ms: -1 },
      { batch_wait_ms: 5_001 },
    ])
      expect(kind.settings.safeParse({ url, ...wrong }).success).toBe(false);
    expect(kind.toPublicSettings(kind.settings.parse({ url, batch_events_max: 5 }))).toEqual({
      url,
      batch_events_max: 5,
    });
  });
});

/** Of servers that answer or hang up at once. */
const VERDICTS: Partial<Record<BehaviourName, string>> = {
  healthy: '200',
  'half-close': 'failed',
  'server-error': '500',
};

describe('a batch of 100 events against each server of the zoo', () => {
  const verdicts = new Map<BehaviourName, string>();
  for (const name of BEHAVIOUR_NAMES) {
    it(`ends in time: ${name}`, async () => {
      const server = await startHostileServer(name);
      cleanUps.push(() => server.close());
      const { sender } = open(server.url, server.certificate ?? undefined);
      const deadlineMs = name in VERDICTS ? DEADLINE_MS : TIMEOUT_MS;
      const requests = Array.from({ length: 100 }, (_, index) =>
        event({ eventId: `evt_${index}`, deadlineMs }),
      );
      const result = await endedWithin(
        sender.attemptBatch?.(requests) ?? Promise.reject(new Error('it takes no batches')),
        TIMEOUT_MS + 1_000,
      );
      verdicts.set(name, result.kind === 'answered' ? String(result.status) : result.kind);
      await sender.close();
    });
  }

  it('counts as taken only where the server said so', () => {
    for (const [name, verdict] of Object.entries(VERDICTS))
      expect([name, verdicts.get(name as BehaviourName)]).toEqual([name, verdict]);
    expect(verdicts.get('silent')).toBe('failed');
  });
});

interface Received {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
}

function open(url: string, certificate?: string) {
  const kind = createWebhookKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
      ...(certificate !== undefined && { trustedCertificates: [certificate] }),
    }),
  );
  const settings = kind.settings.parse({
    url,
    batch_events_max: 100,
    headers: { Authorization: 'Bearer abc' },
  });
  const sender = kind.open(settings, createTestGround());
  cleanUps.push(() => sender.close());
  return { kind, settings, sender };
}

async function start() {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      received.push({ headers: request.headers, body: Buffer.concat(chunks) });
      response.end('OK');
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  const port = address !== null && typeof address === 'object' ? address.port : 0;
  return { received, ...open(`http://localhost:${port}/hook`) };
}

function event(over: Partial<AttemptRequest>): AttemptRequest {
  return {
    eventId: 'evt_1',
    eventType: 'status-update',
    sequence: 1,
    attemptNumber: 1,
    body,
    nowMs: Date.now(),
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    deadlineMs: DEADLINE_MS,
    secrets: { current: 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=', previous: null },
    ...over,
  };
}

function textHeaders(headers: IncomingHttpHeaders): Record<string, string> {
  return Object.fromEntries(
    Object.entries(headers).flatMap(([name, value]) => (typeof value === 'string' ? [[name, value]] : [])),
  );
}
