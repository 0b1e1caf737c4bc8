/** What the API shows of deliveries and of the attempts at them, with what their answers mean. */
import { z } from 'zod';
import type { AttemptEntry, DeliveryEntry } from '../journal/reader.ts';
import type { NameDestinations } from './destination-names.ts';
import type { AttemptFacts } from './explain-attempt.ts';

import { ATTEMPT_OUTCOMES, DELIVERY_STATES } from '../journal/delivery-state.ts';
import { DESTINATION_STATES } from '../journal/destinations.ts';
import { toBodyText } from './body-text.ts';
import { targetView } from './destination-views.ts';
import { explainAttempt } from './explain-attempt.ts';
import { timeOrNullView, timeView, toRfc3339, toRfc3339OrNull } from './time.ts';

export const explanationView = z
  .object({ title: z.string(), hint: z.string().meta({ description: 'What to do about it.' }) })
  .meta({ description: 'What an answer that did not deliver means, in plain words.' });

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
  due_at: timeOrNullView.meta({
    description: 'Next try; null while it waits behind an earlier event of its call.',
  }),
  created_at: timeView,
  finished_at: timeOrNullView,
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

export const UNKNOWN_DESTINATION: ExplainedDestination = { destinationState: null, destinationKind: null };

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
  started_at: timeView,
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
    response_body: attempt.responseBody === null ? null : toBodyText(attempt.responseBody),
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
      target: targetView,
      url: z.string().nullable().meta({ description: 'Where its kind has one.' }),
      state: z.enum(DESTINATION_STATES),
    })
    .nullable()
    .meta({ description: 'null once it is deleted.' }),
  attempt_entries: z.array(attemptDetailView),
  body: z.string().meta({ description: 'The exact text that is sent.' }),
});
