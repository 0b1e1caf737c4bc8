import { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { CallSlot, CallStatistics, StatisticsRequest } from '../journal/analytics.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeFault } from '../ingest/problem.ts';
import { HOURS_KEPT_DAYS, MINUTES_KEPT_MS, SLOTS_MAX } from '../journal/analytics.ts';
import { sumCalls } from './call-statistics.ts';
import { isTimeZone, toHeatMap, toHeatStepMs } from './heat-map.ts';
import { answer, defineRoute } from './route.ts';
import { sinceSchema } from './time.ts';
import {
  callStatisticsView,
  deliveryStatisticsView,
  toCallStatisticsView,
  toDestinationStatisticsView,
  toRate,
} from './analytics-views.ts';
import type { DeliveryStatisticsView } from './analytics-views.ts';

const SECOND_MS = 1_000;
const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

/** An hour is a multiple of each step below it, and a day of each above. */
const STEPS_MS = {
  '1m': MINUTE_MS,
  '5m': 5 * MINUTE_MS,
  '15m': 15 * MINUTE_MS,
  '30m': 30 * MINUTE_MS,
  '1h': HOUR_MS,
  '6h': 6 * HOUR_MS,
  '1d': DAY_MS,
} as const;
type Step = keyof typeof STEPS_MS;
const STEPS = Object.keys(STEPS_MS) as [Step, ...Step[]];
/** Half an hour would only be one more width of bars to get used to. */
const AUTO_STEPS = ['1m', '5m', '15m', '1h', '6h', '1d'] as const satisfies readonly Step[];
/** As many bars as a chart shows well; a week by the hour still fits. */
const AUTO_SLOTS_MAX = 168;
const RANGE_MS_DEFAULT = DAY_MS;
/** The heat map reads each of its hours. */
const RANGE_DAYS_MAX = HOURS_KEPT_DAYS;

const rangeShape = {
  since: sinceSchema.optional().meta({
    description: 'RFC 3339, or a duration back from now: 15m, 24h, 7d; a day before `until` if not given.',
  }),
  until: sinceSchema.optional().meta({ description: 'As `since`; now if not given.' }),
  step: z
    .enum(['auto', ...STEPS])
    .default('auto')
    .meta({
      description:
        'Length of a slot; auto gives at most 168 of them. Never below 1h where any of it is more than 48 hours old: `step_ms` says what it came to.',
    }),
};

const callsQuery = z.strictObject({
  ...rangeShape,
  time_zone: z
    .string()
    .refine(isTimeZone, 'must be a time zone by its IANA name, such as "Europe/Amsterdam" or "UTC"')
    .default('UTC')
    .meta({ description: 'IANA name: whose hours and weekdays the heat map shows.' }),
  compare: z.literal('previous').optional().meta({
    description:
      'previous: also the period of the same length just before; null where counting began after its begin.',
  }),
});

export function defineAnalyticsRoutes({ journal, clock }: ApiGround): readonly Route[] {
  /** Slots of at most an hour of the zone: those of the answer where they are fine enough, else read anew. */
  async function readHeatSlots(
    request: StatisticsRequest,
    statistics: CallStatistics,
    timeZone: string,
  ): Promise<readonly CallSlot[]> {
    const { sinceMs, untilMs } = statistics;
    const heatStepMs = toHeatStepMs(timeZone, sinceMs, untilMs);
    if (heatStepMs % request.stepMs === 0) return statistics.slots;
    const slots: CallSlot[] = [];
    const chunkMs = (SLOTS_MAX - 1) * heatStepMs;
    for (let atMs = sinceMs; atMs < untilMs;) {
      const endMs = Math.min(Math.floor((atMs + chunkMs) / heatStepMs) * heatStepMs, untilMs);
      const chunk = await journal.readCallStatistics({
        accountId: request.accountId,
        sinceMs: atMs,
        untilMs: endMs,
        stepMs: heatStepMs,
      });
      slots.push(...chunk.slots);
      atMs = endMs;
    }
    return slots;
  }

  /** Half a period would be compared as if it were a whole one. */
  async function readPrevious(request: StatisticsRequest): Promise<CallStatistics | null> {
    const countedSinceMs = await journal.readCountedSince(request.accountId);
    if (countedSinceMs === null || countedSinceMs > request.sinceMs) return null;
    return journal.readCallStatistics(request);
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/v1/analytics/calls',
      operationId: 'getCallStatistics',
      tag: 'Analytics',
      summary: 'Calls over time: how many, how long, how they ended, how many at once',
      description:
        'Counted by when a report was accepted, since a source’s clock may be wrong. Attempts that nobody answered are never reported, so there is no answer ratio.',
      scope: 'watch',
      query: callsQuery,
      answers: [{ status: 200, description: 'The statistics.', schema: callStatisticsView }],
      async handle({ key, query }) {
        const nowMs = clock.nowMs();
        const range = readRange(query, nowMs, query.compare !== undefined);
        if (range.kind === 'problem') return range;
        const request = { accountId: key.accountId, ...range.request };
        const statistics = await journal.readCallStatistics(request);
        const { sinceMs, untilMs } = statistics;
        const previous =
          query.compare === undefined
            ? null
            : await readPrevious({ ...request, sinceMs: sinceMs - (untilMs - sinceMs), untilMs: sinceMs });
        const heatSlots = await readHeatSlots(request, statistics, query.time_zone);
        return answer(
          200,
          toCallStatisticsView(
            {
              ...statistics,
              timeZone: query.time_zone,
              totals: sumCalls(statistics, nowMs),
              heat: toHeatMap(heatSlots, query.time_zone),
            },
            previous === null ? null : { totals: sumCalls(previous, nowMs), slots: previous.slots },
          ),
        );
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/analytics/deliveries',
      operationId: 'getDeliveryStatistics',
      tag: 'Analytics',
      summary: 'Deliveries over time: success and latency of each destination',
      scope: 'watch',
      query: z.strictObject(rangeShape),
      answers: [{ status: 200, description: 'The statistics.', schema: deliveryStatisticsView }],
      async handle({ key, query }) {
        const range = readRange(query, clock.nowMs(), false);
        if (range.kind === 'problem') return range;
        const [statistics, destinations] = await Promise.all([
          journal.readDeliveryStatistics({ accountId: key.accountId, ...range.request }),
          journal.listDestinations(key.accountId),
        ]);
        const byId = new Map(destinations.map((destination) => [destination.id, destination]));
        const views = statistics.destinations.map((one) =>
          toDestinationStatisticsView(one, byId.get(one.destinationId)),
        );
        const sum = (pick: (view: (typeof views)[number]) => number): number =>
          views.reduce((total, view) => total + pick(view), 0);
        const delivered = sum((view) => view.delivered);
        const failedAttempts = sum((view) => view.failed_attempts);
        const view: DeliveryStatisticsView = {
          since: new Date(statistics.sinceMs).toISOString(),
          until: new Date(statistics.untilMs).toISOString(),
          step_ms: statistics.stepMs,
          totals: {
            delivered,
            failed_attempts: failedAttempts,
            dead: sum((view) => view.dead),
            success_rate: toRate(delivered, delivered + failedAttempts),
          },
          destinations: views,
        };
        return answer(200, view);
      },
    }),
  ];
}

type Range = { readonly kind: 'range'; readonly request: Omit<StatisticsRequest, 'accountId'> } | Problem;

function readRange(
  query: { readonly since?: number | undefined; readonly until?: number | undefined; readonly step: string },
  nowMs: number,
  comparesPrevious: boolean,
): Range {
  const untilMs = query.until ?? nowMs;
  const sinceMs = query.since ?? untilMs - RANGE_MS_DEFAULT;
  const lengthMs = untilMs - sinceMs;
  if (lengthMs <= 0) {
    const [name, words] =
      query.until === undefined ? ['since', 'must lie before now.'] : ['until', 'must be later than since.'];
    return makeFault('invalid_query', 'query', `/${name}`, words, 'out_of_order');
  }
  // A duration back from now is read a moment before now is: a week must not be longer than a week by that.
  const askedMs = Math.floor(lengthMs / SECOND_MS) * SECOND_MS;
  if (askedMs > RANGE_DAYS_MAX * DAY_MS) {
    return makeFault(
      'invalid_query',
      'query',
      '/since',
      `lies more than ${RANGE_DAYS_MAX} days before until.`,
      'too_much',
    );
  }
  const step = STEPS.find((known) => known === query.step) ?? toAutoStep(askedMs);
  const stepMs = STEPS_MS[step];
  // Both ends may cut a slot.
  const slots = Math.ceil(lengthMs / stepMs) + 1;
  if (slots > SLOTS_MAX) {
    const fitting = STEPS.find((one) => Math.ceil(lengthMs / STEPS_MS[one]) + 1 <= SLOTS_MAX);
    const remedy = fitting === undefined ? 'ask for a shorter range' : `take ${fitting}, or auto`;
    return makeFault(
      'invalid_query',
      'query',
      '/step',
      `gives ${slots} slots over this range and at most ${SLOTS_MAX} are shown: ${remedy}.`,
      'too_much',
    );
  }
  // Where minutes are gone a finer chart would be a comb: all of an hour in its first slot, and nothing between.
  const minutesSinceMs = Math.floor(nowMs / HOUR_MS) * HOUR_MS - MINUTES_KEPT_MS;
  const oldestMs = comparesPrevious ? sinceMs - lengthMs : sinceMs;
  const keptStepMs = oldestMs < minutesSinceMs ? Math.max(stepMs, HOUR_MS) : stepMs;
  return { kind: 'range', request: { sinceMs, untilMs, stepMs: keptStepMs } };
}

function toAutoStep(lengthMs: number): Step {
  return AUTO_STEPS.find((step) => lengthMs <= AUTO_SLOTS_MAX * STEPS_MS[step]) ?? '1d';
}
