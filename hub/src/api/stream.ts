/**
 * `GET /v1/stream`: events, calls, deliveries, operational events and the overview as server-sent events. Each row of the feed has its
 * number as id, so that a reader whose connection broke sends Last-Event-ID and misses nothing. A reader that takes
 * nothing for a while is not buffered for: it reads on from the journal once it has room, and is dropped if it never
 * has.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { ServerResponse } from 'node:http';
import { z } from 'zod';
import type { Clock } from '../clock.ts';
import type { AccountId, KeyId } from '../journal/ids.ts';
import type { JournalReader } from '../journal/reader.ts';
import type { OperationalEntry } from '../journal/operational-events.ts';
import type { BatchPipe } from '../live/batch-writer.ts';
import type { DeliveryChange, DeliveryFeed } from '../live/delivery-feed.ts';
import type { Feed, FeedItem, FeedSubscription } from '../live/feed.ts';
import type { OperationalFeed } from '../live/operational-feed.ts';
import type { Overview } from '../live/overview.ts';
import type { OverviewFeed } from '../live/overview-feed.ts';
import type { Problem } from '../ingest/problem.ts';
import type { Route } from './route.ts';
import type { StreamMatcher } from './stream-matcher.ts';
import type { StreamTopic } from './stream-messages.ts';

import { requireKey } from '../ingest/door.ts';
import { grants } from '../ingest/key-ring.ts';
import { makeFault, makeProblem, sendProblem } from '../ingest/problem.ts';
import { createBatchWriter } from '../live/batch-writer.ts';
import { prepareMasks } from './mask-view.ts';
import { filterShape, readFilter } from './query-filter.ts';
import { readQuery } from './read-request.ts';
import { defineRawRoute } from './route.ts';
import { readMatcher } from './stream-matcher.ts';
import { createMessageTexts } from './stream-texts.ts';
import { STREAM_TOPICS, streamMessageView } from './stream-messages.ts';
import { sinceSchema } from './time.ts';

export const STREAM_PATH = '/v1/stream';
export const STREAM_HEARTBEAT_MS = 15_000;
export const STREAM_CLIENTS_MAX = 1_000;
/** One key, with its sessions, must not leave the others without a stream; a wall of 500 screens may share one. */
export const STREAM_CLIENTS_PER_KEY_MAX = 600;
/** A reader that has had no room for this long is gone, whatever its socket says. */
export const STREAM_STUCK_MS = 60_000;
const RETRY_MS = 3_000;
const RETRY_JITTER_MS = 2_000;
/** Told as they happen: after a break their lists are to be read anew. */
const TOPICS_NOT_KEPT: readonly StreamTopic[] = ['deliveries', 'operational'];

const topicsSchema = z
  .string()
  .transform((text, context): readonly StreamTopic[] => {
    const words = text.split(',');
    const topics = STREAM_TOPICS.filter((topic) => words.includes(topic));
    if (topics.length > 0 && words.every((word) => STREAM_TOPICS.some((topic) => topic === word)))
      return topics;
    context.addIssue({
      code: 'custom',
      message: `must be one or more of ${STREAM_TOPICS.join(', ')}, with commas`,
    });
    return z.NEVER;
  })
  .meta({
    description: `What is sent, with commas: ${STREAM_TOPICS.join(', ')}. Only events if not given.`,
    examples: ['calls,deliveries,overview'],
  });

export const streamQuery = z.strictObject({
  topics: topicsSchema.optional(),
  since: sinceSchema.optional().meta({ description: 'Begin with what was accepted since then.' }),
  q: filterShape.q.meta({
    description:
      'Filter of events and calls, by what both say: call:, type:, number: and error:; with events alone status: too, with calls alone state: and duration:.',
  }),
});

export interface Stream {
  serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply>;
  stop(): void;
}

/** Where a reader begins, and what it gets. */
interface Opening {
  readonly keyId: KeyId;
  readonly accountId: AccountId;
  readonly topics: ReadonlySet<StreamTopic>;
  readonly matcher: StreamMatcher;
  readonly isMasked: boolean;
  readonly recheck: () => Promise<boolean>;
  /** null: from now on. */
  readonly afterRow: number | null;
  /** It was here before: what was not kept for it was missed. */
  readonly isBack: boolean;
}

interface Client {
  readonly keyId: KeyId;
  readonly response: ServerResponse;
  readonly pipe: BatchPipe;
  readonly recheck: () => Promise<boolean>;
  /** null: it watches nothing that has rows, or does not yet. */
  subscription: FeedSubscription | null;
  readonly stops: (() => void)[];
  /** Of the topics that are told and not kept: those of which it had no room for something. */
  readonly missed: Set<StreamTopic>;
}

export function createStream(options: {
  readonly feed: Feed;
  readonly deliveryFeed: DeliveryFeed;
  readonly operationalFeed: OperationalFeed;
  readonly overviewFeed: OverviewFeed;
  readonly journal: Pick<JournalReader, 'findFeedRow'>;
  readonly clock: Clock;
  readonly random: () => number;
  readonly staleAfterMs: number;
  readonly clientsMax?: number | undefined;
  readonly clientsPerKeyMax?: number | undefined;
  readonly countChanged: (count: number) => void;
}): Stream {
  const { feed, deliveryFeed, operationalFeed, overviewFeed, journal, clock, random } = options;
  const clientsMax = options.clientsMax ?? STREAM_CLIENTS_MAX;
  const clientsPerKeyMax = options.clientsPerKeyMax ?? STREAM_CLIENTS_PER_KEY_MAX;
  const writer = createBatchWriter(clock);
  const texts = createMessageTexts(clock, options.staleAfterMs);
  const clients = new Set<Client>();
  const countByKey = new Map<KeyId, number>();
  let cancelHeartbeat: (() => void) | null = null;

  async function serve(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const key = requireKey(request);
    const query = readQuery(streamQuery, request.query as Record<string, unknown>);
    if (query.kind === 'problem') return sendProblem(request, reply, query);
    const { since, q, topics: asked } = query.value as z.output<typeof streamQuery>;
    const topics: ReadonlySet<StreamTopic> = new Set(asked ?? ['events']);
    const scope = topics.has('events') ? 'read' : 'watch';
    if (!grants(key.scopes, scope)) return sendProblem(request, reply, EVENTS_NEED_READ);
    const read = readFilter({ q });
    if (read.kind === 'problem') return sendProblem(request, reply, read);
    const matcher = readMatcher(read.filter, topics);
    if (matcher.kind === 'problem') return sendProblem(request, reply, matcher);
    const lastId = request.headers['last-event-id'];
    if (lastId !== undefined && !/^\d{1,15}$/.test(String(lastId))) {
      return sendProblem(request, reply, LAST_ID_MALFORMED);
    }
    if (clients.size >= clientsMax) return sendProblem(request, reply, CROWDED);
    if ((countByKey.get(key.id) ?? 0) >= clientsPerKeyMax) return sendProblem(request, reply, KEY_CROWDED);
    if (request.method === 'HEAD') return reply.header('content-type', MEDIA_TYPE).send();

    if (request.isMasked) await prepareMasks();
    const { accountId } = key;
    // Where the reader was outranks where it once began.
    const afterRow =
      lastId !== undefined ? Number(lastId) : since === undefined ? null : await journal.findFeedRow(since);
    reply.hijack();
    await open(reply.raw, {
      keyId: key.id,
      accountId,
      topics,
      matcher,
      isMasked: request.isMasked,
      recheck: () => request.recheck(scope),
      afterRow,
      isBack: lastId !== undefined,
    });
    return reply;
  }

  async function open(response: ServerResponse, opening: Opening): Promise<void> {
    const { socket } = response;
    // Gone while its place was looked for: it would never be heard to close.
    if (socket === null || socket.destroyed) return;
    // The stream ends with its connection, so that its batches need no chunks around them, which make three writes
    // of each, and go to the socket as they are. Nothing is missed: messages say themselves where they end.
    response.removeHeader('transfer-encoding');
    const pipe = writer.open(
      {
        write: (bytes) => void socket.write(bytes),
        get queuedBytes() {
          return socket.writableLength;
        },
      },
      () => {
        client.subscription?.resume();
        if (client.missed.size > 0) pipe.push(texts.toResync(toRow(client), [...client.missed], false));
        client.missed.clear();
      },
    );
    const client: Client = {
      keyId: opening.keyId,
      response,
      pipe,
      recheck: opening.recheck,
      subscription: null,
      stops: [],
      missed: new Set(),
    };
    clients.add(client);
    countByKey.set(client.keyId, (countByKey.get(client.keyId) ?? 0) + 1);
    options.countChanged(clients.size);
    response.on('close', () => drop(client));
    response.on('error', () => response.destroy());
    socket.on('drain', () => pipe.drained());
    // Many readers that lost the same hub must not all come back in the same second.
    const retryMs = RETRY_MS + Math.floor(random() * RETRY_JITTER_MS);
    response.writeHead(200, {
      'content-type': MEDIA_TYPE,
      'cache-control': 'no-store',
      'x-accel-buffering': 'no',
      connection: 'close',
    });
    response.write(`retry: ${retryMs}\n\n`);
    startHeartbeat();
    try {
      await watchRows(client, opening);
    } catch {
      // The journal cannot be read: the reader comes back by itself.
      response.end();
      return;
    }
    if (!clients.has(client)) {
      client.subscription?.stop();
      return;
    }
    watchDeliveries(client, opening);
    watchOperational(client, opening);
    watchOverview(client, opening);
    // What happens from here on comes; the id is where a reader that breaks before its first message goes on.
    pipe.push(texts.toPosition(toRow(client), 'watching'));
    const notKept = TOPICS_NOT_KEPT.filter((topic) => opening.topics.has(topic));
    if (opening.isBack && notKept.length > 0) pipe.push(texts.toResync(toRow(client), notKept, false));
  }

  async function watchRows(client: Client, opening: Opening): Promise<void> {
    const { accountId, topics, matcher, isMasked, afterRow } = opening;
    const wants = { events: topics.has('events'), calls: topics.has('calls') };
    if (!wants.events && !wants.calls) return;
    const { pipe, response } = client;
    const rowTopics = STREAM_TOPICS.filter((topic) => topic !== 'overview' && topics.has(topic));
    client.subscription = await feed.watch(
      {
        accountId,
        wants,
        show(item: FeedItem) {
          const hasEvent = wants.events && item.event !== null && matcher.event(item.event);
          const hasCall = wants.calls && item.call !== null && matcher.call(item.call);
          if (!hasEvent && !hasCall) return pipe.hasRoom();
          return pipe.push(texts.toItem(item, hasEvent, hasCall, isMasked));
        },
        resync: (row) => void pipe.push(texts.toResync(row, rowTopics, true)),
        fail: () => void response.end(),
      },
      afterRow,
    );
  }

  function watchDeliveries(client: Client, { accountId, topics, isMasked }: Opening): void {
    if (!topics.has('deliveries')) return;
    const stop = deliveryFeed.watch(accountId, {
      show: (changes: readonly DeliveryChange[]) =>
        tell(client, 'deliveries', () => texts.toDeliveries(changes, isMasked)),
      resync: () => tell(client, 'deliveries', () => texts.toResync(toRow(client), ['deliveries'], false)),
    });
    client.stops.push(stop);
  }

  function watchOperational(client: Client, { accountId, topics, isMasked }: Opening): void {
    if (!topics.has('operational')) return;
    const stop = operationalFeed.watch(accountId, {
      show: (entry: OperationalEntry) =>
        tell(client, 'operational', () => texts.toOperational(entry, isMasked)),
      resync: () => tell(client, 'operational', () => texts.toResync(toRow(client), ['operational'], false)),
    });
    client.stops.push(stop);
  }

  function tell({ pipe, missed }: Client, topic: StreamTopic, toText: () => Uint8Array): void {
    if (pipe.hasRoom()) pipe.push(toText());
    else missed.add(topic);
  }

  function watchOverview(client: Client, { accountId, topics }: Opening): void {
    if (!topics.has('overview')) return;
    const stop = overviewFeed.watch(accountId, (overview: Overview) => {
      if (client.pipe.hasRoom()) client.pipe.push(texts.toOverview(overview));
    });
    client.stops.push(stop);
  }

  function drop(client: Client): void {
    client.pipe.close();
    client.subscription?.stop();
    for (const stop of client.stops) stop();
    if (!clients.delete(client)) return;
    const count = (countByKey.get(client.keyId) ?? 1) - 1;
    if (count > 0) countByKey.set(client.keyId, count);
    else countByKey.delete(client.keyId);
    options.countChanged(clients.size);
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
    const { response, pipe } = client;
    // The rows of other accounts need not be looked through again after a break.
    if (pipe.fullSinceMs === null) pipe.push(texts.toPosition(toRow(client), 'heartbeat'));
    else if (nowMs - pipe.fullSinceMs > STREAM_STUCK_MS) response.destroy();
    void dropWithoutKey(client);
  }

  async function dropWithoutKey({ response, recheck }: Client): Promise<void> {
    try {
      if (!(await recheck())) response.end();
    } catch {
      // The journal is in trouble, which is no reason to believe that the key went bad.
    }
  }

  return {
    serve,
    stop() {
      cancelHeartbeat?.();
      for (const { pipe, response } of clients) {
        pipe.flush();
        response.end();
      }
    },
  };
}

export function defineStreamRoutes(stream: Stream): readonly Route[] {
  return [
    defineRawRoute({
      method: 'GET',
      path: STREAM_PATH,
      operationId: 'streamEvents',
      tag: 'Events',
      summary:
        'Watch events, calls, deliveries, operational events and the overview as they change (server-sent events)',
      description:
        'The scope `watch` is enough for all topics but `events`, which needs `read`. Rows of the feed (`status-update` and `call`) have their number as id: after a break the browser sends Last-Event-ID and misses none of them. Deliveries and operational events are told as they happen and are not kept. `resync` names the topics of which something was left out: read their lists anew.',
      scope: 'watch',
      query: streamQuery,
      answers: [
        {
          status: 200,
          description: 'The stream.',
          schema: streamMessageView,
          mediaType: 'text/event-stream',
        },
      ],
      serve: stream.serve,
    }),
  ];
}

const MEDIA_TYPE = 'text/event-stream; charset=utf-8';
const EVENTS_NEED_READ: Problem = makeProblem(
  'scope_missing',
  'Events are shown to keys with the scope "read": ask for topics=calls,deliveries,operational,overview with this one.',
  {
    headers: {
      'WWW-Authenticate': 'Bearer realm="offhook", error="insufficient_scope", scope="read"',
    },
    members: { scope: 'read' },
  },
);
const LAST_ID_MALFORMED = makeFault(
  'invalid_header',
  'header',
  '/Last-Event-ID',
  'must be the id of a message of this stream: a row number.',
);
const CROWDED = makeProblem('crowded', 'As many streams are open as this hub serves at once.', {
  headers: { 'Retry-After': '10' },
});
const KEY_CROWDED = makeProblem(
  'crowded',
  'As many streams are open with this key, its sessions included, as one key may have.',
  { headers: { 'Retry-After': '10' } },
);

function toRow({ subscription }: Client): number | null {
  return subscription?.row ?? null;
}
