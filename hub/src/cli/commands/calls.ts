import { createApiClient, readPages } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { EXIT } from '../failure.ts';
import { printRecord, printTable, toPlainText } from '../output.ts';
import type { Colour } from '../output.ts';
import { toListQuery } from '../list-query.ts';
import type { CallView, TimelineView } from '../views.ts';

type Options = Readonly<Record<string, unknown>>;

export async function listCalls(context: CommandContext, options: Options): Promise<number> {
  const { query, limit } = toListQuery(options);
  const calls = await readPages<CallView>(createApiClient(context), '/v1/calls', query, limit);
  printTable(context.output, calls, [
    { title: 'CALL', toText: (call) => call.id },
    {
      title: 'STATE',
      toText: (call) => (call.stale ? 'unknown' : call.state),
      toColour: (call) => (call.stale ? 'yellow' : STATE_COLOURS[call.state]),
    },
    { title: 'TYPE', toText: (call) => call.type },
    { title: 'NUMBER', toText: (call) => call.phone_number?.number },
    { title: 'CUSTOMER', toText: (call) => call.customer?.number },
    { title: 'DURATION', toText: (call) => toDurationWords(call.duration_ms) },
    { title: 'CHANGED', toText: (call) => call.updated_at },
    { title: 'ERROR', toText: (call) => call.error ?? '' },
  ]);
  return EXIT.ok;
}

const STATE_COLOURS: Readonly<Record<CallView['state'], Colour | undefined>> = {
  none: 'dim',
  live: 'green',
  ended: undefined,
  failed: 'red',
};

export async function getCall(
  context: CommandContext,
  _options: Options,
  [callId = '']: readonly string[],
): Promise<number> {
  printRecord(
    context.output,
    await createApiClient(context).get<CallView>(`/v1/calls/${encodeURIComponent(callId)}`),
  );
  return EXIT.ok;
}

interface Moment {
  readonly at: string;
  readonly text: string;
}

export async function showTimeline(
  context: CommandContext,
  _options: Options,
  [callId = '']: readonly string[],
): Promise<number> {
  const { output } = context;
  const timeline = await createApiClient(context).get<TimelineView>(
    `/v1/calls/${encodeURIComponent(callId)}/timeline`,
  );
  if (output.json) {
    output.value(timeline);
    return EXIT.ok;
  }
  for (const moment of toMoments(timeline)) {
    output.line(`${output.paint('dim', moment.at)}  ${toPlainText(moment.text)}`);
  }
  if (timeline.truncated) output.note('There is more than fits: these are the first 1,000 of each.');
  return EXIT.ok;
}

/** Everything that happened to the call in the order of the hub's clock. */
export function toMoments(timeline: TimelineView): readonly Moment[] {
  const moments: Moment[] = timeline.reports.map((report) => ({
    at: report.received_at,
    text: `report   ${report.status} ${report.assumed ? 'assumed by the hub' : `from ${report.source_id}`}: ${report.outcome}${report.reason === null ? '' : ` (${report.reason})`}`,
  }));
  for (const event of timeline.events) {
    moments.push({
      at: event.accepted_at,
      text: `event    ${event.status}, number ${event.sequence} of the call [${event.id}]`,
    });
  }
  for (const delivery of timeline.deliveries) {
    for (const attempt of delivery.attempt_entries) {
      const answer = attempt.status ?? attempt.cause ?? '';
      moments.push({
        at: attempt.started_at,
        text: `attempt  ${attempt.number} of ${delivery.status} to ${delivery.destination_id}: ${attempt.outcome} [${answer}] in ${Math.round(attempt.duration_ms)} ms${attempt.detail === null ? '' : `; ${attempt.detail}`}`,
      });
    }
    if (delivery.state !== 'pending' && delivery.state !== 'delivered') {
      moments.push({
        at: delivery.finished_at ?? delivery.created_at,
        text: `delivery ${delivery.status} to ${delivery.destination_id}: ${delivery.state}${delivery.state_reason === null ? '' : ` (${delivery.state_reason})`}`,
      });
    }
  }
  for (const { event, deliveries } of timeline.operational_events) {
    const told = deliveries.map((delivery) => `${delivery.destination_id} ${delivery.state}`);
    moments.push({
      at: event.at,
      text: `noticed  ${event.type}: ${event.summary}${told.length === 0 ? '' : ` Told: ${told.join(', ')}.`}`,
    });
  }
  // Sorting is stable, so what has the same millisecond stays in the order report, event, attempt, operational event.
  return moments.sort((one, other) => (one.at < other.at ? -1 : one.at > other.at ? 1 : 0));
}

export function toDurationWords(durationMs: number | null): string | null {
  if (durationMs === null) return null;
  const seconds = Math.round(durationMs / 1000);
  const hours = Math.floor(seconds / 3600);
  const clock = `${String(Math.floor((seconds % 3600) / 60)).padStart(hours > 0 ? 2 : 1, '0')}:${String(seconds % 60).padStart(2, '0')}`;
  return hours > 0 ? `${hours}:${clock}` : clock;
}
