import { z } from 'zod';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import { toBatchBody } from '@offhook/contract/event-batch';

import { statusUpdateSchema } from '../sources/voicedock-schema.ts';
import { operationalMessages, toOperationalExample } from './operational-message.ts';
import { PUBLISHED_EXAMPLES } from './published-examples.ts';

/** What receivers that asked for batches are sent; a test holds it to what toBatchBody writes. */
export const eventBatchSchema = z
  .object({
    events: z
      .array(
        z.object({
          id: z.string().meta({
            description: '`webhook-id` of the event, had it come alone: the same on every retry and replay.',
          }),
          type: z.string().meta({ description: '`status-update`, or the type of an operational event.' }),
          sequence: z
            .int()
            .optional()
            .meta({ description: 'Order within the call, from 1; absent for operational events.' }),
          attempt: z.int().meta({ description: 'Number of this try of this event, from 1.' }),
          body: z
            .union([
              statusUpdateSchema,
              operationalMessages['destination.disabled'],
              operationalMessages['destination.recovered'],
              operationalMessages['delivery.dead'],
              operationalMessages['call.stale'],
              operationalMessages['source.silent'],
              operationalMessages['source.resumed'],
              operationalMessages['error_rate.high'],
              operationalMessages['error_rate.normal'],
            ])
            .meta({ description: 'Exactly what would have come alone.' }),
        }),
      )
      .meta({ description: 'Told apart by `id`: a batch that is sent again may hold other events.' }),
  })
  .meta({ description: 'Several events in one request, signed as a whole.' });

export function toBatchExample(): unknown {
  const [type] = OPERATIONAL_EVENT_TYPES;
  const bytes = toBatchBody([
    {
      eventId: 'evt_000000000A7M3QF0ZK2WJ9X5YB',
      eventType: 'status-update',
      sequence: 1,
      attemptNumber: 1,
      body: Buffer.from(JSON.stringify(PUBLISHED_EXAMPLES['in-progress'])),
    },
    {
      eventId: 'ope_3k9m2p7q5r8s1t4v6w0x',
      eventType: type,
      sequence: 0,
      attemptNumber: 2,
      body: Buffer.from(JSON.stringify(toOperationalExample(type))),
    },
  ]);
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}
