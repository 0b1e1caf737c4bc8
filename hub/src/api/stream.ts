/**
 * `GET /v1/stream`: the feed as server-sent events. Each message's id is the row of its event, so that a reader
 * whose connection broke sends Last-Event-ID and misses nothing. A reader that takes nothing for a while is not
 * buffered for: it reads on from the journal once it has room, and is dropped if it never has.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { EventEntry, JournalReader } from '../journal/journal.ts';
import type { Feed, FeedSubscription } from '../live/feed.ts';
import type { EventMatcher } from './event-matcher.ts';

import { requireKey } from '../ingest/door.ts';
import { makeFault, makeProblem, sendProblem } from '../ingest/problem.ts';
import { toEventMatcher } from './event-matcher.ts';
import { filterShape, readFilter, refuseWords } from './query-filter.ts';
import { readQuery } from './read-request.ts';
import { sinceSchema } from './time.ts';
import { toEventView } from './views.ts';

export const STREAM_PATH = '/v1/stream';
export const STREAM_HEARTBEAT_MS = 15_000;
export const STREAM_CLIENTS_MAX = 1_000;
/** Of one reader, on top of what the kernel holds; then the journal is its buffer. */
export const STREAM_BUFFER_BYTES_MAX = 256 * 1024;
/** A reader that has had no room for this long is gone, whatever its socket says. */
export const STREAM_STUCK_MS = 60_000;
const RETRY_MS = 3_000;
const RETRY_JITTER_MS = 2_000;

export const streamQuery = z.strictObject({
  since: sinceSchema.optional().meta({ description: 'Begin with what was accepted since then.' }),
  q: filterShape.q.meta({ description: 'Filter by status:, call:, type:, number: and error: only.' }),
});

export interface Stream {
  serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  stop(): void;
}

interface Client {
  readonly response: ServerResponse;
  readonly authorization: string | undefined;
  /** monotonic; null while it has room. */
  fullSinceMs: number | null;
}

export function createStream(options: {
  readonly feed: Feed;
  readonly journal: Pick<JournalReader, 'readFeed' | 'readFeedEnd'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly clientsMax?: number | undefined;
  /** Whether the key is still good; asked with every heartbeat. */
  readonly recheck: (authorization: string | undefined) => Promise<boolean>;
  readonly countChanged: (count: number) => void;
}): Stream {
  const { feed, journal, clock, random } = options;
  const clientsMax = options.clientsMax ?? STREAM_CLIENTS_MAX;
  const clients = new Set<Client>();
  let cancelHeartbeat: (() => void) | null = null;

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { accountId } = requireKey(request);
    const query = readQuery(streamQuery, request.query as Record<string, unknown>);
    if (query.kind === 'problem') return sendProblem(request, reply, query);
    const { since, q } = query.value as z.output<typeof streamQuery>;
    const read = readFilter({ q });
    if (read.kind === 'problem') return sendProblem(request, reply, read);
    const refused = refuseWords(read.filter, WORDS_REFUSED, 'events as they come');
    if (refused !== null) return sendProblem(request, reply, refused);
    const lastId = request.headers['last-event-id'];
    if (lastId !== undefined && !/^\d{1,15}$/.test(String(lastId))) {
      return sendProblem(request, reply, LAST_ID_MALFORMED);
    }
    if (clients.size >= clientsMax) return sendProblem(request, reply, CROWDED);
    if (request.method === 'HEAD') return reply.header('content-type', MEDIA_TYPE).send();

    // Where the reader was outranks where it once began.
    const afterRow =
      lastId !== undefined
        ? Number(lastId)
        : since === undefined
          ? null
          : await findRowBefore(accountId, since);
    reply.hijack();
    await open(request, reply.raw, accountId, afterRow, toEventMatcher(read.filter));
    return reply;
  }

  async function open(
    request: FastifyRequest,
    response: ServerResponse,
    accountId: AccountId,
    afterRow: number | null,
    matches: EventMatcher,
  ): Promise<void> {
    const client: Client = {
      response,
      authorization: request.headers.authorization,
      fullSinceMs: null,
    };
    let subscription: FeedSubscription | null = null;
    let isClosed = false;
    clients.add(client);
    options.countChanged(clients.size);
    response.on('close', () => {
      isClosed = true;
      subscription?.stop();
      clients.delete(client);
      options.countChanged(clients.size);
    });
    response.on('error', () => response.destroy());
    response.on('drain', () => {
      client.fullSinceMs = null;
      subscription?.resume();
    });
    // Many readers that lost the same hub must not all come back in the same second.
    const retryMs = RETRY_MS + Math.floor(random() * RETRY_JITTER_MS);
    response.writeHead(200, {
      'content-type': MEDIA_TYPE,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'keep-alive',
    });
    response.write(`retry: ${retryMs}\n\n`);
    startHeartbeat();

    const hasRoom = (): boolean => {
      if (response.writableLength < STREAM_BUFFER_BYTES_MAX) return true;
      client.fullSinceMs ??= clock.monotonicMs();
      return false;
    };
    try {
      subscription = await feed.watch(
        {
          accountId,
          show(event) {
            if (isClosed) return false;
            if (matches(event)) response.write(toMessage(event));
            return hasRoom();
          },
          resync(row) {
            response.write(`id: ${row}\nevent: resync\ndata: {"row":${row}}\n\n`);
          },
          fail() {
            response.end();
          },
        },
        afterRow,
      );
      // What is committed from here on comes.
      response.write(': watching\n\n');
      if (isClosed) subscription.stop();
    } catch {
      // The journal cannot be read: the reader comes back by itself.
      response.end();
    }
  }

  /** The last row accepted before that time. Rows grow with acceptance, so some twenty single reads find it. */
  async function findRowBefore(accountId: AccountId, sinceMs: number): Promise<number> {
    let low = 0;
    let high = await journal.readFeedEnd();
    while (low < high) {
      const middle = Math.floor((low + high) / 2);
      const [event] = await journal.readFeed(accountId, middle, 1);
      if (event !== undefined && event.acceptedAtMs < sinceMs) low = event.row;
      else high = middle;
    }
    return low;
  }

  function startHeartbeat(): void {
    cancelHeartbeat ??= clock.setTimer(() => {
      cancelHeartbeat = null;
      const nowMs = clock.monotonicMs();
      for (const client of clients) beat(client, nowMs);
      if (clients.size > 0) startHeartbeat();
    }, STREAM_HEARTBEAT_MS);
  }

  function beat(client: Client, nowMs: number): void {
    const { response, fullSinceMs } = client;
    if (fullSinceMs === null) response.write(': heartbeat\n\n');
    else if (nowMs - fullSinceMs > STREAM_STUCK_MS) response.destroy();
    void dropWithoutKey(client);
  }

  async function dropWithoutKey({ response, authorization }: Client): Promise<void> {
    try {
      if (!(await options.recheck(authorization))) response.end();
    } catch {
      // The journal is in trouble, which is no reason to believe that the key went bad.
    }
  }

  return {
    serve,
    stop() {
      cancelHeartbeat?.();
      for (const client of clients) client.response.end();
    },
  };
}

const MEDIA_TYPE = 'text/event-stream; charset=utf-8';
const WORDS_REFUSED = [
  'callStates',
  'excludedCallStates',
  'deliveryStates',
  'excludedDeliveryStates',
  'destinationIds',
  'sourceIds',
  'durationMs',
] as const;
const LAST_ID_MALFORMED = makeFault(
  'invalid_header',
  'header',
  '/Last-Event-ID',
  'must be the id of a message of this stream: a row number.',
);
const CROWDED = makeProblem('crowded', 'As many streams are open as this hub serves at once.', {
  headers: { 'Retry-After': '10' },
});

/** JSON has no line breaks of its own, so that one data line holds it. */
function toMessage(event: EventEntry): string {
  return `id: ${event.row}\nevent: status-update\ndata: ${JSON.stringify(toEventView(event))}\n\n`;
}
