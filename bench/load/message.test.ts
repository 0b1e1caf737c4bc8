import { describe, expect, it } from 'vitest';

import { createMessageReader } from './message.ts';

function readAll(chunks: readonly string[]): readonly string[] {
  const bodies: string[] = [];
  const read = createMessageReader(({ body }) => bodies.push(body.toString()));
  for (const chunk of chunks) read(Buffer.from(chunk));
  return bodies;
}

describe('message reader', () => {
  const first = 'POST / HTTP/1.1\r\ncontent-length: 5\r\n\r\nfirst';
  const second = 'POST / HTTP/1.1\r\nContent-Length: 6\r\n\r\nsecond';

  it('puts a message together from single bytes', () => {
    expect(readAll(first.split(''))).toEqual(['first']);
  });

  it('tells messages apart that came in one chunk', () => {
    expect(readAll([first + second])).toEqual(['first', 'second']);
  });

  it('takes a message without a length as one without a body', () => {
    expect(readAll(['HTTP/1.1 204 No Content\r\n\r\n'])).toEqual(['']);
  });

  it('refuses chunked messages instead of reading them wrong', () => {
    expect(() => readAll(['HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n'])).toThrow(/chunked/);
  });
});
