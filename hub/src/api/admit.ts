/**
 * Who is let in, and what they are let see. A key in the Authorization header outranks a session's cookie, and doors
 * for reports take keys only: they are for programs, and pay nothing for what people need.
 */
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { KeyRing } from '../ingest/key-ring.ts';
import type { Problem } from '../ingest/problem.ts';
import type { RateLimiter } from '../ingest/rate-limit.ts';
import type { ApiKey, Scope } from '../journal/journal.ts';
import type { KnownSession, SessionRing } from './session-ring.ts';

import { setRateHeaders } from '../ingest/door.ts';
import { grants } from '../ingest/key-ring.ts';
import { makeFault, sendProblem } from '../ingest/problem.ts';
import { parseFilter } from './filter.ts';
import { prepareMasks } from './mask-view.ts';
import { refuseCrossSite } from './same-origin.ts';
import { readSessionToken } from './session-cookie.ts';

export interface AdmitGround {
  readonly keyRing: KeyRing;
  readonly sessionRing: SessionRing;
  readonly keyLimiter: RateLimiter;
}

type Done = (error?: Error) => void;

export function admit(
  request: FastifyRequest,
  reply: FastifyReply,
  scope: Scope,
  ground: AdmitGround,
  done: Done,
): void {
  const { headers } = request;
  if (headers.authorization === undefined && headers.cookie !== undefined && scope !== 'ingest') {
    const token = readSessionToken(headers);
    if (token !== null) {
      void finishLater(admitSession(token));
      return;
    }
  }
  const verdict = ground.keyRing.authorise(headers.authorization, scope);
  // A promise only where the key was not seen lately: waiting costs the others 1 µs for nothing.
  if (verdict instanceof Promise) void settleLater(verdict);
  else settle(verdict);

  async function finishLater(step: Promise<void>): Promise<void> {
    try {
      await step;
    } catch (error) {
      done(error as Error);
    }
  }

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
    enter(key);
    // Only where watching is enough can somebody come who may do nothing else.
    if (scope === 'watch' && !grants(key.scopes, 'read')) {
      void finishLater(mask(key));
      return;
    }
    pass(key);
  }

  async function admitSession(token: string): Promise<void> {
    const foreign = refuseCrossSite(request.method, headers);
    if (foreign !== null) {
      sendProblem(request, reply, foreign);
      return;
    }
    const known = await ground.sessionRing.authorise(token, scope);
    if ('kind' in known) {
      sendProblem(request, reply, known);
      return;
    }
    enter(known.key);
    request.session = known.session;
    if (isMasked(known)) await mask(known.key);
    else pass(known.key);
  }

  function enter(key: ApiKey): void {
    request.key = key;
    request.notes.accountId = key.accountId;
    request.notes.keyId = key.id;
  }

  async function mask(key: ApiKey): Promise<void> {
    request.isMasked = true;
    await prepareMasks();
    const guess = grants(key.scopes, 'write') ? null : refuseGuess(request.query);
    if (guess !== null) sendProblem(request, reply, guess);
    else pass(key);
  }

  function pass(key: ApiKey): void {
    const taken = ground.keyLimiter.take(key.id);
    if (taken.problem !== null) {
      sendProblem(request, reply, taken.problem);
      return;
    }
    setRateHeaders(reply, taken);
    done();
  }
}

/** Numbers stay masked in a session until they are revealed, and always where its key may not change anything. */
function isMasked({ session, key }: KnownSession): boolean {
  return session.revealedAtMs === null || !canReveal(key);
}

export function canReveal(key: ApiKey): boolean {
  return grants(key.scopes, 'write');
}

/** Whoever sees no numbers could ask for their beginnings, one digit after the other. */
function refuseGuess(query: unknown): Problem | null {
  const { q } = query as Readonly<Record<string, unknown>>;
  if (typeof q !== 'string' || !q.includes('*')) return null;
  const parsed = parseFilter(q);
  return parsed.kind === 'filter' && parsed.filter.number?.prefix === true ? GUESS : null;
}

const GUESS = makeFault(
  'invalid_query',
  'query',
  '/q',
  'Numbers are masked for this key, so they are searched whole: number: without a *.',
  'masked',
);

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
