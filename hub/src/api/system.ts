/** What a person wants to know about the hub itself. */
import { z } from 'zod';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { answer, defineRoute } from './route.ts';
import { timeView, toRfc3339 } from './time.ts';

export const systemView = z.object({
  version: z.string(),
  node: z.string(),
  started_at: timeView,
  journal: z
    .object({
      bytes: z.int(),
      migration: z.int(),
      calls: z.int(),
      events: z.int(),
      pending_deliveries: z.int(),
    })
    .nullable()
    .meta({
      description: 'Of all accounts together, hence shown to keys of the account `default` only.',
    }),
  retention_days: z.number(),
  stale_after_ms: z.int(),
  local: z.boolean().meta({ description: 'It serves this machine only.' }),
  streams: z.int().nullable().meta({ description: 'Open streams, of all accounts; as `journal`.' }),
  refused: z.record(z.string(), z.int()).nullable().meta({
    description: 'Reports refused at the doors since the start, by the code of their problem; as `journal`.',
  }),
});

export type SystemView = z.output<typeof systemView>;

export function defineSystemRoutes(ground: ApiGround): readonly Route[] {
  const { journal, settings, counts } = ground;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/system',
      operationId: 'getSystem',
      tag: 'System',
      summary: 'Version, journal and limits of this hub',
      scope: 'read',
      answers: [{ status: 200, description: 'The hub as it is now.', schema: systemView }],
      async handle({ key }) {
        // Counts over all accounts tell an account about the others.
        const isHost = key.accountId === 'default';
        const stats = isHost ? await journal.readStats() : null;
        const { streams, refused } = counts.readCounts();
        const view: SystemView = {
          version: settings.version,
          node: process.versions.node,
          started_at: toRfc3339(ground.startedAtMs),
          journal:
            stats === null
              ? null
              : {
                  bytes: stats.bytes,
                  migration: stats.migration,
                  calls: stats.calls,
                  events: stats.events,
                  pending_deliveries: stats.pendingDeliveries,
                },
          retention_days: settings.retentionDays,
          stale_after_ms: settings.staleAfterMs,
          local: settings.localProfile,
          streams: isHost ? streams : null,
          refused: isHost ? { ...refused } : null,
        };
        return answer(200, view);
      },
    }),
  ];
}
