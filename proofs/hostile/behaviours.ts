/**
 * What a hostile, broken or merely odd server does with one connection. Each entry says how it behaves in a sentence,
 * so that a failing test reads as a story. Written on raw sockets: an HTTP library would refuse to misbehave.
 */
import type net from 'node:net';
import { gzipSync } from 'node:zlib';
import type { Certificate } from './certificate.ts';
import { createCertificate } from './certificate.ts';

export interface Behaviour {
  readonly sentence: string;
  /** The scheme of the URL handed out; http where left out. */
  readonly scheme?: 'https';
  /** Set where the server speaks TLS itself. */
  readonly certificate?: () => Certificate;
  /** As soon as the connection stands. */
  readonly onConnection?: (socket: net.Socket) => void;
  /** When the whole request is in. */
  readonly onRequest?: (socket: net.Socket, server: { readonly url: string }) => void;
}

const dayMs = 86_400_000;
const dripMs = 100;
/** Packed once: doing it per request would stall the other servers of the process. */
let gzipBomb: Buffer | undefined;
const OK = 'HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOK';

export const BEHAVIOURS = {
  healthy: { sentence: 'answers 200 at once', onRequest: (socket) => void socket.write(OK) },
  silent: { sentence: 'takes the request and never sends a byte' },
  'drip-headers': {
    sentence: 'sends one header byte every 100 ms, for ever',
    onRequest: (socket) => drip(socket, 'HTTP/1.1 200 OK\r\nX-Slow: ', 'a'),
  },
  'drip-body': {
    sentence: 'answers 200 and then sends one body byte every 100 ms, for ever',
    onRequest: (socket) =>
      drip(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'),
  },
  'drip-error-body': {
    sentence: 'answers 500 and then sends one body byte every 100 ms, for ever',
    onRequest: (socket) =>
      drip(socket, 'HTTP/1.1 500 Oh\r\nTransfer-Encoding: chunked\r\n\r\n', '1\r\na\r\n'),
  },
  'endless-interim': {
    sentence: 'sends 103 Early Hints without end',
    onRequest: (socket) => flood(socket, '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
  },
  'slow-interim': {
    sentence: 'sends one 103 Early Hints every 100 ms, for ever',
    onRequest: (socket) => drip(socket, '', 'HTTP/1.1 103 Early Hints\r\nLink: </a>\r\n\r\n'),
  },
  'endless-headers': {
    sentence: 'sends headers without end',
    onRequest: (socket) =>
      flood(socket, 'HTTP/1.1 200 OK\r\n', 'X-More: aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa\r\n'),
  },
  'endless-reason': {
    sentence: 'sends a status line whose reason phrase never ends',
    onRequest: (socket) => flood(socket, 'HTTP/1.1 200 ', 'aaaaaaaaaaaaaaaa'),
  },
  'endless-body': {
    sentence: 'answers 200 with a body that never ends',
    onRequest: (socket) => flood(socket, 'HTTP/1.1 200 OK\r\n\r\n', 'aaaaaaaaaaaaaaaa'),
  },
  'endless-error-body': {
    sentence: 'answers 500 with a body that never ends',
    onRequest: (socket) => flood(socket, 'HTTP/1.1 500 Oh\r\n\r\n', 'aaaaaaaaaaaaaaaa'),
  },
  'endless-chunk-extension': {
    sentence: 'answers 200 and then sends a chunk extension that never ends',
    onRequest: (socket) =>
      flood(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n1;a=', 'aaaaaaaaaaaaaaaa'),
  },
  'endless-trailers': {
    sentence: 'answers 200 and then sends trailers that never end',
    onRequest: (socket) =>
      flood(socket, 'HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n', 'X-More: aaaa\r\n'),
  },
  'gzip-bomb': {
    sentence: 'answers 200 with 20 KiB that unpack to 20 MiB',
    onRequest: (socket) => {
      const bomb = (gzipBomb ??= gzipSync(Buffer.alloc(20 * 1024 * 1024)));
      socket.write(`HTTP/1.1 200 OK\r\nContent-Encoding: gzip\r\nContent-Length: ${bomb.length}\r\n\r\n`);
      socket.write(bomb);
    },
  },
  'deep-content-encoding': {
    sentence: 'claims that its body is packed 2,000 times over',
    onRequest: (socket) =>
      void socket.write(
        `HTTP/1.1 200 OK\r\nContent-Encoding: ${Array(2_000).fill('gzip').join(',')}\r\nContent-Length: 2\r\n\r\nOK`,
      ),
  },
  'many-headers': {
    sentence: 'answers 200 with 5,000 small headers',
    onRequest: (socket) =>
      void socket.write(
        `HTTP/1.1 200 OK\r\n${Array.from({ length: 5_000 }, (_, i) => `X-${i}: a\r\n`).join('')}Content-Length: 0\r\n\r\n`,
      ),
  },
  'control-characters': {
    sentence: 'puts a NUL byte into a header',
    onRequest: (socket) => void socket.write('HTTP/1.1 200 OK\r\nX-Odd: a\0b\r\nContent-Length: 0\r\n\r\n'),
  },
  'reset-on-accept': {
    sentence: 'resets each connection as soon as it stands',
    onConnection: (socket) => void socket.resetAndDestroy(),
  },
  'reset-after-request': {
    sentence: 'resets the connection after the request',
    onRequest: (socket) => void socket.resetAndDestroy(),
  },
  'reset-mid-headers': {
    sentence: 'resets the connection in the middle of the headers',
    onRequest: (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nContent-Le', () =>
        setTimeout(() => socket.resetAndDestroy(), dripMs),
      ),
  },
  'reset-mid-body': {
    sentence: 'answers 200 and resets the connection in the middle of the body',
    onRequest: (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf', () =>
        setTimeout(() => socket.resetAndDestroy(), dripMs),
      ),
  },
  'half-close': {
    sentence: 'closes its side without an answer and keeps the other open',
    onRequest: (socket) => void socket.end(),
  },
  'short-body': {
    sentence: 'answers 200, promises 100 bytes, sends 4 and closes',
    onRequest: (socket) => void socket.end('HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf'),
  },
  'long-body': {
    sentence: 'answers 200 and sends more bytes than it promised',
    onRequest: (socket) => void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nOKOKOKOKOK'),
  },
  'two-lengths': {
    sentence: 'answers 200 with two different Content-Lengths',
    onRequest: (socket) =>
      void socket.write('HTTP/1.1 200 OK\r\nContent-Length: 2\r\nContent-Length: 4\r\n\r\nOKOK'),
  },
  'length-and-chunked': {
    sentence: 'answers 200 with a Content-Length and chunked at once',
    onRequest: (socket) =>
      void socket.write(
        'HTTP/1.1 200 OK\r\nContent-Length: 2\r\nTransfer-Encoding: chunked\r\n\r\n2\r\nOK\r\n0\r\n\r\n',
      ),
  },
  'answer-ahead': {
    sentence: 'answers 500 and adds an unasked 200, in the hope that it counts for the next request',
    onRequest: (socket) => void socket.write(`HTTP/1.1 500 Oh\r\nContent-Length: 0\r\n\r\n${OK}`),
  },
  banner: {
    sentence: 'speaks SSH',
    onConnection: (socket) => void socket.write('SSH-2.0-OpenSSH_9.2p1\r\n'),
  },
  'banner-after-request': {
    sentence: 'answers in something that is not HTTP',
    onRequest: (socket) => void socket.write('-ERR unknown command POST\r\n'),
  },
  upgrade: {
    sentence: 'answers 101 and switches to a protocol nobody asked for',
    onRequest: (socket) =>
      void socket.write(
        'HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: websocket\r\n\r\n',
      ),
  },
  'redirect-to-metadata': {
    sentence: "answers 302 to the cloud's metadata address",
    onRequest: (socket) =>
      void socket.write(
        'HTTP/1.1 302 Found\r\nLocation: http://169.254.169.254/latest/meta-data/\r\nContent-Length: 0\r\n\r\n',
      ),
  },
  'redirect-loop': {
    sentence: 'answers 307 to itself',
    onRequest: (socket, { url }) =>
      void socket.write(`HTTP/1.1 307 Temporary Redirect\r\nLocation: ${url}\r\nContent-Length: 0\r\n\r\n`),
  },
  'late-success': {
    sentence: 'answers 200 after 1.2 s, later than a short deadline',
    onRequest: (socket) => later(socket, 1_200, () => socket.write(OK)),
  },
  gone: {
    sentence: 'answers 410',
    onRequest: (socket) => void socket.write('HTTP/1.1 410 Gone\r\nContent-Length: 0\r\n\r\n'),
  },
  'server-error': {
    sentence: 'answers 500 with a page of 200 KiB',
    onRequest: (socket) => {
      const page = Buffer.alloc(200 * 1024, 'e');
      socket.write(`HTTP/1.1 500 Internal Server Error\r\nContent-Length: ${page.length}\r\n\r\n`);
      socket.write(page);
    },
  },
  abort: {
    sentence: 'asks for no further tries',
    onRequest: (socket) =>
      void socket.write('HTTP/1.1 400 Bad\r\nwebhook-delivery: abort-message\r\nContent-Length: 0\r\n\r\n'),
  },
  'retry-after-zero': retryAfter('0'),
  'retry-after-negative': retryAfter('-1'),
  'retry-after-huge': retryAfter('1e99'),
  'retry-after-date': retryAfter('Wed, 21 Oct 2099 07:28:00 GMT'),
  'retry-after-garbage': retryAfter('soon, maybe'),
  'plaintext-on-tls': {
    sentence: 'speaks plain HTTP on a TLS port',
    scheme: 'https',
    onConnection: (socket) => void socket.write('HTTP/1.1 400 Bad Request\r\n\r\n'),
  },
  'silent-tls': { sentence: 'takes the connection and never starts the TLS handshake', scheme: 'https' },
  'reset-tls': {
    sentence: 'resets the connection in the TLS handshake',
    scheme: 'https',
    onConnection: (socket) => void socket.once('data', () => socket.resetAndDestroy()),
  },
  'expired-certificate': {
    sentence: 'shows a certificate that has expired',
    scheme: 'https',
    certificate: () =>
      createCertificate({
        names: ['127.0.0.1'],
        validFrom: new Date('2025-01-01T00:00:00Z'),
        validTo: new Date('2026-01-01T00:00:00Z'),
      }),
  },
  'wrong-name-certificate': {
    sentence: 'shows a certificate of another name',
    scheme: 'https',
    certificate: () => createCertificate({ names: ['other.example'], ...validNow() }),
  },
  'self-signed-certificate': {
    sentence: 'shows a certificate that only itself vouches for',
    scheme: 'https',
    certificate: () => createCertificate({ names: ['127.0.0.1'], ...validNow() }),
  },
} as const satisfies Record<string, Behaviour>;

export type BehaviourName = keyof typeof BEHAVIOURS;
export const BEHAVIOUR_NAMES = Object.keys(BEHAVIOURS) as readonly BehaviourName[];

function retryAfter(value: string): Behaviour {
  return {
    sentence: `answers 429 with Retry-After: ${value}`,
    onRequest: (socket) =>
      void socket.write(
        `HTTP/1.1 429 Too Many Requests\r\nRetry-After: ${value}\r\nContent-Length: 0\r\n\r\n`,
      ),
  };
}

function validNow(): { readonly validFrom: Date; readonly validTo: Date } {
  return { validFrom: new Date(Date.now() - dayMs), validTo: new Date(Date.now() + dayMs) };
}

function drip(socket: net.Socket, head: string, piece: string): void {
  socket.write(head);
  const timer = setInterval(() => socket.write(piece), dripMs);
  socket.once('close', () => clearInterval(timer));
}

function later(socket: net.Socket, delayMs: number, act: () => void): void {
  const cancel = (): void => clearTimeout(timer);
  const timer = setTimeout(() => {
    socket.off('close', cancel);
    act();
  }, delayMs);
  socket.once('close', cancel);
}

/** As fast as the other side takes it; memory stays flat because it stops where the socket says so. */
function flood(socket: net.Socket, head: string, piece: string): void {
  socket.write(head);
  const block = Buffer.from(piece.repeat(Math.ceil(16_384 / piece.length)));
  const pour = (): void => {
    while (!socket.destroyed && socket.write(block));
  };
  socket.on('drain', pour);
  pour();
}
