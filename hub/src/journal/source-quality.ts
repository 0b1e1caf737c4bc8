/** How good the reports of each source are, by the hour. */
import type { AccountId, SourceId } from './ids.ts';

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
