/**
 * Time, handed in, so that the real engine runs under a simulated clock.
 * Timers are capped at one hour, because setTimeout fires at once beyond 2^31 ms; what is due later lives in the journal.
 */
export interface Clock {
  /** Unix ms. Data and due times; never used to measure how long something took. */
  nowMs(): number;
  /** Milliseconds that only grow; for durations and leases. */
  monotonicMs(): number;
  /** Calls back once after the delay; the returned function cancels. Never keeps the process alive. */
  setTimer(callback: () => void, delayMs: number): () => void;
}

export const TIMER_MS_MAX = 3_600_000;

export const systemClock: Clock = {
  nowMs: () => Date.now(),
  monotonicMs: () => performance.now(),
  setTimer(callback, delayMs) {
    const timer = setTimeout(callback, Math.min(Math.max(delayMs, 0), TIMER_MS_MAX));
    timer.unref();
    return () => clearTimeout(timer);
  },
};

/** Unix ms and monotonic ms as two 64-bit integers in shared memory: a test's standing clock, across threads. */
export function createSharedClock(shared: SharedArrayBuffer): Clock {
  const times = new BigInt64Array(shared);
  return {
    ...systemClock,
    nowMs: () => Number(Atomics.load(times, 0)),
    monotonicMs: () => Number(Atomics.load(times, 1)),
  };
}
