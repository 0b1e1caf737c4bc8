import { once } from 'node:events';
import net from 'node:net';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { afterEach, describe, expect, it } from 'vitest';
import { endedWithin } from '../../../../test/support/ended-within.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import type { Resolver } from '../egress/resolver.ts';
import { makeKnownCall } from '../test-ground.ts';
import { createRedisStand, makeRequest, until } from './test-stand.ts';

/** One array as the hostile ones announce it takes 264 MB; what waits for the collector, which comes when it likes, far less. */
const TRANSIENT_BYTES_MAX = 200e6;
/** After a collection. */
const KEPT_BYTES_MAX = 20e6;

const stand = createRedisStand();
const servers: net.Server[] = [];
afterEach(async () => {
  await stand.clear();
  for (const server of servers.splice(0)) server.close();
});

describe('a hostile server in the place of Redis', () => {
  it.each([
    [
      'answers garbage',
      (socket: net.Socket) => onFirst(socket, 'HTTP/1.1 400 Bad Request\r\n\r\n'),
      'protocol',
    ],
    [
      'answers RESP 3 pushes',
      (socket: net.Socket) => onFirst(socket, '>3\r\n+MOVING\r\n:1\r\n+169.254.169.254:80\r\n'),
      'protocol',
    ],
    ['announces a huge bulk string', (socket: net.Socket) => onFirst(socket, '$99999999999\r\n'), 'protocol'],
    [
      'announces huge nested arrays',
      (socket: net.Socket) => onFirst(socket, '*33000000\r\n'.repeat(50)),
      'protocol',
    ],
    ['answers without end', (socket: net.Socket) => pour(socket), 'protocol'],
    ['never answers', () => {}, 'timeout'],
    ['drips an answer', (socket: net.Socket) => drip(socket), 'timeout'],
    ['closes at once', (socket: net.Socket) => socket.destroy(), 'reset'],
    ['resets', (socket: net.Socket) => socket.resetAndDestroy(), 'reset'],
    ['answers each command with OK', (socket: net.Socket) => answerEach(socket, '+OK\r\n'), 'settings'],
    [
      'answers more than it was asked',
      (socket: net.Socket) => onFirst(socket, '+OK\r\n'.repeat(1_000)),
      'protocol',
    ],
  ])('that %s fails the attempt in time and takes no memory', async (_, answer, cause) => {
    const port = await serve((socket) => answer(socket));
    const { sender } = stand.open(
      { settings: { url: `redis://127.0.0.1:${port}` } },
      { calls: [makeKnownCall({ callId: 'a' })] },
    );
    collect();
    const before = readMemory();
    // Where anything but the end of the time is to come of it, there is time for that on a busy machine, too.
    const deadlineMs = cause === 'timeout' ? 1_000 : 10_000;
    let highest = before;
    // Arrays are counted when they are made, in the turn in which the answer is read: it is looked at after each.
    const watching = setInterval(() => (highest = Math.max(highest, readMemory())), 1);
    const result = await endedWithin(
      sender.attempt(makeRequest('a', { deadlineMs })),
      deadlineMs + 1_500,
    ).finally(() => clearInterval(watching));
    expect(result).toMatchObject({ cause });
    expect(Math.max(highest, readMemory()) - before).toBeLessThan(TRANSIENT_BYTES_MAX);
    sender.abandon();
    collect();
    expect(readMemory() - before).toBeLessThan(KEPT_BYTES_MAX);
  });

  it('that resets every connection is not dialled more often than twice in a quarter of a second', async () => {
    let dials = 0;
    const port = await serve((socket) => {
      dials += 1;
      socket.resetAndDestroy();
    });
    const { sender } = stand.open({ settings: { url: `redis://127.0.0.1:${port}` } });
    const startedAtMs = performance.now();
    let attempts = 0;
    while (attempts < 20 || performance.now() - startedAtMs < 600) {
      expect(await sender.attempt(makeRequest('a'))).toMatchObject({ cause: 'reset' });
      attempts += 1;
      await new Promise((resolve) => setImmediate(resolve));
    }
    const quarters = Math.ceil((performance.now() - startedAtMs) / 250);
    expect(dials).toBeLessThanOrEqual(2 * (quarters + 1));
  });

  it('cannot make the comparison run for ever, nor stop what is closed', async () => {
    let scans = 0;
    const port = await serve((socket) => {
      socket.on('data', (chunk: Buffer) => {
        const names = [...chunk.toString('latin1').matchAll(/\*\d+\r\n\$\d+\r\n([A-Z]+)\r\n/g)].map(
          ([, name]) => name,
        );
        for (const name of names) {
          if (name === 'TYPE') socket.write('+none\r\n');
          else if (name === 'GET') socket.write('$8\r\ndst_TEST\r\n');
          else if (name === 'EXEC') socket.write('*1\r\n+OK\r\n');
          else if (name === 'SSCAN') {
            scans += 1;
            socket.write('*2\r\n$1\r\n7\r\n*1\r\n$1\r\nx\r\n');
          } else socket.write('+OK\r\n');
        }
      });
    });
    const { sender } = stand.open({ settings: { url: `redis://127.0.0.1:${port}` } });
    await until(() => scans > 100, 'it scans in a circle');
    // Attempts have their turn all the same.
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    await sender.close();
    const atEnd = scans;
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(scans).toBe(atEnd);
  });
});

describe('the egress guard of a Redis destination', () => {
  const settingsOf = (url: string, over: object = {}) => ({ settings: { url, ...over } });

  it('dials no address that DNS gives and the rules forbid, however the others look', async () => {
    let connections = 0;
    const port = await serve(() => (connections += 1));
    const resolver: Resolver = {
      resolve: async () => ({ kind: 'resolved', addresses: ['127.0.0.1', '169.254.169.254'] }),
    };
    const { sender } = stand.open({
      ...settingsOf(`redis://redis.example.com:${port}`),
      kind: { resolver },
    });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'blocked',
      detail: expect.stringMatching(/^the address of redis\.example\.com cannot be used: it is a link-local/),
    });
    expect(connections).toBe(0);
  });

  it('asks DNS again for each connection, so that a name that moves is caught', async () => {
    let connections = 0;
    const port = await serve((socket) => {
      connections += 1;
      socket.destroy();
    });
    let address = '127.0.0.1';
    const resolver: Resolver = { resolve: async () => ({ kind: 'resolved', addresses: [address] }) };
    const { sender, ground } = stand.open({
      ...settingsOf(`redis://redis.example.com:${port}`),
      kind: { resolver },
    });
    await until(() => connections > 0, 'it was dialled');
    address = '10.0.0.1';
    await until(
      () => ground.troubles.some(({ detail }) => detail.includes('private address')),
      'it was blocked',
    );
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'blocked',
      detail: expect.stringContaining('OFFHOOK_EGRESS_ALLOW'),
    });
  });

  it('holds for the nodes that a cluster announces', async () => {
    for (const [announced, words] of [
      ['169.254.169.254:6379', /link-local/],
      ['10.0.0.7:6379', /private address.*OFFHOOK_EGRESS_ALLOW/],
      ['1.1.1.1:22', /cannot be used/],
    ] as const) {
      const port = await serve((socket) => {
        answerEach(socket, `-MOVED 3999 ${announced}\r\n`);
      });
      const { sender } = stand.open(settingsOf(`redis://127.0.0.1:${port}`, { cluster: true }));
      expect(await sender.attempt(makeRequest('a'))).toMatchObject({
        kind: 'failed',
        cause: expect.stringMatching(/blocked|refused/),
        detail: expect.stringMatching(words),
      });
      sender.abandon();
    }
  });

  it('is not led in a circle by nodes that send us to each other', async () => {
    let connections = 0;
    const port: number = await serve((socket) => {
      connections += 1;
      answerEach(socket, `-MOVED 3999 127.0.0.1:${port}\r\n`);
    });
    const { sender } = stand.open(settingsOf(`redis://127.0.0.1:${port}`, { cluster: true }));
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'protocol',
      detail: 'the nodes of the cluster send us to each other in a circle',
    });
    expect(connections).toBeLessThan(20);
  });

  it('lets no loopback through where the hub is not on its own', async () => {
    let connections = 0;
    const port = await serve(() => (connections += 1));
    const egress = createEgressGuard({ allow: [], allowLoopback: false, allowHttp: true });
    const resolver: Resolver = { resolve: async () => ({ kind: 'resolved', addresses: ['127.0.0.1'] }) };
    const { sender } = stand.open({
      ...settingsOf(`redis://redis.example.com:${port}`),
      kind: { egress, resolver },
    });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'blocked',
      detail: expect.stringContaining('loopback'),
    });
    expect(connections).toBe(0);
  });
});

setFlagsFromString('--expose-gc');
const collect = runInNewContext('gc') as () => void;

/** Of this process's own objects and buffers: what else is resident is the allocator's and the system's choice. */
function readMemory(): number {
  const { heapUsed, external } = process.memoryUsage();
  return heapUsed + external;
}

async function serve(onConnection: (socket: net.Socket) => void): Promise<number> {
  const server = net.createServer({ noDelay: true }, (socket) => {
    socket.on('error', () => {});
    onConnection(socket);
  });
  servers.push(server);
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server has no port');
  return address.port;
}

function onFirst(socket: net.Socket, answer: string): void {
  socket.once('data', () => socket.write(answer));
}

/** A bulk string of the announced length that never ends, as fast as it is taken. */
function pour(socket: net.Socket): void {
  const chunk = Buffer.alloc(256 * 1024, 'x');
  socket.write('*65000\r\n');
  const more = (): void => {
    while (
      !socket.destroyed &&
      socket.write(`$${chunk.length}\r\n`) &&
      socket.write(chunk) &&
      socket.write('\r\n')
    );
    if (!socket.destroyed) socket.once('drain', more);
  };
  more();
}

function drip(socket: net.Socket): void {
  const timer = setInterval(() => socket.write('x'), 20);
  socket.write('+');
  socket.on('close', () => clearInterval(timer));
}

/** To the client's own CLIENT SETINFO and to every command. */
function answerEach(socket: net.Socket, reply: string): void {
  socket.on('data', (chunk: Buffer) => {
    socket.write(reply.repeat(chunk.toString('latin1').match(/\*\d+\r\n/g)?.length ?? 0));
  });
}
