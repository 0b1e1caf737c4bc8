/**
 * What a wall screen shows of an account at a glance. In: the journal's small readings. Out: one object, made at most
 * once a second however many ask, and in no more than a twentieth of the time while it takes less than half a second.
 */
import type { Clock } from '../clock.ts';
import type { AnalyticsJournal, LiveCalls, SourceActivity } from '../journal/analytics.ts';
import type { AccountId, DestinationId, SourceId } from '../journal/ids.ts';
import type { AdminJournal, Source } from '../journal/accounts.ts';
import type { Destination, DestinationJournal } from '../journal/destinations.ts';

import { judgeSilence } from './silence.ts';

export const OVERVIEW_MS = 1_000;
/** Silence takes minutes, and the hours of 15 days are the largest of the readings. */
export const OVERVIEW_SOURCES_MS = 5_000;
/** A journal that is so busy or large that an overview takes long is asked for one less often: this many times as long. */
const REST_FACTOR = 20;
/** One bad moment must not leave a wall screen with what was true minutes ago. */
export const OVERVIEW_REST_MS_MAX = 10_000;
/** Accounts that nobody has asked for in this long are forgotten. */
const FORGET_MS = 60_000;
const MINUTE_MS = 60_000;
const ERROR_RATE_MINUTES = 15;
const CONNECTED_MINUTES = 5;

export interface Overview {
  /** Unix ms. */
  readonly atMs: number;
  readonly live: LiveCalls;
  /** By which `live` tells active calls from stale ones. */
  readonly staleAfterMs: number;
  /** Of the calls that ended in the last 15 minutes. */
  readonly finished: number;
  readonly failed: number;
  /** Mean of the last 5 whole minutes. */
  readonly connectedPerMinute: number;
  readonly backlog: { readonly pending: number; readonly oldestAtMs: number | null };
  readonly destinations: {
    readonly enabled: number;
    readonly paused: number;
    readonly disabled: number;
    /** Enabled, and every attempt fails. */
    readonly failing: number;
  };
  readonly sources: readonly SourceOverview[];
}

export interface SourceOverview {
  readonly id: SourceId;
  readonly name: string;
  readonly kind: Source['kind'];
  readonly lastReportAtMs: number | null;
  readonly usualGapMs: number | null;
  readonly silentSinceMs: number | null;
}

export type OverviewReader = (accountId: AccountId) => Promise<Overview>;

interface Kept<Value> {
  value: Promise<Value> | null;
  /** monotonic */
  nextAtMs: number;
}

interface KeptAccount {
  readonly overview: Kept<Overview>;
  readonly sources: Kept<readonly SourceOverview[]>;
  destinations: Promise<readonly Destination[]> | null;
  askedAtMs: number;
}

export function createOverviewReader(options: {
  readonly journal: Pick<AnalyticsJournal, 'readLiveCalls' | 'readCallStatistics' | 'readSourceActivity'> &
    Pick<DestinationJournal, 'listDestinations' | 'listenDestinations'> &
    Pick<AdminJournal, 'listSources'>;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  readonly readBacklog: () => Promise<
    ReadonlyMap<DestinationId, { readonly pending: number; readonly oldestAtMs: number | null }>
  >;
}): OverviewReader {
  const { journal, clock } = options;
  const listeningSinceMs = clock.nowMs();
  const accounts = new Map<AccountId, KeptAccount>();
  // Reading destinations opens their sealed secrets: once, and again only after one has changed.
  journal.listenDestinations((_id, destination) => {
    for (const [accountId, kept] of accounts) {
      if (destination === undefined || destination.accountId === accountId) kept.destinations = null;
    }
  });

  /** The value kept, or a new one where it has become old; a failure is told to whoever waits, and not kept. */
  function refresh<Value>(kept: Kept<Value>, everyMs: number, read: () => Promise<Value>): Promise<Value> {
    const startedAtMs = clock.monotonicMs();
    if (kept.value !== null && startedAtMs < kept.nextAtMs) return kept.value;
    // Whoever asks while it is being read waits for the same one.
    kept.nextAtMs = Number.POSITIVE_INFINITY;
    const reading = read();
    kept.value = reading;
    void rest(kept, startedAtMs, everyMs, reading);
    return reading;
  }

  async function rest<Value>(
    kept: Kept<Value>,
    startedAtMs: number,
    everyMs: number,
    reading: Promise<Value>,
  ): Promise<void> {
    try {
      await reading;
      const tookMs = clock.monotonicMs() - startedAtMs;
      const restMs = Math.min(tookMs * (REST_FACTOR - 1), OVERVIEW_REST_MS_MAX);
      kept.nextAtMs = startedAtMs + Math.max(everyMs, tookMs + restMs);
    } catch {
      kept.value = null;
    }
  }

  async function read(accountId: AccountId, kept: KeptAccount): Promise<Overview> {
    const nowMs = clock.nowMs();
    const minuteMs = Math.floor(nowMs / MINUTE_MS) * MINUTE_MS;
    kept.destinations ??= journal.listDestinations(accountId);
    const reading = kept.destinations;
    reading.catch(() => {
      if (kept.destinations === reading) kept.destinations = null;
    });
    const [live, statistics, backlog, destinations, sources] = await Promise.all([
      journal.readLiveCalls(accountId, nowMs - options.staleAfterMs),
      journal.readCallStatistics({
        accountId,
        sinceMs: minuteMs - ERROR_RATE_MINUTES * MINUTE_MS,
        untilMs: minuteMs + MINUTE_MS,
        stepMs: MINUTE_MS,
      }),
      options.readBacklog(),
      reading,
      refresh(kept.sources, OVERVIEW_SOURCES_MS, () => readSources(accountId)),
    ]);
    const whole = statistics.slots.filter(
      ({ startMs }) => startMs >= minuteMs - CONNECTED_MINUTES * MINUTE_MS && startMs < minuteMs,
    );
    return {
      atMs: nowMs,
      live,
      staleAfterMs: options.staleAfterMs,
      finished: sum(statistics.slots, ({ ended, failed }) => ended + failed),
      failed: sum(statistics.slots, ({ failed }) => failed),
      connectedPerMinute: sum(whole, ({ connected }) => connected) / CONNECTED_MINUTES,
      backlog: toBacklog(destinations, backlog),
      destinations: countDestinations(destinations),
      sources,
    };
  }

  async function readSources(accountId: AccountId): Promise<readonly SourceOverview[]> {
    const [sources, activities] = await Promise.all([
      journal.listSources(accountId),
      journal.readSourceActivity(accountId),
    ]);
    const nowMs = clock.nowMs();
    const activityOf = new Map(activities.map((activity) => [activity.sourceId, activity]));
    return sources.map(({ id, name, kind }) => {
      const activity = activityOf.get(id) ?? NO_ACTIVITY;
      const silence = judgeSilence(activity, nowMs, listeningSinceMs);
      return { id, name, kind, lastReportAtMs: activity.lastReportAtMs, ...silence };
    });
  }

  function forgetUnasked(nowMs: number): void {
    for (const [accountId, { askedAtMs }] of accounts) {
      if (nowMs - askedAtMs > FORGET_MS) accounts.delete(accountId);
    }
  }

  return (accountId) => {
    const nowMs = clock.monotonicMs();
    let kept = accounts.get(accountId);
    if (kept === undefined) {
      forgetUnasked(nowMs);
      kept = {
        overview: { value: null, nextAtMs: 0 },
        sources: { value: null, nextAtMs: 0 },
        destinations: null,
        askedAtMs: nowMs,
      };
      accounts.set(accountId, kept);
    }
    const found = kept;
    found.askedAtMs = nowMs;
    return refresh(found.overview, OVERVIEW_MS, () => read(accountId, found));
  };
}

const NO_ACTIVITY: Pick<SourceActivity, 'lastReportAtMs' | 'hours'> = { lastReportAtMs: null, hours: [] };

function toBacklog(
  destinations: readonly Destination[],
  backlogs: ReadonlyMap<DestinationId, { readonly pending: number; readonly oldestAtMs: number | null }>,
): Overview['backlog'] {
  const found = destinations.flatMap(({ id }) => backlogs.get(id) ?? []);
  const times = found.flatMap(({ oldestAtMs }) => oldestAtMs ?? []);
  return {
    pending: sum(found, ({ pending }) => pending),
    oldestAtMs: times.length === 0 ? null : times.reduce((a, b) => Math.min(a, b)),
  };
}

function countDestinations(destinations: readonly Destination[]): Overview['destinations'] {
  const counts = { enabled: 0, paused: 0, disabled: 0, failing: 0 };
  for (const { state, failingSinceMs } of destinations) {
    counts[state] += 1;
    if (state === 'enabled' && failingSinceMs !== null) counts.failing += 1;
  }
  return counts;
}

function sum<Item>(items: readonly Item[], toNumber: (item: Item) => number): number {
  return items.reduce((total, item) => total + toNumber(item), 0);
}
