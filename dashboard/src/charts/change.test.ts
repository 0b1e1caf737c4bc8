import { describe, expect, it } from 'vitest';
import { toChange } from './change.ts';

describe('toChange', () => {
  it('says by how much a count rose or fell', () => {
    expect(toChange(112, 100, 'neutral')).toEqual({ direction: 'up', verdict: 'neutral', text: '12 %' });
    expect(toChange(50, 100, 'good')).toEqual({ direction: 'down', verdict: 'bad', text: '50 %' });
    expect(toChange(1_001, 1_000, 'neutral')?.text).toBe('0.1 %');
  });

  it('compares rates in points, so that 1 % to 2 % is not "100 %"', () => {
    expect(toChange(0.02, 0.01, 'bad', 'points')).toEqual({ direction: 'up', verdict: 'bad', text: '1 pp' });
    expect(toChange(0.943, 0.971, 'good', 'points')?.text).toBe('2.8 pp');
    expect(toChange(0.1001, 0.1, 'bad', 'points')?.text).toBe('< 0.1 pp');
  });

  it('has no percentage from nought and no verdict where nothing moved', () => {
    expect(toChange(5, 0, 'bad')).toEqual({ direction: 'up', verdict: 'bad', text: 'from 0' });
    expect(toChange(0, 0, 'bad')).toEqual({ direction: 'same', verdict: 'neutral', text: 'no change' });
  });

  it('says "×" where a percentage would be noise', () => {
    expect(toChange(4_200, 100, 'neutral')?.text).toBe('× 42');
  });

  it('is silent where one of the two is unknown', () => {
    expect(toChange(null, 5, 'bad')).toBeNull();
    expect(toChange(5, null, 'bad')).toBeNull();
  });
});
