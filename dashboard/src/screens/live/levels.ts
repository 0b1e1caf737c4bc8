/** What a wallboard tile says about itself: its value against the two thresholds somebody set. */
import type { OverviewView } from '../../data/types.ts';
import type { Threshold, Thresholds } from '../../data/preferences.ts';

export type Level = 'none' | 'good' | 'warn' | 'alarm';

export const LEVEL_WORDS: Readonly<Record<Level, string>> = {
  none: '',
  good: 'In range',
  warn: 'Watch',
  alarm: 'Act now',
};

/** High values are bad; thresholds of 0 say that nobody cares. */
export function toLevel(value: number | null, { warn, alarm }: Threshold): Level {
  if (warn <= 0 && alarm <= 0) return 'none';
  if (value === null) return 'none';
  if (alarm > 0 && value >= alarm) return 'alarm';
  if (warn > 0 && value >= warn) return 'warn';
  return 'good';
}

/** Low values are bad. */
export function toLevelBelow(value: number | null, { warn, alarm }: Threshold): Level {
  if (warn <= 0 && alarm <= 0) return 'none';
  if (value === null) return 'none';
  if (alarm > 0 && value < alarm) return 'alarm';
  if (warn > 0 && value < warn) return 'warn';
  return 'good';
}

export interface WallLevels {
  readonly active: Level;
  readonly longest: Level;
  readonly errorRate: Level;
  readonly perMinute: Level;
  readonly backlog: Level;
}

export function toLevels(overview: OverviewView, thresholds: Thresholds, nowMs: number): WallLevels {
  const { longest, backlog } = overview;
  return {
    active: toLevel(overview.active, thresholds.active),
    longest: toLevel(longest === null ? null : nowMs - Date.parse(longest.live_since), thresholds.longestMs),
    errorRate: toLevel(overview.error_rate_15m.rate, thresholds.errorRate),
    perMinute: toLevelBelow(overview.connected_per_minute, thresholds.perMinuteMin),
    backlog: toLevel(
      backlog.oldest_at === null ? 0 : nowMs - Date.parse(backlog.oldest_at),
      thresholds.backlogAgeMs,
    ),
  };
}
