/** A replay: what is asked for, what a dry run counts, and how far the job is. */
import type { JournalFilter } from './filter.ts';
import type { AccountId, DeliveryId, DestinationId, ReplayId } from './ids.ts';

export const REPLAY_STATES = ['running', 'paused', 'finished', 'cancelled'] as const;
export type ReplayState = (typeof REPLAY_STATES)[number];

export interface ReplayRequest {
  readonly accountId: AccountId;
  /** What to send again: the latest delivery of each (event, destination) must match deliveryStates, if given. */
  readonly filter: JournalFilter;
  /** Only these deliveries; at most 1,000. */
  readonly deliveryIds?: readonly DeliveryId[];
  /** Deliveries made per second; null = as fast as the lanes take them. */
  readonly ratePerSecond: number | null;
  /** Ends after it has made this many. */
  readonly createdMax?: number;
  /** What a dry run counted just before, for showing progress. */
  readonly expected?: number;
}

export interface Replay {
  readonly id: ReplayId;
  readonly accountId: AccountId;
  readonly state: ReplayState;
  readonly request: ReplayRequest;
  /** Deliveries looked at / made / skipped so far. */
  readonly examined: number;
  readonly created: number;
  readonly skipped: number;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
}

export interface ReplayCount {
  readonly total: number;
  readonly perDestination: readonly {
    readonly destinationId: DestinationId;
    readonly count: number;
  }[];
  /** True where counting stopped at its limit (1,000,000). */
  readonly truncated: boolean;
}
