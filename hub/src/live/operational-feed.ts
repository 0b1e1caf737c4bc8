/**
 * Operational events for people who watch, as they come. The journal is asked once a second whether there is a new one,
 * and only while somebody watches: a handful come in a day, so a listener in the journal would be more than they are worth.
 */
import type { Clock } from '../clock.ts';
import type { AccountId, OperationalEventId } from '../journal/ids.ts';
import type { OperationalEntry, OperationalJournal } from '../journal/operational-events.ts';

export const OPERATIONAL_FEED_MS = 1_000;
/** More in one second are not told one by one. */
export const OPERATIONAL_TOLD_MAX = 50;

export interface OperationalWatcher {
  show(entry: OperationalEntry): void;
  /** Some were left out: what was shown of them is to be read anew. */
  resync(): void;
}

export interface OperationalFeed {
  watch(accountId: AccountId, watcher: OperationalWatcher): () => void;
}

interface Audience {
  readonly watchers: Set<OperationalWatcher>;
  /** The newest that is known; null where there was none, undefined before the first reading. */
  newest: OperationalEventId | null | undefined;
  /** The journal's, before the newest were read. */
  end: number | undefined;
  cancelTimer: () => void;
}

export function createOperationalFeed(options: {
  readonly journal: Pick<OperationalJournal, 'listOperationalEvents' | 'readOperationalEnd'>;
  readonly clock: Pick<Clock, 'setTimer'>;
  readonly troubled: (detail: string, error: unknown) => void;
}): OperationalFeed {
  const { journal, clock, troubled } = options;
  const audiences = new Map<AccountId, Audience>();
  let isTroubled = false;

  /** null where there is nothing new, or it cannot be read. */
  async function readNewest(
    accountId: AccountId,
    audience: Audience,
  ): Promise<readonly OperationalEntry[] | null> {
    try {
      const end = await journal.readOperationalEnd(accountId);
      if (end === audience.end) {
        isTroubled = false;
        return null;
      }
      const page = await journal.listOperationalEvents(
        accountId,
        {},
        {
          limit: OPERATIONAL_TOLD_MAX,
          cursor: null,
        },
      );
      isTroubled = false;
      audience.end = end;
      return page.items;
    } catch (error) {
      // Told once, not every second.
      if (!isTroubled)
        troubled('Operational events could not be read; it is tried again every second.', error);
      isTroubled = true;
      return null;
    }
  }

  async function look(accountId: AccountId, audience: Audience): Promise<void> {
    const entries = await readNewest(accountId, audience);
    if (audiences.get(accountId) !== audience) return;
    if (entries !== null) tell(audience, entries);
    audience.cancelTimer = clock.setTimer(() => void look(accountId, audience), OPERATIONAL_FEED_MS);
  }

  return {
    watch(accountId, watcher) {
      let audience = audiences.get(accountId);
      if (audience === undefined) {
        audience = {
          watchers: new Set([watcher]),
          newest: undefined,
          end: undefined,
          cancelTimer: () => {},
        };
        audiences.set(accountId, audience);
        void look(accountId, audience);
      } else {
        audience.watchers.add(watcher);
      }
      const found = audience;
      return () => {
        found.watchers.delete(watcher);
        if (found.watchers.size > 0 || audiences.get(accountId) !== found) return;
        found.cancelTimer();
        audiences.delete(accountId);
      };
    },
  };
}

/** entries: newest first. */
function tell(audience: Audience, entries: readonly OperationalEntry[]): void {
  const { newest, watchers } = audience;
  audience.newest = entries[0]?.id ?? null;
  if (newest === undefined || newest === audience.newest) return;
  const known = newest === null ? entries.length : entries.findIndex(({ id }) => id === newest);
  // Not among the newest any more: so many came, or it was pruned with all before it.
  if (known < 0 || (newest === null && known === OPERATIONAL_TOLD_MAX)) {
    for (const watcher of watchers) watcher.resync();
    return;
  }
  for (const entry of entries.slice(0, known).toReversed()) {
    for (const watcher of watchers) watcher.show(entry);
  }
}
