import { describe, expect, it } from 'vitest';

import { findExcess, findMiss, SCRIPT_BYTES_MAX, STYLE_BYTES_MAX } from './dashboard.ts';

describe('the weight of the dashboard', () => {
  it('is told where it misses what the issue asks for: 90 kB of JavaScript and 15 kB of CSS, gzipped, in all', () => {
    expect(findMiss({ scriptBytes: 90_000, styleBytes: 15_000 })).toBeNull();
    expect(findMiss({ scriptBytes: 91_000, styleBytes: 15_000 })).toContain('1.0 kB over 90.0 kB');
    expect(findMiss({ scriptBytes: 90_000, styleBytes: 16_000 })).toContain('1.0 kB over 15.0 kB');
  });

  it('may not grow past what was reached', () => {
    expect(findExcess({ scriptBytes: SCRIPT_BYTES_MAX, styleBytes: STYLE_BYTES_MAX })).toBeNull();
    expect(findExcess({ scriptBytes: SCRIPT_BYTES_MAX + 1, styleBytes: 0 })).toContain('JavaScript');
    expect(findExcess({ scriptBytes: 0, styleBytes: STYLE_BYTES_MAX + 1 })).toContain('CSS');
  });
});
