import { describe, expect, it } from 'vitest';

import { mergeChanges } from './call-changes.ts';

interface Row {
  readonly id: string;
  readonly state: string;
}
const row = (id: string, state = 'live'): Row => ({ id, state });

describe('changes put into rows that are shown', () => {
  it('known rows change in their place, new ones come in front, newest first', () => {
    const merged = mergeChanges([row('a'), row('b')], [row('b', 'ended'), row('c'), row('d')]);
    expect(merged.map((one) => `${one.id} ${one.state}`)).toEqual(['d live', 'c live', 'a live', 'b ended']);
  });

  it('what no longer belongs is taken out, and what never did is not put in', () => {
    const isLive = (one: Row): boolean => one.state === 'live';
    expect(mergeChanges([row('a'), row('b')], [row('a', 'ended'), row('c', 'ended')], isLive)).toEqual([
      row('b'),
    ]);
  });

  it('is the same array where nothing changed, so that nothing is drawn again', () => {
    const rows = [row('a')];
    expect(mergeChanges(rows, [])).toBe(rows);
    expect(mergeChanges(rows, [row('b', 'ended')], (one) => one.state === 'live')).toBe(rows);
  });
});
