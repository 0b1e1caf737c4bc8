import { describe, expect, it } from 'vitest';
import fc from 'fast-check';
import { Gathering, toSizeMax, type Waiting } from './gathering.ts';

const rule = { eventsMax: 100, waitMs: 200, bytesMax: 256 * 1024 };
const TRIES = 12;

function wait(attempts = 0, rejections = 0, bytes = 300): Waiting {
  return { attempts, rejections, body: { length: bytes } };
}

function many(count: number, make: () => Waiting = wait): Waiting[] {
  return Array.from({ length: count }, () => make());
}

describe('gathering a batch', () => {
  it('gives a full batch at once, and the rest after its wait', () => {
    const gathering = new Gathering(rule);
    const held = many(130);
    expect(gathering.take(held, TRIES, 0, false)).toHaveLength(100);
    expect(gathering.take(held, TRIES, 0, false)).toBeNull();
    expect(gathering.nextAtMs()).toBe(200);
    expect(gathering.take(held, TRIES, 199, false)).toBeNull();
    expect(gathering.take(held, TRIES, 200, false)).toHaveLength(30);
    expect(held).toHaveLength(0);
  });

  it('takes the oldest first and leaves the others in their order', () => {
    const gathering = new Gathering({ ...rule, eventsMax: 2 });
    const [a, b, c] = [wait(), wait(), wait()];
    const held = [a, b, c];
    expect(gathering.take(held, TRIES, 0, false)).toEqual([a, b]);
    expect(held).toEqual([c]);
  });

  it('lets nobody be starved by full batches without end', () => {
    const gathering = new Gathering(rule);
    const retried = wait(1);
    const held = [retried, ...many(100)];
    const taken: (readonly Waiting[])[] = [];
    for (let nowMs = 0; nowMs <= 200; nowMs += 50) {
      taken.push(gathering.take(held, TRIES, nowMs, false) ?? []);
      held.push(...many(100));
    }
    expect(taken.some((batch) => batch.includes(retried))).toBe(true);
  });

  it('lets those that come after all went wait their own time for company', () => {
    const gathering = new Gathering(rule);
    expect(gathering.take(many(3), TRIES, 0, true)).toHaveLength(3);
    expect(gathering.nextAtMs()).toBeNull();
    const held = many(1);
    expect(gathering.take(held, TRIES, 1_000, false)).toBeNull();
    expect(gathering.nextAtMs()).toBe(1_200);
  });

  it('forgets the wait of those that were given back', () => {
    const gathering = new Gathering(rule);
    expect(gathering.take(many(3), TRIES, 0, false)).toBeNull();
    gathering.reset();
    expect(gathering.nextAtMs()).toBeNull();
    expect(gathering.take(many(1), TRIES, 1_000, false)).toBeNull();
  });

  it('waits for nobody where it must hurry', () => {
    const held = [wait()];
    expect(new Gathering(rule).take(held, TRIES, 0, true)).toHaveLength(1);
  });

  it('puts no more into a batch than its bytes, and a larger event alone', () => {
    const gathering = new Gathering({ ...rule, bytesMax: 10_000 });
    const held = [...many(20, () => wait(0, 0, 1_000)), wait(0, 0, 50_000)];
    const sizes: number[] = [];
    for (let batch = gathering.take(held, TRIES, 0, true); batch !== null;) {
      sizes.push(batch.length);
      batch = gathering.take(held, TRIES, 0, true);
    }
    expect(sizes).toEqual([8, 8, 4, 1]);
  });

  it('sends the later tries in smaller company, and the rejected and the last ones alone', () => {
    expect([0, 1, 2, 6, 7, 40].map((attempts) => toSizeMax(wait(attempts), 100, 99))).toEqual([
      100, 50, 25, 1, 1, 1,
    ]);
    expect(toSizeMax(wait(1, 1), 100, TRIES)).toBe(1);
    expect(toSizeMax(wait(TRIES - 1), 2 ** 20, TRIES)).toBe(1);
  });

  it('never lets an event travel in larger company than any of a batch may have, and loses none', () => {
    fc.assert(
      fc.property(
        fc.array(fc.tuple(fc.nat(8), fc.nat(1), fc.integer({ min: 1, max: 100_000 })), { maxLength: 300 }),
        fc.integer({ min: 2, max: 100 }),
        (events, eventsMax) => {
          const gathering = new Gathering({ eventsMax, waitMs: 100, bytesMax: 256 * 1024 });
          const held = events.map((event) => wait(...event));
          const all = new Set(held);
          for (let nowMs = 0; held.length > 0; nowMs += 25) {
            if (nowMs > 100 * 1_000) throw new Error('somebody waits for ever');
            const batch = gathering.take(held, TRIES, nowMs, false);
            for (const one of batch ?? []) {
              expect(all.delete(one)).toBe(true);
              expect(batch?.length).toBeLessThanOrEqual(toSizeMax(one, eventsMax, TRIES));
            }
            const bytes = (batch ?? []).reduce((sum, { body }) => sum + body.length, 0);
            expect(bytes).toBeLessThanOrEqual(256 * 1024);
          }
          expect(all.size).toBe(0);
        },
      ),
    );
  });
});
