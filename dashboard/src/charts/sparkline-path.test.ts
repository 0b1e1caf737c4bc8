import { describe, expect, it } from 'vitest';
import { toHeatLevel } from './heat-levels.ts';
import { toSparkline } from './sparkline-path.ts';

describe('toSparkline', () => {
  it('draws from the left to the right edge, the largest value on top', () => {
    const { line, last } = toSparkline([0, 10, 5], 96, 24);
    expect(line).toBe('M3 21L48 3L93 12');
    expect(last).toEqual({ x: 93, y: 12 });
  });

  it('is a flat line where nothing happened and nothing without values', () => {
    expect(toSparkline([0, 0], 96, 24).line).toBe('M3 21L93 21');
    expect(toSparkline([], 96, 24)).toEqual({ line: '', area: '', last: null });
  });
});

describe('toHeatLevel', () => {
  it('keeps nought apart from little', () => {
    expect(toHeatLevel(0, 100)).toBe(0);
    expect(toHeatLevel(1, 100)).toBe(1);
    expect(toHeatLevel(100, 100)).toBe(6);
    expect(toHeatLevel(0, 0)).toBe(0);
  });
});
