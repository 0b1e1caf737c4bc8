import { describe, expect, it } from 'vitest';

import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import { OPERATIONAL_TYPES, toEventTitle } from './operational-words.ts';

describe('words for what the hub notices', () => {
  it('has words for every type, and says others as they are', () => {
    expect(OPERATIONAL_TYPES).toEqual(OPERATIONAL_EVENT_TYPES);
    expect(toEventTitle('delivery.dead')).toBe('Delivery given up');
    expect(toEventTitle('ended')).toBe('ended');
    expect(toEventTitle('toString')).toBe('toString');
  });
});
