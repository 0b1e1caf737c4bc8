import { describe, expect, it } from 'vitest';

import { createApiKeyText, hashApiKey, isPlausibleApiKey, toHint } from './api-key.ts';

describe('API keys', () => {
  it('are ohk_, 43 digits of base62 and a checksum, and differ every time', () => {
    const made = Array.from({ length: 200 }, () => createApiKeyText());
    for (const { text, hash, hint } of made) {
      expect(text).toMatch(/^ohk_[0-9A-Za-z]{49}$/);
      expect(isPlausibleApiKey(text)).toBe(true);
      expect(Buffer.from(hash)).toEqual(Buffer.from(hashApiKey(text)));
      expect(text.startsWith(hint)).toBe(true);
    }
    expect(new Set(made.map(({ text }) => text)).size).toBe(200);
  });

  it('hold all 256 bits, from the smallest to the largest', () => {
    const zero = createApiKeyText(new Uint8Array(32)).text;
    const largest = createApiKeyText(new Uint8Array(32).fill(255)).text;
    expect(zero.slice(4, 47)).toBe('0'.repeat(43));
    expect(largest).toHaveLength(zero.length);
    expect(isPlausibleApiKey(largest)).toBe(true);
  });

  it('with one character changed are refused without being looked up', () => {
    const { text } = createApiKeyText();
    for (let at = 4; at < text.length; at += 1) {
      const changed = text.slice(0, at) + (text[at] === 'a' ? 'b' : 'a') + text.slice(at + 1);
      expect(isPlausibleApiKey(changed)).toBe(false);
    }
  });

  it('chosen by hand need 24 characters and no checksum', () => {
    expect(isPlausibleApiKey('x'.repeat(23))).toBe(false);
    expect(isPlausibleApiKey('x'.repeat(24))).toBe(true);
    expect(isPlausibleApiKey('ohk_chosen_by_hand_for_local_use')).toBe(true);
    expect(isPlausibleApiKey('x'.repeat(257))).toBe(false);
  });

  it('show at most a quarter of a chosen key as a hint', () => {
    expect(toHint('x'.repeat(24))).toHaveLength(6);
    expect(toHint('x'.repeat(100))).toHaveLength(8);
  });
});
