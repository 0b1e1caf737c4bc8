import { describe, expect, it } from 'vitest';

import { ByteWriter, readVarint } from './varint.ts';

describe('numbers in as few bytes as they need', () => {
  it('are read as they were written', () => {
    const numbers = [0, 1, 127, 128, 300, 2 ** 31, 2 ** 32 + 5, Number.MAX_SAFE_INTEGER];
    const writer = new ByteWriter();
    for (const number of numbers) writer.writeVarint(number);
    const reader = { bytes: writer.take(), at: 0 };
    expect(numbers.map(() => readVarint(reader))).toEqual(numbers);
  });

  it('are not read past their end', () => {
    const writer = new ByteWriter();
    writer.writeVarint(Number.MAX_SAFE_INTEGER);
    const bytes = writer.take();
    for (let length = 0; length < bytes.length; length += 1)
      expect(() => readVarint({ bytes: bytes.slice(0, length), at: 0 })).toThrow('damaged');
  });
});
