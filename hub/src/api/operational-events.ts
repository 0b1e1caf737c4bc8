import { z } from 'zod';
import { OPERATIONAL_EVENT_TYPES, toOperationalSummary } from '@offhook/contract/operational-event';
import type { OperationalEventType } from '@offhook/contract/operational-event';
import type { DestinationId } from '../journal/ids.ts';
import type { OperationalEntry } from '../journal/operational-events.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { findNearest } from '../nearest-word.ts';
import { operationalFacts } from './operational-message.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { defineRoute } from './route.ts';
import { timeView, toRfc3339 } from './time.ts';

function defineView<Type extends OperationalEventType>(type: Type) {
  return z.object({
    id: z.string(),
    type: z.literal(type),
    at: timeView.meta({ description: 'When the hub noticed it.' }),
    summary: z.string().meta({ description: 'One sentence for people.' }),
    call_id: z.string().nullable().meta({ description: 'The call it is about, if any.' }),
    ...operationalFacts[type],
  });
}

/** The fields of the message that destinations are sent, and where it stands here. */
export const operationalEventView = z
  .discriminatedUnion('type', [
    defineView('destination.disabled'),
    defineView('destination.recovered'),
    defineView('delivery.dead'),
    defineView('call.stale'),
    defineView('source.silent'),
    defineView('source.resumed'),
    defineView('error_rate.high'),
    defineView('error_rate.normal'),
  ])
  .meta({ description: 'What the hub says about itself and its calls, beside their status.' });

export type OperationalEventView = z.output<typeof operationalEventView>;

export function toOperationalEventView(entry: OperationalEntry): OperationalEventView {
  const { content } = entry;
  return {
    id: entry.id,
    at: toRfc3339(entry.atMs),
    summary: toOperationalSummary(content),
    call_id: entry.callId,
    ...content,
  };
}

const typesSchema = z
  .string()
  .transform((text, context): readonly OperationalEventType[] => {
    const types: OperationalEventType[] = [];
    for (const word of new Set(text.split(','))) {
      const type = OPERATIONAL_EVENT_TYPES.find((one) => one === word);
      if (type !== undefined) {
        types.push(type);
        continue;
      }
      const nearest = findNearest(word, OPERATIONAL_EVENT_TYPES);
      context.addIssue({
        code: 'custom',
        message:
          nearest === undefined
            ? `must be one or more of ${OPERATIONAL_EVENT_TYPES.join(', ')}, with commas`
            : `"${word.slice(0, 40)}" is no operational event. Did you mean "${nearest}"?`,
      });
      return z.NEVER;
    }
    return types;
  })
  .meta({
    description: `Only these, with commas: ${OPERATIONAL_EVENT_TYPES.join(', ')}.`,
    examples: ['destination.disabled,delivery.dead'],
  });

export function defineOperationalEventRoutes({ journal }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/operational-events',
      operationId: 'listOperationalEvents',
      tag: 'Operational events',
      summary: 'List what the hub said about itself and its calls, newest first',
      description:
        'Destinations are sent the same where their `filter.operational_events` asks for it. Kept as long as calls are.',
      scope: 'watch',
      query: z.strictObject({
        ...pageShape('row'),
        types: typesSchema.optional(),
        destination_id: z
          .string()
          .optional()
          .meta({ description: 'Only what is about this destination.', examples: ['dst_…'] }),
      }),
      answers: [
        {
          status: 200,
          description: 'A page of operational events.',
          schema: definePage(operationalEventView),
        },
      ],
      async handle({ key, query }) {
        const filter = {
          types: query.types,
          destinationId: query.destination_id as DestinationId | undefined,
        };
        const page = await journal.listOperationalEvents(key.accountId, filter, toPageRequest(query));
        return answerPage(page, toOperationalEventView);
      },
    }),
  ];
}
