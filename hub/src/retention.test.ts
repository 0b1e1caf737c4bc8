import { describe, expect, it } from 'vitest';

import type { Clock } from './clock.ts';
import { startRetention } from './retention.ts';

/** Timers run when the test says so. */
class ManualClock implements Clock {
  time = 100 * 86_400_000;
  readonly timers: { callback: () => void; atMs: number }[] = [];
  nowMs = (): number => this.time;
  monotonicMs = (): number => this.time;

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = { callback, atMs: this.time + delayMs };
    this.timers.push(timer);
    return () => void this.timers.splice(this.timers.indexOf(timer), 1);
  }

  /** Runs the earliest timer and lets what it began settle. */
  async next(): Promise<number> {
    this.timers.sort((one, other) => one.atMs - other.atMs);
    const timer = this.timers.shift();
    if (timer === undefined) throw new Error('No timer is set.');
    const waitedMs = timer.atMs - this.time;
    this.time = timer.atMs;
    timer.callback();
    await new Promise(setImmediate);
    return waitedMs;
  }
}

describe('retention', () => {
  it('deletes in small runs while there is something to delete, then rests', async () => {
    const clock = new ManualClock();
    const left = [200, 200, 31, 0, 0];
    const cuts: number[] = [];
    let pruned = 0;
    const retention = startRetention({
      journal: {
        prune: async (beforeMs) => {
          cuts.push(clock.time - beforeMs);
          return left.shift() ?? 0;
        },
      },
      clock,
      retentionDays: 30,
      pruned: (calls) => (pruned += calls),
      troubled: () => {},
    });
    const waits: number[] = [];
    for (let run = 0; run < 5; run += 1) waits.push(await clock.next());
    expect(waits).toEqual([60_000, 200, 200, 200, 600_000]);
    expect(pruned).toBe(431);
    expect(new Set(cuts)).toEqual(new Set([30 * 86_400_000]));
    retention.stop();
    expect(clock.timers).toEqual([]);
  });

  it('goes on after a journal that was in trouble', async () => {
    const clock = new ManualClock();
    const troubles: unknown[] = [];
    const retention = startRetention({
      journal: { prune: () => Promise.reject(new Error('full')) },
      clock,
      retentionDays: 1,
      pruned: () => {},
      troubled: (error) => troubles.push(error),
    });
    await clock.next();
    await clock.next();
    expect(troubles).toHaveLength(2);
    retention.stop();
  });
});
