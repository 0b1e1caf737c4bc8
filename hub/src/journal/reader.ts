/** What people and pages read: calls, events, deliveries with their attempts, and the feed. It changes nothing. */
import type { Call, ReportOutcome } from '../calls/call.ts';
import type { CallReport } from '../calls/report.ts';
import type { StateCounts } from './analytics.ts';
import type { AttemptOutcome, DeliveryState } from './delivery-state.ts';
import type { JournalFilter } from './filter.ts';
import type {
  AccountId,
  AttemptId,
  DeliveryId,
  DestinationId,
  EventId,
  OperationalEventId,
  ReplayId,
  ReportId,
  SourceId,
} from './ids.ts';
import type { OperationalEntry } from './operational-events.ts';
import type { Page, PageRequest } from './page.ts';

export interface EventEntry {
  readonly id: EventId;
  /** Place in the journal's feed: grows with acceptance; the SSE id and the `after` of listEvents. */
  readonly row: number;
  readonly accountId: AccountId;
  readonly callId: string;
  readonly sequence: number;
  readonly status: string;
  readonly acceptedAtMs: number;
  readonly body: Uint8Array;
}

export interface ReportEntry {
  readonly id: ReportId;
  readonly sourceId: SourceId;
  readonly receivedAtMs: number;
  readonly occurredAtMs: number | null;
  readonly status: string;
  readonly outcome: ReportOutcome;
  readonly reason: string | null;
  readonly eventId: EventId | null;
  /** The report as we keep it (reduced assistant, unknown fields included). */
  readonly report: CallReport;
}

export interface DeliveryEntry {
  readonly id: DeliveryId;
  readonly accountId: AccountId;
  readonly destinationId: DestinationId;
  readonly eventId: EventId | OperationalEventId;
  /** `status-update`, or the type of an operational event. */
  readonly eventType: string;
  /** null where an operational event is about no call. */
  readonly callId: string | null;
  /** 0 for operational events. */
  readonly sequence: number;
  /** The call's, as the event says it; of an operational event its type. */
  readonly status: string;
  readonly state: DeliveryState;
  /** Why it is dead, superseded or cancelled; or what it waits for while pending. */
  readonly stateReason: string | null;
  readonly attempts: number;
  readonly lastStatus: number | null;
  readonly lastDetail: string | null;
  /** null while it waits behind an earlier event of its call, and once terminal. */
  readonly dueAtMs: number | null;
  readonly createdAtMs: number;
  readonly finishedAtMs: number | null;
  readonly replayId: ReplayId | null;
  /** Where it was given up: the newest later delivery of the same event to the same destination, by retry or replay. */
  readonly resent: { readonly id: DeliveryId; readonly state: DeliveryState } | null;
}

export interface AttemptEntry {
  readonly id: AttemptId;
  readonly number: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly firstByteMs: number | null;
  readonly status: number | null;
  readonly cause: string | null;
  readonly detail: string | null;
  readonly responseBody: Uint8Array | null;
  readonly outcome: AttemptOutcome;
}

export interface CallTimeline {
  readonly call: Call;
  readonly reports: readonly ReportEntry[];
  readonly events: readonly EventEntry[];
  readonly deliveries: readonly (DeliveryEntry & {
    readonly attemptEntries: readonly AttemptEntry[];
  })[];
  /** Those about the call, with whom they were told. */
  readonly operationalEvents: readonly (OperationalEntry & {
    readonly deliveries: readonly DeliveryEntry[];
  })[];
  /** True where the call has more reports or deliveries than the limit (1,000 each), or more operational events (100). */
  readonly truncated: boolean;
}

export interface JournalReader {
  listCalls(accountId: AccountId, filter: JournalFilter, page: PageRequest): Promise<Page<Call>>;
  getCall(accountId: AccountId, callId: string): Promise<Call | undefined>;
  getTimeline(accountId: AccountId, callId: string): Promise<CallTimeline | undefined>;
  listEvents(accountId: AccountId, filter: JournalFilter, page: PageRequest): Promise<Page<EventEntry>>;
  getEvent(accountId: AccountId, id: EventId): Promise<EventEntry | undefined>;
  /** The feed in acceptance order, after a row; every account where accountId is undefined. */
  readFeed(accountId: AccountId | undefined, afterRow: number, limit: number): Promise<readonly EventEntry[]>;
  /** Row of the newest event; 0 in an empty journal. */
  readFeedEnd(): Promise<number>;
  /** The last place in the feed before what was accepted at or after a time, of all accounts; 0: all of it was. */
  findFeedRow(ms: number): Promise<number>;
  /** Called after each commit that appended events; a hint, coalesced. */
  listenFeed(listener: () => void): () => void;
  listDeliveries(
    accountId: AccountId,
    filter: JournalFilter,
    page: PageRequest,
  ): Promise<Page<DeliveryEntry>>;
  getDelivery(
    accountId: AccountId,
    id: DeliveryId,
  ): Promise<
    | (DeliveryEntry & {
        readonly attemptEntries: readonly AttemptEntry[];
        readonly body: Uint8Array;
      })
    | undefined
  >;
  /** Pending deliveries and the oldest one's age, per destination (capped at 10,000 counted each). */
  readBacklog(): Promise<
    readonly {
      readonly destinationId: DestinationId;
      readonly pending: number;
      readonly oldestAtMs: number | null;
    }[]
  >;
  readActiveCallCount(accountId: AccountId | undefined, liveSinceMsMin: number): Promise<number>;
  /** Calls that match, by state; the filter's own states are not looked at. Each counts up to `limit`. */
  countCalls(accountId: AccountId, filter: JournalFilter, limit: number): Promise<StateCounts>;
  /** Deliveries that match, by state, likewise. */
  countDeliveries(accountId: AccountId, filter: JournalFilter, limit: number): Promise<StateCounts>;
  /** Changed calls in acceptance order, after a row of the feed: the call as it is now, and the row that changed it. */
  readCallChanges(
    accountId: AccountId | undefined,
    afterRow: number,
    limit: number,
  ): Promise<readonly CallChange[]>;
}

/** A call that a report changed. Several changes of one call in one reading all show it as it is now. */
export interface CallChange {
  /** Place in the feed, as of EventEntry; rows of reports that made no event but changed the call count too. */
  readonly row: number;
  readonly accountId: AccountId;
  readonly call: Call;
}
