/**
 * Limits of a CRM are per credential, so every destination of this process that uses one shares its pace: a turn is
 * reserved in order of asking, and a 429 holds everybody. Pure but for what it remembers; who asks brings the time.
 * Other processes with the same credential have a pace of their own: together they may run into a 429, which holds.
 */

export interface PaceLimit {
  readonly requests: number;
  readonly windowMs: number;
}

export interface Pacer {
  /** When the next turn could be, at `now` or later. */
  earliest(now: number): number;
  /** Takes a turn at a time that is none before the earliest. */
  take(at: number): void;
  /** Nobody's turn before this. */
  hold(untilMs: number): void;
  isHeld(now: number): boolean;
}

export interface PacerBook {
  /** One for each credential while somebody uses it; of several limits for one, the smallest holds. */
  take(credential: string, limit: PaceLimit): { readonly pacer: Pacer; release(): void };
}

export function createPacerBook(): PacerBook {
  const inUse = new Map<string, { readonly pacer: SlidingPacer; readonly limits: PaceLimit[] }>();
  return {
    take(credential, limit) {
      const entry = inUse.get(credential) ?? { pacer: new SlidingPacer(limit), limits: [] };
      inUse.set(credential, entry);
      entry.limits.push(limit);
      entry.pacer.limit = toSmallest(entry.limits);
      let isReleased = false;
      return {
        pacer: entry.pacer,
        release() {
          if (isReleased) return;
          isReleased = true;
          entry.limits.splice(entry.limits.indexOf(limit), 1);
          if (entry.limits.length === 0) inUse.delete(credential);
          else entry.pacer.limit = toSmallest(entry.limits);
        },
      };
    },
  };
}

export function createPacer(limit: PaceLimit): Pacer {
  return new SlidingPacer(limit);
}

class SlidingPacer implements Pacer {
  limit: PaceLimit;
  /** Times of the turns taken, in order; at most as many as one window has. */
  readonly #turns: number[] = [];
  #heldUntil = Number.NEGATIVE_INFINITY;

  constructor(limit: PaceLimit) {
    this.limit = limit;
  }

  earliest(now: number): number {
    const { requests, windowMs } = this.limit;
    const before = this.#turns.at(-requests);
    // In order of asking: a turn is never earlier than one that was given before.
    return Math.max(
      now,
      before === undefined ? now : before + windowMs,
      this.#heldUntil,
      this.#turns.at(-1) ?? now,
    );
  }

  take(at: number): void {
    this.#turns.push(at);
    while (this.#turns.length > this.limit.requests) this.#turns.shift();
  }

  hold(untilMs: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, untilMs);
  }

  isHeld(now: number): boolean {
    return now < this.#heldUntil;
  }
}

/**
 * One turn at all of them, since one that waits for its second limit after it took its turn at the first would make a
 * crowd there later. Milliseconds until then; where that is longer than waitMsMax, no turn is taken.
 */
export function reserveTurn(
  pacers: readonly Pacer[],
  now: number,
  waitMsMax: number,
): { readonly kind: 'reserved' | 'too_long'; readonly waitMs: number } {
  const at = Math.max(...pacers.map((pacer) => pacer.earliest(now)));
  const waitMs = at - now;
  if (waitMs > waitMsMax) return { kind: 'too_long', waitMs };
  for (const pacer of pacers) pacer.take(at);
  return { kind: 'reserved', waitMs };
}

function toSmallest(limits: readonly PaceLimit[]): PaceLimit {
  return limits.reduce((least, limit) =>
    limit.requests / limit.windowMs < least.requests / least.windowMs ? limit : least,
  );
}
