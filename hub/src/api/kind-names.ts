import type { AccountId, DestinationId } from '../journal/ids.ts';
import type { DestinationJournal } from '../journal/destinations.ts';

/** Kind of each destination; null where it is gone. */
export type KindNames = ReadonlyMap<DestinationId, string | null>;

export type KindNameReader = (accountId: AccountId, ids: readonly DestinationId[]) => Promise<KindNames>;

/** More than anybody has; all are asked anew then. */
const NAMES_MAX = 10_000;

/**
 * A destination never changes its kind, and reading destinations opens their sealed settings: each is looked up once,
 * not with every page of deliveries.
 */
export function createKindNameReader(journal: Pick<DestinationJournal, 'listDestinations'>): KindNameReader {
  const known = new Map<DestinationId, string | null>();
  return async (accountId, ids) => {
    if (ids.some((id) => !known.has(id))) {
      if (known.size > NAMES_MAX) known.clear();
      for (const { id, kind } of await journal.listDestinations(accountId)) known.set(id, kind);
      // What is gone stays gone: ids are never used again.
      for (const id of ids) if (!known.has(id)) known.set(id, null);
    }
    return known;
  };
}
