/**
 * One socket with undici's HTTP/1.1 client on top: one exchange at a time, never a second socket underneath.
 * undici's own pool is not used because it queues: a request that waits there for a connect cannot be taken back
 * at its deadline, and a client that reconnects by itself would do so out of our sight.
 */
import type net from 'node:net';
import type { Dispatcher } from 'undici';
import { Client } from 'undici';

/** What a connection tells the exchange that uses it, beside undici's own callbacks. */
export interface WireWatcher {
  /** Bytes that came in since this exchange began, counted on the wire: also those that reach no callback. */
  onWireBytes(bytes: number): void;
}

/** nginx keeps 75 s, Node 5 s (and says so in Keep-Alive, which undici obeys); between them few sockets are lost to the race. */
const keepAliveMs = 30_000;
const keepAliveMsMax = 60_000;
const keepAliveMarginMs = 1_000;
/**
 * Out of reach on purpose: the exchange stops reading long before. At its own limit undici 8.12 destroys the socket but
 * parses on and makes an error with a stack trace for each further header of the piece it holds: 100 hostile
 * destinations, five of which sent endless headers, cost the hub 7 of 30 s of its processor that way (measured).
 */
const headerBytesMax = 1024 * 1024;

export class Connection {
  /** Whether an exchange has been answered on it before: only then can it have gone stale unnoticed. */
  used = false;
  /** Why undici let go of the socket, where it said so. */
  brokenBy: Error | null = null;
  readonly #socket: net.Socket;
  readonly #client: Client;
  readonly #openedAt = performance.now();
  readonly #onGone: (connection: Connection) => void;
  #watcher: WireWatcher | null = null;
  #bytesBefore = 0;

  constructor(origin: string, socket: net.Socket, onGone: (connection: Connection) => void) {
    this.#socket = socket;
    this.#onGone = onGone;
    let handedOver = false;
    this.#client = new Client(origin, {
      pipelining: 1,
      allowH2: false,
      // The exchange has one deadline over everything; undici's timers restart with every byte and bound nothing.
      headersTimeout: 0,
      bodyTimeout: 0,
      keepAliveTimeout: keepAliveMs,
      keepAliveMaxTimeout: keepAliveMsMax,
      keepAliveTimeoutThreshold: keepAliveMarginMs,
      maxHeaderSize: headerBytesMax,
      connect: (_target, callback) => {
        // Answered in a later turn: undici ignores a resume from inside its own connect call and would wait for ever.
        const first = !handedOver;
        handedOver = true;
        queueMicrotask(() => (first ? callback(null, socket) : callback(GONE, null)));
      },
    });
    this.#client.once('connect', () => {
      // After undici's own listener, so that what came is parsed before it is counted.
      socket.on('readable', () => this.#watcher?.onWireBytes(socket.bytesRead - this.#bytesBefore));
    });
    this.#client.once('disconnect', (_origin, _targets, error) => {
      this.brokenBy = error;
      this.destroy();
    });
    socket.once('close', () => this.destroy());
  }

  get gone(): boolean {
    return this.#socket.destroyed || this.#client.destroyed;
  }

  ageMs(): number {
    return performance.now() - this.#openedAt;
  }

  /** What comes back goes to the handler; errors too, so this never throws for the network. */
  dispatch(options: Dispatcher.DispatchOptions, handler: Dispatcher.DispatchHandler & WireWatcher): void {
    this.#watcher = handler;
    this.#bytesBefore = this.#socket.bytesRead;
    this.#client.dispatch(options, handler);
  }

  /** The exchange is over; bytes from here on belong to nobody. */
  finish(): void {
    this.#watcher = null;
    this.used = true;
  }

  destroy(): void {
    this.#watcher = null;
    this.#socket.destroy();
    if (!this.#client.destroyed) this.#client.destroy(GONE, () => {});
    this.#onGone(this);
  }
}

/** One for all: undici would make an error of its own each time, and its stack trace cost a tenth of a fresh exchange. */
const GONE = new Error('the connection is gone');
