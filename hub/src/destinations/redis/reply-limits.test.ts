import { describe, expect, it } from 'vitest';
import { Decoder } from '@redis/client/dist/lib/RESP/decoder.js';
import {
  limitReplies,
  REPLY_BYTES_MAX,
  REPLY_DEPTH_MAX,
  REPLY_ITEMS_MAX,
  ReplyLimitError,
  ReplyMeter,
  TEXT_BYTES_MAX,
} from './reply-limits.ts';

const REPLIES = [
  '+OK\r\n',
  '-ERR no\r\n',
  ':-12\r\n',
  '$0\r\n\r\n',
  '$-1\r\n',
  '*-1\r\n',
  '*0\r\n',
  '$5\r\na\r\nb$\r\n',
  '*2\r\n$1\r\n0\r\n*3\r\n$1\r\na\r\n$2\r\nbc\r\n:1\r\n',
  '*1\r\n*1\r\n*2\r\n+a\r\n*0\r\n',
];

describe('the limits on replies', () => {
  it('let every reply through, however it is cut', () => {
    const bytes = Buffer.from(REPLIES.join(''));
    for (const size of [1, 2, 3, 7, bytes.length]) {
      const meter = new ReplyMeter();
      for (let at = 0; at < bytes.length; at += size) meter.read(bytes.subarray(at, at + size));
    }
  });

  it('count each reply for itself', () => {
    const meter = new ReplyMeter();
    const page = Buffer.from(`*2\r\n$1\r\n0\r\n*60000\r\n${'$1\r\nx\r\n'.repeat(60_000)}`);
    for (let nth = 0; nth < 50; nth += 1) meter.read(page);
  });

  it.each([
    ['nested arrays that are never filled', '*33000000\r\n'.repeat(12)],
    ['more items than a page has', `*${REPLY_ITEMS_MAX + 1}\r\n`],
    ['items that only come to too many together', `*2\r\n*${REPLY_ITEMS_MAX}\r\n`],
    ['lists too deep', '*1\r\n'.repeat(REPLY_DEPTH_MAX + 1)],
    ['a huge bulk string', '$99999999999\r\n'],
    ['a bulk string that is too long', `$${REPLY_BYTES_MAX}\r\n`],
    ['a line without end', `+${'x'.repeat(TEXT_BYTES_MAX + 1)}`],
    ['a length that is no number', '$1e9\r\n'],
    ['a negative length', '*-9\r\n'],
    ['no length', '*\r\n'],
    ['a web page', 'HTTP/1.1 400 Bad Request\r\n'],
    ['types of RESP 3', '>4\r\n+MOVING\r\n'],
    ['a bulk string that goes on', '$1\r\nxx\r\n'],
    ['a TLS alert', '\x15\x03\x01\x00\x02\x02\x0a'],
  ])('refuse %s', (_, text) => {
    expect(() => new ReplyMeter().read(Buffer.from(text, 'latin1'))).toThrow(ReplyLimitError);
  });

  it('refuse many strings that only together are too long', () => {
    const meter = new ReplyMeter();
    const piece = Buffer.from(`$1000000\r\n${'x'.repeat(1_000_000)}\r\n`);
    meter.read(Buffer.from('*60000\r\n'));
    expect(() => {
      for (let nth = 0; nth < 60; nth += 1) meter.read(piece);
    }).toThrow(/more than 8388608 bytes/);
  });

  it('hold in the decoder of the installed client, before it allocates anything', () => {
    limitReplies(Decoder.prototype);
    limitReplies(Decoder.prototype);
    const replies: unknown[] = [];
    const decoder = new Decoder({
      onReply: (reply) => replies.push(reply),
      onErrorReply: (error) => replies.push(error.message),
      onPush: () => {},
      getTypeMapping: () => ({}),
    });
    decoder.write(Buffer.from('*2\r\n+a\r\n:1\r\n-ERR no\r\n'));
    expect(replies).toEqual([['a', 1], 'ERR no']);
    // Of the heap, where arrays are counted when they are made: nothing else runs between the two readings.
    const before = process.memoryUsage().heapUsed;
    expect(() => decoder.write(Buffer.from('*33000000\r\n'.repeat(12)))).toThrow(ReplyLimitError);
    expect(process.memoryUsage().heapUsed - before).toBeLessThan(10e6);
    decoder.reset();
    decoder.write(Buffer.from('+again\r\n'));
    expect(replies.at(-1)).toBe('again');
  });
});
