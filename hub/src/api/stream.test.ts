import { request as send } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { ADMIN_KEY, openTestHub } from '../../../test/support/in-memory-hub.ts';

let hub: TestHub;
let port: number;
beforeAll(async () => {
  hub = await openTestHub({ streamClientsMax: 3 });
  await hub.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = hub.server.server.address() as AddressInfo);
});
afterAll(() => hub.close());

interface Message {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: { readonly call_id: string; readonly row: number; readonly body: string };
}

/** A reader of the stream that keeps what came, and can be waited for. */
async function open(query = '', headers: Record<string, string> = {}) {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send(
      { port, path: `/v1/stream${query}`, headers: { authorization: `Bearer ${ADMIN_KEY}`, ...headers } },
      resolve,
    )
      .on('error', reject)
      .end();
  });
  let text = '';
  let wake = (): void => {};
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    wake();
  });
  response.on('close', () => wake());
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      if (response.destroyed) throw new Error(`The stream ended after: ${text}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  const messages = (): Message[] =>
    text
      .split('\n\n')
      .slice(0, -1)
      .filter((block) => block.includes('data:'))
      .map((block) => ({
        id: /^id: (.*)$/m.exec(block)?.[1],
        event: /^event: (.*)$/m.exec(block)?.[1],
        data: JSON.parse(/^data: (.*)$/m.exec(block)?.[1] ?? 'null'),
      }));
  if (response.statusCode === 200) await until(() => text.includes(': watching'));
  return {
    response,
    messages,
    async take(count: number) {
      await until(() => messages().length >= count);
      return messages();
    },
    text: () => text,
    async close() {
      const closed = new Promise((resolve) => response.once('close', resolve));
      response.destroy();
      await closed;
    },
  };
}

const report = (callId: string, status = 'in-progress') =>
  hub.call('PUT', `/v1/calls/${callId}/status`, { status });

describe('GET /v1/stream', () => {
  it('sends each event as it is accepted, with the exact body and its row as id', async () => {
    const reader = await open();
    expect(reader.response.headers).toMatchObject({
      'content-type': 'text/event-stream; charset=utf-8',
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
    });
    expect(reader.text()).toMatch(/^retry: [34]\d{3}\n\n/);
    await report('stream-1');
    const [message] = await reader.take(1);
    expect(message).toMatchObject({ event: 'status-update', data: { call_id: 'stream-1', sequence: 1 } });
    expect(message?.id).toBe(String(message?.data.row));
    const [event] = (await hub.call('GET', '/v1/events?q=call:stream-1')).json().data;
    expect(message?.data).toEqual(event);
    await reader.close();
  });

  it('goes on where Last-Event-ID says, and misses nothing', async () => {
    const first = await open();
    await report('resume-1');
    const [seen] = await first.take(1);
    await first.close();
    await report('resume-2');
    await report('resume-3');
    const second = await open('', { 'last-event-id': seen?.id ?? '' });
    await report('resume-4');
    const messages = await second.take(3);
    expect(messages.map(({ data }) => data.call_id)).toEqual(['resume-2', 'resume-3', 'resume-4']);
    await second.close();
  });

  it('begins with what was accepted since then', async () => {
    const before = (await hub.call('GET', '/v1/events?after=0&limit=200')).json().data as {
      call_id: string;
    }[];
    const reader = await open('?since=1h');
    expect((await reader.take(before.length)).map(({ data }) => data.call_id)).toEqual(
      before.map((event) => event.call_id),
    );
    await reader.close();
    const none = await open(`?since=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`);
    await report('since-new');
    expect((await none.take(1)).map(({ data }) => data.call_id)).toEqual(['since-new']);
    await none.close();
  });

  it('filters by what an event can answer itself', async () => {
    const reader = await open(`?q=${encodeURIComponent('status:ended number:+3161*')}`);
    await hub.call('PUT', '/v1/calls/filtered-1/status', { status: 'ended', customer: { number: '+31201' } });
    await hub.call('PUT', '/v1/calls/filtered-2/status', {
      status: 'in-progress',
      customer: { number: '+3161' },
    });
    await hub.call('PUT', '/v1/calls/filtered-3/status', {
      status: 'ended',
      customer: { number: '+31612345678' },
    });
    expect((await reader.take(1)).map(({ data }) => data.call_id)).toEqual(['filtered-3']);
    await reader.close();
  });

  it('shows an account nothing of another one', async () => {
    const account = (await hub.call('POST', '/v1/accounts', { name: 'other' })).json();
    const key = await hub.makeKey(['read', 'ingest'], account.id);
    const reader = await open('?since=24h', { authorization: `Bearer ${key}` });
    await report('not-theirs');
    await hub.call('PUT', '/v1/calls/theirs/status', { status: 'ended' }, { authorization: `Bearer ${key}` });
    expect((await reader.take(1)).map(({ data }) => data.call_id)).toEqual(['theirs']);
    await reader.close();
  });

  it('tells a reader from another journal to resync', async () => {
    const reader = await open('', { 'last-event-id': '999999999' });
    const [message] = await reader.take(1);
    expect(message?.event).toBe('resync');
    await reader.close();
  });

  it('refuses a malformed Last-Event-ID, and more readers than it serves', async () => {
    const malformed = await open('', { 'last-event-id': 'evt_1' });
    expect(malformed.response.statusCode).toBe(400);
    const readers = [await open(), await open(), await open()];
    const crowded = await open();
    expect([crowded.response.statusCode, crowded.response.headers['retry-after']]).toEqual([503, '10']);
    expect((await hub.call('GET', '/metrics')).body).toContain('offhook_sse_clients 3');
    for (const reader of readers) await reader.close();
  });

  it('ends its streams when the hub stops, so that the stop does not wait for them', async () => {
    const other = await openTestHub();
    await other.server.listen({ host: '127.0.0.1', port: 0 });
    const saved = port;
    ({ port } = other.server.server.address() as AddressInfo);
    const reader = await open();
    const ended = new Promise((resolve) => reader.response.once('end', resolve));
    await other.close();
    await ended;
    port = saved;
  });
});
