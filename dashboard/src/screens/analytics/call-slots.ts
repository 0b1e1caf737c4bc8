/** The hub's slots as the columns a chart takes: made once per answer, since a new array is a new painting. */
import type { CallSlotView, CallStatisticsView, DeliveryStatisticsView } from '../../data/types.ts';
import type { Slots } from '../../charts/slot-cursor.ts';
import type { TimeSeries } from '../../charts/time-chart.tsx';

export function toSlots(view: CallStatisticsView): Slots {
  return {
    atMs: view.slots.map((slot) => Date.parse(slot.at)),
    stepMs: view.step_ms,
    sinceMs: Date.parse(view.since),
    untilMs: Date.parse(view.until),
  };
}

/** As long as the present period, slot by slot; nulls where the one before is shorter. */
export function readPrevious(
  view: CallStatisticsView,
  read: (slot: CallSlotView) => number | null,
): readonly (number | null)[] | null {
  const previous = view.previous_slots;
  if (previous === null) return null;
  return view.slots.map((_, index) => {
    const slot = previous[index];
    return slot === undefined ? null : read(slot);
  });
}

/** Behind a line of the present period, where it was asked for, the same of the one before. */
export function withPrevious(
  view: CallStatisticsView,
  now: TimeSeries,
  read: (slot: CallSlotView) => number | null,
  total: string,
): readonly TimeSeries[] {
  const values = readPrevious(view, read);
  if (values === null) return [now];
  return [{ label: 'Period before', ink: 'previous', shape: 'line', isDashed: true, values, total }, now];
}

export function toErrorRate(slot: CallSlotView): number | null {
  const finished = slot.ended + slot.failed;
  return finished === 0 ? null : slot.failed / finished;
}

export interface DeliverySums extends Slots {
  readonly failed: readonly number[];
  readonly dead: readonly number[];
  readonly delivered: readonly number[];
}

/** All destinations together; the hub leaves out slots in which nothing happened, a chart needs them all. */
export function sumDeliveries(view: DeliveryStatisticsView): DeliverySums {
  const sinceMs = Date.parse(view.since);
  const untilMs = Date.parse(view.until);
  const stepMs = view.step_ms;
  const firstMs = Math.floor(sinceMs / stepMs) * stepMs;
  const count = Math.max(0, Math.ceil((untilMs - firstMs) / stepMs));
  const sums = Array.from({ length: count }, () => ({ failed: 0, dead: 0, delivered: 0 }));
  for (const destination of view.destinations) {
    for (const slot of destination.slots) {
      const sum = sums[Math.round((Date.parse(slot.at) - firstMs) / stepMs)];
      if (sum === undefined) continue;
      sum.failed += slot.failed_attempts;
      sum.dead += slot.dead;
      sum.delivered += slot.delivered;
    }
  }
  return {
    atMs: sums.map((_, index) => firstMs + index * stepMs),
    stepMs,
    sinceMs,
    untilMs,
    failed: sums.map((sum) => sum.failed),
    dead: sums.map((sum) => sum.dead),
    delivered: sums.map((sum) => sum.delivered),
  };
}

/** One destination's successes per slot, for its sparkline: only as many points as a hundred pixels can show. */
export function toDeliveredCourse(
  slots: DeliveryStatisticsView['destinations'][number]['slots'],
  view: Pick<DeliveryStatisticsView, 'since' | 'until'>,
): { readonly delivered: readonly number[]; readonly failed: readonly number[] } {
  const sinceMs = Date.parse(view.since);
  const lengthMs = Math.max(1, Date.parse(view.until) - sinceMs);
  const delivered = Array.from({ length: COURSE_POINTS }, () => 0);
  const failed = Array.from({ length: COURSE_POINTS }, () => 0);
  for (const slot of slots) {
    const at = Math.floor(((Date.parse(slot.at) - sinceMs) / lengthMs) * COURSE_POINTS);
    const index = Math.min(COURSE_POINTS - 1, Math.max(0, at));
    delivered[index] = (delivered[index] ?? 0) + slot.delivered;
    failed[index] = (failed[index] ?? 0) + slot.failed_attempts;
  }
  return { delivered, failed };
}

const COURSE_POINTS = 24;
