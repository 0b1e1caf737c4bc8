/**
 * What the journal counts as it goes: roll-ups per minute and hour, kept in the transaction that changes what they
 * count, so that a question over 30 days never reads the rows themselves. Everything is counted at the time Offhook
 * accepted it, as the lists are filtered, because a source's clock may be wrong and a slot of the past never changes.
 */
import type { ErrorClass } from '../calls/error-group.ts';
import type { Actor } from './actor.ts';
import type { AccountId, DestinationId, ErrorGroupId, SourceId } from './ids.ts';
import type { Page, PageRequest } from './page.ts';

/** Finished calls whose known duration is shorter: the early sign of calls that fail at once. */
export const SHORT_CALL_MS = 10_000;

/**
 * Seven days. What is longer comes from a source's wrong clock, and one such call would be all that a mean, a maximum
 * or a sum says: it is in the last bar of the histogram alone.
 */
export const COUNTED_DURATION_MS_MAX = 7 * 86_400_000;

export interface StatisticsRequest {
  readonly accountId: AccountId;
  /** Unix ms, [since, until), moved outward to whole minutes, or to whole hours where `stepMs` is an hour or more. */
  readonly sinceMs: number;
  readonly untilMs: number;
  /**
   * Length of a slot: a multiple of a minute. At most SLOTS_MAX slots, else it throws a RangeError. Minutes are kept for
   * two days; with a step below an hour, what is older stands in the slot that its hour begins in.
   */
  readonly stepMs: number;
}

/** Slots of one answer. */
export const SLOTS_MAX = 2_000;

/** Minutes are kept for so long, counted from the begin of the current hour: what a chart of a day or two is drawn from. */
export const MINUTES_KEPT_MS = 48 * 3_600_000;

/**
 * Hours are kept for a year and a month to compare with, or as long as calls where that is longer: they hold no number
 * and no text. Hours of error groups go with the calls, since their texts do.
 */
export const HOURS_KEPT_DAYS = 400;

export interface CallSlot {
  /** A multiple of the step since 1970 (UTC). */
  readonly startMs: number;
  /** Calls that became live. */
  readonly connected: number;
  readonly ended: number;
  readonly failed: number;
  /** Of these ends, how many had no known start when they were accepted. */
  readonly unpaired: number;
  /**
   * Durations that became known in the slot, up to COUNTED_DURATION_MS_MAX: how many, their sum, the longest, how many
   * shorter than SHORT_CALL_MS.
   */
  readonly durationCount: number;
  readonly durationMsSum: number;
  readonly durationMsMax: number;
  readonly shortCalls: number;
  /** Most calls active at once in the slot, and how many at its end; stale ones not counted. */
  readonly activePeak: number;
  readonly activeEnd: number;
  /** Reports that changed nothing, by outcome. */
  readonly repeated: number;
  readonly late: number;
  readonly conflicting: number;
  readonly noted: number;
}

/** One bar of a histogram: [fromMs, toMs). */
export interface DurationBucket {
  readonly fromMs: number;
  readonly toMs: number;
  readonly count: number;
}

export interface CallStatistics {
  /** As aligned. */
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
  /** Every slot of the range in order; those in which nothing happened carry activePeak and activeEnd on. */
  readonly slots: readonly CallSlot[];
  /** Ascending, empty ones left out; bars are at most 10 % wide. */
  readonly durations: readonly DurationBucket[];
  /** Failed calls by group, most first, at most 50. */
  readonly errors: readonly { readonly group: ErrorGroup; readonly count: number }[];
}

export interface DeliverySlot {
  readonly startMs: number;
  readonly delivered: number;
  readonly failedAttempts: number;
  readonly dead: number;
}

export interface DestinationStatistics {
  readonly destinationId: DestinationId;
  readonly delivered: number;
  readonly failedAttempts: number;
  readonly dead: number;
  /** Durations of the attempts that delivered; ascending, empty ones left out. */
  readonly latencies: readonly DurationBucket[];
  /** Only those in which something happened. */
  readonly slots: readonly DeliverySlot[];
}

export interface DeliveryStatistics {
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly stepMs: number;
  /** Every destination of the account in which something happened, deleted ones too. */
  readonly destinations: readonly DestinationStatistics[];
}

/** Keyword classes of error texts, told apart where calls are understood. */
export { ERROR_CLASSES, type ErrorClass } from '../calls/error-group.ts';

export const ERROR_GROUP_STATES = ['open', 'acknowledged', 'resolved', 'muted'] as const;
/** A resolved group opens again with its next call; a muted one stays muted. */
export type ErrorGroupState = (typeof ERROR_GROUP_STATES)[number];

/** Failed calls whose error texts are the same but for numbers and ids. */
export interface ErrorGroup {
  readonly id: ErrorGroupId;
  readonly accountId: AccountId;
  readonly errorClass: ErrorClass;
  /** The text with digits, UUIDs and numbers replaced by "#". Empty where a call failed without a text. */
  readonly fingerprint: string;
  /** The last text as it came, at most 500 characters. */
  readonly example: string;
  readonly state: ErrorGroupState;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly count: number;
  readonly lastCallId: string;
}

export interface SourceActivity {
  readonly sourceId: SourceId;
  /** null where it never reported. */
  readonly lastReportAtMs: number | null;
  /** Reports per hour of the last 15 days, oldest first; hours without one left out. */
  readonly hours: readonly { readonly startMs: number; readonly reports: number }[];
}

export interface LiveCalls {
  readonly active: number;
  /** Live since before the cut: nobody knows what became of them. */
  readonly stale: number;
  /** The active call that has been live the longest. */
  readonly longest: { readonly callId: string; readonly liveSinceMs: number } | null;
}

/** How many there are of each state, each counted up to `limit`; truncated where the search stopped before its end. */
export interface StateCounts {
  readonly counts: Readonly<Record<string, number>>;
  readonly truncated: boolean;
}

export interface AnalyticsJournal {
  readCallStatistics(request: StatisticsRequest): Promise<CallStatistics>;
  readDeliveryStatistics(request: StatisticsRequest): Promise<DeliveryStatistics>;
  /** Begin of the first slot in which anything of calls was counted and is kept; null where nothing was. */
  readCountedSince(accountId: AccountId): Promise<number | null>;
  /** Last seen first. sinceMs: seen since. */
  listErrorGroups(
    accountId: AccountId,
    filter: { readonly states?: readonly ErrorGroupState[]; readonly sinceMs?: number },
    page: PageRequest,
  ): Promise<Page<ErrorGroup>>;
  /** Calls of each of these groups in each of the last `hours` hours, oldest first, ending with the current hour. */
  readErrorHours(
    accountId: AccountId,
    ids: readonly ErrorGroupId[],
    nowMs: number,
    hours: number,
  ): Promise<ReadonlyMap<ErrorGroupId, readonly number[]>>;
  setErrorGroupState(
    accountId: AccountId,
    id: ErrorGroupId,
    state: ErrorGroupState,
    actor: Actor,
  ): Promise<ErrorGroup | undefined>;
  readSourceActivity(accountId: AccountId): Promise<readonly SourceActivity[]>;
  readLiveCalls(accountId: AccountId, liveSinceMsMin: number): Promise<LiveCalls>;
}
