import { describe, expect, it } from 'vitest';

import { maskNumbers } from './mask.ts';
import { loadPhoneNumbers, needsPhoneNumbers, toE164 } from './phone-number.ts';

describe('numbers for search', () => {
  it('take E.164 as it is, before the library is loaded', () => {
    expect(toE164('+31612345678')).toBe('+31612345678');
    expect(needsPhoneNumbers('+31612345678')).toBe(false);
    expect(needsPhoneNumbers('anonymous')).toBe(false);
    expect(needsPhoneNumbers(null)).toBe(false);
    expect(needsPhoneNumbers('+31 6 1234 5678')).toBe(true);
  });

  it('read what people and SIP trunks write', async () => {
    await loadPhoneNumbers();
    expect(toE164('+31 (0)85 083 50 37')).toBe('+31850835037');
    expect(toE164('0031612345678')).toBe('+31612345678');
    expect(toE164('tel:+1-201-555-0123')).toBe('+12015550123');
    expect(toE164('sip:+31612345678@trunk.example')).toBe('+31612345678');
  });

  it('give nothing for what is no full number', async () => {
    await loadPhoneNumbers();
    for (const text of [
      'anonymous',
      '101',
      '0612345678',
      'sip:alice@example.com',
      '',
      '+',
      '+0',
      `+${'1'.repeat(200)}`,
    ]) {
      expect(toE164(text)).toBeNull();
    }
    expect(toE164(undefined)).toBeNull();
  });
});

describe('masked numbers', () => {
  it('keep only their ends, wherever they stand in a call id', () => {
    expect(maskNumbers('call-_+31612345678_XqaQ')).toBe('call-_+31•••••••78_XqaQ');
    expect(maskNumbers('sip_31612345678')).toBe('sip_31•••••••78');
  });

  it.each([
    ['call31612345678', 'call31•••••••78'],
    ['CA31612345678x', 'CA31•••••••78x'],
    ['+31 6 1234 5678', '+31 • •••• ••78'],
    ['+31-6-1234-5678', '+31-•-••••-••78'],
    ['+31 (0)20.555.0199 at noon', '+31 (•)••.•••.••99 at noon'],
    ['+1 212 555 0100/+1 212 555 0199', '+1 ••• ••• ••00/+1 ••• ••• ••99'],
    ['316123456780123456789012', '31••••••••••••••••••••12'],
    ['5c4d030f-43e3-4e65-899e-8148521e660f-31612345678', '5c4d030f-43e3-4e65-899e-8148521e660f-31•••••••78'],
  ])('hide what %j holds', (text, masked) => {
    expect(maskNumbers(text)).toBe(masked);
  });

  it('leave ids that hold no number alone', () => {
    for (const id of [
      '5c4d030f-43e3-4e65-899e-8148521e660f',
      '12345678-1234-4234-8234-123456789012',
      'call_12345678-1234-4234-8234-123456789012_2',
      'CA0123456789abcdef0123456789abcdef',
      '507f1f77bcf86cd799439011',
      '0123456789ABCDEF0123456789abcdef',
      'call-1',
      'a+b',
      '',
      '123456',
    ]) {
      expect(maskNumbers(id)).toBe(id);
    }
  });
});
