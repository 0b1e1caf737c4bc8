/**
 * Sources that have fallen silent by their own normal (live/silence.ts), and those that report again. A silence is named
 * by its last report, so that it is told once however often the hub starts.
 */
import type { Clock } from '../clock.ts';
import type { AccountId, SourceId } from '../journal/ids.ts';
import type { SourceActivity } from '../journal/analytics.ts';
import type { Source } from '../journal/accounts.ts';
import type { Watch, WatchedJournal } from './watch.ts';

import { judgeSilence } from '../live/silence.ts';
import { lookAtEach } from './watch.ts';

/** A source's history is read for its judgement: once a minute is enough for silences of five minutes and more. */
export const SILENCE_LOOK_MS = 60_000;
/** Operational events looked back on for silences that were open when the hub stopped. */
const OPEN_LOOKBACK = 200;

export function createSilenceWatch(options: {
  readonly journal: Pick<
    WatchedJournal,
    'appendOperationalEvent' | 'listOperationalEvents' | 'listAccounts' | 'listSources' | 'readSourceActivity'
  >;
  readonly clock: Clock;
}): Watch {
  const { journal, clock } = options;
  const listeningSinceMs = clock.nowMs();
  /** Unix ms of the last report before the silence that was told. */
  const open = new Map<SourceId, number>();
  const known = new Set<AccountId>();

  /** Newest first, so the first word on a source is the last that was said of it. */
  async function recall(accountId: AccountId): Promise<void> {
    const { items } = await journal.listOperationalEvents(
      accountId,
      { types: ['source.silent', 'source.resumed'] },
      {
        limit: OPEN_LOOKBACK,
        cursor: null,
      },
    );
    const told = new Set<string>();
    for (const { content } of items) {
      if (content.type !== 'source.silent' && content.type !== 'source.resumed') continue;
      if (told.has(content.source.id)) continue;
      told.add(content.source.id);
      if (content.type === 'source.silent') {
        open.set(content.source.id as SourceId, Date.parse(content.silent_since));
      }
    }
    known.add(accountId);
  }

  async function lookAt(
    accountId: AccountId,
    source: Source,
    activity: SourceActivity,
    nowMs: number,
  ): Promise<void> {
    const part = { id: source.id, kind: source.kind, name: source.name };
    const silentBeforeMs = open.get(source.id);
    if (silentBeforeMs !== undefined && (activity.lastReportAtMs ?? 0) > silentBeforeMs) {
      await journal.appendOperationalEvent(
        accountId,
        { type: 'source.resumed', source: part, silent_since: toTime(silentBeforeMs) },
        `source.resumed ${source.id} ${silentBeforeMs}`,
      );
      open.delete(source.id);
    }
    const { silentSinceMs, usualGapMs } = judgeSilence(activity, nowMs, listeningSinceMs);
    if (silentSinceMs === null || open.has(source.id)) return;
    await journal.appendOperationalEvent(
      accountId,
      {
        type: 'source.silent',
        source: part,
        silent_since: toTime(silentSinceMs),
        usual_gap_ms: usualGapMs,
      },
      `source.silent ${source.id} ${silentSinceMs}`,
    );
    open.set(source.id, silentSinceMs);
  }

  async function lookAtAccount(accountId: AccountId, nowMs: number): Promise<void> {
    if (!known.has(accountId)) await recall(accountId);
    const activities = await journal.readSourceActivity(accountId);
    const sources = new Map((await journal.listSources(accountId)).map((source) => [source.id, source]));
    for (const activity of activities) {
      const source = sources.get(activity.sourceId);
      if (source !== undefined) await lookAt(accountId, source, activity, nowMs);
    }
  }

  return {
    name: 'silent-sources',
    everyMs: SILENCE_LOOK_MS,
    async look(nowMs, isStopped) {
      await lookAtEach(await journal.listAccounts(), isStopped, ({ id }) => lookAtAccount(id, nowMs));
    },
  };
}

function toTime(ms: number): string {
  return new Date(ms).toISOString();
}
