/**
 * Who holds which delivery. In memory: this process is the journal's only owner, so a restart voids every
 * lease anyway. Within a lane a call is held at most once, whatever is due: that is what keeps two released
 * deliveries of one call from being sent at the same time.
 */
import type { Clock } from '../../clock.ts';

export interface Lease {
  readonly row: number;
  readonly token: number;
  readonly destinationRow: number;
  readonly callRow: number;
  readonly sequence: number;
  expiresAtMs: number;
}

export interface Leases {
  /** The latest lease given out, run out or not: only a newer claim ends its right to record. */
  find(row: number): Lease | undefined;
  /** An attempt may be under way. */
  isHeld(row: number): boolean;
  isCallHeld(destinationRow: number, callRow: number): boolean;
  take(lease: Pick<Lease, 'row' | 'destinationRow' | 'callRow' | 'sequence'>, leaseMs: number): Lease;
  /** A token for a lease that may not come about. Tokens only grow. */
  nextToken(): number;
  toExpiry(leaseMs: number): number;
  add(lease: Lease): void;
  end(row: number): void;
  endLane(destinationRow: number): void;
  extend(lease: Lease, leaseMs: number): void;
  /** Lets what ran out in this lane be claimed anew. */
  expire(destinationRow: number): void;
}

interface LaneLeases {
  /** Call row → delivery row. */
  readonly calls: Map<number, number>;
  /** No lease of the lane ends before this. */
  earliestMs: number;
}

export function createLeases(clock: Clock): Leases {
  const leases = new Map<number, Lease>();
  const lanes = new Map<number, LaneLeases>();
  let token = 0;

  function add(lease: Lease): void {
    leases.set(lease.row, lease);
    let lane = lanes.get(lease.destinationRow);
    if (lane === undefined) {
      lane = { calls: new Map(), earliestMs: Number.POSITIVE_INFINITY };
      lanes.set(lease.destinationRow, lane);
    }
    lane.calls.set(lease.callRow, lease.row);
    if (lease.expiresAtMs < lane.earliestMs) lane.earliestMs = lease.expiresAtMs;
  }

  return {
    find: (row) => leases.get(row),
    isHeld(row) {
      const lease = leases.get(row);
      return lease !== undefined && lease.expiresAtMs > clock.monotonicMs();
    },
    isCallHeld(destinationRow, callRow) {
      const row = lanes.get(destinationRow)?.calls.get(callRow);
      return row !== undefined && (leases.get(row)?.expiresAtMs ?? 0) > clock.monotonicMs();
    },
    take(wanted, leaseMs) {
      token += 1;
      const lease = { ...wanted, token, expiresAtMs: clock.monotonicMs() + leaseMs };
      add(lease);
      return lease;
    },
    nextToken() {
      token += 1;
      return token;
    },
    toExpiry: (leaseMs) => clock.monotonicMs() + leaseMs,
    add,
    end(row) {
      const lease = leases.get(row);
      if (lease === undefined) return;
      leases.delete(row);
      const lane = lanes.get(lease.destinationRow);
      if (lane?.calls.get(lease.callRow) === row) lane.calls.delete(lease.callRow);
    },
    endLane(destinationRow) {
      const lane = lanes.get(destinationRow);
      if (lane === undefined) return;
      for (const row of lane.calls.values()) leases.delete(row);
      lanes.delete(destinationRow);
    },
    extend(lease, leaseMs) {
      lease.expiresAtMs = clock.monotonicMs() + leaseMs;
    },
    expire(destinationRow) {
      const lane = lanes.get(destinationRow);
      const nowMs = clock.monotonicMs();
      if (lane === undefined || lane.earliestMs > nowMs) return;
      lane.earliestMs = Number.POSITIVE_INFINITY;
      for (const [callRow, row] of lane.calls) {
        const lease = leases.get(row);
        if (lease === undefined || lease.expiresAtMs <= nowMs) lane.calls.delete(callRow);
        else lane.earliestMs = Math.min(lane.earliestMs, lease.expiresAtMs);
      }
    },
  };
}
