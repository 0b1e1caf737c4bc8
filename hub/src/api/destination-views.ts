/** What the API shows of destinations and of their kinds. */
import { z } from 'zod';
import type { Destination } from '../journal/destinations.ts';
import type { Backlog } from './backlog.ts';
import type { DestinationSuccess } from './destination-success.ts';
import type { DestinationKindPort, Lane } from './ground.ts';

import { DESTINATION_STATES, ORDER_POLICIES } from '../journal/destinations.ts';
import { eventFilterSchema, toFilterView } from './event-filter.ts';
import { timeOrNullView, timeView, toRfc3339, toRfc3339OrNull } from './time.ts';
import { toRate } from './analytics-views.ts';

/** Says where it goes. */
export const targetView = z
  .string()
  .meta({ description: 'Where it goes, in a few words, without secrets; empty where its kind is gone.' });

export const destinationView = z.object({
  id: z.string(),
  kind: z.string(),
  kind_title: z.string().meta({ description: 'Of its kind, for people: "HubSpot".' }),
  name: z.string().nullable(),
  target: targetView,
  signs: z
    .boolean()
    .meta({ description: 'It signs what it sends with its secret; others have none to show.' }),
  settings: z
    .record(z.string(), z.unknown())
    .meta({ description: 'Without its secrets: values that could be keys are masked.' }),
  filter: eventFilterSchema,
  order: z.enum(ORDER_POLICIES),
  state: z.enum(DESTINATION_STATES),
  state_reason: z.string().nullable(),
  concurrency: z.int(),
  rate_per_second: z.number().nullable(),
  retry_schedule_s: z.array(z.number()).nullable(),
  timeout_ms: z.int(),
  failing_since: timeOrNullView,
  previous_secret_until: timeOrNullView.meta({
    description: 'Until then the secret before the last rotation signs too.',
  }),
  created_at: timeView,
  updated_at: timeView,
  lane: z
    .object({ in_flight: z.int(), held: z.int(), breaker: z.enum(['closed', 'open']), window: z.number() })
    .nullable()
    .meta({ description: 'What this node does for it now; null before its first delivery.' }),
  pending: z.int().meta({ description: 'Pending deliveries, counted up to 10,000.' }),
  oldest_pending_at: timeOrNullView,
  retry_schedule_effective_s: z
    .array(z.number())
    .meta({ description: 'Its own schedule, or the default one written out.' }),
  success_24h: z
    .object({
      delivered: z.int(),
      failed_attempts: z.int(),
      rate: z.number().nullable().meta({ description: 'null where nothing was tried.' }),
    })
    .meta({ description: 'Attempts of the last 24 hours, counted anew every few seconds.' }),
});

export const destinationWithSecretView = destinationView.extend({
  secret: z.string().optional().meta({ description: 'Shown this once; only of kinds that sign.' }),
});

/** A kind as the form of a new destination needs it. */
export const destinationKindView = z.object({
  kind: z.string(),
  title: z.string().meta({ description: 'For people: "HubSpot".' }),
  summary: z.string().meta({ description: 'One sentence: what it does with calls.' }),
  setup: z.array(z.string()).meta({
    description: 'Two to four short steps: what to do in the other product, and which rights it asks for.',
  }),
  signs: z.boolean().meta({ description: 'Creation and rotation answer with a secret.' }),
  defaults: z
    .object({
      filter: eventFilterSchema,
      order: z.enum(ORDER_POLICIES),
      concurrency: z.int(),
      rate_per_second: z.number().nullable(),
      timeout_ms: z.int(),
    })
    .meta({ description: 'What a destination of this kind begins with where its creation leaves them out.' }),
  settings_schema: z.record(z.string(), z.unknown()).meta({
    description:
      'JSON Schema 2020-12 of its settings: a flat object. Its fields have `title` and `description`, and where they apply `secret` (a credential), `holdsSecret` (a credential stands in it, as a password in a URL), `placeholder`, `unit`, `advanced`, `choices` (words for the values of an enum), `when` ({field, is}: shown only then) and `multiline`.',
  }),
});

export type DestinationKindView = z.output<typeof destinationKindView>;

/** What changes only when somebody changes it: the ETag is made of this. */
export function toDestinationFacts(destination: Destination, kind: DestinationKindPort | null) {
  const previousUntilMs = destination.previousSecret === null ? null : destination.previousSecretUntilMs;
  return {
    id: destination.id,
    kind: destination.kind,
    // A kind that is gone from this version still has to be listed; its settings stay closed.
    kind_title: kind?.title ?? destination.kind,
    name: destination.name,
    target: kind?.describeTarget(destination.settings) ?? '',
    signs: kind?.signs ?? false,
    settings: kind?.toPublicSettings(destination.settings) ?? {},
    filter: toFilterView(destination),
    order: destination.order,
    state: destination.state,
    state_reason: destination.stateReason,
    concurrency: destination.concurrency,
    rate_per_second: destination.ratePerSecond,
    retry_schedule_s: destination.retryScheduleS === null ? null : [...destination.retryScheduleS],
    timeout_ms: destination.timeoutMs,
    failing_since: toRfc3339OrNull(destination.failingSinceMs),
    previous_secret_until: toRfc3339OrNull(previousUntilMs),
    created_at: toRfc3339(destination.createdAtMs),
    updated_at: toRfc3339(destination.updatedAtMs),
  };
}

export function toDestinationView(
  facts: ReturnType<typeof toDestinationFacts>,
  now: {
    readonly lane: Lane | undefined;
    readonly backlog: Backlog | undefined;
    readonly success: DestinationSuccess | undefined;
    readonly retryScheduleS: readonly number[];
  },
): z.output<typeof destinationView> {
  const { lane, backlog } = now;
  const { delivered, failedAttempts } = now.success ?? NOTHING_TRIED;
  return {
    ...facts,
    lane:
      lane === undefined
        ? null
        : { in_flight: lane.inFlight, held: lane.held, breaker: lane.breaker, window: lane.window },
    pending: backlog?.pending ?? 0,
    oldest_pending_at: toRfc3339OrNull(backlog?.oldestAtMs ?? null),
    retry_schedule_effective_s: facts.retry_schedule_s ?? [...now.retryScheduleS],
    success_24h: {
      delivered,
      failed_attempts: failedAttempts,
      rate: toRate(delivered, delivered + failedAttempts),
    },
  };
}

const NOTHING_TRIED: DestinationSuccess = { delivered: 0, failedAttempts: 0 };
