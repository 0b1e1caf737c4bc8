/** What a Redis destination is set to: parsed at the API door, where a problem can still be told to the person who made it. */
import { X509Certificate } from 'node:crypto';
import { z } from 'zod';
import type { FieldMeta } from '../destination.ts';
import type { EgressGuard } from '../egress/address-rules.ts';
import {
  keepRedisPassword,
  maskRedisUrl,
  parseRedisUrl,
  REDIS_URL_CHARACTERS_MAX,
  redisUrlProblem,
  toHostText,
} from './redis-address.ts';
import { toHashTag, toRedisKeys } from './redis-keys.ts';

export interface RedisSettings {
  readonly url: string;
  readonly cluster: boolean;
  /** PEM certificates trusted instead of the built-in roots. */
  readonly tls_ca?: string | undefined;
  readonly set_name: string;
  readonly key_prefix: string;
  readonly call_hashes: boolean;
  /** How long the hash of a call stays once the call is no longer active. */
  readonly hash_ttl_s: number;
  readonly publish_channel?: string | undefined;
  readonly stream_name?: string | undefined;
  /** About as many entries stay in the stream. */
  readonly stream_length_max: number;
  readonly reconcile_s: number;
}

export const NAME_CHARACTERS_MAX = 200;
export const TLS_CA_CHARACTERS_MAX = 65_536;
const HASH_TTL_S_MAX = 30 * 86_400;
const STREAM_LENGTH_MAX = 10_000_000;

export function createRedisSettingsSchema(guard: EgressGuard): z.ZodType<RedisSettings> {
  return z
    .strictObject({
      url: z
        .string()
        .max(REDIS_URL_CHARACTERS_MAX, `url is longer than ${REDIS_URL_CHARACTERS_MAX} characters`)
        .superRefine((url, context) => {
          const problem = redisUrlProblem(url, guard);
          if (problem !== null) context.addIssue({ code: 'custom', message: problem });
        })
        .meta({
          title: 'URL',
          holdsSecret: true,
          description:
            'rediss:// (encrypted) or redis://, with user, password and database where there are any; the password is kept secret',
          placeholder: 'rediss://user:password@redis.example.com:6379',
        } satisfies FieldMeta),
      set_name: createNameSchema('set_name')
        .default('active_calls')
        .meta({
          title: 'Name of the set',
          description:
            'Holds the ids of the calls that are active now, and nothing else: what is in it and no active call is taken out',
        } satisfies FieldMeta),
      key_prefix: createNameSchema('key_prefix', 0)
        .default('')
        .meta({
          title: 'Prefix of keys',
          description: 'Stands before the name of every key that is written, such as voice:',
        } satisfies FieldMeta),
      call_hashes: z
        .boolean()
        .default(false)
        .meta({
          title: 'Keep a hash per call',
          description: 'Status, numbers, times and error of each call; the numbers are personal data',
        } satisfies FieldMeta),
      hash_ttl_s: createRangeSchema('hash_ttl_s', 1, HASH_TTL_S_MAX)
        .default(3_600)
        .meta({
          title: 'Hashes stay after the end',
          description: 'How long the hash of a call stays once the call has ended',
          unit: 's',
          when: { field: 'call_hashes', is: [true] },
        } satisfies FieldMeta),
      publish_channel: createNameSchema('publish_channel', 0)
        .optional()
        .meta({
          title: 'Pub/Sub channel',
          description: 'Each event is published here, at least once; without a prefix',
          placeholder: 'offhook:events',
        } satisfies FieldMeta),
      stream_name: createNameSchema('stream_name', 0)
        .optional()
        .meta({
          title: 'Stream',
          description: 'Each event is added here, at least once',
          placeholder: 'call_events',
        } satisfies FieldMeta),
      stream_length_max: createRangeSchema('stream_length_max', 1, STREAM_LENGTH_MAX)
        .default(10_000)
        .meta({
          title: 'Entries kept in the stream',
          description: 'About as many; the oldest are dropped',
          advanced: true,
        } satisfies FieldMeta),
      reconcile_s: createRangeSchema('reconcile_s', 5, 3_600)
        .default(60)
        .meta({
          title: 'Compared every',
          description:
            'How often the whole set is compared with the journal; it also is after every new connection',
          unit: 's',
          advanced: true,
        } satisfies FieldMeta),
      cluster: z
        .boolean()
        .default(false)
        .meta({
          title: 'Redis Cluster',
          description: 'The URL is one node of a cluster',
          advanced: true,
        } satisfies FieldMeta),
      tls_ca: z
        .string()
        .max(TLS_CA_CHARACTERS_MAX, `tls_ca is longer than ${TLS_CA_CHARACTERS_MAX} characters`)
        .optional()
        .meta({
          title: 'Certificate authority',
          description: 'PEM certificates that vouch for the server, where none of the usual ones does',
          placeholder: '-----BEGIN CERTIFICATE-----',
          multiline: true,
          advanced: true,
        } satisfies FieldMeta),
    })
    .superRefine((settings, context) => {
      for (const { path, message } of settingsProblems(settings))
        context.addIssue({ code: 'custom', path: [path], message });
    });
}

export function toPublicRedisSettings(settings: RedisSettings): Record<string, unknown> {
  return { ...settings, url: maskRedisUrl(settings.url) };
}

export function keepMaskedRedisSettings(stored: RedisSettings, given: unknown): unknown {
  if (typeof given !== 'object' || given === null || !('url' in given) || typeof given.url !== 'string')
    return given;
  return { ...given, url: keepRedisPassword(stored.url, given.url) };
}

/** "redis.example.com:6379 active_calls". */
export function describeRedisTarget({ url: text, key_prefix, set_name }: RedisSettings): string {
  const url = parseRedisUrl(text);
  return `${typeof url === 'string' ? 'Redis' : toHostText(url)} ${key_prefix}${set_name}`;
}

/** PEM text cut into its certificates; null where one of them cannot be read or there is none. */
export function parseCertificates(text: string): readonly string[] | null {
  const blocks = text.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  try {
    const read = blocks.map((block) => new X509Certificate(block));
    return read.length === 0 ? null : blocks;
  } catch {
    return null;
  }
}

interface SettingsProblem {
  readonly path: keyof RedisSettings;
  readonly message: string;
}

function settingsProblems(settings: RedisSettings): readonly SettingsProblem[] {
  const problems: SettingsProblem[] = [];
  const { stream_name, tls_ca, cluster } = settings;
  const url = parseRedisUrl(settings.url);
  if (tls_ca !== undefined && tls_ca.trim() !== '') {
    if (parseCertificates(tls_ca) === null)
      problems.push({
        path: 'tls_ca',
        message:
          'tls_ca holds no certificate that can be read; paste it with its lines -----BEGIN CERTIFICATE----- and -----END CERTIFICATE-----',
      });
    if (typeof url !== 'string' && !url.isTls)
      problems.push({
        path: 'tls_ca',
        message: 'tls_ca has no use with redis://; write rediss:// in the url',
      });
  }
  const { set, marker, stream } = toRedisKeys(settings);
  if (stream === set || stream === marker)
    problems.push({ path: 'stream_name', message: 'stream_name is the name of another key; choose another' });
  if (cluster && typeof url !== 'string' && url.database !== 0)
    problems.push({ path: 'url', message: 'url names a database; a cluster has only 0, so leave it out' });
  const tag = toHashTag(set);
  if (cluster && tag === set && /[{}]/.test(set))
    problems.push({
      path: 'set_name',
      message: `${set} holds a brace, by which a cluster finds a key's slot; leave it out, or write a whole pair as in {calls}active`,
    });
  else if (cluster && stream !== null && toHashTag(stream) !== tag)
    problems.push({
      path: 'stream_name',
      message: `stream_name must lie in the slot of the set, since a cluster writes only keys of one slot together; name it {${tag}}:${stream_name}`,
    });
  return problems;
}

/** Visible ASCII: a space or a line break in a key is a typing error, and letters that look alike make two keys of one. */
function createNameSchema(field: string, charactersMin = 1): z.ZodString {
  return z
    .string()
    .min(charactersMin, `${field} is empty; give it a name`)
    .max(NAME_CHARACTERS_MAX, `${field} is longer than ${NAME_CHARACTERS_MAX} characters`)
    .regex(/^[\x21-\x7e]*$/, `${field} may hold letters, digits and signs of ASCII, without spaces`);
}

function createRangeSchema(field: string, min: number, max: number): z.ZodNumber {
  const problem = `${field} must be a whole number from ${min} to ${max}`;
  return z.number(problem).int(problem).min(min, problem).max(max, problem);
}
