/**
 * The durable record of calls, reports, events, deliveries and attempts, and the only place that knows
 * SQL. Stages do not call each other; they meet here. sqlite/ (and later postgres/) implement this
 * interface with the same functions, and conformance/ is the one suite every store must pass.
 *
 * Promises of every writing function: what its promise resolved with is on disk (fsynced); what must
 * happen together happens in one transaction; a rejected promise changed nothing. Writers that arrive
 * while a commit runs share the next one (group commit). Store trouble rejects with JournalError.
 */
import type { OperationalContent, OperationalEventType } from '@offhook/contract/operational-event';
import type { Call, CallState, ReportOutcome } from '../calls/call.ts';
import type { CallReport } from '../calls/report.ts';
import type {
  AccountId,
  AttemptId,
  AuditId,
  DeliveryId,
  DestinationId,
  EventId,
  KeyId,
  OperationalEventId,
  ReplayId,
  ReportId,
  SessionId,
  SourceId,
} from './ids.ts';
import type { Actor } from './actor.ts';
import type { AnalyticsJournal, StateCounts } from './analytics.ts';
import type { Page, PageRequest } from './page.ts';
import type { TroubleListener } from './trouble.ts';

// ───────────────────────────── accepting reports (used by ingest/) ─────────────────────────────

export interface IncomingReport {
  readonly accountId: AccountId;
  readonly sourceId: SourceId;
  readonly report: CallReport;
  /** W3C trace context the report came with, passed on with every delivery of its event. */
  readonly traceparent: string | null;
  /** Normalised copies for search (E.164); null where there is none. */
  readonly phoneNumberE164: string | null;
  readonly customerE164: string | null;
}

export interface AcceptedReport {
  readonly outcome: ReportOutcome;
  /** Why, in one sentence; null for advanced. */
  readonly reason: string | null;
  readonly call: Call;
  /** Only where the outcome is advanced. */
  readonly event: { readonly id: EventId; readonly sequence: number } | null;
}

export interface AcceptJournal {
  /**
   * One transaction for all of them, in order: look up the call, apply the report, keep the report,
   * append the event, fan the event out into one delivery for each matching destination that is not
   * deleted (paused and disabled ones too: hold, never drop). A registered number gives
   * phone_number.name where the report lacks it. `latest` destinations supersede older undelivered,
   * unclaimed deliveries of the call here.
   */
  acceptReports(reports: readonly IncomingReport[]): Promise<readonly AcceptedReport[]>;
}

// ───────────────────────────── deliveries (used by delivery/) ─────────────────────────────

export const DELIVERY_STATES = ['pending', 'delivered', 'dead', 'superseded', 'cancelled'] as const;
/** All but pending are terminal: a terminal delivery never changes again; a retry or replay makes a new one. */
export type DeliveryState = (typeof DELIVERY_STATES)[number];

/** A delivery that this node holds a lease on, with all that an attempt needs. */
export interface ClaimedDelivery {
  readonly id: DeliveryId;
  readonly row: number;
  readonly destinationId: DestinationId;
  readonly accountId: AccountId;
  readonly eventId: EventId | OperationalEventId;
  /** `status-update`, or the type of an operational event. */
  readonly eventType: string;
  /** Negative for operational events, which are numbered by themselves. */
  readonly eventRow: number;
  /**
   * Internal number of the call; with destinationId it names the order that must be kept. Safe in log lines. An
   * operational event has a (negative) number of its own, since none has to wait for another.
   */
  readonly callRow: number;
  readonly sequence: number;
  readonly status: string;
  /** The exact bytes to send. */
  readonly body: Uint8Array;
  readonly traceparent: string | null;
  /** Unix ms of the event's acceptance. */
  readonly acceptedAtMs: number;
  /** Unix ms from which it may be attempted. */
  readonly dueAtMs: number;
  /** Attempts already recorded. */
  readonly attempts: number;
  /** Of these, answered with 4xx (the poison rule counts them). */
  readonly rejections: number;
  /** Fencing token: a record with any other token than the latest claim's is refused. */
  readonly token: number;
}

export interface ClaimRequest {
  readonly nodeId: string;
  readonly leaseMs: number;
  readonly nowMs: number;
  /** How many each lane can hold now. Claims never exceed it, so one lane's backlog cannot crowd out another. */
  readonly lanes: readonly { readonly destinationId: DestinationId; readonly limit: number }[];
}

export const ATTEMPT_OUTCOMES = ['delivered', 'retry', 'dead'] as const;
export type AttemptOutcome = (typeof ATTEMPT_OUTCOMES)[number];

/** One finished attempt and what the engine decided about its delivery. */
export interface AttemptRecord {
  readonly deliveryRow: number;
  readonly token: number;
  /** From 1. */
  readonly number: number;
  readonly startedAtMs: number;
  readonly durationMs: number;
  readonly firstByteMs: number | null;
  /** HTTP status; null where no status line came. */
  readonly status: number | null;
  /** FailureCause where no status line came. */
  readonly cause: string | null;
  /** One plain sentence; for a delivered attempt what was done there, where that is more than "it was taken". */
  readonly detail: string | null;
  /** At most 16 KiB; null where there was none (not kept for delivered attempts). */
  readonly responseBody: Uint8Array | null;
  readonly outcome: AttemptOutcome;
  /** Unix ms of the next try; only with outcome retry. */
  readonly nextDueAtMs: number | null;
  /** Why it is dead (`exhausted`, `aborted`, …); only with outcome dead. */
  readonly deadReason: string | null;
  /** The answer was a 4xx: adds one to the delivery's rejections. */
  readonly rejected: boolean;
  /** The poison rule applies: the call's next event may go while this one keeps its own schedule. */
  readonly releasesNext: boolean;
}

export interface RecordedAttempt {
  /** `refused`: the lease was lost and somebody else holds (or finished) the delivery; nothing was written. */
  readonly kind: 'recorded' | 'refused';
  /** The delivery's state after the record; may be superseded although the engine asked for retry. */
  readonly state: DeliveryState;
}

/** A claimed delivery whose destination said: not now. */
export interface Postponement {
  readonly row: number;
  readonly token: number;
  /** Unix ms of the next try. */
  readonly dueAtMs: number;
  /** What it waits for, in one plain sentence. */
  readonly detail: string;
}

/**
 * Told after each commit about deliveries that just became due. `take` is the fast path: return true to
 * hold the delivery under a lease already (nothing is read back); false leaves it in the journal, where
 * polling finds it. Both are hints: losing one loses nothing.
 */
export interface DueListener {
  take(delivery: ClaimedDelivery): boolean;
  /** Something of this destination is (or will be) due at this time. */
  hint(destinationId: DestinationId, dueAtMs: number): void;
  /** Lease length for what `take` holds. */
  readonly leaseMs: number;
  readonly nodeId: string;
}

export interface DeliveryJournal {
  /** One listener per process; returns a function that removes it. */
  listenDue(listener: DueListener): () => void;
  /**
   * Leases due deliveries, oldest due first in each lane. Never gives out a delivery while another one of
   * the same (destination, call) is leased, nor one that waits behind an earlier event of its call.
   * Skips destinations that are paused, disabled or deleted.
   */
  claimDeliveries(request: ClaimRequest): Promise<readonly ClaimedDelivery[]>;
  /**
   * Records attempts, ends their leases, and in the same transaction: promotes the call's next delivery
   * (delivered, dead, or releasesNext), supersedes older undelivered events of the call once a later one is
   * delivered or may have been (no answer came: timeout, reset, protocol), and turns a retry into superseded where
   * the destination wants only the latest and a newer event waits. Results in the same order.
   */
  recordAttempts(records: readonly AttemptRecord[]): Promise<readonly RecordedAttempt[]>;
  /**
   * Puts claimed deliveries off and ends their leases: they stay pending with `detail` as their stateReason, no attempt
   * is counted or kept, and the call's next delivery goes on waiting. Where the destination wants only the latest and a
   * newer event waits, the delivery is superseded instead. Stale tokens are ignored.
   */
  postponeDeliveries(postponements: readonly Postponement[]): Promise<void>;
  /** Gives claimed deliveries back untouched; stale tokens are ignored. */
  releaseDeliveries(claims: readonly { readonly row: number; readonly token: number }[]): Promise<void>;
  /** Extends leases; the result names the rows whose lease was lost. */
  renewLeases(
    claims: readonly { readonly row: number; readonly token: number }[],
    leaseMs: number,
    nowMs: number,
  ): Promise<readonly number[]>;
  /** Per destination that has pending work that may be claimed: when its earliest is due. Cheap at any backlog. */
  listDueLanes(): Promise<readonly { readonly destinationId: DestinationId; readonly dueAtMs: number }[]>;
  /**
   * Sets one fact about a destination's health: `failingSince` (null = it works again) or its disabling.
   * Writes the operational event (`destination.disabled`, `destination.recovered`) and its audit entry in the same
   * transaction: of a recovery only where it had failed for RECOVERED_AFTER_MS, or its disabling was the last that was
   * told of it, so that one that flaps does not fill the journal; none while it is disabled. Where somebody resumed what
   * the hub had disabled, its first delivery says that it works again.
   */
  setDestinationHealth(change: DestinationHealthChange): Promise<void>;

  // Replay jobs run at delivery's pace.
  listRunnableReplays(): Promise<readonly Replay[]>;
  /**
   * Next step of a replay, in one transaction: takes up to `limit` matching events after the job's cursor in
   * journal order, makes a delivery for each (skipping a destination that already has that event pending),
   * moves cursor and counts, and ends the job when nothing is left.
   */
  advanceReplay(replayId: ReplayId, limit: number): Promise<Replay>;
}

/** What failed for less is not said to work again. */
export const RECOVERED_AFTER_MS = 300_000;

export type DestinationHealthChange =
  | { readonly kind: 'failing'; readonly destinationId: DestinationId; readonly sinceMs: number }
  | { readonly kind: 'recovered'; readonly destinationId: DestinationId }
  | { readonly kind: 'disabled'; readonly destinationId: DestinationId; readonly reason: string };

// ───────────────────────────── destinations ─────────────────────────────

export const ORDER_POLICIES = ['strict', 'latest'] as const;
export type OrderPolicy = (typeof ORDER_POLICIES)[number];

export const DESTINATION_STATES = ['enabled', 'paused', 'disabled'] as const;
/** paused: by a person. disabled: by the hub (410, or 5 days of only failures). Both hold their deliveries. */
export type DestinationState = (typeof DESTINATION_STATES)[number];

/** Empty or missing lists match everything. */
export interface EventFilter {
  /** false: none of the calls' events, whatever the lists say; for who wants operational events alone. */
  readonly calls?: boolean;
  readonly statuses?: readonly string[];
  readonly call_types?: readonly string[];
  /** Our side's number, as given or in E.164. */
  readonly phone_numbers?: readonly string[];
  /** Types of operational events that are sent, too. Unlike the others: empty or missing means none. */
  readonly operational_events?: readonly string[];
}

export interface Destination {
  readonly id: DestinationId;
  readonly accountId: AccountId;
  readonly kind: string;
  readonly name: string | null;
  /** By the kind's own schema. Sealed at rest as a whole: settings may hold credentials. */
  readonly settings: unknown;
  readonly filter: EventFilter;
  readonly order: OrderPolicy;
  readonly state: DestinationState;
  /** Why it is paused or disabled; null when enabled. */
  readonly stateReason: string | null;
  readonly concurrency: number;
  /** Attempts per second; null = no limit. */
  readonly ratePerSecond: number | null;
  /** Seconds before each try after the first; null = the default schedule. */
  readonly retryScheduleS: readonly number[] | null;
  readonly timeoutMs: number;
  /** Open only inside the hub: the API shows a secret once, at creation and rotation. Sealed at rest. */
  readonly secret: string;
  readonly previousSecret: string | null;
  /** Unix ms until which the previous secret signs too. */
  readonly previousSecretUntilMs: number | null;
  /** Unix ms since which every attempt has failed; null while it works or has had none. */
  readonly failingSinceMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type NewDestination = Pick<
  Destination,
  | 'accountId'
  | 'kind'
  | 'name'
  | 'settings'
  | 'filter'
  | 'order'
  | 'concurrency'
  | 'ratePerSecond'
  | 'retryScheduleS'
  | 'timeoutMs'
  | 'secret'
>;

export type DestinationChange = Partial<
  Pick<
    Destination,
    | 'name'
    | 'settings'
    | 'filter'
    | 'order'
    | 'concurrency'
    | 'ratePerSecond'
    | 'retryScheduleS'
    | 'timeoutMs'
  >
>;

export interface DestinationJournal {
  /** All of the account; of every account where accountId is undefined (delivery/ needs them all). */
  listDestinations(accountId?: AccountId): Promise<readonly Destination[]>;
  getDestination(accountId: AccountId, id: DestinationId): Promise<Destination | undefined>;
  createDestination(destination: NewDestination, actor: Actor): Promise<Destination>;
  updateDestination(
    accountId: AccountId,
    id: DestinationId,
    change: DestinationChange,
    actor: Actor,
  ): Promise<Destination | undefined>;
  /** Pause, resume, disable. Resuming clears failingSince. */
  setDestinationState(
    accountId: AccountId,
    id: DestinationId,
    state: DestinationState,
    reason: string | null,
    actor: Actor,
  ): Promise<Destination | undefined>;
  rotateSecret(
    accountId: AccountId,
    id: DestinationId,
    secret: string,
    overlapMs: number,
    actor: Actor,
  ): Promise<Destination | undefined>;
  /** Its pending deliveries become cancelled; past ones stay readable until retention. */
  deleteDestination(accountId: AccountId, id: DestinationId, actor: Actor): Promise<boolean>;
  /** Told after each commit that changed a destination (also its health and deletion). */
  listenDestinations(listener: (id: DestinationId, destination: Destination | undefined) => void): () => void;
}

// ───────────────────────────── reading (used by api/, live/, cli) ─────────────────────────────

export type { Page, PageRequest } from './page.ts';

/** One meaning for API `q=`, CLI `--filter` and the dashboard's search box. Every given part must hold. */
export interface JournalFilter {
  readonly statuses?: readonly string[];
  readonly excludedStatuses?: readonly string[];
  readonly callStates?: readonly CallState[];
  readonly excludedCallStates?: readonly CallState[];
  readonly deliveryStates?: readonly DeliveryState[];
  readonly excludedDeliveryStates?: readonly DeliveryState[];
  readonly callTypes?: readonly string[];
  readonly callId?: string;
  /** Digits prefix or whole number, ours or theirs; `+3185*` → prefix. */
  readonly number?: { readonly value: string; readonly prefix: boolean };
  readonly destinationIds?: readonly DestinationId[];
  readonly sourceIds?: readonly SourceId[];
  /** Unix ms, [since, until). Calls by updatedAt, events by acceptance, deliveries by creation. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly durationMs?: { readonly min?: number; readonly max?: number };
  /** Words found in the error text, case-insensitive. */
  readonly error?: string;
  /** Deliveries only: HTTP status of the last answer, [min, max]; one of these must hold. */
  readonly codes?: readonly { readonly min: number; readonly max: number }[];
  /** Deliveries only: attempts made so far. */
  readonly attempts?: { readonly min?: number; readonly max?: number };
}

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

// ───────────────────────────── commands (used by api/) ─────────────────────────────

export type { Actor } from './actor.ts';

export type RetryResult =
  /** It was pending: due now. */
  | { readonly kind: 'hastened'; readonly delivery: DeliveryEntry }
  /** It was terminal: a new delivery of the same event. */
  | { readonly kind: 'created'; readonly delivery: DeliveryEntry }
  /** The same event is on its way to that destination already. */
  | { readonly kind: 'already_pending'; readonly delivery: DeliveryEntry }
  | { readonly kind: 'destination_gone' };

export type CancelResult =
  | { readonly kind: 'cancelled'; readonly delivery: DeliveryEntry }
  /** Already terminal, or an attempt is under way. */
  | { readonly kind: 'not_cancellable'; readonly delivery: DeliveryEntry };

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

export interface CommandJournal {
  retryDelivery(accountId: AccountId, id: DeliveryId, actor: Actor): Promise<RetryResult | undefined>;
  cancelDelivery(accountId: AccountId, id: DeliveryId, actor: Actor): Promise<CancelResult | undefined>;
  /** Dry run: what a replay would send, without sending. */
  countReplay(request: ReplayRequest): Promise<ReplayCount>;
  createReplay(request: ReplayRequest, actor: Actor): Promise<Replay>;
  listReplays(accountId: AccountId, page: PageRequest): Promise<Page<Replay>>;
  getReplay(accountId: AccountId, id: ReplayId): Promise<Replay | undefined>;
  /** pause → paused, resume → running, cancel → cancelled; a finished or cancelled job stays as it is. */
  setReplayState(
    accountId: AccountId,
    id: ReplayId,
    state: 'running' | 'paused' | 'cancelled',
    actor: Actor,
  ): Promise<Replay | undefined>;
}

// ───────────────────────────── accounts, keys, sources, numbers, audit ─────────────────────────────

export const SCOPES = ['ingest', 'watch', 'read', 'write', 'admin'] as const;
/** read includes watch (what a wall screen shows, numbers masked); write includes read; admin includes all. */
export type Scope = (typeof SCOPES)[number];

export interface Account {
  readonly id: AccountId;
  readonly name: string;
  readonly createdAtMs: number;
}

export interface ApiKey {
  readonly id: KeyId;
  readonly accountId: AccountId;
  readonly name: string;
  readonly scopes: readonly Scope[];
  /** First characters, for people to tell keys apart. */
  readonly hint: string;
  readonly createdAtMs: number;
  readonly expiresAtMs: number | null;
  readonly revokedAtMs: number | null;
  /** Written at most once a minute. */
  readonly lastUsedAtMs: number | null;
}

/** Somebody signed in to the dashboard with a key. */
export interface Session {
  readonly id: SessionId;
  readonly accountId: AccountId;
  readonly keyId: KeyId;
  readonly createdAtMs: number;
  readonly expiresAtMs: number;
  /** Unix ms since which it shows numbers in the clear; null while they are masked. */
  readonly revealedAtMs: number | null;
}

export interface Source {
  readonly id: SourceId;
  readonly accountId: AccountId;
  readonly kind: 'api' | 'voicedock';
  readonly name: string;
  /** Accepted secrets, newest first; sealed at rest, never shown by the API. Empty = unsigned (local profile only). */
  readonly secrets: readonly string[];
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export interface PhoneNumber {
  readonly accountId: AccountId;
  /** E.164. */
  readonly number: string;
  readonly name: string;
  readonly createdAtMs: number;
}

export interface AuditEntry {
  readonly id: AuditId;
  readonly accountId: AccountId;
  readonly atMs: number;
  readonly actor: Actor;
  /** `destination.created`, `destination.disabled`, `key.revoked`, `replay.created`, … */
  readonly action: string;
  /** Id of what it was done to. */
  readonly subject: string;
  readonly detail: Readonly<Record<string, unknown>> | null;
}

export interface AdminJournal {
  createAccount(name: string, actor: Actor): Promise<Account>;
  listAccounts(): Promise<readonly Account[]>;
  getAccount(id: AccountId): Promise<Account | undefined>;

  /** hash: SHA-256 of the whole key. */
  createKey(
    key: Pick<ApiKey, 'accountId' | 'name' | 'scopes' | 'hint' | 'expiresAtMs'> & {
      readonly hash: Uint8Array;
    },
    actor: Actor,
  ): Promise<ApiKey>;
  /** Revoked and expired ones too: the door decides. */
  findKey(hash: Uint8Array): Promise<ApiKey | undefined>;
  listKeys(accountId: AccountId): Promise<readonly ApiKey[]>;
  revokeKey(accountId: AccountId, id: KeyId, actor: Actor): Promise<ApiKey | undefined>;
  touchKey(id: KeyId, atMs: number): Promise<void>;

  /** hash: SHA-256 of the token in the cookie. Writes `session.created`. */
  createSession(
    session: Pick<Session, 'accountId' | 'keyId' | 'expiresAtMs'> & { readonly hash: Uint8Array },
    actor: Actor,
  ): Promise<Session>;
  /** With its key as it is now; undefined once it has ended. Expired ones too: the door decides. */
  findSession(hash: Uint8Array): Promise<{ readonly session: Session; readonly key: ApiKey } | undefined>;
  /** Reveals numbers or masks them again; writes `numbers.revealed` or `numbers.masked`. */
  setSessionRevealed(id: SessionId, isRevealed: boolean, actor: Actor): Promise<Session | undefined>;
  endSession(id: SessionId, actor: Actor): Promise<boolean>;

  /** `api` and `voicedock` exist in the default account from the start, the latter without secrets. */
  listSources(accountId: AccountId): Promise<readonly Source[]>;
  /** Without an account: the receiving door knows only the id in its path. */
  findSource(id: string): Promise<Source | undefined>;
  createSource(
    source: Pick<Source, 'accountId' | 'kind' | 'name' | 'secrets'>,
    actor: Actor,
  ): Promise<Source>;
  updateSource(
    accountId: AccountId,
    id: SourceId,
    change: Partial<Pick<Source, 'name' | 'secrets'>>,
    actor: Actor,
  ): Promise<Source | undefined>;
  /** The built-in ones cannot be deleted (false). */
  deleteSource(accountId: AccountId, id: SourceId, actor: Actor): Promise<boolean>;

  /** Creates or renames. */
  putPhoneNumber(accountId: AccountId, number: string, name: string, actor: Actor): Promise<PhoneNumber>;
  listPhoneNumbers(accountId: AccountId, page: PageRequest): Promise<Page<PhoneNumber>>;
  deletePhoneNumber(accountId: AccountId, number: string, actor: Actor): Promise<boolean>;

  listAudit(accountId: AccountId, page: PageRequest): Promise<Page<AuditEntry>>;
  /** What changes nothing in the journal but must be known: `data.exported`. */
  appendAudit(
    entry: Pick<AuditEntry, 'accountId' | 'action' | 'subject' | 'detail'>,
    actor: Actor,
  ): Promise<void>;
}

// ───────────────────────────── operational events ─────────────────────────────

export interface OperationalEntry {
  readonly id: OperationalEventId;
  readonly accountId: AccountId;
  readonly atMs: number;
  readonly content: OperationalContent;
  /** Call it is about, if any. */
  readonly callId: string | null;
}

export interface OperationalFilter {
  /** Of one of these; undefined for all. */
  readonly types?: readonly OperationalEventType[] | undefined;
  /** About this destination; undefined for any, and for what is about none. */
  readonly destinationId?: DestinationId | undefined;
}

/**
 * What the hub says about itself. `destination.disabled`, `destination.recovered` and `delivery.dead` are written by the
 * journal itself, in the transaction that makes them true; the others by whoever watches. A delivery of an operational
 * event that dies raises none.
 */
export interface OperationalJournal {
  /**
   * One transaction: the event, and a delivery for each destination of the account whose filter asks for its type.
   * onceKey: written only if the account has none with this key yet. Resolves with null where it has.
   */
  appendOperationalEvent(
    accountId: AccountId,
    content: OperationalContent,
    onceKey: string | null,
  ): Promise<OperationalEntry | null>;
  /** Newest first. */
  listOperationalEvents(
    accountId: AccountId,
    filter: OperationalFilter,
    page: PageRequest,
  ): Promise<Page<OperationalEntry>>;
  /** Grows with each that the account gets, so that asking whether there is a new one costs one seek; 0 for none. */
  readOperationalEnd(accountId: AccountId): Promise<number>;
  /**
   * Calls of all accounts that became live in [sinceMs, beforeMs) and still are, oldest first: when beforeMs is
   * now − staleAfter, the stale ones.
   */
  listLiveCallsSince(
    sinceMs: number,
    beforeMs: number,
    limit: number,
  ): Promise<readonly { readonly accountId: AccountId; readonly call: Call }[]>;
}

// ───────────────────────────── what destinations remember ─────────────────────────────

export interface DestinationMemoryJournal {
  /** In the order asked; undefined where nothing is remembered under a key. */
  readDestinationMemory(
    destinationId: DestinationId,
    keys: readonly string[],
  ): Promise<readonly (string | undefined)[]>;
  /** By key. */
  listDestinationMemory(
    destinationId: DestinationId,
    prefix: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: string }[]>;
  /**
   * One transaction. value null forgets; callId: forgotten when the call is pruned; isSecret: sealed at rest. All of it
   * goes with the destination; writes for a deleted one change nothing.
   */
  writeDestinationMemory(
    destinationId: DestinationId,
    entries: readonly {
      readonly key: string;
      readonly value: string | null;
      readonly callId?: string;
      readonly isSecret?: boolean;
    }[],
  ): Promise<void>;
  /** Of one account, in the order asked. */
  readCalls(accountId: AccountId, callIds: readonly string[]): Promise<readonly (Call | undefined)[]>;
  /** Live calls whose liveSinceMs is at least liveSinceMsMin, by that time. */
  listActiveCalls(accountId: AccountId, liveSinceMsMin: number, page: PageRequest): Promise<Page<Call>>;
}

// ───────────────────────────── quality of what sources say ─────────────────────────────

/** Upper ends of the skew classes in seconds, either way; the last class is open. */
export const SKEW_CLASS_SECONDS = [1, 5, 30, 120, 900, 3_600] as const;

/** Counts of one source in one hour, gathered in memory and added up here: what a crash loses is its last minute. */
export interface SourceQuality {
  readonly accountId: AccountId;
  readonly sourceId: SourceId;
  /** Unix ms of the hour's start. */
  readonly hourMs: number;
  readonly advanced: number;
  readonly repeated: number;
  readonly late: number;
  readonly conflicting: number;
  readonly noted: number;
  /** Ends of calls of which no start was known. */
  readonly unpairedEnds: number;
  /** Refused at the door. */
  readonly badSignatures: number;
  readonly badRequests: number;
  /** Reports whose own time was behind ours, by how much: one count per class of SKEW_CLASS_SECONDS and one beyond. */
  readonly behind: readonly number[];
  /** Reports whose own time was ahead of ours. */
  readonly ahead: readonly number[];
}

export interface QualityJournal {
  /** Adds to what is there. Rides on another commit: nobody waits for it. */
  addSourceQuality(counts: readonly SourceQuality[]): Promise<void>;
  /** Whole hours that overlap [sinceMs, untilMs), by source and hour. */
  readSourceQuality(
    accountId: AccountId,
    sinceMs: number,
    untilMs: number,
  ): Promise<readonly SourceQuality[]>;
}

// ───────────────────────────── the whole ─────────────────────────────

export interface JournalStats {
  readonly bytes: number;
  readonly migration: number;
  readonly calls: number;
  readonly events: number;
  readonly pendingDeliveries: number;
}

export interface Journal
  extends
    AcceptJournal,
    OperationalJournal,
    DestinationMemoryJournal,
    QualityJournal,
    DeliveryJournal,
    DestinationJournal,
    JournalReader,
    AnalyticsJournal,
    CommandJournal,
    AdminJournal {
  /** Resolves if a write would be taken now; rejects with JournalError otherwise. For /readyz. */
  check(): Promise<void>;
  readStats(): Promise<JournalStats>;
  /**
   * Deletes what ended before the cut: calls with no pending delivery and everything of theirs, audit rows.
   * At most `limit` calls a run, so that it never holds the writer for long; says how many went.
   */
  prune(beforeMs: number, limit: number): Promise<number>;
  /** Told of trouble in the journal's own work; returns a function that removes it. */
  listenTrouble(listener: TroubleListener): () => void;
  /** Resolves with the cause when the journal can no longer be trusted (I/O error): the hub must exit. */
  readonly broken: Promise<JournalError>;
  /** Finishes what was queued, then closes. */
  close(): Promise<void>;
}

export const JOURNAL_ERROR_CODES = ['full', 'broken', 'busy', 'closed', 'unsupported', 'sealed'] as const;
/**
 * full: no space left, nothing was written, later writes may work. broken: an I/O error; no later write is
 * taken. busy: too many writes wait; try again. unsupported: this store or version cannot be used.
 * sealed: a secret cannot be opened with this master key.
 */
export type JournalErrorCode = (typeof JOURNAL_ERROR_CODES)[number];

export class JournalError extends Error {
  readonly code: JournalErrorCode;

  constructor(code: JournalErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.name = 'JournalError';
    this.code = code;
  }
}

/** Seals secrets at rest; `aad` binds a sealed value to its place, so that it cannot be moved to another row. */
export interface SecretBox {
  seal(plain: string, aad: string): Uint8Array;
  /** Throws JournalError `sealed` where key or place do not fit. */
  open(sealed: Uint8Array, aad: string): string;
}
