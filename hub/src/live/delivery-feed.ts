/**
 * How deliveries fare, for people who watch. In: each attempt as it was recorded, and what commands changed. Out: per
 * account at most one batch in BATCH_MS with the last state of each delivery in it.
 *
 * Promises: while nobody watches an account its deliveries cost one look into a map; however many deliveries there
 * are, no more than DELIVERIES_TOLD_PER_SECOND_MAX a second are told, and `resync` says that others were left out.
 * Nothing is kept or replayed: the lists of the API are the truth.
 */
import type { Clock } from '../clock.ts';
import type { AccountId, DeliveryId, DestinationId, EventId, OperationalEventId } from '../journal/ids.ts';
import type { AttemptRecord, ClaimedDelivery, RecordedAttempt } from '../journal/deliveries.ts';
import type { DeliveryEntry } from '../journal/reader.ts';
import type { DeliveryState } from '../journal/delivery-state.ts';

export const DELIVERIES_BATCH_MS = 100;
/** Nobody reads faster, and 500 viewers at 10,000 deliveries a second would be all the hub does. */
export const DELIVERIES_TOLD_PER_SECOND_MAX = 300;
/** Each resync makes every viewer read its list: it may not come every second. */
export const DELIVERIES_RESYNC_EVERY_MS = 5_000;

export interface DeliveryChange {
  readonly id: DeliveryId;
  readonly destinationId: DestinationId;
  readonly eventId: EventId | OperationalEventId;
  /** `status-update`, or the type of an operational event. */
  readonly eventType: string;
  /** null where an operational event is about no call. */
  readonly callId: string | null;
  readonly sequence: number;
  /** Of the call, as the event says it; of an operational event its type. */
  readonly status: string;
  readonly state: DeliveryState;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastDetail: string | null;
  readonly dueAtMs: number | null;
}

export interface DeliveryWatcher {
  show(changes: readonly DeliveryChange[]): void;
  /** Some were left out: what was shown of deliveries is to be read anew. */
  resync(): void;
}

export interface RecordedDelivery {
  readonly delivery: ClaimedDelivery;
  readonly record: AttemptRecord;
  readonly recorded: RecordedAttempt;
}

export interface DeliveryFeed {
  /** Of the hot path. */
  attempted(attempt: RecordedDelivery): void;
  /** A command changed or made it. */
  changed(delivery: DeliveryEntry): void;
  watch(accountId: AccountId, watcher: DeliveryWatcher): () => void;
}

interface Audience {
  readonly watchers: Set<DeliveryWatcher>;
  /** The last that happened to each; what is told of it is made when the batch goes out. */
  pending: Map<DeliveryId, () => DeliveryChange>;
  /** How many may still be told; refilled as time passes. */
  allowance: number;
  refilledAtMs: number;
  hasLeftOut: boolean;
  resyncAtMs: number;
  flushedAtMs: number;
  /** monotonic; infinite while none runs. */
  timerAtMs: number;
  cancelTimer: () => void;
}

export function createDeliveryFeed(clock: Clock): DeliveryFeed {
  const audiences = new Map<AccountId, Audience>();

  function note(accountId: AccountId, id: DeliveryId, toChange: () => DeliveryChange): void {
    const audience = audiences.get(accountId);
    if (audience === undefined) return;
    const { pending } = audience;
    if (pending.delete(id) || takeAllowance(audience)) {
      pending.set(id, toChange);
      schedule(audience, audience.flushedAtMs + DELIVERIES_BATCH_MS);
    } else {
      audience.hasLeftOut = true;
      schedule(audience, audience.resyncAtMs);
    }
  }

  function takeAllowance(audience: Audience): boolean {
    const nowMs = clock.monotonicMs();
    const refill = ((nowMs - audience.refilledAtMs) / 1_000) * DELIVERIES_TOLD_PER_SECOND_MAX;
    const allowance = Math.min(DELIVERIES_TOLD_PER_SECOND_MAX, audience.allowance + refill);
    audience.refilledAtMs = nowMs;
    audience.allowance = allowance >= 1 ? allowance - 1 : allowance;
    return allowance >= 1;
  }

  /** The first after a quiet time goes out at once. */
  function schedule(audience: Audience, dueAtMs: number): void {
    if (dueAtMs >= audience.timerAtMs) return;
    audience.cancelTimer();
    audience.timerAtMs = dueAtMs;
    audience.cancelTimer = clock.setTimer(() => flush(audience), dueAtMs - clock.monotonicMs());
  }

  function flush(audience: Audience): void {
    const nowMs = clock.monotonicMs();
    audience.timerAtMs = Number.POSITIVE_INFINITY;
    audience.flushedAtMs = nowMs;
    const changes = Array.from(audience.pending.values(), (toChange) => toChange());
    // Not cleared: V8 links the table of a cleared map to its next one, so that once one of them has grown old, every
    // batch after it (and the bodies it holds) waits for a full collection: 12 MB in 10 s at 100 deliveries a second.
    audience.pending = new Map();
    const isResyncDue = audience.hasLeftOut && nowMs >= audience.resyncAtMs;
    for (const watcher of audience.watchers) {
      if (changes.length > 0) watcher.show(changes);
      if (isResyncDue) watcher.resync();
    }
    if (isResyncDue) {
      audience.hasLeftOut = false;
      audience.resyncAtMs = nowMs + DELIVERIES_RESYNC_EVERY_MS;
    }
    if (audience.hasLeftOut) schedule(audience, audience.resyncAtMs);
  }

  return {
    attempted({ delivery, record, recorded }) {
      if (audiences.size === 0 || recorded.kind === 'refused') return;
      note(delivery.accountId, delivery.id, () => fromAttempt(delivery, record, recorded));
    },
    changed(delivery) {
      if (audiences.size === 0) return;
      note(delivery.accountId, delivery.id, () => delivery);
    },
    watch(accountId, watcher) {
      const nowMs = clock.monotonicMs();
      const audience = audiences.get(accountId) ?? {
        watchers: new Set(),
        pending: new Map(),
        allowance: DELIVERIES_TOLD_PER_SECOND_MAX,
        refilledAtMs: nowMs,
        hasLeftOut: false,
        resyncAtMs: nowMs,
        flushedAtMs: nowMs - DELIVERIES_BATCH_MS,
        timerAtMs: Number.POSITIVE_INFINITY,
        cancelTimer: () => {},
      };
      audiences.set(accountId, audience);
      audience.watchers.add(watcher);
      return () => {
        audience.watchers.delete(watcher);
        if (audience.watchers.size > 0 || audiences.get(accountId) !== audience) return;
        audience.cancelTimer();
        audiences.delete(accountId);
      };
    },
  };
}

function fromAttempt(
  delivery: ClaimedDelivery,
  record: AttemptRecord,
  { state }: RecordedAttempt,
): DeliveryChange {
  return {
    id: delivery.id,
    destinationId: delivery.destinationId,
    eventId: delivery.eventId,
    eventType: delivery.eventType,
    callId: readCallId(delivery.body),
    sequence: delivery.sequence,
    status: delivery.status,
    state,
    attempts: record.number,
    lastStatus: record.status,
    lastDetail: record.detail,
    dueAtMs: state === 'pending' ? record.nextDueAtMs : null,
  };
}

/** A claimed delivery names its call by a row only; reading its body costs 2 µs, and only those told are read. */
function readCallId(body: Uint8Array): string | null {
  const text = Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8');
  const { message } = JSON.parse(text) as { readonly message: { readonly call?: { readonly id: string } } };
  return message.call?.id ?? null;
}
