/** A reader of the hub's stream that keeps what came, and can be waited for. */
import { request as send } from 'node:http';
import type { IncomingMessage } from 'node:http';

export interface StreamMessage {
  readonly id: string | undefined;
  readonly event: string | undefined;
  readonly data: Readonly<Record<string, unknown>>;
}

export interface StreamReader {
  readonly response: IncomingMessage;
  readonly text: () => string;
  /** Pieces in which the body came. */
  readonly pieces: () => number;
  readonly messages: () => readonly StreamMessage[];
  /** What a browser would send as Last-Event-ID. */
  readonly lastId: () => string | undefined;
  until(isDone: () => boolean): Promise<void>;
  take(count: number): Promise<readonly StreamMessage[]>;
  close(): Promise<void>;
}

export async function openStream(
  address: string,
  path: string,
  headers: Readonly<Record<string, string>>,
): Promise<StreamReader> {
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    send(new URL(path, address), { headers }, resolve).on('error', reject).end();
  });
  const messages: StreamMessage[] = [];
  let text = '';
  let rest = '';
  let lastId: string | undefined;
  let pieces = 0;
  let wake = (): void => {};
  response.setEncoding('utf8');
  response.on('data', (chunk: string) => {
    text += chunk;
    pieces += 1;
    const blocks = (rest + chunk).split('\n\n');
    // What was cut off in the middle never became a message.
    rest = blocks.pop() ?? '';
    for (const block of blocks) {
      const id = /^id: (.*)$/m.exec(block)?.[1];
      lastId = id ?? lastId;
      const data = /^data: (.*)$/m.exec(block)?.[1];
      if (data === undefined) continue;
      const event = /^event: (.*)$/m.exec(block)?.[1];
      messages.push({ id, event, data: JSON.parse(data) as StreamMessage['data'] });
    }
    wake();
  });
  response.on('error', () => {});
  response.on('close', () => wake());
  const until = async (isDone: () => boolean): Promise<void> => {
    while (!isDone()) {
      if (response.destroyed) throw new Error(`The stream ended after: ${text.slice(-2_000)}`);
      await new Promise<void>((resolve) => {
        wake = resolve;
      });
    }
  };
  if (response.statusCode === 200) await until(() => text.includes(': watching'));
  return {
    response,
    text: () => text,
    pieces: () => pieces,
    messages: () => [...messages],
    lastId: () => lastId,
    until,
    async take(count) {
      await until(() => messages.length >= count);
      return [...messages];
    },
    async close() {
      if (response.destroyed) return;
      const closed = new Promise((resolve) => response.once('close', resolve));
      response.destroy();
      await closed;
    },
  };
}
