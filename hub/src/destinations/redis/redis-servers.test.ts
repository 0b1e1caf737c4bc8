import { readFileSync } from 'node:fs';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { createCertificate } from '../../../../proofs/hostile/certificate.ts';
import { findRedisServer, type RedisServer } from '../../../../proofs/redis/redis-server.ts';
import { findFreePort } from '../../../../test/support/free-port.ts';
import { createTestGround, makeKnownCall } from '../test-ground.ts';
import { createRedisStand, createStandKind, makeRequest, readSet, until } from './test-stand.ts';

const stand = createRedisStand();
afterEach(() => stand.clear());
const calls = [makeKnownCall({ callId: 'a' })];

describe.skipIf(findRedisServer() === null)('over TLS (skipped without redis-server)', () => {
  let folder = '';
  const good = createCertificate({ names: ['localhost', '127.0.0.1'], ...toDays(-1, 1) });
  const others = {
    expired: createCertificate({ names: ['localhost'], ...toDays(-2, -1) }),
    foreign: createCertificate({ names: ['redis.example.com'], ...toDays(-1, 1) }),
  };
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'offhook-redis-tls-'));
    for (const [name, { certificate, privateKey }] of Object.entries({ good, ...others })) {
      await writeFile(join(folder, `${name}.pem`), certificate);
      await writeFile(join(folder, `${name}.key`), privateKey, { mode: 0o600 });
    }
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  async function startTls(name: string): Promise<{ readonly server: RedisServer; readonly tlsPort: number }> {
    const tlsPort = await findFreePort();
    const server = await stand.startServer({
      configuration: [
        `tls-port ${tlsPort}`,
        `tls-cert-file ${join(folder, `${name}.pem`)}`,
        `tls-key-file ${join(folder, `${name}.key`)}`,
        `tls-ca-cert-file ${join(folder, `${name}.pem`)}`,
        'tls-auth-clients no',
      ],
    });
    return { server, tlsPort };
  }

  it('trusts the certificates it was given, by name and by address', async () => {
    const { server, tlsPort } = await startTls('good');
    for (const host of ['localhost', '127.0.0.1']) {
      const settings = { url: `rediss://${host}:${tlsPort}`, set_name: host, tls_ca: good.certificate };
      const { sender } = stand.open({ settings }, { calls });
      expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
      expect(await readSet(server, host)).toEqual(['a']);
    }
  });

  it.each([
    ['good', undefined, /self-signed/],
    ['expired', others.expired.certificate, /expired/],
    ['foreign', others.foreign.certificate, /certificate is not for localhost/],
    ['good', others.foreign.certificate, /certificate/],
  ])('says what is wrong with the certificate %s', async (name, ca, words) => {
    const { tlsPort } = await startTls(name);
    const settings = { url: `rediss://localhost:${tlsPort}`, ...(ca === undefined ? {} : { tls_ca: ca }) };
    const { sender } = stand.open({ settings }, { calls });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'tls',
      detail: expect.stringMatching(words),
    });
  });

  it('says so where the port does not speak TLS, and where it speaks nothing else', async () => {
    const { server, tlsPort } = await startTls('good');
    const plain = stand.open({ settings: { url: `rediss://localhost:${server.port}` } });
    expect(await plain.sender.attempt(makeRequest('a'))).toMatchObject({
      cause: expect.stringMatching(/timeout|tls/),
      detail: expect.stringMatching(/if it takes no encryption, write redis:\/\//),
    });
    const secret = stand.open({ settings: { url: `redis://localhost:${tlsPort}` } });
    expect(await secret.sender.attempt(makeRequest('a'))).toMatchObject({
      kind: 'failed',
      cause: expect.stringMatching(/reset|protocol/),
    });
  });
});

describe.skipIf(findRedisServer() === null)('as a user of its own (skipped without redis-server)', () => {
  // The rights as people are told to give them.
  const documented = readFileSync(new URL('../../../../docs/destinations/redis.md', import.meta.url), 'utf8');
  const rules = /resetchannels nocommands \\\n\s+(\+multi[^\n]*)/.exec(documented)?.[1]?.split(' ') ?? [];
  const hashRules = /With hashes also `([^`]*)`/.exec(documented)?.[1]?.split(' ') ?? [];

  it('signs in with a name and a password that needs encoding, and manages with the documented rights', async () => {
    const server = await stand.startServer();
    await server.command(
      'ACL',
      'SETUSER',
      'hub',
      'on',
      '>p@ss/wörd%',
      '~active_calls*',
      '~calls',
      '&events',
      ...rules,
      ...hashRules,
      '+xadd',
      '+publish',
    );
    await server.command('CONFIG', 'SET', 'requirepass', 'admin');
    const url = `redis://hub:${encodeURIComponent('p@ss/wörd%')}@127.0.0.1:${server.port}/0`;
    const settings = { url, call_hashes: true, stream_name: 'calls', publish_channel: 'events' };
    const { sender, ground } = stand.open({ settings }, { calls });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    expect(ground.troubles).toEqual([]);
    const kind = createStandKind();
    expect(await kind.test?.(kind.settings.parse(settings), createTestGround(), 15_000)).toMatchObject({
      kind: 'done',
    });
  });

  it('says which right is missing, in attempts and when tested', async () => {
    const server = await stand.startServer();
    await server.command('ACL', 'SETUSER', 'weak', 'on', '>pw', '~active_calls*', ...rules, '-sadd');
    await server.command('ACL', 'SETUSER', 'asking', 'on', '>pw', '~active_calls*', '&*', '+@all', '-sadd');
    await server.command('ACL', 'SETUSER', 'mute', 'on', '>pw', '~active_calls*', '+@all', '-publish');
    await server.command('ACL', 'SETUSER', 'elsewhere', 'on', '>pw', '~other*', '+@all');
    const test = async (user: string, over: object = {}) => {
      const kind = createStandKind();
      const settings = { url: `redis://${user}:pw@127.0.0.1:${server.port}`, ...over };
      return kind.test?.(kind.settings.parse(settings), createTestGround(), 15_000);
    };
    const { sender } = stand.open(
      { settings: { url: `redis://weak:pw@127.0.0.1:${server.port}` } },
      { calls },
    );
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'refused',
      detail: expect.stringMatching(/lacks a right .*'?sadd'?/),
    });
    expect(await test('asking')).toMatchObject({ cause: 'refused', detail: expect.stringMatching(/sadd/) });
    expect(await test('mute', { publish_channel: 'events' })).toMatchObject({
      detail: expect.stringMatching(/publish/),
    });
    expect(await test('elsewhere')).toMatchObject({
      cause: 'refused',
      detail: expect.stringMatching(/lacks a right/),
    });
  });

  it('tells trouble in its own work once, however often attempts succeed meanwhile', async () => {
    const server = await stand.startServer();
    await server.command('ACL', 'SETUSER', 'half', 'on', '>pw', '~*', '+@all', '-sscan');
    const { sender, ground } = stand.open(
      { settings: { url: `redis://half:pw@127.0.0.1:${server.port}` } },
      { calls },
    );
    await until(() => ground.troubles.length > 0, 'the missing right was told');
    const scans = async (): Promise<number> =>
      Number(
        /cmdstat_sscan:.*rejected_calls=(\d+)/.exec(
          String(await server.command('INFO', 'commandstats')),
        )?.[1] ?? 0,
      );
    for (let nth = 0; (await scans()) < 3; nth += 1)
      expect(await sender.attempt(makeRequest('a', { eventId: `evt_${nth}` }))).toMatchObject({
        kind: 'done',
      });
    await sender.close();
    expect(ground.troubles).toEqual([{ detail: expect.stringMatching(/lacks a right.*sscan/), error: null }]);
  });

  it('says that a password is wrong, missing, or for nobody, and never tells it', async () => {
    const server = await stand.startServer();
    const attempt = async (credentials: string) => {
      const { sender, ground } = stand.open({
        settings: { url: `redis://${credentials}127.0.0.1:${server.port}` },
      });
      const result = await sender.attempt(makeRequest('a'));
      expect(JSON.stringify([result, ground.troubles])).not.toContain('hunter2');
      return result;
    };
    expect(await attempt(':hunter2@')).toMatchObject({
      cause: 'refused',
      detail: expect.stringMatching(/password/),
    });
    await server.command('ACL', 'SETUSER', 'default', '>secret');
    expect(await attempt('')).toMatchObject({
      cause: 'refused',
      detail: expect.stringMatching(/asks for a password/),
    });
    expect(await attempt('hub:hunter2@')).toMatchObject({
      cause: 'refused',
      detail: expect.stringMatching(/no such user and password/),
    });
  });

  it('uses the database of the URL', async () => {
    const server = await stand.startServer();
    const { sender } = stand.open({ settings: { url: `redis://127.0.0.1:${server.port}/3` } }, { calls });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    expect(await readSet(server)).toEqual([]);
    await server.command('SWAPDB', '0', '3');
    expect(await readSet(server)).toEqual(['a']);
    const beyond = stand.open({ settings: { url: `redis://127.0.0.1:${server.port}/99` } });
    expect(await beyond.sender.attempt(makeRequest('a'))).toMatchObject({
      cause: 'refused',
      detail: expect.stringMatching(/no database of this number/),
    });
  });
});

describe.skipIf(findRedisServer() === null)('in a cluster (skipped without redis-server)', () => {
  /** Nodes that know each other; the slots below `split` belong to the first. */
  async function startCluster(folder: string, split: number): Promise<readonly [RedisServer, RedisServer]> {
    const start = (name: string): Promise<RedisServer> =>
      stand.startServer({
        configuration: [
          'cluster-enabled yes',
          `dir ${folder}`,
          `cluster-config-file ${name}.conf`,
          'cluster-node-timeout 2000',
        ],
      });
    const nodes = [await start('one'), await start('two')] as const;
    if (split > 0) await nodes[0].command('CLUSTER', 'ADDSLOTSRANGE', '0', String(split - 1));
    if (split < 16_384) await nodes[1].command('CLUSTER', 'ADDSLOTSRANGE', String(split), '16383');
    await nodes[0].command('CLUSTER', 'MEET', '127.0.0.1', String(nodes[1].port));
    for (const node of nodes)
      await until(
        async () => String(await node.command('CLUSTER', 'INFO')).includes('cluster_state:ok'),
        'the cluster is whole',
      );
    return nodes;
  }

  let folder = '';
  beforeAll(async () => {
    folder = await mkdtemp(join(tmpdir(), 'offhook-redis-cluster-'));
  });
  afterAll(() => rm(folder, { recursive: true, force: true }));

  it('finds the node that serves the set, writes all keys there, and follows when the slot moves', async () => {
    const [first, second] = await startCluster(folder, 8_192);
    const url = `redis://127.0.0.1:${first.port}`;
    const slot = Number(await first.command('CLUSTER', 'KEYSLOT', 'active_calls'));
    const [owner, other] = slot < 8_192 ? [first, second] : [second, first];
    const settings = { url, cluster: true, call_hashes: true, stream_name: '{active_calls}:events' };
    const { sender, ground } = stand.open({ settings }, { calls });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    expect(await readSet(owner)).toEqual(['a']);
    expect(((await owner.command('KEYS', '*')) as string[]).toSorted()).toEqual([
      'active_calls',
      '{active_calls}:call:a',
      '{active_calls}:events',
      '{active_calls}:offhook',
    ]);

    const outside = stand.open(
      { settings: { url: `redis://127.0.0.1:${other.port}` } },
      { destinationId: 'dst_2' },
    );
    expect(await outside.sender.attempt(makeRequest('a'))).toMatchObject({
      detail: 'this Redis is a node of a cluster: switch on "Redis Cluster"',
    });
    // Once the slot is at its node, it would keep the set, too.
    outside.sender.abandon();

    await owner.command('FLUSHALL');
    const [otherId, ownerId] = [
      String(await other.command('CLUSTER', 'MYID')),
      String(await owner.command('CLUSTER', 'MYID')),
    ];
    // As a slot is moved in earnest: what a node was importing is its own in a newer epoch, and the gossip of the one
    // that had it, sent before it knew, does not take it back.
    await other.command('CLUSTER', 'SETSLOT', String(slot), 'IMPORTING', ownerId);
    for (const node of [other, owner])
      await node.command('CLUSTER', 'SETSLOT', String(slot), 'NODE', otherId);
    ground.calls.set('b', makeKnownCall({ callId: 'b' }));
    expect(await sender.attempt(makeRequest('b'))).toMatchObject({ kind: 'done' });
    await until(async () => (await readSet(other)).join() === 'a,b', 'the set is whole on the other node');
    const kind = createStandKind();
    expect(await kind.test?.(kind.settings.parse(settings), createTestGround(), 15_000)).toMatchObject({
      kind: 'done',
      detail: expect.stringContaining('active_calls holds 2 ids'),
    });
  });

  it('finds the set again by the other nodes when the one in the URL is gone', async () => {
    const [seed, owner] = await startCluster(await mkdtemp(join(folder, 'again-')), 0);
    const settings = { url: `redis://127.0.0.1:${seed.port}`, cluster: true };
    const { sender } = stand.open({ settings }, { calls });
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
    await seed.kill();
    await owner.command('CLIENT', 'KILL', 'TYPE', 'normal');
    expect(await sender.attempt(makeRequest('a'))).toMatchObject({ kind: 'done' });
  });
});

function toDays(from: number, to: number): { readonly validFrom: Date; readonly validTo: Date } {
  const day = (days: number): Date => new Date(Date.now() + days * 86_400_000);
  return { validFrom: day(from), validTo: day(to) };
}
