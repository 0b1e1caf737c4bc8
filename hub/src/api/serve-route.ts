/** One entry of the route table as Fastify serves it: key, limit, query, body, handler, answer, each a step. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { KeyRing } from '../ingest/key-ring.ts';
import type { Problem } from '../ingest/problem.ts';
import type { RateLimiter } from '../ingest/rate-limit.ts';
import type { ApiKey, Scope } from '../journal/journal.ts';
import type { Answer, JsonRoute, Route } from './route.ts';

import { checkContentType } from '../ingest/content-type.ts';
import { JSON_MEDIA_TYPE, requireKey, setRateHeaders } from '../ingest/door.ts';
import { sendProblem } from '../ingest/problem.ts';
import { holdsEtag, toEtag } from './etag.ts';
import { readBody, readQuery } from './read-request.ts';

interface RouteGround {
  readonly keyRing: KeyRing;
  readonly keyLimiter: RateLimiter;
}

export function registerRoute(server: FastifyInstance, route: Route, ground: RouteGround): void {
  const { scope } = route;
  server.route({
    method: route.method,
    url: route.path,
    ...(route.bodyBytesMax !== undefined && { bodyLimit: route.bodyBytesMax }),
    // Before the body is read: who has no key has no business making us read it.
    ...(scope !== null &&
      scope !== 'signature' && {
        onRequest: (request: FastifyRequest, reply: FastifyReply, done: () => void) =>
          admit(request, reply, scope, ground, done),
      }),
    handler: route.kind === 'raw' ? route.serve : (request, reply) => serveJson(route, request, reply),
  });
}

function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Scope,
  { keyRing, keyLimiter }: RouteGround,
  done: (error?: Error) => void,
): void {
  const verdict = keyRing.authorise(request.headers.authorization, scope);
  // A promise only where the key was not seen lately: waiting costs the others 1 µs for nothing.
  if (verdict instanceof Promise) void settleLater(verdict);
  else settle(verdict);

  async function settleLater(later: Promise<ApiKey | Problem>): Promise<void> {
    try {
      settle(await later);
    } catch (error) {
      done(error as Error);
    }
  }

  function settle(key: ApiKey | Problem): void {
    if ('kind' in key) {
      sendProblem(request, reply, key);
      return;
    }
    request.key = key;
    request.notes.accountId = key.accountId;
    request.notes.keyId = key.id;
    const taken = keyLimiter.take(key.id);
    if (taken.problem !== null) {
      sendProblem(request, reply, taken.problem);
      return;
    }
    setRateHeaders(reply, taken);
    done();
  }
}

async function serveJson(
  route: JsonRoute,
  request: FastifyRequest,
  reply: FastifyReply,
): Promise<FastifyReply> {
  const query = readQuery(route.query, request.query as Record<string, unknown>);
  if (query.kind === 'problem') return sendProblem(request, reply, query);
  const body = readRouteBody(route, request);
  if (body.kind === 'problem') return sendProblem(request, reply, body);
  const key = requireKey(request);
  const result = await route.handle({
    key,
    actor: { kind: 'key', id: key.id },
    params: request.params as Record<string, string>,
    query: query.value,
    body: body.value,
    headers: request.headers,
  });
  return sendAnswer(request, reply, result);
}

function readRouteBody(
  route: JsonRoute,
  request: FastifyRequest,
): { readonly kind: 'read'; readonly value: unknown } | Problem {
  if (route.body === undefined) return { kind: 'read', value: undefined };
  const bytes = request.body as Uint8Array | null | undefined;
  const isEmpty = bytes === undefined || bytes === null || bytes.length === 0;
  if (isEmpty && route.bodyIsOptional === true) return readBody(route.body, EMPTY_OBJECT);
  const typeProblem = checkContentType(request.headers['content-type'], request.headers['content-encoding']);
  if (typeProblem !== null) return typeProblem;
  return readBody(route.body, bytes ?? new Uint8Array());
}

const EMPTY_OBJECT = Buffer.from('{}');

function sendAnswer(request: FastifyRequest, reply: FastifyReply, result: Answer): FastifyReply {
  if (result.kind === 'problem') return sendProblem(request, reply, result);
  // Answers hold numbers and, once, secrets: no cache on the way may keep them.
  reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  if (result.headers !== undefined) reply.headers(result.headers);
  if (result.etagOf !== undefined) {
    const etag = toEtag(result.etagOf);
    reply.header('etag', etag);
    if (request.method === 'GET' && holdsEtag(request.headers['if-none-match'], etag))
      return reply.code(304).send();
  }
  reply.code(result.status);
  if (result.body === undefined) return reply.send();
  return reply.header('content-type', JSON_MEDIA_TYPE).send(JSON.stringify(result.body));
}
