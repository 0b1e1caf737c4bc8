import type { AddressInfo, Server, Socket } from 'node:net';

import { once } from 'node:events';
import { createServer } from 'node:net';

import type { Message } from './message.ts';

import { toSlot } from './ledger.ts';
import { createMessageReader } from './message.ts';
import { CALL_ID_PREFIX } from './report-feed.ts';

/** The destinations: each listens on a port of its own, since real ones are different hosts and share no connection. */
export interface Sink {
  readonly urls: readonly string[];
  setBehaviour(destination: number, behaviour: Behaviour): void;
  close(): Promise<void>;
}

/**
 * What a destination does with a request. `answer`: 200 at once, and the arrival is told. `swallow`: the
 * same, but nobody is told. `fail`: 500. `hang`: never answers. `reset`: breaks the connection. `trickle`:
 * a status line at a byte a second.
 */
export type Behaviour = 'answer' | 'swallow' | 'fail' | 'hang' | 'reset' | 'trickle';
export const HOSTILE_BEHAVIOURS = [
  'fail',
  'hang',
  'reset',
  'trickle',
] as const satisfies readonly Behaviour[];

const OK = Buffer.from('HTTP/1.1 200 OK\r\nContent-Length: 0\r\n\r\n');
const FAILURE = Buffer.from('HTTP/1.1 500 Internal Server Error\r\nContent-Length: 0\r\n\r\n');
const TRICKLE_MS = 1_000;

export async function openSink(
  destinations: number,
  onArrival: (slot: number, destination: number, atMs: number) => void,
): Promise<Sink> {
  const behaviours: Behaviour[] = Array.from({ length: destinations }, () => 'answer');
  const sockets = new Set<Socket>();
  const servers = await Promise.all(
    behaviours.map(async (_, destination) => {
      const server = createServer({ noDelay: true }, (socket) => {
        sockets.add(socket);
        socket.on('close', () => sockets.delete(socket));
        socket.on('error', () => socket.destroy());
        socket.on(
          'data',
          createMessageReader((message) => take(message, destination, socket)),
        );
      });
      server.listen(0, '127.0.0.1', 1_024);
      await once(server, 'listening');
      return server;
    }),
  );

  function take({ body }: Message, destination: number, socket: Socket): void {
    const behaviour = behaviours[destination] as Behaviour;
    switch (behaviour) {
      case 'answer':
        onArrival(readSlot(body), destination, performance.now());
        socket.write(OK);
        return;
      case 'swallow':
        socket.write(OK);
        return;
      case 'fail':
        socket.write(FAILURE);
        return;
      case 'hang':
        return;
      case 'reset':
        socket.resetAndDestroy();
        return;
      case 'trickle':
        trickle(socket);
    }
  }

  return {
    urls: servers.map((server) => `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`),
    setBehaviour(destination, behaviour) {
      behaviours[destination] = behaviour;
    },
    async close() {
      for (const socket of sockets) socket.destroy();
      await Promise.all(servers.map(closeServer));
    },
  };
}

const ID_MARK = Buffer.from(`"id":"${CALL_ID_PREFIX}`);
const STATUS_MARK = Buffer.from('"status":"');
const CALL_DIGITS = 12;

function readSlot(body: Buffer): number {
  const digits = body.indexOf(ID_MARK) + ID_MARK.length;
  const status = body.indexOf(STATUS_MARK, digits);
  if (digits < ID_MARK.length || status < 0)
    throw new Error(`not one of ours: ${body.toString().slice(0, 200)}`);
  const call = Number(body.toString('latin1', digits, digits + CALL_DIGITS));
  return toSlot(call, body[status + STATUS_MARK.length] === 'e'.charCodeAt(0));
}

function trickle(socket: Socket): void {
  let sent = 0;
  const timer = setInterval(() => socket.write(OK.subarray(sent, ++sent)), TRICKLE_MS);
  socket.on('close', () => clearInterval(timer));
}

async function closeServer(server: Server): Promise<void> {
  server.close();
  await once(server, 'close');
}
