/** What people do to one delivery: try it again, or call it off. */
import { parseRow, toDeliveryId, type AccountId, type DeliveryId } from '../ids.ts';
import type { CancelResult, CommandJournal, RetryResult } from '../commands.ts';
import type { DeliveryEntry } from '../reader.ts';
import { findAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import { toDeliveryState } from './codes.ts';
import type { DeliveryMaker } from './delivery-maker.ts';
import { DELIVERY_COLUMNS, toDeliveryEntry, toSelectDelivery, type DeliveryRow } from './delivery-rows.ts';
import type { LaneOrder } from './lane-order.ts';
import type { Store } from './store.ts';

const SELECT_DELIVERY = toSelectDelivery(DELIVERY_COLUMNS);
/** Of a waiting delivery those before it are hastened: they are what it waits for. */
const HASTEN = `
  UPDATE deliveries SET due_at_ms = ?
  WHERE call_row = ? AND destination_row = ? AND due_at_ms > ? AND row <= ?`;

export function createDeliveryCommands(
  store: Store,
  deliveries: DeliveryMaker,
  order: LaneOrder,
): Pick<CommandJournal, 'retryDelivery' | 'cancelDelivery'> {
  const { db, writer, clock, destinations, leases, due, calls } = store;
  const select = db.prepare(SELECT_DELIVERY);
  const hasten = db.prepare(HASTEN);

  function read(accountId: AccountId, id: DeliveryId): DeliveryRow | undefined {
    const row = parseRow(id, 'dlv');
    if (row === undefined) return undefined;
    return select.get(row, findAccountRow(store, accountId)) as unknown as DeliveryRow | undefined;
  }

  function readEntry(accountId: AccountId, row: number): DeliveryEntry {
    return toDeliveryEntry(read(accountId, toDeliveryId(row)) as DeliveryRow, store);
  }

  return {
    retryDelivery(accountId, id, actor) {
      return writer.run({
        work(): RetryResult | undefined {
          const found = read(accountId, id);
          if (found === undefined) return undefined;
          const destination = destinations.get(found.destination_row);
          if (destination.destination === undefined) return { kind: 'destination_gone' };
          const nowMs = clock.nowMs();
          if (toDeliveryState(found.state) === 'pending') {
            hasten.run(nowMs, found.call_row, found.destination_row, nowMs, found.row);
            due.hint(destination.id, nowMs);
            writeAudit(store, destination.accountRow, actor, 'delivery.hastened', id, null);
            return { kind: 'hastened', delivery: readEntry(accountId, found.row) };
          }
          const pending = order.readPending(found.call_row, found.destination_row);
          const same = pending.find((other) => other.event_row === found.event_row);
          if (same !== undefined) {
            return { kind: 'already_pending', delivery: readEntry(accountId, same.row) };
          }
          const known = calls.peek(found.call_row);
          if (known !== undefined) known.isAlone = false;
          const made = deliveries.make({
            destination,
            callRow: found.call_row,
            eventRow: found.event_row,
            sequence: found.sequence,
            pending,
            replayRow: null,
            nowMs,
          });
          if (made.isDue) due.hint(destination.id, nowMs);
          const newId = toDeliveryId(made.row);
          writeAudit(store, destination.accountRow, actor, 'delivery.retried', id, { delivery: newId });
          return { kind: 'created', delivery: readEntry(accountId, made.row) };
        },
      });
    },
    cancelDelivery(accountId, id, actor) {
      return writer.run({
        work(): CancelResult | undefined {
          const found = read(accountId, id);
          if (found === undefined) return undefined;
          if (toDeliveryState(found.state) !== 'pending' || leases.isHeld(found.row)) {
            return { kind: 'not_cancellable', delivery: toDeliveryEntry(found, store) };
          }
          const destination = destinations.get(found.destination_row);
          const nowMs = clock.nowMs();
          order.finish(found.row, 'cancelled', 'It was cancelled by hand.', nowMs);
          order.promote(destination, found.call_row, nowMs);
          writeAudit(store, destination.accountRow, actor, 'delivery.cancelled', id, null);
          return { kind: 'cancelled', delivery: readEntry(accountId, found.row) };
        },
      });
    },
  };
}
