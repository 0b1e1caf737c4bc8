/**
 * Whether a delivery that just became due is handed to the engine with the commit, or left for a claim. The
 * engine decides on its own thread; this is the part of its answer that can be known here without asking.
 */
import type { DestinationId } from '../../ids.ts';

/** Handed out and not yet recorded: under way, waiting in the lane, or on their way between the threads. */
const LANE_TAKEN_MAX = 512;

export interface LaneCredit {
  take(destinationId: DestinationId, row: number): boolean;
  /** Recorded, released or lost. */
  settle(row: number): void;
  /** The engine had no room. */
  refuse(row: number): void;
  /** A claim found all that was due: what becomes due from now on is new. */
  caughtUp(destinationId: DestinationId): void;
}

interface LaneState {
  taken: number;
  /** Older work waits in the journal: newer work must not go past it, or the old would starve. */
  hasBacklog: boolean;
}

export function createLaneCredit(): LaneCredit {
  const lanes = new Map<DestinationId, LaneState>();
  const taken = new Map<number, LaneState>();

  function find(destinationId: DestinationId): LaneState {
    let lane = lanes.get(destinationId);
    if (lane === undefined) {
      lane = { taken: 0, hasBacklog: false };
      lanes.set(destinationId, lane);
    }
    return lane;
  }

  function settle(row: number): LaneState | undefined {
    const lane = taken.get(row);
    if (lane === undefined) return undefined;
    taken.delete(row);
    lane.taken -= 1;
    return lane;
  }

  return {
    take(destinationId, row) {
      const lane = find(destinationId);
      if (lane.hasBacklog || lane.taken >= LANE_TAKEN_MAX) {
        lane.hasBacklog = true;
        return false;
      }
      lane.taken += 1;
      taken.set(row, lane);
      return true;
    },
    settle,
    refuse(row) {
      const lane = settle(row);
      if (lane !== undefined) lane.hasBacklog = true;
    },
    caughtUp(destinationId) {
      find(destinationId).hasBacklog = false;
    },
  };
}
