/**
 * The hub's one HTTP server: doors for reports, API, stream, health, metrics. In: what main.ts built. Out: a
 * Fastify instance that only needs to listen.
 *
 * Promises: every answer that is an error is problem+json, and nothing of what broke inside is in it; every
 * request ends in bounded time and memory; a request that was let in before the stop is answered.
 */
import fastify from 'fastify';
import type { FastifyError, FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Socket } from 'node:net';
import type { ConnectionError } from 'fastify';
import type { Clock } from '../clock.ts';
import type { RateLimit } from '../ingest/rate-limit.ts';
import type {
  RefusalOrigin,
  ReportObserver,
  RequestNotes,
  RequestObserver,
} from '../ingest/request-observer.ts';
import type { SourceId } from '../journal/ids.ts';
import type { Problem } from '../ingest/problem.ts';
import type { Journal } from '../journal/journal.ts';
import type { DeliveryFeed } from '../live/delivery-feed.ts';
import type { Metrics } from '../live/metrics.ts';
import type { ApiGround, DestinationKindsPort, DestinationTester, LaneReader } from './ground.ts';
import type { Pages } from './pages.ts';
import type { Route } from './route.ts';

import { createCallStatusDoor } from '../ingest/call-status-door.ts';
import { createKeyRing } from '../ingest/key-ring.ts';
import { maskNumbers } from '../ingest/mask.ts';
import { makeProblem, PROBLEM_MEDIA_TYPE, PROBLEMS, sendProblem, toProblemBody } from '../ingest/problem.ts';
import { createRateLimiter } from '../ingest/rate-limit.ts';
import { createReportsDoor } from '../ingest/reports-door.ts';
import { toStoreProblem } from '../ingest/store-trouble.ts';
import { createWebhookDoor } from '../ingest/webhook-door.ts';
import { createFeed } from '../live/feed.ts';
import { createOperationalFeed } from '../live/operational-feed.ts';
import { createOverviewFeed } from '../live/overview-feed.ts';
import { createOverviewReader } from '../live/overview.ts';
import { defineAccountRoutes } from './accounts.ts';
import { defineAnalyticsRoutes } from './analytics.ts';
import { defineErrorRoutes } from './errors.ts';
import { defineExportRoutes } from './export.ts';
import { recheck } from './admit.ts';
import { createKindNameReader } from './kind-names.ts';
import { createNumberQuestions } from './number-questions.ts';
import { createBacklogReader } from './backlog.ts';
import { createSuccessReader } from './destination-success.ts';
import { defineCallRoutes } from './calls.ts';
import { defineDeliveryRoutes } from './deliveries.ts';
import { defineDestinationKindRoutes } from './destination-kinds.ts';
import { defineDestinationRoutes } from './destinations.ts';
import { defineDoorRoutes } from './doors.ts';
import { defineEventRoutes } from './events.ts';
import { defineHealthRoutes } from './health.ts';
import { defineKeyRoutes } from './keys.ts';
import { toOpenApi } from './openapi.ts';
import { isPageAddress, isPagePath, registerPages } from './pages.ts';
import { defineOperationalEventRoutes } from './operational-events.ts';
import { defineOverviewRoutes } from './overview.ts';
import { definePhoneNumberRoutes } from './phone-numbers.ts';
import { defineQualityRoutes } from './quality.ts';
import { defineReplayRoutes } from './replays.ts';
import { registerRoute } from './serve-route.ts';
import { defineSourceRoutes } from './sources.ts';
import { createSessionRing } from './session-ring.ts';
import { defineSessionRoutes } from './sessions.ts';
import { createStream, defineStreamRoutes, STREAM_PATH } from './stream.ts';
import { defineSystemRoutes } from './system.ts';

export interface ServerOptions {
  readonly journal: Journal;
  readonly clock: Clock;
  /** For the jitter that keeps streams from reconnecting in step. */
  readonly random: () => number;
  readonly settings: ServerSettings;
  /** destinations/registry.ts satisfies it. */
  readonly destinationKinds: DestinationKindsPort;
  readonly tester: DestinationTester;
  /** The delivery engine satisfies it. */
  readonly lanes: LaneReader;
  /** Told of every attempt by the engine's observer. */
  readonly deliveryFeed: DeliveryFeed;
  readonly metrics: Metrics;
  /** Told of every report as the metrics are: watch/quality-recorder.ts. */
  readonly quality?: ReportObserver;
  readonly observer: RequestObserver;
  /** The dashboard; null serves none. */
  readonly pages?: Pages | null;
}

export interface ServerSettings {
  readonly version: string;
  /** HOST is loopback: a source without a secret takes unsigned reports. */
  readonly localProfile: boolean;
  readonly staleAfterMs: number;
  readonly retentionDays: number;
  /** Seconds before each try after the first, where a destination has no schedule of its own. */
  readonly retryScheduleS: readonly number[];
  /** OFFHOOK_VOICEDOCK_SECRET. */
  readonly voicedockSecrets: readonly string[];
  /** Of each API key; null = none (see ingest/rate-limit.ts for why that is the default). */
  readonly keyRateLimit?: RateLimit | null;
  /** Of each source at its webhook door. */
  readonly sourceRateLimit?: RateLimit | null;
  readonly connectionsMax?: number;
  readonly streamClientsMax?: number;
  readonly streamClientsPerKeyMax?: number;
}

export const BODY_BYTES_MAX = 256 * 1024;
/** A connection costs about 20 kB; file descriptors are the scarcer good. */
export const CONNECTIONS_MAX = 10_000;
const HEADERS_TIMEOUT_MS = 10_000;
const REQUEST_TIMEOUT_MS = 15_000;
const CONNECTIONS_CHECKED_EVERY_MS = 1_000;
/** Longer than the 60 s that load balancers keep idle connections, so that they close first and no request is lost. */
const KEEP_ALIVE_MS = 65_000;
/** A call id of 256 characters, each percent-encoded as three bytes. */
const PARAM_CHARACTERS_MAX = 256 * 9;

export async function createServer(options: ServerOptions): Promise<FastifyInstance> {
  const { journal, clock, settings, observer, metrics } = options;
  const pages = options.pages ?? null;
  const reports = options.quality === undefined ? metrics : tellBoth(metrics, options.quality);
  const troubled = observer.troubled.bind(observer);
  const server = fastify({
    logger: false,
    bodyLimit: BODY_BYTES_MAX,
    requestTimeout: REQUEST_TIMEOUT_MS,
    keepAliveTimeout: KEEP_ALIVE_MS,
    // No limit of requests per socket: Node answers the first one above it with a bare 503, and what a socket can
    // do at once is bounded without it.
    maxRequestsPerSocket: 0,
    http: {
      headersTimeout: HEADERS_TIMEOUT_MS,
      connectionsCheckingInterval: CONNECTIONS_CHECKED_EVERY_MS,
      // Checked below, because Node's own refusal is bare.
      requireHostHeader: false,
    },
    // Ours says problem+json.
    return503OnClosing: false,
    genReqId: createRequestIds(options.random),
    routerOptions: { maxParamLength: PARAM_CHARACTERS_MAX },
    clientErrorHandler,
    frameworkErrors(error, request, reply) {
      // The path could not be read, so no hook has run.
      request.notes = makeNotes();
      void answerError(error, request as FastifyRequest, reply as FastifyReply);
    },
  });
  server.server.maxConnections = settings.connectionsMax ?? CONNECTIONS_MAX;

  let isStopping = false;
  const keyRing = createKeyRing({ journal, clock, troubled });
  const sessionRing = createSessionRing({ journal, clock, troubled });
  const keyLimiter = createRateLimiter(settings.keyRateLimit ?? null, 'key', clock);
  const admitGround = { keyRing, sessionRing, keyLimiter, numberQuestions: createNumberQuestions(clock) };
  const webhookDoor = createWebhookDoor({
    journal,
    clock,
    observer: reports,
    sourceLimiter: createRateLimiter(settings.sourceRateLimit ?? null, 'source', clock),
    localProfile: settings.localProfile,
    voicedockSecrets: settings.voicedockSecrets,
  });
  const feed = createFeed({ journal, clock, troubled });

  const ground: ApiGround = {
    journal,
    clock,
    settings,
    destinationKinds: options.destinationKinds,
    tester: options.tester,
    lanes: options.lanes,
    backlog: createBacklogReader(journal, clock),
    kindNames: createKindNameReader(journal),
    success: createSuccessReader(journal, clock),
    counts: metrics,
    reports,
    startedAtMs: clock.nowMs(),
    keyRing,
    sessionRing,
    forgetSource: webhookDoor.forgetSource,
    deliveryChanged: (delivery) => options.deliveryFeed.changed(delivery),
  };
  const readOverview = createOverviewReader({
    journal,
    clock,
    staleAfterMs: settings.staleAfterMs,
    readBacklog: ground.backlog,
  });
  const stream = createStream({
    feed,
    deliveryFeed: options.deliveryFeed,
    operationalFeed: createOperationalFeed({ journal, clock, troubled }),
    overviewFeed: createOverviewFeed({ read: readOverview, clock, troubled }),
    journal,
    clock,
    random: options.random,
    staleAfterMs: settings.staleAfterMs,
    clientsMax: settings.streamClientsMax,
    clientsPerKeyMax: settings.streamClientsPerKeyMax,
    countChanged: (count) => metrics.setStreamClients(count),
  });
  const doorRoutes = defineDoorRoutes({
    putCallStatus: createCallStatusDoor({ journal, observer: reports }),
    postReports: createReportsDoor({ journal, observer: reports }),
    receiveWebhook: webhookDoor.receive,
  });
  const doorPaths: ReadonlySet<string> = new Set(doorRoutes.map((route) => route.path));
  const routes: readonly Route[] = [
    ...doorRoutes,
    ...defineCallRoutes(ground),
    ...defineEventRoutes(ground),
    ...defineStreamRoutes(stream),
    ...defineDestinationKindRoutes(ground),
    ...defineDestinationRoutes(ground),
    ...defineDeliveryRoutes(ground),
    ...defineReplayRoutes(ground),
    ...defineSourceRoutes(ground),
    ...defineQualityRoutes(ground),
    ...defineOperationalEventRoutes(ground),
    ...definePhoneNumberRoutes(ground),
    ...defineSessionRoutes(ground),
    ...defineKeyRoutes(ground),
    ...defineAccountRoutes(ground),
    ...defineOverviewRoutes(readOverview),
    ...defineAnalyticsRoutes(ground),
    ...defineErrorRoutes(ground),
    ...defineExportRoutes(ground),
    ...defineSystemRoutes(ground),
    ...defineHealthRoutes({
      journal,
      metrics,
      version: settings.version,
      isStopping: () => isStopping,
      readOpenApi: () => openApi,
      pages,
    }),
  ];
  const openApi = JSON.stringify(
    toOpenApi(routes, { version: settings.version, kinds: options.destinationKinds.all }),
  );

  // Everything is bytes until the route that knows what they are reads them.
  server.removeAllContentTypeParsers();
  server.addContentTypeParser('*', { parseAs: 'buffer' }, (_request, body, done) => done(null, body));
  server.decorateRequest('key', null);
  server.decorateRequest('notes', null as never);
  server.decorateRequest('session', null);
  server.decorateRequest('isMasked', false);
  server.decorateRequest('recheck', function recheckRequest(scope) {
    return recheck(this, scope, admitGround);
  });

  server.addHook('onRequest', (request, reply, done) => {
    request.notes = makeNotes();
    if (isStopping) {
      reply.header('connection', 'close');
      sendProblem(request, reply, STOPPING);
      return;
    }
    // Node takes the first of two Host headers; a proxy before us may have taken the other one.
    const { rawHeaders, httpVersionMinor } = request.raw;
    const hosts = countHosts(rawHeaders);
    if (hosts > 1 || (hosts === 0 && httpVersionMinor > 0)) {
      sendProblem(request, reply, HOST_UNCLEAR);
      return;
    }
    done();
  });
  server.addHook('onResponse', (request, reply, done) => {
    const { notes, method } = request;
    const route = request.routeOptions.url ?? null;
    const durationMs = reply.elapsedTime;
    if (route === null || !(SILENT_ROUTES.has(route) || isPagePath(pages, route))) {
      // How long somebody watched says nothing about how fast the hub answers.
      if (route !== STREAM_PATH) metrics.answered({ method, route, status: reply.statusCode, durationMs });
      // A conflicting report is kept, and shows as such on its call.
      if (doorPaths.has(route ?? '') && notes.problem !== null && notes.problem !== 'conflicting') {
        reports.refused(notes.problem, toRefusalOrigin(notes));
      }
      observer.answered({
        requestId: request.id,
        method,
        route,
        status: reply.statusCode,
        durationMs,
        accountId: notes.accountId,
        keyId: notes.keyId,
        sourceId: notes.sourceId,
        callId: notes.callId === null ? null : maskNumbers(notes.callId),
        outcome: notes.outcome,
        problem: notes.problem,
      });
    }
    done();
  });
  server.setErrorHandler((error: FastifyError, request, reply) => answerError(error, request, reply));
  server.setNotFoundHandler((request, reply) => sendProblem(request, reply, toMissProblem(request)));

  for (const route of routes) registerRoute(server, route, admitGround);
  if (pages !== null) registerPages(server, pages);

  server.addHook('onReady', async () => feed.start());
  server.addHook('preClose', (done) => {
    isStopping = true;
    feed.stop();
    stream.stop();
    done();
  });
  return server;

  function answerError(error: FastifyError, request: FastifyRequest, reply: FastifyReply): FastifyReply {
    const problem = toErrorProblem(error);
    if (problem.code === 'internal') {
      troubled(`${request.method} ${request.routeOptions?.url ?? 'an unknown path'} failed.`, error);
    }
    return sendProblem(request, reply, problem);
  }

  /** A path that another method knows is 405, and says which. */
  function toMissProblem(request: FastifyRequest): Problem {
    const [path = ''] = request.url.split('?', 1);
    const methods = new Set(routes.filter((route) => matches(route.path, path)).map((route) => route.method));
    if (isPageAddress(pages, path)) methods.add('GET');
    if (methods.size === 0) return NO_ROUTE;
    const allowed = [...methods, ...(methods.has('GET') ? ['HEAD'] : [])].join(', ');
    return makeProblem('method_not_allowed', `Use ${allowed} here.`, { headers: { Allow: allowed } });
  }
}

function tellBoth(one: ReportObserver, other: ReportObserver): ReportObserver {
  return {
    reported(report) {
      one.reported(report);
      other.reported(report);
    },
    refused(problem, origin) {
      one.refused(problem, origin);
      other.refused(problem, origin);
    },
  };
}

function toRefusalOrigin({ accountId, sourceId }: RequestNotes): RefusalOrigin | null {
  return accountId === null || sourceId === null ? null : { accountId, sourceId: sourceId as SourceId };
}

/** Health and metrics are asked for every few seconds and, like pages, say nothing about the hub's users. */
const SILENT_ROUTES: ReadonlySet<string> = new Set(['/livez', '/readyz', '/healthz', '/metrics']);

const STOPPING = makeProblem('stopping', 'The hub is stopping: send it again to the one that takes over.', {
  headers: { 'Retry-After': '1' },
});
const HOST_UNCLEAR = makeProblem('malformed_request', 'Send one Host header.');
const NO_ROUTE = makeProblem('not_found', 'Nothing is at this path: GET /openapi.json lists what is.');
const INTERNAL = makeProblem('internal', 'Something broke inside; the request_id finds it in the log lines.');
const TOO_LARGE = makeProblem(
  'body_too_large',
  `The body may have at most ${BODY_BYTES_MAX / 1024} KiB (2 MiB for POST /v1/reports).`,
);
const LENGTH_WRONG = makeProblem(
  'malformed_request',
  'The body has another length than Content-Length says.',
);
const PATH_MALFORMED = makeProblem('invalid_path', 'The path is not well-formed percent-encoded UTF-8.');

/** The one place that turns what was thrown into an answer. */
function toErrorProblem(error: FastifyError): Problem {
  const storeProblem = toStoreProblem(error);
  if (storeProblem !== null) return storeProblem;
  switch (error.code) {
    case 'FST_ERR_CTP_BODY_TOO_LARGE':
      return TOO_LARGE;
    case 'FST_ERR_CTP_INVALID_CONTENT_LENGTH':
    case 'ECONNRESET':
    case 'ECONNABORTED':
      return LENGTH_WRONG;
    case 'FST_ERR_CTP_INVALID_MEDIA_TYPE':
      return makeProblem('media_type_unsupported', 'Send Content-Type: application/json.');
    case 'FST_ERR_BAD_URL':
      return PATH_MALFORMED;
    default:
      return error.statusCode === 414
        ? makeProblem('uri_too_long', 'A part of the path is too long.')
        : INTERNAL;
  }
}

/** Bytes that never became a request: answered on the socket, since there is no reply object. */
function clientErrorHandler(error: ConnectionError, socket: Socket): void {
  // The other side is gone, or was answered already.
  if (error.code === 'ECONNRESET' || socket.destroyed || !socket.writable) {
    socket.destroy();
    return;
  }
  const problem = toClientProblem(error.code);
  const body = toProblemBody(problem, null, null);
  const { status, title } = PROBLEMS[problem.code];
  socket.end(
    `HTTP/1.1 ${status} ${title}\r\nContent-Type: ${PROBLEM_MEDIA_TYPE}\r\nContent-Length: ${Buffer.byteLength(body)}\r\nConnection: close\r\n\r\n${body}`,
    () => socket.destroy(),
  );
}

function toClientProblem(code: string): Problem {
  switch (code) {
    case 'HPE_HEADER_OVERFLOW':
      return makeProblem('headers_too_large', 'Address and headers together may have at most 16 KiB.');
    case 'ERR_HTTP_REQUEST_TIMEOUT':
      return makeProblem(
        'request_timeout',
        `The headers must arrive within ${HEADERS_TIMEOUT_MS / 1000} s and the whole request within ${REQUEST_TIMEOUT_MS / 1000} s.`,
      );
    default:
      return makeProblem('malformed_request', 'These bytes are not an HTTP/1.1 request.');
  }
}

function makeNotes(): RequestNotes {
  return { accountId: null, keyId: null, sourceId: null, callId: null, outcome: null, problem: null };
}

function countHosts(rawHeaders: readonly string[]): number {
  let count = 0;
  for (let index = 0; index < rawHeaders.length; index += 2) {
    const name = rawHeaders[index] as string;
    if (name.length === 4 && name.toLowerCase() === 'host') count += 1;
  }
  return count;
}

/** Unique over restarts without a random number per request. */
function createRequestIds(random: () => number): () => string {
  const prefix = `req_${Math.floor(random() * 36 ** 8).toString(36)}${Date.now().toString(36)}_`;
  let count = 0;
  return () => {
    count += 1;
    return prefix + count.toString(36);
  };
}

function matches(pattern: string, path: string): boolean {
  const wanted = pattern.split('/');
  const given = path.split('/');
  return (
    wanted.length === given.length &&
    wanted.every((part, index) => (part.startsWith(':') ? given[index] !== '' : part === given[index]))
  );
}
