/** The hub's clock, as far as this browser can know it: durations of calls tick by it, not by a clock that is wrong. */
import { signal } from '@preact/signals';

import { makeOffset } from './clock-offset.ts';

const TICK_MS = 1_000;

/** Unix ms by the hub's clock, once a second. */
export const nowMs = signal(Date.now());

const offset = makeOffset();

/** Unix ms by the hub's clock, now. */
export function readNowMs(): number {
  return Date.now() + offset.valueMs();
}

/** Learns from a time that the hub has just written. */
export function correctClock(hubTime: string): void {
  offset.learn(Date.parse(hubTime), Date.now());
}

export function startClock(): void {
  const tick = (): void => {
    const now = readNowMs();
    nowMs.value = now;
    // Close to the turn of the second, so that seconds neither skip nor stand.
    setTimeout(tick, TICK_MS - (now % TICK_MS) + 5);
  };
  tick();
  document.addEventListener('visibilitychange', () => {
    if (!document.hidden) nowMs.value = readNowMs();
  });
}
