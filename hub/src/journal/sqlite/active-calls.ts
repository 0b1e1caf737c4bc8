/**
 * How many calls of an account are active, in memory: the wallboard's peak cannot be asked of the rows afterwards. A
 * call stops being active when it ends or has been live for too long, whichever comes first; the latter is looked up
 * once a minute, in the index of live calls, for the calls that went stale since the last look alone.
 */
import type { DatabaseSync } from 'node:sqlite';

export interface ActiveCount {
  count: number;
  /** Calls live since before this are stale and not counted. */
  liveSinceMsMin: number;
  /** In which stale ones were last left out; -1 before. */
  minute: number;
}

export interface ActiveCalls {
  /** Inside work, before what the work changes about live calls is written. */
  find(accountRow: number, nowMs: number): ActiveCount;
  /** Leaves out what has become stale by now. Inside work, as above. */
  dropStale(accountRow: number, active: ActiveCount, nowMs: number): void;
  /** A live call was deleted. */
  remove(accountRow: number, liveSinceMs: number | null): void;
  /** After a rollback: counts anew when next asked. */
  forget(): void;
}

const COUNT_LIVE_SINCE = `
  SELECT count(*) AS count FROM calls INDEXED BY calls_live
  WHERE account_row = ? AND state = 1 AND live_since_ms >= ?`;
const COUNT_LIVE_BETWEEN = `
  SELECT count(*) AS count FROM calls INDEXED BY calls_live
  WHERE account_row = ? AND state = 1 AND live_since_ms >= ? AND live_since_ms < ?`;

export function createActiveCalls(db: DatabaseSync, staleAfterMs: number): ActiveCalls {
  const countSince = db.prepare(COUNT_LIVE_SINCE);
  const countBetween = db.prepare(COUNT_LIVE_BETWEEN);
  const accounts = new Map<number, ActiveCount>();
  return {
    find(accountRow, nowMs) {
      let active = accounts.get(accountRow);
      if (active === undefined) {
        const liveSinceMsMin = nowMs - staleAfterMs;
        const count = countSince.get(accountRow, liveSinceMsMin)?.['count'] as number;
        active = { count, liveSinceMsMin, minute: -1 };
        accounts.set(accountRow, active);
      }
      return active;
    },
    dropStale(accountRow, active, nowMs) {
      const liveSinceMsMin = nowMs - staleAfterMs;
      if (nowMs < active.liveSinceMsMin) {
        // The clock was set back so far that calls which begin now would count as stale: all are counted anew.
        active.count = countSince.get(accountRow, liveSinceMsMin)?.['count'] as number;
        active.liveSinceMsMin = liveSinceMsMin;
        return;
      }
      // Set back by less it makes no stale call active again: its end was not going to be counted.
      if (liveSinceMsMin <= active.liveSinceMsMin) return;
      const stale = countBetween.get(accountRow, active.liveSinceMsMin, liveSinceMsMin);
      active.count -= stale?.['count'] as number;
      active.liveSinceMsMin = liveSinceMsMin;
    },
    remove(accountRow, liveSinceMs) {
      const active = accounts.get(accountRow);
      if (active !== undefined && liveSinceMs !== null && liveSinceMs >= active.liveSinceMsMin) {
        active.count -= 1;
      }
    },
    forget: () => accounts.clear(),
  };
}
