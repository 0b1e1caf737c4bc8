import type { CallStatus } from '@offhook/contract/message';

import type { CallState } from './call.ts';

/**
 * The whole state machine of a call: what each reported status means in each state (design section 5,
 * docs/call-states.md). The table is total and the compiler checks it: no Partial, no default branch.
 */
export const TRANSITIONS: Readonly<Record<CallState, Readonly<Record<ReportedStatus, TransitionRule>>>> = {
  none: {
    'in-progress': { kind: 'advanced', to: 'live' },
    ended: { kind: 'advanced', to: 'ended' },
    'ended-with-error': { kind: 'advanced', to: 'failed' },
    other: { kind: 'noted' },
  },
  live: {
    'in-progress': { kind: 'repeated', reason: 'The call is live already.' },
    ended: { kind: 'advanced', to: 'ended' },
    'ended-with-error': { kind: 'advanced', to: 'failed' },
    other: { kind: 'noted' },
  },
  ended: {
    'in-progress': { kind: 'late', reason: 'The call had ended before this in-progress came.' },
    ended: { kind: 'repeated', reason: 'The call has ended already.' },
    'ended-with-error': {
      kind: 'conflicting',
      reason: 'The call has ended normally; a call that is over keeps its first end.',
    },
    other: { kind: 'noted' },
  },
  failed: {
    'in-progress': { kind: 'late', reason: 'The call had ended with an error before this in-progress came.' },
    ended: {
      kind: 'conflicting',
      reason: 'The call has ended with an error; a call that is over keeps its first end.',
    },
    'ended-with-error': { kind: 'repeated', reason: 'The call has ended with an error already.' },
    other: { kind: 'noted' },
  },
};

/** `other`: every status we do not know, and what is no status at all (an end-of-call-report). */
export const REPORTED_STATUSES = ['in-progress', 'ended', 'ended-with-error', 'other'] as const;
export type ReportedStatus = CallStatus | 'other';

/** Only `advanced` makes an event. */
export type TransitionRule =
  | { readonly kind: 'advanced'; readonly to: Exclude<CallState, 'none'> }
  | { readonly kind: 'repeated' | 'late' | 'conflicting'; readonly reason: string }
  | { readonly kind: 'noted' };

export function toReportedStatus(status: string): ReportedStatus {
  switch (status) {
    case 'in-progress':
    case 'ended':
    case 'ended-with-error':
      return status;
    default:
      return 'other';
  }
}

/** A terminal state never changes. */
export function isTerminal(state: CallState): state is 'ended' | 'failed' {
  return state === 'ended' || state === 'failed';
}
