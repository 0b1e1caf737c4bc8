/**
 * Server-sent events out of a response's bytes: id, event and data of each message; comments only count as life. A
 * block with an id alone moves the reader's place, as browsers have it: the message `place`, without data.
 */

export interface SseMessage {
  readonly id: string | null;
  readonly event: string;
  readonly data: string;
}

/** A message of /v1/stream is one event of at most 256 KiB; more is no stream of ours. */
const MESSAGE_CHARACTERS_MAX = 1024 * 1024;

export async function* readMessages(
  body: AsyncIterable<Uint8Array>,
  alive: () => void,
): AsyncGenerator<SseMessage> {
  const decoder = new TextDecoder();
  let rest = '';
  for await (const chunk of body) {
    alive();
    rest += decoder.decode(chunk, { stream: true });
    const blocks = rest.split('\n\n');
    rest = blocks.pop() ?? '';
    if (rest.length > MESSAGE_CHARACTERS_MAX) throw new Error('The stream holds a message without an end.');
    for (const block of blocks) {
      const message = parseMessage(block);
      if (message !== null) yield message;
    }
  }
}

function parseMessage(block: string): SseMessage | null {
  let id: string | null = null;
  let event = 'message';
  const data: string[] = [];
  for (const line of block.split('\n')) {
    const [, field, value = ''] = /^(id|event|data): ?(.*)$/.exec(line) ?? [];
    if (field === 'id') id = value;
    else if (field === 'event') event = value;
    else if (field === 'data') data.push(value);
  }
  if (data.length > 0) return { id, event, data: data.join('\n') };
  return id === null ? null : { id, event: 'place', data: '' };
}
