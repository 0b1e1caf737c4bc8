/**
 * What nobody reports, noticed: calls that never end, sources that have gone quiet, errors that pile up. In: the
 * journal, asked at a slow pace. Out: operational events, each raised once, whatever happens to the process; and the end
 * of stale calls, where their account chose so.
 */
import type { Clock } from '../clock.ts';
import type { ReportObserver } from '../ingest/request-observer.ts';
import type { ErrorRateRule } from './error-rate.ts';
import type { Watch, WatchedJournal } from './watch.ts';

import { createErrorRateWatch } from './error-rate.ts';
import { createSilenceWatch } from './silent-sources.ts';
import { createStaleWatch } from './stale-calls.ts';
import { createStaleEndWatch } from './stale-ends.ts';
import { WATCH_MS } from './watch.ts';

export interface Watchers {
  stop(): Promise<void>;
}

export function startWatchers(options: {
  readonly journal: WatchedJournal;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  /** Told of the reports by which stale calls are ended. */
  readonly observer: ReportObserver;
  /** null: nobody is told of error rates. */
  readonly errorRate: ErrorRateRule | null;
  /** Told once for each run of failures of a watch, not at every look. */
  readonly troubled: (watch: string, error: unknown) => void;
}): Watchers {
  const { clock } = options;
  const watches = [
    createStaleWatch(options),
    createStaleEndWatch(options),
    createSilenceWatch(options),
    ...(options.errorRate === null ? [] : [createErrorRateWatch({ ...options, rule: options.errorRate })]),
  ];
  const inTrouble = new Set<string>();
  const dueAtMs = new Map<Watch, number>();
  let isStopped = false;
  let looking: Promise<void> = Promise.resolve();
  let cancel = clock.setTimer(() => void lookAndGoOn(), WATCH_MS);

  async function look(): Promise<void> {
    for (const watch of watches) {
      if (isStopped) return;
      const atMs = clock.monotonicMs();
      if (atMs < (dueAtMs.get(watch) ?? 0)) continue;
      dueAtMs.set(watch, atMs + watch.everyMs);
      try {
        await watch.look(clock.nowMs(), () => isStopped);
        inTrouble.delete(watch.name);
      } catch (error) {
        if (!inTrouble.has(watch.name) && !isStopped) options.troubled(watch.name, error);
        inTrouble.add(watch.name);
      }
    }
  }

  async function lookAndGoOn(): Promise<void> {
    looking = look();
    await looking;
    if (!isStopped) cancel = clock.setTimer(() => void lookAndGoOn(), WATCH_MS);
  }

  return {
    async stop() {
      isStopped = true;
      cancel();
      await looking;
    },
  };
}
