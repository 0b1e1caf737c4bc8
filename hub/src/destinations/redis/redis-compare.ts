/**
 * Compares the whole set with the journal, page by page, so that memory is that of one page however many calls are
 * active: first every active call is looked for in Redis, then every member of the set in the journal. What differs is
 * read again from the journal within the same step in which it is written, and nothing else of this sender is written
 * between. Between the steps attempts have their turn.
 */
import type { DestinationGround, KnownCall } from '../destination.ts';
import type { RedisFailure } from './redis-failure.ts';
import { failed, refused } from './redis-failure.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { Command, Exchange, Reply } from './redis-link.ts';
import { EXCHANGE_MS_MAX, toText, type WriteOutcome } from './redis-session.ts';
import type { RedisSettings } from './redis-settings.ts';
import { toTruthCommands } from './redis-writes.ts';

/** What one step may do with Redis, while it has its turn. */
export interface StepHands {
  exchange(commands: readonly Command[], timeoutMs: number): Promise<Exchange>;
  write(commands: readonly Command[]): Promise<WriteOutcome>;
}

export interface CompareOptions {
  readonly keys: RedisKeys;
  readonly settings: RedisSettings;
  readonly ground: DestinationGround;
  readonly isEnding: () => boolean;
  /** Runs when it is this work's turn; a failure where Redis cannot be reached. */
  step<T>(work: (hands: StepHands) => Promise<T | RedisFailure>): Promise<T | RedisFailure>;
}

/** Asked for; Redis gives up to a small set's whole content at once. */
const SCAN_COUNT = 500;
const CHUNK_CALLS_MAX = 500;
/** A server that never ends its scan must not keep us busy for ever: 50 million members at a time are enough. */
const SCAN_STEPS_MAX = 100_000;
/** Longer members were not put there by us: ids of calls have at most 256 characters. */
const MEMBER_BYTES_MAX = 1_024;

/**
 * Notices a flush on a link without traffic, and renews the lease. Like the two that follow it: null where it is
 * done, else why not; rejects where the journal is in trouble.
 */
export async function renewMarker({ step }: CompareOptions): Promise<RedisFailure | null> {
  const outcome = await step((hands) => hands.write([]));
  return outcome.kind === 'failed' ? outcome : null;
}

export async function addMissing(options: CompareOptions): Promise<RedisFailure | null> {
  const { ground, step, isEnding } = options;
  let cursor: string | null = null;
  do {
    const page: Awaited<ReturnType<DestinationGround['readActiveCalls']>> =
      await ground.readActiveCalls(cursor);
    cursor = page.nextCursor;
    for (const calls of toChunks(page.calls)) {
      if (isEnding()) return null;
      const outcome = await step((hands) => addMissingOf(calls, hands, options));
      if (outcome.kind === 'failed') return outcome;
    }
  } while (cursor !== null);
  return null;
}

async function addMissingOf(
  calls: readonly KnownCall[],
  hands: StepHands,
  { keys, settings, ground }: CompareOptions,
): Promise<Done | RedisFailure> {
  const ids = calls.map(({ callId }) => callId);
  const asked = await hands.exchange(
    [
      ['SMISMEMBER', keys.set, ...ids],
      ...(settings.call_hashes ? ids.map((id) => ['EXISTS', keys.toCallKey(id)]) : []),
    ],
    EXCHANGE_MS_MAX,
  );
  const replies = toReplies(asked);
  if ('kind' in replies) return replies;
  const [members, ...hashes] = replies.values;
  if (!Array.isArray(members) || members.length !== ids.length) return NO_ANSWER;
  const missing = ids.filter(
    (_, index) => members[index] !== 1 || (settings.call_hashes && hashes[index] !== 1),
  );
  return writeTruth(missing, [], hands, { keys, settings, ground });
}

export async function removeOthers(options: CompareOptions): Promise<RedisFailure | null> {
  let cursor = '0';
  for (let steps = 0; steps < SCAN_STEPS_MAX; steps += 1) {
    if (options.isEnding()) return null;
    const at = cursor;
    const outcome = await options.step((hands) => removeOthersOf(at, hands, options));
    if (outcome.kind === 'failed') return outcome;
    cursor = outcome.cursor;
    if (cursor === '0') return null;
  }
  return failed('protocol', 'Redis did not come to the end of the set');
}

async function removeOthersOf(
  cursor: string,
  hands: StepHands,
  options: CompareOptions,
): Promise<{ readonly kind: 'scanned'; readonly cursor: string } | RedisFailure> {
  const { keys, ground } = options;
  const asked = await hands.exchange(
    [['SSCAN', keys.set, cursor, 'COUNT', String(SCAN_COUNT)]],
    EXCHANGE_MS_MAX,
  );
  const replies = toReplies(asked);
  if ('kind' in replies) return replies;
  const page = replies.values[0];
  if (!Array.isArray(page) || !Array.isArray(page[1])) return NO_ANSWER;
  const next = toText(page[0] as Reply);
  const members = (page[1] as readonly Reply[]).filter((member) => Buffer.isBuffer(member));
  if (next === null || !/^\d{1,20}$/.test(next)) return NO_ANSWER;
  const ids: string[] = [];
  const strangers: Buffer[] = [];
  for (const member of members) {
    const id = toCallId(member);
    if (id === null) strangers.push(member);
    else ids.push(id);
  }
  const inactive: string[] = [];
  for (const chunk of toChunks(ids)) {
    const calls = await ground.readCalls(chunk);
    inactive.push(...chunk.filter((_, index) => calls[index]?.isActive !== true));
  }
  const written = await writeTruth(inactive, strangers, hands, options);
  return written.kind === 'failed' ? written : { kind: 'scanned', cursor: next };
}

/** Reads what the journal says of these calls now, and writes it at once. */
async function writeTruth(
  callIds: readonly string[],
  strangers: readonly Buffer[],
  hands: StepHands,
  { keys, settings, ground }: Pick<CompareOptions, 'keys' | 'settings' | 'ground'>,
): Promise<Done | RedisFailure> {
  for (const chunk of toChunks(strangers)) {
    const written = await hands.write([['SREM', keys.set, ...chunk]]);
    if (written.kind === 'failed') return written;
  }
  for (const chunk of toChunks(callIds)) {
    const calls = await ground.readCalls(chunk);
    const truths = chunk.map((callId, index) => ({ callId, call: calls[index] }));
    const written = await hands.write(toTruthCommands(truths, keys, settings, ground.nowMs()));
    if (written.kind === 'failed') return written;
  }
  return DONE;
}

interface Done {
  readonly kind: 'done';
}
const DONE: Done = { kind: 'done' };
const NO_ANSWER = failed('protocol', 'the server answered what Redis would not; is it a Redis server?');

function toReplies(exchange: Exchange): { readonly values: readonly Reply[] } | RedisFailure {
  if (exchange.kind === 'failed') return exchange;
  const error = exchange.replies.find((reply) => reply instanceof Error);
  return error === undefined ? { values: exchange.replies } : refused(error.message);
}

/** null where the bytes are no text, or more than an id has. */
function toCallId(member: Buffer): string | null {
  if (member.length === 0 || member.length > MEMBER_BYTES_MAX) return null;
  const text = member.toString();
  return Buffer.from(text).equals(member) ? text : null;
}

function toChunks<T>(items: readonly T[]): readonly (readonly T[])[] {
  const chunks: (readonly T[])[] = [];
  for (let at = 0; at < items.length; at += CHUNK_CALLS_MAX)
    chunks.push(items.slice(at, at + CHUNK_CALLS_MAX));
  return chunks;
}
