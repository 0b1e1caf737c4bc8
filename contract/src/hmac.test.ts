import fc from 'fast-check';
import { createHmac } from 'node:crypto';
import { describe, expect, it } from 'vitest';

import { createHmacKey } from './hmac.ts';

describe('an HMAC key', () => {
  it("signs as Node's own HMAC does, whatever the lengths of key, prefix and body", () => {
    const keys = fc.uint8Array({ minLength: 0, maxLength: 200 });
    const prefixes = fc.string({ unit: 'grapheme-ascii', maxLength: 100 });
    const bodies = fc.oneof(fc.uint8Array({ maxLength: 300 }), fc.nat({ max: 40_000 }).map(makeBytes));
    fc.assert(
      fc.property(keys, prefixes, bodies, fc.constantFrom('hex', 'base64'), (key, prefix, body, encoding) => {
        const expected = createHmac('sha256', key).update(prefix).update(body).digest(encoding);
        const made = createHmacKey(key);
        expect(made.sign(prefix, body, encoding)).toBe(expected);
        expect(made.sign(prefix, body, encoding)).toBe(expected);
      }),
      { numRuns: 500 },
    );
  });

  it.each([63, 64, 65])('takes a key of %d bytes', (length) => {
    const key = makeBytes(length);
    expect(createHmacKey(key).sign('1.', makeBytes(10), 'hex')).toBe(
      createHmac('sha256', key).update('1.').update(makeBytes(10)).digest('hex'),
    );
  });

  it.each([-1, 0, 1])('takes a body at the edge of the scratch (%d bytes from it)', (offset) => {
    const body = makeBytes(16 * 1024 - 64 - 2 + offset);
    expect(createHmacKey(makeBytes(32)).sign('1.', body, 'hex')).toBe(
      createHmac('sha256', makeBytes(32)).update('1.').update(body).digest('hex'),
    );
  });
});

function makeBytes(length: number): Uint8Array {
  return Uint8Array.from({ length }, (_, index) => (index * 31 + length) & 255);
}
