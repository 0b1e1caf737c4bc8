/** A real HTTP server that keeps what arrives, can be told what to answer, and can be switched off and on again. */
import { createServer } from 'node:http';
import type { IncomingHttpHeaders, IncomingMessage, Server, ServerResponse } from 'node:http';

import { findFreePort } from './free-port.ts';
import { waitFor } from './wait-for.ts';

export interface Arrival {
  readonly headers: IncomingHttpHeaders;
  readonly body: Buffer;
  readonly eventId: string;
  readonly callId: string;
  readonly status: string;
  readonly answered: number;
}

const START_TRIES_MAX = 5;

export class Receiver {
  readonly arrivals: Arrival[] = [];
  /** Status for each arrival; 200 where not said otherwise. */
  answer: (arrival: Omit<Arrival, 'answered'>) => number | Promise<number> = () => 200;
  #server: Server | undefined;
  /** Kept while it is switched off, so it is none that the system gives to others. */
  #port = 0;

  static async start(): Promise<Receiver> {
    const receiver = new Receiver();
    // Between our look and its use another test may have taken it.
    for (let tries = 1; ; tries += 1) {
      receiver.#port = await findFreePort();
      try {
        await receiver.switchOn();
        return receiver;
      } catch (error) {
        if (tries === START_TRIES_MAX) throw error;
      }
    }
  }

  get url(): string {
    return `http://127.0.0.1:${this.#port}/hook`;
  }

  /** What was answered with 2xx, so what the sender may forget. */
  get accepted(): readonly Arrival[] {
    return this.arrivals.filter((arrival) => arrival.answered < 300);
  }

  async switchOn(): Promise<void> {
    const server = createServer((request, response) => {
      // Switched off in the middle of a request: the sender saw no answer either.
      this.#receive(request, response).catch(() => response.destroy());
    });
    await new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(this.#port, '127.0.0.1', resolve);
    });
    this.#server = server;
  }

  async switchOff(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    await new Promise((resolve) => {
      server.close(resolve);
      server.closeAllConnections();
    });
  }

  async waitForAccepted(count: number, limitMs?: number): Promise<readonly Arrival[]> {
    return waitFor(
      () => this.accepted.length >= count && this.accepted,
      `${count} accepted arrivals`,
      limitMs,
    ).catch((error: Error) => {
      throw new Error(`${error.message} ${this.accepted.length} came.`, { cause: error });
    });
  }

  async #receive(request: IncomingMessage, response: ServerResponse): Promise<void> {
    const chunks: Buffer[] = [];
    for await (const chunk of request as AsyncIterable<Buffer>) chunks.push(chunk);
    const body = Buffer.concat(chunks);
    const { message } = JSON.parse(body.toString('utf8')) as {
      message: { call: { id: string; status: string } };
    };
    const arrival = {
      headers: request.headers,
      body,
      eventId: String(request.headers['webhook-id']),
      callId: message.call.id,
      status: message.call.status,
    };
    const answered = await this.answer(arrival);
    this.arrivals.push({ ...arrival, answered });
    response.writeHead(answered).end('body is ignored');
  }
}
