/**
 * The overview for people who watch it. In: the reader. Out: to each viewer the overview at once, then when it has
 * changed, at most once in OVERVIEW_MS, and every OVERVIEW_ALIVE_MS in any case: the sign of life of the stream.
 * Read once per account, and only while somebody watches.
 */
import type { Clock } from '../clock.ts';
import type { AccountId } from '../journal/ids.ts';
import type { Overview, OverviewReader } from './overview.ts';

import { OVERVIEW_MS } from './overview.ts';

export const OVERVIEW_ALIVE_MS = 5_000;

export interface OverviewFeed {
  watch(accountId: AccountId, show: (overview: Overview) => void): () => void;
}

interface Audience {
  readonly watchers: Set<(overview: Overview) => void>;
  /** Those who have seen none yet. */
  readonly waiting: Set<(overview: Overview) => void>;
  /** Without its time. */
  shown: string;
  shownAtMs: number;
  cancelTimer: () => void;
}

export function createOverviewFeed(options: {
  readonly read: OverviewReader;
  readonly clock: Clock;
  readonly troubled: (detail: string, error: unknown) => void;
}): OverviewFeed {
  const { read, clock, troubled } = options;
  const audiences = new Map<AccountId, Audience>();
  let isTroubled = false;

  async function readOne(accountId: AccountId): Promise<Overview | null> {
    try {
      const overview = await read(accountId);
      isTroubled = false;
      return overview;
    } catch (error) {
      // Told once, not every second.
      if (!isTroubled) troubled('The overview could not be read; it is tried again every second.', error);
      isTroubled = true;
      return null;
    }
  }

  async function showAll(accountId: AccountId, audience: Audience): Promise<void> {
    const overview = await readOne(accountId);
    if (audiences.get(accountId) !== audience) return;
    const nowMs = clock.monotonicMs();
    if (overview !== null) {
      const text = JSON.stringify({ ...overview, atMs: 0 });
      // One second early, since the next time would be a little late.
      if (text !== audience.shown || nowMs - audience.shownAtMs >= OVERVIEW_ALIVE_MS - OVERVIEW_MS) {
        audience.shown = text;
        audience.shownAtMs = nowMs;
        audience.waiting.clear();
        for (const show of audience.watchers) show(overview);
      }
    }
    audience.cancelTimer = clock.setTimer(() => void showAll(accountId, audience), OVERVIEW_MS);
  }

  async function showFirst(accountId: AccountId, audience: Audience, show: (overview: Overview) => void) {
    const overview = await readOne(accountId);
    if (overview !== null && audience.waiting.delete(show)) show(overview);
  }

  return {
    watch(accountId, show) {
      let audience = audiences.get(accountId);
      if (audience === undefined) {
        audience = {
          watchers: new Set([show]),
          waiting: new Set(),
          shown: '',
          shownAtMs: Number.NEGATIVE_INFINITY,
          cancelTimer: () => {},
        };
        audiences.set(accountId, audience);
        void showAll(accountId, audience);
      } else {
        audience.watchers.add(show);
        audience.waiting.add(show);
        void showFirst(accountId, audience, show);
      }
      const found = audience;
      return () => {
        found.watchers.delete(show);
        found.waiting.delete(show);
        if (found.watchers.size > 0 || audiences.get(accountId) !== found) return;
        found.cancelTimer();
        audiences.delete(accountId);
      };
    },
  };
}
