/** What the API shows of replays, and of what one would send. */
import { z } from 'zod';
import type { Replay, ReplayCount } from '../journal/replays.ts';

import { REPLAY_STATES } from '../journal/replays.ts';
import { timeOrNullView, timeView, toRfc3339, toRfc3339OrNull } from './time.ts';

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
  created_at: timeView,
  finished_at: timeOrNullView,
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
