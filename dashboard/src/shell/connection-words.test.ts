import { describe, expect, it } from 'vitest';

import { toConnectionWords } from './connection-words.ts';

describe('the connection in words', () => {
  it('says how late the view is, and for how long it has heard nothing', () => {
    expect(toConnectionWords({ state: 'live', lagMs: 260, sinceMs: 0 }, 9_000)).toBe('Live · 0.3 s');
    expect(toConnectionWords({ state: 'live', lagMs: 2, sinceMs: 0 }, 9_000)).toBe('Live · 0.1 s');
    expect(toConnectionWords({ state: 'stale', lagMs: 0, sinceMs: 1_000 }, 43_900)).toBe('Stale 42 s');
    expect(toConnectionWords({ state: 'stale', lagMs: 0, sinceMs: 0 }, 754_000)).toBe('Stale 12:34');
  });
});
