/** Durations on a logarithmic axis: the journal's fine bars gathered into as many as the picture has room for. */

export interface DurationBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export interface LogBins {
  readonly bars: readonly DurationBar[];
  /** Ends of the axis. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly countMax: number;
}

/** Everything shorter stands in the first bar: a logarithm has no place for nought. */
const AXIS_MIN_MS = 1_000;
/** The axis always spans a factor of 100, so that one bar alone does not look like a wall. */
const AXIS_FACTOR_MIN = 100;

/** Bars are equally wide in the picture and lie side by side, empty ones too. */
export function toLogBins(durations: readonly DurationBar[], barsMax: number): LogBins | null {
  const filled = durations.filter((bar) => bar.count > 0);
  const longest = filled.at(-1);
  const shortest = filled[0];
  if (longest === undefined || shortest === undefined) return null;
  // Most axes begin at a second: two ranges compare at a glance. Only where all calls are long does it begin later.
  const minMs = shortest.fromMs >= 60_000 ? 10_000 : AXIS_MIN_MS;
  const maxMs = Math.max(longest.toMs, minMs * AXIS_FACTOR_MIN);
  const bins = Math.max(1, Math.floor(barsMax));
  const factor = (maxMs / minMs) ** (1 / bins);
  const counts = Array.from({ length: bins }, () => 0);
  for (const bar of filled) {
    // The geometric middle: half a fine bar, some 5 %, is the most a call can be out of place.
    const middleMs = Math.sqrt(Math.max(bar.fromMs, 1) * bar.toMs);
    const at = Math.floor(Math.log(Math.max(middleMs, minMs) / minMs) / Math.log(factor));
    const index = Math.min(bins - 1, Math.max(0, at));
    counts[index] = (counts[index] ?? 0) + bar.count;
  }
  const bars = counts.map((count, index) => ({
    fromMs: index === 0 ? 0 : minMs * factor ** index,
    toMs: minMs * factor ** (index + 1),
    count,
  }));
  return { bars, minMs, maxMs, countMax: Math.max(...counts) };
}

/** 0 at the left end of the axis, 1 at the right one. */
export function toLogPosition(ms: number, minMs: number, maxMs: number): number {
  const part = Math.log(Math.max(ms, minMs) / minMs) / Math.log(maxMs / minMs);
  return Math.min(1, Math.max(0, part));
}

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** In the order in which marks give way where there is little room. */
const MARK_SETS_MS: readonly (readonly number[])[] = [
  [
    ...[1, 2, 5, 10, 20, 30].map((seconds) => seconds * SECOND_MS),
    ...[1, 2, 5, 10, 20, 30].map((minutes) => minutes * MINUTE_MS),
    ...[1, 2, 4, 8, 12].map((hours) => hours * HOUR_MS),
    ...[1, 2, 7, 30].map((days) => days * DAY_MS),
  ],
  [
    ...[1, 3, 10, 30].map((seconds) => seconds * SECOND_MS),
    ...[1, 3, 10, 30].map((minutes) => minutes * MINUTE_MS),
    ...[1, 4, 12].map((hours) => hours * HOUR_MS),
    ...[2, 7, 30].map((days) => days * DAY_MS),
  ],
  [SECOND_MS, 10 * SECOND_MS, MINUTE_MS, 10 * MINUTE_MS, HOUR_MS, 6 * HOUR_MS, 2 * DAY_MS, 14 * DAY_MS],
  [SECOND_MS, MINUTE_MS, HOUR_MS, DAY_MS],
];

/** Round durations within the axis, at least `gapMin` (0 to 1) apart. */
export function toDurationMarks(minMs: number, maxMs: number, gapMin: number): readonly number[] {
  for (const set of MARK_SETS_MS) {
    const marks = set.filter((ms) => ms >= minMs && ms <= maxMs);
    const places = marks.map((ms) => toLogPosition(ms, minMs, maxMs));
    if (places.every((place, index) => index === 0 || place - (places[index - 1] ?? 0) >= gapMin))
      return marks;
  }
  return [minMs, maxMs];
}

/** `1 s`, `10 min`, `2 h`: on the axis, where a clock's form would be read as a time of day. */
export function formatMarkDuration(ms: number): string {
  if (ms < MINUTE_MS) return `${Number((ms / SECOND_MS).toPrecision(2))} s`;
  if (ms < HOUR_MS) return `${Number((ms / MINUTE_MS).toPrecision(2))} min`;
  if (ms < DAY_MS) return `${Number((ms / HOUR_MS).toPrecision(2))} h`;
  return `${Number((ms / DAY_MS).toPrecision(2))} d`;
}
