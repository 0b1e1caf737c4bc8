/** Requests in every method, and JSON out of whatever servers send: bounds, broken bodies, servers that mean harm. */
import { createServer } from 'node:http';
import type { IncomingMessage, RequestListener } from 'node:http';
import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { BEHAVIOUR_NAMES } from '../../../../proofs/hostile/behaviours.ts';
import { startHostileServer } from '../../../../proofs/hostile/hostile-server.ts';
import { endedWithin } from '../../../../test/support/ended-within.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import type { JsonRequest } from './json-client.ts';
import { JSON_BYTES_MAX, openJsonClient, toAttemptResult } from './json-client.ts';

const DEADLINE_MS = 600;
const get = { method: 'GET', path: '/', deadlineMs: 5_000 } as const;

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('a JSON request', () => {
  it.each(['GET', 'POST', 'PATCH', 'PUT', 'DELETE'] as const)(
    'is sent by %s as it was given',
    async (method) => {
      const { client, received } = await start((_request, response) => response.end('{"id":7}'), '/base/');
      const json = method === 'GET' || method === 'DELETE' ? {} : { json: { a: 'é' } };
      const answer = await client.request({ method, path: '/x?y=1', ...json, deadlineMs: 5_000 });
      expect(answer).toMatchObject({ kind: 'answered', status: 200, json: { id: 7 } });
      const [one] = received;
      expect([one?.method, one?.url]).toEqual([method, '/base/x?y=1']);
      expect(one?.headers).toMatchObject({ authorization: 'Bearer abc', accept: 'application/json' });
      if ('json' in json) {
        expect(one?.body).toBe('{"a":"é"}');
        expect(one?.headers['content-type']).toBe('application/json; charset=utf-8');
      } else {
        expect(one?.body).toBe('');
        expect(one?.headers).not.toHaveProperty('content-type');
      }
    },
  );

  it('sends a form where one is given', async () => {
    const { client, received } = await start((_request, response) => response.end('{}'));
    await client.request({
      ...get,
      method: 'POST',
      form: { grant_type: 'refresh_token', secret: 'a&b=c é' },
    });
    expect(received[0]?.headers['content-type']).toBe('application/x-www-form-urlencoded');
    expect([...new URLSearchParams(received[0]?.body)]).toEqual([
      ['grant_type', 'refresh_token'],
      ['secret', 'a&b=c é'],
    ]);
  });

  it('gives the status, Retry-After and what the body says, also of an error', async () => {
    const { client } = await start((_request, response) => {
      response.writeHead(429, { 'retry-after': '7' }).end('{"message":"slow down"}');
    });
    const answer = await client.request(get);
    expect(answer).toMatchObject({ status: 429, retryAfter: '7', json: { message: 'slow down' } });
    expect(toAttemptResult(answer)).toMatchObject({
      kind: 'answered',
      status: 429,
      retryAfter: '7',
      abort: false,
    });
  });

  it('waits for a slow body until the deadline, since the status alone says nothing', async () => {
    const { client } = await start((_request, response) => {
      response.write('{"id":');
      setTimeout(() => response.end('7}'), 1_300);
    });
    expect(await client.request(get)).toMatchObject({ status: 200, json: { id: 7 } });
  });

  it('keeps the status where the body is no JSON, is empty or breaks off', async () => {
    const bodies: Record<string, RequestListener> = {
      '/html': (_request, response) => response.end('<html>'),
      '/empty': (_request, response) => response.writeHead(204).end(),
      '/broken': (_request, response) => {
        response.writeHead(200, { 'content-length': '100' });
        response.write('{"id":7');
        setTimeout(() => response.destroy(), 20);
      },
    };
    const { client } = await start((request, response) => bodies[request.url ?? '']?.(request, response));
    for (const path of Object.keys(bodies)) {
      const answer = await client.request({ ...get, path });
      expect(answer).toMatchObject({ kind: 'answered', status: path === '/empty' ? 204 : 200 });
      expect(answer.kind === 'answered' && answer.json).toBeUndefined();
    }
  });

  it('reads a large body whole, one beyond all measure not, and keeps little of either in an attempt', async () => {
    const list = (bytes: number): string => JSON.stringify(['x'.repeat(bytes - 4)]);
    const { client } = await start((request, response) => {
      const bytes = Number(request.url?.slice(1));
      // Once with its length ahead and once in chunks.
      if (bytes % 2 === 0) response.writeHead(200, { 'content-length': String(bytes) });
      response.end(list(bytes));
    });
    for (const bytes of [200_000, 200_001, JSON_BYTES_MAX]) {
      const answer = await client.request({ ...get, path: `/${bytes}` });
      expect(answer.kind === 'answered' && JSON.stringify(answer.json).length).toBe(bytes);
      const result = toAttemptResult(answer);
      expect(result.kind === 'answered' && result.responseBody?.length).toBe(16 * 1024);
    }
    for (const bytes of [JSON_BYTES_MAX + 2, JSON_BYTES_MAX + 3, 10_000_000]) {
      const answer = await client.request({ ...get, path: `/${bytes}` });
      expect(answer).toMatchObject({ status: 200, json: undefined });
      expect(answer.kind === 'answered' && answer.body?.length).toBeLessThanOrEqual(JSON_BYTES_MAX);
    }
  });

  it.each([
    ['POST', undefined, 1],
    ['POST', true, 2],
    ['PATCH', undefined, 2],
    ['GET', undefined, 2],
    ['GET', false, 1],
  ] as const)(
    'by %s (repeatable: %s) reaches a server that hangs up on a kept socket %d time(s)',
    async (method, isRepeatable, times) => {
      let seen = 0;
      const server = net.createServer((socket) => {
        let nth = 0;
        socket.on('error', () => {});
        socket.on('data', () => {
          nth += 1;
          // The first on each socket is answered: it makes the socket a kept one.
          if (nth === 1 && seen === 0)
            return void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\n{}');
          seen += 1;
          socket.resetAndDestroy();
        });
      });
      const client = open(await listen(server));
      expect(await client.request(get)).toMatchObject({ status: 200 });
      const request: JsonRequest = {
        method,
        path: '/',
        deadlineMs: 5_000,
        ...(isRepeatable !== undefined && { isRepeatable }),
      };
      expect(await client.request(request)).toMatchObject({ kind: 'failed', cause: 'reset' });
      expect(seen).toBe(times);
    },
  );

  it('fails as a matter of settings where a header or path cannot be written, without showing it', async () => {
    const { client, received } = await start((_request, response) => response.end());
    for (const request of [
      { ...get, headers: { Authorization: 'Bearer s3cret\r\nX-Evil: 1' } },
      { ...get, path: '/a b\r\nX-Evil: 1' },
    ]) {
      const answer = await client.request(request);
      expect(answer).toMatchObject({ kind: 'failed', cause: 'settings' });
      expect(JSON.stringify(answer)).not.toContain('s3cret');
    }
    expect(received).toHaveLength(0);
  });
});

describe('a JSON request to each server of the zoo', () => {
  for (const name of BEHAVIOUR_NAMES) {
    it(`ends in time and within its bytes: ${name}`, async () => {
      const server = await startHostileServer(name);
      cleanUps.push(() => server.close());
      const client = open(server.url, server.certificate ?? undefined);
      const answer = await endedWithin(
        client.request({ ...get, path: '', deadlineMs: DEADLINE_MS }),
        DEADLINE_MS + 1_000,
      );
      if (answer.kind === 'answered') expect(answer.body?.length ?? 0).toBeLessThanOrEqual(JSON_BYTES_MAX);
    });
  }
});

interface Received extends Pick<IncomingMessage, 'method' | 'url' | 'headers'> {
  readonly body: string;
}

function open(url: string, certificate?: string) {
  const { http } = createKindOptions({
    egress: createEgressGuard({ allow: [], allowLoopback: true }),
    resolver: createResolver(),
    userAgent: 'Offhook/test',
    ...(certificate !== undefined && { trustedCertificates: [certificate] }),
  });
  const client = openJsonClient(http, new URL(url), { Authorization: 'Bearer abc' });
  cleanUps.push(() => client.close());
  return client;
}

async function start(answer: RequestListener, path = '/') {
  const received: Received[] = [];
  const server = createServer((request, response) => {
    let body = '';
    request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
    request.on('end', () => {
      const { method, url, headers } = request;
      received.push({ method, url, headers, body });
      answer(request, response);
    });
  });
  return { received, client: open((await listen(server)) + path.slice(1)) };
}

async function listen(server: net.Server): Promise<string> {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  cleanUps.push(() => new Promise<void>((resolve) => void server.close(() => resolve())));
  const address = server.address();
  return `http://127.0.0.1:${address !== null && typeof address === 'object' ? address.port : 0}/`;
}
