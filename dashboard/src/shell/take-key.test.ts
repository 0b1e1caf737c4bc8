import { describe, expect, it } from 'vitest';

import { splitFragment } from './take-key.ts';

describe('a key in the fragment', () => {
  it('is taken out, and what stands beside it stays', () => {
    expect(splitFragment('#key=ohk_abc')).toEqual({ key: 'ohk_abc', rest: '' });
    expect(splitFragment('#a=1&key=ohk_abc')).toEqual({ key: 'ohk_abc', rest: '#a=1' });
  });

  it('other fragments are left as they are, and an empty key is none', () => {
    expect(splitFragment('#main')).toEqual({ key: null, rest: '#main' });
    expect(splitFragment('')).toEqual({ key: null, rest: '' });
    expect(splitFragment('#key=')).toEqual({ key: null, rest: '' });
  });
});
