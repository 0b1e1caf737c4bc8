/** One entry of the route table as Fastify serves it: key, limit, query, body, handler, answer, each a step. */
import type { FastifyInstance, FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../ingest/problem.ts';
import type { AdmitGround } from './admit.ts';
import type { Answer, JsonRoute, Route } from './route.ts';

import { checkContentType } from '../ingest/content-type.ts';
import { JSON_MEDIA_TYPE, requireKey } from '../ingest/door.ts';
import { makeProblem, sendProblem } from '../ingest/problem.ts';
import { admit, toAsker } from './admit.ts';
import { holdsEtag, toEtag } from './etag.ts';
import { maskView } from './mask-view.ts';
import { openCursor, sealCursor } from './masked-cursor.ts';
import { readBody, readQuery } from './read-request.ts';

export function registerRoute(server: FastifyInstance, route: Route, ground: AdmitGround): void {
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
    handler:
      route.kind === 'raw' ? route.serve : (request, reply) => serveJson(route, request, reply, ground),
  });
}

async function serveJson(
  route: JsonRoute,
  request: FastifyRequest,
  reply: FastifyReply,
  ground: AdmitGround,
): Promise<FastifyReply> {
  const query = readQuery(route.query, readQueryOf(request));
  if (query.kind === 'problem') return sendProblem(request, reply, query);
  const body = readRouteBody(route, request);
  if (body.kind === 'problem') return sendProblem(request, reply, body);
  const key = requireKey(request);
  // The filter of a replay is in its body, and a dry run counts what it finds.
  if (request.isMasked && typeof body.value === 'object' && body.value !== null && 'q' in body.value) {
    const guess = ground.numberQuestions.ask(toAsker(request, key), body.value.q, 'body');
    if (guess !== null) return sendProblem(request, reply, guess);
  }
  const result = await route.handle({
    key,
    actor: { kind: 'key', id: key.id },
    params: request.params as Record<string, string>,
    query: query.value,
    body: body.value,
    headers: request.headers,
    session: request.session,
    isMasked: request.isMasked,
  });
  return sendAnswer(request, reply, request.isMasked ? maskAnswer(result) : result);
}

function readQueryOf({ query, isMasked }: FastifyRequest): Record<string, unknown> {
  const given = query as Record<string, unknown>;
  const { cursor } = given;
  return isMasked && typeof cursor === 'string' ? { ...given, cursor: openCursor(cursor) } : given;
}

/** The one place all answers of JSON routes come through, so that none can forget it. */
function maskAnswer(result: Answer): Answer {
  if (result.kind === 'problem') {
    const { code, detail, faults, members } = result;
    return {
      ...result,
      ...maskView({ code, detail, ...(faults && { faults }), ...(members && { members }) }),
    };
  }
  const { body } = result;
  if (typeof body !== 'object' || body === null) return result;
  const masked = maskView(body) as Record<string, unknown>;
  const cursor = masked['next_cursor'];
  if (typeof cursor === 'string') masked['next_cursor'] = sealCursor(cursor);
  return { ...result, body: masked };
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
  // A form that was filled from a masked answer must not write the mask over the number.
  if (request.isMasked && bytes !== undefined && bytes !== null && holdsMaskedNumber(Buffer.from(bytes)))
    return MASKED_BODY;
  return readBody(route.body, bytes ?? new Uint8Array());
}

function holdsMaskedNumber(bytes: Buffer): boolean {
  if (!bytes.includes(MASK)) return false;
  // Secrets of settings are shown as six bullets and nothing else, and come back so from a form that keeps them
  // (see keepMasked); of a number something is always left.
  return bytes.toString('utf8').replaceAll(HIDDEN_SECRET, '').includes(MASK);
}

const MASK = '••';
const HIDDEN_SECRET = /(?<=["=:/])•{6}(?=["&@])/g;
const MASKED_BODY = makeProblem(
  'invalid_body',
  'The body holds masked numbers: reveal them (POST /v1/session/reveal), then change what you want to change.',
);

const EMPTY_OBJECT = Buffer.from('{}');

function sendAnswer(request: FastifyRequest, reply: FastifyReply, result: Answer): FastifyReply {
  if (result.kind === 'problem') return sendProblem(request, reply, result);
  // Answers hold numbers and, once, secrets: no cache on the way may keep them.
  reply.header('cache-control', 'no-store').header('x-content-type-options', 'nosniff');
  if (request.session !== null) reply.header('cross-origin-resource-policy', 'same-origin');
  if (result.headers !== undefined) reply.headers(result.headers);
  // Not where it is masked: numbers could be guessed from the hash, and what is masked now may be shown later.
  if (result.etagOf !== undefined && !request.isMasked) {
    const etag = toEtag(result.etagOf);
    reply.header('etag', etag);
    if (request.method === 'GET' && holdsEtag(request.headers['if-none-match'], etag))
      return reply.code(304).send();
  }
  reply.code(result.status);
  if (result.body === undefined) return reply.send();
  return reply.header('content-type', JSON_MEDIA_TYPE).send(JSON.stringify(result.body));
}
