/**
 * Who is let in, and what they are let see. A key in the Authorization header outranks a session's cookie, and doors
 * for reports take keys only: they are for programs, and pay nothing for what people need.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeyRing } from '../ingest/key-ring.ts';
import type { Problem } from '../ingest/problem.ts';
import type { RateLimiter } from '../ingest/rate-limit.ts';
import type { ApiKey, Scope } from '../journal/accounts.ts';
import type { Asker, NumberQuestions } from './number-questions.ts';
import type { KnownSession, SessionRing } from './session-ring.ts';

import { setRateHeaders } from '../ingest/door.ts';
import { grants } from '../ingest/key-ring.ts';
import { sendProblem } from '../ingest/problem.ts';
import { prepareMasks } from './mask-view.ts';
import { refuseCrossSite } from './same-origin.ts';
import { readSessionToken } from './session-cookie.ts';

export interface AdmitGround {
  readonly keyRing: KeyRing;
  readonly sessionRing: SessionRing;
  readonly keyLimiter: RateLimiter;
  readonly numberQuestions: NumberQuestions;
}

/** What one request is let in with, or not. */
interface Entrance {
  readonly request: FastifyRequest;
  readonly reply: FastifyReply;
  readonly scope: Scope;
  readonly ground: AdmitGround;
  readonly done: (error?: Error) => void;
}

export function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Scope,
  ground: AdmitGround,
  done: (error?: Error) => void,
): void {
  const { authorization, cookie } = request.headers;
  const entrance = { request, reply, scope, ground, done };
  if (authorization === undefined && cookie !== undefined && scope !== 'ingest') {
    const token = readSessionToken(request.headers);
    if (token !== null) {
      void finishLater(entrance, admitSession(entrance, token));
      return;
    }
  }
  const verdict = ground.keyRing.authorise(authorization, scope);
  // A promise only where the key was not seen lately: waiting costs the others 1 µs for nothing.
  if (verdict instanceof Promise) void finishLater(entrance, settleLater(entrance, verdict));
  else settle(entrance, verdict);
}

async function finishLater({ done }: Entrance, step: Promise<void>): Promise<void> {
  try {
    await step;
  } catch (error) {
    done(error as Error);
  }
}

async function settleLater(entrance: Entrance, verdict: Promise<ApiKey | Problem>): Promise<void> {
  settle(entrance, await verdict);
}

function settle(entrance: Entrance, key: ApiKey | Problem): void {
  const { request, reply, scope } = entrance;
  if ('kind' in key) {
    sendProblem(request, reply, key);
    return;
  }
  enter(request, key);
  // Only where watching is enough can somebody come who may do nothing else.
  if (scope === 'watch' && !grants(key.scopes, 'read')) void finishLater(entrance, mask(entrance, key));
  else pass(entrance, key);
}

async function admitSession(entrance: Entrance, token: string): Promise<void> {
  const { request, reply, scope, ground } = entrance;
  const foreign = refuseCrossSite(request.method, request.headers);
  if (foreign !== null) {
    sendProblem(request, reply, foreign);
    return;
  }
  const known = await ground.sessionRing.authorise(token, scope);
  if ('kind' in known) {
    sendProblem(request, reply, known);
    return;
  }
  enter(request, known.key);
  request.session = known.session;
  if (isMasked(known)) await mask(entrance, known.key);
  else pass(entrance, known.key);
}

function enter(request: FastifyRequest, key: ApiKey): void {
  request.key = key;
  request.notes.accountId = key.accountId;
  request.notes.keyId = key.id;
}

async function mask(entrance: Entrance, key: ApiKey): Promise<void> {
  const { request, reply, ground } = entrance;
  request.isMasked = true;
  await prepareMasks();
  const { q } = request.query as Readonly<Record<string, unknown>>;
  const guess = ground.numberQuestions.ask(toAsker(request, key), q, 'query');
  if (guess !== null) sendProblem(request, reply, guess);
  else pass(entrance, key);
}

function pass({ request, reply, ground, done }: Entrance, key: ApiKey): void {
  const taken = ground.keyLimiter.take(key.id);
  if (taken.problem !== null) {
    sendProblem(request, reply, taken.problem);
    return;
  }
  setRateHeaders(reply, taken);
  done();
}

/** Numbers stay masked in a session until they are revealed, and always where its key may not change anything. */
function isMasked({ session, key }: KnownSession): boolean {
  return session.revealedAtMs === null || !canReveal(key);
}

export function canReveal(key: ApiKey): boolean {
  return grants(key.scopes, 'write');
}

/** A key that comes without a session has nothing to reveal in. */
export function toAsker({ session }: FastifyRequest, key: ApiKey): Asker {
  return { keyId: key.id, canReveal: session !== null && canReveal(key) };
}

/** As FastifyRequest.recheck promises. */
export async function recheck(request: FastifyRequest, scope: Scope, ground: AdmitGround): Promise<boolean> {
  const { session, headers } = request;
  if (session === null) return ground.keyRing.recheck(headers.authorization, scope);
  const token = readSessionToken(headers);
  if (token === null) return false;
  const known = await ground.sessionRing.authorise(token, scope);
  if ('kind' in known) return false;
  return known.session.id === session.id && isMasked(known) === request.isMasked;
}
