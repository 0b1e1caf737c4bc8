import { describe, expect, it } from 'vitest';

import { toDestinationName } from './destination-name.ts';

const make = (id: string, name: string | null, target = 'https://example.com') => ({
  id,
  name,
  kind_title: 'Webhook',
  target,
});

describe('the name of a destination', () => {
  it('is the one it was given, else what it is', () => {
    const all = [make('dst_1', 'Billing'), make('dst_2', null)];
    expect(toDestinationName('dst_1', all)).toBe('Billing');
    expect(toDestinationName('dst_2', all)).toBe('Webhook');
  });

  it('says where it goes where two are called the same', () => {
    const all = [make('dst_1', null, 'https://one.example'), make('dst_2', null, 'https://two.example')];
    expect(toDestinationName('dst_2', all)).toBe('Webhook (two.example)');
  });

  it('is the one it was just given, where a list still has another', () => {
    expect(
      toDestinationName('dst_1', [make('dst_1', 'New'), make('dst_1', 'Old'), make('dst_2', 'Old')]),
    ).toBe('New');
  });

  it('is what is known of it besides, else its id, where it is in no list', () => {
    expect(toDestinationName('dst_3', [], 'Billing')).toBe('Billing');
    expect(toDestinationName('dst_3', undefined)).toBe('dst_3');
  });
});
