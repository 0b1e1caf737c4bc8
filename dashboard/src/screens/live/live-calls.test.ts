import { describe, expect, it } from 'vitest';
import type { CallView } from '../../data/types.ts';

import { createLiveCalls, groupByNumber, LINGER_MS, TILES_MAX, toSinceMs } from './live-calls.ts';

describe('the calls on the wall', () => {
  it('shows what the list says, longest or newest first', () => {
    const wall = createLiveCalls();
    wall.replace([
      makeCall('b', { startedS: 20 }),
      makeCall('a', { startedS: 10 }),
      makeCall('c', { startedS: 30 }),
    ]);
    expect(wall.toTiles('longest').map(({ call }) => call.id)).toEqual(['a', 'b', 'c']);
    expect(wall.toTiles('newest').map(({ call }) => call.id)).toEqual(['c', 'b', 'a']);
  });

  it('takes up a call that begins, and keeps one that ended for a moment with its ending', () => {
    const wall = createLiveCalls();
    wall.replace([makeCall('a')]);
    expect(wall.apply([makeCall('b')], 1_000)).toBe(true);
    expect(wall.apply([makeCall('a', { state: 'failed' })], 2_000)).toBe(true);
    expect(wall.toTiles('longest')).toMatchObject([
      { call: { id: 'a', state: 'failed' }, overSinceMs: 2_000 },
      { call: { id: 'b' }, overSinceMs: null },
    ]);
    expect(wall.sweep(2_000 + LINGER_MS - 1)).toBe(false);
    expect(wall.sweep(2_000 + LINGER_MS)).toBe(true);
    expect(wall.toTiles('longest').map(({ call }) => call.id)).toEqual(['b']);
  });

  it('shows a call as stale once the hub counts it so, until it ends', () => {
    const wall = createLiveCalls();
    wall.replace([makeCall('a'), makeCall('b', { startedS: 20 })]);
    const liveMs = (id: string): number =>
      Date.parse(wall.toTiles('longest').find(({ call }) => call.id === id)?.call.live_since ?? '');
    const isStale = (): readonly boolean[] => wall.toTiles('longest').map(({ call }) => call.stale);
    expect(liveMs('a')).toBeLessThan(liveMs('b'));
    expect(wall.age(liveMs('a'))).toBe(false);
    expect(isStale()).toEqual([false, false]);
    expect(wall.age(liveMs('a') + 1)).toBe(true);
    expect(isStale()).toEqual([true, false]);
    expect(wall.age(liveMs('a') + 1)).toBe(false);
    wall.apply([makeCall('a', { state: 'failed' })], 1_000);
    wall.apply([makeCall('b', { state: 'ended', startedS: 20 })], 1_000);
    expect(wall.age(liveMs('b') + 1)).toBe(false);
  });

  it('keeps them stale when a list or a change comes that was read before', () => {
    const wall = createLiveCalls();
    const old = makeCall('a');
    expect(wall.age(Date.parse(old.live_since ?? '') + 1)).toBe(false);
    const isStale = (): readonly boolean[] => wall.toTiles('longest').map(({ call }) => call.stale);
    wall.replace([old, makeCall('b', { startedS: 20 })]);
    expect(isStale()).toEqual([true, false]);
    wall.apply([makeCall('a')], 1_000);
    expect(isStale()).toEqual([true, false]);
  });

  it('shows for a moment a call that began and ended before it was told of either', () => {
    const wall = createLiveCalls();
    expect(wall.apply([makeCall('x', { state: 'ended', startedS: 10 })], 10_100)).toBe(true);
    expect(wall.toTiles('longest')).toMatchObject([{ call: { id: 'x' }, overSinceMs: 10_100 }]);
    expect(wall.sweep(10_100 + LINGER_MS)).toBe(true);
    expect(wall.apply([makeCall('x', { state: 'ended', startedS: 10 })], 10_100 + LINGER_MS)).toBe(false);
  });

  it('does not care about older calls that it never showed and that are over', () => {
    const wall = createLiveCalls();
    expect(wall.apply([makeCall('x', { state: 'ended' })], LINGER_MS)).toBe(false);
    expect(wall.apply([{ ...makeCall('y', { state: 'ended' }), live_since: null }], 0)).toBe(false);
    expect(wall.size).toBe(0);
  });

  it('does not begin the moment of an ended call anew when it changes again', () => {
    const wall = createLiveCalls();
    wall.replace([makeCall('a')]);
    wall.apply([makeCall('a', { state: 'ended' })], 1_000);
    wall.apply([makeCall('a', { state: 'ended' })], 3_000);
    expect(wall.sweep(1_000 + LINGER_MS)).toBe(true);
  });

  it('forgets on a new list what is no longer live, but not what it is just saying goodbye to', () => {
    const wall = createLiveCalls();
    wall.replace([makeCall('a'), makeCall('b')]);
    wall.apply([makeCall('a', { state: 'ended' })], 0);
    wall.replace([makeCall('c')]);
    expect(wall.toTiles('longest').map(({ call }) => call.id)).toEqual(['a', 'c']);
  });

  it('never shows more tiles than it can draw', () => {
    const wall = createLiveCalls();
    wall.replace(Array.from({ length: TILES_MAX + 50 }, (_, index) => makeCall(`call-${index}`)));
    wall.apply([makeCall('one-more')], 0);
    expect(wall.size).toBe(TILES_MAX);
  });

  it('counts from the source’s start, else from when we heard of it', () => {
    expect(toSinceMs(makeCall('a', { startedS: 7 }))).toBe(7_000);
    expect(toSinceMs({ ...makeCall('a'), started_at: null, live_since: new Date(9_000).toISOString() })).toBe(
      9_000,
    );
  });

  it('puts the calls of a number together, the busiest number first', () => {
    const wall = createLiveCalls();
    wall.replace([
      makeCall('a', { number: '+1' }),
      makeCall('b', { number: '+2' }),
      makeCall('c', { number: '+2' }),
      makeCall('d', { number: null }),
    ]);
    const groups = groupByNumber(wall.toTiles('longest'));
    expect(groups.map(({ number, tiles }) => [number, tiles.length])).toEqual([
      ['+2', 2],
      [null, 1],
      ['+1', 1],
    ]);
  });
});

function makeCall(
  id: string,
  {
    state = 'live',
    startedS = 0,
    number = '+15550001',
  }: { state?: CallView['state']; startedS?: number; number?: string | null } = {},
): CallView {
  const at = new Date(startedS * 1_000).toISOString();
  return {
    id,
    state,
    stale: false,
    type: 'inbound_phone_call',
    phone_number: { number, name: null },
    customer: null,
    started_at: at,
    ended_at: null,
    duration_ms: null,
    error: null,
    end_reason: null,
    summary: null,
    sequence: 1,
    first_report_at: at,
    live_since: at,
    updated_at: at,
  };
}
