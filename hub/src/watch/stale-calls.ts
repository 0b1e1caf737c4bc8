/**
 * Calls that have become stale: live for longer than `staleAfterMs` without a report of their end. Each raises
 * `call.stale` once per time it became live.
 */
import type { Watch, WatchedJournal } from './watch.ts';

import { WATCH_MS } from './watch.ts';

/** What became stale while the hub was down is told after its start; what lies further back is old news. */
export const STALE_LOOKBACK_MS = 24 * 3_600_000;
/** Calls of one look: a source that died with 100,000 live calls is told of over the next looks. */
export const STALE_CALLS_PER_LOOK = 500;

/** They share a commit. */
const APPENDED_AT_ONCE = 50;

type StaleCall = Awaited<ReturnType<WatchedJournal['listLiveCallsSince']>>[number];

export function createStaleWatch(options: {
  readonly journal: Pick<WatchedJournal, 'appendOperationalEvent' | 'listLiveCallsSince'>;
  readonly staleAfterMs: number;
}): Watch {
  const { journal, staleAfterMs } = options;
  let sinceMs: number | null = null;
  let limit = STALE_CALLS_PER_LOOK;

  return {
    name: 'stale-calls',
    everyMs: WATCH_MS,
    async look(nowMs, isStopped) {
      const beforeMs = nowMs - staleAfterMs;
      // A clock that was ahead left the mark in the future: what became stale since is looked at again, and what was
      // told already keeps its key.
      if (sinceMs === null || beforeMs < sinceMs - WATCH_MS) sinceMs = beforeMs - STALE_LOOKBACK_MS;
      if (beforeMs <= sinceMs) return;
      const stale = await journal.listLiveCallsSince(sinceMs, beforeMs, limit);
      for (let from = 0; from < stale.length; from += APPENDED_AT_ONCE) {
        if (isStopped()) return;
        await Promise.all(stale.slice(from, from + APPENDED_AT_ONCE).map((one) => tellStale(journal, one)));
      }
      const isCut = stale.length >= limit;
      const reachedMs = isCut ? (stale.at(-1)?.call.liveSinceMs ?? sinceMs) : beforeMs;
      // The next look begins with the last ones of this: their keys keep them from being told twice. Where all of this
      // look became live in one millisecond (one request may hold 1,000 reports), only a wider one gets past them.
      limit = isCut && reachedMs <= sinceMs ? limit * 2 : STALE_CALLS_PER_LOOK;
      sinceMs = reachedMs;
    },
  };
}

/** Once per time it became live, however often this is asked for. */
export async function tellStale(
  journal: Pick<WatchedJournal, 'appendOperationalEvent'>,
  { accountId, call }: StaleCall,
): Promise<void> {
  const liveSinceMs = call.liveSinceMs ?? call.firstReportAtMs;
  await journal.appendOperationalEvent(
    accountId,
    {
      type: 'call.stale',
      call: { id: call.callId, type: call.type },
      live_since: new Date(liveSinceMs).toISOString(),
    },
    `call.stale ${liveSinceMs} ${call.callId}`,
  );
}
