/**
 * One link on which this destination keeps its set. Every write is one transaction that is undone by Redis where the
 * marker beside the set has changed since it was last seen (WATCH): a flush, another keeper, or a newer link of ours.
 * So what an old link still sends late, from the buffers of a Redis that hung, is refused by Redis itself. The next
 * WATCH rides with each transaction, so a write is one round trip.
 */
import { printable } from '../egress/connect-failure.ts';
import type { RedisKeys } from './redis-keys.ts';
import type { RedisFailure } from './redis-failure.ts';
import { failed, refused } from './redis-failure.ts';
import type { Command, RedisLink, Reply } from './redis-link.ts';

export type WriteOutcome =
  | {
      readonly kind: 'written';
      /** The marker was not there: Redis has lost what it held, so everything must be compared. */
      readonly wasLost: boolean;
    }
  | RedisFailure;

export interface SessionOptions {
  readonly keys: RedisKeys;
  readonly destinationId: string;
  readonly leaseMs: number;
  readonly monotonicMs: () => number;
}

/** An answer takes microseconds; longer than this Redis hangs. */
export const EXCHANGE_MS_MAX = 5_000;
/** Others may touch the marker at the same moment (a second hub on the same journal), each time for a moment only. */
const TRIES_MAX = 5;

export class RedisSession {
  readonly link: RedisLink;
  readonly #options: SessionOptions;
  #renewedAtMs = -Infinity;
  /** Who held the marker when it was last watched; null: nobody. */
  #holder: string | null = null;

  constructor(link: RedisLink, options: SessionOptions) {
    this.link = link;
    this.#options = options;
  }

  /** Makes sure that nobody else keeps this set, and that we do. Touching the marker cuts off what older links still send. */
  async claim(): Promise<WriteOutcome> {
    const { keys } = this.#options;
    const seen = await this.link.exchange([['TYPE', keys.set], ...this.#watch()], EXCHANGE_MS_MAX);
    if (seen.kind === 'failed') return seen;
    const error = firstError(seen.replies);
    if (error !== null) return refused(error.message);
    const [type, , holder] = seen.replies;
    this.#holder = toText(holder);
    if (type !== 'set' && type !== 'none')
      return failed(
        'settings',
        `${keys.set} is of type ${printable(String(type))}, not a set: choose another set_name, or delete it`,
      );
    return this.write([]);
  }

  /** All of it or nothing, and never beside another keeper's marker. Without commands the marker alone is written. */
  async write(commands: readonly Command[]): Promise<WriteOutcome> {
    const { destinationId } = this.#options;
    let wasLost = false;
    for (let tries = 0; tries < TRIES_MAX; tries += 1) {
      if (this.#holder !== null && this.#holder !== destinationId) return this.#foreign(this.#holder);
      wasLost ||= this.#holder === null;
      const marking = this.#holder === null || commands.length === 0 ? this.#mark() : this.#renew();
      const batch = [['MULTI'], ...marking, ...commands, ['EXEC'], ...this.#watch()];
      const sent = await this.link.exchange(batch, EXCHANGE_MS_MAX);
      if (sent.kind === 'failed') return sent;
      const executed = sent.replies.at(-3);
      this.#holder = toText(sent.replies.at(-1));
      // Queueing errors stand before EXEC's own "EXECABORT", which says nothing.
      const error = firstError(sent.replies) ?? (Array.isArray(executed) ? firstError(executed) : null);
      if (error !== null) return refused(error.message);
      if (executed !== null) return { kind: 'written', wasLost: wasLost || this.#holder === null };
    }
    return failed('refused', 'others change the marker beside the set again and again');
  }

  /** Lets another destination have the set at once. Best effort: a lease that nobody renews ends by itself. */
  async release(timeoutMs: number): Promise<void> {
    const { keys, destinationId } = this.#options;
    const seen = await this.link.exchange(this.#watch(), timeoutMs);
    if (seen.kind === 'failed' || toText(seen.replies[1]) !== destinationId) return;
    await this.link.exchange([['MULTI'], ['DEL', keys.marker], ['EXEC']], timeoutMs);
  }

  #mark(): readonly Command[] {
    const { keys, destinationId, leaseMs, monotonicMs } = this.#options;
    this.#renewedAtMs = monotonicMs();
    return [['SET', keys.marker, destinationId, 'PX', String(leaseMs)]];
  }

  #renew(): readonly Command[] {
    const { keys, leaseMs, monotonicMs } = this.#options;
    if (monotonicMs() - this.#renewedAtMs < leaseMs / 3) return [];
    this.#renewedAtMs = monotonicMs();
    return [['PEXPIRE', keys.marker, String(leaseMs)]];
  }

  #watch(): readonly Command[] {
    const { marker } = this.#options.keys;
    return [
      ['WATCH', marker],
      ['GET', marker],
    ];
  }

  #foreign(owner: string): RedisFailure {
    const { keys, leaseMs } = this.#options;
    const minutes = Math.ceil(leaseMs / 60_000);
    return failed(
      'settings',
      `the set ${keys.set} is kept by the destination ${owner.slice(0, 64).replaceAll(/[^\w-]/g, '?')}: choose another set_name or key_prefix; if that one is gone, wait ${minutes} minutes`,
    );
  }
}

export function toText(reply: Reply | undefined): string | null {
  if (Buffer.isBuffer(reply)) return reply.toString();
  return typeof reply === 'string' ? reply : null;
}

function firstError(replies: readonly Reply[]): Error | null {
  return replies.find((reply) => reply instanceof Error) ?? null;
}
