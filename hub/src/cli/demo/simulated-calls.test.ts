import { describe, expect, it } from 'vitest';

import { openingCalls, simulateCall } from './simulated-calls.ts';

/** A small linear congruential generator: same seed, same calls. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state * 1_664_525 + 1_013_904_223) % 4_294_967_296;
    return state / 4_294_967_296;
  };
}

describe('simulateCall', () => {
  const random = createRandom(7);
  const calls = Array.from({ length: 2_000 }, (_, index) => simulateCall(`call-${index}`, random));

  it('gives every call one start and one end of either kind, arriving in order of time', () => {
    for (const { reports } of calls) {
      expect(new Set(reports.map((report) => report.status)).size).toBe(2);
      expect(reports.some((report) => report.status === 'in-progress')).toBe(true);
      const arrivals = reports.map((report) => report.arrivesAfterMs);
      expect(arrivals).toEqual([...arrivals].sort((one, other) => one - other));
    }
  });

  it('shows errors, repeated and late reports, each often enough to be seen within minutes', () => {
    const share = (isSo: (call: (typeof calls)[number]) => boolean): number =>
      calls.filter(isSo).length / calls.length;
    expect(share((call) => call.reports.some((report) => report.status === 'ended-with-error'))).toBeCloseTo(
      0.2,
      1,
    );
    expect(share((call) => call.reports.length > 2)).toBeGreaterThan(0.15);
    expect(share((call) => call.reports[0]?.status !== 'in-progress')).toBeGreaterThan(0.04);
  });

  it('has ten to twenty-five calls active at once, most of the time', () => {
    const ends: number[] = [];
    const counts: number[] = [];
    let nowMs = 0;
    for (const { reports, nextCallAfterMs } of calls) {
      ends.push(nowMs + Math.max(...reports.map((report) => report.happensAfterMs)));
      nowMs += nextCallAfterMs;
      counts.push(ends.filter((endMs) => endMs > nowMs).length);
    }
    const settled = counts.slice(500);
    const within = settled.filter((count) => count >= 8 && count <= 30).length;
    expect(within / settled.length).toBeGreaterThan(0.9);
  });

  it('begins the next call within seconds', () => {
    expect(Math.max(...calls.map((call) => call.nextCallAfterMs))).toBeLessThan(6_000);
  });
});

describe('openingCalls', () => {
  it('show every status within ten seconds', () => {
    let beginsMs = 0;
    const seen = new Map<string, number>();
    for (const { reports, nextCallAfterMs } of openingCalls(() => 'call')) {
      for (const { status, arrivesAfterMs } of reports) seen.set(status, beginsMs + arrivesAfterMs);
      beginsMs += nextCallAfterMs;
    }
    expect([...seen.keys()].toSorted()).toEqual(['ended', 'ended-with-error', 'in-progress']);
    expect(Math.max(...seen.values())).toBeLessThan(10_000);
  });
});
