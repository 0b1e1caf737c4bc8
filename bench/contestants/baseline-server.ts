import type { IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';

import { once } from 'node:events';
import { createServer } from 'node:http';

/** The door of every baseline: plain `node:http`. `take` resolves with the status to answer. */
export async function serveReports(
  take: (headers: IncomingHttpHeaders, body: Buffer) => Promise<number>,
): Promise<number> {
  const server = createServer((request, response) => {
    const chunks: Buffer[] = [];
    request.on('data', (chunk: Buffer) => chunks.push(chunk));
    request.on('end', () => {
      const body = chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks);
      take(request.headers, body).then(
        (status) => response.writeHead(status, { 'content-length': 2 }).end('OK'),
        (error: unknown) => {
          console.error(error);
          response.writeHead(500, { 'content-length': 0 }).end();
        },
      );
    });
  });
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}

/** Our side's number, which says whose event it is. */
export function readNumber(body: string): string {
  const report = JSON.parse(body) as {
    readonly message: { readonly phone_number: { readonly number: string } };
  };
  return report.message.phone_number.number;
}
