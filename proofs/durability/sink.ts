/** The receivers: remember each accepted delivery in the order it came, refuse one in ten at the flaky one. */
import { createServer, type Server } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface Receipt {
  readonly destination: string;
  readonly eventId: string;
  readonly callId: string;
  readonly sequence: number;
}

export interface Sink {
  readonly urls: readonly string[];
  readonly receipts: Receipt[];
  close(): void;
}

const REFUSED_SHARE = 0.1;

export async function openSink(random: () => number): Promise<Sink> {
  const receipts: Receipt[] = [];
  const server: Server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('error', () => {});
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const destination = request.url ?? '';
      if (destination === '/flaky' && random() < REFUSED_SHARE) {
        response.writeHead(500).end();
        return;
      }
      const body = JSON.parse(Buffer.concat(chunks).toString()) as { message: { call: { id: string } } };
      receipts.push({
        destination,
        eventId: String(request.headers['webhook-id']),
        callId: body.message.call.id,
        sequence: Number(request.headers['offhook-call-sequence']),
      });
      response.writeHead(200).end();
    });
  });
  await new Promise<void>((resolve) => {
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    urls: ['steady', 'flaky'].map((name) => `http://127.0.0.1:${port}/${name}`),
    receipts,
    close() {
      server.close();
      server.closeAllConnections();
    },
  };
}
