/** What only shows on a real socket. */
import { connect } from 'node:net';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { JournalError, JOURNAL_ERROR_CODES } from '../journal/journal-error.ts';
import { ADMIN_KEY, openTestHub } from '../../../test/support/in-memory-hub.ts';

let hub: TestHub;
let port: number;
beforeAll(async () => {
  hub = await openTestHub();
  await hub.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = hub.server.server.address() as AddressInfo);
});
afterAll(() => hub.close());

/** Sends bytes and gives back everything that came until the other side closed. */
function exchange(bytes: string | Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => socket.write(bytes));
    let text = '';
    socket.setEncoding('latin1');
    socket.on('data', (chunk: string) => {
      text += chunk;
    });
    socket.on('close', () => resolve(text));
    socket.on('error', reject);
  });
}

const KEY = `Authorization: Bearer ${ADMIN_KEY}\r\n`;

describe('the server on a socket', () => {
  it('answers bytes that are no request with problem+json and closes', async () => {
    for (const [bytes, status] of [
      ['GET / HTTP/1.1\r\nConnection: close\r\n\r\n', 400],
      ['nonsense\r\n\r\n', 400],
      ['GET / HTTP/1.1\nHost: a\n\n', 400],
      ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n', 400],
      ['POST / HTTP/1.1\r\nHost: a\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\nxx', 400],
      [`GET / HTTP/1.1\r\nHost: a\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`, 431],
      [`GET /${'x'.repeat(20_000)} HTTP/1.1\r\nHost: a\r\n\r\n`, 431],
    ] as const) {
      const answer = await exchange(bytes);
      expect(answer).toMatch(new RegExp(`^HTTP/1.1 ${status} `));
      const body = JSON.parse(answer.slice(answer.indexOf('\r\n\r\n') + 4));
      expect(body.type).toMatch(/^urn:offhook:problem:/);
    }
  });

  it('refuses two Host headers, which a proxy before it may have read differently', async () => {
    const answer = await exchange('GET /livez HTTP/1.1\r\nHost: a\r\nhOST: b\r\nConnection: close\r\n\r\n');
    expect(answer).toMatch(/^HTTP\/1\.1 400 /);
    expect(answer).toContain('Send one Host header.');
  });

  it('refuses a body that is announced too large before it comes, and one that turns out too large', async () => {
    const head = `PUT /v1/calls/x/status HTTP/1.1\r\nHost: a\r\n${KEY}Content-Type: application/json\r\nConnection: close\r\n`;
    expect(await exchange(`${head}Content-Length: 999999999\r\n\r\n`)).toMatch(/^HTTP\/1\.1 413 /);
    const chunk = `10000\r\n${'x'.repeat(0x10000)}\r\n`;
    const chunked = await exchange(`${head}Transfer-Encoding: chunked\r\n\r\n${chunk.repeat(5)}0\r\n\r\n`);
    expect(chunked).toMatch(/^HTTP\/1\.1 413 /);
  });

  it('asks for the key before it reads a body', async () => {
    const answer = await exchange(
      'PUT /v1/calls/x/status HTTP/1.1\r\nHost: a\r\nContent-Type: application/json\r\nContent-Length: 100000\r\nConnection: close\r\n\r\n',
    );
    expect(answer).toMatch(/^HTTP\/1\.1 401 /);
  });

  it('serves many requests on one connection, also pipelined', async () => {
    const body = '{"status":"in-progress"}';
    const one = (last: boolean): string =>
      `PUT /v1/calls/piped/status HTTP/1.1\r\nHost: a\r\n${KEY}Content-Type: application/json\r\nContent-Length: ${body.length}\r\n${last ? 'Connection: close\r\n' : ''}\r\n${body}`;
    const answer = await exchange(Array.from({ length: 50 }, (_, index) => one(index === 49)).join(''));
    expect(answer.match(/HTTP\/1\.1 20[02] /g)).toHaveLength(50);
  });
});

describe('store trouble', () => {
  for (const code of JOURNAL_ERROR_CODES) {
    const isOutage = ['full', 'broken', 'busy', 'closed'].includes(code);
    it(`${code} is ${isOutage ? '503 with Retry-After' : '500'} at every door, without its inner text`, async () => {
      const broken = await openTestHub(
        {},
        {
          journal: (journal) => ({
            ...journal,
            acceptReports: () => Promise.reject(new JournalError(code, 'inner words')),
          }),
        },
      );
      try {
        for (const [method, path, body] of [
          ['PUT', '/v1/calls/x/status', { status: 'ended' }],
          ['POST', '/v1/reports', { reports: [{ call_id: 'x', status: 'ended' }] }],
          [
            'POST',
            '/webhooks/status-update',
            { message: { type: 'status-update', call: { id: 'x', status: 'ended' } } },
          ],
        ] as const) {
          const response = await broken.call(method, path, body);
          expect(response.statusCode).toBe(isOutage ? 503 : 500);
          expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
          if (isOutage) expect(response.headers['retry-after']).toMatch(/^\d+$/);
          expect(response.body).not.toContain('inner words');
        }
        expect(broken.troubles).toHaveLength(isOutage ? 0 : 3);
      } finally {
        await broken.close();
      }
    });
  }

  it('that nobody expected is 500 with the request id that the observer got too', async () => {
    const broken = await openTestHub(
      {},
      { journal: (journal) => ({ ...journal, listCalls: () => Promise.reject(new Error('inner words')) }) },
    );
    try {
      const response = await broken.call('GET', '/v1/calls');
      expect(response.statusCode).toBe(500);
      expect(response.body).not.toContain('inner words');
      expect(broken.answered.at(-1)?.requestId).toBe(response.json().request_id);
      expect(broken.troubles).toMatchObject([{ error: { message: 'inner words' } }]);
    } finally {
      await broken.close();
    }
  });
});

describe('a stopping hub', () => {
  it('answers what is under way and refuses what comes after with 503', async () => {
    const gate = Promise.withResolvers<void>();
    const entered = Promise.withResolvers<void>();
    const stopping = await openTestHub(
      {},
      {
        journal: (journal) => ({
          ...journal,
          async acceptReports(reports) {
            entered.resolve();
            await gate.promise;
            return journal.acceptReports(reports);
          },
        }),
      },
    );
    const underWay = stopping.call('PUT', '/v1/calls/x/status', { status: 'in-progress' });
    await entered.promise;
    const closed = stopping.server.close();
    gate.resolve();
    expect((await underWay).statusCode).toBe(202);
    await closed;
    await stopping.journal.close();
  });
});
