/**
 * Ends the stale calls of accounts that chose so, those that were stale before the choice too. What is left to do stands
 * in the journal alone (a call that was ended is live no more), so a crash between two steps neither loses an end nor
 * makes two.
 */
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { ReportObserver } from '../ingest/request-observer.ts';
import type { Watch, WatchedJournal } from './watch.ts';

import { endAssumed } from '../ingest/end-calls.ts';
import { JournalError } from '../journal/journal-error.ts';
import { STALE_LOOKBACK_MS, tellStale } from './stale-calls.ts';
import { lookAtEach, WATCH_MS } from './watch.ts';

/**
 * While the hub was down, or its journal took no reports, sources could report no end and are trying again: what is
 * ended cannot be taken back, so they have this long from then on.
 */
export const LISTENED_MS_MIN = 600_000;
/** Looks further apart than this: the machine slept, or its clock was set. It is as if the hub had just started. */
export const LISTENED_GAP_MS = 300_000;
/** Of one account: one that lost 100,000 ends does not keep the others waiting, nor fill every lane at once. */
export const STALE_ENDS_PER_LOOK = 500;

/** They share a commit. */
const ENDED_AT_ONCE = 50;

export function createStaleEndWatch(options: {
  readonly journal: Pick<
    WatchedJournal,
    'acceptAssumedEnds' | 'appendOperationalEvent' | 'check' | 'listAccounts' | 'listLiveCallsSince'
  >;
  /** How long a look takes. */
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Counts by kind of source. None that judges a source: no source said that these calls have ended. */
  readonly observer: ReportObserver;
  readonly staleAfterMs: number;
}): Watch {
  const { journal, clock, staleAfterMs } = options;
  const error = toAssumedError(staleAfterMs);
  let listeningSinceMs = Number.NEGATIVE_INFINITY;
  /** When the last look ended. */
  let lookedAtMs = Number.NEGATIVE_INFINITY;

  /** Where calls are stale after less, their ends are expected sooner, too. */
  function hasListened(nowMs: number): boolean {
    if (nowMs < lookedAtMs || nowMs - lookedAtMs > LISTENED_GAP_MS) listeningSinceMs = nowMs;
    return nowMs - listeningSinceMs >= Math.min(LISTENED_MS_MIN, staleAfterMs);
  }

  async function endStale(accountId: AccountId, nowMs: number, isStopped: () => boolean): Promise<void> {
    const beforeMs = nowMs - staleAfterMs;
    // An end that comes between the list and the commit is not contradicted: the journal drops what is live no more.
    for (let ended = 0; ended < STALE_ENDS_PER_LOOK; ended += ENDED_AT_ONCE) {
      if (isStopped()) return;
      const stale = await journal.listLiveCallsSince(0, beforeMs, ENDED_AT_ONCE, accountId);
      // Told here as well, since the watch that tells them finds live calls only, and may not have got so far.
      const untold = stale.filter(({ call }) => (call.liveSinceMs ?? 0) >= beforeMs - STALE_LOOKBACK_MS);
      await Promise.all(untold.map((one) => tellStale(journal, one)));
      const callIds = stale.map(({ call }) => call.callId);
      if (callIds.length > 0) await endAssumed(options, accountId, callIds, error);
      if (callIds.length < ENDED_AT_ONCE) return;
    }
  }

  return {
    name: 'stale-ends',
    everyMs: WATCH_MS,
    async look(nowMs, isStopped) {
      const begunMs = clock.monotonicMs();
      const isDue = hasListened(nowMs);
      let isTroubled = false;
      // What the journal refuses to us it refused to the doors, too.
      const noteTrouble = (cause: unknown): never => {
        isTroubled ||= cause instanceof JournalError;
        throw cause;
      };
      try {
        const accounts = (await journal.listAccounts()).filter(({ staleCalls }) => staleCalls === 'end');
        // It writes: a hub where nobody chose so is left in peace.
        if (accounts.length > 0) await journal.check().catch(noteTrouble);
        if (isDue)
          await lookAtEach(accounts, isStopped, ({ id }) =>
            endStale(id, nowMs, isStopped).catch(noteTrouble),
          );
      } finally {
        // By how long it took, not by the clock: one that was set meanwhile is to be seen at the next look.
        lookedAtMs = isTroubled ? Number.NEGATIVE_INFINITY : nowMs + clock.monotonicMs() - begunMs;
      }
    },
  };
}

/** What calls that are ended so fail with. */
export function toAssumedError(staleAfterMs: number): string {
  return `No end was reported for ${toDurationWords(staleAfterMs)}`;
}

function toDurationWords(ms: number): string {
  const [unitMs, unit] = UNITS.find(([one]) => ms % one === 0) ?? [1, 'ms'];
  return `${ms / unitMs} ${unit}`;
}

const UNITS = [
  [86_400_000, 'd'],
  [3_600_000, 'h'],
  [60_000, 'min'],
  [1_000, 's'],
] as const;
