/**
 * Claims, leases and lanes. Claiming writes nothing: a lease lives in memory, so it needs no commit and no
 * turn of the writer. It reads through the writing connection, whose pages are warm.
 */
import type { DeliveryId } from '../ids.ts';
import type { ClaimedDelivery, DeliveryJournal } from '../deliveries.ts';
import type { KnownDestination } from './destination-registry.ts';
import { DUE_COLUMNS, DUE_TABLES, toDueDelivery, type DueRow } from './lane-order.ts';
import type { Store } from './store.ts';

/** The due index is outermost: oldest due first, and a look at no more than is taken. */
const SELECT_DUE = `
  SELECT ${DUE_COLUMNS} FROM ${DUE_TABLES}
  WHERE d.destination_row = ? AND d.due_at_ms <= ? ORDER BY d.due_at_ms, d.row`;
/** Steps from one destination with due work to the next: one seek each, whatever their backlogs. */
const SELECT_NEXT_LANE = `
  SELECT min(destination_row) AS destination_row FROM deliveries
  WHERE due_at_ms IS NOT NULL AND destination_row > ?`;
const SELECT_HEADS = `
  SELECT row, call_row, due_at_ms FROM deliveries
  WHERE destination_row = ? AND due_at_ms IS NOT NULL ORDER BY due_at_ms, row`;

export function createClaims(
  store: Store,
): Pick<
  DeliveryJournal,
  'listenDue' | 'claimDeliveries' | 'releaseDeliveries' | 'renewLeases' | 'listDueLanes'
> {
  const { db, leases, destinations, due } = store;
  const selectDue = db.prepare(SELECT_DUE);
  const selectNextLane = db.prepare(SELECT_NEXT_LANE);
  const selectHeads = db.prepare(SELECT_HEADS);

  function claimLane(
    destination: KnownDestination,
    limit: number,
    leaseMs: number,
    nowMs: number,
  ): readonly ClaimedDelivery[] {
    if (!destination.flows || limit <= 0) return [];
    leases.expire(destination.row);
    const claimed: ClaimedDelivery[] = [];
    for (const each of selectDue.iterate(destination.row, nowMs)) {
      const row = each as unknown as DueRow;
      if (leases.isCallHeld(destination.row, row.call_row)) continue;
      const delivery = toDueDelivery(row, destination);
      const wanted = {
        row: row.row,
        destinationRow: destination.row,
        callRow: row.call_row,
        sequence: row.sequence,
      };
      delivery.token = leases.take(wanted, leaseMs).token;
      claimed.push(delivery);
      if (claimed.length >= limit) break;
    }
    return claimed;
  }

  /** When the earliest delivery that nobody holds is due. Looks past held ones, which are few. */
  function readDueAt(destination: KnownDestination): number | null {
    leases.expire(destination.row);
    for (const each of selectHeads.iterate(destination.row)) {
      const head = each as unknown as { row: DeliveryId; call_row: number; due_at_ms: number };
      if (!leases.isCallHeld(destination.row, head.call_row)) return head.due_at_ms;
    }
    return null;
  }

  return {
    listenDue: (listener) => due.listen(listener),
    async claimDeliveries({ lanes, leaseMs, nowMs }) {
      store.writer.refuseIfBroken();
      const claimed: ClaimedDelivery[] = [];
      for (const { destinationId, limit } of lanes) {
        const destination = destinations.find(destinationId);
        if (destination !== undefined) claimed.push(...claimLane(destination, limit, leaseMs, nowMs));
      }
      return claimed;
    },
    async releaseDeliveries(claims) {
      for (const { row, token } of claims) if (leases.find(row)?.token === token) leases.end(row);
    },
    async renewLeases(claims, leaseMs) {
      const lost: number[] = [];
      for (const { row, token } of claims) {
        const lease = leases.find(row);
        if (lease?.token === token) leases.extend(lease, leaseMs);
        else lost.push(row);
      }
      return lost;
    },
    async listDueLanes() {
      const lanes: { destinationId: KnownDestination['id']; dueAtMs: number }[] = [];
      for (let row = 0; ;) {
        const next = selectNextLane.get(row)?.['destination_row'] as number | null;
        if (next === null) return lanes;
        row = next;
        const destination = destinations.get(row);
        const dueAtMs = destination.flows ? readDueAt(destination) : null;
        if (dueAtMs !== null) lanes.push({ destinationId: destination.id, dueAtMs });
      }
    },
  };
}
