/** Says `delivery.dead`, in the transaction that gave the delivery up. */
import type { AttemptRecord } from '../deliveries.ts';
import type { KnownDestination } from './destination-registry.ts';
import { createMinuteCap } from './minute-cap.ts';
import { toDestinationPart, TOLD_PER_MINUTE_MAX, type RaiseOperational } from './operational-events.ts';
import { isOperational } from './operational-rows.ts';
import { toDeliveryId } from '../ids.ts';
import type { Store } from './store.ts';

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
  // Beyond it a delivery dies without an event of its own, so that a mass of dead letters cannot double the journal. The
  // deliveries themselves stay in the list of dead ones.
  const mayTell = createMinuteCap(TOLD_PER_MINUTE_MAX);

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
