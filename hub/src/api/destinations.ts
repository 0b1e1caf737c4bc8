import { z } from 'zod';
import { createSecret, parseStandardSecret } from '@offhook/contract/signature';
import type { Problem } from '../ingest/problem.ts';
import type { DestinationId } from '../journal/ids.ts';
import type { Destination } from '../journal/destinations.ts';
import type { ApiGround, DestinationKindPort } from './ground.ts';
import type { ApiRequest, Answer, Route } from './route.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { createRateLimiter } from '../ingest/rate-limit.ts';
import { ORDER_POLICIES } from '../journal/destinations.ts';
import { toDefaults, TRIES } from './destination-kinds.ts';
import { findKind, parseSettings } from './destination-settings.ts';
import { answerAll, definePage } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { holdsEtag, toEtag, toMaskedEtag } from './etag.ts';
import { parseDurationMs } from './duration.ts';
import { showTest, testedStatus, testView } from './test-view.ts';
import {
  destinationView,
  destinationWithSecretView,
  toDestinationFacts,
  toDestinationView,
} from './destination-views.ts';
import { givenFilterSchema } from './event-filter.ts';

export const CONCURRENCY_MAX = 1_000;
export const TIMEOUT_MS_MIN = 1_000;
export const TIMEOUT_MS_MAX = 30_000;
export const ROTATION_OVERLAP_MS_DEFAULT = 86_400_000;
export const ROTATION_OVERLAP_MS_MAX = 30 * 86_400_000;

const changeable = {
  name: z.string().min(1).max(200).nullable().optional().meta({ description: 'For people.' }),
  filter: givenFilterSchema.optional(),
  order: z.enum(ORDER_POLICIES).optional().meta({
    description:
      'strict (the default of most kinds): every event, in order per call. latest: a newer event of a call replaces the older ones that still wait.',
  }),
  concurrency: z
    .int()
    .min(1)
    .max(CONCURRENCY_MAX)
    .optional()
    .meta({ description: "Attempts at once; the kind's own number if not given." }),
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

const settingsSchema = z.record(z.string(), z.unknown()).meta({
  description:
    "By the kind's own schema (GET /v1/destination-kinds): for a webhook {url, headers?}. Credentials are never shown again.",
});

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
const testBody = z.strictObject({ status: testedStatus });

type Found = { readonly kind: 'found'; readonly destination: Destination } | Problem;

export function defineDestinationRoutes(ground: ApiGround): readonly Route[] {
  const { journal, lanes, backlog, success, settings, tester, destinationKinds, clock } = ground;
  const limiter = createRateLimiter(TRIES, 'test', clock);

  const toFacts = (destination: Destination): ReturnType<typeof toDestinationFacts> =>
    toDestinationFacts(destination, destinationKinds.get(destination.kind) ?? null);

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

  function readSettings(destination: Destination, written: unknown): ReturnType<typeof parseSettings> {
    const found = findKind(destinationKinds, destination.kind);
    return found.kind === 'problem'
      ? found
      : parseSettings(found.destinationKind, written, destination.settings);
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
      description:
        'What is left out begins as its kind has it (GET /v1/destination-kinds). The secret that signs what is sent there is shown in this answer and never again; kinds that do not sign have none.',
      scope: 'write',
      body: createBody,
      answers: [
        { status: 201, description: 'The destination and its secret.', schema: destinationWithSecretView },
      ],
      async handle(request) {
        const { key, actor, body } = request;
        const found = findKind(destinationKinds, body.kind);
        if (found.kind === 'problem') return found;
        const { destinationKind } = found;
        if (body.secret !== undefined && !destinationKind.signs) return toNoSecret(destinationKind);
        const parsed = parseSettings(destinationKind, body.settings);
        if (parsed.kind === 'problem') return parsed;
        const secret = body.secret ?? createSecret();
        const defaults = toDefaults(destinationKind.defaults);
        const destination = await journal.createDestination(
          {
            accountId: key.accountId,
            kind: body.kind,
            name: body.name ?? null,
            settings: parsed.settings,
            filter: body.filter === undefined ? defaults.filter : toFilter(body.filter),
            order: body.order ?? defaults.order,
            concurrency: body.concurrency ?? defaults.concurrency,
            // null is an answer: no limit, whatever the kind has.
            ratePerSecond: body.rate_per_second === undefined ? defaults.ratePerSecond : body.rate_per_second,
            retryScheduleS: body.retry_schedule_s ?? null,
            timeoutMs: body.timeout_ms ?? defaults.timeoutMs,
            secret,
          },
          actor,
        );
        return show(201, destination, request, destinationKind.signs ? secret : undefined);
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
        'What is left out stays, and so does the kind for ever. `settings` and `filter` are replaced whole, but values still masked as they were shown stay, as long as the host does. With If-Match, only if nobody changed it meanwhile.',
      scope: 'write',
      body: changeBody,
      answers: [{ status: 200, description: 'The destination as it is now.', schema: destinationView }],
      async handle(request) {
        const { key, actor, body } = request;
        const found = await find(request);
        if (found.kind === 'problem') return found;
        const mismatch = checkMatch(request, found.destination);
        if (mismatch !== null) return mismatch;
        const parsed = body.settings === undefined ? null : readSettings(found.destination, body.settings);
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
        'Only of kinds that sign (409 otherwise). During the overlap both sign in webhook-signature, and X-Webhook-Signature stays with the old one. The new secret is shown in this answer and never again.',
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
        const { key, actor, body } = request;
        const found = await find(request);
        if (found.kind === 'problem') return found;
        const { kind, id } = found.destination;
        const destinationKind = destinationKinds.get(kind);
        if (destinationKind?.signs !== true) return toNothingToRotate(destinationKind?.title ?? kind);
        const secret = createSecret();
        const destination = await journal.rotateSecret(
          key.accountId,
          id,
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
      summary: 'Try it and show the answer',
      description: `A webhook is sent a published example, signed like any delivery; other kinds do what leaves no record of a call behind (Slack says hello, a CRM says whose account it is). At once and once; nothing of it enters the journal. At most ${TRIES.burst} at once, then one a second, by key (429).`,
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
        const { destination } = found;
        const known = findKind(destinationKinds, destination.kind);
        if (known.kind === 'problem') return makeProblem('not_possible', known.detail);
        const { key } = request;
        const { problem } = limiter.take(key.id);
        if (problem !== null) return problem;
        const result = await tester.test(destination, request.body.status);
        return answer(200, await showTest(ground, key.accountId, result, destination.kind));
      },
    }),
  ];
}

const NO_DESTINATION = makeProblem('not_found', 'There is no such destination in this account.');
const CHANGED = makeProblem(
  'changed_meanwhile',
  'It is not what If-Match says it was: read it again, then change it.',
);

function toNoSecret({ title }: DestinationKindPort): Problem {
  return makeFault(
    'invalid_body',
    'body',
    '/secret',
    `cannot be given: ${title} is sent nothing that is signed. Leave it out.`,
    'not_signed',
  );
}

function toNothingToRotate(title: string): Problem {
  return makeProblem(
    'not_possible',
    `${title} is sent nothing that is signed, so there is no secret to rotate. Change its credentials in its settings.`,
  );
}

function toFilter(filter: z.output<typeof givenFilterSchema>): Destination['filter'] {
  return {
    ...(filter.calls === false && { calls: false }),
    ...(filter.statuses !== undefined && { statuses: filter.statuses }),
    ...(filter.call_types !== undefined && { call_types: filter.call_types }),
    ...(filter.phone_numbers !== undefined && { phone_numbers: filter.phone_numbers }),
    ...(filter.operational_events !== undefined && { operational_events: filter.operational_events }),
  };
}
