/**
 * Where a Redis server is and who we are there, read from redis:// and rediss:// URLs. `URL` leaves the host of such
 * schemes as it was typed (`redis://0x7f.1` keeps `0x7f.1`), so the host is read as the one of an https URL.
 */
import net from 'node:net';
import type { EgressGuard } from '../egress/address-rules.ts';
import { isLocalhost } from '../egress/resolver.ts';
import { MASK } from '../masked-settings.ts';

export interface RedisAddress {
  /** A name or a literal, IPv6 without brackets. */
  readonly hostname: string;
  readonly port: number;
  readonly isTls: boolean;
}

export interface RedisUrl extends RedisAddress {
  readonly username: string | null;
  readonly password: string | null;
  readonly database: number;
}

export const REDIS_URL_CHARACTERS_MAX = 2_048;
const DEFAULT_PORT = 6_379;
/** Redis itself allows as many as its configuration says; this only catches typing errors. */
const DATABASE_MAX = 65_535;
const ENCODED_MASK = encodeURIComponent(MASK);

/** The URL's parts; else a sentence that begins with "url" and says how to put it right. */
export function parseRedisUrl(text: string): RedisUrl | string {
  const scheme = /^(rediss?):\/\//i.exec(text)?.[1]?.toLowerCase();
  if (scheme === undefined) {
    return /^https?:/i.test(text)
      ? 'url is one of a website; a Redis URL begins with redis:// or rediss://'
      : 'url must begin with rediss:// (encrypted) or redis://, such as rediss://user:password@redis.example.com:6379';
  }
  const given = URL.parse(text);
  const read = URL.parse(text.replace(/^rediss?:/i, 'https:'));
  if (given === null || read === null || read.hostname === '')
    return 'url cannot be read; write it as rediss://user:password@redis.example.com:6379/0 and percent-encode signs such as @ or / in the password';
  if (given.search !== '' || text.includes('?') || text.includes('#'))
    return 'url has a part behind ? or #, which Redis does not know; leave it out, and percent-encode such signs in the password (%3F, %23)';
  const path = read.pathname.slice(1);
  if (path !== '' && !/^\d{1,5}$/.test(path))
    return 'url ends in something that is no database number; leave it out or write one, such as /0';
  const database = Number(path);
  if (database > DATABASE_MAX) return `url names database ${database}; there is none beyond ${DATABASE_MAX}`;
  const port = given.port === '' ? DEFAULT_PORT : Number(given.port);
  if (port === 0) return 'url names port 0, on which nothing can listen';
  const username = decode(read.username);
  const password = decode(read.password);
  if (username === undefined || password === undefined)
    return 'url holds a % in its user name or password that begins no code; write %25 for a percent sign';
  return {
    hostname: unbracket(read.hostname),
    port,
    isTls: scheme === 'rediss',
    username: username === '' ? null : username,
    password: password === '' ? null : password,
    database,
  };
}

/** What the settings door can know before DNS does; null where nothing speaks against it. */
export function redisUrlProblem(text: string, guard: EgressGuard): string | null {
  if (text.length > REDIS_URL_CHARACTERS_MAX)
    return `url is longer than ${REDIS_URL_CHARACTERS_MAX} characters`;
  const url = parseRedisUrl(text);
  if (typeof url === 'string') return url;
  if (text.includes(MASK) || text.includes(ENCODED_MASK))
    return `url holds ${MASK} where the password was hidden; write the password itself, since it is kept only for the same host and user`;
  if (!url.isTls && !guard.mayUseHttp)
    return 'url is plain redis://, so anyone on the way could read what is sent; use rediss://';
  const { hostname } = url;
  const literals = isLocalhost(hostname) ? ['127.0.0.1', '::1'] : net.isIP(hostname) === 0 ? [] : [hostname];
  for (const address of literals) {
    const problem = refuseRedis(guard, { ...url, hostname: address });
    if (problem !== null) return `url points to ${hostname}, which cannot be used: ${problem}`;
  }
  return null;
}

/** Null where this literal address may be dialled; else a phrase that completes "… cannot be used: …". */
export function refuseRedis(guard: EgressGuard, { hostname, port, isTls }: RedisAddress): string | null {
  const protocol = isTls ? 'https:' : 'http:';
  const problem = guard.refuse({ address: hostname, port, protocol, isUsualPort: isRedisPort });
  if (problem === null) return null;
  if (problem.startsWith('plain http'))
    return 'plain redis:// may only go to addresses an administrator has allowed with OFFHOOK_EGRESS_ALLOW; use rediss://';
  if (problem.startsWith(`port ${port} `))
    return `port ${port} is none that Redis services use (443, 6379, 6380, from 10000 on); an administrator can allow its range with OFFHOOK_EGRESS_ALLOW`;
  return problem;
}

/** What hosted Redis listens on: 6379 (Upstash, ElastiCache), 6380 (Azure), and from 10000 on (Redis Cloud, Aiven, DigitalOcean). */
export function isRedisPort(port: number): boolean {
  return port === 443 || port === 6_379 || port === 6_380 || port >= 10_000;
}

/** As people may see it: the password is the only secret in it. */
export function maskRedisUrl(text: string): string {
  const url = parseRedisUrl(text);
  if (typeof url === 'string') return MASK;
  return url.password === null ? text : text.replace(/^(rediss?:\/\/[^/@]*?):[^/]*@/i, `$1:${MASK}@`);
}

/** The URL with the password it was stored with, where it came back as `maskRedisUrl` showed it and goes to the same place. */
export function keepRedisPassword(stored: string, given: string): string {
  const from = parseRedisUrl(stored);
  const to = parseRedisUrl(given);
  if (typeof from === 'string' || typeof to === 'string' || from.password === null) return given;
  if (to.password !== MASK || toPlace(from) !== toPlace(to)) return given;
  return given.replace(/:(?:•+|(?:%E2%80%A2)+)@/i, () => `:${encodeURIComponent(from.password ?? '')}@`);
}

export function toHostText({ hostname, port }: Pick<RedisAddress, 'hostname' | 'port'>): string {
  return `${net.isIPv6(hostname) ? `[${hostname}]` : hostname}:${port}`;
}

function toPlace(url: RedisUrl): string {
  return `${url.isTls ? 'rediss' : 'redis'}://${url.username ?? ''}@${toHostText(url)}`;
}

function unbracket(hostname: string): string {
  return hostname.startsWith('[') ? hostname.slice(1, -1) : hostname;
}

function decode(text: string): string | undefined {
  try {
    return decodeURIComponent(text);
  } catch {
    return undefined;
  }
}
