import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, describe, expect, it } from 'vitest';
import { createClient } from '@redis/client';
import { toOperationalBody } from '@offhook/contract/operational-event';
import { findRedisServer } from '../../../../proofs/redis/redis-server.ts';
import { endedWithin } from '../../../../test/support/ended-within.ts';
import { createTestGround, makeKnownCall } from '../test-ground.ts';
import { createRedisStand, createStandKind, makeRequest, readHash, readSet, until } from './test-stand.ts';

const stand = createRedisStand();
afterEach(() => stand.clear());

const ended = (callId: string) =>
  makeKnownCall({ callId, state: 'ended', endedAtMs: 1_795_312_860_000, durationMs: 60_000 });

describe.skipIf(findRedisServer() === null)('a Redis destination (skipped without redis-server)', () => {
  it('adds a call that is live and takes it out when it has ended, whatever the event itself says', async () => {
    const server = await stand.startServer();
    const { sender, ground } = stand.open({ settings: { url: toUrl(server) } });
    ground.calls.set('a', makeKnownCall({ callId: 'a' }));
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      kind: 'done',
      detail: 'Active: in active_calls',
    });
    expect(await readSet(server)).toEqual(['a']);
    ground.calls.set('a', ended('a'));
    // A late "in-progress", or the same one again: the truth is that the call has ended.
    expect(await sender.attempt(makeRequest('a', { attemptNumber: 2 }))).toMatchObject({
      kind: 'done',
      detail: 'Not active: not in active_calls',
    });
    expect(await readSet(server)).toEqual([]);
  });

  it('keeps ids as they are: spaces, braces, plus signs, umlauts and the longest there are', async () => {
    const server = await stand.startServer();
    const ids = ['+31612345678', 'a b\r\nc', '{tag}', 'Ünïcödé ☎', 'x'.repeat(256)];
    const { sender } = stand.open(
      { settings: { url: toUrl(server) } },
      { calls: ids.map((callId) => makeKnownCall({ callId })) },
    );
    await Promise.all(ids.map((id) => sender.attempt(makeRequest(id))));
    expect(await readSet(server)).toEqual(ids.toSorted());
  });

  it('finds what a lost or foreign past left behind: zombies go, missing calls come, strangers go', async () => {
    const server = await stand.startServer();
    await server.command('SADD', 'active_calls', 'zombie', 'live-1', 'x'.repeat(2_000));
    const live = Array.from({ length: 2_500 }, (_, nth) => makeKnownCall({ callId: `live-${nth}` }));
    stand.open({ settings: { url: toUrl(server) } }, { calls: [...live, ended('zombie')] });
    await until(async () => (await readSet(server)).length === live.length, 'the set is whole');
    expect(await readSet(server)).toEqual(live.map(({ callId }) => callId).toSorted());
  });

  it('notices a flush with the next event and fills the set again at once', async () => {
    const server = await stand.startServer();
    const { sender, ground } = stand.open(
      { settings: { url: toUrl(server), call_hashes: true } },
      { calls: ['a', 'b', 'c'].map((callId) => makeKnownCall({ callId })) },
    );
    await until(async () => (await readSet(server)).length === 3, 'the set is filled');
    await server.command('FLUSHALL');
    await sender.attempt(makeRequest('a'));
    await until(async () => (await readSet(server)).length === 3, 'the set is filled again');
    await until(
      async () => (await readHash(server, 'active_calls:call:c'))['status'] !== undefined,
      'hashes are back',
    );
    expect(ground.troubles).toEqual([]);
  });

  it('notices a flush without any event by its timer, and takes stale calls out then', async () => {
    const server = await stand.startServer();
    const { ground } = stand.open(
      { settings: { url: toUrl(server), reconcile_s: 5 } },
      {
        calls: ['a', 'b'].map((callId) => makeKnownCall({ callId })),
        clock: {
          nowMs: () => Date.now(),
          monotonicMs: () => performance.now(),
          // A hundred times as fast.
          setTimer: (callback, delayMs) => {
            const timer = setTimeout(callback, delayMs / 100);
            return () => clearTimeout(timer);
          },
        },
      },
    );
    await until(async () => (await readSet(server)).length === 2, 'the set is filled');
    await server.command('FLUSHALL');
    await until(async () => (await readSet(server)).length === 2, 'the set is filled again');
    ground.calls.set('a', makeKnownCall({ callId: 'a', isActive: false }));
    await until(async () => (await readSet(server)).length === 1, 'the stale call is out');
    expect(await readSet(server)).toEqual(['b']);
  });

  it('comes back by itself after a restart of Redis, and fails attempts meanwhile with what stands in the way', async () => {
    const server = await stand.startServer();
    const { sender, ground } = stand.open(
      { settings: { url: toUrl(server) } },
      { calls: ['a', 'b'].map((callId) => makeKnownCall({ callId })) },
    );
    await until(async () => (await readSet(server)).length === 2, 'the set is filled');
    await server.kill();
    const result = await sender.attempt(makeRequest('a'));
    expect(result).toMatchObject({ kind: 'failed', cause: 'connect' });
    expect(result).toMatchObject({ detail: expect.stringContaining('connection refused') });
    await until(() => ground.troubles.length > 0, 'trouble is told');
    const again = await stand.startServer({ port: server.port });
    await until(async () => (await readSet(again)).length === 2, 'the set is filled again');
    expect(new Set(ground.troubles.map(({ detail }) => detail)).size).toBe(ground.troubles.length);
    expect(await sender.attempt(makeRequest('b'))).toMatchObject({ kind: 'done' });
  });

  it('answers within the deadline when Redis hangs, and catches up when it goes on', async () => {
    const server = await stand.startServer();
    const { sender, ground } = stand.open({ settings: { url: toUrl(server) } });
    ground.calls.set('a', makeKnownCall({ callId: 'a' }));
    await sender.attempt(makeRequest('a'));
    server.signal('SIGSTOP');
    ground.calls.set('a', ended('a'));
    expect(await endedWithin(sender.attempt(makeRequest('a', { deadlineMs: 300 })), 2_000)).toMatchObject({
      kind: 'failed',
      cause: 'timeout',
    });
    server.signal('SIGCONT');
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    expect(await readSet(server)).toEqual([]);
  });

  it('says in words what Redis refuses, and takes part again when it no longer does', async () => {
    const server = await stand.startServer();
    const { sender } = stand.open(
      { settings: { url: toUrl(server) } },
      { calls: [makeKnownCall({ callId: 'a' })] },
    );
    await sender.attempt(makeRequest('a'));
    await server.command('CONFIG', 'SET', 'maxmemory', '1');
    const attempt = async () => sender.attempt(makeRequest('a'));
    expect(await attempt()).toMatchObject({
      cause: 'refused',
      detail: expect.stringContaining('out of memory'),
    });
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    expect(await attempt()).toMatchObject({ kind: 'done' });
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', '1');
    expect(await attempt()).toMatchObject({ cause: 'refused', detail: expect.stringContaining('replicas') });
    await server.command('CONFIG', 'SET', 'min-replicas-to-write', '0');
    await until(async () => (await attempt()).kind === 'done', 'it writes again');
    await server.command('REPLICAOF', '127.0.0.1', '1');
    expect(await attempt()).toMatchObject({ cause: 'refused', detail: expect.stringContaining('replica') });
    await server.command('REPLICAOF', 'NO', 'ONE');
    await until(async () => (await attempt()).kind === 'done', 'it writes again');
    await server.command('CLIENT', 'KILL', 'TYPE', 'normal');
    expect(await attempt()).toMatchObject({ kind: 'done' });
  });

  it('does not touch a key of another type', async () => {
    const server = await stand.startServer();
    await server.command('SET', 'active_calls', 'precious');
    const { sender } = stand.open({ settings: { url: toUrl(server) } });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'settings',
      detail: 'active_calls is of type string, not a set: choose another set_name, or delete it',
    });
    expect(await server.command('GET', 'active_calls')).toBe('precious');
  });

  it('leaves a set alone that another destination keeps, and takes it when that one lets go', async () => {
    const server = await stand.startServer();
    const settings = { url: toUrl(server) };
    const first = stand.open(
      { settings },
      { destinationId: 'dst_first', calls: [makeKnownCall({ callId: 'a' })] },
    );
    await first.sender.attempt(makeRequest('a'));
    const second = stand.open(
      { settings },
      { destinationId: 'dst_second', calls: [makeKnownCall({ callId: 'b' })] },
    );
    expect(await second.sender.attempt(makeRequest('b'))).toMatchObject({
      cause: 'settings',
      detail: expect.stringMatching(
        /active_calls is kept by the destination dst_first: choose another set_name/,
      ),
    });
    expect(await readSet(server)).toEqual(['a']);
    await first.sender.close();
    await until(async () => (await readSet(server)).join() === 'b', 'the second keeps the set');
  });

  it("takes a set over when its keeper's lease has run out", async () => {
    const server = await stand.startServer();
    const settings = { url: toUrl(server) };
    const first = stand.open({ settings }, { destinationId: 'dst_first' });
    await until(
      async () => (await server.command('EXISTS', 'active_calls:offhook')) === 1,
      'there is a marker',
    );
    // As kill -9 does: the marker stays.
    first.sender.abandon();
    expect(Number(await server.command('PTTL', 'active_calls:offhook'))).toBeGreaterThan(4 * 60_000);
    await server.command('PEXPIRE', 'active_calls:offhook', '1');
    stand.open({ settings }, { destinationId: 'dst_second', calls: [makeKnownCall({ callId: 'b' })] });
    await until(async () => (await readSet(server)).join() === 'b', 'the second keeps the set');
  });

  it('holds its lease with a timer of its own, however seldom it compares, and notices a flush by that', async () => {
    const server = await stand.startServer();
    // Waits of a minute and more end when this test says so, and never of themselves.
    const held = new Set<() => void>();
    const endWait = async (): Promise<void> => {
      await until(() => held.size === 1, 'it waits for its next turn');
      const [callback] = held;
      held.clear();
      callback?.();
    };
    const { ground } = stand.open(
      { settings: { url: toUrl(server), reconcile_s: 3_600 } },
      {
        calls: ['a', 'b'].map((callId) => makeKnownCall({ callId })),
        clock: {
          nowMs: () => Date.now(),
          monotonicMs: () => performance.now(),
          setTimer: (callback, delayMs) => {
            if (delayMs >= 60_000) {
              held.add(callback);
              return () => void held.delete(callback);
            }
            const timer = setTimeout(callback, delayMs);
            return () => clearTimeout(timer);
          },
        },
      },
    );
    await until(async () => (await readSet(server)).length === 2, 'the set is filled');
    expect(Number(await server.command('PTTL', 'active_calls:offhook'))).toBeLessThanOrEqual(10 * 60_000);
    await server.command('PEXPIRE', 'active_calls:offhook', '60000');
    await endWait();
    await until(
      async () => Number(await server.command('PTTL', 'active_calls:offhook')) > 4 * 60_000,
      'the lease is renewed',
    );
    await server.command('FLUSHALL');
    // The second of the 36 waits of an hour.
    await endWait();
    await until(async () => (await readSet(server)).length === 2, 'the set is filled again');
    expect(ground.troubles).toEqual([]);
  });

  it('comes to the truth after Redis came back with old data, whose marker is its own', async () => {
    const folder = await mkdtemp(join(tmpdir(), 'offhook-redis-test-'));
    try {
      const configuration = [`dir ${folder}`, 'dbfilename old.rdb'];
      const server = await stand.startServer({ configuration });
      const { sender, ground } = stand.open(
        { settings: { url: toUrl(server), call_hashes: true } },
        { calls: ['a', 'b'].map((callId) => makeKnownCall({ callId })) },
      );
      await until(async () => (await readSet(server)).length === 2, 'the set is filled');
      await server.command('SAVE');
      ground.calls.set('a', ended('a'));
      ground.calls.set('c', makeKnownCall({ callId: 'c' }));
      await Promise.all(['a', 'c'].map((callId) => sender.attempt(makeRequest(callId))));
      expect(await readSet(server)).toEqual(['b', 'c']);
      await server.kill();
      const again = await stand.startServer({ port: server.port, configuration });
      expect(await again.command('GET', 'active_calls:offhook')).toBe('dst_TEST');
      await until(async () => (await readSet(again)).join() === 'b,c', 'the set is right again');
      await until(
        async () => (await readHash(again, 'active_calls:call:a'))['status'] === 'ended',
        'the old hash is right again',
      );
    } finally {
      await rm(folder, { recursive: true });
    }
  });

  it.each(['allkeys-lru', 'volatile-lru'])('makes good what Redis evicted by %s', async (policy) => {
    const server = await stand.startServer();
    const settings = { url: toUrl(server), call_hashes: true, reconcile_s: 5 };
    const calls = Array.from({ length: 500 }, (_, nth) => makeKnownCall({ callId: `c-${nth}` }));
    const { sender } = stand.open({ settings }, { calls });
    const countKeys = async () => Number(await server.command('DBSIZE'));
    await until(async () => (await countKeys()) === calls.length + 2, 'all is written');
    const before = await countKeys();
    await server.command('CONFIG', 'SET', 'maxmemory-policy', policy, 'maxmemory', '1mb');
    expect(await countKeys()).toBeLessThan(before);
    await server.command('CONFIG', 'SET', 'maxmemory', '0');
    await sender.attempt(makeRequest('c-0'));
    await until(
      async () => (await readSet(server)).length === calls.length && (await countKeys()) === calls.length + 2,
      'all is there again',
    );
  });

  it('keeps those calls only that its filter asks for, and takes others out', async () => {
    const server = await stand.startServer();
    await server.command('SADD', 'active_calls', 'theirs');
    const theirs = makeKnownCall({ callId: 'theirs', phoneNumber: { number: '+31201234567' } });
    const { sender } = stand.open(
      { settings: { url: toUrl(server), call_hashes: true } },
      {
        calls: [makeKnownCall({ callId: 'ours' }), theirs],
        isWanted: ({ phoneNumber }) => phoneNumber?.number === '+31850835037',
      },
    );
    await until(async () => (await readSet(server)).join() === 'ours', 'only ours is in the set');
    expect(await server.command('EXISTS', 'active_calls:call:theirs')).toBe(0);
    // An event from before the filter was changed.
    expect(await sender.attempt(makeRequest('theirs'))).toMatchObject({
      detail: 'Not active: not in active_calls',
    });
    expect(await readSet(server)).toEqual(['ours']);
    expect(await server.command('EXISTS', 'active_calls:call:theirs')).toBe(0);
  });

  it('carries on after a restart of the hub', async () => {
    const server = await stand.startServer();
    const settings = { url: toUrl(server) };
    const ground = createTestGround({ calls: [makeKnownCall({ callId: 'a' })] });
    const first = stand.open({ settings, ground });
    await first.sender.attempt(makeRequest('a'));
    first.sender.abandon();
    ground.calls.set('a', ended('a'));
    ground.calls.set('b', makeKnownCall({ callId: 'b' }));
    stand.open({ settings, ground });
    await until(async () => (await readSet(server)).join() === 'b', 'the set is right');
  });

  it('refuses what an older connection sends late', async () => {
    const server = await stand.startServer();
    const settings = { url: toUrl(server) };
    const ground = createTestGround({ calls: [makeKnownCall({ callId: 'a' })] });
    const old = createClient({ url: settings.url, RESP: 2 });
    old.on('error', () => {});
    await old.connect();
    stand.open({ settings, ground });
    await until(async () => (await readSet(server)).length === 1, 'the set is filled');
    // What a hub's sender does before each transaction, by hand.
    await old.sendCommand(['WATCH', 'active_calls:offhook']);
    const newer = stand.open({ settings, ground });
    expect(await newer.sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    await old.sendCommand(['MULTI']);
    await old.sendCommand(['SADD', 'active_calls', 'zombie']);
    expect(await old.sendCommand(['EXEC'])).toBeNull();
    expect(await readSet(server)).toEqual(['a']);
    old.destroy();
  });

  it('keeps a hash per call, which goes some time after the end', async () => {
    const server = await stand.startServer();
    const { sender, ground } = stand.open({
      settings: { url: toUrl(server), key_prefix: 'v:', set_name: 'live', call_hashes: true, hash_ttl_s: 90 },
    });
    ground.calls.set('a', makeKnownCall({ callId: 'a', customer: null }));
    await sender.attempt(makeRequest('a'));
    const hash = await readHash(server, 'v:live:call:a');
    expect(hash).toEqual({
      status: 'in-progress',
      type: 'inbound_phone_call',
      phone_number: '+31850835037',
      started_at: '2026-11-22T02:00:00.000Z',
      live_since: '2026-11-22T02:00:00.000Z',
      updated_at: expect.stringMatching(/^20\d\d-.*Z$/),
    });
    // Its end is told long before; a hash whose destination is gone, or of an old dump, does not stay for ever.
    expect(await server.command('TTL', 'v:live:call:a')).toBeGreaterThan(86_000);
    ground.calls.set('a', { ...ended('a'), state: 'failed', error: 'STT connection failed' });
    await sender.attempt(makeRequest('a', { sequence: 2 }));
    expect(await readHash(server, 'v:live:call:a')).toMatchObject({
      status: 'ended-with-error',
      ended_at: '2026-11-22T02:01:00.000Z',
      duration_ms: '60000',
      error: 'STT connection failed',
    });
    expect(await server.command('TTL', 'v:live:call:a')).toBeGreaterThan(80);
    // Forgotten by the journal: nothing is known of it any more.
    ground.calls.delete('a');
    await sender.attempt(makeRequest('a', { sequence: 2 }));
    expect(await server.command('EXISTS', 'v:live:call:a')).toBe(0);
  });

  it('tells each event on the channel and the stream, with its exact bytes, after the set was written', async () => {
    const server = await stand.startServer();
    const settings = {
      url: toUrl(server),
      publish_channel: 'events',
      stream_name: 'calls',
      stream_length_max: 5,
    };
    const { sender } = stand.open({ settings }, { calls: [makeKnownCall({ callId: 'a' })] });
    const reader = createClient({ url: settings.url, RESP: 2 });
    const watcher = reader.duplicate();
    await Promise.all([reader.connect(), watcher.connect()]);
    const seen: { readonly message: string; readonly members: number }[] = [];
    await reader.subscribe('events', (message) => {
      void watcher.sCard('active_calls').then((members) => seen.push({ message, members }));
    });
    const request = makeRequest('a', { sequence: 3 });
    expect(await sender.attempt(request)).toMatchObject({ detail: 'Active: in active_calls, event told' });
    await until(() => seen.length === 1, 'the message came');
    const body = Buffer.from(request.body).toString();
    expect(seen[0]).toEqual({
      message: `{"event_id":"evt_a","event_type":"status-update","sequence":3,"event":${body}}`,
      members: 1,
    });
    const entries = await watcher.xRange('calls', '-', '+');
    expect(entries?.map(({ message }) => ({ ...message }))).toEqual([
      { event_id: 'evt_a', event_type: 'status-update', sequence: '3', body },
    ]);
    await Promise.all(Array.from({ length: 500 }, () => sender.attempt(request)));
    expect(await watcher.xLen('calls')).toBeLessThan(250);
    reader.destroy();
    watcher.destroy();
  });

  it('only tells operational events', async () => {
    const server = await stand.startServer();
    const body = toOperationalBody(
      { type: 'call.stale', call: { id: 'a', type: null }, live_since: '2026-11-22T02:00:00.000Z' },
      '2026-11-22T06:00:00.000Z',
    );
    const request = makeRequest('a', { eventId: 'ope_1', eventType: 'call.stale', sequence: 0, body });
    const silent = stand.open({ settings: { url: toUrl(server) } }, { destinationId: 'dst_1' });
    expect(await silent.sender.attempt(request)).toMatchObject({
      kind: 'done',
      detail: 'Nothing to write: no channel and no stream is set',
    });
    const settings = { url: toUrl(server), set_name: 'other', stream_name: 'calls' };
    const telling = stand.open({ settings }, { destinationId: 'dst_2' });
    expect(await telling.sender.attempt(request)).toMatchObject({ kind: 'done', detail: 'Event told' });
    expect(await server.command('XLEN', 'calls')).toBe(1);
    expect(await server.command('EXISTS', 'other')).toBe(0);
  });

  it('fails the attempt, and says so once, while the journal is in trouble', async () => {
    const server = await stand.startServer();
    const { sender, ground } = stand.open({ settings: { url: toUrl(server) } });
    await sender.attempt(makeRequest('a'));
    ground.trouble = new Error('disk I/O error');
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      kind: 'failed',
      detail: 'the hub could not read its journal',
    });
    ground.trouble = null;
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
  });

  it('leaves no connection behind when it is closed, and writes what waits before', async () => {
    const server = await stand.startServer();
    const calls = Array.from({ length: 1_000 }, (_, nth) => makeKnownCall({ callId: `c-${nth}` }));
    const { sender, ground } = stand.open({ settings: { url: toUrl(server) } });
    for (const call of calls) ground.calls.set(call.callId, call);
    const attempts = calls.map(({ callId }) => sender.attempt(makeRequest(callId)));
    await sender.close();
    expect((await Promise.all(attempts)).every(({ kind }) => kind === 'done')).toBe(true);
    expect(await sender.attempt(makeRequest('late'))).toMatchObject({ kind: 'failed', cause: 'reset' });
    await until(async () => (await countClients(server)) === 1, 'only the one who asks is connected');
    expect(await server.command('EXISTS', 'active_calls:offhook')).toBe(0);
  });

  it('gives an abandoned attempt no outcome and lets go of its connection', async () => {
    const server = await stand.startServer();
    const { sender } = stand.open({ settings: { url: toUrl(server) } });
    await sender.attempt(makeRequest('a'));
    server.signal('SIGSTOP');
    let outcomes = 0;
    void sender.attempt(makeRequest('b', { deadlineMs: 200 })).then(() => (outcomes += 1));
    sender.abandon();
    server.signal('SIGCONT');
    await until(async () => (await countClients(server)) === 1, 'only the one who asks is connected');
    const { sender: other } = stand.open({ settings: { url: toUrl(server), set_name: 'other' } });
    await other.attempt(makeRequest('c'));
    expect(outcomes).toBe(0);
  });

  it('can be tested: it says what it found, what it may not, and leaves nothing behind', async () => {
    const server = await stand.startServer();
    const kind = createStandKind();
    const settings = (over: object = {}) =>
      kind.settings.parse({ url: toUrl(server), stream_name: 'calls', call_hashes: true, ...over });
    const test = async (over?: object) => kind.test?.(settings(over), createTestGround(), 15_000);
    expect(await test()).toMatchObject({
      kind: 'done',
      detail: expect.stringMatching(/^Redis 7\.\S+; active_calls is empty$/),
    });
    await server.command('SADD', 'active_calls', 'x');
    await server.command('CONFIG', 'SET', 'maxmemory', '100mb', 'maxmemory-policy', 'allkeys-lru');
    expect(await test()).toMatchObject({
      detail: expect.stringMatching(
        /active_calls holds 1 id; warning: maxmemory-policy allkeys-lru may evict/,
      ),
    });
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'volatile-lru');
    expect(await test()).toMatchObject({
      detail: expect.stringMatching(/warning: maxmemory-policy volatile-lru may evict .*use noeviction$/),
    });
    await server.command('CONFIG', 'SET', 'maxmemory-policy', 'noeviction');
    expect(await test()).toMatchObject({ detail: expect.stringMatching(/holds 1 id$/) });
    expect(await server.command('KEYS', '*')).toEqual(['active_calls']);
    await server.command('SET', 'active_calls:offhook', 'dst_other');
    expect(await test()).toMatchObject({ cause: 'settings', detail: expect.stringContaining('dst_other') });
    await server.command('SET', 'text', 'x');
    expect(await test({ set_name: 'text' })).toMatchObject({ cause: 'settings' });
    await server.command('REPLICAOF', '127.0.0.1', '1');
    expect(await test({ set_name: 'free' })).toMatchObject({
      cause: 'refused',
      detail: expect.stringContaining('replica'),
    });
    await server.kill();
    expect(await test()).toMatchObject({ cause: 'connect' });
  });
});

function toUrl({ port }: { readonly port: number }): string {
  return `redis://127.0.0.1:${port}`;
}

async function countClients(server: {
  command(...words: readonly string[]): Promise<unknown>;
}): Promise<number> {
  return String(await server.command('CLIENT', 'LIST'))
    .trim()
    .split('\n').length;
}
