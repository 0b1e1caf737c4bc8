import { describe, expect, it } from 'vitest';

import { parseDurationMs } from './duration.ts';
import { parseSince } from './time.ts';

const NOW_MS = Date.parse('2026-11-22T12:00:00Z');

describe('instants of a query', () => {
  it('are durations back from now or RFC 3339', () => {
    expect(parseSince('15m', NOW_MS)).toBe(NOW_MS - 900_000);
    expect(parseSince('7d', NOW_MS)).toBe(NOW_MS - 7 * 86_400_000);
    expect(parseSince('2026-11-22T13:00:00+01:00', NOW_MS)).toBe(NOW_MS);
    expect(parseSince('2026-11-22t12:00:00.000z', NOW_MS)).toBe(NOW_MS);
  });

  it('are refused where no calendar has them', () => {
    for (const text of [
      '2026-02-30T00:00:00Z',
      '2026-13-01T00:00:00Z',
      '2026-11-22',
      '2026-11-22T12:00:00',
      'now',
      '',
      '5',
      '-5m',
    ]) {
      expect(parseSince(text, NOW_MS)).toBeUndefined();
    }
  });

  it('take composed durations and refuse absurd ones', () => {
    expect(parseDurationMs('1h30m')).toBe(5_400_000);
    expect(parseDurationMs('0.5s')).toBe(500);
    expect(parseDurationMs('99999999d')).toBeUndefined();
    expect(parseDurationMs('5x')).toBeUndefined();
  });
});
