/**
 * Simulated time: it stands still while code runs and jumps to the next timer when everything has settled.
 * Timers due together run in the order they were set, so that a seed gives one run.
 */
import type { Clock } from '../../hub/src/clock.ts';

interface Timer {
  readonly atMs: number;
  readonly order: number;
  readonly callback: () => void;
  cancelled: boolean;
}

export interface SimClock extends Clock {
  /** Runs the next timer, if any is due at or before `untilMs`, and lets what follows from it settle. */
  step(untilMs: number): Promise<boolean>;
  /** Runs every timer up to that time. */
  runUntil(untilMs: number): Promise<void>;
  /** Lets promises and immediates run dry. */
  settle(): Promise<void>;
}

/** The journal commits on an immediate, and a commit may cause another one. */
const SETTLE_ROUNDS = 8;

export function createSimClock(startMs: number): SimClock {
  let nowMs = startMs;
  let order = 0;
  const heap: Timer[] = [];

  const before = (a: Timer, b: Timer): boolean => a.atMs < b.atMs || (a.atMs === b.atMs && a.order < b.order);

  function push(timer: Timer): void {
    let index = heap.push(timer) - 1;
    while (index > 0) {
      const parent = (index - 1) >> 1;
      if (!before(timer, heap[parent] as Timer)) break;
      heap[index] = heap[parent] as Timer;
      index = parent;
    }
    heap[index] = timer;
  }

  function pop(): Timer | undefined {
    const top = heap[0];
    const last = heap.pop();
    if (top === undefined || last === undefined || heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Timer, heap[child] as Timer)) child += 1;
      if (!before(heap[child] as Timer, last)) break;
      heap[index] = heap[child] as Timer;
      index = child;
    }
    heap[index] = last;
    return top;
  }

  async function settle(): Promise<void> {
    for (let round = 0; round < SETTLE_ROUNDS; round += 1) {
      await new Promise<void>((resolve) => {
        setImmediate(resolve);
      });
    }
  }

  async function step(untilMs: number): Promise<boolean> {
    while (heap[0]?.cancelled === true) pop();
    const next = heap[0];
    if (next === undefined || next.atMs > untilMs) return false;
    pop();
    nowMs = Math.max(nowMs, next.atMs);
    next.callback();
    await settle();
    return true;
  }

  return {
    nowMs: () => nowMs,
    monotonicMs: () => nowMs - startMs,
    setTimer(callback, delayMs) {
      order += 1;
      const timer: Timer = { atMs: nowMs + Math.max(0, delayMs), order, callback, cancelled: false };
      push(timer);
      return () => {
        timer.cancelled = true;
      };
    },
    step,
    settle,
    async runUntil(untilMs) {
      await settle();
      while (await step(untilMs));
      nowMs = Math.max(nowMs, untilMs);
    },
  };
}
