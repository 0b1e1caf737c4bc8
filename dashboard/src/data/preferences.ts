/** What a person has set for this browser. Kept in localStorage; where there is none, for as long as the page lives. */
import { effect, signal } from '@preact/signals';
import type { Signal } from '@preact/signals';

export type Theme = 'system' | 'light' | 'dark';
export type Density = 'comfortable' | 'compact';
export type TimeZone = 'local' | 'utc';

/** From where on a tile of the wallboard is amber, and from where on red. */
export interface Threshold {
  readonly warn: number;
  readonly alarm: number;
}

export interface Thresholds {
  /** Calls at once. */
  readonly active: Threshold;
  /** Of the longest call. */
  readonly longestMs: Threshold;
  /** Of the last 15 minutes, 0 to 1. */
  readonly errorRate: Threshold;
  /** Calls per minute, below which it is strange; 0 switches it off. */
  readonly perMinuteMin: Threshold;
  /** Age of the oldest delivery that is due. */
  readonly backlogAgeMs: Threshold;
}

export const THRESHOLDS_DEFAULT: Thresholds = {
  active: { warn: 400, alarm: 500 },
  longestMs: { warn: 30 * 60_000, alarm: 60 * 60_000 },
  errorRate: { warn: 0.05, alarm: 0.1 },
  perMinuteMin: { warn: 0, alarm: 0 },
  backlogAgeMs: { warn: 60_000, alarm: 5 * 60_000 },
};

/** A filter somebody wants to find again. */
export interface SavedView {
  readonly name: string;
  readonly path: string;
  /** Query without "?". */
  readonly query: string;
}

export const THEMES = ['system', 'light', 'dark'] as const satisfies readonly Theme[];
export const DENSITIES = ['comfortable', 'compact'] as const satisfies readonly Density[];
export const TIME_ZONES = ['local', 'utc'] as const satisfies readonly TimeZone[];

export const theme = keep<Theme>('theme', 'system', (value) => oneOf(THEMES, value));
export const density = keep<Density>('density', 'comfortable', (value) => oneOf(DENSITIES, value));
export const timeZone = keep<TimeZone>('time-zone', 'local', (value) => oneOf(TIME_ZONES, value));
/** Shortcuts of a single letter; off for those whose voice or hand sets them off (WCAG 2.1.4). */
export const singleKeys = keep<boolean>('single-keys', true, (value) =>
  typeof value === 'boolean' ? value : undefined,
);
export const thresholds = keep<Thresholds>('thresholds', THRESHOLDS_DEFAULT, toThresholds);
export const savedViews = keep<readonly SavedView[]>('saved-views', [], toSavedViews);

const SAVED_VIEWS_MAX = 100;

/** What was kept by an older or newer page is taken only as far as it fits. */
function keep<T>(name: string, fallback: T, parse: (value: unknown) => T | undefined): Signal<T> {
  const key = `offhook-${name}`;
  const kept = signal<T>(fallback);
  if (typeof localStorage === 'undefined') return kept;
  const read = (text: string | null): T => {
    try {
      return text === null ? fallback : (parse(JSON.parse(text)) ?? fallback);
    } catch {
      return fallback;
    }
  };
  try {
    kept.value = read(localStorage.getItem(key));
  } catch {
    return kept;
  }
  let isFirst = true;
  effect(() => {
    const { value } = kept;
    if (isFirst) {
      isFirst = false;
      return;
    }
    try {
      localStorage.setItem(key, JSON.stringify(value));
    } catch {
      // Storage is full or forbidden: it holds until the page is left.
    }
  });
  globalThis.addEventListener?.('storage', (event) => {
    if (event.key === key && event.newValue !== JSON.stringify(kept.peek()))
      kept.value = read(event.newValue);
  });
  return kept;
}

function oneOf<T extends string>(known: readonly T[], value: unknown): T | undefined {
  return known.find((one) => one === value);
}

function toThresholds(value: unknown): Thresholds | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const given = value as Partial<Record<keyof Thresholds, unknown>>;
  const take = (name: keyof Thresholds): Threshold => toThreshold(given[name]) ?? THRESHOLDS_DEFAULT[name];
  return {
    active: take('active'),
    longestMs: take('longestMs'),
    errorRate: take('errorRate'),
    perMinuteMin: take('perMinuteMin'),
    backlogAgeMs: take('backlogAgeMs'),
  };
}

function toThreshold(value: unknown): Threshold | undefined {
  if (typeof value !== 'object' || value === null) return undefined;
  const { warn, alarm } = value as Partial<Threshold>;
  return Number.isFinite(warn) && Number.isFinite(alarm) ? (value as Threshold) : undefined;
}

function toSavedViews(value: unknown): readonly SavedView[] | undefined {
  if (!Array.isArray(value)) return undefined;
  return value.filter(isSavedView).slice(0, SAVED_VIEWS_MAX);
}

function isSavedView(value: unknown): value is SavedView {
  if (typeof value !== 'object' || value === null) return false;
  const { name, path, query } = value as Partial<SavedView>;
  return (
    typeof name === 'string' && typeof query === 'string' && typeof path === 'string' && path.startsWith('/')
  );
}
