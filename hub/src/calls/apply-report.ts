/**
 * What a report does to a call. In: the call as we hold it (if we do), one report, the time. Out: what became
 * of the report, the call after it, and the event if one is to be sent. Pure: no I/O, no clock; nothing that is
 * handed in is changed, and a report that changes nothing returns the same Call object.
 *
 * The rules and their invariants, each with its test, stand in docs/call-states.md.
 */
import type { EventContent } from '@offhook/contract/body';
import type { CallStatus } from '@offhook/contract/message';

import type { Call } from './call.ts';
import type { CallReport } from './report.ts';
import type { TransitionRule } from './transition.ts';

import { REPORTED_DURATION_S_MAX } from './report.ts';
import { isTerminal, toReportedStatus, TRANSITIONS } from './transition.ts';

/** What is to be appended and sent. Goes to `toStatusUpdateBody` as it is. */
export interface NewEvent extends EventContent {
  /** Order within the call, from 1. */
  readonly sequence: number;
}

export type AppliedReport =
  | { readonly kind: 'advanced'; readonly call: Call; readonly event: NewEvent }
  | {
      readonly kind: 'repeated' | 'late' | 'conflicting' | 'noted';
      /** The same object if the report taught us nothing. */
      readonly call: Call;
      /** One sentence for the call's timeline. */
      readonly reason: string;
    };

/** Sent where neither report nor call knows the type: the published shape has no call without one. */
export const CALL_TYPE_DEFAULT = 'inbound_phone_call';

/** `nowMs` is when the report was accepted, by our clock. */
export function applyReport(call: Call | undefined, report: CallReport, nowMs: number): AppliedReport {
  const before = call ?? newCall(report.callId, nowMs);
  const status = toReportedStatus(report.status);
  const rule: TransitionRule = TRANSITIONS[before.state][status];
  switch (rule.kind) {
    case 'advanced':
      return advance(before, rule.to, status as CallStatus, report, nowMs);
    case 'repeated':
      return {
        kind: 'repeated',
        call: learn(before, report, repeatedFacts(before, report), nowMs),
        reason: rule.reason,
      };
    case 'late': {
      const facts = lateFacts(before, report);
      const reason = facts === NOTHING ? rule.reason : `${rule.reason} It fills in the start time.`;
      return { kind: 'late', call: learn(before, report, facts, nowMs), reason };
    }
    case 'conflicting':
      return { kind: 'conflicting', call: learn(before, report, NOTHING, nowMs), reason: rule.reason };
    case 'noted':
      return {
        kind: 'noted',
        call: learn(before, report, notedFacts(before, report), nowMs),
        reason: isEndOfCallReport(report)
          ? 'An end-of-call report adds to the call, but moves no state.'
          : 'This status moves no state; it is kept on the timeline.',
      };
  }
}

/** Live for longer than anyone still believes: shown as unknown, not counted as active. watch/ may end it. */
export function isStale(call: Call, nowMs: number, staleAfterMs: number): boolean {
  return call.state === 'live' && call.liveSinceMs !== null && nowMs - call.liveSinceMs > staleAfterMs;
}

function newCall(callId: string, nowMs: number): Call {
  return {
    callId,
    state: 'none',
    type: null,
    phoneNumber: null,
    customer: null,
    startedAtMs: null,
    endedAtMs: null,
    durationMs: null,
    error: null,
    endReason: null,
    summary: null,
    sequence: 0,
    firstReportAtMs: nowMs,
    liveSinceMs: null,
    updatedAtMs: nowMs,
  };
}

function advance(
  before: Call,
  to: 'live' | 'ended' | 'failed',
  status: CallStatus,
  report: CallReport,
  nowMs: number,
): AppliedReport {
  // The source's own time where it gave one. It is data: order comes from acceptance alone.
  const atMs = report.occurredAtMs ?? nowMs;
  const facts = to === 'live' ? startFacts(atMs, nowMs) : endFacts(before, to, report, atMs);
  const call: Call = {
    ...before,
    ...facts,
    ...identityFacts(before, report),
    state: to,
    sequence: before.sequence + 1,
    updatedAtMs: nowMs,
  };
  const event: NewEvent = {
    sequence: call.sequence,
    timestamp: new Date(atMs).toISOString(),
    callId: call.callId,
    // The report's own word first: an event says what was reported. The call fills what the report leaves out.
    type: report.type ?? call.type ?? CALL_TYPE_DEFAULT,
    status,
    phoneNumber: mergePhoneNumber(report.phoneNumber, call.phoneNumber),
    customer: report.customer ?? call.customer,
    error: to === 'failed' ? call.error : null,
    endReason: to === 'live' ? null : call.endReason,
    assistant: report.assistant,
  };
  return { kind: 'advanced', call, event };
}

type Facts = Partial<
  Pick<Call, 'startedAtMs' | 'endedAtMs' | 'durationMs' | 'liveSinceMs' | 'error' | 'endReason' | 'summary'>
>;

const NOTHING: Facts = {};

/** An end that an end-of-call-report gave before is taken back: a live call has no end and no duration yet. */
function startFacts(startedAtMs: number, nowMs: number): Facts {
  return { startedAtMs, liveSinceMs: nowMs, endedAtMs: null, durationMs: null };
}

function endFacts(before: Call, to: 'ended' | 'failed', report: CallReport, endedAtMs: number): Facts {
  return {
    endedAtMs,
    // An end that nobody reported says when we gave up, not how long people spoke.
    durationMs:
      (report.isAssumed === true ? null : toDuration(before.startedAtMs, endedAtMs)) ?? before.durationMs,
    error: to === 'failed' ? report.error : null,
    // The report that ends the call outranks an end-of-call-report, whichever came first.
    endReason: report.endReason ?? before.endReason,
  };
}

function repeatedFacts(before: Call, report: CallReport): Facts {
  if (!isTerminal(before.state)) return NOTHING;
  return {
    error: before.state === 'failed' ? (before.error ?? report.error) : null,
    endReason: before.endReason ?? report.endReason,
  };
}

/** Without a time of the source's own it teaches nothing: when it came is after the end, not the start. */
function lateFacts(before: Call, report: CallReport): Facts {
  if (before.startedAtMs !== null || report.occurredAtMs === null) return NOTHING;
  return {
    startedAtMs: report.occurredAtMs,
    durationMs: toDuration(report.occurredAtMs, before.endedAtMs) ?? before.durationMs,
  };
}

/** What only an end-of-call-report can teach. It never ends a call, so a live one takes no end from it. */
function notedFacts(before: Call, report: CallReport): Facts {
  if (!isEndOfCallReport(report)) return NOTHING;
  const durationMs = toReportedDuration(report);
  return {
    summary: before.summary ?? report.summary ?? null,
    endReason: before.endReason ?? report.endReason,
    ...(before.state === 'none' && { endedAtMs: before.endedAtMs ?? report.occurredAtMs }),
    // Where start and end are both known their distance is the duration, whatever the provider rounds it to.
    ...(before.state !== 'live' && { durationMs: before.durationMs ?? durationMs }),
  };
}

/** The call as it is with what the report teaches; the same object if that is nothing. */
function learn(before: Call, report: CallReport, facts: Facts, nowMs: number): Call {
  const after: Call = { ...before, ...facts, ...identityFacts(before, report) };
  const keys = Object.keys(after) as (keyof Call)[];
  return keys.every((key) => after[key] === before[key]) ? before : { ...after, updatedAtMs: nowMs };
}

/** Filled in while missing, from any report; never changed, since events that were sent already say otherwise. */
function identityFacts(before: Call, report: CallReport): Pick<Call, 'type' | 'phoneNumber' | 'customer'> {
  return {
    type: before.type ?? report.type,
    phoneNumber: mergePhoneNumber(before.phoneNumber, report.phoneNumber),
    customer: before.customer ?? report.customer,
  };
}

/** `first` wins; `second` adds a name to the same number. Returns `first` itself where nothing is added. */
function mergePhoneNumber(first: Call['phoneNumber'], second: Call['phoneNumber']): Call['phoneNumber'] {
  if (first === null) return second;
  const addsName = first.name === undefined && second?.name !== undefined && second.number === first.number;
  return addsName ? { number: first.number, name: second.name } : first;
}

/** Never negative: two clocks, or a wrong one, may say that a call ended before it began. */
function toDuration(startedAtMs: number | null, endedAtMs: number | null): number | null {
  return startedAtMs === null || endedAtMs === null ? null : Math.max(0, endedAtMs - startedAtMs);
}

/** Bounded at the door already; here as well, since one call with a duration beyond 2^53 ms makes every list of it fail. */
function toReportedDuration(report: CallReport): number | null {
  const seconds = report.durationSeconds ?? null;
  if (seconds === null || !(seconds <= REPORTED_DURATION_S_MAX)) return null;
  return Math.max(0, Math.round(seconds * 1000));
}

function isEndOfCallReport(report: CallReport): boolean {
  return report.durationSeconds !== undefined || report.summary !== undefined;
}
