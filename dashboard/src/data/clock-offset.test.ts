import { describe, expect, it } from 'vitest';

import { makeOffset } from './clock-offset.ts';

describe("the hub's clock, learned from its messages", () => {
  it('the message that came soonest says most: lateness never moves the clock back', () => {
    const offset = makeOffset();
    for (const [hubMs, localMs] of [
      [10_000, 9_500],
      [11_000, 10_020],
      [12_000, 15_000],
    ] as const) {
      offset.learn(hubMs, localMs);
    }
    expect(offset.valueMs()).toBe(980);
  });

  it("follows a browser's clock that is set, within a dozen messages", () => {
    const offset = makeOffset();
    offset.learn(100_000, 0);
    for (let n = 0; n < 12; n += 1) offset.learn(200_000 + n, 200_000 + n);
    expect(offset.valueMs()).toBe(0);
  });

  it('what is no time teaches nothing', () => {
    const offset = makeOffset();
    offset.learn(Number.NaN, 5);
    expect(offset.valueMs()).toBe(0);
  });
});
