/** What delivery/ needs: due deliveries under a lease, the records of attempts, the lanes' next times, replays step by step. */
import type { AttemptOutcome, DeliveryState } from './delivery-state.ts';
import type { DestinationHealthChange } from './destinations.ts';
import type { AccountId, DeliveryId, DestinationId, EventId, OperationalEventId, ReplayId } from './ids.ts';
import type { Replay } from './replays.ts';

/** A delivery that this node holds a lease on, with all that an attempt needs. */
export interface ClaimedDelivery {
  readonly id: DeliveryId;
  readonly row: number;
  readonly destinationId: DestinationId;
  readonly accountId: AccountId;
  readonly eventId: EventId | OperationalEventId;
  /** `status-update`, or the type of an operational event. */
  readonly eventType: string;
  /** Negative for operational events, which are numbered by themselves. */
  readonly eventRow: number;
  /**
   * Internal number of the call; with destinationId it names the order that must be kept. Safe in log lines. An
   * operational event has a (negative) number of its own, since none has to wait for another.
   */
  readonly callRow: number;
  readonly sequence: number;
  readonly status: string;
  /** The exact bytes to send. */
  readonly body: Uint8Array;
  readonly traceparent: string | null;
  /** Unix ms of the event's acceptance. */
  readonly acceptedAtMs: number;
  /** Unix ms from which it may be attempted. */
  readonly dueAtMs: number;
  /** Attempts already recorded. */
  readonly attempts: number;
  /** Of these, answered with 4xx (the poison rule counts them). */
  readonly rejections: number;
  /** Fencing token: a record with any other token than the latest claim's is refused. */
  readonly token: number;
}

export interface ClaimRequest {
  readonly nodeId: string;
  readonly leaseMs: number;
  readonly nowMs: number;
  /** How many each lane can hold now. Claims never exceed it, so one lane's backlog cannot crowd out another. */
  readonly lanes: readonly { readonly destinationId: DestinationId; readonly limit: number }[];
}

/** One finished attempt and what the engine decided about its delivery. */
export interface AttemptRecord {
  readonly deliveryRow: number;
  readonly token: number;
  /** From 1. */
  readonly number: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly firstByteMs: number | null;
  /** HTTP status; null where no status line came. */
  readonly status: number | null;
  /** FailureCause where no status line came. */
  readonly cause: string | null;
  /** One plain sentence; for a delivered attempt what was done there, where that is more than "it was taken". */
  readonly detail: string | null;
  /** At most 16 KiB; null where there was none (not kept for delivered attempts). */
  readonly responseBody: Uint8Array | null;
  readonly outcome: AttemptOutcome;
  /** Unix ms of the next try; only with outcome retry. */
  readonly nextDueAtMs: number | null;
  /** Why it is dead (`exhausted`, `aborted`, …); only with outcome dead. */
  readonly deadReason: string | null;
  /** The answer was a 4xx: adds one to the delivery's rejections. */
  readonly rejected: boolean;
  /** The poison rule applies: the call's next event may go while this one keeps its own schedule. */
  readonly releasesNext: boolean;
}

export interface RecordedAttempt {
  /** `refused`: the lease was lost and somebody else holds (or finished) the delivery; nothing was written. */
  readonly kind: 'recorded' | 'refused';
  /** The delivery's state after the record; may be superseded although the engine asked for retry. */
  readonly state: DeliveryState;
}

/** A claimed delivery whose destination said: not now. */
export interface Postponement {
  readonly row: number;
  readonly token: number;
  /** Unix ms of the next try. */
  readonly dueAtMs: number;
  /** What it waits for, in one plain sentence. */
  readonly detail: string;
}

/**
 * Told after each commit about deliveries that just became due. `take` is the fast path: return true to
 * hold the delivery under a lease already (nothing is read back); false leaves it in the journal, where
 * polling finds it. Both are hints: losing one loses nothing.
 */
export interface DueListener {
  take(delivery: ClaimedDelivery): boolean;
  /** Something of this destination is (or will be) due at this time. */
  hint(destinationId: DestinationId, dueAtMs: number): void;
  /** Lease length for what `take` holds. */
  readonly leaseMs: number;
  readonly nodeId: string;
}

export interface DeliveryJournal {
  /** One listener per process; returns a function that removes it. */
  listenDue(listener: DueListener): () => void;
  /**
   * Leases due deliveries, oldest due first in each lane. Never gives out a delivery while another one of
   * the same (destination, call) is leased, nor one that waits behind an earlier event of its call.
   * Skips destinations that are paused, disabled or deleted.
   */
  claimDeliveries(request: ClaimRequest): Promise<readonly ClaimedDelivery[]>;
  /**
   * Records attempts, ends their leases, and in the same transaction: promotes the call's next delivery
   * (delivered, dead, or releasesNext), supersedes older undelivered events of the call once a later one is
   * delivered or may have been (no answer came: timeout, reset, protocol), and turns a retry into superseded where
   * the destination wants only the latest and a newer event waits. Results in the same order.
   */
  recordAttempts(records: readonly AttemptRecord[]): Promise<readonly RecordedAttempt[]>;
  /**
   * Puts claimed deliveries off and ends their leases: they stay pending with `detail` as their stateReason, no attempt
   * is counted or kept, and the call's next delivery goes on waiting. Where the destination wants only the latest and a
   * newer event waits, the delivery is superseded instead. Stale tokens are ignored.
   */
  postponeDeliveries(postponements: readonly Postponement[]): Promise<void>;
  /** Gives claimed deliveries back untouched; stale tokens are ignored. */
  releaseDeliveries(claims: readonly { readonly row: number; readonly token: number }[]): Promise<void>;
  /** Extends leases; the result names the rows whose lease was lost. */
  renewLeases(
    claims: readonly { readonly row: number; readonly token: number }[],
    leaseMs: number,
    nowMs: number,
  ): Promise<readonly number[]>;
  /** Per destination that has pending work that may be claimed: when its earliest is due. Cheap at any backlog. */
  listDueLanes(): Promise<readonly { readonly destinationId: DestinationId; readonly dueAtMs: number }[]>;
  /**
   * Sets one fact about a destination's health: `failingSince` (null = it works again) or its disabling.
   * Writes the operational event (`destination.disabled`, `destination.recovered`) and its audit entry in the same
   * transaction: of a recovery only where it had failed for RECOVERED_AFTER_MS, or its disabling was the last that was
   * told of it, so that one that flaps does not fill the journal; none while it is disabled. Where somebody resumed what
   * the hub had disabled, its first delivery says that it works again.
   */
  setDestinationHealth(change: DestinationHealthChange): Promise<void>;

  // Replay jobs run at delivery's pace.
  listRunnableReplays(): Promise<readonly Replay[]>;
  /**
   * Next step of a replay, in one transaction: takes up to `limit` matching events after the job's cursor in
   * journal order, makes a delivery for each (skipping a destination that already has that event pending),
   * moves cursor and counts, and ends the job when nothing is left.
   */
  advanceReplay(replayId: ReplayId, limit: number): Promise<Replay>;
}
