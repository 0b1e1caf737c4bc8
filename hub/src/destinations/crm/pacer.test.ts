import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { createSimClock } from '../../../../test/support/sim-clock.ts';
import { createPacer, createPacerBook, type Entry, type PaceClock, type Pacer } from './pacer.ts';

describe('the pace of a credential', () => {
  it('never lets more arrive in a window than the limit, however long their ways take', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.integer({ min: 1, max: 6 }),
        fc.integer({ min: 1, max: 500 }),
        fc.array(
          fc.record({
            gapMs: fc.integer({ min: 0, max: 300 }),
            wayMs: fc.integer({ min: 0, max: 400 }),
            backMs: fc.integer({ min: 0, max: 400 }),
          }),
          { maxLength: 60 },
        ),
        async (requests, windowMs, asked) => {
          const { clock, sim } = createClocks();
          const pacer = createPacer({ requests, windowMs });
          const arrivals: number[] = [];
          let atMs = 0;
          const all = asked.map(async ({ gapMs, wayMs, backMs }) => {
            atMs += gapMs;
            await wait(clock, atMs);
            const entry = await pacer.enter(clock, Number.MAX_SAFE_INTEGER);
            if (entry.kind === 'too_long') throw new Error('it should have waited');
            await wait(clock, wayMs);
            arrivals.push(clock.monotonicMs());
            await wait(clock, backMs);
            entry.leave();
          });
          await sim.runUntil(10_000_000);
          await Promise.all(all);
          arrivals.sort((a, b) => a - b);
          for (const [index, at] of arrivals.entries()) {
            const before = arrivals[index - requests];
            if (before !== undefined) expect(at - before).toBeGreaterThanOrEqual(windowMs);
          }
          expect(arrivals).toHaveLength(asked.length);
        },
      ),
      { numRuns: 50 },
    );
  });

  it('lets as many go at once as the limit allows, and the next one window after the first answer', async () => {
    const { clock, sim } = createClocks();
    const pacer = createPacer({ requests: 3, windowMs: 1_000 });
    const first = await Promise.all([1, 2, 3].map(() => pacer.enter(clock, 0)));
    const next = watch(pacer.enter(clock, 60_000));
    await sim.runUntil(5_000);
    expect(next.entry).toBeNull();
    leave(first[0]);
    await sim.runUntil(5_999);
    expect(next.entry).toBeNull();
    await sim.runUntil(6_000);
    expect(next.entry?.kind).toBe('entered');
  });

  it('serves in order of asking', async () => {
    const { clock, sim } = createClocks();
    const pacer = createPacer({ requests: 1, windowMs: 100 });
    const served: number[] = [];
    for (const nth of [1, 2, 3]) {
      void (async () => {
        const entry = await pacer.enter(clock, 60_000);
        served.push(nth);
        leave(entry);
      })();
    }
    await sim.runUntil(1_000);
    expect(served).toEqual([1, 2, 3]);
  });

  it('says so where the wait is too long, and takes no place then', async () => {
    const { clock, sim } = createClocks();
    const pacer = createPacer({ requests: 1, windowMs: 1_000 });
    leave(await pacer.enter(clock, 0));
    const short = watch(pacer.enter(clock, 500));
    const long = watch(pacer.enter(clock, 5_000));
    await sim.runUntil(500);
    expect(short.entry).toEqual({ kind: 'too_long', waitMs: 500 });
    await sim.runUntil(1_000);
    expect(long.entry?.kind).toBe('entered');
  });

  it('holds everybody back after a 429, and at once says so to whom that is too long', async () => {
    const { clock, sim } = createClocks();
    const pacer = createPacer({ requests: 1, windowMs: 1_000 });
    leave(await pacer.enter(clock, 0));
    const short = watch(pacer.enter(clock, 2_000));
    const long = watch(pacer.enter(clock, 10_000));
    await sim.runUntil(10);
    pacer.hold(5_000);
    pacer.hold(3_000);
    await sim.runUntil(20);
    expect(short.entry?.kind).toBe('too_long');
    await sim.runUntil(4_999);
    expect(pacer.isHeld(clock.monotonicMs())).toBe(true);
    expect(long.entry).toBeNull();
    await sim.runUntil(5_000);
    expect(long.entry?.kind).toBe('entered');
  });
});

describe('destinations with one credential', () => {
  it('share one pace, at the smallest of their limits, until the last lets go', async () => {
    const { clock } = createClocks();
    const book = createPacerBook();
    const one = book.take('a', { requests: 10, windowMs: 1_000 });
    const two = book.take('a', { requests: 2, windowMs: 1_000 });
    const other = book.take('b', { requests: 1, windowMs: 1_000 });
    expect(one.pacer).toBe(two.pacer);
    expect(other.pacer).not.toBe(one.pacer);
    expect(await countFree(one.pacer, clock)).toBe(2);
    two.release();
    two.release();
    expect(await countFree(one.pacer, clock)).toBe(8);
    one.release();
    expect(book.take('a', { requests: 1, windowMs: 1_000 }).pacer).not.toBe(one.pacer);
  });
});

/** A simulated clock that begins at 0, as pacers know time. */
function createClocks() {
  const sim = createSimClock(0);
  const clock: PaceClock = {
    monotonicMs: () => sim.nowMs(),
    setTimer: (callback, delayMs) => sim.setTimer(callback, delayMs),
  };
  return { sim, clock };
}

function wait(clock: PaceClock, delayMs: number): Promise<void> {
  return new Promise((resolve) => void clock.setTimer(resolve, delayMs));
}

function watch(entering: Promise<Entry>): { entry: Entry | null } {
  const watched: { entry: Entry | null } = { entry: null };
  void (async () => {
    watched.entry = await entering;
  })();
  return watched;
}

function leave(entry: Entry | undefined): void {
  if (entry?.kind === 'entered') entry.leave();
}

async function countFree(pacer: Pacer, clock: PaceClock): Promise<number> {
  let free = 0;
  while ((await pacer.enter(clock, 0)).kind === 'entered') free += 1;
  return free;
}
