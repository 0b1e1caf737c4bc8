import type { AttemptRecord, ClaimedDelivery, RecordedAttempt } from '../journal/deliveries.ts';
import type { Destination, DestinationHealthChange } from '../journal/destinations.ts';

/** What delivery tells about itself: main.ts turns it into one wide log line and metrics per attempt. */
export interface DeliveryObserver {
  attempted(attempt: {
    readonly delivery: ClaimedDelivery;
    readonly destination: Destination;
    readonly record: AttemptRecord;
    readonly recorded: RecordedAttempt;
  }): void;
  /** Its destination said: not now. No attempt was made. */
  postponed(postponement: {
    readonly delivery: ClaimedDelivery;
    /** Unix ms. */
    readonly dueAtMs: number;
    readonly detail: string;
  }): void;
  laneChanged(change: {
    readonly destination: Destination;
    /** open: failing, one probe at a time. closed: flows again. */
    readonly breaker: 'open' | 'closed';
    readonly detail: string;
  }): void;
  /** What the engine has found a destination to be. It is also told to the journal, which may know it already. */
  healthChanged(change: DestinationHealthChange): void;
  /** Something went wrong inside that work survives (a journal call failed and is tried again). */
  troubled(detail: string, error: unknown): void;
}
