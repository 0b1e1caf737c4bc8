import { describe, expect, it } from 'vitest';

import { findExcess, SCRIPT_BYTES_MAX, STYLE_BYTES_MAX } from './dashboard.ts';

describe('the weight of the dashboard', () => {
  it('is what the issue allows: 90 kB of JavaScript and 15 kB of CSS, gzipped, all files together', () => {
    expect(findExcess({ scriptBytes: 90_000, styleBytes: 15_000 })).toBeNull();
    expect(findExcess({ scriptBytes: SCRIPT_BYTES_MAX + 1, styleBytes: 0 })).toContain('JavaScript');
    expect(findExcess({ scriptBytes: 0, styleBytes: STYLE_BYTES_MAX + 1 })).toContain('CSS');
  });
});
