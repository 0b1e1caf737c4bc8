import { describe, expect, it } from 'vitest';

import { makeFrameBatch } from './frame-batch.ts';

describe('changes handed over once per frame', () => {
  function make() {
    const frames: (() => void)[] = [];
    const flushed: (readonly { id: string; n: number }[])[] = [];
    const batch = makeFrameBatch<{ id: string; n: number }>({
      keyOf: (item) => item.id,
      schedule: (run) => frames.push(run),
      flush: (items) => flushed.push(items),
    });
    return { batch, frames, flushed };
  }

  it('of one thing only its last change, in the order of the last changes', () => {
    const { batch, frames, flushed } = make();
    batch.add({ id: 'a', n: 1 });
    batch.add({ id: 'b', n: 1 });
    batch.add({ id: 'a', n: 2 });
    expect(frames).toHaveLength(1);
    frames[0]?.();
    expect(flushed).toEqual([
      [
        { id: 'b', n: 1 },
        { id: 'a', n: 2 },
      ],
    ]);
  });

  it('what comes while it hands over waits for the next frame', () => {
    const { batch, frames, flushed } = make();
    batch.add({ id: 'a', n: 1 });
    frames[0]?.();
    batch.add({ id: 'a', n: 2 });
    expect(flushed).toHaveLength(1);
    frames[1]?.();
    expect(flushed).toHaveLength(2);
  });

  it('nothing is handed over of what was cleared', () => {
    const { batch, frames, flushed } = make();
    batch.add({ id: 'a', n: 1 });
    batch.clear();
    frames[0]?.();
    expect(flushed).toEqual([]);
  });
});
