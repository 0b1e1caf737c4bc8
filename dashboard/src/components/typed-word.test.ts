import { describe, expect, it } from 'vitest';

import { isTyped } from './typed-word.ts';

describe('what has to be typed before something great is done', () => {
  it('is a number with or without its separators', () => {
    for (const text of ['1284', '1,284', ' 1 284 ', '1.284']) expect(isTyped(text, '1,284')).toBe(true);
    for (const text of ['', '128', '12845', '1284x', ',']) expect(isTyped(text, '1,284')).toBe(false);
  });

  it('is a name, letter by letter', () => {
    expect(isTyped(' CRM ', 'CRM')).toBe(true);
    expect(isTyped('crm', 'CRM')).toBe(false);
  });
});
