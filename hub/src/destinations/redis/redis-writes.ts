/** What the journal says of calls, and events, as Redis commands. Pure: whoever sends them has read the truth just before. */
import type { AttemptRequest, KnownCall } from '../destination.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { Command } from './redis-link.ts';
import type { RedisSettings } from './redis-settings.ts';

export interface CallTruth {
  readonly callId: string;
  /** undefined: the journal does not know it, or no longer. */
  readonly call: KnownCall | undefined;
}

type WriteSettings = Pick<
  RedisSettings,
  'call_hashes' | 'hash_ttl_s' | 'publish_channel' | 'stream_length_max'
>;

export function toTruthCommands(
  truths: readonly CallTruth[],
  keys: RedisKeys,
  settings: WriteSettings,
  nowMs: number,
): Command[] {
  const active = truths.filter(({ call }) => call?.isActive === true).map(({ callId }) => callId);
  const others = truths.filter(({ call }) => call?.isActive !== true).map(({ callId }) => callId);
  const commands: Command[] = [];
  if (active.length > 0) commands.push(['SADD', keys.set, ...active]);
  if (others.length > 0) commands.push(['SREM', keys.set, ...others]);
  if (settings.call_hashes)
    for (const truth of truths) commands.push(...toHashCommands(truth, keys, settings.hash_ttl_s, nowMs));
  return commands;
}

export function toEventCommands(
  request: Pick<AttemptRequest, 'eventId' | 'eventType' | 'sequence' | 'body'>,
  keys: RedisKeys,
  settings: WriteSettings,
): Command[] {
  const commands: Command[] = [];
  const { eventId, eventType, sequence, body } = request;
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (keys.stream !== null)
    commands.push([
      'XADD',
      keys.stream,
      'MAXLEN',
      '~',
      String(settings.stream_length_max),
      '*',
      'event_id',
      eventId,
      'event_type',
      eventType,
      'sequence',
      String(sequence),
      'body',
      text,
    ]);
  if (publishes(settings)) {
    // A message is one string: the event's bytes stand in it unchanged, as the last member.
    const head = `{"event_id":${JSON.stringify(eventId)},"event_type":${JSON.stringify(eventType)},"sequence":${sequence},"event":`;
    commands.push(['PUBLISH', settings.publish_channel, Buffer.concat([Buffer.from(head), text, END])]);
  }
  return commands;
}

export function publishes(
  settings: Pick<WriteSettings, 'publish_channel'>,
): settings is { readonly publish_channel: string } {
  return settings.publish_channel !== undefined && settings.publish_channel !== '';
}

const END = Buffer.from('}');
/**
 * A hash whose end nobody will write (its destination is gone, or it came back with an old dump) holds numbers and says
 * "in-progress", so it must not stay for ever. Of a call that goes on for longer the next comparison finds it missing.
 */
const ACTIVE_HASH_TTL_S = 86_400;

function toHashCommands(
  { callId, call }: CallTruth,
  keys: RedisKeys,
  ttlS: number,
  nowMs: number,
): readonly Command[] {
  const key = keys.toCallKey(callId);
  if (call === undefined || call.state === 'none') return [['DEL', key]];
  const fields: Command = ['HSET', key, ...toFields(call, nowMs).flat()];
  return [fields, ['EXPIRE', key, String(call.isActive ? Math.max(ACTIVE_HASH_TTL_S, ttlS) : ttlS)]];
}

/** Fields without a value are left out. Times are RFC 3339 in UTC. */
export function toFields(call: KnownCall, nowMs: number): readonly (readonly [string, string])[] {
  const fields: readonly (readonly [string, string | null | undefined])[] = [
    ['status', toStatus(call)],
    ['type', call.type],
    ['phone_number', call.phoneNumber?.number],
    ['customer_number', call.customer?.number],
    ['started_at', toTime(call.startedAtMs)],
    ['live_since', toTime(call.liveSinceMs)],
    ['ended_at', toTime(call.endedAtMs)],
    ['duration_ms', call.durationMs === null ? null : String(call.durationMs)],
    ['error', call.error],
    ['updated_at', toTime(nowMs)],
  ];
  return fields.flatMap(([name, value]) =>
    value === null || value === undefined ? [] : [[name, value] as const],
  );
}

/** `unknown` is a call that has been live for so long that it counts as stale. */
function toStatus(call: KnownCall): string {
  switch (call.state) {
    case 'ended':
      return 'ended';
    case 'failed':
      return 'ended-with-error';
    case 'live':
      return call.isActive ? 'in-progress' : 'unknown';
    case 'none':
      return 'unknown';
  }
}

function toTime(ms: number | null): string | null {
  return ms === null ? null : new Date(ms).toISOString();
}
