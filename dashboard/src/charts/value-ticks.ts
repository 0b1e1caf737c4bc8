/** Where a value axis is marked: from nought to a round number above the largest value. */
import { formatCount, formatDuration, formatPercent } from '../data/format.ts';

export type ChartUnit = 'count' | 'rate' | 'duration';

/** Ascending from 0; the last one is the top of the axis. Counts are marked at whole numbers only. */
export function toValueTicks(max: number, countMax: number, unit: ChartUnit): readonly number[] {
  const top = Math.max(max, unit === 'rate' ? RATE_TOP_MIN : 1);
  const rough = top / Math.max(1, countMax);
  const power = 10 ** Math.floor(Math.log10(rough));
  const round = [1, 2, 5, 10].map((digit) => digit * power).find((step) => step >= rough * (1 - 1e-9));
  const step = unit === 'count' ? Math.max(1, round ?? rough) : (round ?? rough);
  const steps = Math.max(1, Math.ceil(top / step - 1e-9));
  // Rates are tidied so that 0.30000000000000004 never becomes a mark.
  return Array.from({ length: steps + 1 }, (_, index) => Number((index * step).toPrecision(12)));
}

/** Below a tenth the axis stays: one failed call of two hundred must not fill the picture. */
const RATE_TOP_MIN = 0.1;

export function formatValue(value: number | null | undefined, unit: ChartUnit): string {
  if (unit === 'rate') return formatPercent(value);
  if (unit === 'duration') return formatDuration(value);
  return formatCount(value);
}

/** On an axis, where there is room for four characters. */
export function formatMark(value: number, unit: ChartUnit): string {
  if (unit !== 'count') return formatValue(value, unit);
  if (value >= 1_000_000) return `${Number((value / 1_000_000).toPrecision(3))}M`;
  return value >= 1_000 ? `${Number((value / 1_000).toPrecision(3))}k` : String(value);
}
