/** What goes wrong with a Redis server as one plain sentence with its remedy. Text from the other side is cut and made printable. */
import type { FailureCause } from '../destination.ts';
import { describeDialError, describeTlsError, errorCode, printable } from '../egress/connect-failure.ts';
import type { RedisAddress } from './redis-address.ts';
import { ReplyLimitError } from './reply-limits.ts';

export interface RedisFailure {
  readonly kind: 'failed';
  readonly cause: FailureCause;
  readonly detail: string;
  /** The first word of Redis's error, such as OOM; null where it gave none. */
  readonly code: string | null;
}

export function failed(cause: FailureCause, detail: string): RedisFailure {
  return { kind: 'failed', cause, detail, code: null };
}

/** Redis's own error reply. */
export function refused(message: string): RedisFailure {
  const code = /^[A-Z][A-Z0-9]*/.exec(message)?.[0] ?? 'ERR';
  return { kind: 'failed', cause: 'refused', detail: describeRefusal(code, message), code };
}

/** An error of the connection: dialling, TLS, a reset, a reply beyond the limits. */
export function broken(error: unknown, address: RedisAddress): RedisFailure {
  if (error instanceof ReplyLimitError)
    return failed('protocol', `the server sent ${error.message}; is it a Redis server?`);
  if (!(error instanceof Error)) return failed('reset', CLOSED);
  if (error.constructor.name === 'ConnectionTimeoutError') {
    const where = `to port ${address.port} of ${address.hostname} came about in time`;
    return failed(
      'timeout',
      address.isTls
        ? `no TLS connection ${where}; if it takes no encryption, write redis://`
        : `no connection ${where}`,
    );
  }
  // The client's own: a reply of a type it does not know, or one that no command waits for.
  if (error instanceof TypeError || error.message.startsWith('Unknown RESP type'))
    return failed('protocol', 'the server sent something that is no Redis reply; is it a Redis server?');
  const code = errorCode(error);
  if (code !== null && DIAL_CODES.has(code))
    return { kind: 'failed', code: null, ...describeDialError(error, address.hostname, address.port) };
  if (address.isTls && code !== null && code !== 'EPIPE' && !isClosing(error)) {
    const detail = describeTlsError(error, address.hostname, null);
    return failed('tls', detail.replace('it may expect http', 'if it takes no encryption, write redis://'));
  }
  return failed('reset', CLOSED);
}

const CLOSED = 'the connection was closed before Redis answered';
const DIAL_CODES: ReadonlySet<string> = new Set([
  'ECONNREFUSED',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'EADDRNOTAVAIL',
  'EMFILE',
  'ENFILE',
  'ETIMEDOUT',
]);

/** A reset in the middle of a TLS connection that stood already says nothing about certificates. */
function isClosing(error: Error): boolean {
  return errorCode(error) === 'ECONNRESET' && !error.message.includes('secure TLS connection');
}

function describeRefusal(code: string, message: string): string {
  const known = REFUSALS[code];
  if (known !== undefined) return known;
  const lower = message.toLowerCase();
  if (code === 'NOPERM')
    return `the Redis user lacks a right (${printable(message.slice(code.length + 1))}); docs/destinations/redis.md lists what it needs`;
  if (lower.includes('max number of clients'))
    return 'Redis has no place for another connection (maxclients)';
  if (lower.includes('db index is out of range'))
    return 'there is no database of this number; write another behind the host in the url, such as /0';
  if (lower.includes('unknown command'))
    return 'Redis does not know a command that is needed; Redis 6.2 or later, or Valkey, is';
  if (lower.includes('without any password') || lower.includes('called without'))
    return 'the url holds a password, but Redis has none set; leave it out, or set one with ACL SETUSER';
  // Behind "with args" Redis repeats what it was sent, which can be a number of somebody.
  return `Redis refused: ${printable(message.split(/,? with args/)[0] ?? code)}`;
}

const REFUSALS: Readonly<Record<string, string>> = {
  OOM: 'Redis is out of memory and takes no writes: raise maxmemory, or free some',
  READONLY: 'this Redis is a read-only replica: give the address of the primary',
  NOREPLICAS: 'Redis takes no writes, since fewer replicas follow it than min-replicas-to-write asks for',
  MISCONF: 'Redis takes no writes, since it cannot save to its disk: see its log',
  NOAUTH: 'Redis asks for a password: write it into the url, rediss://user:password@host',
  WRONGPASS: 'Redis knows no such user and password: correct them in the url',
  DENIED:
    'Redis is in protected mode and answers its own machine only: set a password for it, or bind it otherwise',
  LOADING: 'Redis is reading its data after a start; it can be used when it has',
  BUSY: 'Redis is busy with a script and answers nothing else',
  MASTERDOWN: 'this Redis is a replica that has lost its primary: give the address of the primary',
  CLUSTERDOWN: 'the Redis cluster is down, or no node serves the slot of the set',
  TRYAGAIN: 'the Redis cluster is moving the slot of the set; that passes',
  ASK: 'the Redis cluster is moving the slot of the set; that passes',
  MOVED: 'this Redis is a node of a cluster: switch on "Redis Cluster"',
  CROSSSLOT:
    'the keys lie in several slots of the cluster: give key_prefix a part in braces, such as {calls}:',
  WRONGTYPE:
    'a key that is to be written holds something else: choose another set_name, key_prefix or stream_name, or delete the key',
};
