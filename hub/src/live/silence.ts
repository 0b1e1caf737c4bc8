/**
 * Whether a source that normally talks has fallen silent: the only way to notice that a webhook is dead. In: how many
 * reports came in each hour of its own history, and when the last one came. Out: what gap is usual now, and since
 * when it is silent.
 *
 * The rule: over the silence, as many reports are added up as came in the hours it is compared with (the same hour of
 * earlier days; of the same weekday once there are two weeks). It is silent when SILENT_REPORTS_MIN should have come
 * and none did. So a night adds nothing to the silence, a busy source is missed within minutes, and one that is rare
 * never warns. Every doubt is for the source: a warning that cries wolf is not read the third time.
 */
import type { SourceActivity } from '../journal/analytics.ts';

/** Twenty usual gaps: by chance alone this comes once in 500 million times. */
export const SILENT_REPORTS_MIN = 20;
export const SILENCE_MS_MIN = 5 * 60_000;
/** Below that many an hour a source is rare: its gaps say nothing. */
export const SILENCE_REPORTS_PER_HOUR_MIN = 4;
/** Whoever has reported for less long is new. */
export const SILENCE_HISTORY_MS_MIN = 3 * 86_400_000;

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const WEEK_MS = 7 * DAY_MS;

export interface Silence {
  /** How long it usually is from one report to the next at this hour; null where it usually does not talk now. */
  readonly usualGapMs: number | null;
  /** Unix ms of its last report; null while it is not silent. */
  readonly silentSinceMs: number | null;
}

export function judgeSilence(
  activity: Pick<SourceActivity, 'lastReportAtMs' | 'hours'>,
  nowMs: number,
  /** Unix ms since which this hub takes reports: what came to nobody before is no silence of the source. */
  listeningSinceMs: number,
): Silence {
  const history = toHistory(activity, nowMs);
  if (history === null) return { usualGapMs: null, silentSinceMs: null };
  const { lastReportAtMs } = history;
  const perHour = toUsualPerHour(history, toHour(nowMs));
  const usualGapMs = perHour === 0 ? null : Math.round(HOUR_MS / perHour);
  const silenceMs = nowMs - Math.max(lastReportAtMs, listeningSinceMs);
  const isSilent =
    silenceMs >= SILENCE_MS_MIN && countMissed(history, nowMs - silenceMs, nowMs) >= SILENT_REPORTS_MIN;
  return { usualGapMs, silentSinceMs: isSilent ? lastReportAtMs : null };
}

interface History {
  readonly lastReportAtMs: number;
  /** Start of the first hour in which it reported. */
  readonly firstMs: number;
  readonly reportsByHour: ReadonlyMap<number, number>;
}

/** null for a source that is new, or has been gone for so long that nobody remembers how it was. */
function toHistory(
  { hours, lastReportAtMs }: Pick<SourceActivity, 'lastReportAtMs' | 'hours'>,
  nowMs: number,
): History | null {
  const [first] = hours;
  if (first === undefined || lastReportAtMs === null) return null;
  if (nowMs - first.startMs < SILENCE_HISTORY_MS_MIN) return null;
  return {
    lastReportAtMs,
    firstMs: first.startMs,
    reportsByHour: new Map(hours.map(({ startMs, reports }) => [startMs, reports])),
  };
}

/** How many reports usually come between two times. */
function countMissed(history: History, fromMs: number, untilMs: number): number {
  let missed = 0;
  for (let hourMs = toHour(fromMs); hourMs < untilMs && missed < SILENT_REPORTS_MIN; hourMs += HOUR_MS) {
    const lengthMs = Math.min(untilMs, hourMs + HOUR_MS) - Math.max(fromMs, hourMs);
    missed += (toUsualPerHour(history, hourMs) * lengthMs) / HOUR_MS;
  }
  return missed;
}

/**
 * The least of the hour itself and its two neighbours, because an office opens at half past eight and the clock of
 * its country is moved twice a year.
 */
function toUsualPerHour(history: History, hourMs: number): number {
  const perHour = Math.min(
    ...[hourMs - HOUR_MS, hourMs, hourMs + HOUR_MS].map((one) => toTypicalReports(history, one)),
  );
  return perHour < SILENCE_REPORTS_PER_HOUR_MIN ? 0 : perHour;
}

/** The lower median of the hours it is compared with: one day of trouble, or one of a campaign, is not the rule. */
function toTypicalReports(history: History, hourMs: number): number {
  const reports = listComparedHours(history, hourMs)
    .map((one) => history.reportsByHour.get(one) ?? 0)
    .toSorted((a, b) => a - b);
  return reports[Math.floor((reports.length - 1) / 2)] ?? 0;
}

function listComparedHours({ firstMs }: History, hourMs: number): readonly number[] {
  const lastWeekMs = hourMs - WEEK_MS;
  if (lastWeekMs >= firstMs) {
    const weekBeforeMs = lastWeekMs - WEEK_MS;
    return weekBeforeMs >= firstMs ? [lastWeekMs, weekBeforeMs] : [lastWeekMs];
  }
  // Nothing of the first week says how its weekend will be.
  if (isWeekendSomewhere(hourMs)) return [];
  const days: number[] = [];
  for (let dayMs = hourMs - DAY_MS; dayMs >= firstMs; dayMs -= DAY_MS) {
    if (!isWeekendSomewhere(dayMs)) days.push(dayMs);
  }
  return days.length < COMPARED_DAYS_MIN ? [] : days;
}

const COMPARED_DAYS_MIN = 2;

/** Saturday begins at UTC+14 and Sunday ends at UTC−12; the hub does not know where its sources sit. */
function isWeekendSomewhere(hourMs: number): boolean {
  return isWeekend(hourMs + 14 * HOUR_MS) || isWeekend(hourMs - 12 * HOUR_MS);
}

function isWeekend(ms: number): boolean {
  const day = new Date(ms).getUTCDay();
  return day === 0 || day === 6;
}

function toHour(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}
