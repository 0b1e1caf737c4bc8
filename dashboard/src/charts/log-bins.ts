/** Durations on a logarithmic axis: the journal's fine bars gathered into as many as the picture has room for. */

export interface DurationBar {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export interface LogBins {
  /** Equally wide in the picture, side by side, empty ones too. */
  readonly bars: readonly DurationBar[];
  /** Ends of the axis. */
  readonly minMs: number;
  readonly maxMs: number;
  readonly countMax: number;
}

/** Everything shorter stands in the first bar: a logarithm has no place for nought. */
const AXIS_MIN_MS = 1_000;
/** Where all calls are long, the axis begins later. */
const AXIS_MIN_LONG_MS = 10_000;
const LONG_MS = 60_000;
/** The axis always spans a factor of 100, so that one bar alone does not look like a wall. */
const AXIS_FACTOR_MIN = 100;

/**
 * Bars are whole groups of the journal's own, which all grow by one factor: counts stay exact, and a bar's edges are
 * edges of what was counted. Cutting between them would show a comb that no call has made.
 */
export function toLogBins(durations: readonly DurationBar[], barsMax: number): LogBins | null {
  const filled = durations.filter((bar) => bar.count > 0);
  const shortest = filled[0];
  const longest = filled.at(-1);
  if (shortest === undefined || longest === undefined) return null;
  const known = filled.find((bar) => bar.fromMs > 0) ?? { fromMs: AXIS_MIN_MS, toMs: AXIS_MIN_MS * 1.1 };
  const step = Math.log(known.toMs / known.fromMs);
  const toIndex = (ms: number): number => Math.round(Math.log(Math.max(ms, 1e-3)) / step);
  const toEdge = (index: number): number => known.fromMs * Math.exp((index - toIndex(known.fromMs)) * step);

  const axisMs = shortest.fromMs >= LONG_MS ? AXIS_MIN_LONG_MS : AXIS_MIN_MS;
  const first = toIndex(axisMs);
  const last = toIndex(Math.max(longest.toMs, axisMs * AXIS_FACTOR_MIN));
  const size = Math.max(1, Math.ceil((last - first) / Math.max(1, Math.floor(barsMax))));
  const firstGroup = Math.floor(first / size);
  const groups = Math.ceil(last / size) - firstGroup;
  const counts = Array.from({ length: groups }, () => 0);
  for (const bar of filled) {
    const group = Math.floor(toIndex(bar.fromMs) / size) - firstGroup;
    const index = Math.min(groups - 1, Math.max(0, group));
    counts[index] = (counts[index] ?? 0) + bar.count;
  }
  const edgeOf = (group: number): number => toEdge((firstGroup + group) * size);
  const bars = counts.map((count, group) => ({
    fromMs: group === 0 ? 0 : edgeOf(group),
    toMs: edgeOf(group + 1),
    count,
  }));
  return { bars, minMs: edgeOf(0), maxMs: edgeOf(groups), countMax: Math.max(...counts) };
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
