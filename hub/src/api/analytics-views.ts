/**
 * What the API shows of what the journal counted. Only what three statuses can tell, each by its right name: attempts
 * that nobody answered are never reported, so there is no answer ratio here.
 */
import { z } from 'zod';
import type { DeliverySlot, DestinationStatistics, ErrorGroup, StateCounts } from '../journal/analytics.ts';
import type { Destination } from '../journal/destinations.ts';
import type { CallStatisticsFacts, CallTotals } from './call-statistics.ts';

import { ERROR_CLASSES, ERROR_GROUP_STATES } from '../journal/analytics.ts';
import { toQuantileMs } from './quantile.ts';
import { timeView, toRfc3339, toRfc3339OrNull } from './time.ts';

const rate = z.number().nullable().meta({ description: '0 to 1; null where there is nothing to divide by.' });

const callTotals = z.object({
  connected: z.int().meta({ description: 'Calls that became live.' }),
  ended: z.int(),
  failed: z.int().meta({ description: 'Ended with error.' }),
  finished: z.int().meta({ description: 'ended and failed together.' }),
  error_rate: rate,
  clean_end_rate: rate,
  unpaired: z.int().meta({ description: 'Ends whose start nobody had reported.' }),
  duration: z.object({
    count: z.int().meta({ description: 'Calls whose start and end are both known; only these have one.' }),
    mean_ms: z.number().nullable(),
    p50_ms: z.number().nullable(),
    p95_ms: z.number().nullable(),
    max_ms: z.number().nullable(),
  }),
  short_calls: z.int().meta({ description: 'Shorter than 10 seconds.' }),
  active_peak: z.int().meta({ description: 'Most calls active at once.' }),
  active_peak_at: timeView.nullable().meta({ description: 'Begin of the first slot with that peak.' }),
  mean_active: z.number().nullable().meta({
    description:
      'Calls active at once on average (erlangs): time within the range that was spent in calls which ended in it, divided by its length; never more than active_peak.',
  }),
  repeated: z.int(),
  late: z.int(),
  conflicting: z.int(),
  noted: z.int(),
});

const callSlot = z.object({
  at: timeView,
  connected: z.int(),
  ended: z.int(),
  failed: z.int(),
  unpaired: z.int(),
  active_peak: z.int(),
  active_end: z.int(),
  repeated: z.int(),
  late: z.int(),
  conflicting: z.int(),
  noted: z.int(),
});

const errorOfCalls = z.object({
  id: z.string(),
  class: z.enum(ERROR_CLASSES),
  fingerprint: z.string().meta({
    description: 'The text with its numbers and ids as "#"; empty where a call failed without one.',
  }),
  example: z.string().meta({ description: 'The last text as it came.' }),
  search: z.string().meta({
    description:
      'What all texts of the group share, for the filter: error:"<search>" (quotes in it are escaped already). Empty where they share nothing.',
  }),
  state: z.enum(ERROR_GROUP_STATES),
  count: z.int(),
});

export const callStatisticsView = z.object({
  since: timeView.meta({ description: 'As counted: moved to whole minutes, or hours for long steps.' }),
  until: timeView,
  step_ms: z.int(),
  time_zone: z.string(),
  totals: callTotals,
  previous: callTotals
    .nullable()
    .meta({ description: 'The period of the same length just before; with compare=previous.' }),
  slots: z.array(callSlot),
  previous_slots: z.array(callSlot).nullable().meta({ description: 'Slot by slot as `slots`, by index.' }),
  durations: z
    .array(z.object({ from_ms: z.number(), to_ms: z.number(), count: z.int() }))
    .meta({ description: 'Bars [from, to), empty ones left out.' }),
  heat: z
    .array(
      z.object({
        weekday: z.int().meta({ description: '1 is Monday.' }),
        hour: z.int(),
        connected: z.int(),
        failed: z.int(),
      }),
    )
    .meta({ description: 'All 168 hours of a week, in time_zone.' }),
  errors: z.array(errorOfCalls).meta({ description: 'Failed calls of the range by group, most first.' }),
});

export type CallStatisticsView = z.output<typeof callStatisticsView>;

export function toCallStatisticsView(
  facts: CallStatisticsFacts,
  previous: Pick<CallStatisticsFacts, 'totals' | 'slots'> | null,
): CallStatisticsView {
  return {
    since: toRfc3339(facts.sinceMs),
    until: toRfc3339(facts.untilMs),
    step_ms: facts.stepMs,
    time_zone: facts.timeZone,
    totals: toTotalsView(facts.totals),
    previous: previous === null ? null : toTotalsView(previous.totals),
    slots: facts.slots.map(toCallSlotView),
    previous_slots: previous === null ? null : previous.slots.map(toCallSlotView),
    durations: facts.durations.map(({ fromMs, toMs, count }) => ({ from_ms: fromMs, to_ms: toMs, count })),
    heat: facts.heat.map((hour) => ({ ...hour })),
    errors: facts.errors.map(({ group, count }) => ({ ...toErrorView(group), count })),
  };
}

function toTotalsView(totals: CallTotals): z.output<typeof callTotals> {
  return {
    connected: totals.connected,
    ended: totals.ended,
    failed: totals.failed,
    finished: totals.finished,
    error_rate: toRate(totals.failed, totals.finished),
    clean_end_rate: toRate(totals.ended, totals.finished),
    unpaired: totals.unpaired,
    duration: {
      count: totals.durationCount,
      mean_ms: totals.meanMs,
      p50_ms: totals.p50Ms,
      p95_ms: totals.p95Ms,
      max_ms: totals.maxMs,
    },
    short_calls: totals.shortCalls,
    active_peak: totals.activePeak,
    active_peak_at: toRfc3339OrNull(totals.activePeakAtMs),
    mean_active: totals.meanActive,
    repeated: totals.repeated,
    late: totals.late,
    conflicting: totals.conflicting,
    noted: totals.noted,
  };
}

function toCallSlotView(slot: CallStatisticsFacts['slots'][number]): z.output<typeof callSlot> {
  return {
    at: toRfc3339(slot.startMs),
    connected: slot.connected,
    ended: slot.ended,
    failed: slot.failed,
    unpaired: slot.unpaired,
    active_peak: slot.activePeak,
    active_end: slot.activeEnd,
    repeated: slot.repeated,
    late: slot.late,
    conflicting: slot.conflicting,
    noted: slot.noted,
  };
}

const deliverySlot = z.object({
  at: timeView,
  delivered: z.int(),
  failed_attempts: z.int(),
  dead: z.int(),
});

export const deliveryStatisticsView = z.object({
  since: timeView,
  until: timeView,
  step_ms: z.int(),
  totals: z.object({
    delivered: z.int(),
    failed_attempts: z.int(),
    dead: z.int(),
    success_rate: rate.meta({ description: 'Attempts that delivered, of all attempts.' }),
  }),
  destinations: z.array(
    z.object({
      destination_id: z.string(),
      name: z.string().nullable(),
      kind: z.string().nullable(),
      deleted: z.boolean(),
      delivered: z.int(),
      failed_attempts: z.int(),
      dead: z.int(),
      success_rate: rate,
      p50_ms: z.number().nullable().meta({ description: 'Of the attempts that delivered.' }),
      p95_ms: z.number().nullable(),
      slots: z.array(deliverySlot).meta({ description: 'Only those in which something happened.' }),
    }),
  ),
});

export type DeliveryStatisticsView = z.output<typeof deliveryStatisticsView>;

export function toDestinationStatisticsView(
  statistics: DestinationStatistics,
  destination: Destination | undefined,
): DeliveryStatisticsView['destinations'][number] {
  const { delivered, failedAttempts, dead, latencies } = statistics;
  return {
    destination_id: statistics.destinationId,
    name: destination?.name ?? null,
    kind: destination?.kind ?? null,
    deleted: destination === undefined,
    delivered,
    failed_attempts: failedAttempts,
    dead,
    success_rate: toRate(delivered, delivered + failedAttempts),
    p50_ms: toQuantileMs(latencies, 0.5),
    p95_ms: toQuantileMs(latencies, 0.95),
    slots: statistics.slots.map(toDeliverySlotView),
  };
}

function toDeliverySlotView(slot: DeliverySlot): z.output<typeof deliverySlot> {
  return {
    at: toRfc3339(slot.startMs),
    delivered: slot.delivered,
    failed_attempts: slot.failedAttempts,
    dead: slot.dead,
  };
}

export const errorGroupView = errorOfCalls.extend({
  first_at: timeView,
  last_at: timeView,
  count: z.int().meta({ description: 'Calls of the group as long as it is known.' }),
  last_call_id: z.string(),
  hours: z
    .array(z.int())
    .meta({ description: 'Calls in each of the last 24 hours, oldest first; the last one is not over.' }),
});

export type ErrorGroupView = z.output<typeof errorGroupView>;

/** How many hours an error group shows. */
export const ERROR_HOURS = 24;

export function toErrorGroupView(group: ErrorGroup, hours: readonly number[] | undefined): ErrorGroupView {
  return {
    ...toErrorView(group),
    first_at: toRfc3339(group.firstAtMs),
    last_at: toRfc3339(group.lastAtMs),
    count: group.count,
    last_call_id: group.lastCallId,
    hours: hours === undefined ? Array.from({ length: ERROR_HOURS }, () => 0) : [...hours],
  };
}

function toErrorView(group: ErrorGroup): Omit<z.output<typeof errorOfCalls>, 'count'> {
  return {
    id: group.id,
    class: group.errorClass,
    fingerprint: group.fingerprint,
    example: group.example,
    search: toErrorSearch(group.fingerprint),
    state: group.state,
  };
}

/**
 * The longest run of the fingerprint between its numbers: what all texts of the group share, as it stands between the
 * quotes of `error:"…"`. The filter looks for pieces of words, so a run that begins or ends inside a word is found too.
 */
export function toErrorSearch(fingerprint: string): string {
  const runs = fingerprint.split('#').map((run) => run.trim());
  const longest = runs.reduce((best, run) => (run.length > best.length ? run : best), '');
  return longest
    .slice(0, SEARCH_CHARACTERS_MAX)
    .trim()
    .replaceAll(/["\\]/g, String.raw`\$&`);
}

/** A filter has at most 1,024 characters, and each of these may need its backslash. */
const SEARCH_CHARACTERS_MAX = 200;

export const stateCountsView = z.object({
  counts: z.record(z.string(), z.int()).meta({ description: 'By state, whatever states the filter names.' }),
  limit: z.int().meta({ description: 'Each state is counted up to this many.' }),
  truncated: z.boolean().meta({ description: 'There may be more of some states than was counted.' }),
});

export type StateCountsView = z.output<typeof stateCountsView>;

export function toStateCountsView(counts: StateCounts, limit: number): StateCountsView {
  return { counts: { ...counts.counts }, limit, truncated: counts.truncated };
}

export function toRate(part: number, whole: number): number | null {
  return whole === 0 ? null : part / whole;
}
