/**
 * How many calls end with an error, over a window: `error_rate.high` when it rises to the threshold, `error_rate.normal`
 * when it is well below it again (or nothing failed within the window), so that a rate that hovers about the threshold
 * is told once. Read from the roll-ups, at whole minutes. Ends that the hub assumed are left out: hundreds of
 * them in one look say nothing about how calls go now.
 */
import { toErrorFingerprint } from '@offhook/contract/error-fingerprint';
import type { AccountId } from '../journal/ids.ts';
import type { Watch, WatchedJournal } from './watch.ts';

import { toAssumedError } from './stale-ends.ts';
import { lookAtEach } from './watch.ts';

export interface ErrorRateRule {
  /** Failed of all that finished, 0 to 1. */
  readonly threshold: number;
  readonly windowMs: number;
  /** Below that many finished calls a rate says nothing. */
  readonly finishedMin: number;
}

/** It is normal again below this part of the threshold. */
export const NORMAL_FACTOR = 0.7;
/** Each account costs a read of its roll-ups. */
export const ERROR_RATE_LOOK_MS = 30_000;
const MINUTE_MS = 60_000;

export function createErrorRateWatch(options: {
  readonly journal: Pick<
    WatchedJournal,
    'appendOperationalEvent' | 'listOperationalEvents' | 'listAccounts' | 'readCallStatistics'
  >;
  readonly rule: ErrorRateRule;
  readonly staleAfterMs: number;
}): Watch {
  const { journal, rule } = options;
  const assumed = toErrorFingerprint(toAssumedError(options.staleAfterMs));
  const isHigh = new Map<AccountId, boolean>();

  /** The last that was said of it, so that a restart in the middle neither repeats it nor forgets to take it back. */
  async function recall(accountId: AccountId): Promise<boolean> {
    const { items } = await journal.listOperationalEvents(
      accountId,
      { types: ['error_rate.high', 'error_rate.normal'] },
      { limit: 1, cursor: null },
    );
    return items[0]?.content.type === 'error_rate.high';
  }

  async function lookAt(accountId: AccountId, nowMs: number): Promise<void> {
    const wasHigh = isHigh.get(accountId) ?? (await recall(accountId));
    isHigh.set(accountId, wasHigh);
    const untilMs = (Math.floor(nowMs / MINUTE_MS) + 1) * MINUTE_MS;
    const { slots, errors } = await journal.readCallStatistics({
      accountId,
      sinceMs: untilMs - rule.windowMs,
      untilMs,
      stepMs: MINUTE_MS,
    });
    let failed = 0;
    let finished = 0;
    for (const slot of slots) {
      failed += slot.failed;
      finished += slot.failed + slot.ended;
    }
    // By their text, since the roll-ups count them with the rest. Too few to be among the groups of the answer, they are
    // too few to matter.
    for (const { group, count } of errors) {
      if (group.fingerprint !== assumed) continue;
      failed -= count;
      finished -= count;
    }
    const rate = finished === 0 ? 0 : failed / finished;
    const isHighNow = wasHigh
      ? failed > 0 && rate >= rule.threshold * NORMAL_FACTOR
      : finished >= rule.finishedMin && rate >= rule.threshold;
    if (isHighNow === wasHigh) return;
    const { threshold, windowMs } = rule;
    await journal.appendOperationalEvent(
      accountId,
      {
        type: isHighNow ? 'error_rate.high' : 'error_rate.normal',
        rate,
        failed,
        finished,
        window_ms: windowMs,
        threshold,
      },
      null,
    );
    isHigh.set(accountId, isHighNow);
  }

  return {
    name: 'error-rate',
    everyMs: ERROR_RATE_LOOK_MS,
    async look(nowMs, isStopped) {
      await lookAtEach(await journal.listAccounts(), isStopped, ({ id }) => lookAt(id, nowMs));
    },
  };
}
