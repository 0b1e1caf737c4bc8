/**
 * A real HTTP server that stands in for somebody else's API: counts what arrives, and can be told to fail before or
 * after it has done what was asked, to cut connections and to be slow.
 */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

export interface StandInRequest {
  readonly method: string;
  /** Decoded piece by piece at the slashes. */
  readonly segments: readonly string[];
  readonly path: string;
  readonly query: URLSearchParams;
  readonly headers: IncomingHttpHeaders;
  readonly text: string;
  readonly atMs: number;
}

export interface StandInAnswer {
  readonly status: number;
  readonly json?: unknown;
  readonly headers?: Readonly<Record<string, string>>;
}

export type Fault =
  /** Nothing is done. */
  | { readonly kind: 'refuse'; readonly answer: StandInAnswer }
  | { readonly kind: 'cut' }
  /** Done, but the sender does not learn it. */
  | { readonly kind: 'done-refuse'; readonly answer: StandInAnswer }
  | { readonly kind: 'done-cut' }
  /** Cut, and done so much later: when the sender has long stopped waiting. */
  | { readonly kind: 'done-late'; readonly delayMs: number }
  /** Answered so much later. */
  | { readonly kind: 'slow'; readonly delayMs: number };

export interface SeenRequest extends StandInRequest {
  /** null: cut. */
  readonly status: number | null;
}

export class StandInServer {
  /** In the order of their arrival; a list that grows with them. */
  readonly seen: SeenRequest[] = [];
  fault: (request: StandInRequest) => Fault | null = () => null;
  readonly #server: Server;
  #port = 0;
  #underWay = 0;
  #underWayMax = 0;

  private constructor(answer: (request: StandInRequest) => StandInAnswer) {
    this.#server = createServer((request, response) => {
      this.#underWay += 1;
      this.#underWayMax = Math.max(this.#underWayMax, this.#underWay);
      response.once('close', () => (this.#underWay -= 1));
      // Cut off in the middle of a request: nobody is there to be answered.
      this.#receive(request, response, answer).catch(() => response.destroy());
    });
  }

  static async start(answer: (request: StandInRequest) => StandInAnswer): Promise<StandInServer> {
    const standIn = new StandInServer(answer);
    await new Promise<void>((resolve, reject) => {
      standIn.#server.once('error', reject);
      standIn.#server.listen(0, '127.0.0.1', resolve);
    });
    standIn.#port = (standIn.#server.address() as AddressInfo).port;
    return standIn;
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}`;
  }

  /** Most requests that were under way at once. */
  get underWayMax(): number {
    return this.#underWayMax;
  }

  async close(): Promise<void> {
    await new Promise((resolve) => {
      this.#server.close(resolve);
      this.#server.closeAllConnections();
    });
  }

  async #receive(
    incoming: IncomingMessage,
    response: ServerResponse,
    answer: (request: StandInRequest) => StandInAnswer,
  ): Promise<void> {
    const atMs = performance.now();
    const chunks: Buffer[] = [];
    for await (const chunk of incoming as AsyncIterable<Buffer>) chunks.push(chunk);
    const url = new URL(incoming.url ?? '/', this.url);
    const request: StandInRequest = {
      method: incoming.method ?? '',
      segments: url.pathname.split('/').slice(1).map(decodeURIComponent),
      path: url.pathname,
      query: url.searchParams,
      headers: incoming.headers,
      text: Buffer.concat(chunks).toString('utf8'),
      atMs,
    };
    const fault = this.fault(request);
    if (fault?.kind === 'cut') return this.#cut(request, response);
    if (fault?.kind === 'refuse') return this.#answer(request, response, fault.answer);
    if (fault?.kind === 'done-late') {
      setTimeout(() => answer(request), fault.delayMs);
      return this.#cut(request, response);
    }
    const done = answer(request);
    if (fault?.kind === 'done-cut') return this.#cut(request, response);
    if (fault?.kind === 'slow')
      await new Promise((resolve) => {
        setTimeout(resolve, fault.delayMs);
      });
    this.#answer(request, response, fault?.kind === 'done-refuse' ? fault.answer : done);
  }

  #cut(request: StandInRequest, response: ServerResponse): void {
    this.seen.push({ ...request, status: null });
    response.destroy();
  }

  #answer(request: StandInRequest, response: ServerResponse, { status, json, headers }: StandInAnswer): void {
    this.seen.push({ ...request, status });
    const body = json === undefined ? '' : JSON.stringify(json);
    response.writeHead(status, { 'content-type': 'application/json; charset=utf-8', ...headers });
    response.end(status === 204 ? undefined : body);
  }
}

/** A service of somebody else's, on such a server. */
export abstract class StandIn {
  #server: StandInServer | null = null;

  protected abstract answer(request: StandInRequest): StandInAnswer;

  protected async listen(): Promise<void> {
    this.#server = await StandInServer.start((request) => this.answer(request));
  }

  get server(): StandInServer {
    if (this.#server === null) throw new Error('not started');
    return this.#server;
  }

  get url(): string {
    return this.server.url;
  }

  set fault(fault: (request: StandInRequest) => Fault | null) {
    this.server.fault = fault;
  }

  close(): Promise<void> {
    return this.server.close();
  }
}

/** How many of something fall into any window of this length. */
export class RateWindow {
  readonly limit: number;
  readonly windowMs: number;
  /** The most that any window has held, what was refused included. */
  peak = 0;
  refused = 0;
  #times: number[] = [];

  constructor(limit: number, windowMs: number) {
    this.limit = limit;
    this.windowMs = windowMs;
  }

  take(atMs: number): { readonly ok: boolean; readonly remaining: number; readonly resetMs: number } {
    this.#times = this.#times.filter((time) => time > atMs - this.windowMs);
    this.#times.push(atMs);
    this.peak = Math.max(this.peak, this.#times.length);
    const ok = this.#times.length <= this.limit;
    if (!ok) this.refused += 1;
    const [oldest = atMs] = this.#times;
    return {
      ok,
      remaining: Math.max(0, this.limit - this.#times.length),
      resetMs: oldest + this.windowMs - atMs,
    };
  }
}
