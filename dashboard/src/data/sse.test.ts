import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { makeSseParser } from './sse.ts';

const TEXT =
  '\uFEFFretry: 4000\n\n: watching\n\nid: 7\nevent: call\ndata: {"a":1}\n\ndata: one\r\ndata:two\r\n\r\nid: 9\rdata: last\r\r';

const MESSAGES = [
  { event: 'call', id: '7', data: '{"a":1}' },
  { event: 'message', id: '7', data: 'one\ntwo' },
  { event: 'message', id: '9', data: 'last' },
];

describe('reading server-sent events', () => {
  it('reads the same messages however the text is cut', () => {
    fc.assert(
      fc.property(fc.array(fc.nat({ max: TEXT.length }), { maxLength: 12 }), (cuts) => {
        const parser = makeSseParser();
        const at = [0, ...cuts.toSorted((a, b) => a - b), TEXT.length];
        const messages = at.slice(1).flatMap((end, index) => parser.push(TEXT.slice(at[index], end)));
        expect(messages).toEqual(MESSAGES);
        expect(parser.retryMs()).toBe(4_000);
      }),
    );
  });

  it('a comment is no message, and an id without data moves the place', () => {
    const parser = makeSseParser();
    expect(parser.push(': heartbeat\n\nid: 3\n\n')).toEqual([]);
    expect(parser.push('data: x\n\n')).toEqual([{ event: 'message', id: '3', data: 'x' }]);
  });

  it('a message that never ends is refused before it fills the memory', () => {
    const parser = makeSseParser();
    const piece = 'x'.repeat(1024 * 1024);
    expect(() => {
      for (let count = 0; count < 10; count += 1) parser.push(piece);
    }).toThrow('no end');
  });
});
