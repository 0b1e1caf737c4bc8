import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createCertificate } from '../../../../proofs/hostile/certificate.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { MASK } from '../masked-settings.ts';
import { parseRedisUrl } from './redis-address.ts';
import { toRedisKeys } from './redis-keys.ts';
import {
  createRedisSettingsSchema,
  describeRedisTarget,
  keepMaskedRedisSettings,
  toPublicRedisSettings,
} from './redis-settings.ts';

const closed = createRedisSettingsSchema(createEgressGuard({ allow: [], allowLoopback: false }));
const local = createRedisSettingsSchema(createEgressGuard({ allow: [], allowLoopback: true }));
const allowing = createRedisSettingsSchema(
  createEgressGuard({ allow: ['10.0.0.0/8'], allowLoopback: false }),
);

const problem = (given: object, schema = closed): string =>
  schema.safeParse(given).error?.issues[0]?.message ?? '';
const urlProblem = (url: string, schema = closed): string => problem({ url }, schema);

describe('the settings of a Redis destination', () => {
  it('take a URL and fill in the rest', () => {
    expect(closed.parse({ url: 'rediss://hub:pw@redis.example.com:6380/2' })).toEqual({
      url: 'rediss://hub:pw@redis.example.com:6380/2',
      set_name: 'active_calls',
      key_prefix: '',
      call_hashes: false,
      hash_ttl_s: 3_600,
      stream_length_max: 10_000,
      reconcile_s: 60,
      cluster: false,
    });
  });

  it('say what is wrong with a URL and how to put it right', () => {
    expect(urlProblem('redis.example.com:6379')).toMatch(/must begin with rediss:\/\//);
    expect(urlProblem('https://redis.example.com')).toMatch(/one of a website/);
    expect(urlProblem('redis://redis.example.com')).toMatch(/use rediss:\/\//);
    expect(urlProblem('rediss://')).toMatch(/cannot be read/);
    expect(urlProblem('rediss://a:p@ss#1@redis.example.com')).toMatch(/percent-encode/);
    expect(urlProblem('rediss://redis.example.com?db=1')).toMatch(/behind \? or #/);
    expect(urlProblem('rediss://redis.example.com/one')).toMatch(/no database number/);
    expect(urlProblem('rediss://redis.example.com/99999')).toMatch(/none beyond/);
    expect(urlProblem('rediss://redis.example.com:0')).toMatch(/port 0/);
    expect(urlProblem('rediss://u:100%@redis.example.com')).toMatch(/%25/);
    expect(urlProblem(`rediss://redis.example.com/${'0'.repeat(2_048)}`)).toMatch(/longer than 2048/);
    expect(urlProblem(`rediss://u:${MASK}@redis.example.com`)).toMatch(/write the password itself/);
  });

  it('hold addresses to the rules of every destination', () => {
    expect(urlProblem('redis://127.0.0.1')).toMatch(/plain redis|loopback/);
    expect(urlProblem('rediss://127.0.0.1')).toMatch(/loopback address/);
    expect(urlProblem('rediss://localhost')).toMatch(/loopback address/);
    expect(urlProblem('rediss://[::1]:6379')).toMatch(/loopback address/);
    expect(urlProblem('rediss://10.1.2.3')).toMatch(/private address.*OFFHOOK_EGRESS_ALLOW/);
    expect(urlProblem('rediss://169.254.169.254', local)).toMatch(/link-local/);
    // Other spellings of 127.0.0.1, which a Redis URL would carry as they are.
    for (const host of ['0x7f.1', '2130706433', '0177.0.0.1', '127.1', '①②⑦.⓪.⓪.①'])
      expect(urlProblem(`rediss://${host}`)).toMatch(/loopback|cannot be read/);
    expect(urlProblem('rediss://1.1.1.1:22')).toMatch(/port 22 is none that Redis services use/);
    expect(urlProblem('redis://1.1.1.1:6379', local)).toMatch(/plain redis:\/\/ may only go/);
    for (const port of [443, 6_379, 6_380, 10_000, 25_061])
      expect(urlProblem(`rediss://1.1.1.1:${port}`)).toBe('');
    expect(urlProblem('redis://localhost:6379', local)).toBe('');
    expect(urlProblem('redis://10.1.2.3:7000', allowing)).toBe('');
  });

  it('never repeat a password in their complaint', () => {
    const { error } = closed.safeParse({ url: 'redis://user:hunter2@127.0.0.1/x' });
    expect(JSON.stringify(error)).not.toContain('hunter2');
  });

  it('read names, passwords and databases out of the URL as they were meant', () => {
    expect(parseRedisUrl('rediss://h%40b:p%40ss%2Fw%C3%B6rd@Redis.Example.com/7')).toEqual({
      hostname: 'redis.example.com',
      port: 6_379,
      isTls: true,
      username: 'h@b',
      password: 'p@ss/wörd',
      database: 7,
    });
    expect(parseRedisUrl('redis://:pw@[2001:db8::1]:443')).toMatchObject({
      hostname: '2001:db8::1',
      port: 443,
      username: null,
      password: 'pw',
    });
  });

  it('refuse names and numbers that cannot be meant', () => {
    const url = 'rediss://redis.example.com';
    expect(problem({ url, set_name: '' })).toMatch(/empty/);
    expect(problem({ url, set_name: 'active calls' })).toMatch(/without spaces/);
    expect(problem({ url, key_prefix: 'a\n' })).toMatch(/without spaces/);
    expect(problem({ url, set_name: 'x'.repeat(201) })).toMatch(/longer than 200/);
    expect(problem({ url, reconcile_s: 4 })).toMatch(/from 5 to 3600/);
    expect(problem({ url, hash_ttl_s: 1.5 })).toMatch(/whole number/);
    expect(problem({ url, stream_name: 'active_calls' })).toMatch(/another key/);
    expect(problem({ url, stream_name: 'active_calls:offhook' })).toMatch(/another key/);
    expect(problem({ url, tls_ca: 'nonsense' })).toMatch(/no certificate/);
    expect(problem({ url, prefix: 'x' })).not.toBe('');
    const { certificate } = createCertificate({ names: ['a'], validFrom: new Date(0), validTo: new Date() });
    expect(problem({ url, tls_ca: certificate })).toBe('');
    expect(problem({ url: 'redis://127.0.0.1', tls_ca: certificate }, local)).toMatch(/write rediss/);
  });

  it('lay the keys of a cluster into one slot, and say how where a name does not', () => {
    const url = 'rediss://redis.example.com';
    expect(problem({ url: `${url}/1`, cluster: true })).toMatch(/names a database/);
    expect(problem({ url, cluster: true, stream_name: 'events' })).toMatch(/name it \{active_calls\}:events/);
    expect(problem({ url, cluster: true, stream_name: '{active_calls}:events' })).toBe('');
    expect(problem({ url, cluster: true, key_prefix: '{v}:', stream_name: 'events' })).toBe('');
    expect(problem({ url, cluster: true, set_name: 'a}b' })).toMatch(/holds a brace/);
    const names = { set_name: 'active_calls', key_prefix: '', cluster: true };
    expect(toRedisKeys(names).marker).toBe('{active_calls}:offhook');
    expect(toRedisKeys({ ...names, key_prefix: '{v}:' }).marker).toBe('{v}:active_calls:offhook');
    expect(toRedisKeys({ ...names, cluster: false }).toCallKey('a{b}')).toBe('active_calls:call:a{b}');
  });

  it("give the dashboard's form a JSON Schema", () => {
    expect(z.toJSONSchema(closed, { io: 'input' })).toMatchObject({
      type: 'object',
      required: ['url'],
      additionalProperties: false,
      properties: {
        url: { type: 'string', title: 'URL' },
        set_name: { type: 'string', default: 'active_calls' },
        hash_ttl_s: { type: 'integer', unit: 's', when: { field: 'call_hashes', is: [true] } },
        tls_ca: { type: 'string', multiline: true, advanced: true },
      },
    });
  });
});

describe('the password of a Redis URL', () => {
  const stored = closed.parse({ url: 'rediss://hub:p%40ss@redis.example.com:6380/0', key_prefix: 'v:' });
  const shown = toPublicRedisSettings(stored);

  it('is not shown, and nothing else is hidden', () => {
    expect(shown['url']).toBe(`rediss://hub:${MASK}@redis.example.com:6380/0`);
    expect(toPublicRedisSettings(closed.parse({ url: 'rediss://redis.example.com' }))['url']).toBe(
      'rediss://redis.example.com',
    );
    expect(toPublicRedisSettings(closed.parse({ url: 'rediss://:s3cret:x@redis.example.com' }))['url']).toBe(
      `rediss://:${MASK}@redis.example.com`,
    );
    expect(describeRedisTarget(stored)).toBe('redis.example.com:6380 v:active_calls');
  });

  it('stays while the URL goes to the same place as the same user, also with another database', () => {
    expect(keepMaskedRedisSettings(stored, shown)).toEqual(stored);
    const moved = { ...shown, url: `rediss://hub:${MASK}@redis.example.com:6380/3` };
    expect(keepMaskedRedisSettings(stored, moved)).toMatchObject({
      url: 'rediss://hub:p%40ss@redis.example.com:6380/3',
    });
    const encoded = { ...shown, url: `rediss://hub:${encodeURIComponent(MASK)}@redis.example.com:6380/0` };
    expect(keepMaskedRedisSettings(stored, encoded)).toEqual(stored);
  });

  it('is not carried to another host, port, user or to a line that is not encrypted', () => {
    for (const url of [
      `rediss://hub:${MASK}@evil.example:6380/0`,
      `rediss://hub:${MASK}@redis.example.com:6381/0`,
      `rediss://admin:${MASK}@redis.example.com:6380/0`,
      `redis://hub:${MASK}@redis.example.com:6380/0`,
    ]) {
      const kept = keepMaskedRedisSettings(stored, { ...shown, url });
      expect(JSON.stringify(kept)).not.toContain('p%40ss');
      expect(problem(kept as object, local)).toMatch(/write the password itself/);
    }
  });

  it('is left to the schema where the settings are none', () => {
    for (const given of [null, 7, 'text', [], {}, { url: 7 }, { url: 'nonsense' }])
      expect(keepMaskedRedisSettings(stored, given)).toEqual(given);
  });
});
