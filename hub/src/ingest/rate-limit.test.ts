import { describe, expect, it } from 'vitest';

import { BUCKETS_MAX, createRateLimiter } from './rate-limit.ts';

function openLimiter(perSecond: number, burst: number) {
  const state = { nowMs: 0 };
  return {
    state,
    limiter: createRateLimiter({ perSecond, burst }, 'key', { monotonicMs: () => state.nowMs }),
  };
}

describe('the rate limiter', () => {
  it('without a limit lets everything in and sends no headers', () => {
    const limiter = createRateLimiter(null, 'key', { monotonicMs: () => 0 });
    for (let index = 0; index < 1_000; index += 1) expect(limiter.take('one').problem).toBeNull();
    expect(limiter.take('one').headers).toBeNull();
  });

  it('admits the burst, then the rate, and says when to come again', () => {
    const { limiter, state } = openLimiter(10, 5);
    expect(Array.from({ length: 6 }, () => limiter.take('one').problem === null)).toEqual([
      true,
      true,
      true,
      true,
      true,
      false,
    ]);
    expect(limiter.take('one').problem).toMatchObject({
      code: 'rate_limited',
      headers: { 'Retry-After': '1', RateLimit: '"key";r=0;t=1', 'RateLimit-Policy': '"key";q=5;w=1' },
    });
    state.nowMs += 100;
    expect(limiter.take('one').problem).toBeNull();
    expect(limiter.take('one').problem).not.toBeNull();
  });

  it('over any time admits no more than burst and rate allow', () => {
    const { limiter, state } = openLimiter(7, 20);
    let admitted = 0;
    for (let step = 0; step < 10_000; step += 1) {
      state.nowMs = step * 10;
      if (limiter.take('one').problem === null) admitted += 1;
    }
    expect(admitted).toBeGreaterThanOrEqual(7 * 100 + 18);
    expect(admitted).toBeLessThanOrEqual(7 * 100 + 20);
  });

  it('keeps keys apart and forgets the idle ones when there are too many', () => {
    const { limiter, state } = openLimiter(1, 1);
    expect(limiter.take('one').problem).toBeNull();
    expect(limiter.take('two').problem).toBeNull();
    expect(limiter.take('one').problem).not.toBeNull();
    for (let index = 0; index < BUCKETS_MAX; index += 1) limiter.take(`many ${index}`);
    state.nowMs += 1000;
    expect(limiter.take('one').problem).toBeNull();
  });
});
