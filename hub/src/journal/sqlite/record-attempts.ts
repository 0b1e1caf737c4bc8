/**
 * Recording attempts: the delivery's next state, what it means for the call's other deliveries, and the end
 * of the lease, in one transaction. A delivered first attempt is one UPDATE.
 */
import type { AttemptRecord, DeliveryJournal, RecordedAttempt } from '../deliveries.ts';
import type { DeliveryState } from '../delivery-state.ts';
import { ATTEMPT_OUTCOME_CODES, toDeliveryState } from './codes.ts';
import type { TellDead } from './dead-letters.ts';
import type { KnownDestination } from './destination-registry.ts';
import { SUPERSEDED_BY_NEWER, type LaneOrder } from './lane-order.ts';
import type { Lease } from './leases.ts';
import type { Recoveries } from './recoveries.ts';
import type { Store } from './store.ts';

// `attempts = ?` fences what the token cannot: the same record twice in one commit.
const RECORD_DELIVERED = `
  UPDATE deliveries SET state = 1, due_at_ms = NULL, attempts = attempts + 1, reason = NULL, finished_at_ms = ?,
    last_status = ?, last_detail = ?, sent_at_ms = ?, sent_duration_ms = ?, sent_first_byte_ms = ?
  WHERE row = ? AND state = 0 AND attempts = ?`;
const RECORD_FAILED = `
  UPDATE deliveries SET state = ?, due_at_ms = ?, attempts = attempts + 1, rejections = rejections + ?,
    released = max(released, ?), reason = ?, finished_at_ms = ?, last_status = ?, last_detail = ?
  WHERE row = ? AND state = 0 AND attempts = ?`;
const INSERT_ATTEMPT = `
  INSERT INTO attempts (delivery_row, number, outcome, started_at_ms, duration_ms, first_byte_ms, status, cause,
    detail, response_body)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const SELECT_STATE = 'SELECT state FROM deliveries WHERE row = ?';

/**
 * No answer came, but the request may have: sending an older event of the call now could turn the order around.
 * Only the poison rule lets an older one be pending then, and it was answered 4xx five times.
 */
const ARRIVAL_UNKNOWN: ReadonlySet<string> = new Set(['timeout', 'reset', 'protocol']);

export function createRecordAttempts(
  store: Store,
  order: LaneOrder,
  tellDead: TellDead,
  recoveries: Recoveries,
): Pick<DeliveryJournal, 'recordAttempts'> {
  const { db, writer, clock, counters, counting, leases, destinations, calls, due } = store;
  const recordDelivered = db.prepare(RECORD_DELIVERED);
  const recordFailed = db.prepare(RECORD_FAILED);
  const insertAttempt = db.prepare(INSERT_ATTEMPT);
  const selectState = db.prepare(SELECT_STATE);

  function record(attempt: AttemptRecord, nowMs: number): RecordedAttempt {
    const lease = leases.find(attempt.deliveryRow);
    if (lease === undefined || lease.token !== attempt.token) return refuse(attempt.deliveryRow);
    const destination = destinations.get(lease.destinationRow);
    const state =
      attempt.outcome === 'delivered'
        ? saveDelivered(attempt, lease, destination, nowMs)
        : saveFailed(attempt, lease, destination, nowMs);
    return state === null ? refuse(attempt.deliveryRow) : { kind: 'recorded', state };
  }

  function refuse(deliveryRow: number): RecordedAttempt {
    const code = selectState.get(deliveryRow)?.['state'] as number | undefined;
    return { kind: 'refused', state: code === undefined ? 'cancelled' : toDeliveryState(code) };
  }

  function saveDelivered(
    attempt: AttemptRecord,
    lease: Lease,
    destination: KnownDestination,
    nowMs: number,
  ): DeliveryState | null {
    const { changes } = recordDelivered.run(
      nowMs,
      attempt.status,
      attempt.detail,
      attempt.startedAtMs,
      attempt.durationMs,
      attempt.firstByteMs,
      lease.row,
      attempt.number - 1,
    );
    if (changes === 0) return null;
    counting.countDelivered(destination, attempt.durationMs, nowMs);
    recoveries.tellDelivered(destination, nowMs);
    settle(lease.row);
    if (calls.peek(lease.callRow)?.isAlone !== true) {
      const pending = order.readPending(lease.callRow, destination.row);
      order.supersedeOlder(pending, lease, nowMs);
      order.promote(destination, lease.callRow, nowMs);
    }
    return 'delivered';
  }

  function saveFailed(
    attempt: AttemptRecord,
    lease: Lease,
    destination: KnownDestination,
    nowMs: number,
  ): DeliveryState | null {
    const isOutdated = attempt.outcome === 'retry' && destination.isLatest && order.hasNewer(lease);
    const state: DeliveryState = attempt.outcome === 'dead' ? 'dead' : isOutdated ? 'superseded' : 'pending';
    const dueAtMs = state === 'pending' ? (attempt.nextDueAtMs ?? nowMs) : null;
    const { changes } = recordFailed.run(
      state === 'pending' ? 0 : state === 'dead' ? 2 : 3,
      dueAtMs,
      attempt.rejected ? 1 : 0,
      attempt.releasesNext ? 1 : 0,
      state === 'pending' ? null : state === 'dead' ? attempt.deadReason : SUPERSEDED_BY_NEWER,
      state === 'pending' ? null : nowMs,
      attempt.status,
      attempt.detail,
      lease.row,
      attempt.number - 1,
    );
    if (changes === 0) return null;
    counting.countFailed(destination, state === 'dead', nowMs);
    insertAttempt.run(
      lease.row,
      attempt.number,
      ATTEMPT_OUTCOME_CODES[attempt.outcome],
      attempt.startedAtMs,
      attempt.durationMs,
      attempt.firstByteMs,
      attempt.status,
      attempt.cause,
      attempt.detail,
      attempt.responseBody,
    );
    if (state === 'dead') tellDead(destination, attempt, nowMs);
    if (attempt.cause !== null && ARRIVAL_UNKNOWN.has(attempt.cause)) {
      order.supersedeOlder(order.readPending(lease.callRow, destination.row), lease, nowMs);
    }
    if (dueAtMs === null) settle(lease.row);
    else due.hint(destination.id, dueAtMs);
    if (dueAtMs === null || attempt.releasesNext) order.promote(destination, lease.callRow, nowMs);
    return state;
  }

  function settle(row: number): void {
    counters.now.pending -= 1;
    due.withdraw(row);
  }

  return {
    recordAttempts(records) {
      store.crashPoint?.('after-attempt-before-record');
      return writer.run(
        {
          work() {
            const nowMs = clock.nowMs();
            return records.map((attempt) => record(attempt, nowMs));
          },
          committed(results) {
            for (const [index, { kind }] of results.entries()) {
              if (kind === 'recorded') leases.end((records[index] as AttemptRecord).deliveryRow);
            }
            store.crashPoint?.('after-record');
          },
        },
        // Nobody waits for an outcome but the lane's next turn: it rides on the next accept's fsync.
        { weight: records.length, lazy: true, always: true },
      );
    },
  };
}
