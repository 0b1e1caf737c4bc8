import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import {
  formatBytes,
  formatCount,
  formatDateTime,
  formatDuration,
  formatLatency,
  formatPercent,
  formatRelative,
  formatTime,
} from './format.ts';

describe('numbers and times as people read them', () => {
  it('a duration is never negative and keeps its width within its order', () => {
    expect([0, 7_999, 754_000, 3_723_000, 273_120_000, -5_000, null].map(formatDuration)).toEqual([
      '0:00',
      '0:07',
      '12:34',
      '1:02:03',
      '3 d 03:52',
      '0:00',
      '–',
    ]);
    fc.assert(fc.property(fc.double(), (ms) => !formatDuration(ms).includes('-')));
  });

  it('relative times look both ways, and what is now is neither', () => {
    const now = Date.parse('2025-12-14T12:00:00Z');
    expect(formatRelative('2025-12-14T11:59:48Z', now)).toBe('12 s ago');
    expect(formatRelative('2025-12-14T12:03:20Z', now)).toBe('in 3 min 20 s');
    expect(formatRelative('2025-12-14T12:00:00.400Z', now)).toBe('now');
    expect(formatRelative('2025-12-10T12:00:00Z', now)).toBe('4 d ago');
    expect(formatRelative('nonsense', now)).toBe('–');
  });

  it('UTC is said where it is meant', () => {
    expect(formatTime('2025-12-14T14:03:27Z', 'utc')).toBe('14:03:27 UTC');
    expect(formatDateTime('2025-12-14T00:03:27Z', 'utc')).toBe('14 Dec 2025, 00:03:27 UTC');
  });

  it('a rate never rounds what happened to nothing, nor what failed once to all', () => {
    expect([0, 0.0001, 0.042, 0.9999, 1, null].map(formatPercent)).toEqual([
      '0 %',
      '< 0.1 %',
      '4.2 %',
      '> 99.9 %',
      '100 %',
      '–',
    ]);
  });

  it('counts, sizes and latencies', () => {
    expect(formatCount(1_284)).toBe('1,284');
    expect(formatCount(12_400, { isShort: true })).toBe('12.4k');
    expect([0, 999, 4_200_000, 123_456_789].map(formatBytes)).toEqual(['0 B', '999 B', '4.2 MB', '123 MB']);
    expect([0.42, 84.4, 1_234, 200_000].map(formatLatency)).toEqual([
      '0.4 ms',
      '84 ms',
      '1.2 s',
      '3 min 20 s',
    ]);
  });
});
