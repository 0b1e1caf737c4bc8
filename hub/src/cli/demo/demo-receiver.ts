/** The receiver of the demo: what a customer's server should do, in as few lines. examples/ has a whole one. */
import { createServer } from 'node:http';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

import {
  CALL_SEQUENCE_HEADER,
  STANDARD_ID_HEADER,
  STANDARD_SIGNATURE_HEADER,
  STANDARD_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import type { StatusUpdateMessage } from '@offhook/contract/message';
import { verifyStandard } from '@offhook/contract/signature';

export interface Arrival {
  readonly eventId: string;
  readonly sequence: number;
  readonly message: StatusUpdateMessage['message'];
}

export interface DemoReceiver {
  readonly url: string;
  /** Known only once the destination exists. */
  expectSecret(secret: string): void;
  close(): Promise<void>;
}

/** Retries come within hours, the demo's within minutes; the oldest ids go. */
const IDS_KEPT_MAX = 10_000;
const BODY_BYTES_MAX = 64 * 1024;

export async function startDemoReceiver(arrived: (arrival: Arrival) => void): Promise<DemoReceiver> {
  const secrets: string[] = [];
  const seen = new Set<string>();
  async function receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    let bytes = 0;
    for await (const chunk of request as AsyncIterable<Buffer>) {
      bytes += chunk.length;
      if (bytes > BODY_BYTES_MAX) {
        response.writeHead(413).end();
        return;
      }
      chunks.push(chunk);
    }
    const body = Buffer.concat(chunks);
    const header = (name: string): string | undefined => {
      const value = request.headers[name.toLowerCase()];
      return typeof value === 'string' ? value : undefined;
    };
    const id = header(STANDARD_ID_HEADER) ?? '';
    const verdict = verifyStandard({
      secrets,
      body,
      id,
      timestamp: header(STANDARD_TIMESTAMP_HEADER),
      signature: header(STANDARD_SIGNATURE_HEADER),
      nowMs: Date.now(),
    });
    if (!verdict.ok) {
      response.writeHead(401).end(verdict.detail);
      return;
    }
    response.writeHead(200).end('OK');
    if (seen.has(id)) return;
    seen.add(id);
    if (seen.size > IDS_KEPT_MAX) seen.delete(seen.values().next().value ?? '');
    const { message } = JSON.parse(body.toString('utf8')) as StatusUpdateMessage;
    arrived({ eventId: id, sequence: Number(header(CALL_SEQUENCE_HEADER)), message });
  }

  const server = createServer((request, response) => {
    // A request that breaks off in the middle is the sender's business, and is sent again.
    receive(request, response).catch(() => response.destroy());
  });
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, '127.0.0.1', resolve);
  });
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}/webhooks/status-update`,
    expectSecret: (secret) => void secrets.push(secret),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
