/** The kinds of destinations as forms and command lines need them, and settings tried before they are saved. */
import { isDeepStrictEqual } from 'node:util';
import { z } from 'zod';
import type { DestinationId } from '../journal/ids.ts';
import type { ApiGround, DestinationDefaults, DestinationKindPort } from './ground.ts';
import type { Route } from './route.ts';
import type { DestinationKindView } from './destination-views.ts';

import { makeFault } from '../ingest/problem.ts';
import { createRateLimiter } from '../ingest/rate-limit.ts';
import { findKind, parseSettings } from './destination-settings.ts';
import { answerAll, definePage } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { showTest, testedStatus, testView } from './test-view.ts';
import { destinationKindView } from './destination-views.ts';
import { toFilterView } from './event-filter.ts';

export const CONCURRENCY_DEFAULT = 32;
export const TIMEOUT_MS_DEFAULT = 15_000;

/** Of tries and of tests, each: they dial, and a person who fills in a form asks a few times a minute. */
export const TRIES = { perSecond: 1, burst: 20 };

const tryBody = z.strictObject({
  settings: z.record(z.string(), z.unknown()).meta({ description: "By the kind's settings_schema." }),
  destination_id: z.string().min(1).max(64).optional().meta({
    description:
      'A destination of this kind whose settings these are to become: what is still masked stands for what it has, and it signs with its secret.',
  }),
  status: testedStatus,
});

export function defineDestinationKindRoutes(ground: ApiGround): readonly Route[] {
  const { destinationKinds, journal, tester, clock } = ground;
  const views = destinationKinds.all.map(toKindView);
  const limiter = createRateLimiter(TRIES, 'try', clock);

  return [
    defineRoute({
      method: 'GET',
      path: '/v1/destination-kinds',
      operationId: 'listDestinationKinds',
      tag: 'Destinations',
      summary: 'List the kinds of destinations, with the schema of their settings',
      scope: 'read',
      answers: [
        { status: 200, description: 'All that this hub knows.', schema: definePage(destinationKindView) },
      ],
      async handle() {
        return answerAll(views, (view) => view);
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/destination-kinds/:kind/try',
      operationId: 'tryDestinationKind',
      tag: 'Destinations',
      summary: 'Try settings before they are saved',
      description: `As the test of a destination; events of calls go nowhere, and nothing of it enters the journal but an entry in the audit log (destination.tried) where a destination's secret signs what goes by other settings than its own. At most ${TRIES.burst} at once, then one a second, by key (429).`,
      scope: 'write',
      body: tryBody,
      answers: [
        {
          status: 200,
          description: 'What it answered; ok says whether a delivery would count as delivered.',
          schema: testView,
        },
      ],
      async handle({ key, actor, params, body }) {
        const found = findKind(destinationKinds, params['kind'] ?? '', 'path');
        if (found.kind === 'problem') return found;
        const { destinationKind } = found;
        const destination =
          body.destination_id === undefined
            ? undefined
            : await journal.getDestination(key.accountId, body.destination_id as DestinationId);
        if (body.destination_id !== undefined && destination?.kind !== destinationKind.kind)
          return NOT_OF_KIND;
        const parsed = parseSettings(destinationKind, body.settings, destination?.settings);
        if (parsed.kind === 'problem') return parsed;
        // Only what would really be dialled counts.
        const { problem } = limiter.take(key.id);
        if (problem !== null) return problem;
        const { settings } = parsed;
        const isOfDestination =
          destination !== undefined &&
          (destinationKind.signs || hasSameCredentials(destinationKind, destination.settings, settings));
        // Its secret signs what goes there, so whoever owns it must be able to see who did that, and where to.
        if (isOfDestination && destinationKind.signs && !isDeepStrictEqual(settings, destination.settings)) {
          await journal.appendAudit(
            {
              accountId: key.accountId,
              action: 'destination.tried',
              subject: destination.id,
              detail: { target: destinationKind.describeTarget(settings) },
            },
            actor,
          );
        }
        const result = await (!isOfDestination
          ? tester.tryKind({
              accountId: key.accountId,
              kind: destinationKind.kind,
              settings,
              status: body.status,
              timeoutMs: toDefaults(destinationKind.defaults).timeoutMs,
            })
          : tester.test({ ...destination, settings }, body.status));
        return answer(200, await showTest(ground, key.accountId, result, destinationKind.kind));
      },
    }),
  ];
}

/**
 * What a destination remembers belongs to the place it goes to and the credentials it has: a refresh token that others
 * brought would take the place of its own, although nobody has saved them. Other settings may differ: were what it
 * remembers left out for them, a refresh token that was used up long ago would be sent, and the login be lost.
 */
function hasSameCredentials(kind: DestinationKindPort, stored: unknown, given: unknown): boolean {
  const { properties = {} } = toSettingsSchema(kind.settings) as {
    properties?: Readonly<Record<string, IdentifyingMeta>>;
  };
  const toCredentials = (settings: unknown): string =>
    JSON.stringify(
      Object.entries(properties).map(([name, { secret, holdsSecret, identifies }]) =>
        secret === true || holdsSecret === true || identifies === true
          ? ((settings as Readonly<Record<string, unknown>>)[name] ?? null)
          : null,
      ),
    );
  return toCredentials(stored) === toCredentials(given);
}

interface IdentifyingMeta {
  readonly secret?: boolean;
  readonly holdsSecret?: boolean;
  readonly identifies?: boolean;
}

/** Written out: what a destination begins with where neither its creation nor its kind says otherwise. */
export function toDefaults(defaults: DestinationDefaults) {
  return {
    filter: defaults.filter ?? {},
    order: defaults.order ?? 'strict',
    concurrency: defaults.concurrency ?? CONCURRENCY_DEFAULT,
    ratePerSecond: defaults.ratePerSecond ?? null,
    timeoutMs: defaults.timeoutMs ?? TIMEOUT_MS_DEFAULT,
  } as const;
}

function toKindView(kind: DestinationKindPort): DestinationKindView {
  const defaults = toDefaults(kind.defaults);
  return {
    kind: kind.kind,
    title: kind.title,
    summary: kind.summary,
    setup: [...kind.setup],
    signs: kind.signs,
    defaults: {
      filter: toFilterView(defaults),
      order: defaults.order,
      concurrency: defaults.concurrency,
      rate_per_second: defaults.ratePerSecond,
      timeout_ms: defaults.timeoutMs,
    },
    settings_schema: toSettingsSchema(kind.settings),
  };
}

function toSettingsSchema(settings: z.ZodType): Record<string, unknown> {
  const { '~standard': _standard, ...schema } = z.toJSONSchema(settings, {
    io: 'input',
    unrepresentable: 'any',
  }) as Record<string, unknown>;
  return schema;
}

const NOT_OF_KIND = makeFault(
  'invalid_body',
  'body',
  '/destination_id',
  'is no destination of this kind in this account: leave it out to try settings by themselves.',
  'unknown_destination',
);
