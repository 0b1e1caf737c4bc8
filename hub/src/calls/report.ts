import type { Assistant } from '@offhook/contract/message';

/** Ten years. No call lasts so long, and what is longer still cannot be kept as a whole number of milliseconds. */
export const REPORTED_DURATION_S_MAX = 10 * 366 * 86_400;

/** One claim by a source that a call has a status. It may be duplicate, late or wrong. */
export interface CallReport {
  /** The source's own opaque string, 1 to 256 characters: never prefixed, never taken apart. */
  readonly callId: string;
  /** As the source said it; a status we do not know is noted, never refused. */
  readonly status: string;
  /** Unix ms of the source's own timestamp; null where it gave none. Data, never trusted for order. */
  readonly occurredAtMs: number | null;
  /** As given; null where the source said nothing. */
  readonly type: string | null;
  /** null where the source said nothing; `number: null` where it said "no number" (web calls). */
  readonly phoneNumber: { readonly number: string | null; readonly name?: string | null } | null;
  readonly customer: { readonly number: string | null } | null;
  readonly error: string | null;
  readonly endReason: string | null;
  readonly assistant: Assistant | null;
  /** Present, as a number or null, exactly when this is an end-of-call-report; 0 to REPORTED_DURATION_S_MAX. */
  readonly durationSeconds?: number | null;
  /** Present, as text or null, exactly when this is an end-of-call-report. */
  readonly summary?: string | null;
  /**
   * Present where no source made this claim: the hub ends the call because nobody did. When it really ended is not
   * known, so no duration is made of it.
   */
  readonly isAssumed?: true;
  /** Fields we do not know, by JSON pointer into the body: kept with the report, never forwarded. */
  readonly unknownFields: Readonly<Record<string, unknown>> | null;
}
