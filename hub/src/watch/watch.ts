/** One thing that is watched, and what the watches read and write of the journal. */
import type { Journal } from '../journal/journal.ts';

/** Stale calls have waited for hours and silences for minutes: nobody gains by a faster look. */
export const WATCH_MS = 15_000;

export type WatchedJournal = Pick<
  Journal,
  | 'appendOperationalEvent'
  | 'listOperationalEvents'
  | 'listLiveCallsSince'
  | 'listAccounts'
  | 'listSources'
  | 'readSourceActivity'
  | 'readCallStatistics'
>;

export interface Watch {
  readonly name: string;
  /** How often it looks; a multiple of WATCH_MS. */
  readonly everyMs: number;
  look(nowMs: number): Promise<void>;
}
