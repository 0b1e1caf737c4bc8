/** Starts one server of the zoo on a free port of 127.0.0.1. Used by the webhook tests and by the isolation proof. */
import net from 'node:net';
import tls from 'node:tls';
import type { Behaviour, BehaviourName } from './behaviours.ts';
import { BEHAVIOURS } from './behaviours.ts';

export interface HostileServer {
  readonly behaviour: BehaviourName;
  readonly url: string;
  /** To be trusted by the client, so that only the fault named by the behaviour remains; null where it speaks no TLS. */
  readonly certificate: string | null;
  /** Connections that stand now. */
  readonly openSockets: number;
  readonly connections: number;
  /** Whole requests taken in. */
  readonly requests: number;
  close(): Promise<void>;
}

export async function startHostileServer(name: BehaviourName): Promise<HostileServer> {
  const behaviour: Behaviour = BEHAVIOURS[name];
  const sockets = new Set<net.Socket>();
  const counts = { connections: 0, requests: 0 };
  const identity = behaviour.certificate?.() ?? null;
  let url = '';

  const serve = (socket: net.Socket): void => {
    // Being hung up on is what these servers are for.
    socket.on('error', () => {});
    // A half-open socket stays until someone closes our side: with nothing more to say, that is us.
    socket.on('end', () => socket.end());
    behaviour.onConnection?.(socket);
    if (behaviour.scheme === 'https' && identity === null) return void socket.resume();
    onEachRequest(socket, () => {
      counts.requests += 1;
      behaviour.onRequest?.(socket, { url });
    });
  };
  const options = { allowHalfOpen: true, noDelay: true };
  const server =
    identity === null
      ? net.createServer(options, serve)
      : tls
          .createServer({ cert: identity.certificate, key: identity.privateKey }, serve)
          .on('tlsClientError', (_error, socket) => void socket.destroy());
  server.on('connection', (socket: net.Socket) => {
    counts.connections += 1;
    sockets.add(socket);
    socket.on('error', () => {});
    socket.once('close', () => sockets.delete(socket));
  });

  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the hostile server has no port');
  url = `${behaviour.scheme ?? 'http'}://127.0.0.1:${address.port}/hook`;

  return {
    behaviour: name,
    url,
    certificate: identity?.certificate ?? null,
    get openSockets() {
      return sockets.size;
    },
    get connections() {
      return counts.connections;
    },
    get requests() {
      return counts.requests;
    },
    close: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        for (const socket of sockets) socket.destroy();
      }),
  };
}

function onEachRequest(socket: net.Socket, onRequest: () => void): void {
  let received = '';
  socket.on('data', (chunk: Buffer) => {
    received += chunk.toString('latin1');
    for (;;) {
      const headEnd = received.indexOf('\r\n\r\n');
      if (headEnd === -1) return;
      const length = Number(/\r\ncontent-length: *(\d+)/i.exec(received.slice(0, headEnd + 2))?.[1] ?? 0);
      if (received.length < headEnd + 4 + length) return;
      received = received.slice(headEnd + 4 + length);
      onRequest();
    }
  });
}
