import { describe, expect, it } from 'vitest';
import { judgeSilence, SILENCE_MS_MIN } from './silence.ts';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;
const DAY = 24 * HOUR;
/** A Wednesday, so that the weekend before is three days back. */
const NOW = Date.parse('2026-03-18T10:30:00Z');

/** Hours of history, as the journal tells them; `perHour` says how many reports an hour had. */
function makeActivity(
  days: number,
  perHour: (date: Date) => number,
  lastReportAtMs: number,
  nowMs = NOW,
): Parameters<typeof judgeSilence>[0] {
  const hours: { startMs: number; reports: number }[] = [];
  const firstMs = Math.floor(nowMs / HOUR) * HOUR - days * DAY;
  for (let startMs = firstMs; startMs <= lastReportAtMs; startMs += HOUR) {
    const reports = perHour(new Date(startMs));
    if (reports > 0) hours.push({ startMs, reports });
  }
  return { lastReportAtMs, hours };
}

const always = (reports: number) => (): number => reports;
const office = (date: Date): number => {
  const isWeekday = date.getUTCDay() >= 1 && date.getUTCDay() <= 5;
  return isWeekday && date.getUTCHours() >= 8 && date.getUTCHours() < 18 ? 120 : 0;
};
const at = (text: string): number => Date.parse(text);

interface Case {
  readonly title: string;
  readonly days: number;
  readonly perHour: (date: Date) => number;
  readonly silentForMs: number;
  readonly nowMs?: number;
  readonly isSilent: boolean;
  readonly usualGapMs: number | null;
}

const CASES: readonly Case[] = [
  {
    title: 'a busy source that stopped 6 minutes ago',
    days: 15,
    perHour: always(600),
    silentForMs: 6 * MINUTE,
    isSilent: true,
    usualGapMs: 6_000,
  },
  {
    title: 'the same after 4 minutes: never that soon',
    days: 15,
    perHour: always(600),
    silentForMs: SILENCE_MS_MIN - 1,
    isSilent: false,
    usualGapMs: 6_000,
  },
  {
    title: 'three a minute, quiet for 7 minutes',
    days: 15,
    perHour: always(180),
    silentForMs: 7 * MINUTE,
    isSilent: true,
    usualGapMs: 20_000,
  },
  {
    title: 'one a minute, quiet for 15 minutes',
    days: 15,
    perHour: always(60),
    silentForMs: 15 * MINUTE,
    isSilent: false,
    usualGapMs: MINUTE,
  },
  {
    title: 'one a minute, quiet for 21 minutes',
    days: 15,
    perHour: always(60),
    silentForMs: 21 * MINUTE,
    isSilent: true,
    usualGapMs: MINUTE,
  },
  {
    title: 'six an hour, quiet for 3 hours',
    days: 15,
    perHour: always(6),
    silentForMs: 3 * HOUR,
    isSilent: false,
    usualGapMs: 10 * MINUTE,
  },
  {
    title: 'six an hour, quiet for 4 hours',
    days: 15,
    perHour: always(6),
    silentForMs: 4 * HOUR,
    isSilent: true,
    usualGapMs: 10 * MINUTE,
  },
  {
    title: 'a rare source, quiet for a day',
    days: 15,
    perHour: always(2),
    silentForMs: DAY,
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'a nightly batch of a thousand in one hour',
    days: 15,
    perHour: (date) => (date.getUTCHours() === 2 ? 1_000 : 0),
    silentForMs: 8 * HOUR + 30 * MINUTE,
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'an office at night',
    days: 15,
    perHour: office,
    silentForMs: 12 * HOUR + MINUTE,
    nowMs: at('2026-03-18T06:00:00Z'),
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'an office that should be at work since 8:00, at 9:30',
    days: 15,
    perHour: office,
    silentForMs: 15 * HOUR + 31 * MINUTE,
    nowMs: at('2026-03-18T09:30:00Z'),
    isSilent: true,
    usualGapMs: 30_000,
  },
  {
    title: 'the same office at 8:30: perhaps the clocks were moved',
    days: 15,
    perHour: office,
    silentForMs: 14 * HOUR + 31 * MINUTE,
    nowMs: at('2026-03-18T08:30:00Z'),
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'an office on Saturday, with two weeks of history',
    days: 15,
    perHour: office,
    silentForMs: 17 * HOUR,
    nowMs: at('2026-03-21T11:00:00Z'),
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'an office on its first Saturday',
    days: 5,
    perHour: office,
    silentForMs: 17 * HOUR,
    nowMs: at('2026-03-21T11:00:00Z'),
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'an office on its first Sunday evening, which is Monday in New Zealand',
    days: 6,
    perHour: office,
    silentForMs: 2 * DAY,
    nowMs: at('2026-03-22T22:00:00Z'),
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'an office on Monday at ten, silent since Friday',
    days: 15,
    perHour: office,
    silentForMs: 2 * DAY + 16 * HOUR,
    nowMs: at('2026-03-23T10:00:00Z'),
    isSilent: true,
    usualGapMs: 30_000,
  },
  {
    title: 'a source that has talked for two days: it is new',
    days: 2,
    perHour: always(600),
    silentForMs: 2 * HOUR,
    isSilent: false,
    usualGapMs: null,
  },
  {
    title: 'a source in its first week that stopped on a weekday',
    days: 4,
    perHour: (date) => (date.getUTCDay() === 0 || date.getUTCDay() === 6 ? 0 : 300),
    silentForMs: 30 * MINUTE,
    nowMs: at('2026-03-19T15:00:00Z'),
    isSilent: true,
    usualGapMs: 12_000,
  },
];

describe('judgeSilence', () => {
  for (const { title, days, perHour, silentForMs, nowMs = NOW, isSilent, usualGapMs } of CASES) {
    it(`${isSilent ? 'warns of' : 'says nothing about'} ${title}`, () => {
      const lastReportAtMs = nowMs - silentForMs;
      const silence = judgeSilence(makeActivity(days, perHour, lastReportAtMs, nowMs), nowMs, 0);
      expect(silence).toEqual({ usualGapMs, silentSinceMs: isSilent ? lastReportAtMs : null });
    });
  }

  it('says nothing about a source that never reported', () => {
    expect(judgeSilence({ lastReportAtMs: null, hours: [] }, NOW, 0)).toEqual({
      usualGapMs: null,
      silentSinceMs: null,
    });
  });

  it('counts no silence while the hub itself was down', () => {
    const lastReportAtMs = NOW - 2 * HOUR;
    const activity = makeActivity(15, always(600), lastReportAtMs);
    expect(judgeSilence(activity, NOW, NOW - MINUTE).silentSinceMs).toBeNull();
    expect(judgeSilence(activity, NOW + 5 * MINUTE, NOW - MINUTE).silentSinceMs).toBe(lastReportAtMs);
  });

  it('keeps warning through a silence of days, although they become part of the history', () => {
    const activity = makeActivity(15, always(120), NOW - 3 * DAY);
    expect(judgeSilence(activity, NOW, 0).silentSinceMs).toBe(NOW - 3 * DAY);
  });

  it('forgives one day of trouble in the first week', () => {
    const perHour = (date: Date): number => (date.getUTCDate() === 17 ? 0 : 600);
    const nowMs = at('2026-03-19T15:00:00Z');
    const activity = makeActivity(5, perHour, nowMs - HOUR, nowMs);
    // Monday, Tuesday without a report, and Wednesday are compared: the middle one counts.
    expect(judgeSilence(activity, nowMs, 0).silentSinceMs).toBe(nowMs - HOUR);
  });
});
