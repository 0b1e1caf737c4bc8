import { describe, expect, it } from 'vitest';

import { scoreMatch, toJumps } from './palette-match.ts';

describe('what is meant in the palette', () => {
  it('the begin of the text is nearer than the begin of a word, that nearer than its middle', () => {
    const scores = ['Calls by number', 'Go to Calls', 'Recalls'].map((text) => scoreMatch(text, 'call') ?? 0);
    expect(scores).toEqual(scores.toSorted((a, b) => b - a));
    expect(new Set(scores).size).toBe(3);
  });

  it('initials find, letters strewn over a sentence do not', () => {
    expect(scoreMatch('Go to Analytics', 'gta')).not.toBeNull();
    expect(scoreMatch('Calls that ended with an error, last 24 hours', 'cdxr')).toBeNull();
    expect(scoreMatch('Turn single-key shortcuts off', 'tgf')).toBeNull();
  });

  it('ids lead to what they name, numbers to their calls', () => {
    expect(toJumps('dlv_01')).toEqual([{ kind: 'delivery', id: 'dlv_01' }]);
    expect(toJumps(' dst_01 ')).toEqual([{ kind: 'destination', id: 'dst_01' }]);
    expect(toJumps('+31 85 0835 037')).toEqual([{ kind: 'number', number: '+31850835037' }]);
    expect(toJumps('5c4d030f-43e3')).toEqual([{ kind: 'call', id: '5c4d030f-43e3' }]);
    expect(toJumps('pause live')).toEqual([]);
  });
});
