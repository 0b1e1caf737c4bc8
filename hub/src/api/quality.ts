import { z } from 'zod';
import type { LiveCalls } from '../journal/analytics.ts';
import type { Source } from '../journal/accounts.ts';
import type { SourceQuality } from '../journal/source-quality.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeFault } from '../ingest/problem.ts';
import { HOURS_KEPT_DAYS } from '../journal/analytics.ts';
import { SKEW_CLASS_SECONDS } from '../journal/source-quality.ts';
import { answer, defineRoute } from './route.ts';
import { sinceSchema, timeView, toRfc3339 } from './time.ts';
import { toRate } from './analytics-views.ts';

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
const RANGE_DAYS_MAX = HOURS_KEPT_DAYS;

const share = z.number().nullable();
const skewClasses = z.array(
  z.object({
    over_s: z.number().meta({ description: 'Further off than this.' }),
    up_to_s: z.number().nullable().meta({ description: 'At most this; null without end.' }),
    count: z.int(),
  }),
);

const sourceQualityView = z.object({
  source: z.object({
    id: z.string(),
    name: z.string().nullable().meta({ description: 'null once it is deleted.' }),
    kind: z.string().nullable(),
  }),
  reports: z.int().meta({ description: 'Accepted, whatever they came to: the next five together.' }),
  advanced: z.int().meta({ description: 'Changed the state of their call.' }),
  repeated: z.int().meta({ description: 'Said what was known.' }),
  late: z.int().meta({ description: 'A start that came after the end of its call.' }),
  conflicting: z.int().meta({ description: 'Another end than the one held true, also one the hub assumed.' }),
  noted: z.int().meta({ description: 'Kept; said nothing about the state.' }),
  unpaired_ends: z.int().meta({ description: 'Ends whose start nobody had reported.' }),
  bad_signatures: z.int().meta({ description: 'Refused at the door: signature missing or wrong.' }),
  bad_requests: z.int().meta({ description: 'Refused at the door for what they hold.' }),
  clock: z
    .object({
      reports: z.int().meta({ description: 'Those that say when it happened.' }),
      behind: skewClasses.meta({ description: 'Whose own time was before ours: delay on the way included.' }),
      ahead: skewClasses.meta({
        description: 'Whose own time was after ours: their clock or ours is wrong.',
      }),
      within_1_s: share.meta({ description: '0 to 1, either way; null where none said when.' }),
      within_30_s: share,
    })
    .meta({ description: "The reports' own times against the moment at which they were accepted." }),
});

export const qualityView = z.object({
  since: timeView.meta({ description: 'Whole hours are counted: the beginning of the first.' }),
  until: timeView.meta({ description: 'The end of the last.' }),
  sources: z.array(sourceQualityView),
  unpaired_starts: z
    .object({
      stale: z.int().meta({ description: 'Live for so long that their end was most likely never reported.' }),
      active: z.int().meta({ description: 'Live, and not stale.' }),
    })
    .meta({ description: 'Calls of the account that have a start and no end, now.' }),
});

export type QualityView = z.output<typeof qualityView>;
export type SourceQualityView = z.output<typeof sourceQualityView>;

const qualityQuery = z.strictObject({
  since: sinceSchema.optional().meta({
    description: 'RFC 3339, or a duration back from now: 24h, 7d; a day before `until` if not given.',
  }),
  until: sinceSchema.optional().meta({ description: 'As `since`; now if not given.' }),
});

export function defineQualityRoutes({ journal, clock, settings }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/quality',
      operationId: 'getQuality',
      tag: 'Sources',
      summary: 'How good the reports of each source are',
      description:
        'What came twice, late, against what was known, without its other half, unsigned or at odd times. Counted by when it was accepted; the last minute may be missing.',
      scope: 'watch',
      query: qualityQuery,
      answers: [{ status: 200, description: 'Per source and for the account.', schema: qualityView }],
      async handle({ key, query }) {
        const nowMs = clock.nowMs();
        const untilMs = toHourEnd(query.until ?? nowMs);
        const sinceMs = toHourStart(query.since ?? (query.until ?? nowMs) - DAY_MS);
        if (sinceMs >= untilMs) return OUT_OF_ORDER;
        if (untilMs - sinceMs > RANGE_DAYS_MAX * DAY_MS + 2 * HOUR_MS) return TOO_LONG;
        const [sources, counts, live] = await Promise.all([
          journal.listSources(key.accountId),
          journal.readSourceQuality(key.accountId, sinceMs, untilMs),
          journal.readLiveCalls(key.accountId, nowMs - settings.staleAfterMs),
        ]);
        return answer(200, toQualityView(sinceMs, untilMs, sources, counts, live));
      },
    }),
  ];
}

function toQualityView(
  sinceMs: number,
  untilMs: number,
  sources: readonly Source[],
  counts: readonly SourceQuality[],
  live: LiveCalls,
): QualityView {
  const known = new Map(sources.map((source) => [source.id, source]));
  // One that was deleted has counts and no name; one that says nothing has a name and no counts.
  const ids = new Set([...known.keys(), ...counts.map(({ sourceId }) => sourceId)]);
  return {
    since: toRfc3339(sinceMs),
    until: toRfc3339(untilMs),
    sources: Array.from(ids, (id) => ({
      source: { id, name: known.get(id)?.name ?? null, kind: known.get(id)?.kind ?? null },
      ...sumQuality(counts.filter(({ sourceId }) => sourceId === id)),
    })),
    unpaired_starts: { stale: live.stale, active: live.active },
  };
}

function sumQuality(hours: readonly SourceQuality[]): Omit<SourceQualityView, 'source'> {
  const sum = (toCount: (hour: SourceQuality) => number): number =>
    hours.reduce((total, hour) => total + toCount(hour), 0);
  const outcomes = {
    advanced: sum((hour) => hour.advanced),
    repeated: sum((hour) => hour.repeated),
    late: sum((hour) => hour.late),
    conflicting: sum((hour) => hour.conflicting),
    noted: sum((hour) => hour.noted),
  };
  const behind = SKEW_CLASSES.map((_, index) => sum((hour) => hour.behind[index] ?? 0));
  const ahead = SKEW_CLASSES.map((_, index) => sum((hour) => hour.ahead[index] ?? 0));
  const total = [...behind, ...ahead].reduce((all, count) => all + count, 0);
  const within = (limitS: number): number =>
    SKEW_CLASSES.reduce(
      (all, { up_to_s }, index) =>
        up_to_s !== null && up_to_s <= limitS ? all + (behind[index] ?? 0) + (ahead[index] ?? 0) : all,
      0,
    );
  return {
    reports: Object.values(outcomes).reduce((all, count) => all + count, 0),
    ...outcomes,
    unpaired_ends: sum((hour) => hour.unpairedEnds),
    bad_signatures: sum((hour) => hour.badSignatures),
    bad_requests: sum((hour) => hour.badRequests),
    clock: {
      reports: total,
      behind: SKEW_CLASSES.map((one, index) => ({ ...one, count: behind[index] ?? 0 })),
      ahead: SKEW_CLASSES.map((one, index) => ({ ...one, count: ahead[index] ?? 0 })),
      within_1_s: toRate(within(1), total),
      within_30_s: toRate(within(30), total),
    },
  };
}

/** The first begins at none, the last has no end. */
const SKEW_CLASSES = [...SKEW_CLASS_SECONDS, null].map((up_to_s, index) => ({
  over_s: SKEW_CLASS_SECONDS[index - 1] ?? 0,
  up_to_s,
}));

function toHourStart(ms: number): number {
  return Math.floor(ms / HOUR_MS) * HOUR_MS;
}

function toHourEnd(ms: number): number {
  return Math.ceil(ms / HOUR_MS) * HOUR_MS;
}

const OUT_OF_ORDER = makeFault(
  'invalid_query',
  'query',
  '/until',
  'must be later than since.',
  'out_of_order',
);
const TOO_LONG = makeFault(
  'invalid_query',
  'query',
  '/since',
  `must be at most ${RANGE_DAYS_MAX} days before until: counts are kept for so long.`,
  'too_long',
);
