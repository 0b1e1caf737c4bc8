import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  parseRetryAfterMs,
  RETRY_AFTER_MS_MAX,
  RETRY_SCHEDULE_S,
  stretchDelayMs,
  toRetryDelayMs,
} from './retry-schedule.ts';

const nowMs = Date.UTC(2026, 0, 1);

describe('the retry schedule', () => {
  it('tries for at least 75 hours in twelve attempts', () => {
    expect(RETRY_SCHEDULE_S.length + 1).toBe(12);
    expect(RETRY_SCHEDULE_S.reduce((sum, seconds) => sum + seconds, 0)).toBeGreaterThanOrEqual(75 * 3600);
  });

  it('keeps every delay within 20 % of its plan', () => {
    fc.assert(
      fc.property(
        fc.integer({ min: 1, max: RETRY_SCHEDULE_S.length }),
        fc.double({ min: 0, max: 1, maxExcluded: true, noNaN: true }),
        (attempt, random) => {
          const planMs = (RETRY_SCHEDULE_S[attempt - 1] as number) * 1000;
          const delayMs = toRetryDelayMs(attempt, RETRY_SCHEDULE_S, () => random) as number;
          expect(delayMs).toBeGreaterThanOrEqual(Math.floor(planMs * 0.8));
          expect(delayMs).toBeLessThanOrEqual(Math.ceil(planMs * 1.2));
        },
      ),
    );
  });

  it('ends after the last try', () => {
    expect(toRetryDelayMs(RETRY_SCHEDULE_S.length + 1, RETRY_SCHEDULE_S, Math.random)).toBeUndefined();
    expect(toRetryDelayMs(1, [], Math.random)).toBeUndefined();
  });
});

describe('Retry-After', () => {
  it.each([
    ['120', 120_000],
    ['0', 0],
    [' 7 ', 7_000],
    ['86400', 86_400_000],
    ['Thu, 01 Jan 2026 00:01:00 GMT', 60_000],
  ])('%j asks for %d ms', (value, expected) => {
    expect(parseRetryAfterMs(value, nowMs)).toBe(expected);
  });

  it.each([null, '', '-1', '1e99', '1.5', 'soon', 'Wed, 31 Dec 2025 23:00:00 GMT', '99999999999'])(
    '%j asks for nothing',
    (value) => {
      expect(parseRetryAfterMs(value, nowMs)).toBeUndefined();
    },
  );

  it('is honoured between the planned delay and one hour', () => {
    expect(stretchDelayMs(5_000, undefined)).toBe(5_000);
    expect(stretchDelayMs(5_000, 1_000)).toBe(5_000);
    expect(stretchDelayMs(5_000, 90_000)).toBe(90_000);
    expect(stretchDelayMs(5_000, 86_400_000)).toBe(RETRY_AFTER_MS_MAX);
    expect(stretchDelayMs(7_200_000, 86_400_000)).toBe(7_200_000);
  });
});
