import { describe, expect, it } from 'vitest';

import { parseFilter } from './filter.ts';
import { toErrorSearch } from './analytics-views.ts';

describe('what finds the calls of an error group', () => {
  it('is the longest run that all its texts share, ready for the quotes of error:', () => {
    for (const [fingerprint, words] of [
      ['STT connection failed', 'STT connection failed'],
      ['LLM request timed out after # ms', 'LLM request timed out after'],
      ['# of # calls: quota of plan reached', 'calls: quota of plan reached'],
      ['#', ''],
      ['', ''],
      [String.raw`voice "Anna" in C:\voices missing #`, String.raw`voice "Anna" in C:\voices missing`],
    ] as const) {
      const search = toErrorSearch(fingerprint);
      const parsed = parseFilter(`error:"${search}"`);
      if (words === '') expect(search).toBe('');
      else expect(parsed).toEqual({ kind: 'filter', filter: { error: words } });
    }
  });

  it('never breaks the filter, however long or odd the text is', () => {
    const parsed = parseFilter(`error:"${toErrorSearch('\\"'.repeat(1_000))}"`);
    expect(parsed.kind).toBe('filter');
  });
});
