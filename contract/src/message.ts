/**
 * The status-update message as the source document publishes it (spec: "Request Payload").
 * Keys stand in the published order, since the body's bytes are what receivers verify.
 */

export const CALL_STATUSES = ['in-progress', 'ended', 'ended-with-error'] as const;
export type CallStatus = (typeof CALL_STATUSES)[number];

export const CALL_TYPES = ['inbound_phone_call', 'outbound_phone_call', 'web_call'] as const;
export type CallType = (typeof CALL_TYPES)[number];

/** The part of the source's assistant that is passed on; the full object can hold secrets and prompts. */
export interface Assistant {
  readonly id?: string | null;
  readonly name?: string | null;
  readonly metadata?: Readonly<Record<string, unknown>> | null;
}

export interface StatusUpdateMessage {
  readonly message: {
    readonly type: 'status-update';
    /** RFC 3339 in UTC with milliseconds: when the source says it happened. */
    readonly timestamp: string;
    readonly call: {
      /** The source's own opaque string, up to 256 characters; not a UUID. */
      readonly id: string;
      /** One of CALL_TYPES, or whatever newer type the source sent. */
      readonly type: string;
      readonly status: CallStatus;
    };
    readonly phone_number: { readonly number: string | null; readonly name?: string | null };
    readonly customer: { readonly number: string | null };
    /** Only with `ended-with-error`. */
    readonly error?: string;
    readonly end_reason?: string;
    readonly assistant?: Assistant;
  };
}
