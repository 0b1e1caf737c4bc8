/** One thing that is watched, and what the watches read and write of the journal. */
import type { Journal } from '../journal/journal.ts';

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
  look(nowMs: number): Promise<void>;
}
