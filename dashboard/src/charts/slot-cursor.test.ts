import { describe, expect, it } from 'vitest';
import { followSlots, moveCursor, NO_CURSOR, toSpan } from './slot-cursor.ts';

describe('moveCursor', () => {
  it('enters from the side the arrow points away from, and stops at both ends', () => {
    expect(moveCursor(NO_CURSOR, 'ArrowRight', false, 10)).toEqual({ index: 0, anchor: null });
    expect(moveCursor(NO_CURSOR, 'ArrowLeft', false, 10)).toEqual({ index: 9, anchor: null });
    expect(moveCursor({ index: 9, anchor: null }, 'ArrowRight', false, 10)?.index).toBe(9);
    expect(moveCursor({ index: 0, anchor: null }, 'PageUp', false, 100)?.index).toBe(0);
    expect(moveCursor({ index: 50, anchor: null }, 'PageDown', false, 100)?.index).toBe(60);
  });

  it('stretches a selection with Shift and lets go of it without', () => {
    const first = moveCursor({ index: 4, anchor: null }, 'ArrowRight', true, 10);
    expect(first).toEqual({ index: 5, anchor: 4 });
    const second = moveCursor({ index: 5, anchor: 4 }, 'End', true, 10);
    expect(second).toEqual({ index: 9, anchor: 4 });
    expect(moveCursor({ index: 9, anchor: 4 }, 'ArrowLeft', false, 10)).toEqual({ index: 8, anchor: null });
  });

  it('leaves the selection with the first Escape and the chart with the second', () => {
    expect(moveCursor({ index: 5, anchor: 4 }, 'Escape', false, 10)).toEqual({ index: 5, anchor: null });
    expect(moveCursor({ index: 5, anchor: null }, 'Escape', false, 10)).toEqual(NO_CURSOR);
  });

  it('takes no other key, and none where there is nothing', () => {
    expect(moveCursor(NO_CURSOR, 'a', false, 10)).toBeUndefined();
    expect(moveCursor(NO_CURSOR, 'ArrowRight', false, 0)).toBeUndefined();
  });
});

describe('followSlots', () => {
  const slots = { atMs: [0, 60, 120, 180], stepMs: 60, sinceMs: 0, untilMs: 240 };
  const later = { atMs: [60, 120, 180, 240], stepMs: 60, sinceMs: 60, untilMs: 300 };

  it('stays with the time it stood on when slots move on', () => {
    expect(followSlots({ index: 3, anchor: 1 }, slots, later)).toEqual({ index: 2, anchor: 0 });
    expect(followSlots({ index: 2, anchor: null }, slots, later)).toEqual({ index: 1, anchor: null });
    expect(followSlots({ index: 2, anchor: 3 }, slots, { ...slots })).toEqual({ index: 2, anchor: 3 });
  });

  it('lets go of a selection that began before the first slot, and of a slot that is gone', () => {
    expect(followSlots({ index: 3, anchor: 0 }, slots, later)).toEqual({ index: 2, anchor: null });
    expect(followSlots({ index: 0, anchor: 3 }, slots, later)).toEqual(NO_CURSOR);
  });

  it('keeps nothing beyond a shorter range, or on slots of another length', () => {
    const short = { ...slots, atMs: [0, 60], untilMs: 120 };
    expect(followSlots({ index: 3, anchor: 2 }, slots, short)).toEqual(NO_CURSOR);
    expect(followSlots({ index: 1, anchor: 3 }, slots, short)).toEqual({ index: 1, anchor: null });
    expect(followSlots({ index: 1, anchor: 2 }, slots, { ...slots, stepMs: 120 })).toEqual(NO_CURSOR);
    expect(followSlots({ index: 9, anchor: 9 }, slots, later)).toEqual(NO_CURSOR);
    expect(followSlots(NO_CURSOR, slots, later)).toEqual(NO_CURSOR);
  });
});

describe('toSpan', () => {
  const slots = { atMs: [0, 60, 120, 180], stepMs: 60, sinceMs: 30, untilMs: 200 };

  it('covers whole slots from either end', () => {
    expect(toSpan(slots, 1, 2)).toEqual({ sinceMs: 60, untilMs: 180 });
    expect(toSpan(slots, 2, 1)).toEqual({ sinceMs: 60, untilMs: 180 });
    expect(toSpan(slots, 1, 1)).toEqual({ sinceMs: 60, untilMs: 120 });
  });

  it('never leaves the range of the chart', () => {
    expect(toSpan(slots, 0, 3)).toEqual({ sinceMs: 30, untilMs: 200 });
    expect(toSpan(slots, 0, 9)).toBeNull();
  });
});
