/** How a delivery stands, and how an attempt at it ended. */

export const DELIVERY_STATES = ['pending', 'delivered', 'dead', 'superseded', 'cancelled'] as const;
/** All but pending are terminal: a terminal delivery never changes again; a retry or replay makes a new one. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

export const ATTEMPT_OUTCOMES = ['delivered', 'retry', 'dead'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];
