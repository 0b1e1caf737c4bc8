/**
 * How one attempt leaves the hub. In: an event's exact bytes and the destination's settings.
 * Out: what the network answered, as a value. It never throws for what the network does, and it
 * always ends within the deadline it is given. Adding a kind is one folder that exports a DestinationKind.
 */
import type { z } from 'zod';

export const DESTINATION_KINDS = ['webhook'] as const;
export type DestinationKindName = (typeof DESTINATION_KINDS)[number];

/** Both sign during a rotation; the published X-Webhook-Signature keeps `previous` until it ends (design section 4). */
export interface SigningSecrets {
  readonly current: string;
  readonly previous: string | null;
}

export interface AttemptRequest {
  readonly eventId: string;
  /** Order within the call, from 1. */
  readonly sequence: number;
  /** From 1; counts every try of this delivery. */
  readonly attemptNumber: number;
  /** The exact bytes of the event; signed and sent unchanged. */
  readonly body: Uint8Array;
  /** Unix ms by the hub's clock: the signature's timestamp. */
  readonly nowMs: number;
  /** W3C trace context to pass on. */
  readonly traceparent: string;
  /** The whole attempt: DNS, connect, TLS, headers and body. */
  readonly deadlineMs: number;
  readonly secrets: SigningSecrets;
}

/** An attempt that was made, as far as it is known afterwards. */
export interface DescribedAttempt extends Omit<AttemptRequest, 'deadlineMs' | 'traceparent' | 'secrets'> {
  /** null: not kept. */
  readonly traceparent: string | null;
  /** Those that signed then; null: no longer known. */
  readonly secrets: SigningSecrets | null;
}

export interface DescribedRequest {
  readonly method: string;
  /** As people may see it. */
  readonly url: string;
  /** Name and value, in the order sent; what is secret is masked, and what is not known is UNKNOWN_VALUE. */
  readonly headers: readonly (readonly [string, string])[];
}

export const UNKNOWN_VALUE = '…';

/** Milliseconds since the attempt began; null where the step was not reached or not measured. */
export interface AttemptTiming {
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

export const FAILURE_CAUSES = [
  'timeout',
  'dns',
  'connect',
  'tls',
  'reset',
  'protocol',
  'blocked',
  'settings',
] as const;
/** `blocked`: the address is not one we may dial. `settings`: the destination's settings cannot be used. */
export type FailureCause = (typeof FAILURE_CAUSES)[number];

export type AttemptResult =
  | {
      /** A status line came. For 2xx that is the whole verdict, even if the body broke off afterwards. */
      readonly kind: 'answered';
      readonly status: number;
      /** The raw Retry-After value, if any. */
      readonly retryAfter: string | null;
      /** The response asked for no further tries (`webhook-delivery: abort-message`). */
      readonly abort: boolean;
      /** At most 16 KiB of the response body, as read; null where there was none. */
      readonly responseBody: Uint8Array | null;
      readonly timing: AttemptTiming;
    }
  | {
      readonly kind: 'failed';
      readonly cause: FailureCause;
      /** One plain sentence for people, without secrets: "certificate expired on 2026-01-01". */
      readonly detail: string;
      readonly timing: AttemptTiming;
    };

/** Settings of one destination, made ready for sending once and reused for every attempt. */
export interface DestinationSender {
  attempt(request: AttemptRequest): Promise<AttemptResult>;
  /** Lets go of its connections; attempts under way may finish. */
  close(): Promise<void>;
  /** Cuts attempts under way off without an outcome: the process is about to end. */
  abandon(): void;
}

export interface DestinationKind<Settings = unknown> {
  readonly kind: DestinationKindName;
  /** Parsed at the API door; the dashboard's form comes from it. */
  readonly settings: z.ZodType<Settings>;
  /** The settings as people may see them: no secrets, no user info. */
  toPublicSettings(settings: Settings): Record<string, unknown>;
  /** New settings as somebody gave them, in which what is still masked as `toPublicSettings` showed it is what was stored. For kinds that mask. */
  keepMasked?(stored: Settings, given: unknown): unknown;
  open(settings: Settings): DestinationSender;
  /**
   * The request of an attempt as people may see it, made by the code that sends them, so that the two cannot drift.
   * null where these settings cannot send.
   */
  describeRequest?(settings: Settings, request: DescribedAttempt): DescribedRequest | null;
}
