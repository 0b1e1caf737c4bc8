import { describe, expect, it } from 'vitest';

import { readMessages } from './sse.ts';

async function read(...chunks: readonly string[]): Promise<readonly unknown[]> {
  const bytes = chunks.map((chunk) => Buffer.from(chunk, 'latin1'));
  const messages: unknown[] = [];
  for await (const message of readMessages(toStream(bytes), () => {})) messages.push(message);
  return messages;
}

async function* toStream(chunks: readonly Uint8Array[]): AsyncGenerator<Uint8Array> {
  yield* chunks;
}

describe('readMessages', () => {
  it('reads messages however the network cut them, and takes comments as no message', async () => {
    const text = Buffer.from(
      'retry: 3000\n\n: watching\n\nid: 7\nevent: status-update\ndata: {"name":"Zoë"}\n\n: heartbeat\n\ndata: x\n\n',
    ).toString('latin1');
    const whole = [
      { id: '7', event: 'status-update', data: '{"name":"Zoë"}' },
      { id: null, event: 'message', data: 'x' },
    ];
    expect(await read(text)).toEqual(whole);
    expect(await read(...Array.from(text))).toEqual(whole);
  });

  it('moves the place where an id comes without a message', async () => {
    expect(await read('retry: 3000\n\nid: 41\n: watching\n\n')).toEqual([
      { id: '41', event: 'place', data: '' },
    ]);
  });

  it('gives no message that broke off', async () => {
    expect(await read('id: 8\ndata: half')).toEqual([]);
  });

  it('ends a message that never ends', async () => {
    await expect(read('data: ', 'x'.repeat(1024 * 1024))).rejects.toThrow('without an end');
  });
});
