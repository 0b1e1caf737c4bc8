/**
 * One attempt as a list of steps. In: a leased delivery and its destination. Out: the record of what
 * happened and what is to happen next. First try and retry take this one path; only the number differs.
 */
import type { AttemptRequest, AttemptResult, DestinationSender } from '../destinations/destination.ts';
import type { Clock } from '../clock.ts';
import type { AttemptRecord, ClaimedDelivery, Destination } from '../journal/journal.ts';
import { decideOutcome, type Decision } from './outcome.ts';
import { continueTrace } from './trace-context.ts';

export interface DeliverPorts {
  readonly clock: Clock;
  readonly random: () => number;
}

export interface FinishedAttempt {
  readonly record: AttemptRecord;
  readonly decision: Decision;
}

export async function deliver(
  delivery: ClaimedDelivery,
  destination: Destination,
  sender: DestinationSender,
  ports: DeliverPorts,
): Promise<FinishedAttempt> {
  const startedAtMs = ports.clock.nowMs();
  const request = toRequest(delivery, destination, startedAtMs, ports.random);
  const result = await attempt(sender, request);
  const endedAtMs = ports.clock.nowMs();
  const decision = decideOutcome(result, delivery, destination.retryScheduleS, endedAtMs, ports.random);
  return { record: toRecord(delivery, result, decision, startedAtMs, endedAtMs), decision };
}

function toRequest(
  delivery: ClaimedDelivery,
  destination: Destination,
  nowMs: number,
  random: () => number,
): AttemptRequest {
  const { previousSecretUntilMs } = destination;
  const overlaps = previousSecretUntilMs !== null && nowMs < previousSecretUntilMs;
  return {
    eventId: delivery.eventId,
    sequence: delivery.sequence,
    attemptNumber: delivery.attempts + 1,
    body: delivery.body,
    nowMs,
    traceparent: continueTrace(delivery.traceparent, random),
    deadlineMs: destination.timeoutMs,
    secrets: { current: destination.secret, previous: overlaps ? destination.previousSecret : null },
  };
}

/** A sender never throws for what the network does, so a throw is our own bug: it must cost this attempt only. */
async function attempt(sender: DestinationSender, request: AttemptRequest): Promise<AttemptResult> {
  try {
    return await sender.attempt(request);
  } catch (error) {
    return {
      kind: 'failed',
      cause: 'settings',
      detail: `the attempt could not be made: ${error instanceof Error ? error.message : String(error)}`,
      timing: { firstByteMs: null, totalMs: 0 },
    };
  }
}

function toRecord(
  delivery: ClaimedDelivery,
  result: AttemptResult,
  decision: Decision,
  startedAtMs: number,
  endedAtMs: number,
): AttemptRecord {
  const answered = result.kind === 'answered';
  return {
    deliveryRow: delivery.row,
    token: delivery.token,
    number: delivery.attempts + 1,
    startedAtMs,
    durationMs: result.timing.totalMs,
    firstByteMs: result.timing.firstByteMs,
    status: answered ? result.status : null,
    cause: answered ? null : result.cause,
    detail: decision.detail,
    // What a receiver says when all is well helps nobody, and most attempts are that.
    responseBody: answered && decision.outcome !== 'delivered' ? result.responseBody : null,
    outcome: decision.outcome,
    nextDueAtMs: decision.delayMs === null ? null : endedAtMs + decision.delayMs,
    deadReason: decision.deadReason,
    rejected: decision.rejected,
    releasesNext: decision.releasesNext,
  };
}
