/**
 * Keeps the set equal to the journal's active calls. An attempt does not write what its event says but what the journal
 * says of the call now, so late, repeated and replayed events all come to the same. What waits is written together:
 * one look into the journal, one transaction. Looking and writing happen in one queue, so a later truth is never
 * overwritten by an earlier one. What events cannot tell (a Redis that lost its data, an id that others put there) is
 * found by comparing the whole set with the journal: after each connection, after a loss, and on a slow timer.
 */
import type { AttemptRequest, AttemptResult, DestinationGround, DestinationSender } from '../destination.ts';
import { addMissing, removeOthers, renewMarker, type CompareOptions } from './redis-compare.ts';
import type { RedisFailure } from './redis-failure.ts';
import { failed } from './redis-failure.ts';
import { toRedisKeys, type RedisKeys } from './redis-keys.ts';
import type { LinkOpener } from './redis-link.ts';
import { RedisSession, type WriteOutcome } from './redis-session.ts';
import type { RedisSettings } from './redis-settings.ts';
import { toWantedCalls } from './redis-wanted.ts';
import { publishes, toEventCommands, toTruthCommands } from './redis-writes.ts';

export interface RedisSenderOptions {
  readonly settings: RedisSettings;
  readonly ground: DestinationGround;
  readonly openLink: LinkOpener;
}

/** Attempts written in one transaction; others wait for the next, which is a millisecond later. */
const BATCH_ATTEMPTS_MAX = 256;
const BATCH_BODY_BYTES_MAX = 1024 * 1024;
const OPEN_MS_MAX = 5_000;
/** Attempts that come while Redis is away do not dial it more often than this. */
const OPEN_GAP_MS_MIN = 250;
const RETRY_MS_MIN = 250;
const RETRY_MS_MAX = 10_000;
const RELEASE_MS_MAX = 1_000;
/** Long enough that a hub may be down for an update, short enough that a set whose keeper is gone can be taken over. */
const LEASE_MS = 5 * 60_000;
/** Two may fail before another keeper could take the set. */
const LEASE_RENEWED_MS = LEASE_MS / 3;

interface Waiting {
  readonly request: AttemptRequest;
  /** null: an operational event, which is about no call that we keep. */
  readonly callId: string | null;
  isSettled: boolean;
  settle(outcome: { readonly kind: 'done'; readonly detail: string } | RedisFailure): void;
}

export class RedisSender implements DestinationSender {
  readonly #settings: RedisSettings;
  readonly #ground: DestinationGround;
  readonly #openLink: LinkOpener;
  readonly #keys: RedisKeys;
  readonly #ending = new AbortController();
  readonly #waiting: Waiting[] = [];
  #flushes = false;
  /** The queue in which the journal is read and Redis written. */
  #tail: Promise<unknown> = Promise.resolve();
  #session: RedisSession | null = null;
  #lastFailure: {
    readonly failure: RedisFailure;
    readonly atMs: number;
    /** A reset may be the last sign of a server that is back already: once, it is dialled again at once. */
    readonly isPassing: boolean;
  } | null = null;
  #cancelTimer: () => void = () => {};
  #retries = 0;
  #comparing: Promise<void> | null = null;
  /** Counts new links and lost markers: whatever was compared before the last of them may be so no more. */
  #losses = 0;
  /** How many there were when the comparison began that is under way, or was the last. */
  #lossesBefore = 0;
  /** From when the timer runs out until the whole is compared; till then it only renews the lease. */
  #wholeAfterMs = 0;
  #isClosing = false;
  #isAbandoned = false;
  #toldTrouble: string | null = null;

  constructor({ settings, ground, openLink }: RedisSenderOptions) {
    this.#settings = settings;
    this.#ground = toWantedCalls(ground);
    this.#openLink = openLink;
    this.#keys = toRedisKeys(settings);
    this.#compareSoon(0);
  }

  attempt(request: AttemptRequest): Promise<AttemptResult> {
    const startedAtMs = this.#ground.monotonicMs();
    return new Promise((resolve) => {
      const settle = (outcome: Parameters<Waiting['settle']>[0]): void => {
        if (waiting.isSettled || this.#isAbandoned) return;
        waiting.isSettled = true;
        cancel();
        const timing = { firstByteMs: null, totalMs: this.#ground.monotonicMs() - startedAtMs };
        if (outcome.kind === 'done') resolve({ kind: 'done', detail: outcome.detail, timing });
        else resolve({ kind: 'failed', cause: outcome.cause, detail: outcome.detail, timing });
      };
      const waiting: Waiting = { request, callId: toCallId(request), isSettled: false, settle };
      const cancel = this.#ground.setTimer(
        () => settle(failed('timeout', 'Redis did not take the event in time')),
        request.deadlineMs,
      );
      if (this.#isClosing) return settle(CLOSED);
      this.#waiting.push(waiting);
      this.#flushSoon();
    });
  }

  async close(): Promise<void> {
    this.#cancelTimer();
    this.#isClosing = true;
    // What waits is still written, each within its own deadline.
    while (this.#flushes || this.#waiting.length > 0) await this.#tail;
    await this.#exclusively(async () => {
      await this.#session?.release(RELEASE_MS_MAX);
    });
    this.#end();
    await this.#comparing;
  }

  abandon(): void {
    this.#isClosing = true;
    this.#isAbandoned = true;
    this.#cancelTimer();
    this.#end();
  }

  #end(): void {
    this.#ending.abort();
    this.#session?.link.destroy();
    this.#session = null;
  }

  #exclusively<T>(work: () => Promise<T>): Promise<T> {
    const result = this.#tail.then(work);
    this.#tail = result.catch(() => {});
    return result;
  }

  #flushSoon(): void {
    if (this.#flushes) return;
    this.#flushes = true;
    void this.#exclusively(async () => {
      this.#flushes = false;
      await this.#flush();
    });
  }

  async #flush(): Promise<void> {
    const batch = this.#takeBatch();
    if (this.#waiting.length > 0) this.#flushSoon();
    if (batch.length === 0) return;
    const outcome = await this.#writeBatch(batch);
    if (outcome.kind === 'failed') {
      for (const waiting of batch) waiting.settle(outcome);
      return;
    }
    for (const waiting of batch)
      waiting.settle({ kind: 'done', detail: this.#describe(waiting, outcome.active) });
  }

  /** Never rejects: a journal in trouble fails these attempts as a Redis in trouble would. */
  async #writeBatch(
    batch: readonly Waiting[],
  ): Promise<{ readonly kind: 'written'; readonly active: ReadonlySet<string> } | RedisFailure> {
    const callIds = [...new Set(batch.flatMap(({ callId }) => (callId === null ? [] : [callId])))];
    for (let isFirst = true; ; isFirst = false) {
      const session = await this.#open();
      if (!(session instanceof RedisSession)) {
        if (isFirst && session.cause === 'reset') continue;
        return session;
      }
      const truths = await this.#readTruths(callIds);
      if (truths === null) return failed('settings', 'the hub could not read its journal');
      const commands = toTruthCommands(truths, this.#keys, this.#settings, this.#ground.nowMs());
      for (const { request } of batch) commands.push(...toEventCommands(request, this.#keys, this.#settings));
      if (commands.length === 0) return { kind: 'written', active: new Set() };
      const outcome = this.#check(session, await session.write(commands));
      if (outcome.kind === 'written') {
        const active = truths.filter(({ call }) => call?.isActive === true).map(({ callId }) => callId);
        return { kind: 'written', active: new Set(active) };
      }
      // A slot that has moved, or a connection that the other side had closed while it was idle: once more, on a new one.
      if (!isFirst || !(outcome.code === 'MOVED' || outcome.cause === 'reset')) return outcome;
    }
  }

  #takeBatch(): readonly Waiting[] {
    const batch: Waiting[] = [];
    let bytes = 0;
    while (batch.length < BATCH_ATTEMPTS_MAX && bytes < BATCH_BODY_BYTES_MAX) {
      const waiting = this.#waiting.shift();
      if (waiting === undefined) break;
      if (waiting.isSettled) continue;
      batch.push(waiting);
      bytes += waiting.request.body.byteLength;
    }
    return batch;
  }

  async #readTruths(callIds: readonly string[]) {
    try {
      const calls = await this.#ground.readCalls(callIds);
      return callIds.map((callId, index) => ({ callId, call: calls[index] }));
    } catch (error) {
      this.#tell('the journal could not be read', error);
      return null;
    }
  }

  /** The session, opened and claimed where there is none. Only within the queue. */
  async #open(): Promise<RedisSession | RedisFailure> {
    if (this.#ending.signal.aborted) return CLOSED;
    const last = this.#lastFailure;
    const nowMs = this.#ground.monotonicMs();
    if (this.#session?.link.isOpen === true) return this.#session;
    if (last !== null && !last.isPassing && nowMs - last.atMs < OPEN_GAP_MS_MIN) return last.failure;
    const opened = await this.#openLink(() => this.#lose(), OPEN_MS_MAX, this.#ending.signal);
    if (opened.kind === 'failed') return this.#fail(opened);
    const session = new RedisSession(opened.link, {
      keys: this.#keys,
      destinationId: this.#ground.destinationId,
      leaseMs: LEASE_MS,
      monotonicMs: () => this.#ground.monotonicMs(),
    });
    this.#session = session;
    const claimed = await session.claim();
    if (claimed.kind === 'failed') {
      this.#session = null;
      opened.link.destroy();
      return this.#fail(claimed);
    }
    this.#lastFailure = null;
    this.#compareAfterLoss();
    return session;
  }

  /** What an outcome of a write means for the link it was made on. */
  #check(session: RedisSession, outcome: WriteOutcome): WriteOutcome {
    if (outcome.kind === 'written') {
      if (outcome.wasLost) this.#compareAfterLoss();
      return outcome;
    }
    // Out of memory passes on the same link; all else may be another server, or another role, behind the same name.
    if (outcome.code !== 'OOM') session.link.destroy();
    return outcome;
  }

  #fail(failure: RedisFailure): RedisFailure {
    const atMs = this.#ground.monotonicMs();
    const last = this.#lastFailure;
    const isFirst = last === null || atMs - last.atMs >= OPEN_GAP_MS_MIN;
    this.#lastFailure = { failure, atMs, isPassing: failure.cause === 'reset' && isFirst };
    return failure;
  }

  /** The link ended: dial again without waiting for an attempt to need it. */
  #lose(): void {
    if (this.#session?.link.isOpen === true) return;
    this.#session = null;
    if (!this.#isClosing) this.#compareSoon(this.#nextRetryMs());
  }

  #nextRetryMs(): number {
    const planned = Math.min(RETRY_MS_MAX, RETRY_MS_MIN * 2 ** Math.min(this.#retries, 10));
    this.#retries += 1;
    return planned * (0.8 + 0.4 * this.#ground.random());
  }

  #compareAfterLoss(): void {
    this.#losses += 1;
    this.#wholeAfterMs = 0;
    if (this.#comparing === null) this.#compareSoon(0);
  }

  #compareSoon(delayMs: number): void {
    this.#cancelTimer();
    if (this.#isClosing) return;
    this.#cancelTimer = this.#ground.setTimer(() => {
      this.#comparing ??= this.#compare();
    }, delayMs);
  }

  /** Opens, compares everything or only renews the lease, and plans the next time: soon after trouble, else by the timer. */
  async #compare(): Promise<void> {
    const outcome = await this.#compareAll();
    this.#comparing = null;
    if (this.#isClosing) return;
    if (typeof outcome === 'object') {
      this.#tell(outcome.detail, null);
      this.#wholeAfterMs = 0;
      return this.#compareSoon(this.#nextRetryMs());
    }
    if (this.#losses !== this.#lossesBefore) return this.#compareSoon(0);
    this.#retries = 0;
    this.#toldTrouble = null;
    if (outcome === 'compared') this.#wholeAfterMs = this.#settings.reconcile_s * 1_000;
    const delayMs = Math.min(this.#wholeAfterMs, LEASE_RENEWED_MS);
    this.#wholeAfterMs -= delayMs;
    this.#compareSoon(delayMs);
  }

  async #compareAll(): Promise<RedisFailure | 'compared' | 'renewed'> {
    const options: CompareOptions = {
      keys: this.#keys,
      settings: this.#settings,
      ground: this.#ground,
      isEnding: () => this.#isClosing,
      step: (work) =>
        this.#exclusively(async () => {
          if (this.#isClosing) return CLOSED;
          const session = await this.#open();
          if (!(session instanceof RedisSession)) return session;
          return work({
            exchange: (commands, timeoutMs) => session.link.exchange(commands, timeoutMs),
            write: async (commands) => this.#check(session, await session.write(commands)),
          });
        }),
    };
    try {
      const unmarked = await renewMarker(options);
      this.#lossesBefore = this.#losses;
      if (unmarked !== null) return unmarked;
      if (this.#wholeAfterMs > 0) return 'renewed';
      return (await addMissing(options)) ?? (await removeOthers(options)) ?? 'compared';
    } catch (error) {
      this.#tell(UNCOMPARED.detail, error);
      return UNCOMPARED;
    }
  }

  /** Each kind of trouble once, until all is well again. */
  #tell(detail: string, error: unknown): void {
    if (this.#toldTrouble === detail) return;
    this.#toldTrouble = detail;
    this.#ground.troubled(detail, error);
  }

  #describe({ callId }: Waiting, active: ReadonlySet<string>): string {
    const tells = this.#keys.stream !== null || publishes(this.#settings);
    const told = tells ? ', event told' : '';
    if (callId === null) return tells ? 'Event told' : 'Nothing to write: no channel and no stream is set';
    return active.has(callId)
      ? `Active: in ${this.#keys.set}${told}`
      : `Not active: not in ${this.#keys.set}${told}`;
  }
}

const UNCOMPARED = failed('settings', 'the set could not be compared with the journal');
const CLOSED = failed('reset', 'the destination was closed or changed meanwhile');

/** null for what is about no call that is kept. Bodies are the hub's own, so one that cannot be read is a bug. */
function toCallId({ eventType, body }: AttemptRequest): string | null {
  if (eventType !== 'status-update') return null;
  const { message } = JSON.parse(Buffer.from(body).toString()) as { message: { call: { id: string } } };
  return message.call.id;
}
