import { describe, expect, it } from 'vitest';
import type { BatchPipe } from './batch-writer.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import {
  createBatchWriter,
  STREAM_BATCH_BYTES,
  STREAM_BATCH_MS,
  STREAM_BUFFER_BYTES_MAX,
} from './batch-writer.ts';

function openWriter() {
  const clock = createSimClock(1_000_000);
  const writer = createBatchWriter(clock);
  return {
    clock,
    wait: (ms: number) => clock.runUntil(clock.nowMs() + ms),
    /** A sink that passes everything on, or keeps it while it is stuck. */
    open() {
      const writes: { readonly text: string; readonly atMs: number; readonly bytes: Uint8Array }[] = [];
      const state = { isStuck: false, queuedBytes: 0, rooms: 0 };
      const pipe: BatchPipe = writer.open(
        {
          write(bytes) {
            writes.push({ text: Buffer.from(bytes).toString(), atMs: clock.nowMs(), bytes });
            if (state.isStuck) state.queuedBytes += bytes.length;
          },
          get queuedBytes() {
            return state.queuedBytes;
          },
        },
        () => (state.rooms += 1),
      );
      return { pipe, writes, state };
    },
  };
}

const piece = (text: string): Uint8Array => Buffer.from(text);

describe('the batch writer', () => {
  it('writes the first piece at once, and gathers what follows for its time', async () => {
    const { open, wait } = openWriter();
    const { pipe, writes } = open();
    pipe.push(piece('a'));
    await wait(0);
    for (const text of ['b', 'c', 'd']) {
      pipe.push(piece(text));
      await wait(30);
    }
    expect(writes.map(({ text }) => text)).toEqual(['a']);
    await wait(60);
    expect(writes.map(({ text }) => text)).toEqual(['a', 'bcd']);
    await wait(1_000);
    pipe.push(piece('e'));
    await wait(0);
    expect(writes.at(-1)?.text).toBe('e');
  });

  it('never writes twice to one viewer within its time, whatever the rate', async () => {
    const { open, wait } = openWriter();
    const { pipe, writes } = open();
    for (let index = 0; index < 1_000; index += 1) {
      pipe.push(piece('x'));
      await wait(3);
    }
    await wait(STREAM_BATCH_MS * 2);
    expect(writes.map(({ text }) => text).join('')).toHaveLength(1_000);
    for (const [index, { atMs }] of writes.entries()) {
      const before = writes[index - 1];
      if (before !== undefined) expect(atMs - before.atMs).toBeGreaterThanOrEqual(STREAM_BATCH_MS);
    }
  });

  it('does not keep one that catches up waiting: a full batch goes out', async () => {
    const { open, wait } = openWriter();
    const { pipe, writes } = open();
    pipe.push(piece('first'));
    await wait(0);
    pipe.push(piece('second'));
    pipe.push(new Uint8Array(STREAM_BATCH_BYTES));
    await wait(0);
    expect(writes.map(({ bytes }) => bytes.length)).toEqual([5, STREAM_BATCH_BYTES + 6]);
    pipe.push(piece('third'));
    await wait(STREAM_BATCH_MS - 1);
    expect(writes).toHaveLength(2);
  });

  it('puts the bytes together once for viewers in step', async () => {
    const { open, wait } = openWriter();
    const viewers = Array.from({ length: 20 }, open);
    const pieces = [piece('one'), piece('two')];
    for (const { pipe } of viewers) for (const one of pieces) pipe.push(one);
    await wait(0);
    expect(new Set(viewers.map(({ writes }) => writes[0]?.bytes)).size).toBe(1);
    expect(viewers[0]?.writes[0]?.text).toBe('onetwo');
  });

  it('keeps viewers apart who were given other pieces between the same first and last', async () => {
    const { open, wait } = openWriter();
    const [one, other] = [open(), open()];
    const [first, last] = [piece('['), piece(']')];
    for (const [{ pipe }, middle] of [
      [one, 'a'],
      [other, 'b'],
    ] as const) {
      for (const bytes of [first, piece(middle), last]) pipe.push(bytes);
    }
    await wait(0);
    expect([one.writes[0]?.text, other.writes[0]?.text]).toEqual(['[a]', '[b]']);
  });

  it('says when there is no room, and tells once there is again', async () => {
    const { open, wait, clock } = openWriter();
    const { pipe, state } = open();
    state.isStuck = true;
    const large = new Uint8Array(STREAM_BUFFER_BYTES_MAX / 4);
    expect([pipe.push(large), pipe.push(large), pipe.push(large)]).toEqual([true, true, true]);
    expect(pipe.push(large)).toBe(false);
    expect(pipe.fullSinceMs).toBe(clock.monotonicMs());
    await wait(1_000);
    expect([state.rooms, pipe.hasRoom()]).toEqual([0, false]);
    state.queuedBytes = 0;
    pipe.drained();
    expect([state.rooms, pipe.hasRoom(), pipe.fullSinceMs]).toEqual([1, true, null]);
  });

  it('tells of room also where the sink took everything in one go and never drains', async () => {
    const { open, wait } = openWriter();
    const { pipe, state } = open();
    expect(pipe.push(new Uint8Array(STREAM_BUFFER_BYTES_MAX))).toBe(false);
    await wait(0);
    expect(state.rooms).toBe(1);
  });

  it('writes nothing to one that has closed', async () => {
    const { open, wait } = openWriter();
    const { pipe, writes } = open();
    pipe.push(piece('a'));
    pipe.close();
    await wait(1_000);
    expect([writes, pipe.push(piece('b'))]).toEqual([[], false]);
  });
});
