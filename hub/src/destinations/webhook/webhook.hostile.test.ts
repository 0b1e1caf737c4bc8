import { afterEach, describe, expect, it } from 'vitest';
import { createSecret } from '@offhook/contract/signature';
import type { BehaviourName } from '../../../../proofs/hostile/behaviours.ts';
import { BEHAVIOUR_NAMES, BEHAVIOURS } from '../../../../proofs/hostile/behaviours.ts';
import type { HostileServer } from '../../../../proofs/hostile/hostile-server.ts';
import { startHostileServer } from '../../../../proofs/hostile/hostile-server.ts';
import { endedWithin } from '../../../../test/support/ended-within.ts';
import type { AttemptRequest, AttemptResult, FailureCause } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround } from '../test-ground.ts';
import { createWebhookKind } from './webhook.ts';

/** Where the end of the time is what comes of it: less than the 1.2 s of the late success, and time to connect on a busy machine. */
const TIMEOUT_MS = 1_000;
/** Where anything else comes of it, however long the machine stands still. */
const DEADLINE_MS = 10_000;
const keptMax = 16 * 1024;

type Expected =
  | { readonly status: number; readonly retryAfter?: string; readonly abort?: true }
  | { readonly cause: FailureCause; readonly detail: RegExp };

/** Total over the zoo: a new behaviour does not compile before somebody has said what must come of it. */
const EXPECTED: Record<BehaviourName, Expected> = {
  healthy: { status: 200 },
  silent: { cause: 'timeout', detail: /^the server did not answer within [\d.]+ s$/ },
  'drip-headers': { cause: 'timeout', detail: /did not finish its headers within [\d.]+ s/ },
  'drip-body': { status: 200 },
  'drip-error-body': { status: 500 },
  'endless-interim': { cause: 'protocol', detail: /interim answers/ },
  'slow-interim': { cause: 'timeout', detail: /did not finish its headers within [\d.]+ s/ },
  'endless-headers': { cause: 'protocol', detail: /more than 64 KiB/ },
  'endless-reason': { cause: 'protocol', detail: /more than 64 KiB/ },
  'endless-body': { status: 200 },
  'endless-error-body': { status: 500 },
  'endless-chunk-extension': { status: 200 },
  'endless-trailers': { status: 200 },
  'gzip-bomb': { status: 200 },
  'deep-content-encoding': { status: 200 },
  'many-headers': { status: 200 },
  'control-characters': { cause: 'protocol', detail: /not HTTP\/1\.1/ },
  'reset-on-accept': { cause: 'reset', detail: /reset the connection/ },
  'reset-after-request': { cause: 'reset', detail: /reset the connection/ },
  'reset-mid-headers': { cause: 'reset', detail: /reset the connection/ },
  'reset-mid-body': { status: 200 },
  'half-close': { cause: 'reset', detail: /closed the connection without an answer/ },
  'short-body': { status: 200 },
  'long-body': { status: 200 },
  'two-lengths': { cause: 'protocol', detail: /not HTTP\/1\.1/ },
  'length-and-chunked': { cause: 'protocol', detail: /not HTTP\/1\.1/ },
  'answer-ahead': { status: 500 },
  banner: { cause: 'protocol', detail: /not HTTP|other than an answer/ },
  'banner-after-request': { cause: 'protocol', detail: /not HTTP\/1\.1/ },
  upgrade: { cause: 'protocol', detail: /something other than an answer/ },
  'redirect-to-metadata': { status: 302 },
  'redirect-loop': { status: 307 },
  'late-success': { cause: 'timeout', detail: /did not answer within [\d.]+ s/ },
  gone: { status: 410 },
  'server-error': { status: 500 },
  abort: { status: 400, abort: true },
  'retry-after-zero': { status: 429, retryAfter: '0' },
  'retry-after-negative': { status: 429, retryAfter: '-1' },
  'retry-after-huge': { status: 429, retryAfter: '1e99' },
  'retry-after-date': { status: 429, retryAfter: 'Wed, 21 Oct 2099 07:28:00 GMT' },
  'retry-after-garbage': { status: 429, retryAfter: 'soon, maybe' },
  'plaintext-on-tls': { cause: 'tls', detail: /did not speak TLS/ },
  'silent-tls': { cause: 'timeout', detail: /TLS handshake .* did not finish within [\d.]+ s/ },
  'reset-tls': { cause: 'tls', detail: /closed the connection during the TLS handshake/ },
  'expired-certificate': { cause: 'tls', detail: /^certificate expired on 2026-01-01$/ },
  'wrong-name-certificate': {
    cause: 'tls',
    detail: /^certificate is not for 127\.0\.0\.1, it names DNS:other\.example$/,
  },
  'self-signed-certificate': { cause: 'tls', detail: /self-signed/ },
};

const started: { close(): Promise<void> }[] = [];
afterEach(async () => {
  await Promise.all(started.splice(0).map((one) => one.close()));
});

describe('a webhook attempt against each server of the zoo', () => {
  for (const name of BEHAVIOUR_NAMES) {
    it(`ends in time and with the right result when the server ${BEHAVIOURS[name].sentence}`, async () => {
      const server = await start(name);
      const sender = openSender(server);
      const attempt = sender.attempt(request(toDeadlineMs(name)));
      // None takes longer than a body of which nothing more than its first second is waited for.
      expectResult(await endedWithin(attempt, TIMEOUT_MS + 2_000), EXPECTED[name]);
      await sender.close();
      await until(() => server.openSockets === 0);
    });
  }

  it('gives the same verdicts when a hundred attempts run into them at once', async () => {
    const servers = await Promise.all(BEHAVIOUR_NAMES.map(start));
    const senders = servers.map(openSender);
    const results = await Promise.all(
      Array.from({ length: 100 }, async (_, index) => {
        const at = index % servers.length;
        const name = BEHAVIOUR_NAMES[at] ?? 'healthy';
        return { name, result: await senders[at]?.attempt(request(toDeadlineMs(name))) };
      }),
    );
    for (const { name, result } of results) {
      const expected = EXPECTED[name];
      // How far one of a hundred had come when its time was over is the machine's doing.
      const isOver = 'cause' in expected && expected.cause === 'timeout';
      if (result !== undefined) expectResult(result, isOver ? { ...expected, detail: /within/ } : expected);
    }
    await Promise.all(senders.map((sender) => sender.close()));
    await until(() => servers.every((server) => server.openSockets === 0));
  });

  it('does not follow a redirect: the server sees one request', async () => {
    const server = await start('redirect-loop');
    const sender = openSender(server);
    await sender.attempt(request());
    await sender.attempt(request());
    expect(server.requests).toBe(2);
    await sender.close();
  });

  it('does not take an answer sent ahead for the answer to the next request', async () => {
    const server = await start('answer-ahead');
    const sender = openSender(server);
    for (let nth = 0; nth < 5; nth++) expectResult(await sender.attempt(request()), { status: 500 });
    await sender.close();
  });
});

async function start(name: BehaviourName): Promise<HostileServer> {
  const server = await startHostileServer(name);
  started.push(server);
  return server;
}

function openSender(server: HostileServer) {
  const trust = server.certificate !== null && server.behaviour !== 'self-signed-certificate';
  const kind = createWebhookKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
      ...(trust && server.certificate !== null ? { trustedCertificates: [server.certificate] } : {}),
    }),
  );
  return kind.open(kind.settings.parse({ url: server.url }), createTestGround());
}

function toDeadlineMs(name: BehaviourName): number {
  const expected = EXPECTED[name];
  return 'cause' in expected && expected.cause === 'timeout' ? TIMEOUT_MS : DEADLINE_MS;
}

function request(deadlineMs = DEADLINE_MS): AttemptRequest {
  return {
    eventId: 'evt_1',
    eventType: 'status-update',
    sequence: 1,
    attemptNumber: 1,
    body: Buffer.from('{"message":{"type":"status-update"}}'),
    nowMs: Date.now(),
    traceparent: '00-4bf92f3577b34da6a3ce929d0e0e4736-00f067aa0ba902b7-01',
    deadlineMs,
    secrets: { current: createSecret(), previous: null },
  };
}

function expectResult(result: AttemptResult, expected: Expected): void {
  if ('status' in expected) {
    expect(result).toMatchObject({
      kind: 'answered',
      status: expected.status,
      retryAfter: expected.retryAfter ?? null,
      abort: expected.abort ?? false,
    });
    if (result.kind === 'answered') expect(result.responseBody?.length ?? 0).toBeLessThanOrEqual(keptMax);
  } else {
    expect(result).toMatchObject({ kind: 'failed', cause: expected.cause });
    if (result.kind === 'failed') expect(result.detail).toMatch(expected.detail);
  }
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
