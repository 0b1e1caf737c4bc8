/**
 * Header names of every outgoing attempt (design section 4), in the case they are sent in.
 * Node lower-cases what it receives, so a reader looks names up through `toLowerCase()`.
 */

export const WEBHOOK_EVENT_HEADER = 'X-Webhook-Event';
export const WEBHOOK_TIMESTAMP_HEADER = 'X-Webhook-Timestamp';
export const WEBHOOK_SIGNATURE_HEADER = 'X-Webhook-Signature';

/** Standard Webhooks 1.0.0 writes these in lower case. */
export const STANDARD_ID_HEADER = 'webhook-id';
export const STANDARD_TIMESTAMP_HEADER = 'webhook-timestamp';
export const STANDARD_SIGNATURE_HEADER = 'webhook-signature';

/** Order within the call, from 1. */
export const CALL_SEQUENCE_HEADER = 'Offhook-Call-Sequence';
/** Number of this try of the delivery, from 1. */
export const ATTEMPT_HEADER = 'Offhook-Attempt';
/** W3C Trace Context. */
export const TRACEPARENT_HEADER = 'traceparent';

/** What the receiver door answers about a report: advanced, repeated, late, conflicting or noted. */
export const OUTCOME_HEADER = 'Offhook-Outcome';

/** A response that carries this with the value below asks for no further tries. */
export const DELIVERY_CONTROL_HEADER = 'webhook-delivery';
export const DELIVERY_CONTROL_ABORT = 'abort-message';

/** Value of X-Webhook-Event for the events of calls; operational events have their own type, batches theirs. */
export const STATUS_UPDATE_EVENT = 'status-update';
