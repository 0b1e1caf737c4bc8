/**
 * The receivers of the demo: what a customer's server should do, in as few lines. examples/ has a whole one. The second
 * one is a CRM that has moved: whoever still posts to its old path is told the new one.
 */
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

export const RECEIVER_PATH = '/webhooks/status-update';
export const CRM_PATH = '/crm/v2/calls';
/** What the demo sets on purpose, for somebody to find out and mend. */
export const CRM_PATH_OLD = '/crm/v1/calls';

export type DemoPath = typeof RECEIVER_PATH | typeof CRM_PATH;

export interface Arrival {
  readonly path: DemoPath;
  readonly eventId: string;
  readonly sequence: number;
  readonly message: StatusUpdateMessage['message'];
}

export interface DemoReceiver {
  /** `http://127.0.0.1:<port>`. */
  readonly origin: string;
  /** Known only once the destination exists. */
  expectSecret(path: DemoPath, secret: string): void;
  close(): Promise<void>;
}

/** Retries come within hours, the demo's within minutes; the oldest ids go. */
const IDS_KEPT_MAX = 10_000;
const BODY_BYTES_MAX = 64 * 1024;

export async function startDemoReceiver(arrived: (arrival: Arrival) => void): Promise<DemoReceiver> {
  const secrets: Record<DemoPath, string[]> = { [RECEIVER_PATH]: [], [CRM_PATH]: [] };
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
    const path = request.url ?? '';
    if (path !== RECEIVER_PATH && path !== CRM_PATH) {
      response.writeHead(404, { 'content-type': 'application/json' }).end(toMissText(path));
      return;
    }
    const body = Buffer.concat(chunks);
    const header = (name: string): string | undefined => {
      const value = request.headers[name.toLowerCase()];
      return typeof value === 'string' ? value : undefined;
    };
    const id = header(STANDARD_ID_HEADER) ?? '';
    const verdict = verifyStandard({
      secrets: secrets[path],
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
    const key = `${path} ${id}`;
    if (seen.has(key)) return;
    seen.add(key);
    if (seen.size > IDS_KEPT_MAX) seen.delete(seen.values().next().value ?? '');
    const { message } = JSON.parse(body.toString('utf8')) as StatusUpdateMessage;
    arrived({ path, eventId: id, sequence: Number(header(CALL_SEQUENCE_HEADER)), message });
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
    origin: `http://127.0.0.1:${port}`,
    expectSecret: (path, secret) => void secrets[path].push(secret),
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}

/** As a service says it that has moved. */
function toMissText(path: string): string {
  const error = path.startsWith('/crm/')
    ? `There is no ${path} any more: since version 2 calls are taken at ${CRM_PATH}.`
    : `There is nothing at ${path}.`;
  return JSON.stringify({ error });
}
