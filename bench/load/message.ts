import { connect } from 'node:net';

/**
 * As much HTTP/1.1 as the bench needs on both ends: messages with a Content-Length, one at a time on each
 * connection. Written by hand because the load generator and the destinations share one core, and
 * `node:http` on both ends would cost more than the hubs that are measured.
 */
export interface Message {
  /** Status line or request line, and the headers. */
  readonly head: string;
  readonly body: Buffer;
}

/** Feeds a connection's chunks in, gets whole messages out. */
export function createMessageReader(onMessage: (message: Message) => void): (chunk: Buffer) => void {
  let kept: Buffer | null = null;
  return (chunk) => {
    let data: Buffer = kept === null ? chunk : Buffer.concat([kept, chunk]);
    kept = null;
    while (data.length > 0) {
      const headEnd = data.indexOf('\r\n\r\n');
      const head = headEnd < 0 ? null : data.toString('latin1', 0, headEnd);
      const bodyEnd = head === null ? Infinity : headEnd + 4 + readContentLength(head);
      if (head === null || data.length < bodyEnd) {
        kept = data;
        return;
      }
      onMessage({ head, body: data.subarray(headEnd + 4, bodyEnd) });
      data = data.subarray(bodyEnd);
    }
  };
}

function readContentLength(head: string): number {
  const found = /\r\ncontent-length: *(\d+)/i.exec(head);
  if (found !== null) return Number(found[1]);
  if (/\r\ntransfer-encoding:/i.test(head)) throw new Error('the bench does not read chunked messages');
  return 0;
}

export interface Connection {
  /** One request; resolves nothing: `onAnswer` is called with the status, 0 if the connection broke. */
  send(request: string, onAnswer: (status: number) => void): void;
  close(): void;
}

/** One keep-alive connection with at most one request under way. */
export function openConnection(port: number): Promise<Connection> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: '127.0.0.1', noDelay: true });
    let answer: ((status: number) => void) | null = null;
    const finish = (status: number): void => {
      const waiting = answer;
      answer = null;
      waiting?.(status);
    };
    socket.on(
      'data',
      createMessageReader(({ head }) => finish(Number(head.slice(9, 12)))),
    );
    socket.once('connect', () =>
      resolve({
        send(request, onAnswer) {
          answer = onAnswer;
          if (socket.destroyed) finish(0);
          else socket.write(request, 'latin1');
        },
        close: () => void socket.destroy(),
      }),
    );
    socket.once('error', reject);
    socket.on('close', () => finish(0));
  });
}
