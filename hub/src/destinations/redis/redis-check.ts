/**
 * The try that people ask for: signs in, finds out whether the rights suffice, and tells what stands in the way of a
 * set that can be trusted. It leaves nothing behind: what is written is a key of its own that is deleted again.
 */
import type { DestinationGround } from '../destination.ts';
import { printable } from '../egress/connect-failure.ts';
import type { RedisFailure } from './redis-failure.ts';
import { failed, refused } from './redis-failure.ts';
import { toRedisKeys, type RedisKeys } from './redis-keys.ts';
import type { Command, LinkOpener, RedisLink, Reply } from './redis-link.ts';
import { toText } from './redis-session.ts';
import type { RedisSettings } from './redis-settings.ts';
import { publishes } from './redis-writes.ts';

export interface RedisCheckOptions {
  readonly settings: RedisSettings;
  readonly ground: DestinationGround;
  readonly deadlineMs: number;
  readonly openLink: LinkOpener;
}

export async function checkRedis(
  options: RedisCheckOptions,
): Promise<{ readonly kind: 'done'; readonly detail: string } | RedisFailure> {
  const { settings, ground, deadlineMs, openLink } = options;
  const keys = toRedisKeys(settings);
  const endsAtMs = ground.monotonicMs() + deadlineMs;
  const leftMs = (): number => Math.max(1, endsAtMs - ground.monotonicMs());
  const opened = await openLink(() => {}, leftMs(), new AbortController().signal);
  if (opened.kind === 'failed') return opened;
  const { link } = opened;
  try {
    return (
      (await checkRights(link, keys, settings, leftMs)) ??
      (await tellState(link, keys, ground.destinationId, leftMs))
    );
  } finally {
    link.destroy();
  }
}

/** Asks Redis of each command whether this user may, then writes and deletes a key of our own. */
async function checkRights(
  link: RedisLink,
  keys: RedisKeys,
  settings: RedisSettings,
  leftMs: () => number,
): Promise<RedisFailure | null> {
  const who = await link.exchange([['ACL', 'WHOAMI']], leftMs());
  if (who.kind === 'failed') return who;
  const user = toText(who.replies[0]);
  if (user !== null) {
    const wanted = toWantedCommands(keys, settings);
    const dry = await link.exchange(
      wanted.map((command) => ['ACL', 'DRYRUN', user, ...command]),
      leftMs(),
    );
    if (dry.kind === 'failed') return dry;
    // An error means that Redis is older than 7 or lets this user not ask: then the writes below must do.
    const denied = dry.replies.map((reply) => toText(reply)).find((text) => text !== null && text !== 'OK');
    if (denied !== undefined && denied !== null) return refused(`NOPERM ${denied}`);
  }
  const written = await link.exchange(
    [
      ['SET', keys.probe, 'test', 'PX', '10000'],
      ['DEL', keys.probe],
    ],
    leftMs(),
  );
  return written.kind === 'failed' ? written : toRefusal(written.replies);
}

async function tellState(
  link: RedisLink,
  keys: RedisKeys,
  destinationId: string,
  leftMs: () => number,
): Promise<{ readonly kind: 'done'; readonly detail: string } | RedisFailure> {
  const asked = await link.exchange(
    [
      ['TYPE', keys.set],
      ['GET', keys.marker],
    ],
    leftMs(),
  );
  if (asked.kind === 'failed') return asked;
  const refusal = toRefusal(asked.replies);
  if (refusal !== null) return refusal;
  const [type, owner] = asked.replies.map((reply) => toText(reply));
  if (type !== 'set' && type !== 'none')
    return failed(
      'settings',
      `${keys.set} is of type ${printable(String(type))}, not a set: choose another set_name, or delete it`,
    );
  if (owner !== null && owner !== undefined && owner !== destinationId)
    return failed(
      'settings',
      `the set ${keys.set} is kept by the destination ${printable(owner.slice(0, 64))}: choose another set_name or key_prefix`,
    );
  const counted = await link.exchange([['SCARD', keys.set], ['INFO']], leftMs());
  if (counted.kind === 'failed') return counted;
  const [members, info] = counted.replies;
  const facts = parseInfo(toText(info) ?? '');
  return {
    kind: 'done',
    detail: [describeServer(facts), describeSet(keys, members), ...warnings(facts)].join('; '),
  };
}

function toWantedCommands(keys: RedisKeys, settings: RedisSettings): readonly Command[] {
  const call = keys.toCallKey('test');
  return [
    ['MULTI'],
    ['EXEC'],
    ['WATCH', keys.marker],
    ['GET', keys.marker],
    ['SET', keys.marker, 'test', 'PX', '1'],
    ['PEXPIRE', keys.marker, '1'],
    ['DEL', keys.marker],
    ['TYPE', keys.set],
    ['SADD', keys.set, 'test'],
    ['SREM', keys.set, 'test'],
    ['SMISMEMBER', keys.set, 'test'],
    ['SSCAN', keys.set, '0', 'COUNT', '1'],
    ...(settings.call_hashes
      ? [
          ['HSET', call, 'status', 'test'],
          ['EXPIRE', call, '1'],
          ['EXISTS', call],
          ['DEL', call],
        ]
      : []),
    ...(keys.stream === null ? [] : [['XADD', keys.stream, 'MAXLEN', '~', '1', '*', 'event_id', 'test']]),
    ...(publishes(settings) ? [['PUBLISH', settings.publish_channel, 'test']] : []),
  ];
}

function toRefusal(replies: readonly Reply[]): RedisFailure | null {
  const error = replies.find((reply) => reply instanceof Error);
  return error === undefined ? null : refused(error.message);
}

function describeServer(facts: ReadonlyMap<string, string>): string {
  const valkey = facts.get('valkey_version');
  const version = valkey ?? facts.get('redis_version');
  if (version === undefined)
    return 'Redis answers (its INFO may not be read, so version and limits are unknown)';
  const role = facts.get('role') === 'slave' ? ', replica' : '';
  return `${valkey === undefined ? 'Redis' : 'Valkey'} ${printable(version).slice(0, 32)}${role}`;
}

function describeSet(keys: RedisKeys, members: Reply | undefined): string {
  if (typeof members !== 'number') return `${keys.set} may be kept`;
  return members === 0
    ? `${keys.set} is empty`
    : `${keys.set} holds ${members} ${members === 1 ? 'id' : 'ids'}`;
}

/** What lets a set go wrong without anybody writing to it: with volatile-… the marker and the hashes may go. */
function warnings(facts: ReadonlyMap<string, string>): readonly string[] {
  const policy = facts.get('maxmemory_policy');
  const isLimited = (facts.get('maxmemory') ?? '0') !== '0';
  if (!isLimited || policy === undefined || policy === 'noeviction') return [];
  const what = policy.startsWith('allkeys-') ? 'the set' : 'the marker beside the set and the hashes';
  return [`warning: maxmemory-policy ${printable(policy)} may evict ${what}; use noeviction`];
}

function parseInfo(text: string): ReadonlyMap<string, string> {
  const facts = new Map<string, string>();
  for (const line of text.split('\r\n')) {
    const at = line.indexOf(':');
    if (at > 0 && !line.startsWith('#')) facts.set(line.slice(0, at), line.slice(at + 1));
  }
  return facts;
}
