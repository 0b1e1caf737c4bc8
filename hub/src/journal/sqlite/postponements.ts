/**
 * Putting claimed deliveries off, as their destination asked: one UPDATE each, which leaves attempts and order as they
 * are, and the end of the lease with the commit.
 */
import type { DeliveryJournal, Postponement } from '../deliveries.ts';
import { SUPERSEDED_BY_NEWER, type LaneOrder } from './lane-order.ts';
import type { Store } from './store.ts';

const POSTPONE = 'UPDATE deliveries SET due_at_ms = ?, reason = ? WHERE row = ? AND state = 0';

export function createPostponements(
  store: Store,
  order: LaneOrder,
): Pick<DeliveryJournal, 'postponeDeliveries'> {
  const { db, writer, clock, leases, destinations, due } = store;
  const postpone = db.prepare(POSTPONE);

  function postponeOne({ row, token, dueAtMs, detail }: Postponement, nowMs: number): void {
    const lease = leases.find(row);
    if (lease?.token !== token) return;
    const destination = destinations.get(lease.destinationRow);
    if (destination.isLatest && order.hasNewer(lease)) {
      order.finish(row, 'superseded', SUPERSEDED_BY_NEWER, nowMs);
      order.promote(destination, lease.callRow, nowMs);
      return;
    }
    const { changes } = postpone.run(dueAtMs, detail, row);
    if (changes > 0) due.hint(destination.id, dueAtMs);
  }

  return {
    postponeDeliveries(postponements) {
      return writer.run(
        {
          work() {
            const nowMs = clock.nowMs();
            for (const postponement of postponements) postponeOne(postponement, nowMs);
          },
          committed() {
            // A token that went stale before the commit belongs to somebody else's lease.
            for (const { row, token } of postponements)
              if (leases.find(row)?.token === token) leases.end(row);
          },
        },
        { weight: postponements.length, lazy: true, always: true },
      );
    },
  };
}
