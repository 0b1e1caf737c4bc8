import { z } from 'zod';
import type { Overview, OverviewReader } from '../live/overview.ts';
import type { Route } from './route.ts';

import { answer, defineRoute } from './route.ts';
import { timeView, toRfc3339, toRfc3339OrNull } from './time.ts';

export const overviewView = z.object({
  at: timeView.meta({ description: "The hub's clock." }),
  active: z.int().meta({ description: 'Calls that are live; stale ones are not counted.' }),
  stale: z
    .int()
    .meta({ description: 'Live for longer than anyone believes: nobody knows what became of them.' }),
  stale_after_ms: z.int().meta({ description: 'A call that is live for longer is stale.' }),
  longest: z
    .object({ call_id: z.string(), live_since: timeView })
    .nullable()
    .meta({ description: 'The active call that has been live the longest.' }),
  error_rate_15m: z
    .object({
      failed: z.int(),
      finished: z.int(),
      rate: z.number().nullable().meta({ description: 'failed / finished; null where none finished.' }),
    })
    .meta({ description: 'Calls that ended in the last 15 minutes.' }),
  connected_per_minute: z.number().meta({ description: 'Mean of the last 5 whole minutes.' }),
  backlog: z.object({
    pending: z.int().meta({ description: 'Pending deliveries, counted up to 10,000 for each destination.' }),
    oldest_at: timeView.nullable(),
  }),
  destinations: z.object({
    enabled: z.int(),
    paused: z.int(),
    disabled: z.int(),
    failing: z.int().meta({ description: 'Of those enabled: every attempt fails.' }),
  }),
  sources: z.array(
    z.object({
      id: z.string(),
      name: z.string(),
      kind: z.enum(['api', 'voicedock']),
      last_report_at: timeView.nullable(),
      usual_gap_ms: z.int().nullable().meta({
        description: 'From one report to the next at this hour; null where it usually says nothing now.',
      }),
      silent_since: timeView.nullable().meta({
        description: 'Its last report, where much more than the usual gap has passed since; null otherwise.',
      }),
    }),
  ),
});

export type OverviewView = z.output<typeof overviewView>;

export function toOverviewView(overview: Overview): OverviewView {
  const { live, finished, failed, backlog } = overview;
  return {
    at: toRfc3339(overview.atMs),
    active: live.active,
    stale: live.stale,
    stale_after_ms: overview.staleAfterMs,
    longest:
      live.longest === null
        ? null
        : { call_id: live.longest.callId, live_since: toRfc3339(live.longest.liveSinceMs) },
    error_rate_15m: { failed, finished, rate: finished === 0 ? null : failed / finished },
    connected_per_minute: overview.connectedPerMinute,
    backlog: { pending: backlog.pending, oldest_at: toRfc3339OrNull(backlog.oldestAtMs) },
    destinations: { ...overview.destinations },
    sources: overview.sources.map((source) => ({
      id: source.id,
      name: source.name,
      kind: source.kind,
      last_report_at: toRfc3339OrNull(source.lastReportAtMs),
      usual_gap_ms: source.usualGapMs,
      silent_since: toRfc3339OrNull(source.silentSinceMs),
    })),
  };
}

export function defineOverviewRoutes(readOverview: OverviewReader): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/overview',
      operationId: 'getOverview',
      tag: 'Calls',
      summary: 'What a wall screen shows at a glance',
      description: 'Made at most once a second. The `overview` messages of the stream hold the same.',
      scope: 'watch',
      answers: [{ status: 200, description: 'The account now.', schema: overviewView }],
      async handle({ key }) {
        return answer(200, toOverviewView(await readOverview(key.accountId)));
      },
    }),
  ];
}
