/**
 * Sources by id, in front of the journal: every webhook needs its source's secrets, which are sealed at rest.
 * A change made on this node counts at once, one made on another within SOURCE_CACHE_MS.
 */
import type { Clock } from '../clock.ts';
import type { AdminJournal, Source } from '../journal/accounts.ts';

export const SOURCE_CACHE_MS = 3_000;
export const SOURCE_CACHE_ENTRIES_MAX = 10_000;
/** Ids are short; a longer one in a path is not worth asking the journal about. */
const SOURCE_ID_CHARACTERS_MAX = 64;

export interface SourceCache {
  find(id: string): Promise<Source | undefined> | Source;
  forget(id: string): void;
}

export function createSourceCache(
  journal: Pick<AdminJournal, 'findSource'>,
  clock: Pick<Clock, 'monotonicMs'>,
): SourceCache {
  const entries = new Map<string, { readonly source: Source; readonly readAtMs: number }>();
  let generation = 0;

  async function read(id: string): Promise<Source | undefined> {
    if (id.length > SOURCE_ID_CHARACTERS_MAX) return undefined;
    const asOf = generation;
    const source = await journal.findSource(id);
    entries.delete(id);
    // Ids nobody has are not kept: anyone can send as many of them as they like.
    if (source === undefined || asOf !== generation) return source;
    entries.set(id, { source, readAtMs: clock.monotonicMs() });
    const oldest = entries.size > SOURCE_CACHE_ENTRIES_MAX ? entries.keys().next() : undefined;
    if (oldest?.done === false) entries.delete(oldest.value);
    return source;
  }

  return {
    find(id) {
      const entry = entries.get(id);
      if (entry !== undefined && clock.monotonicMs() - entry.readAtMs < SOURCE_CACHE_MS) return entry.source;
      return read(id);
    },
    forget(id) {
      generation += 1;
      entries.delete(id);
    },
  };
}
