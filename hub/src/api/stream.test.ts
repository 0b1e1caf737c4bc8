import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';
import type { StreamReader } from '../../../test/support/stream-reader.ts';
import type { RecordedDelivery } from '../live/delivery-feed.ts';

import { ADMIN_KEY, openTestHub } from '../../../test/support/in-memory-hub.ts';
import { STREAM_BATCH_MS } from '../live/batch-writer.ts';
import { openStream } from '../../../test/support/stream-reader.ts';

let hub: TestHub;
let port: number;
beforeAll(async () => {
  hub = await openTestHub({ streamClientsMax: 3 });
  await hub.server.listen({ host: '127.0.0.1', port: 0 });
  ({ port } = hub.server.server.address() as AddressInfo);
});
afterAll(() => hub.close());

const open = (query = '', headers: Record<string, string> = {}): Promise<StreamReader> =>
  openStream(`http://127.0.0.1:${port}`, `/v1/stream${query}`, {
    authorization: `Bearer ${ADMIN_KEY}`,
    ...headers,
  });

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
    expect(message?.id).toBe(String(message?.data['row']));
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
    expect(messages.map(({ data }) => data['call_id'])).toEqual(['resume-2', 'resume-3', 'resume-4']);
    await second.close();
  });

  it('begins with what was accepted since then', async () => {
    const before = (await hub.call('GET', '/v1/events?after=0&limit=200')).json().data as {
      call_id: string;
    }[];
    const reader = await open('?since=1h');
    expect((await reader.take(before.length)).map(({ data }) => data['call_id'])).toEqual(
      before.map((event) => event.call_id),
    );
    await reader.close();
    const none = await open(`?since=${encodeURIComponent(new Date(Date.now() + 60_000).toISOString())}`);
    await report('since-new');
    expect((await none.take(1)).map(({ data }) => data['call_id'])).toEqual(['since-new']);
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
    expect((await reader.take(1)).map(({ data }) => data['call_id'])).toEqual(['filtered-3']);
    await reader.close();
  });

  it('shows an account nothing of another one', async () => {
    const account = (await hub.call('POST', '/v1/accounts', { name: 'other' })).json();
    const key = await hub.makeKey(['read', 'ingest'], account.id);
    const reader = await open('?since=24h', { authorization: `Bearer ${key}` });
    await report('not-theirs');
    await hub.call('PUT', '/v1/calls/theirs/status', { status: 'ended' }, { authorization: `Bearer ${key}` });
    expect((await reader.take(1)).map(({ data }) => data['call_id'])).toEqual(['theirs']);
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
    // Those of the tests before are gone when the hub has noticed it.
    await expect
      .poll(async () => (await hub.call('GET', '/metrics')).body)
      .toContain('offhook_sse_clients 0');
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

  it('tells calls beside events in the order of the rows, and only the last message of a row carries its id', async () => {
    const reader = await open('?topics=events,calls');
    await report('both-1');
    await report('both-1', 'ended');
    const messages = await reader.take(4);
    expect(messages.map(({ event }) => event)).toEqual(['status-update', 'call', 'status-update', 'call']);
    const [first, , second] = messages;
    expect(messages.map(({ id }) => id)).toEqual([
      undefined,
      String(first?.data['row']),
      undefined,
      String(second?.data['row']),
    ]);
    const call = (await hub.call('GET', '/v1/calls/both-1')).json() as unknown;
    expect(messages[3]?.data).toEqual({ row: second?.data['row'], call });
    await reader.close();
  });

  it('tells of a call that a report changed without an event', async () => {
    const reader = await open('?topics=events,calls');
    await report('noted-1', 'ended');
    await hub.call('PUT', '/v1/calls/noted-1/status', { status: 'ended', end_reason: 'customer-ended-call' });
    const messages = await reader.take(3);
    expect(messages.map(({ event }) => event)).toEqual(['status-update', 'call', 'call']);
    expect(messages[2]?.data).toMatchObject({ call: { end_reason: 'customer-ended-call' } });
    await reader.close();
    // Its row is past the last event's, and is a place of this journal nevertheless.
    const again = await open('?topics=events,calls', { 'last-event-id': reader.lastId() ?? '' });
    await report('noted-2');
    expect((await again.take(2)).map(({ event }) => event)).toEqual(['status-update', 'call']);
    await again.close();
  });

  it('gives a place before the first message, so that a break in a quiet time loses nothing', async () => {
    const reader = await open('?topics=calls');
    const place = reader.lastId();
    await reader.close();
    expect(place).toMatch(/^\d+$/);
    await report('quiet-1');
    const again = await open('?topics=calls', { 'last-event-id': place ?? '' });
    expect((await again.take(1)).map(({ data }) => data['call'])).toMatchObject([{ id: 'quiet-1' }]);
    await again.close();
  });

  it('loses no row and repeats none over breaks, however much is reported meanwhile', async () => {
    const rows: { readonly kind: string | undefined; readonly row: number }[] = [];
    const start = await open('?topics=events,calls');
    let lastId = start.lastId();
    await start.close();
    const from = Number(lastId);
    let isDone = false;
    const reporting = (async () => {
      for (let index = 0; index < 400; index += 1) {
        await Promise.all([
          report(`break-${index}`),
          index >= 20 ? report(`break-${index - 20}`, 'ended') : null,
          hub.call('PUT', `/v1/calls/break-${index}/status`, { status: 'in-progress', type: 'web_call' }),
        ]);
      }
      isDone = true;
    })();
    for (let breaks = 0; !isDone || breaks < 10; breaks += 1) {
      const reader = await open('?topics=events,calls', { 'last-event-id': lastId ?? '' });
      // When all is reported nothing more may come, and nothing would wake a wait for it.
      const enough = reader.until(() => reader.messages().length > 5 + breaks);
      await Promise.race([enough, reporting]);
      await reader.close();
      await enough.catch(() => {});
      const messages = reader.messages();
      // A row whose second message did not come is told again, both messages of it.
      const kept = messages.slice(0, messages.findLastIndex(({ id }) => id !== undefined) + 1);
      for (const { event, data } of kept) rows.push({ kind: event, row: Number(data['row']) });
      lastId = reader.lastId() ?? lastId;
    }
    await reporting;
    const last = await open('?topics=events,calls', { 'last-event-id': lastId ?? '' });
    await report('break-end');
    await last.until(() => last.text().includes('break-end') && last.messages().at(-1)?.event === 'call');
    for (const { event, data } of last.messages()) rows.push({ kind: event, row: Number(data['row']) });
    await last.close();

    const events = rows.filter(({ kind }) => kind === 'status-update').map(({ row }) => row);
    const wanted = await readFeedRows(from);
    expect(events).toEqual(wanted);
    const calls = rows.filter(({ kind }) => kind === 'call').map(({ row }) => row);
    expect(calls).toEqual([...new Set(calls)].toSorted((a, b) => a - b));
    for (const row of wanted) expect(calls).toContain(row);
  });

  it('tells how deliveries fare, and after a break that their list is to be read anew', async () => {
    const reader = await open('?topics=deliveries');
    hub.deliveryFeed.attempted(makeAttempt(1));
    expect(await reader.take(1)).toEqual([
      {
        id: undefined,
        event: 'delivery',
        data: {
          id: 'dlv_1',
          destination_id: 'dst_1',
          event_id: 'evt_1',
          event_type: 'status-update',
          call_id: 'call-1',
          sequence: 1,
          status: 'ended',
          state: 'pending',
          attempts: 2,
          last_status: 503,
          last_detail: 'The receiver of +31612345678 answered 503.',
          due_at: '2026-03-18T10:30:00.000Z',
        },
      },
    ]);
    await reader.close();
    const back = await open('?topics=deliveries,calls', { 'last-event-id': '1' });
    await back.until(() => back.messages().some(({ event }) => event === 'resync'));
    expect(back.messages().find(({ event }) => event === 'resync')?.data['topics']).toEqual(['deliveries']);
    await back.close();
  });

  it('tells the overview at once, the same that GET /v1/overview answers', async () => {
    const reader = await open('?topics=overview');
    const [message] = await reader.take(1);
    const answer = (await hub.call('GET', '/v1/overview')).json() as Record<string, unknown>;
    expect(message).toMatchObject({ id: undefined, event: 'overview' });
    expect({ ...message?.data, at: null }).toEqual({ ...answer, at: null });
    expect(answer).toMatchObject({ destinations: { enabled: 0 }, backlog: { pending: 0, oldest_at: null } });
    await reader.close();
  });

  it('masks numbers for a key that may only watch, and shows it no events', async () => {
    const key = await hub.makeKey(['watch']);
    const authorization = `Bearer ${key}`;
    const refused = await open('', { authorization });
    expect(refused.response.statusCode).toBe(403);
    const masked = await open('?topics=calls,deliveries', { authorization });
    const clear = await open('?topics=calls,deliveries');
    await hub.call('PUT', '/v1/calls/masked-1/status', {
      status: 'in-progress',
      customer: { number: '+31612345678' },
    });
    hub.deliveryFeed.attempted(makeAttempt(2));
    await masked.take(2);
    await clear.take(2);
    expect(clear.text()).toContain('+31612345678');
    expect(clear.text()).toContain('of +31612345678 answered');
    expect(masked.text()).not.toContain('61234');
    expect(masked.text()).toContain('+31 6 •••• 5678');
    await masked.close();
    await clear.close();
  });

  it('tells operational events as they come, masked like the rest, and after a break that their list is to be read anew', async () => {
    const authorization = `Bearer ${await hub.makeKey(['watch'])}`;
    const clear = await open('?topics=operational');
    const masked = await open('?topics=operational,overview', { authorization });
    // What was there before is read from the list.
    await masked.until(() => masked.messages().some(({ event }) => event === 'overview'));
    await hub.journal.appendOperationalEvent(
      'default',
      {
        type: 'destination.disabled',
        destination: { id: 'dst_1', kind: 'webhook', name: 'CRM' },
        reason: 'it refused +31612345678',
      },
      null,
    );
    const [message] = await clear.take(1);
    const [listed] = (await hub.call('GET', '/v1/operational-events')).json().data;
    expect(message).toEqual({ id: undefined, event: 'operational-event', data: listed });
    const isTold = () => masked.messages().some(({ event }) => event === 'operational-event');
    await masked.until(isTold);
    expect(masked.text()).not.toContain('61234');
    await clear.close();
    await masked.close();
    const back = await open('?topics=operational', { 'last-event-id': '1' });
    expect((await back.take(1))[0]).toMatchObject({ event: 'resync', data: { topics: ['operational'] } });
    await back.close();
  });

  it('filters calls by what they are', async () => {
    const reader = await open(`?topics=calls&q=${encodeURIComponent('state:failed error:stt')}`);
    await report('call-filter-1');
    const failure = { status: 'ended-with-error', error: 'STT connection failed' };
    await hub.call('PUT', '/v1/calls/call-filter-2/status', { ...failure, error: 'no answer' });
    await hub.call('PUT', '/v1/calls/call-filter-3/status', failure);
    expect((await reader.take(1)).map(({ data }) => data['call'])).toMatchObject([{ id: 'call-filter-3' }]);
    await reader.close();
  });

  it('refuses topics it does not have, and filters that mean nothing for those asked for', async () => {
    for (const query of [
      '?topics=',
      '?topics=events,call',
      '?topics=calls&q=status:ended',
      '?topics=events&q=state:live',
      '?topics=calls,deliveries&q=call:1',
      '?topics=overview&q=call:1',
      '?topics=operational&q=call:1',
    ]) {
      const reader = await open(query);
      expect([query, reader.response.statusCode]).toEqual([query, 400]);
    }
  });

  it('writes a burst in few pieces, the first message at once', async () => {
    const reader = await open('?topics=events,calls');
    const startedAtMs = performance.now();
    const piecesBefore = reader.pieces();
    await report('burst-first');
    await reader.take(2);
    const reports = Array.from({ length: 200 }, (_, index) => ({
      call_id: `burst-${index}`,
      status: 'in-progress',
    }));
    await hub.call('POST', '/v1/reports', { reports });
    await reader.take(402);
    const tookMs = performance.now() - startedAtMs;
    // A piece of the body may come in two of the socket.
    expect(reader.pieces() - piecesBefore).toBeLessThanOrEqual(2 * (2 + tookMs / STREAM_BATCH_MS));
    await reader.close();
  });
});

describe('many viewers', () => {
  it('of one key leave room for those of others', async () => {
    const shared = await openTestHub({ streamClientsMax: 5, streamClientsPerKeyMax: 2 });
    await shared.server.listen({ host: '127.0.0.1', port: 0 });
    const address = `http://127.0.0.1:${(shared.server.server.address() as AddressInfo).port}`;
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const first = await openStream(address, '/v1/stream', headers);
    const second = await openStream(address, '/v1/stream', headers);
    const refused = await openStream(address, '/v1/stream', headers);
    expect([refused.response.statusCode, refused.response.headers['retry-after']]).toEqual([503, '10']);
    const others = { authorization: `Bearer ${await shared.makeKey(['watch'])}` };
    const other = await openStream(address, '/v1/stream?topics=calls', others);
    expect(other.response.statusCode).toBe(200);
    await second.close();
    await expect.poll(async () => (await shared.call('GET', '/metrics')).body).toContain('sse_clients 2');
    const again = await openStream(address, '/v1/stream', headers);
    expect(again.response.statusCode).toBe(200);
    for (const reader of [first, other, again]) await reader.close();
    await shared.close();
  });

  it('begin at a time without a reading of the account for each step on the way there', async () => {
    let reads = 0;
    const small = await openTestHub(
      {},
      {
        journal: (journal) => ({
          ...journal,
          readFeed(...asked) {
            reads += 1;
            return journal.readFeed(...asked);
          },
        }),
      },
    );
    await small.server.listen({ host: '127.0.0.1', port: 0 });
    const address = `http://127.0.0.1:${(small.server.server.address() as AddressInfo).port}`;
    const account = (await small.call('POST', '/v1/accounts', { name: 'empty' })).json();
    const authorization = `Bearer ${await small.makeKey(['read'], account.id)}`;
    for (let index = 0; index < 50; index += 1) {
      await small.call('PUT', `/v1/calls/busy-${index}/status`, { status: 'in-progress' });
    }
    const before = reads;
    const reader = await openStream(address, '/v1/stream?since=300d', { authorization });
    expect(reads - before).toBeLessThanOrEqual(2);
    await reader.close();
    await small.close();
  });

  it('share one read of the journal, and one that takes nothing holds up none of the others', async () => {
    const reads = { feed: 0, changes: 0 };
    const crowd = await openTestHub(
      {},
      {
        journal: (journal) => ({
          ...journal,
          readFeed(...asked) {
            reads.feed += 1;
            return journal.readFeed(...asked);
          },
          readCallChanges(...asked) {
            reads.changes += 1;
            return journal.readCallChanges(...asked);
          },
        }),
      },
    );
    await crowd.server.listen({ host: '127.0.0.1', port: 0 });
    const address = `http://127.0.0.1:${(crowd.server.server.address() as AddressInfo).port}`;
    const headers = { authorization: `Bearer ${ADMIN_KEY}` };
    const watch = (): Promise<StreamReader> => openStream(address, '/v1/stream?topics=events,calls', headers);
    const readers = await Promise.all(Array.from({ length: 100 }, watch));
    const stuck = await watch();
    stuck.response.pause();
    const before = { ...reads };
    const wakes = 10;
    for (let index = 0; index < wakes; index += 1) {
      await crowd.call('PUT', `/v1/calls/crowd-${index}/status`, { status: 'in-progress' });
    }
    await Promise.all(readers.map((reader) => reader.take(wakes * 2)));
    // One for each wake-up at most, and one more each for a wake-up that came while it was reading.
    expect(reads.feed - before.feed).toBeLessThanOrEqual(2 * wakes);
    expect(reads.changes - before.changes).toBeLessThanOrEqual(2 * wakes);

    // About 20 MB for each viewer: more than every buffer on the way.
    const padding = 'x'.repeat(20_000);
    const [fast] = readers as [StreamReader];
    for (const reader of readers.slice(1)) await reader.close();
    for (let index = 0; index < 500; index += 100) {
      const reports = Array.from({ length: 100 }, (_, offset) => ({
        call_id: `large-${index + offset}`,
        status: 'ended-with-error',
        error: padding,
      }));
      for (let part = 0; part < 100; part += 50) {
        const answer = await crowd.call('POST', '/v1/reports', { reports: reports.slice(part, part + 50) });
        expect(answer.statusCode).toBe(200);
      }
      await fast.take((wakes + index + 100) * 2);
    }
    expect(stuck.messages().length).toBeLessThan(900);
    stuck.response.resume();
    await stuck.take((wakes + 500) * 2);
    expect(stuck.messages()).toEqual(fast.messages());
    await stuck.close();
    await fast.close();
    await crowd.close();
  });
});

function makeAttempt(row: number): RecordedDelivery {
  const body = { message: { call: { id: `call-${row}` } } };
  return {
    delivery: {
      id: `dlv_${row}`,
      row,
      destinationId: 'dst_1',
      accountId: 'default',
      eventId: 'evt_1',
      eventType: 'status-update',
      eventRow: 1,
      callRow: 1,
      sequence: 1,
      status: 'ended',
      body: Buffer.from(JSON.stringify(body)),
      traceparent: null,
      acceptedAtMs: 0,
      dueAtMs: 0,
      attempts: 1,
      rejections: 0,
      token: 1,
    },
    record: {
      deliveryRow: row,
      token: 1,
      number: 2,
      startedAtMs: 0,
      durationMs: 1,
      firstByteMs: 1,
      status: 503,
      cause: null,
      detail: 'The receiver of +31612345678 answered 503.',
      responseBody: null,
      outcome: 'retry',
      nextDueAtMs: Date.parse('2026-03-18T10:30:00Z'),
      deadReason: null,
      rejected: false,
      releasesNext: false,
    },
    recorded: { kind: 'recorded', state: 'pending' },
  };
}

async function readFeedRows(afterRow: number): Promise<readonly number[]> {
  const rows: number[] = [];
  for (;;) {
    const events = await hub.journal.readFeed('default', rows.at(-1) ?? afterRow, 500);
    if (events.length === 0) return rows;
    rows.push(...events.map(({ row }) => row));
  }
}
