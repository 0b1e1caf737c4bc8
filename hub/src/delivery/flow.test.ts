import { describe, expect, it } from 'vitest';
import { BREAKER_FAILURES, Flow, PROBE_DELAY_MS_MAX, TROUBLED_MS } from './flow.ts';

const startMs = 1_000_000;
const UNIX_MS = Date.UTC(2026, 0, 1);
const FAILS = { kind: 'fails', isLasting: false } as const;
const settings = { concurrency: 8, ratePerSecond: null };

function openFlow(): Flow {
  const flow = new Flow(settings, startMs);
  for (let count = 0; count < BREAKER_FAILURES; count += 1) flow.learn(FAILS, startMs, UNIX_MS);
  return flow;
}

describe('a lane’s flow', () => {
  it('starts as many attempts as its concurrency allows', () => {
    const flow = new Flow(settings, startMs);
    expect(flow.countStartable(0, startMs)).toBe(8);
    expect(flow.countStartable(8, startMs)).toBe(0);
  });

  it('opens after a run of failures, and only a run', () => {
    const flow = new Flow(settings, startMs);
    for (let count = 1; count < BREAKER_FAILURES; count += 1) {
      expect(flow.learn(FAILS, startMs, UNIX_MS)).toBe('none');
    }
    flow.learn({ kind: 'works' }, startMs, UNIX_MS);
    for (let count = 1; count < BREAKER_FAILURES; count += 1) flow.learn(FAILS, startMs, UNIX_MS);
    expect(flow.isOpen).toBe(false);
    expect(flow.learn(FAILS, startMs, UNIX_MS)).toBe('opened');
  });

  it('sends one probe at a time while open, from one second apart to one minute', () => {
    const flow = openFlow();
    let atMs = startMs;
    const delays: number[] = [];
    for (let probe = 0; probe < 9; probe += 1) {
      expect(flow.countStartable(0, atMs)).toBe(0);
      const nextMs = flow.nextChangeAtMs(atMs) as number;
      delays.push(nextMs - atMs);
      atMs = nextMs;
      expect(flow.countStartable(0, atMs)).toBe(1);
      expect(flow.countStartable(1, atMs)).toBe(0);
      flow.learn(FAILS, atMs, UNIX_MS);
    }
    expect(delays.slice(0, 7)).toEqual([1_000, 2_000, 4_000, 8_000, 16_000, 32_000, PROBE_DELAY_MS_MAX]);
    expect(delays.at(-1)).toBe(PROBE_DELAY_MS_MAX);
  });

  it('probes at once where what it learned no longer counts, and a second apart again from there', () => {
    const flow = openFlow();
    let atMs = startMs;
    for (let probe = 0; probe < 8; probe += 1) {
      atMs = flow.nextChangeAtMs(atMs) as number;
      flow.learn({ kind: 'slow', holdMs: 60_000 }, atMs, UNIX_MS);
    }
    expect(flow.countStartable(0, atMs)).toBe(0);
    flow.probeNow(atMs);
    expect(flow.countStartable(0, atMs)).toBe(1);
    flow.learn(FAILS, atMs, UNIX_MS);
    expect(flow.nextChangeAtMs(atMs)).toBeLessThanOrEqual(atMs + 2_000);
  });

  it('does not let attempts that began before it opened push the probe away', () => {
    const flow = openFlow();
    const probeAtMs = flow.nextChangeAtMs(startMs);
    flow.learn(FAILS, startMs + 10, UNIX_MS);
    expect(flow.nextChangeAtMs(startMs + 10)).toBe(probeAtMs);
  });

  it('starts slowly after trouble and doubles each round until it is whole again', () => {
    const flow = openFlow();
    expect(flow.learn({ kind: 'works' }, startMs + 1_000, UNIX_MS)).toBe('closed');
    expect(flow.window).toBe(1);
    const windows = [flow.window];
    for (let round = 0; round < 3; round += 1) {
      for (let count = flow.window; count > 0; count -= 1)
        flow.learn({ kind: 'works' }, startMs + 1_000, UNIX_MS);
      windows.push(flow.window);
    }
    expect(windows).toEqual([1, 2, 4, 8]);
  });

  it('halves its window when the receiver is overloaded, once for a whole window of answers', () => {
    const flow = new Flow(settings, startMs);
    for (let count = 0; count < 4; count += 1)
      flow.learn({ kind: 'slow', holdMs: 0 }, startMs + count, UNIX_MS);
    expect(flow.window).toBe(4);
    flow.learn({ kind: 'slow', holdMs: 0 }, startMs + 2_000, UNIX_MS);
    expect(flow.window).toBe(2);
  });

  it('waits as long as the receiver asks', () => {
    const flow = new Flow(settings, startMs);
    flow.learn({ kind: 'slow', holdMs: 30_000 }, startMs, UNIX_MS);
    expect(flow.countStartable(0, startMs + 29_999)).toBe(0);
    expect(flow.nextChangeAtMs(startMs)).toBe(startMs + 30_000);
    expect(flow.countStartable(0, startMs + 30_000)).toBeGreaterThan(0);
  });

  it('keeps its rate, saving up one second at most', () => {
    const flow = new Flow({ concurrency: 100, ratePerSecond: 5 }, startMs);
    const laterMs = startMs + 60_000;
    let started = 0;
    while (flow.countStartable(0, laterMs) > 0) {
      flow.spend();
      started += 1;
    }
    expect(started).toBe(5);
    expect(flow.nextChangeAtMs(laterMs)).toBe(laterMs + 200);
    expect(flow.countStartable(0, laterMs + 200)).toBe(1);
  });

  it('remembers since when it fails', () => {
    const flow = new Flow(settings, startMs);
    flow.learn(FAILS, startMs + 1, UNIX_MS);
    flow.learn(FAILS, startMs + 2, UNIX_MS + 1);
    expect(flow.failingSinceMs).toBe(UNIX_MS);
    flow.learn({ kind: 'works' }, startMs + 3, UNIX_MS + 2);
    expect(flow.failingSinceMs).toBeNull();
  });

  it('says that it is in trouble after three failures that last, and when that is over, once each', () => {
    const flow = new Flow(settings, startMs);
    flow.learn(FAILS, startMs, UNIX_MS);
    flow.learn(FAILS, startMs, UNIX_MS);
    expect(flow.learn(FAILS, startMs, UNIX_MS + 1), 'three at once are not trouble').toBe('none');
    expect(flow.learn(FAILS, startMs, UNIX_MS + TROUBLED_MS)).toBe('troubled');
    expect(flow.learn(FAILS, startMs, UNIX_MS + TROUBLED_MS)).toBe('none');
    expect(flow.learn({ kind: 'works' }, startMs, UNIX_MS + TROUBLED_MS)).toBe('eased');
    expect(flow.learn({ kind: 'works' }, startMs, UNIX_MS + TROUBLED_MS)).toBe('none');
  });

  it('is in trouble at once where its settings are wrong, and nothing that asks nobody takes that away', () => {
    const flow = new Flow(settings, startMs);
    expect(flow.learn({ kind: 'fails', isLasting: true }, startMs, UNIX_MS)).toBe('troubled');
    expect(flow.learn({ kind: 'idle' }, startMs, UNIX_MS)).toBe('none');
    expect(flow.failingSinceMs).toBe(UNIX_MS);
    for (let count = 2; count < BREAKER_FAILURES; count += 1) flow.learn(FAILS, startMs, UNIX_MS);
    expect(flow.learn(FAILS, startMs, UNIX_MS)).toBe('opened');
    expect(flow.learn({ kind: 'works' }, startMs, UNIX_MS)).toBe('closed');
  });
});
