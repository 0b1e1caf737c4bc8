/** One thing that is watched, and what the watches read and write of the journal. */
import type { Journal } from '../journal/journal.ts';

/** Stale calls have waited for hours and silences for minutes: nobody gains by a faster look. */
export const WATCH_MS = 15_000;

export type WatchedJournal = Pick<
  Journal,
  | 'acceptAssumedEnds'
  | 'appendOperationalEvent'
  | 'listOperationalEvents'
  | 'listLiveCallsSince'
  | 'listAccounts'
  | 'listSources'
  | 'readSourceActivity'
  | 'readCallStatistics'
  | 'check'
>;

export interface Watch {
  readonly name: string;
  /** How often it looks; a multiple of WATCH_MS. */
  readonly everyMs: number;
  /** isStopped is asked between steps: a look at many accounts ends soon after the hub is told to. */
  look(nowMs: number, isStopped: () => boolean): Promise<void>;
}

/** One account in trouble does not keep the others from being looked at; its error is thrown when all have been. */
export async function lookAtEach<Item>(
  items: readonly Item[],
  isStopped: () => boolean,
  look: (item: Item) => Promise<void>,
): Promise<void> {
  const errors: unknown[] = [];
  for (const item of items) {
    if (isStopped()) return;
    try {
      await look(item);
    } catch (error) {
      errors.push(error);
    }
  }
  if (errors.length > 0) throw errors[0];
}
