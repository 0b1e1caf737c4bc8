import { describe, expect, it } from 'vitest';

import { toSpoken } from './number-spoken.ts';

describe('a masked number', () => {
  it('is read by its ending, not by its bullets', () => {
    expect(toSpoken('+31 6 •••• 5678')).toBe('masked number ending 5678');
    expect(toSpoken('••••')).toBe('masked number');
  });

  it('is left alone when it is not masked', () => {
    expect(toSpoken('+31 85 123 4567')).toBeNull();
  });
});
