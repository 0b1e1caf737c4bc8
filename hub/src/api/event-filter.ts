/** Which events go to a destination, as the API takes it and shows it. */
import { z } from 'zod';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import type { OperationalEventType } from '@offhook/contract/operational-event';
import type { Destination } from '../journal/destinations.ts';

import { findNearest } from '../nearest-word.ts';

export const eventFilterSchema = z
  .strictObject({
    calls: z.boolean().optional().meta({
      description:
        "false: none of the calls' events go there, only the operational events that are named; true or missing: those that the lists let through.",
    }),
    statuses: z.array(z.string().min(1).max(64)).max(50).optional(),
    call_types: z.array(z.string().min(1).max(64)).max(50).optional(),
    phone_numbers: z.array(z.string().min(1).max(256)).max(1_000).optional(),
    operational_events: z
      .array(z.enum(OPERATIONAL_EVENT_TYPES, { error: ({ input }) => toTypeFault(input) }))
      .max(50)
      .optional()
      .meta({
        description:
          'Types of operational events that go there as well. Unlike the other lists: empty or missing means none.',
      }),
  })
  .meta({ description: 'Which events go there; empty and missing lists match everything.' });

/** As somebody gives it: what would never send anything, or says two things, is a mistake. */
export const givenFilterSchema = eventFilterSchema.superRefine((filter, context) => {
  if (filter.calls !== false) return;
  const refuse = (name: string, message: string): void =>
    context.addIssue({ code: 'custom', path: [name], message });
  for (const name of ['statuses', 'call_types', 'phone_numbers'] as const) {
    if ((filter[name]?.length ?? 0) > 0)
      refuse(
        name,
        'chooses among events of calls, of which "calls": false sends none: leave one of them out',
      );
  }
  if ((filter.operational_events?.length ?? 0) === 0)
    refuse('operational_events', 'must name at least one where "calls" is false: nothing would ever be sent');
});

function toTypeFault(input: unknown): string {
  const nearest = typeof input === 'string' ? findNearest(input, OPERATIONAL_EVENT_TYPES) : undefined;
  return nearest === undefined
    ? `must be one of ${OPERATIONAL_EVENT_TYPES.join(', ')}`
    : `is no operational event. Did you mean "${nearest}"?`;
}

/** Exported for the defaults of kinds. */
export function toFilterView({ filter }: Pick<Destination, 'filter'>): z.output<typeof eventFilterSchema> {
  return {
    ...(filter.calls === false && { calls: false }),
    ...(filter.statuses !== undefined && { statuses: [...filter.statuses] }),
    ...(filter.call_types !== undefined && { call_types: [...filter.call_types] }),
    ...(filter.phone_numbers !== undefined && { phone_numbers: [...filter.phone_numbers] }),
    ...(filter.operational_events !== undefined && {
      operational_events: filter.operational_events.filter(isOperationalEventType),
    }),
  };
}

function isOperationalEventType(text: string): text is OperationalEventType {
  return OPERATIONAL_EVENT_TYPES.some((type) => type === text);
}
