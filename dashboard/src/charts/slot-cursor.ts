/** The cursor over the slots of a time chart, and the span it selects: keys in, index or instants out. */

export interface SlotCursor {
  /** Slot under the cursor. */
  readonly index: number | null;
  /** Where a selection began; the cursor is its other end. */
  readonly anchor: number | null;
}

export const NO_CURSOR: SlotCursor = { index: null, anchor: null };

/** undefined for keys that are none of ours. Arrow keys alone let go of the selection; Shift keeps and stretches it. */
export function moveCursor(
  cursor: SlotCursor,
  key: string,
  isShift: boolean,
  count: number,
): SlotCursor | undefined {
  if (count < 1) return undefined;
  const last = count - 1;
  const page = Math.max(1, Math.round(count / 10));
  const from = cursor.index;
  let index: number;
  if (key === 'ArrowLeft') index = from === null ? last : from - 1;
  else if (key === 'ArrowRight') index = from === null ? 0 : from + 1;
  else if (key === 'PageUp') index = (from ?? last) - page;
  else if (key === 'PageDown') index = (from ?? 0) + page;
  else if (key === 'Home') index = 0;
  else if (key === 'End') index = last;
  else if (key === 'Escape')
    return cursor.anchor === null ? NO_CURSOR : { index: cursor.index, anchor: null };
  else return undefined;
  index = Math.min(last, Math.max(0, index));
  return { index, anchor: isShift ? (cursor.anchor ?? from ?? index) : null };
}

export interface Slots {
  /** Beginning of each slot, ascending. */
  readonly atMs: readonly number[];
  readonly stepMs: number;
  readonly sinceMs: number;
  readonly untilMs: number;
}

/** The cursor on other slots: it stays with its time, not with its place, and is let go of where that time is gone. */
export function followSlots(cursor: SlotCursor, before: Slots, after: Slots): SlotCursor {
  if (before.stepMs !== after.stepMs) return NO_CURSOR;
  const follow = (from: number | null): number | null => {
    const index = from === null ? -1 : after.atMs.indexOf(before.atMs[from] ?? Number.NaN);
    return index === -1 ? null : index;
  };
  const index = follow(cursor.index);
  return index === null ? NO_CURSOR : { index, anchor: follow(cursor.anchor) };
}

/** [sinceMs, untilMs) of the slots between two indexes, in whichever order, never beyond the chart's own range. */
export function toSpan(
  slots: Slots,
  one: number,
  other: number,
): { readonly sinceMs: number; readonly untilMs: number } | null {
  const first = slots.atMs[Math.min(one, other)];
  const last = slots.atMs[Math.max(one, other)];
  if (first === undefined || last === undefined) return null;
  return {
    sinceMs: Math.max(first, slots.sinceMs),
    untilMs: Math.min(last + slots.stepMs, Math.max(slots.untilMs, first + 1)),
  };
}
