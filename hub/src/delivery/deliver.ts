/**
 * One attempt as a list of steps. In: leased deliveries that go in one request (most often one) and their destination.
 * Out: the records of what happened and what is to happen next, or until when the destination puts it off. First try
 * and retry take this one path; only the number differs.
 */
import { NO_TIME } from '../destinations/destination.ts';
import type { AttemptRequest, AttemptResult, DestinationSender } from '../destinations/destination.ts';
import type { Clock } from '../clock.ts';
import type { AttemptRecord, ClaimedDelivery } from '../journal/deliveries.ts';
import type { Destination } from '../journal/destinations.ts';
import { decideOutcome, limitLater, type Decision, type LaneSignal, type Verdict } from './outcome.ts';
import { continueTrace } from './trace-context.ts';

export interface DeliverPorts {
  readonly clock: Clock;
  readonly random: () => number;
}

export type FinishedAttempt = MadeAttempt | PutOffAttempt;

export interface MadeAttempt {
  readonly kind: 'made';
  /** One for each delivery, in their order. */
  readonly records: readonly AttemptRecord[];
  readonly lane: LaneSignal;
  readonly detail: string | null;
}

/** Of one delivery: a batch is never put off. */
export interface PutOffAttempt {
  readonly kind: 'put-off';
  readonly dueAtMs: number;
  readonly detail: string;
}

export async function deliver(
  deliveries: readonly ClaimedDelivery[],
  destination: Destination,
  sender: DestinationSender,
  ports: DeliverPorts,
): Promise<FinishedAttempt> {
  const startedAtMs = ports.clock.nowMs();
  const requests = deliveries.map((delivery) => toRequest(delivery, destination, startedAtMs, ports.random));
  const answer = await attempt(sender, requests);
  const endedAtMs = ports.clock.nowMs();
  const result = limitLater(answer, deliveries, endedAtMs);
  if (result.kind === 'later') {
    return { kind: 'put-off', dueAtMs: endedAtMs + result.afterMs, detail: result.detail };
  }
  const isShared = deliveries.length > 1;
  let lane: LaneSignal = { kind: 'works' };
  let detail: string | null = null;
  const records = deliveries.map((delivery) => {
    const decision = decideOutcome(
      result,
      delivery,
      destination.retryScheduleS,
      endedAtMs,
      ports.random,
      isShared,
    );
    // One answer teaches the lane once, however many events it is for.
    ({ lane, detail } = decision);
    return toRecord(delivery, result, decision, startedAtMs, endedAtMs, deliveries.length);
  });
  return { kind: 'made', records, lane, detail };
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
    eventType: delivery.eventType,
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
async function attempt(
  sender: DestinationSender,
  requests: readonly AttemptRequest[],
): Promise<AttemptResult> {
  try {
    const [first] = requests;
    if (first !== undefined && requests.length === 1) return await sender.attempt(first);
    if (sender.attemptBatch === undefined) throw new Error('this kind sends one event at a time');
    return await sender.attemptBatch(requests);
  } catch (error) {
    return {
      kind: 'failed',
      cause: 'settings',
      detail: `the attempt could not be made: ${error instanceof Error ? error.message : String(error)}`,
      timing: NO_TIME,
    };
  }
}

function toRecord(
  delivery: ClaimedDelivery,
  result: Verdict,
  decision: Decision,
  startedAtMs: number,
  endedAtMs: number,
  batchSize: number,
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
    cause: result.kind === 'failed' ? result.cause : null,
    detail: batchSize === 1 ? decision.detail : toSharedDetail(decision.detail, batchSize),
    // What a receiver says when all is well helps nobody, and most attempts are that.
    responseBody: answered && decision.outcome !== 'delivered' ? result.responseBody : null,
    outcome: decision.outcome,
    nextDueAtMs: decision.delayMs === null ? null : endedAtMs + decision.delayMs,
    deadReason: decision.deadReason,
    rejected: decision.rejected,
    releasesNext: decision.releasesNext,
  };
}

function toSharedDetail(detail: string | null, batchSize: number): string {
  const company = `in a batch of ${batchSize} events`;
  return detail === null ? `sent ${company}` : `${detail} (${company})`;
}
