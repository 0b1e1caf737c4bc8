import type { Destination, ClaimedDelivery, RecordedAttempt, AttemptRecord } from '../journal/journal.ts';

/** What delivery tells about itself: main.ts turns it into one wide log line and metrics per attempt. */
export interface DeliveryObserver {
  attempted(attempt: {
    readonly delivery: ClaimedDelivery;
    readonly destination: Destination;
    readonly record: AttemptRecord;
    readonly recorded: RecordedAttempt;
  }): void;
  laneChanged(change: {
    readonly destination: Destination;
    /** open: failing, one probe at a time. closed: flows again. */
    readonly breaker: 'open' | 'closed';
    readonly detail: string;
  }): void;
  /** Something went wrong inside that work survives (a journal call failed and is tried again). */
  troubled(detail: string, error: unknown): void;
}
