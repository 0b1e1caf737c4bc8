/**
 * The messages of operational events as schemas: contract/schemas, the `webhooks` of the OpenAPI document and the list
 * of the API are made from these. A test holds them to what toOperationalBody writes.
 */
import { z } from 'zod';
import { toOperationalBody } from '@offhook/contract/operational-event';
import type { OperationalContent, OperationalEventType } from '@offhook/contract/operational-event';

import { timeView } from './time.ts';

const destination = z.object({
  id: z.string(),
  kind: z.string(),
  name: z.string().nullable().meta({ description: 'For people, as somebody named it.' }),
});
const source = z.object({ id: z.string(), kind: z.string(), name: z.string() });
const errorRate = {
  rate: z
    .number()
    .min(0)
    .max(1)
    .meta({ description: 'Failed of all that finished within the window, 0 to 1.' }),
  failed: z.int(),
  finished: z.int(),
  window_ms: z.int(),
  threshold: z.number().min(0).max(1),
};

/** By type: what a message holds beside its type, time and summary. */
export const operationalFacts = {
  'destination.disabled': { destination, reason: z.string().meta({ description: 'One sentence.' }) },
  'destination.recovered': {
    destination,
    failing_since: timeView.nullable().meta({ description: 'Since when it had failed.' }),
  },
  'delivery.dead': {
    destination,
    delivery: z.object({ id: z.string(), attempts: z.int() }),
    event: z.object({ id: z.string(), status: z.string() }),
    call: z.object({ id: z.string() }),
    reason: z.string().nullable().meta({ description: 'What the last attempt met.' }),
  },
  'call.stale': {
    call: z.object({ id: z.string(), type: z.string().nullable() }),
    live_since: timeView,
  },
  'source.silent': {
    source,
    silent_since: timeView.meta({ description: 'Its last report.' }),
    usual_gap_ms: z
      .number()
      .nullable()
      .meta({ description: 'From one report to the next at this hour; null where that is not known.' }),
  },
  'source.resumed': { source, silent_since: timeView },
  'error_rate.high': errorRate,
  'error_rate.normal': errorRate,
} as const satisfies Record<OperationalEventType, Readonly<Record<string, z.ZodType>>>;

/** For people who write receivers. */
export const OPERATIONAL_SUMMARIES: Readonly<Record<OperationalEventType, string>> = {
  'destination.disabled': 'The hub has disabled a destination',
  'destination.recovered': 'A destination that failed takes deliveries again',
  'delivery.dead': 'A delivery was given up',
  'call.stale': 'A call has been live for too long to be believed',
  'source.silent': 'A source has said nothing for much longer than usual',
  'source.resumed': 'A source that was silent reports again',
  'error_rate.high': 'Too many calls end with an error',
  'error_rate.normal': 'Calls end normally again',
};

function defineMessage<Type extends OperationalEventType>(type: Type) {
  return z
    .object({
      message: z.object({
        type: z.literal(type),
        timestamp: timeView.meta({ description: 'When the hub noticed it.' }),
        summary: z.string().meta({ description: 'One sentence for people.' }),
        ...operationalFacts[type],
      }),
    })
    .meta({ description: `${OPERATIONAL_SUMMARIES[type]}.` });
}

export const operationalMessages = {
  'destination.disabled': defineMessage('destination.disabled'),
  'destination.recovered': defineMessage('destination.recovered'),
  'delivery.dead': defineMessage('delivery.dead'),
  'call.stale': defineMessage('call.stale'),
  'source.silent': defineMessage('source.silent'),
  'source.resumed': defineMessage('source.resumed'),
  'error_rate.high': defineMessage('error_rate.high'),
  'error_rate.normal': defineMessage('error_rate.normal'),
} as const satisfies Record<OperationalEventType, z.ZodType>;

/** What a destination is sent, with made-up facts. */
export function toOperationalExample(type: OperationalEventType): unknown {
  const bytes = toOperationalBody(EXAMPLES[type], '2025-12-13T12:00:00.000Z');
  return JSON.parse(Buffer.from(bytes).toString('utf8'));
}

const exampleDestination = { id: 'dst_3k9m2p7q5r8s1t4v6w0x', kind: 'webhook', name: 'CRM' };
const exampleSource = { id: 'voicedock', kind: 'voicedock', name: 'VoiceDock' };
const exampleCallId = '5c4d030f-43e3-4e65-899e-8148521e660f';

const EXAMPLES: { readonly [Type in OperationalEventType]: Extract<OperationalContent, { type: Type }> } = {
  'destination.disabled': {
    type: 'destination.disabled',
    destination: exampleDestination,
    reason: 'it answered 410 Gone',
  },
  'destination.recovered': {
    type: 'destination.recovered',
    destination: exampleDestination,
    failing_since: '2025-12-13T09:30:00.000Z',
  },
  'delivery.dead': {
    type: 'delivery.dead',
    destination: exampleDestination,
    delivery: { id: 'dlv_0000000042', attempts: 12 },
    event: { id: 'evt_000000000A7M3QF0ZK2WJ9X5YB', status: 'ended' },
    call: { id: exampleCallId },
    reason: 'connection refused by crm.example',
  },
  'call.stale': {
    type: 'call.stale',
    call: { id: exampleCallId, type: 'inbound_phone_call' },
    live_since: '2025-12-13T08:00:00.000Z',
  },
  'source.silent': {
    type: 'source.silent',
    source: exampleSource,
    silent_since: '2025-12-13T11:20:00.000Z',
    usual_gap_ms: 45_000,
  },
  'source.resumed': {
    type: 'source.resumed',
    source: exampleSource,
    silent_since: '2025-12-13T11:20:00.000Z',
  },
  'error_rate.high': {
    type: 'error_rate.high',
    rate: 0.25,
    failed: 12,
    finished: 48,
    window_ms: 900_000,
    threshold: 0.2,
  },
  'error_rate.normal': {
    type: 'error_rate.normal',
    rate: 0.02,
    failed: 1,
    finished: 50,
    window_ms: 900_000,
    threshold: 0.2,
  },
};
