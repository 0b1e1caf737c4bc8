import net from 'node:net';
import { afterEach, describe, expect, it } from 'vitest';
import type { DnsAnswer } from '../../../../proofs/hostile/dns-server.ts';
import { startDnsServer } from '../../../../proofs/hostile/dns-server.ts';
import { createEgressGuard } from './address-rules.ts';
import type { ConnectOutcome, ConnectTarget } from './guarded-connect.ts';
import { createGuardedConnect } from './guarded-connect.ts';
import { createResolver } from './resolver.ts';

/** 127.0.0.2 plays the public address, 127.0.0.3 the forbidden one: the whole of 127/8 answers on Linux. */
const good = '127.0.0.2';
const forbidden = '127.0.0.3';

const cleanUps: (() => Promise<void>)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('the guarded connect', () => {
  it('dials the address it has checked', async () => {
    const { connect, port, canary } = await start(() => ({ kind: 'addresses', addresses: [good] }));
    expect((await connect({ protocol: 'http:', hostname: 'app.example', port })).kind).toBe('connected');
    expect(canary.connections()).toBe(0);
  });

  it('refuses a name as soon as one of its answers is forbidden, whatever their order', async () => {
    for (const addresses of [
      [good, forbidden],
      [forbidden, good],
      [good, '::1'],
      [good, '::ffff:169.254.169.254'],
    ]) {
      const { connect, port, canary } = await start(() => ({ kind: 'addresses', addresses }));
      const outcome = await connect({ protocol: 'http:', hostname: 'mixed.example', port });
      expect(outcome).toMatchObject({ kind: 'failed', cause: 'blocked' });
      expect(canary.connections()).toBe(0);
    }
  });

  it('never reaches the forbidden address while a name flips with every question', async () => {
    const { connect, port, canary, target } = await start((_name, nth) => ({
      kind: 'addresses',
      addresses: [nth % 2 === 0 ? good : forbidden],
    }));
    const kinds = { connected: 0, failed: 0 };
    for (let round = 0; round < 500; round++)
      kinds[(await connect({ protocol: 'http:', hostname: 'flip.example', port })).kind] += 1;
    expect(kinds).toEqual({ connected: 250, failed: 250 });
    expect(target.connections()).toBe(250);
    expect(canary.connections()).toBe(0);
  });

  it('checks literals on the same path', async () => {
    const { connect, port, canary } = await start(() => ({ kind: 'silence' }));
    for (const hostname of [forbidden, `::ffff:${forbidden}`, '::1']) {
      expect(await connect({ protocol: 'http:', hostname, port })).toMatchObject({
        kind: 'failed',
        cause: 'blocked',
      });
    }
    expect((await connect({ protocol: 'http:', hostname: good, port })).kind).toBe('connected');
    expect(canary.connections()).toBe(0);
  });

  it('does not tell the forbidden address, which may be a secret of the internal DNS', async () => {
    const { connect, port } = await start(() => ({ kind: 'addresses', addresses: ['10.11.12.13'] }));
    const outcome = await connect({ protocol: 'http:', hostname: 'internal.example', port });
    expect(JSON.stringify(outcome)).not.toContain('10.11.12.13');
    expect(outcome).toMatchObject({ detail: expect.stringContaining('OFFHOOK_EGRESS_ALLOW') });
  });

  it('goes on to the next address where one refuses the connection', async () => {
    const { connect, port } = await start(
      () => ({ kind: 'addresses', addresses: ['127.0.0.4', good] }),
      [good, '127.0.0.4'],
    );
    expect((await connect({ protocol: 'http:', hostname: 'two.example', port })).kind).toBe('connected');
  });

  it('delivers nothing after it was cancelled', async () => {
    const { start: begin, port } = await start((name) =>
      name.startsWith('hang') ? { kind: 'silence' } : { kind: 'addresses', addresses: [good] },
    );
    let told = 0;
    const hanging = begin({ protocol: 'http:', hostname: 'hang.example', port }, () => (told += 1));
    expect(hanging.stage).toBe('resolving');
    hanging.cancel();
    await new Promise<void>((resolve) =>
      begin({ protocol: 'http:', hostname: 'later.example', port }, () => resolve()),
    );
    expect(told).toBe(0);
  });
});

async function start(answer: (name: string, nth: number) => DnsAnswer, allow: readonly string[] = [good]) {
  const dns = await startDnsServer(answer);
  const target = await listen(good, 0);
  const canary = await listen(forbidden, target.port);
  let nowMs = 0;
  // Each question comes a minute after the last one, so that no answer is taken from the cache.
  const resolver = createResolver({
    servers: [dns.address],
    // Nothing here waits for it, and an answer may take its time on a busy machine.
    timeoutMs: 10_000,
    tries: 1,
    now: () => (nowMs += 60_000),
  });
  const begin = createGuardedConnect({ guard: createEgressGuard({ allow, allowLoopback: false }), resolver });
  cleanUps.push(dns.close, target.close, canary.close);
  const connect = (connectTarget: ConnectTarget): Promise<ConnectOutcome> =>
    new Promise((resolve) =>
      begin(connectTarget, (outcome) => {
        if (outcome.kind === 'connected') outcome.socket.destroy();
        resolve(outcome);
      }),
    );
  return { connect, start: begin, port: target.port, canary, target };
}

async function listen(address: string, port: number) {
  let connections = 0;
  const server = net.createServer((socket) => {
    connections += 1;
    socket.on('error', () => {}).destroy();
  });
  await new Promise<void>((resolve) => server.listen(port, address, resolve));
  const bound = server.address();
  return {
    port: bound !== null && typeof bound === 'object' ? bound.port : 0,
    connections: () => connections,
    close: () => new Promise<void>((resolve) => void server.close(() => resolve())),
  };
}
