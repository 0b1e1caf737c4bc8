import { afterEach, describe, expect, it } from 'vitest';
import type { DnsAnswer, DnsServer } from '../../../../proofs/hostile/dns-server.ts';
import { startDnsServer } from '../../../../proofs/hostile/dns-server.ts';
import { createResolver, DNS_ADDRESSES_MAX, DNS_CACHE_MS_MAX, DNS_CACHE_MS_MIN } from './resolver.ts';

const open: DnsServer[] = [];
afterEach(async () => {
  await Promise.all(open.splice(0).map((server) => server.close()));
});

describe('the resolver', () => {
  it('gives the IPv4 addresses first, then the IPv6 ones', async () => {
    const { resolver } = await start(() => ({ kind: 'addresses', addresses: ['2001:db8::7', '192.0.2.7'] }));
    expect(await resolver.resolve('both.example')).toEqual({
      kind: 'resolved',
      addresses: ['192.0.2.7', '2001:db8::7'],
    });
  });

  it('takes what came where only one of the two questions is answered', async () => {
    const { resolver } = await start((_name, _nth, type) =>
      type === 'A' ? { kind: 'addresses', addresses: ['192.0.2.7'] } : { kind: 'error', code: 'SERVFAIL' },
    );
    expect(await resolver.resolve('half.example')).toEqual({ kind: 'resolved', addresses: ['192.0.2.7'] });
  });

  it('says in words why there is no address', async () => {
    const answers: Record<string, DnsAnswer> = {
      'missing.example': { kind: 'error', code: 'NXDOMAIN' },
      'empty.example': { kind: 'addresses', addresses: [] },
      'silent.example': { kind: 'silence' },
      'broken.example': { kind: 'error', code: 'SERVFAIL' },
      'huge.example': {
        kind: 'addresses',
        addresses: Array.from({ length: DNS_ADDRESSES_MAX + 1 }, (_, i) => `192.0.2.${i}`),
      },
    };
    const { resolver } = await start((name) => answers[name] ?? { kind: 'silence' }, {
      timeoutMs: SILENCE_MS,
    });
    const detail = async (name: string): Promise<string> => {
      const resolution = await resolver.resolve(name);
      return resolution.kind === 'failed' ? resolution.detail : 'resolved';
    };
    expect(await detail('missing.example')).toBe('DNS name not found: missing.example');
    expect(await detail('empty.example')).toBe('the DNS name empty.example has no address');
    expect(await detail('silent.example')).toBe('the DNS servers of silent.example did not answer');
    expect(await detail('broken.example')).toMatch(/could not answer for broken\.example/);
    expect(await detail('huge.example')).toMatch(/more than 64/);
  });

  it('is not held up by names whose DNS never answers', async () => {
    const { resolver } = await start(
      (name) =>
        name.startsWith('hang') ? { kind: 'silence' } : { kind: 'addresses', addresses: ['192.0.2.7'] },
      { timeoutMs: SILENCE_MS },
    );
    const hanging = Array.from({ length: 50 }, (_, i) => resolver.resolve(`hang${i}.example`));
    const first = await Promise.race([resolver.resolve('quick.example'), ...hanging]);
    expect(first.kind).toBe('resolved');
    for (const outcome of await Promise.all(hanging)) expect(outcome.kind).toBe('failed');
  });

  it('shares one question among all who wait for the same name', async () => {
    const { resolver, server } = await start(() => ({ kind: 'addresses', addresses: ['192.0.2.7'] }));
    await Promise.all(Array.from({ length: 20 }, () => resolver.resolve('shared.example')));
    expect(server.questions).toHaveLength(2);
  });

  it('keeps an answer for its TTL, between one second and one minute, and never keeps a failure', async () => {
    let nowMs = 0;
    const { resolver, server } = await start(
      (name) =>
        name === 'none.example'
          ? { kind: 'error', code: 'NXDOMAIN' }
          : {
              kind: 'addresses',
              addresses: ['192.0.2.7'],
              ttlSeconds: name === 'short.example' ? 0 : 86_400,
            },
      { now: () => nowMs },
    );
    const asked = async (name: string): Promise<number> => {
      const before = server.questions.length;
      await resolver.resolve(name);
      return server.questions.length - before;
    };
    expect(await asked('short.example')).toBe(2);
    expect(await asked('long.example')).toBe(2);
    nowMs = DNS_CACHE_MS_MIN - 1;
    expect(await asked('short.example')).toBe(0);
    nowMs = DNS_CACHE_MS_MIN;
    expect(await asked('short.example')).toBe(2);
    nowMs = DNS_CACHE_MS_MAX - 1;
    expect(await asked('long.example')).toBe(0);
    nowMs = DNS_CACHE_MS_MAX;
    expect(await asked('long.example')).toBe(2);
    expect(await asked('none.example')).toBe(2);
    expect(await asked('none.example')).toBe(2);
  });

  it('knows localhost without asking anyone', async () => {
    const { resolver, server } = await start(() => ({ kind: 'addresses', addresses: ['192.0.2.7'] }));
    for (const name of ['localhost', 'LOCALHOST', 'localhost.', 'app.localhost']) {
      expect(await resolver.resolve(name)).toEqual({ kind: 'resolved', addresses: ['127.0.0.1', '::1'] });
    }
    expect(server.questions).toHaveLength(0);
  });
});

/** Of servers that do not answer; those that do may take their time on a busy machine. */
const SILENCE_MS = 2_000;

async function start(
  answer: Parameters<typeof startDnsServer>[0],
  { now, timeoutMs = 10_000 }: { readonly now?: () => number; readonly timeoutMs?: number } = {},
) {
  const server = await startDnsServer(answer);
  open.push(server);
  const resolver = createResolver({
    servers: [server.address],
    timeoutMs,
    tries: 1,
    ...(now === undefined ? {} : { now }),
  });
  return { resolver, server };
}
