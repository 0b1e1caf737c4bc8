import { describe, expect, it } from 'vitest';
import type { WallClock } from './wall-clock.ts';

import { formatSpan, toTimeTicks } from './time-ticks.ts';

const utc: WallClock = () => 0;
const india: WallClock = () => 5.5 * 3_600_000;
/** Europe/Amsterdam around 30 March 2025: one hour ahead, two from 01:00 UTC on. */
const amsterdam: WallClock = (atMs) => (atMs < Date.UTC(2025, 2, 30, 1) ? 3_600_000 : 7_200_000);

const labels = (ticks: ReturnType<typeof toTimeTicks>) => ticks.map((tick) => tick.label);

describe('toTimeTicks', () => {
  it('marks a day by round hours and names the day where it begins', () => {
    const since = Date.UTC(2025, 11, 13, 10, 17);
    expect(labels(toTimeTicks(since, since + 86_400_000, 8, utc))).toEqual([
      '12:00',
      '15:00',
      '18:00',
      '21:00',
      '14 Dec',
      '03:00',
      '06:00',
      '09:00',
    ]);
  });

  it('marks quarters of an hour by minutes', () => {
    const since = Date.UTC(2025, 11, 13, 10, 17);
    expect(labels(toTimeTicks(since, since + 900_000, 4, utc))).toEqual(['10:20', '10:25', '10:30']);
  });

  it('stands on whole hours of a zone that is half an hour off', () => {
    const since = Date.UTC(2025, 11, 13, 0, 0);
    const ticks = toTimeTicks(since, since + 6 * 3_600_000, 6, india);
    expect(labels(ticks)).toEqual(['06:00', '07:00', '08:00', '09:00', '10:00', '11:00']);
    expect(ticks[0]?.atMs).toBe(Date.UTC(2025, 11, 13, 0, 30));
  });

  it('keeps to the wall clock across the night in which it jumps', () => {
    const since = Date.UTC(2025, 2, 29, 11);
    const ticks = toTimeTicks(since, since + 36 * 3_600_000, 4, amsterdam);
    expect(labels(ticks)).toEqual(['12:00', '30 Mar', '12:00', '31 Mar']);
    expect(ticks.map((tick) => tick.atMs)).toEqual([
      Date.UTC(2025, 2, 29, 11),
      Date.UTC(2025, 2, 29, 23),
      Date.UTC(2025, 2, 30, 10),
      Date.UTC(2025, 2, 30, 22),
    ]);
  });

  it('begins weeks on Mondays', () => {
    const since = Date.UTC(2025, 10, 15);
    const ticks = toTimeTicks(since, since + 30 * 86_400_000, 5, utc);
    expect(ticks.map((tick) => new Date(tick.atMs).getUTCDay())).toEqual([1, 1, 1, 1, 1]);
  });

  it('never gives more ticks than there is room for, and none for no range', () => {
    for (const hours of [0.1, 1, 5, 30, 200, 2_000, 20_000]) {
      const ticks = toTimeTicks(Date.UTC(2025, 0, 1), Date.UTC(2025, 0, 1) + hours * 3_600_000, 7, utc);
      expect(ticks.length).toBeLessThanOrEqual(8);
    }
    expect(toTimeTicks(1, 1, 7, utc)).toEqual([]);
  });
});

describe('formatSpan', () => {
  const at = (day: number, hour: number) => Date.UTC(2025, 2, day, hour);

  it('says the day once where both ends are in it', () => {
    expect(formatSpan(at(12, 14), at(12, 15), utc)).toBe('12 Mar 14:00–15:00');
    expect(formatSpan(at(12, 18), at(13, 0), utc)).toBe('12 Mar 18:00–00:00');
  });

  it('says both days where the span crosses midnight, and only the day where it is one', () => {
    expect(formatSpan(at(12, 18), at(13, 6), utc)).toBe('12 Mar 18:00 – 13 Mar 06:00');
    expect(formatSpan(at(12, 0), at(13, 0), utc)).toBe('12 Mar');
  });
});
