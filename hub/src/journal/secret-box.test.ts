import { describe, expect, it } from 'vitest';

import { createSecretBox } from './secret-box.ts';

const box = createSecretBox(Buffer.alloc(32, 1));

describe('the secret box', () => {
  it('opens what it sealed, whatever the text', () => {
    for (const text of ['', 'whsec_abc', 'ü😀\u0000', 'x'.repeat(100_000)]) {
      expect(box.open(box.seal(text, 'a|1|b'), 'a|1|b')).toBe(text);
    }
  });

  it('never seals the same text to the same bytes', () => {
    expect(box.seal('x', 'a')).not.toEqual(box.seal('x', 'a'));
  });

  it('opens nothing that was moved to another place', () => {
    const sealed = box.seal('secret', 'destinations|dst_1|secret');
    expect(() => box.open(sealed, 'destinations|dst_2|secret')).toThrow(
      expect.objectContaining({ code: 'sealed' }),
    );
  });

  it('opens nothing of which any single byte was changed', () => {
    const sealed = box.seal('secret', 'a');
    for (let index = 0; index < sealed.length; index += 1) {
      const changed = Buffer.from(sealed);
      changed.writeUInt8(changed.readUInt8(index) ^ 1, index);
      expect(() => box.open(changed, 'a')).toThrow(expect.objectContaining({ code: 'sealed' }));
    }
    for (let length = 0; length < sealed.length; length += 1) {
      expect(() => box.open(sealed.subarray(0, length), 'a')).toThrow(
        expect.objectContaining({ code: 'sealed' }),
      );
    }
  });

  it('says so where another master key sealed it', () => {
    const other = createSecretBox(Buffer.alloc(32, 2));
    expect(() => other.open(box.seal('secret', 'a'), 'a')).toThrow('another master key');
  });

  it('takes no key of another length', () => {
    expect(() => createSecretBox(Buffer.alloc(16))).toThrow(expect.objectContaining({ code: 'sealed' }));
  });
});
