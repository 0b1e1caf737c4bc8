import { once } from 'node:events';
import { createServer } from 'node:net';
import { randomInt } from 'node:crypto';

/**
 * Systems take ports for connections and for port 0 from 32768 upwards (Linux) or 49152: a port of those may be
 * somebody else's between our look and its use, or while a server of ours is down. Below nobody is given one unasked.
 */
const PORT_MIN = 11_000;
const PORT_MAX = 22_000;
/** Where a Redis Cluster's nodes talk to each other. */
const BUS_AWAY = 10_000;

/** A port of 127.0.0.1 that is free, for programs that must be told theirs and for those that come back to it. */
export async function findFreePort(): Promise<number> {
  for (;;) {
    const port = randomInt(PORT_MIN, PORT_MAX);
    if ((await isFree(port)) && (await isFree(port + BUS_AWAY))) return port;
  }
}

async function isFree(port: number): Promise<boolean> {
  const server = createServer();
  try {
    server.listen(port, '127.0.0.1');
    await once(server, 'listening');
  } catch {
    return false;
  }
  server.close();
  await once(server, 'close');
  return true;
}
