import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import { createEgressGuard } from '../egress/address-rules.ts';
import type { Resolver } from '../egress/resolver.ts';
import { createGuardedConnect } from '../egress/guarded-connect.ts';
import type { HttpClientOptions } from './http-client.ts';
import { createHttpClient } from './http-client.ts';

const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK';
const post = { path: '/', headers: [], body: Buffer.from('{}'), deadlineMs: 10_000 };

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('the HTTP client', () => {
  it('keeps a socket for the next post', async () => {
    const { server, target, client } = await start();
    for (let nth = 0; nth < 10; nth++) expect(await target.post(post)).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(1);
    expect(client.idleSockets).toBe(1);
  });

  it('resolves and checks again once a socket has reached its age', async () => {
    const { server, target, resolved } = await start({ socketAgeMsMax: 0 });
    for (let nth = 0; nth < 3; nth++) expect(await target.post(post)).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(3);
    expect(resolved()).toBe(3);
  });

  it('keeps no more idle sockets than allowed, over all targets together', async () => {
    const { client, server, open } = await start({ idleSocketsMax: 3 });
    const targets = Array.from({ length: 8 }, open);
    await Promise.all(targets.map((one) => one.post(post)));
    expect(client.idleSockets).toBe(3);
    await until(() => server.openSockets() === 3);
    for (const one of targets) one.close();
    await until(() => server.openSockets() === 0);
    expect(client.idleSockets).toBe(0);
  });

  it('sends once more, on a fresh socket, when a kept one dies before a byte of the answer', async () => {
    // Each connection answers its first request and resets at its second: a server that hangs up on kept sockets.
    const { server, target } = await start({}, (socket, nth) =>
      nth === 1 ? void socket.write(OK) : void socket.resetAndDestroy(),
    );
    expect(await target.post(post)).toMatchObject({ status: 200 });
    expect(await target.post(post)).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(2);
    expect(server.requests()).toBe(3);
  });

  it('never sends a second time on a socket that was fresh', async () => {
    const { server, target } = await start({}, (socket) => void socket.resetAndDestroy());
    expect(await target.post(post)).toMatchObject({ kind: 'failed', cause: 'reset' });
    expect(server.requests()).toBe(1);
  });

  it('drops a kept socket that the server has closed', async () => {
    const { server, target, client } = await start({}, (socket) => void socket.end(OK));
    expect(await target.post(post)).toMatchObject({ status: 200 });
    await until(() => client.idleSockets === 0);
    expect(await target.post(post)).toMatchObject({ status: 200 });
    expect(server.connections()).toBe(2);
  });

  it('lets posts under way finish when its target is closed, and then closes their sockets', async () => {
    const answers: (() => void)[] = [];
    const { server, target, client } = await start({}, (socket) => void answers.push(() => socket.write(OK)));
    const underWay = target.post(post);
    await until(() => answers.length === 1);
    target.close();
    answers[0]?.();
    expect(await underWay).toMatchObject({ status: 200 });
    await until(() => server.openSockets() === 0);
    expect(client.idleSockets).toBe(0);
  });

  it('gives up at the deadline while DNS is silent, and says so', async () => {
    const connect = createGuardedConnect({
      guard: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: { resolve: () => new Promise(() => {}) },
    });
    const target = createHttpClient({ connect }).open(new URL('http://silent.example/'));
    const result = await target.post({ ...post, deadlineMs: 100 });
    expect(result).toMatchObject({
      kind: 'failed',
      cause: 'timeout',
      detail: 'the DNS servers of silent.example did not answer within 0.1 s',
    });
  });

  it('keeps 16 KiB of an answer and reads at most 64 KiB of it', async () => {
    const page = Buffer.alloc(60 * 1024, 'p');
    const { server, target } = await start({}, (socket) => {
      socket.write(`HTTP/1.1 500 Oh\r\nContent-Length: ${page.length}\r\n\r\n`);
      socket.write(page);
    });
    const result = await target.post(post);
    expect(result.kind === 'answered' && result.responseBody?.length).toBe(16 * 1024);
    await target.post(post);
    // 60 KiB are read to the end, so the socket can be kept.
    expect(server.connections()).toBe(1);
  });
});

async function start(
  options: Partial<HttpClientOptions> = {},
  onRequest: (socket: net.Socket, nth: number) => void = (socket) => void socket.write(OK),
) {
  const server = await listen(onRequest);
  let resolved = 0;
  const resolver: Resolver = {
    resolve: async () => {
      resolved += 1;
      return { kind: 'resolved', addresses: ['127.0.0.1'] };
    },
  };
  const connect = createGuardedConnect({
    guard: createEgressGuard({ allow: [], allowLoopback: true }),
    resolver,
  });
  const client = createHttpClient({ connect, ...options });
  const open = () => client.open(new URL(`http://app.example:${server.port}/`));
  const target = open();
  cleanUps.push(server.close, async () => target.close());
  return { server, client, target, open, resolved: () => resolved };
}

async function listen(onRequest: (socket: net.Socket, nth: number) => void) {
  const sockets = new Set<net.Socket>();
  const counts = { connections: 0, requests: 0 };
  const server = net.createServer((socket) => {
    counts.connections += 1;
    sockets.add(socket);
    let nth = 0;
    socket.on('error', () => {}).once('close', () => sockets.delete(socket));
    // Headers and body of so small a post come in one piece on loopback.
    socket.on('data', () => {
      counts.requests += 1;
      nth += 1;
      onRequest(socket, nth);
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  return {
    port: address !== null && typeof address === 'object' ? address.port : 0,
    connections: () => counts.connections,
    requests: () => counts.requests,
    openSockets: () => sockets.size,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

async function until(holds: () => boolean): Promise<void> {
  while (!holds()) await new Promise((resolve) => setImmediate(resolve));
}
