import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../../hub/src/api/filter.ts';

import { DELIVERY_TABS, names, toQuery, toTab } from './delivery-query.ts';

describe('the filter of the deliveries', () => {
  it('joins the tab and what was typed', () => {
    expect(toQuery('', 'all')).toBe('');
    expect(toQuery('destination:dst_1', 'failed')).toBe('state:dead destination:dst_1');
    expect(toQuery(' code:4xx ', 'retrying')).toBe('state:pending attempts:>0 code:4xx');
  });

  it('lets what was typed outrank the tab, word by word', () => {
    expect(toQuery('state:delivered', 'failed')).toBe('state:delivered');
    expect(toQuery('-state:delivered', 'failed')).toBe('-state:delivered');
    expect(toQuery('attempts:>3', 'retrying')).toBe('state:pending attempts:>3');
    expect(toTab('failed', 'state:pending')).toBe('all');
  });

  it('does not take text in quotes for a word', () => {
    expect(names('error:"state: unknown"', 'state')).toBe(false);
    expect(toQuery('error:"no state:dead here"', 'failed')).toBe('state:dead error:"no state:dead here"');
  });

  it('falls back to all tabs for what the address does not know', () => {
    expect(toTab('nonsense', '')).toBe('all');
    expect(toTab(null, '')).toBe('all');
  });

  it('makes only filters that the hub understands', () => {
    for (const { key } of DELIVERY_TABS)
      expect(parseFilter(toQuery('destination:dst_1', key)).kind).toBe('filter');
  });
});
