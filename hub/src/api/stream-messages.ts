/** The messages of `GET /v1/stream`, and what each of them holds. */
import { z } from 'zod';
import { DELIVERY_STATES } from '../journal/delivery-state.ts';

import { operationalEventView } from './operational-events.ts';
import { overviewView } from './overview.ts';
import { callView, eventView } from './call-views.ts';

export const STREAM_TOPICS = ['events', 'calls', 'deliveries', 'operational', 'overview'] as const;
export type StreamTopic = (typeof STREAM_TOPICS)[number];

export const callMessageView = z.object({
  row: z.int().meta({ description: 'Place in the feed, as of events.' }),
  call: callView.meta({ description: 'The call as it is now.' }),
});

export const deliveryMessageView = z.object({
  id: z.string(),
  destination_id: z.string(),
  event_id: z.string(),
  event_type: z.string().meta({ description: '`status-update`, or the type of an operational event.' }),
  call_id: z.string().nullable(),
  sequence: z.int(),
  status: z
    .string()
    .meta({ description: 'Status of the call that the event says; of an operational event its type.' }),
  state: z.enum(DELIVERY_STATES),
  attempts: z.int(),
  last_status: z.int().nullable().meta({ description: 'HTTP status of the last answer.' }),
  last_detail: z.string().nullable(),
  due_at: z
    .string()
    .nullable()
    .meta({ format: 'date-time', description: 'Next try; null where there is none.' }),
});

export const resyncMessageView = z.object({
  row: z
    .int()
    .nullable()
    .meta({ description: 'Where the stream goes on; null where none of its topics has rows.' }),
  topics: z
    .array(z.enum(STREAM_TOPICS))
    .meta({ description: 'What was shown of these is to be read anew: something was left out.' }),
});

/** By the name of the message: what `data` holds. */
export const streamMessageView = z
  .union([
    z.object({ event: z.literal('status-update'), data: eventView }),
    z.object({ event: z.literal('call'), data: callMessageView }),
    z.object({ event: z.literal('delivery'), data: deliveryMessageView }),
    z.object({ event: z.literal('operational-event'), data: operationalEventView }),
    z.object({ event: z.literal('overview'), data: overviewView }),
    z.object({ event: z.literal('resync'), data: resyncMessageView }),
  ])
  .meta({ description: '`data` is this as JSON on one line; rows of the feed have their number as `id`.' });

export type DeliveryMessageView = z.output<typeof deliveryMessageView>;
