/**
 * One call's story as a list, oldest first. In: what the hub knows of the call. Out: what came (reports), what it did
 * (changes of state, events), what the hub noticed, and where it went (deliveries, under their event). By the hub's clock alone: what sources
 * say about time is shown, and decides nothing.
 */
import type { CallState } from '../../../../hub/src/calls/call.ts';
import type { EventView, ReportView, TimelineView } from '../../data/types.ts';

import { STATE_OF_STATUS } from './call-match.ts';

export type TimelineDelivery = TimelineView['deliveries'][number];

export type TimelineEntry = {
  readonly key: string;
  readonly atMs: number;
} & (
  | { readonly kind: 'report'; readonly report: ReportView; readonly lag: Lag | null }
  | { readonly kind: 'change'; readonly from: CallState; readonly to: CallState; readonly status: string }
  | {
      readonly kind: 'event';
      /** null where a long call's events were left out and only its deliveries came. */
      readonly event: EventView | null;
      readonly eventId: string;
      readonly deliveries: readonly TimelineDelivery[];
    }
  | ({ readonly kind: 'noticed' } & TimelineView['operational_events'][number])
);

/** Between the source's time and ours. */
export interface Lag {
  readonly ms: number;
  readonly kind: 'late' | 'ahead';
}

/** What is nearer than this is the usual way over the network. */
const LAG_SHOWN_MS = 2_000;

export function toTimelineEntries(timeline: TimelineView): readonly TimelineEntry[] {
  const eventById = new Map(timeline.events.map((event) => [event.id, event]));
  const deliveriesByEvent = Map.groupBy(timeline.deliveries, (delivery) => delivery.event_id);
  const reportedEvents = new Set<string>();
  const entries: TimelineEntry[] = [];
  let state: CallState = 'none';

  const addEvent = (event: EventView, atMs: number): void => {
    const to = STATE_OF_STATUS.get(event.status);
    if (to !== undefined && to !== state) {
      entries.push({
        kind: 'change',
        key: `change ${event.id}`,
        atMs,
        from: state,
        to,
        status: event.status,
      });
      state = to;
    }
    entries.push({
      kind: 'event',
      key: event.id,
      atMs,
      event,
      eventId: event.id,
      deliveries: toSorted(deliveriesByEvent.get(event.id) ?? []),
    });
  };

  for (const report of timeline.reports.toSorted(
    (one, two) => toMs(one.received_at) - toMs(two.received_at),
  )) {
    const atMs = toMs(report.received_at);
    entries.push({ kind: 'report', key: report.id, atMs, report, lag: toLag(report) });
    const event = report.event_id === null ? undefined : eventById.get(report.event_id);
    if (event === undefined) continue;
    reportedEvents.add(event.id);
    addEvent(event, toMs(event.accepted_at));
  }
  // Of a call with more reports than are told, some events have none here.
  for (const event of timeline.events)
    if (!reportedEvents.has(event.id)) addEvent(event, toMs(event.accepted_at));
  for (const [eventId, deliveries] of deliveriesByEvent) {
    if (eventById.has(eventId)) continue;
    const atMs = Math.min(...deliveries.map((delivery) => toMs(delivery.created_at)));
    entries.push({
      kind: 'event',
      key: eventId,
      atMs,
      event: null,
      eventId,
      deliveries: toSorted(deliveries),
    });
  }
  for (const told of timeline.operational_events)
    entries.push({ kind: 'noticed', key: told.event.id, atMs: toMs(told.event.at), ...told });
  // Stable: what belongs together and has one time stays in its order.
  return entries.toSorted((one, two) => one.atMs - two.atMs);
}

/** Reports that changed nothing and say the same as the one before them. */
export interface RepeatedRun {
  readonly key: string;
  readonly kind: 'run';
  readonly entries: readonly TimelineEntry[];
}

/** Fewer are no burden. */
const RUN_ENTRIES_MIN = 4;

/** A source that repeats a report a thousand times must not bury the rest of the story. */
export function foldRepeated(entries: readonly TimelineEntry[]): readonly (TimelineEntry | RepeatedRun)[] {
  const folded: (TimelineEntry | RepeatedRun)[] = [];
  for (let at = 0; at < entries.length;) {
    const run = entries.slice(at, findRunEnd(entries, at));
    const [first, ...rest] = run;
    if (first === undefined) break;
    if (rest.length < RUN_ENTRIES_MIN) folded.push(...run);
    else folded.push(first, { key: `run ${first.key}`, kind: 'run', entries: rest });
    at += run.length;
  }
  return folded;
}

function findRunEnd(entries: readonly TimelineEntry[], start: number): number {
  const first = entries[start];
  let end = start + 1;
  if (first?.kind !== 'report' || first.report.outcome === 'advanced') return end;
  for (; end < entries.length; end += 1) {
    const entry = entries[end];
    if (entry?.kind !== 'report' || !isAlike(first.report, entry.report)) break;
  }
  return end;
}

function isAlike(one: ReportView, two: ReportView): boolean {
  return (
    one.status === two.status &&
    one.outcome === two.outcome &&
    one.reason === two.reason &&
    one.source_id === two.source_id &&
    one.report.error === two.report.error
  );
}

/** In the order they were made; a replay of one destination so stands beneath what it repeats. */
function toSorted(deliveries: readonly TimelineDelivery[]): readonly TimelineDelivery[] {
  return deliveries.toSorted(
    (one, two) =>
      one.destination_id.localeCompare(two.destination_id) || toMs(one.created_at) - toMs(two.created_at),
  );
}

/** null where the two clocks agree well enough, and where the source gave no time. */
export function toLag(report: Pick<ReportView, 'occurred_at' | 'received_at'>): Lag | null {
  if (report.occurred_at === null) return null;
  const ms = toMs(report.received_at) - toMs(report.occurred_at);
  if (Math.abs(ms) <= LAG_SHOWN_MS) return null;
  return ms > 0 ? { ms, kind: 'late' } : { ms: -ms, kind: 'ahead' };
}

/** One word for all deliveries of an event, worst first: what has to be looked at decides. */
export interface DeliverySummary {
  readonly dead: number;
  readonly retrying: number;
  readonly waiting: number;
  readonly delivered: number;
  readonly other: number;
}

export function summarizeDeliveries(deliveries: readonly TimelineDelivery[]): DeliverySummary {
  const summary = { dead: 0, retrying: 0, waiting: 0, delivered: 0, other: 0 };
  for (const { state, attempts } of deliveries) {
    if (state === 'dead') summary.dead += 1;
    else if (state === 'delivered') summary.delivered += 1;
    else if (state === 'pending') summary[attempts > 0 ? 'retrying' : 'waiting'] += 1;
    else summary.other += 1;
  }
  return summary;
}

/** Whether its attempts are shown without being asked for: what failed, and has not been made good by a later one. */
export function isTroubled(delivery: TimelineDelivery, siblings: readonly TimelineDelivery[]): boolean {
  if (delivery.state === 'pending') return delivery.attempts > 0;
  return (
    delivery.state === 'dead' &&
    !siblings.some((other) => other.destination_id === delivery.destination_id && other.state === 'delivered')
  );
}

function toMs(at: string): number {
  return Date.parse(at);
}
