/** Says `delivery.dead`, in the transaction that gave the delivery up. */
import type { AttemptRecord } from '../journal.ts';
import type { KnownDestination } from './destination-registry.ts';
import { toDestinationPart, type RaiseOperational } from './operational-events.ts';
import { isOperational } from './operational-rows.ts';
import { toDeliveryId } from '../ids.ts';
import type { Store } from './store.ts';

/**
 * Of one destination, counted in memory by the clock's minute: beyond it a delivery dies without an event of its own,
 * so that a mass of dead letters cannot double the journal. The deliveries themselves stay in the list of dead ones.
 */
export const DEAD_EVENTS_PER_MINUTE_MAX = 60;

const MINUTE_MS = 60_000;

const SELECT_EVENT = `
  SELECT d.event_row, e.event_id, e.status, c.call_id
  FROM deliveries d LEFT JOIN reports e ON e.row = d.event_row LEFT JOIN calls c ON c.row = d.call_row
  WHERE d.row = ?`;

interface DeadEvent {
  readonly event_row: number;
  readonly event_id: string;
  readonly status: string;
  readonly call_id: string;
}

/** Inside an operation's work. */
export type TellDead = (destination: KnownDestination, attempt: AttemptRecord, nowMs: number) => void;

export function createTellDead({ db }: Pick<Store, 'db'>, raise: RaiseOperational): TellDead {
  const select = db.prepare(SELECT_EVENT);
  const counts = new Map<number, { minute: number; told: number }>();

  /** A rollback does not take it back: then a minute tells fewer. */
  function mayTell(destinationRow: number, nowMs: number): boolean {
    const minute = Math.floor(nowMs / MINUTE_MS);
    let count = counts.get(destinationRow);
    if (count?.minute !== minute) {
      count = { minute, told: 0 };
      counts.set(destinationRow, count);
    }
    count.told += 1;
    return count.told <= DEAD_EVENTS_PER_MINUTE_MAX;
  }

  return ({ row, accountRow, destination }, attempt, nowMs) => {
    if (destination === undefined) return;
    const event = select.get(attempt.deliveryRow) as unknown as DeadEvent | undefined;
    // One that tells of a dead letter and dies must not make another: they would never end.
    if (event === undefined || isOperational(event.event_row) || !mayTell(row, nowMs)) return;
    raise(accountRow, {
      type: 'delivery.dead',
      destination: toDestinationPart(destination),
      delivery: { id: toDeliveryId(attempt.deliveryRow), attempts: attempt.number },
      event: { id: event.event_id, status: event.status },
      call: { id: event.call_id },
      reason: attempt.detail,
    });
  };
}
