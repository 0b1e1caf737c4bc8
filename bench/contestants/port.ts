import type { AddressInfo } from 'node:net';

import { once } from 'node:events';
import { createServer } from 'node:net';

/** A port that was free a moment ago, for programs that cannot tell which one they took. */
export async function findFreePort(): Promise<number> {
  const server = createServer().listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  server.close();
  await once(server, 'close');
  return port;
}
