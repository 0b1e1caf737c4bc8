import { z } from 'zod';
import { CALL_STATUSES } from '@offhook/contract/message';
import { createSecret, parseStandardSecret } from '@offhook/contract/signature';
import type { Problem } from '../ingest/problem.ts';
import type { DestinationId } from '../journal/ids.ts';
import type { Destination } from '../journal/journal.ts';
import type { ApiGround } from './ground.ts';
import type { ApiRequest, Answer, Route } from './route.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { ORDER_POLICIES } from '../journal/journal.ts';
import { findNearest } from '../nearest-word.ts';
import { toFaults, toFaultsProblem } from './faults.ts';
import { answerAll, definePage } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { holdsEtag, toEtag, toMaskedEtag } from './etag.ts';
import { parseDurationMs } from './duration.ts';
import {
  destinationView,
  destinationWithSecretView,
  eventFilterSchema,
  toDestinationFacts,
  toDestinationView,
} from './views.ts';

export const CONCURRENCY_DEFAULT = 32;
export const CONCURRENCY_MAX = 1_000;
export const TIMEOUT_MS_DEFAULT = 15_000;
export const TIMEOUT_MS_MIN = 1_000;
export const TIMEOUT_MS_MAX = 30_000;
export const ROTATION_OVERLAP_MS_DEFAULT = 86_400_000;
export const ROTATION_OVERLAP_MS_MAX = 30 * 86_400_000;

const changeable = {
  name: z.string().min(1).max(200).nullable().optional().meta({ description: 'For people.' }),
  filter: eventFilterSchema.optional(),
  order: z.enum(ORDER_POLICIES).optional().meta({
    description:
      'strict (default): every event, in order per call. latest: a newer event of a call replaces the older ones that still wait.',
  }),
  concurrency: z.int().min(1).max(CONCURRENCY_MAX).optional().meta({ description: 'Attempts at once.' }),
  rate_per_second: z.number().min(0.01).max(100_000).nullable().optional().meta({
    description: 'Attempts per second; null for no limit.',
  }),
  retry_schedule_s: z
    .array(
      z
        .number()
        .min(0)
        .max(7 * 86_400),
    )
    .min(1)
    .max(50)
    .nullable()
    .optional()
    .meta({
      description: 'Seconds before each try after the first; null for the default (at least 75 hours).',
    }),
  timeout_ms: z
    .int()
    .min(TIMEOUT_MS_MIN)
    .max(TIMEOUT_MS_MAX)
    .optional()
    .meta({ description: 'Of a whole attempt.' }),
};

const settingsSchema = z
  .record(z.string(), z.unknown())
  .meta({ description: "By the kind's own schema: for a webhook {url, headers?}." });

const createBody = z.strictObject({
  kind: z.string(),
  settings: settingsSchema,
  ...changeable,
  secret: z
    .string()
    .superRefine((secret, context) => {
      const parsed = parseStandardSecret(secret);
      if (!parsed.ok || !secret.startsWith('whsec_')) {
        context.addIssue({
          code: 'custom',
          message: 'must be "whsec_" and the base64 of 24 to 64 bytes; leave it out to have one made',
        });
      }
    })
    .optional()
    .meta({ description: 'To bring your own; one is made otherwise.' }),
});
const changeBody = z.strictObject({ settings: settingsSchema.optional(), ...changeable });
const pauseBody = z.strictObject({ reason: z.string().min(1).max(500).optional() });
const rotateBody = z.strictObject({
  overlap: z
    .string()
    .transform((text, context) => {
      const ms = text === '0' ? 0 : parseDurationMs(text);
      if (ms !== undefined && ms <= ROTATION_OVERLAP_MS_MAX) return ms;
      context.addIssue({
        code: 'custom',
        message: 'must be a duration of at most 30d, such as "24h", or "0"',
      });
      return z.NEVER;
    })
    .optional()
    .meta({ description: 'How long the old secret signs too: 24h if not given, 0 ends it at once.' }),
});
const testBody = z.strictObject({ status: z.enum(CALL_STATUSES).default('in-progress') });

const testView = z.object({
  ok: z.boolean(),
  status: z.int().nullable(),
  cause: z.string().nullable(),
  detail: z.string().nullable(),
  response_body: z.string().nullable(),
  duration_ms: z.number(),
  first_byte_ms: z.number().nullable(),
});

type Found = { readonly kind: 'found'; readonly destination: Destination } | Problem;

export function defineDestinationRoutes(ground: ApiGround): readonly Route[] {
  const { journal, lanes, backlog, success, settings, tester, destinationKinds } = ground;

  const toFacts = (destination: Destination): ReturnType<typeof toDestinationFacts> =>
    toDestinationFacts(
      destination,
      // A kind that is gone from this version still has to be listed; its settings stay closed.
      destinationKinds.get(destination.kind)?.toPublicSettings(destination.settings) ?? {},
    );

  async function show(
    status: number,
    destination: Destination,
    { isMasked }: Pick<ApiRequest, 'isMasked'>,
    secret?: string,
  ): Promise<Answer> {
    const facts = toFacts(destination);
    const [pending, succeeded] = await Promise.all([backlog(), success(destination.accountId)]);
    const view = toDestinationView(facts, {
      lane: lanes.readLanes().find((one) => one.destinationId === destination.id),
      backlog: pending.get(destination.id),
      success: succeeded.get(destination.id),
      retryScheduleS: settings.retryScheduleS,
    });
    // For If-Match only: lane and backlog move by themselves, which a 304 would hide.
    const headers = { etag: (isMasked ? toMaskedEtag : toEtag)(JSON.stringify(facts)) };
    return answer(status, secret === undefined ? view : { ...view, secret }, { headers });
  }

  async function find({ key, params }: ApiRequest): Promise<Found> {
    const id = params['destination_id'] as DestinationId;
    const destination = await journal.getDestination(key.accountId, id);
    return destination === undefined ? NO_DESTINATION : { kind: 'found', destination };
  }

  function checkMatch(request: ApiRequest, destination: Destination): Problem | null {
    const ifMatch = request.headers['if-match'];
    if (ifMatch === undefined) return null;
    const facts = JSON.stringify(toFacts(destination));
    // What was read before the numbers were revealed has the ETag of then.
    if (holdsEtag(ifMatch, toMaskedEtag(facts))) return null;
    return !request.isMasked && holdsEtag(ifMatch, toEtag(facts)) ? null : CHANGED;
  }

  function parseSettings(
    kindName: string,
    written: unknown,
    stored?: unknown,
  ): { readonly kind: 'parsed'; readonly settings: unknown } | Problem {
    const kind = destinationKinds.get(kindName);
    if (kind === null || kind === undefined) {
      const known = destinationKinds.all.map((one) => one.kind);
      const nearest = findNearest(kindName, known);
      const meant =
        nearest === undefined ? `It must be one of ${known.join(', ')}.` : `Did you mean "${nearest}"?`;
      return makeFault(
        'invalid_body',
        'body',
        '/kind',
        `"${kindName.slice(0, 40)}" is no kind. ${meant}`,
        'unknown_kind',
      );
    }
    const given = stored === undefined ? written : (kind.keepMasked?.(stored, written) ?? written);
    const checked = kind.settings.safeParse(given);
    if (checked.success) return { kind: 'parsed', settings: checked.data };
    return toFaultsProblem(
      'invalid_body',
      toFaults(checked.error.issues, kind.settings, given, 'body', ['settings']),
    );
  }

  async function setState(
    request: ApiRequest,
    state: 'enabled' | 'paused',
    reason: string | null,
  ): Promise<Answer> {
    const { key, actor, params } = request;
    const id = params['destination_id'] as DestinationId;
    const destination = await journal.setDestinationState(key.accountId, id, state, reason, actor);
    return destination === undefined ? NO_DESTINATION : show(200, destination, request);
  }

  return [
    defineRoute({
      method: 'POST',
      path: '/v1/destinations',
      operationId: 'createDestination',
      tag: 'Destinations',
      summary: 'Add a destination',
      description: 'The secret that signs what is sent there is shown in this answer and never again.',
      scope: 'write',
      body: createBody,
      answers: [
        { status: 201, description: 'The destination and its secret.', schema: destinationWithSecretView },
      ],
      async handle(request) {
        const { key, actor, body } = request;
        const parsed = parseSettings(body.kind, body.settings);
        if (parsed.kind === 'problem') return parsed;
        const secret = body.secret ?? createSecret();
        const destination = await journal.createDestination(
          {
            accountId: key.accountId,
            kind: body.kind,
            name: body.name ?? null,
            settings: parsed.settings,
            filter: toFilter(body.filter ?? {}),
            order: body.order ?? 'strict',
            concurrency: body.concurrency ?? CONCURRENCY_DEFAULT,
            ratePerSecond: body.rate_per_second ?? null,
            retryScheduleS: body.retry_schedule_s ?? null,
            timeoutMs: body.timeout_ms ?? TIMEOUT_MS_DEFAULT,
            secret,
          },
          actor,
        );
        return show(201, destination, request, secret);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/destinations',
      operationId: 'listDestinations',
      tag: 'Destinations',
      summary: 'List destinations',
      scope: 'read',
      answers: [{ status: 200, description: 'All of the account.', schema: definePage(destinationView) }],
      async handle({ key }) {
        const [destinations, pending, succeeded] = await Promise.all([
          journal.listDestinations(key.accountId),
          backlog(),
          success(key.accountId),
        ]);
        const laneOf = new Map(lanes.readLanes().map((lane) => [lane.destinationId, lane]));
        return answerAll(destinations, (destination) =>
          toDestinationView(toFacts(destination), {
            lane: laneOf.get(destination.id),
            backlog: pending.get(destination.id),
            success: succeeded.get(destination.id),
            retryScheduleS: settings.retryScheduleS,
          }),
        );
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/destinations/:destination_id',
      operationId: 'getDestination',
      tag: 'Destinations',
      summary: 'Read a destination',
      description: 'The ETag changes with its settings and state, not with its backlog.',
      scope: 'read',
      answers: [{ status: 200, description: 'The destination.', schema: destinationView }],
      async handle(request) {
        const found = await find(request);
        if (found.kind === 'problem') return found;
        return show(200, found.destination, request);
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/v1/destinations/:destination_id',
      operationId: 'updateDestination',
      tag: 'Destinations',
      summary: 'Change a destination',
      description:
        'What is left out stays. `settings` and `filter` are replaced whole, but values still masked as they were shown stay, as long as the host does. With If-Match, only if nobody changed it meanwhile.',
      scope: 'write',
      body: changeBody,
      answers: [{ status: 200, description: 'The destination as it is now.', schema: destinationView }],
      async handle(request) {
        const { key, actor, body } = request;
        const found = await find(request);
        if (found.kind === 'problem') return found;
        const mismatch = checkMatch(request, found.destination);
        if (mismatch !== null) return mismatch;
        const parsed =
          body.settings === undefined
            ? null
            : parseSettings(found.destination.kind, body.settings, found.destination.settings);
        if (parsed?.kind === 'problem') return parsed;
        const changed = await journal.updateDestination(
          key.accountId,
          found.destination.id,
          {
            ...(body.name !== undefined && { name: body.name }),
            ...(parsed !== null && { settings: parsed.settings }),
            ...(body.filter !== undefined && { filter: toFilter(body.filter) }),
            ...(body.order !== undefined && { order: body.order }),
            ...(body.concurrency !== undefined && { concurrency: body.concurrency }),
            ...(body.rate_per_second !== undefined && { ratePerSecond: body.rate_per_second }),
            ...(body.retry_schedule_s !== undefined && { retryScheduleS: body.retry_schedule_s }),
            ...(body.timeout_ms !== undefined && { timeoutMs: body.timeout_ms }),
          },
          actor,
        );
        return changed === undefined ? NO_DESTINATION : show(200, changed, request);
      },
    }),
    defineRoute({
      method: 'DELETE',
      path: '/v1/destinations/:destination_id',
      operationId: 'deleteDestination',
      tag: 'Destinations',
      summary: 'Delete a destination',
      description: 'Its pending deliveries are cancelled; past ones stay readable until retention.',
      scope: 'write',
      answers: [{ status: 204, description: 'It is gone.' }],
      async handle(request) {
        const found = await find(request);
        if (found.kind === 'problem') return found;
        const mismatch = checkMatch(request, found.destination);
        if (mismatch !== null) return mismatch;
        const wasThere = await journal.deleteDestination(
          request.key.accountId,
          found.destination.id,
          request.actor,
        );
        return wasThere ? answer(204) : NO_DESTINATION;
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/destinations/:destination_id/pause',
      operationId: 'pauseDestination',
      tag: 'Destinations',
      summary: 'Hold its deliveries',
      scope: 'write',
      body: pauseBody,
      bodyIsOptional: true,
      answers: [{ status: 200, description: 'The destination, paused.', schema: destinationView }],
      handle: (request) => setState(request, 'paused', request.body.reason ?? null),
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/destinations/:destination_id/resume',
      operationId: 'resumeDestination',
      tag: 'Destinations',
      summary: 'Deliver again what was held, in order',
      description: 'Also enables a destination that the hub has disabled.',
      scope: 'write',
      answers: [{ status: 200, description: 'The destination, enabled.', schema: destinationView }],
      handle: (request) => setState(request, 'enabled', null),
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/destinations/:destination_id/rotate-secret',
      operationId: 'rotateSecret',
      tag: 'Destinations',
      summary: 'Make a new secret',
      description:
        'During the overlap both sign in webhook-signature, and X-Webhook-Signature stays with the old one. The new secret is shown in this answer and never again.',
      scope: 'write',
      body: rotateBody,
      bodyIsOptional: true,
      answers: [
        {
          status: 200,
          description: 'The destination and its new secret.',
          schema: destinationWithSecretView,
        },
      ],
      async handle(request) {
        const { key, actor, params, body } = request;
        const secret = createSecret();
        const destination = await journal.rotateSecret(
          key.accountId,
          params['destination_id'] as DestinationId,
          secret,
          body.overlap ?? ROTATION_OVERLAP_MS_DEFAULT,
          actor,
        );
        return destination === undefined ? NO_DESTINATION : show(200, destination, request, secret);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/destinations/:destination_id/test',
      operationId: 'testDestination',
      tag: 'Destinations',
      summary: 'Send it a published example and show the answer',
      description: 'Signed like any delivery, at once and once; nothing of it enters the journal.',
      scope: 'write',
      body: testBody,
      bodyIsOptional: true,
      answers: [
        {
          status: 200,
          description: 'What it answered; ok says whether a delivery would count as delivered.',
          schema: testView,
        },
      ],
      async handle(request) {
        const found = await find(request);
        if (found.kind === 'problem') return found;
        const result = await tester.test(found.destination, request.body.status);
        const isAnswered = result.kind === 'answered';
        const view: z.output<typeof testView> = {
          ok: isAnswered && result.status >= 200 && result.status < 300,
          status: isAnswered ? result.status : null,
          cause: isAnswered ? null : result.cause,
          detail: isAnswered ? null : result.detail,
          response_body:
            isAnswered && result.responseBody !== null
              ? Buffer.from(result.responseBody).toString('utf8')
              : null,
          duration_ms: Math.round(result.timing.totalMs * 10) / 10,
          first_byte_ms:
            result.timing.firstByteMs === null ? null : Math.round(result.timing.firstByteMs * 10) / 10,
        };
        return answer(200, view);
      },
    }),
  ];
}

const NO_DESTINATION = makeProblem('not_found', 'There is no such destination in this account.');
const CHANGED = makeProblem(
  'changed_meanwhile',
  'It is not what If-Match says it was: read it again, then change it.',
);

function toFilter(filter: z.output<typeof eventFilterSchema>): Destination['filter'] {
  return {
    ...(filter.statuses !== undefined && { statuses: filter.statuses }),
    ...(filter.call_types !== undefined && { call_types: filter.call_types }),
    ...(filter.phone_numbers !== undefined && { phone_numbers: filter.phone_numbers }),
  };
}
