import { describe, expect, it } from 'vitest';
import { createTestGround } from '../test-ground.ts';
import { createCompanyBook, MET_KEPT_MS } from './company-book.ts';

describe('a destination', () => {
  it('is alone until another one writes to the same company', async () => {
    const book = createCompanyBook();
    const first = book.join('acme', createTestGround({ destinationId: 'dst_1' }));
    book.join('another', createTestGround({ destinationId: 'dst_2' }));
    expect(await first.isAlone()).toBe(true);
    const third = book.join('acme', createTestGround({ destinationId: 'dst_3' }));
    expect([await first.isAlone(), await third.isAlone()]).toEqual([false, false]);
  });

  it('is not made company by itself, where it is opened anew before the old one is closed', async () => {
    const book = createCompanyBook();
    const ground = createTestGround();
    const before = book.join('acme', ground);
    const after = book.join('acme', ground);
    expect(await after.isAlone()).toBe(true);
    before.leave();
    expect(await after.isAlone()).toBe(true);
  });

  it('remembers company after it has gone, over a restart, and forgets it in the end', async () => {
    let nowMs = Date.parse('2026-11-22T12:00:00Z');
    const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, setTimer: () => () => {} };
    const ground = createTestGround({ clock, destinationId: 'dst_1' });
    const book = createCompanyBook();
    const seat = book.join('acme', ground);
    const other = book.join('acme', createTestGround({ clock, destinationId: 'dst_2' }));
    expect(await seat.isAlone()).toBe(false);
    other.leave();
    expect(await seat.isAlone()).toBe(false);
    const restarted = createCompanyBook().join('acme', ground);
    expect(await restarted.isAlone()).toBe(false);
    nowMs += MET_KEPT_MS + 1;
    expect([await seat.isAlone(), await restarted.isAlone()]).toEqual([true, true]);
  });

  it('holds nonsense in its memory for nothing', async () => {
    const ground = createTestGround();
    ground.remembered.set('company', { value: 'soon', callId: null, isSecret: false });
    expect(await createCompanyBook().join('acme', ground).isAlone()).toBe(true);
  });
});
