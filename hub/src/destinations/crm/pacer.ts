/**
 * Limits of a CRM are per credential, so every destination of this process that uses one shares its pace, in order of
 * asking, and a 429 holds everybody. A place is taken when a request is sent and free again one window after its answer
 * came: the CRM counts arrivals, which lie somewhere between the two, so that however long the way there takes, no
 * window of the CRM sees more than the limit. (Counted by the time of sending, 36 of some 290 requests were refused by
 * the stand-in for HubSpot, because the first ones of a burst took longer than the later ones.)
 * Other processes with the same credential have a pace of their own: together they may run into a 429, which holds.
 */
import type { DestinationGround } from '../destination.ts';

export interface PaceLimit {
  readonly requests: number;
  readonly windowMs: number;
}

export type PaceClock = Pick<DestinationGround, 'monotonicMs' | 'setTimer'>;

export type Entry =
  | {
      readonly kind: 'entered';
      /** The answer is there, or will not come. */
      leave(): void;
    }
  /** waitMs: how long it will be at least. */
  | { readonly kind: 'too_long'; readonly waitMs: number };

export interface Pacer {
  /** Waits for a place, but no longer than waitMsMax. */
  enter(clock: PaceClock, waitMsMax: number): Promise<Entry>;
  /** Nobody enters before this. */
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

interface Waiter {
  wake: () => void;
}

class SlidingPacer implements Pacer {
  limit: PaceLimit;
  #inside = 0;
  /** When places were left, oldest first; those of the last window. */
  readonly #leftAt: number[] = [];
  readonly #waiting: Waiter[] = [];
  #heldUntil = Number.NEGATIVE_INFINITY;

  constructor(limit: PaceLimit) {
    this.limit = limit;
  }

  async enter(clock: PaceClock, waitMsMax: number): Promise<Entry> {
    const until = clock.monotonicMs() + waitMsMax;
    const waiter: Waiter = { wake: () => {} };
    this.#waiting.push(waiter);
    try {
      for (;;) {
        const now = clock.monotonicMs();
        if (this.#heldUntil > until) return { kind: 'too_long', waitMs: this.#heldUntil - now };
        const waitMs = this.#waiting[0] === waiter ? this.#countWaitMs(now) : null;
        if (waitMs !== null && waitMs <= 0) return this.#let(clock);
        if (now >= until) return { kind: 'too_long', waitMs: waitMs ?? this.limit.windowMs };
        await sleep(clock, Math.min(waitMs ?? Number.POSITIVE_INFINITY, until - now), waiter);
      }
    } finally {
      this.#waiting.splice(this.#waiting.indexOf(waiter), 1);
      this.#waiting[0]?.wake();
    }
  }

  hold(untilMs: number): void {
    this.#heldUntil = Math.max(this.#heldUntil, untilMs);
    for (const waiter of this.#waiting) waiter.wake();
  }

  isHeld(now: number): boolean {
    return now < this.#heldUntil;
  }

  #let(clock: PaceClock): Entry {
    this.#inside += 1;
    let isInside = true;
    return {
      kind: 'entered',
      leave: () => {
        if (!isInside) return;
        isInside = false;
        this.#inside -= 1;
        this.#leftAt.push(clock.monotonicMs());
        this.#waiting[0]?.wake();
      },
    };
  }

  /** Until a place is free; null where that depends on answers that are still to come. */
  #countWaitMs(now: number): number | null {
    const { requests, windowMs } = this.limit;
    while (this.#leftAt.length > 0 && (this.#leftAt[0] ?? 0) <= now - windowMs) this.#leftAt.shift();
    if (this.isHeld(now)) return this.#heldUntil - now;
    // As many as are too many have to leave the window; the limit may have shrunk meanwhile.
    const excess = this.#inside + this.#leftAt.length - requests;
    if (excess < 0) return 0;
    const leavesAt = this.#leftAt[excess];
    return leavesAt === undefined ? null : leavesAt + windowMs - now;
  }
}

/** Or until somebody wakes it, since things have changed. */
function sleep(clock: PaceClock, delayMs: number, waiter: Waiter): Promise<void> {
  return new Promise((resolve) => {
    const cancel = clock.setTimer(resolve, Math.ceil(delayMs));
    waiter.wake = () => {
      cancel();
      resolve();
    };
  });
}

function toSmallest(limits: readonly PaceLimit[]): PaceLimit {
  return limits.reduce((least, limit) =>
    limit.requests / limit.windowMs < least.requests / least.windowMs ? limit : least,
  );
}
