import { describe, expect, it } from 'vitest';

import { isTimeZone, toHeatMap, toHeatStepMs } from './heat-map.ts';

const HOUR_MS = 3_600_000;

function read(at: string, timeZone: string): { weekday: number; hour: number } | undefined {
  const heat = toHeatMap([{ startMs: Date.parse(at), connected: 1, failed: 0 }], timeZone);
  const hit = heat.filter(({ connected }) => connected > 0);
  expect(hit).toHaveLength(1);
  const [one] = hit;
  return one === undefined ? undefined : { weekday: one.weekday, hour: one.hour };
}

describe('the heat map', () => {
  it('has every hour of the week, Monday first, also where nothing happened', () => {
    const heat = toHeatMap([], 'UTC');
    expect(heat).toHaveLength(168);
    expect(heat[0]).toEqual({ weekday: 1, hour: 0, connected: 0, failed: 0 });
    expect(heat[167]).toEqual({ weekday: 7, hour: 23, connected: 0, failed: 0 });
  });

  it('says hours and weekdays by the clocks of the zone', () => {
    // 2 November 2025 was a Sunday.
    expect(read('2025-11-02T23:30:00Z', 'UTC')).toEqual({ weekday: 7, hour: 23 });
    expect(read('2025-11-02T23:30:00Z', 'Europe/Amsterdam')).toEqual({ weekday: 1, hour: 0 });
    expect(read('2025-11-02T03:15:00Z', 'America/Los_Angeles')).toEqual({ weekday: 6, hour: 20 });
    expect(read('2025-11-02T18:29:00Z', 'Asia/Kolkata')).toEqual({ weekday: 7, hour: 23 });
    expect(read('2025-11-02T18:30:00Z', 'Asia/Kolkata')).toEqual({ weekday: 1, hour: 0 });
    expect(read('2025-11-02T18:14:00Z', 'Asia/Kathmandu')).toEqual({ weekday: 7, hour: 23 });
    expect(read('2025-11-02T18:15:00Z', 'Asia/Kathmandu')).toEqual({ weekday: 1, hour: 0 });
    expect(read('2025-11-02T10:00:00Z', 'Pacific/Kiritimati')).toEqual({ weekday: 1, hour: 0 });
  });

  it('goes along with summer time: an hour twice in autumn, none in spring', () => {
    // In Amsterdam clocks went from 3 to 2 at 01:00 UTC on Sunday 26 October 2025.
    const toHours = (from: string, hours: number): readonly number[] =>
      toHeatMap(
        Array.from({ length: hours }, (_, index) => ({
          startMs: Date.parse(from) + index * HOUR_MS,
          connected: 1,
          failed: 0,
        })),
        'Europe/Amsterdam',
      )
        .filter(({ weekday }) => weekday === 7)
        .map(({ connected }) => connected);
    expect(toHours('2025-10-25T22:00:00Z', 25).slice(0, 5)).toEqual([1, 1, 2, 1, 1]);
    // And from 2 to 3 at 01:00 UTC on Sunday 30 March 2025.
    expect(toHours('2025-03-29T23:00:00Z', 23).slice(0, 5)).toEqual([1, 1, 0, 1, 1]);
  });

  it('sums what fell on the same hour of different weeks, and keeps failed apart', () => {
    const heat = toHeatMap(
      [
        { startMs: Date.parse('2025-11-03T09:00:00Z'), connected: 3, failed: 1 },
        { startMs: Date.parse('2025-11-10T09:45:00Z'), connected: 4, failed: 0 },
      ],
      'UTC',
    );
    expect(heat[9]).toEqual({ weekday: 1, hour: 9, connected: 7, failed: 1 });
    expect(heat.reduce((sum, { connected }) => sum + connected, 0)).toBe(7);
  });
});

describe('the slots it is made of', () => {
  const year = [Date.parse('2025-01-01T00:00:00Z'), Date.parse('2026-01-01T00:00:00Z')] as const;

  it('never straddle an hour of the zone', () => {
    expect(toHeatStepMs('UTC', ...year)).toBe(HOUR_MS);
    expect(toHeatStepMs('Europe/Amsterdam', ...year)).toBe(HOUR_MS);
    expect(toHeatStepMs('Asia/Kolkata', ...year)).toBe(HOUR_MS / 2);
    expect(toHeatStepMs('Asia/Kathmandu', ...year)).toBe(HOUR_MS / 4);
    // Half an hour ahead only in winter.
    expect(toHeatStepMs('Australia/Lord_Howe', ...year)).toBe(HOUR_MS / 2);
    const january = Date.parse('2025-01-10T00:00:00Z');
    expect(toHeatStepMs('Australia/Lord_Howe', january, january + HOUR_MS)).toBe(HOUR_MS);
  });
});

describe('time zones', () => {
  it('are taken by their IANA names only', () => {
    for (const name of ['UTC', 'Europe/Amsterdam', 'America/Argentina/Buenos_Aires', 'Etc/GMT+5']) {
      expect([name, isTimeZone(name)]).toEqual([name, true]);
    }
    for (const name of ['', '+01:00', 'Mars/Olympus', 'Europe/Amsterdam; x', 'a'.repeat(100), '../etc']) {
      expect([name, isTimeZone(name)]).toEqual([name, false]);
    }
  });
});
