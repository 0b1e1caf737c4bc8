/**
 * Signing in to the dashboard with a key, and what a session may show. The key itself is never kept in the browser: it
 * is changed for a cookie that no script can read, that no other site can send, and that ends.
 */
import { z } from 'zod';
import type { FastifyReply, FastifyRequest } from 'fastify';
import type { Problem } from '../ingest/problem.ts';
import type { RateLimit } from '../ingest/rate-limit.ts';
import type { ApiKey, Session } from '../journal/accounts.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { API_KEY_CHARACTERS_MAX } from '../ingest/api-key.ts';
import { checkContentType } from '../ingest/content-type.ts';
import { JSON_MEDIA_TYPE } from '../ingest/door.ts';
import { grants } from '../ingest/key-ring.ts';
import { makeProblem, sendProblem } from '../ingest/problem.ts';
import { createRateLimiter } from '../ingest/rate-limit.ts';
import { SCOPES } from '../journal/accounts.ts';
import { canReveal } from './admit.ts';
import { readBody } from './read-request.ts';
import { answer, defineRawRoute, defineRoute } from './route.ts';
import { refuseForeignSignIn } from './same-origin.ts';
import { createSessionToken, readSessionToken, toEndedCookie, toSessionCookie } from './session-cookie.ts';
import { toRfc3339OrNull } from './time.ts';

export const SESSION_LIFE_MS = 12 * 3_600_000;
/** A wall screen has nobody before it to sign in again; its key sees no numbers and changes nothing. */
export const WALL_SESSION_LIFE_MS = 90 * 24 * 3_600_000;
/**
 * Attempts that failed, of one address, or of all behind one proxy; a good key pays nothing, or whoever guesses would
 * lock the others out. Keys cannot be guessed, so this is no defence of theirs: it slows down what tries.
 */
export const SIGN_IN_LIMIT: RateLimit = { perSecond: 1, burst: 30 };
/** Of one key, each a row of the journal and one of the audit log. A shift that begins may share one. */
export const KEY_SIGN_IN_LIMIT: RateLimit = { perSecond: 5, burst: 200 };
const SIGN_IN_BODY_BYTES_MAX = 4 * 1024;

export const SESSION_PATH = '/v1/session';

export const sessionView = z.object({
  role: z
    .enum(['viewer', 'operator', 'admin'])
    .meta({ description: 'viewer: watch or read. operator: write. admin: admin.' }),
  scopes: z.array(z.enum(SCOPES)),
  key: z.object({ id: z.string(), name: z.string() }),
  account: z.object({ id: z.string(), name: z.string() }),
  expires_at: z.string().nullable().meta({ format: 'date-time' }),
  revealed: z.boolean().meta({ description: 'Whether numbers are shown in the clear.' }),
  can_reveal: z.boolean(),
  version: z.string(),
  local: z.boolean().meta({ description: 'The hub can be reached from its own machine only.' }),
});

const signInBody = z.strictObject({ key: z.string().min(1).max(API_KEY_CHARACTERS_MAX) });

export function defineSessionRoutes(ground: ApiGround): readonly Route[] {
  const { journal, clock, settings, keyRing, sessionRing } = ground;
  const failureLimiter = createRateLimiter(SIGN_IN_LIMIT, 'sign-in', clock);
  const keyLimiter = createRateLimiter(KEY_SIGN_IN_LIMIT, 'sign-in-key', clock);

  async function toView(
    key: ApiKey,
    session: Session | null,
    isMasked: boolean,
  ): Promise<z.output<typeof sessionView>> {
    const account = await journal.getAccount(key.accountId);
    return {
      role: toRole(key),
      scopes: [...key.scopes],
      key: { id: key.id, name: key.name },
      account: { id: key.accountId, name: account?.name ?? key.accountId },
      expires_at: toRfc3339OrNull(session === null ? key.expiresAtMs : session.expiresAtMs),
      revealed: !isMasked,
      can_reveal: session !== null && canReveal(key),
      version: settings.version,
      local: settings.localProfile,
    };
  }

  async function signIn(request: FastifyRequest, reply: FastifyReply): Promise<FastifyReply> {
    const { headers } = request;
    const foreign = refuseForeignSignIn(headers);
    if (foreign !== null) return sendProblem(request, reply, foreign);
    const key = await readKey(request);
    if ('kind' in key) {
      const failed = failureLimiter.take(request.ip);
      return sendProblem(request, reply, failed.problem ?? key);
    }
    const taken = keyLimiter.take(key.id);
    if (taken.problem !== null) return sendProblem(request, reply, taken.problem);

    request.notes.accountId = key.accountId;
    request.notes.keyId = key.id;
    const actor = { kind: 'key', id: key.id } as const;
    await endEarlier(request);
    const lifeMs = grants(key.scopes, 'read') ? SESSION_LIFE_MS : WALL_SESSION_LIFE_MS;
    const nowMs = clock.nowMs();
    const expiresAtMs = Math.min(nowMs + lifeMs, key.expiresAtMs ?? Number.POSITIVE_INFINITY);
    const token = createSessionToken();
    const session = await journal.createSession(
      { accountId: key.accountId, keyId: key.id, expiresAtMs, hash: token.hash },
      actor,
    );
    return reply
      .code(201)
      .headers({
        'set-cookie': toSessionCookie(headers, token.text, expiresAtMs - nowMs),
        'cache-control': 'no-store',
        'x-content-type-options': 'nosniff',
        'content-type': JSON_MEDIA_TYPE,
      })
      .send(JSON.stringify(await toView(key, session, true)));
  }

  /** Every key is looked up in the same way, whatever the limits say, so that the time it takes tells nothing of it. */
  async function readKey(request: FastifyRequest): Promise<ApiKey | Problem> {
    const { headers } = request;
    const typeProblem = checkContentType(headers['content-type'], headers['content-encoding']);
    if (typeProblem !== null) return typeProblem;
    const body = readBody(signInBody, (request.body as Uint8Array | undefined) ?? new Uint8Array());
    if (body.kind === 'problem') return body;
    const { key: text } = body.value as z.output<typeof signInBody>;
    const key = await keyRing.authorise(`Bearer ${text}`, 'watch');
    // Unknown, revoked and expired are told apart to nobody; a good key that may not look is told so.
    return 'kind' in key && key.code !== 'scope_missing' ? KEY_REFUSED : key;
  }

  /** The cookie is about to be overwritten: nobody could end that session any more. */
  async function endEarlier({ headers }: FastifyRequest): Promise<void> {
    const token = readSessionToken(headers);
    if (token === null) return;
    const known = await sessionRing.authorise(token, 'watch');
    if ('kind' in known) return;
    await journal.endSession(known.session.id, { kind: 'key', id: known.key.id });
    sessionRing.forget(known.session.id);
  }

  return [
    defineRawRoute({
      method: 'POST',
      path: SESSION_PATH,
      operationId: 'createSession',
      tag: 'Session',
      summary: 'Sign in with a key',
      description:
        'Sets a cookie (HttpOnly, SameSite=Strict) that lets the pages of this hub use /v1 without the key for 12 hours, or 90 days where the key may only watch. It ends when its key is revoked or expires.',
      scope: null,
      body: signInBody,
      bodyBytesMax: SIGN_IN_BODY_BYTES_MAX,
      answers: [{ status: 201, description: 'Who is signed in.', schema: sessionView }],
      serve: signIn,
    }),
    defineRoute({
      method: 'GET',
      path: SESSION_PATH,
      operationId: 'getSession',
      tag: 'Session',
      summary: 'Who is signed in, and what they may do',
      description: 'With a key in the Authorization header it says what that key may do.',
      scope: 'watch',
      answers: [{ status: 200, description: 'The session, or the key.', schema: sessionView }],
      async handle({ key, session, isMasked }) {
        return answer(200, await toView(key, session, isMasked));
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: SESSION_PATH,
      operationId: 'endSession',
      tag: 'Session',
      summary: 'Sign out',
      scope: 'watch',
      answers: [{ status: 204, description: 'The session is over and its cookie gone.' }],
      async handle({ session, actor, headers }) {
        if (session === null) return NO_SESSION;
        await journal.endSession(session.id, actor);
        sessionRing.forget(session.id);
        return answer(204, undefined, { headers: { 'set-cookie': toEndedCookie(headers) } });
      },
    }),
    defineRoute({
      method: 'POST',
      path: `${SESSION_PATH}/reveal`,
      operationId: 'revealNumbers',
      tag: 'Session',
      summary: 'Show numbers in the clear in this session, or mask them again',
      description: 'Both are written to the audit log.',
      scope: 'write',
      body: z.strictObject({ revealed: z.boolean() }),
      answers: [{ status: 200, description: 'The session as it is now.', schema: sessionView }],
      async handle({ key, session, actor, body }) {
        if (session === null) return NO_SESSION;
        const changed = await journal.setSessionRevealed(session.id, body.revealed, actor);
        sessionRing.forget(session.id);
        if (changed === undefined) return SESSION_GONE;
        return answer(200, await toView(key, changed, !body.revealed));
      },
    }),
  ];
}

function toRole({ scopes }: ApiKey): 'viewer' | 'operator' | 'admin' {
  if (grants(scopes, 'admin')) return 'admin';
  return grants(scopes, 'write') ? 'operator' : 'viewer';
}

const KEY_REFUSED = makeProblem(
  'key_refused',
  'This key is not valid here: check that it is complete, and that it was not revoked.',
);
const NO_SESSION = makeProblem(
  'not_possible',
  'This request came with a key; a session is opened with POST /v1/session.',
);
const SESSION_GONE = makeProblem('session_ended', 'Sign in again: the session is over.');
