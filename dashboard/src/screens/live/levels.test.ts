import { describe, expect, it } from 'vitest';
import type { OverviewView } from '../../data/types.ts';

import { THRESHOLDS_DEFAULT } from '../../data/preferences.ts';
import { toLevel, toLevelBelow, toLevels } from './levels.ts';

describe('levels of the wallboard', () => {
  it.each([
    [0, 'good'],
    [0.049, 'good'],
    [0.05, 'warn'],
    [0.1, 'alarm'],
    [null, 'none'],
  ] as const)('an error rate of %s is %s', (value, level) => {
    expect(toLevel(value, { warn: 0.05, alarm: 0.1 })).toBe(level);
  });

  it('has no level where nobody set a threshold, and takes one alone', () => {
    expect(toLevel(1e9, { warn: 0, alarm: 0 })).toBe('none');
    expect(toLevel(4, { warn: 0, alarm: 5 })).toBe('good');
    expect(toLevel(5, { warn: 0, alarm: 5 })).toBe('alarm');
  });

  it('minds too few where few is bad', () => {
    expect(toLevelBelow(0.4, { warn: 1, alarm: 0.5 })).toBe('alarm');
    expect(toLevelBelow(0.9, { warn: 1, alarm: 0.5 })).toBe('warn');
    expect(toLevelBelow(3, { warn: 1, alarm: 0.5 })).toBe('good');
    expect(toLevelBelow(0, { warn: 0, alarm: 0 })).toBe('none');
  });

  it('measures the age of the backlog, so that many fresh deliveries alarm nobody', () => {
    const nowMs = Date.parse('2026-11-22T12:00:00Z');
    const at = (ageMs: number) => new Date(nowMs - ageMs).toISOString();
    const fresh = toLevels(makeOverview(9_000, at(1_000)), THRESHOLDS_DEFAULT, nowMs);
    const old = toLevels(makeOverview(1, at(10 * 60_000)), THRESHOLDS_DEFAULT, nowMs);
    expect([fresh.backlog, old.backlog]).toEqual(['good', 'alarm']);
    expect(toLevels(makeOverview(0, null), THRESHOLDS_DEFAULT, nowMs).backlog).toBe('good');
  });
});

function makeOverview(pending: number, oldestAt: string | null): OverviewView {
  return {
    at: '2026-11-22T12:00:00Z',
    active: 3,
    stale: 0,
    stale_after_ms: 14_400_000,
    longest: null,
    error_rate_15m: { failed: 0, finished: 0, rate: null },
    connected_per_minute: 2,
    backlog: { pending, oldest_at: oldestAt },
    destinations: { enabled: 1, paused: 0, disabled: 0, failing: 0 },
    sources: [],
  };
}
