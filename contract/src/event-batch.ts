/**
 * Several events in one request, for receivers that asked for it: `application/vnd.offhook.batch+json`. Signed as a
 * whole; each event's `body` is exactly what it would have been alone. Receivers tell events apart by their own `id`:
 * a batch that is sent again may hold other events than before.
 */
import { createHash } from 'node:crypto';

import type { StatusUpdateMessage } from './message.ts';
import type { OperationalMessage } from './operational-event.ts';

export const BATCH_CONTENT_TYPE = 'application/vnd.offhook.batch+json';
/** Value of X-Webhook-Event. */
export const BATCH_EVENT = 'batch';
/** How many events the body holds. */
export const BATCH_SIZE_HEADER = 'Offhook-Batch-Size';

/** What a receiver parses. */
export interface EventBatch {
  readonly events: readonly BatchedEvent[];
}

export interface BatchedEvent {
  /** `webhook-id` of the event, had it come alone: the same on every retry and replay. */
  readonly id: string;
  /** `status-update`, or the type of an operational event. */
  readonly type: string;
  /** Order within the call, from 1; absent for operational events. */
  readonly sequence?: number;
  /** Number of this try of this event's delivery, from 1. */
  readonly attempt: number;
  readonly body: StatusUpdateMessage | OperationalMessage;
}

export interface BatchPart {
  readonly eventId: string;
  readonly eventType: string;
  /** 0 for operational events. */
  readonly sequence: number;
  readonly attemptNumber: number;
  /** Spliced in unchanged. */
  readonly body: Uint8Array;
}

/** The exact bytes that are signed and sent. */
export function toBatchBody(parts: readonly BatchPart[]): Uint8Array {
  const pieces: Uint8Array[] = [];
  let before = '{"events":[';
  for (const { eventId, eventType, sequence, attemptNumber, body } of parts) {
    const order = sequence > 0 ? `"sequence":${sequence},` : '';
    const names = `"id":${JSON.stringify(eventId)},"type":${JSON.stringify(eventType)}`;
    pieces.push(Buffer.from(`${before}{${names},${order}"attempt":${attemptNumber},"body":`), body);
    before = '},';
  }
  pieces.push(Buffer.from(pieces.length === 0 ? `${before}]}` : '}]}'));
  return Buffer.concat(pieces);
}

/** `webhook-id` of a batch: the same for the same events, in whatever order. */
export function toBatchId(eventIds: readonly string[]): string {
  const hash = createHash('sha256')
    .update([...eventIds].sort().join('\n'))
    .digest('base64url');
  return `bat_${hash.slice(0, 32)}`;
}
