/** What the API shows of a call: the call itself, its reports and events, and its whole timeline. */
import { z } from 'zod';
import type { Call } from '../calls/call.ts';
import type { CallTimeline, DeliveryEntry, EventEntry, ReportEntry } from '../journal/reader.ts';
import type { ExplainedDestination } from './delivery-views.ts';

import { isStale } from '../calls/apply-report.ts';
import { CALL_STATES, REPORT_OUTCOMES } from '../calls/call.ts';
import { toBodyText } from './body-text.ts';
import {
  UNKNOWN_DESTINATION,
  attemptView,
  deliveryView,
  toAttemptView,
  toDeliveryView,
} from './delivery-views.ts';
import { operationalEventView, toOperationalEventView } from './operational-events.ts';
import { timeOrNullView, timeView, toRfc3339, toRfc3339OrNull } from './time.ts';

const phoneNumberOfCall = z.object({ number: z.string().nullable(), name: z.string().nullish() }).nullable();
const customerOfCall = z.object({ number: z.string().nullable() }).nullable();

export const callView = z.object({
  id: z.string().meta({ description: "The source's own opaque string." }),
  state: z.enum(CALL_STATES),
  stale: z.boolean().meta({ description: 'Live for longer than anyone believes: not counted as active.' }),
  type: z.string().nullable(),
  phone_number: phoneNumberOfCall.meta({ description: 'Our side.' }),
  customer: customerOfCall.meta({ description: 'The other side.' }),
  started_at: timeOrNullView,
  ended_at: timeOrNullView,
  duration_ms: z.int().nullable(),
  error: z.string().nullable(),
  end_reason: z.string().nullable(),
  summary: z.string().nullable(),
  sequence: z.int().meta({ description: 'Sequence of the last event; 0 before the first.' }),
  first_report_at: timeView,
  live_since: timeOrNullView,
  updated_at: timeView,
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
  accepted_at: timeView,
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
    body: toBodyText(event.body),
  };
}

export const reportView = z.object({
  id: z.string(),
  source_id: z.string().meta({ description: '`api` also where `assumed`.' }),
  assumed: z.boolean().meta({
    description: 'No source said it: the hub ended a stale call, because its account chose so.',
  }),
  received_at: timeView,
  occurred_at: timeOrNullView,
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
    assumed: report.isAssumed === true,
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
