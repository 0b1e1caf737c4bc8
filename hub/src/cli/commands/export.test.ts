import { describe, expect, it } from 'vitest';

import { toProgressText } from './export.ts';

const DONE = { isLines: true, bytes: 3_400_000, rows: 12_345, perSecond: 2_100_000 };

describe('the progress of an export', () => {
  it('is a bar where the hub said how many rows to expect', () => {
    expect(toProgressText({ ...DONE, rowsAbout: 24_690 })).toBe(
      '[############............] 50 %  12,345 rows, 3.4 MB, 2.1 MB/s',
    );
  });

  it('is never full before the end, however wrong the estimate', () => {
    expect(toProgressText({ ...DONE, rowsAbout: 1 })).toContain('99 %');
    expect(toProgressText({ ...DONE, rowsAbout: 1 })).toContain('#.]');
  });

  it('counts rows without an estimate, and bytes where rows are no lines', () => {
    expect(toProgressText({ ...DONE, rowsAbout: null })).toBe('12,345 rows, 3.4 MB, 2.1 MB/s');
    expect(toProgressText({ ...DONE, rowsAbout: null, isLines: false })).toBe('3.4 MB, 2.1 MB/s');
    expect(toProgressText({ ...DONE, rowsAbout: 24_690, isLines: false })).toBe(
      '3.4 MB, 2.1 MB/s, about 24,690 rows in all',
    );
  });
});
