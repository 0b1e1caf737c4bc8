/**
 * What the hub says about itself and its calls, beside the calls' own status: any destination can ask for it
 * (`filter.operational_events`). It travels as an event does: signed, retried, with `webhook-id`; its type stands in
 * `X-Webhook-Event` and in `message.type`.
 *
 * Trouble without end stays bounded: of one destination at most 60 `delivery.dead` and 60 `destination.recovered` a minute
 * are raised, and a recovery only after five minutes of failing or a `destination.disabled`; a call is `call.stale` once
 * each time it became live.
 */

export const OPERATIONAL_EVENT_TYPES = [
  'destination.disabled',
  'destination.recovered',
  'delivery.dead',
  'call.stale',
  'source.silent',
  'source.resumed',
  'error_rate.high',
  'error_rate.normal',
] as const;
export type OperationalEventType = (typeof OPERATIONAL_EVENT_TYPES)[number];

interface DestinationPart {
  readonly id: string;
  readonly kind: string;
  readonly name: string | null;
}

interface SourcePart {
  readonly id: string;
  readonly kind: string;
  readonly name: string;
}

interface ErrorRatePart {
  /** Failed of all that finished within the window, 0 to 1. */
  readonly rate: number;
  readonly failed: number;
  readonly finished: number;
  readonly window_ms: number;
  readonly threshold: number;
}

/** By type; times are RFC 3339 in UTC. */
export type OperationalContent =
  | { readonly type: 'destination.disabled'; readonly destination: DestinationPart; readonly reason: string }
  | {
      readonly type: 'destination.recovered';
      readonly destination: DestinationPart;
      /** Since when it had failed. */
      readonly failing_since: string | null;
    }
  | {
      readonly type: 'delivery.dead';
      readonly destination: DestinationPart;
      readonly delivery: { readonly id: string; readonly attempts: number };
      readonly event: { readonly id: string; readonly status: string };
      readonly call: { readonly id: string };
      /** What the last attempt met. */
      readonly reason: string | null;
    }
  | {
      readonly type: 'call.stale';
      readonly call: { readonly id: string; readonly type: string | null };
      readonly live_since: string;
    }
  | {
      readonly type: 'source.silent';
      readonly source: SourcePart;
      readonly silent_since: string;
      readonly usual_gap_ms: number | null;
    }
  | { readonly type: 'source.resumed'; readonly source: SourcePart; readonly silent_since: string }
  | ({ readonly type: 'error_rate.high' } & ErrorRatePart)
  | ({ readonly type: 'error_rate.normal' } & ErrorRatePart);

export interface OperationalMessage {
  readonly message: {
    readonly type: OperationalEventType;
    /** RFC 3339 in UTC with milliseconds: when the hub noticed it. */
    readonly timestamp: string;
    /** One sentence for people, without numbers or secrets. */
    readonly summary: string;
  } & OperationalContent;
}

/** The exact bytes that are stored, signed and sent. */
export function toOperationalBody(content: OperationalContent, timestamp: string): Uint8Array {
  const { type, ...facts } = content;
  return Buffer.from(
    JSON.stringify({ message: { type, timestamp, summary: toOperationalSummary(content), ...facts } }),
  );
}

export function toOperationalSummary(content: OperationalContent): string {
  switch (content.type) {
    case 'destination.disabled':
      return `${nameOf(content.destination)} is disabled: ${content.reason}. Its deliveries are held until somebody resumes it.`;
    case 'destination.recovered':
      return `${nameOf(content.destination)} takes deliveries again.`;
    case 'delivery.dead':
      return `A delivery to ${nameOf(content.destination)} was given up after ${toAttempts(content.delivery.attempts)}.`;
    case 'call.stale':
      return 'A call has been live for so long without a report of its end that it no longer counts as active.';
    case 'source.silent':
      return `The source ${content.source.name} has fallen silent.`;
    case 'source.resumed':
      return `The source ${content.source.name} reports again.`;
    case 'error_rate.high':
      return `${toPercent(content.rate)} of calls end with an error: ${content.failed} of ${content.finished} in the last ${content.window_ms / 60_000} minutes.`;
    case 'error_rate.normal':
      return `Calls end normally again: ${toPercent(content.rate)} with an error in the last ${content.window_ms / 60_000} minutes.`;
  }
}

function nameOf({ id, kind, name }: DestinationPart): string {
  return name ?? `The ${kind} destination ${id}`;
}

function toAttempts(count: number): string {
  return count === 1 ? 'one attempt' : `${count} attempts`;
}

function toPercent(rate: number): string {
  return `${Math.round(rate * 100)} %`;
}
