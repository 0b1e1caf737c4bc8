/**
 * What the API shows of each thing: snake_case, RFC 3339, null where there is nothing. Each schema stands beside the
 * function that must fit it; a test holds them together.
 */
import { z } from 'zod';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import type { OperationalEventType } from '@offhook/contract/operational-event';
import type { Call } from '../calls/call.ts';
import type { Account, ApiKey, AuditEntry, PhoneNumber, Source } from '../journal/accounts.ts';
import type {
  AttemptEntry,
  CallTimeline,
  DeliveryEntry,
  EventEntry,
  ReportEntry,
} from '../journal/reader.ts';
import type { Destination } from '../journal/destinations.ts';
import type { Replay, ReplayCount } from '../journal/replays.ts';
import type { Backlog } from './backlog.ts';
import type { NameDestinations } from './destination-names.ts';
import type { DestinationSuccess } from './destination-success.ts';
import type { DestinationKindPort, Lane } from './ground.ts';
import type { AttemptFacts } from './explain-attempt.ts';

import { CALL_STATES, REPORT_OUTCOMES } from '../calls/call.ts';
import { isStale } from '../calls/apply-report.ts';
import { ATTEMPT_OUTCOMES, DELIVERY_STATES } from '../journal/delivery-state.ts';
import { DESTINATION_STATES, ORDER_POLICIES } from '../journal/destinations.ts';
import { REPLAY_STATES } from '../journal/replays.ts';
import { SCOPES } from '../journal/accounts.ts';
import { findNearest } from '../nearest-word.ts';
import { explainAttempt } from './explain-attempt.ts';
import { operationalEventView, toOperationalEventView } from './operational-events.ts';
import { toRfc3339, toRfc3339OrNull } from './time.ts';
import { toRate } from './views-analytics.ts';

const time = z.string().meta({ format: 'date-time' });
const timeOrNull = time.nullable();
const phoneNumberOfCall = z.object({ number: z.string().nullable(), name: z.string().nullish() }).nullable();
const customerOfCall = z.object({ number: z.string().nullable() }).nullable();

export const callView = z.object({
  id: z.string().meta({ description: "The source's own opaque string." }),
  state: z.enum(CALL_STATES),
  stale: z.boolean().meta({ description: 'Live for longer than anyone believes: not counted as active.' }),
  type: z.string().nullable(),
  phone_number: phoneNumberOfCall.meta({ description: 'Our side.' }),
  customer: customerOfCall.meta({ description: 'The other side.' }),
  started_at: timeOrNull,
  ended_at: timeOrNull,
  duration_ms: z.int().nullable(),
  error: z.string().nullable(),
  end_reason: z.string().nullable(),
  summary: z.string().nullable(),
  sequence: z.int().meta({ description: 'Sequence of the last event; 0 before the first.' }),
  first_report_at: time,
  live_since: timeOrNull,
  updated_at: time,
});

/** Staleness is told by the clock of the question. */
export function toCallView(call: Call, nowMs: number, staleAfterMs: number): z.output<typeof callView> {
  return {
    id: call.callId,
    state: call.state,
    stale: isStale(call, nowMs, staleAfterMs),
    type: call.type,
    phone_number: call.phoneNumber,
    customer: call.customer,
    started_at: toRfc3339OrNull(call.startedAtMs),
    ended_at: toRfc3339OrNull(call.endedAtMs),
    duration_ms: call.durationMs,
    error: call.error,
    end_reason: call.endReason,
    summary: call.summary,
    sequence: call.sequence,
    first_report_at: toRfc3339(call.firstReportAtMs),
    live_since: toRfc3339OrNull(call.liveSinceMs),
    updated_at: toRfc3339(call.updatedAtMs),
  };
}

export const eventView = z.object({
  id: z.string(),
  row: z.int().meta({ description: 'Place in the feed: the id of the stream, and what `after` takes.' }),
  call_id: z.string(),
  sequence: z.int(),
  status: z.string(),
  accepted_at: time,
  body: z.string().meta({
    description:
      'The exact text that is signed and sent, as one string: parsed and written again it might be another one.',
  }),
});

export function toEventView(event: EventEntry): z.output<typeof eventView> {
  return {
    id: event.id,
    row: event.row,
    call_id: event.callId,
    sequence: event.sequence,
    status: event.status,
    accepted_at: toRfc3339(event.acceptedAtMs),
    body: toText(event.body),
  };
}

export const reportView = z.object({
  id: z.string(),
  source_id: z.string(),
  received_at: time,
  occurred_at: timeOrNull,
  status: z.string(),
  outcome: z.enum(REPORT_OUTCOMES),
  reason: z.string().nullable(),
  event_id: z.string().nullable(),
  report: z.object({
    type: z.string().nullable(),
    phone_number: phoneNumberOfCall,
    customer: customerOfCall,
    error: z.string().nullable(),
    end_reason: z.string().nullable(),
    assistant: z.record(z.string(), z.unknown()).nullable(),
    duration_seconds: z.number().nullable(),
    summary: z.string().nullable(),
    unknown_fields: z.record(z.string(), z.unknown()).nullable(),
  }),
});

export function toReportView(entry: ReportEntry): z.output<typeof reportView> {
  const { report } = entry;
  return {
    id: entry.id,
    source_id: entry.sourceId,
    received_at: toRfc3339(entry.receivedAtMs),
    occurred_at: toRfc3339OrNull(entry.occurredAtMs),
    status: entry.status,
    outcome: entry.outcome,
    reason: entry.reason,
    event_id: entry.eventId,
    report: {
      type: report.type,
      phone_number: report.phoneNumber,
      customer: report.customer,
      error: report.error,
      end_reason: report.endReason,
      assistant: report.assistant === null ? null : { ...report.assistant },
      duration_seconds: report.durationSeconds ?? null,
      summary: report.summary ?? null,
      unknown_fields: report.unknownFields === null ? null : { ...report.unknownFields },
    },
  };
}

export const explanationView = z
  .object({ title: z.string(), hint: z.string().meta({ description: 'What to do about it.' }) })
  .meta({ description: 'What an answer that did not deliver means, in plain words.' });

const targetSentence = 'Where it goes, in a few words, without secrets; empty where its kind is gone.';

export const deliveryView = z.object({
  id: z.string(),
  destination_id: z.string(),
  event_id: z.string(),
  event_type: z.string().meta({
    description: '`status-update`, or the type of an operational event.',
    examples: ['status-update'],
  }),
  call_id: z.string().nullable().meta({ description: 'null where an operational event is about no call.' }),
  sequence: z.int().meta({ description: 'Order within the call; 0 for operational events.' }),
  status: z
    .string()
    .meta({ description: 'Status of the call that the event says; of an operational event its type.' }),
  state: z.enum(DELIVERY_STATES),
  state_reason: z.string().nullable(),
  attempts: z.int(),
  last_status: z.int().nullable().meta({
    description:
      'HTTP status of the last answer; null where there was none, or where the kind asks for more than one.',
  }),
  last_detail: z.string().nullable().meta({
    description:
      'One sentence: what went wrong, or what was done there where that is more than "it was taken".',
  }),
  explanation: explanationView
    .nullable()
    .meta({ description: 'Of the last answer; null where it was delivered or nothing was tried.' }),
  due_at: timeOrNull.meta({
    description: 'Next try; null while it waits behind an earlier event of its call.',
  }),
  created_at: time,
  finished_at: timeOrNull,
  replay_id: z.string().nullable(),
  resent: z
    .object({ id: z.string(), state: z.enum(DELIVERY_STATES) })
    .nullable()
    .meta({
      description:
        'Of one that was given up: the latest delivery of the same event to the same destination, made by a retry or a replay.',
    }),
});

/** What an explanation says of the destination; null where nobody looked it up. */
export interface ExplainedDestination extends Pick<AttemptFacts, 'destinationState' | 'destinationKind'> {
  /** Puts names in place of the ids of other destinations. */
  readonly nameDestinations?: NameDestinations;
}

const UNKNOWN_DESTINATION: ExplainedDestination = { destinationState: null, destinationKind: null };

export function toDeliveryView(
  delivery: DeliveryEntry,
  nowMs: number,
  { nameDestinations = (text) => text, ...destination }: ExplainedDestination = UNKNOWN_DESTINATION,
): z.output<typeof deliveryView> {
  const lastDetail = nameDestinations(delivery.lastDetail);
  return {
    id: delivery.id,
    destination_id: delivery.destinationId,
    event_id: delivery.eventId,
    event_type: delivery.eventType,
    call_id: delivery.callId,
    sequence: delivery.sequence,
    status: delivery.status,
    state: delivery.state,
    state_reason: delivery.stateReason,
    attempts: delivery.attempts,
    last_status: delivery.lastStatus,
    last_detail: lastDetail,
    explanation:
      delivery.state === 'delivered'
        ? null
        : explainAttempt({
            status: delivery.lastStatus,
            cause: null,
            detail: lastDetail,
            ageMs: delivery.finishedAtMs === null ? null : nowMs - delivery.finishedAtMs,
            ...destination,
          }),
    due_at: toRfc3339OrNull(delivery.dueAtMs),
    created_at: toRfc3339(delivery.createdAtMs),
    finished_at: toRfc3339OrNull(delivery.finishedAtMs),
    replay_id: delivery.replayId,
    resent: delivery.resent,
  };
}

export const attemptView = z.object({
  id: z.string(),
  number: z.int(),
  started_at: time,
  duration_ms: z.number(),
  first_byte_ms: z.number().nullable(),
  status: z.int().nullable(),
  cause: z.string().nullable(),
  detail: z
    .string()
    .nullable()
    .meta({ description: 'One sentence: what went wrong, or what was done there.' }),
  response_body: z.string().nullable().meta({ description: 'At most 16 KiB, read as UTF-8.' }),
  outcome: z.enum(ATTEMPT_OUTCOMES),
  explanation: explanationView.nullable().meta({ description: 'null where it was delivered.' }),
});

export function toAttemptView(
  attempt: AttemptEntry,
  nowMs: number,
  { nameDestinations = (text) => text, ...destination }: ExplainedDestination = UNKNOWN_DESTINATION,
): z.output<typeof attemptView> {
  const detail = nameDestinations(attempt.detail);
  return {
    id: attempt.id,
    number: attempt.number,
    started_at: toRfc3339(attempt.startedAtMs),
    duration_ms: attempt.durationMs,
    first_byte_ms: attempt.firstByteMs,
    status: attempt.status,
    cause: attempt.cause,
    detail,
    response_body: attempt.responseBody === null ? null : toText(attempt.responseBody),
    outcome: attempt.outcome,
    explanation:
      attempt.outcome === 'delivered'
        ? null
        : explainAttempt({
            status: attempt.status,
            cause: attempt.cause,
            detail,
            ageMs: nowMs - attempt.startedAtMs,
            ...destination,
          }),
  };
}

export const attemptRequestView = z
  .object({
    method: z.string(),
    url: z.string().meta({ description: 'Values of its query are masked, as in the settings.' }),
    headers: z.array(z.tuple([z.string(), z.string()])).meta({
      description:
        'Name and value, in the order sent. Values that could be keys are masked; "…" stands for what was not kept.',
    }),
    signature: z.enum(['valid', 'secret rotated since', 'not for this key', 'batch']).meta({
      description:
        'valid: the signatures shown are those that were sent, by the secret of then. not for this key: they are shown to keys with the scope read. batch: the event went in a batch, of which only this event is kept, so that neither its body nor its id and signatures can be shown.',
    }),
    settings_changed: z.boolean().meta({
      description:
        'Somebody has changed the destination since: address and headers are those of now, and may have been others then.',
    }),
  })
  .meta({
    description:
      'The request of an attempt, put together again by the code that sends them. Where no connection was made it was not sent.',
  });

export const attemptDetailView = attemptView.extend({
  request: attemptRequestView.nullable().meta({
    description:
      'null where its destination is gone, its settings cannot be used, or its kind asks for more than one request.',
  }),
});

export const deliveryDetailView = deliveryView.extend({
  destination: z
    .object({
      id: z.string(),
      kind: z.string(),
      kind_title: z.string(),
      name: z.string().nullable(),
      target: z.string().meta({ description: targetSentence }),
      url: z.string().nullable().meta({ description: 'Where its kind has one.' }),
      state: z.enum(DESTINATION_STATES),
    })
    .nullable()
    .meta({ description: 'null once it is deleted.' }),
  attempt_entries: z.array(attemptDetailView),
  body: z.string().meta({ description: 'The exact text that is sent.' }),
});

export const timelineView = z.object({
  call: callView,
  reports: z.array(reportView),
  events: z.array(eventView),
  deliveries: z.array(deliveryView.extend({ attempt_entries: z.array(attemptView) })),
  operational_events: z
    .array(z.object({ event: operationalEventView, deliveries: z.array(deliveryView) }))
    .meta({ description: 'What the hub said of this call, and whom it told.' }),
  truncated: z.boolean(),
});

export function toTimelineView(
  timeline: CallTimeline,
  nowMs: number,
  staleAfterMs: number,
  toExplained: (delivery: DeliveryEntry) => ExplainedDestination = () => UNKNOWN_DESTINATION,
): z.output<typeof timelineView> {
  return {
    call: toCallView(timeline.call, nowMs, staleAfterMs),
    reports: timeline.reports.map(toReportView),
    events: timeline.events.map(toEventView),
    deliveries: timeline.deliveries.map((delivery) => ({
      ...toDeliveryView(delivery, nowMs, toExplained(delivery)),
      attempt_entries: delivery.attemptEntries.map((attempt) =>
        toAttemptView(attempt, nowMs, toExplained(delivery)),
      ),
    })),
    operational_events: timeline.operationalEvents.map(({ deliveries, ...event }) => ({
      event: toOperationalEventView(event),
      deliveries: deliveries.map((delivery) => toDeliveryView(delivery, nowMs, toExplained(delivery))),
    })),
    truncated: timeline.truncated,
  };
}

export const eventFilterSchema = z
  .strictObject({
    calls: z.boolean().optional().meta({
      description:
        "false: none of the calls' events go there, only the operational events that are named; true or missing: those that the lists let through.",
    }),
    statuses: z.array(z.string().min(1).max(64)).max(50).optional(),
    call_types: z.array(z.string().min(1).max(64)).max(50).optional(),
    phone_numbers: z.array(z.string().min(1).max(256)).max(1_000).optional(),
    operational_events: z
      .array(z.enum(OPERATIONAL_EVENT_TYPES, { error: ({ input }) => toTypeFault(input) }))
      .max(50)
      .optional()
      .meta({
        description:
          'Types of operational events that go there as well. Unlike the other lists: empty or missing means none.',
      }),
  })
  .meta({ description: 'Which events go there; empty and missing lists match everything.' });

/** As somebody gives it: what would never send anything, or says two things, is a mistake. */
export const givenFilterSchema = eventFilterSchema.superRefine((filter, context) => {
  if (filter.calls !== false) return;
  const refuse = (name: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  for (const name of ['statuses', 'call_types', 'phone_numbers'] as const) {
    if ((filter[name]?.length ?? 0) > 0)
      refuse(
        name,
        'chooses among events of calls, of which "calls": false sends none: leave one of them out',
      );
  }
  if ((filter.operational_events?.length ?? 0) === 0)
    refuse('operational_events', 'must name at least one where "calls" is false: nothing would ever be sent');
});

function toTypeFault(input: unknown): string {
  const nearest = typeof input === 'string' ? findNearest(input, OPERATIONAL_EVENT_TYPES) : undefined;
  return nearest === undefined
    ? `must be one of ${OPERATIONAL_EVENT_TYPES.join(', ')}`
    : `is no operational event. Did you mean "${nearest}"?`;
}

export const destinationView = z.object({
  id: z.string(),
  kind: z.string(),
  kind_title: z.string().meta({ description: 'Of its kind, for people: "HubSpot".' }),
  name: z.string().nullable(),
  target: z.string().meta({ description: targetSentence }),
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
  failing_since: timeOrNull,
  previous_secret_until: timeOrNull.meta({
    description: 'Until then the secret before the last rotation signs too.',
  }),
  created_at: time,
  updated_at: time,
  lane: z
    .object({ in_flight: z.int(), held: z.int(), breaker: z.enum(['closed', 'open']), window: z.number() })
    .nullable()
    .meta({ description: 'What this node does for it now; null before its first delivery.' }),
  pending: z.int().meta({ description: 'Pending deliveries, counted up to 10,000.' }),
  oldest_pending_at: timeOrNull,
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

/** Exported for the defaults of kinds. */
export function toFilterView({ filter }: Pick<Destination, 'filter'>): z.output<typeof eventFilterSchema> {
  return {
    ...(filter.calls === false && { calls: false }),
    ...(filter.statuses !== undefined && { statuses: [...filter.statuses] }),
    ...(filter.call_types !== undefined && { call_types: [...filter.call_types] }),
    ...(filter.phone_numbers !== undefined && { phone_numbers: [...filter.phone_numbers] }),
    ...(filter.operational_events !== undefined && {
      operational_events: filter.operational_events.filter(isOperationalEventType),
    }),
  };
}

function isOperationalEventType(text: string): text is OperationalEventType {
  return OPERATIONAL_EVENT_TYPES.some((type) => type === text);
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

export const replayView = z.object({
  id: z.string(),
  state: z.enum(REPLAY_STATES),
  filter: z
    .record(z.string(), z.unknown())
    .meta({ description: 'What is sent again, as the hub understood it.' }),
  delivery_ids: z.array(z.string()).nullable(),
  rate_per_second: z.number().nullable(),
  max: z.int().nullable().meta({ description: 'Ends after it has made this many deliveries.' }),
  expected: z.int().nullable().meta({ description: 'What a dry run counted just before, as it was given.' }),
  examined: z.int(),
  created: z.int(),
  skipped: z.int(),
  created_at: time,
  finished_at: timeOrNull,
});

export function toReplayView(replay: Replay): z.output<typeof replayView> {
  const { request } = replay;
  return {
    id: replay.id,
    state: replay.state,
    filter: { ...request.filter },
    delivery_ids: request.deliveryIds === undefined ? null : [...request.deliveryIds],
    rate_per_second: request.ratePerSecond,
    max: request.createdMax ?? null,
    expected: request.expected ?? null,
    examined: replay.examined,
    created: replay.created,
    skipped: replay.skipped,
    created_at: toRfc3339(replay.createdAtMs),
    finished_at: toRfc3339OrNull(replay.finishedAtMs),
  };
}

export const replayCountView = z.object({
  dry_run: z.literal(true),
  total: z.int(),
  per_destination: z.array(z.object({ destination_id: z.string(), count: z.int() })),
  truncated: z.boolean(),
});

export function toReplayCountView(count: ReplayCount): z.output<typeof replayCountView> {
  return {
    dry_run: true,
    total: count.total,
    per_destination: count.perDestination.map((one) => ({
      destination_id: one.destinationId,
      count: one.count,
    })),
    truncated: count.truncated,
  };
}

export const keyView = z.object({
  id: z.string(),
  account_id: z.string(),
  name: z.string(),
  scopes: z.array(z.enum(SCOPES)),
  hint: z.string().meta({ description: 'First characters of the key.' }),
  created_at: time,
  expires_at: timeOrNull,
  revoked_at: timeOrNull,
  last_used_at: timeOrNull,
});

export const keyWithTextView = keyView.extend({ key: z.string().meta({ description: 'Shown this once.' }) });

export function toKeyView(key: ApiKey): z.output<typeof keyView> {
  return {
    id: key.id,
    account_id: key.accountId,
    name: key.name,
    scopes: [...key.scopes],
    hint: key.hint,
    created_at: toRfc3339(key.createdAtMs),
    expires_at: toRfc3339OrNull(key.expiresAtMs),
    revoked_at: toRfc3339OrNull(key.revokedAtMs),
    last_used_at: toRfc3339OrNull(key.lastUsedAtMs),
  };
}

export const sourceView = z.object({
  id: z.string(),
  kind: z.enum(['api', 'voicedock']),
  name: z.string(),
  secrets: z
    .int()
    .meta({ description: 'How many secrets are accepted; the secrets themselves are never shown.' }),
  path: z.string().nullable().meta({ description: 'Where its webhooks go; null for the API itself.' }),
  created_at: time,
  updated_at: time,
});

export function toSourceView(source: Source): z.output<typeof sourceView> {
  const path = source.id === 'voicedock' ? '/webhooks/status-update' : `/webhooks/${source.id}`;
  return {
    id: source.id,
    kind: source.kind,
    name: source.name,
    secrets: source.secrets.length,
    path: source.kind === 'api' ? null : path,
    created_at: toRfc3339(source.createdAtMs),
    updated_at: toRfc3339(source.updatedAtMs),
  };
}

export const phoneNumberView = z.object({ number: z.string(), name: z.string(), created_at: time });

export function toPhoneNumberView(number: PhoneNumber): z.output<typeof phoneNumberView> {
  return { number: number.number, name: number.name, created_at: toRfc3339(number.createdAtMs) };
}

export const accountView = z.object({ id: z.string(), name: z.string(), created_at: time });

export function toAccountView(account: Account): z.output<typeof accountView> {
  return { id: account.id, name: account.name, created_at: toRfc3339(account.createdAtMs) };
}

export const auditView = z.object({
  id: z.string(),
  at: time,
  actor: z.object({ kind: z.enum(['key', 'hub']), id: z.string() }),
  action: z.string(),
  subject: z.string(),
  detail: z.record(z.string(), z.unknown()).nullable(),
});

export function toAuditView(entry: AuditEntry): z.output<typeof auditView> {
  return {
    id: entry.id,
    at: toRfc3339(entry.atMs),
    actor: { kind: entry.actor.kind, id: entry.actor.id },
    action: entry.action,
    subject: entry.subject,
    detail: entry.detail === null ? null : { ...entry.detail },
  };
}

function toText(bytes: Uint8Array): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString('utf8');
}
