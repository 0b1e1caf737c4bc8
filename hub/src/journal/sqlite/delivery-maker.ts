/** Makes deliveries: for a new event, a retry of a finished delivery, and a replay. Inside an operation's work. */
import type { KnownDestination } from './destination-registry.ts';
import type { LaneOrder, PendingDelivery } from './lane-order.ts';
import type { Store } from './store.ts';

export interface NewDelivery {
  readonly destination: KnownDestination;
  readonly callRow: number;
  readonly eventRow: number;
  readonly sequence: number;
  /** Pending deliveries of the same call at the same destination. */
  readonly pending: readonly PendingDelivery[];
  readonly replayRow: number | null;
  readonly nowMs: number;
}

export interface DeliveryMaker {
  make(delivery: NewDelivery): { readonly row: number; readonly isDue: boolean };
  readPending: LaneOrder['readPending'];
}

const INSERT_DELIVERY = `
  INSERT INTO deliveries (row, destination_row, call_row, event_row, sequence, state, due_at_ms, created_at_ms,
    replay_row)
  VALUES (?, ?, ?, ?, ?, 0, ?, ?, ?)`;

export function createDeliveryMaker(
  { db, counters }: Pick<Store, 'db' | 'counters'>,
  order: LaneOrder,
): DeliveryMaker {
  const insert = db.prepare(INSERT_DELIVERY);
  return {
    readPending: order.readPending,
    make({ destination, callRow, eventRow, sequence, pending, replayRow, nowMs }) {
      const isDue = pending.length === 0 || order.mayGoNow(destination, sequence, pending, nowMs);
      counters.now.deliveryRow += 1;
      counters.now.pending += 1;
      const row = counters.now.deliveryRow;
      insert.run(row, destination.row, callRow, eventRow, sequence, isDue ? nowMs : null, nowMs, replayRow);
      return { row, isDue };
    },
  };
}
