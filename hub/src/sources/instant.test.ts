import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { INSTANT_MS_MAX, INSTANT_MS_MIN, parseInstant } from './instant.ts';

const NOON = Date.UTC(2025, 11, 13, 12);

describe('an instant', () => {
  it.each([
    ['2025-12-13T12:00:00.000Z', NOON],
    ['2025-12-13T12:00:00Z', NOON],
    ['2025-12-13t12:00:00z', NOON],
    ['2025-12-13 12:00:00Z', NOON],
    ['2025-12-13T12:00:00', NOON],
    ['2025-12-13T13:00:00+01:00', NOON],
    ['2025-12-13T06:30:00.000-05:30', NOON],
    ['2025-12-13T12:00:00.123456789Z', NOON + 123],
    ['2025-12-13T11:59:60Z', NOON],
    ['2024-02-29T00:00:00Z', Date.UTC(2024, 1, 29)],
    [NOON, NOON],
    [NOON / 1000, NOON],
    [NOON / 1000 + 0.5, NOON + 500],
    [NOON * 1000, NOON],
    [String(NOON / 1000), NOON],
    [String(NOON), NOON],
    [0, 0],
    [-1, -1000],
    ['1899-12-31T00:00:00Z', Date.UTC(1899, 11, 31)],
    ['9999-12-31T23:59:59.999Z', INSTANT_MS_MAX],
    ['0000-01-01T00:00:00Z', INSTANT_MS_MIN],
  ])('%s is read', (given, ms) => {
    expect(parseInstant(given)).toBe(ms);
  });

  it.each([
    '',
    'yesterday',
    '2025-12-13',
    '2025-13-01T00:00:00Z',
    '2025-02-30T00:00:00Z',
    '2023-02-29T00:00:00Z',
    '1900-02-29T00:00:00Z',
    '2025-04-31T00:00:00Z',
    '2025-12-13T25:00:00Z',
    '2025-12-13T12:61:00Z',
    '2025-12-13T12:00:00+25:00',
    '9999-12-31T23:59:59-01:00',
    ' 2025-12-13T12:00:00Z',
    'Sat, 13 Dec 2025 12:00:00 GMT',
    '0x10',
    Number.NaN,
    Number.POSITIVE_INFINITY,
    1e300,
  ])('%s is none', (given) => {
    expect(parseInstant(given)).toBeUndefined();
  });

  it('survives being written and read again, for every instant RFC 3339 can write', () => {
    fc.assert(
      fc.property(fc.integer({ min: INSTANT_MS_MIN, max: INSTANT_MS_MAX }), (ms) => {
        expect(parseInstant(new Date(ms).toISOString())).toBe(ms);
      }),
    );
  });
});
