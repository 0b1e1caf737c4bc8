/** What goes wrong in work that the journal does by itself: no caller waits for it, so a listener must be told. */
import type { AccountId } from './ids.ts';

export interface JournalTrouble {
  /** fold: minutes of roll-ups could not be put together in hours. */
  readonly task: 'fold';
  /** Whose rows could not be read, and were left out; null where nothing was done, and it will be tried again. */
  readonly accountId: AccountId | null;
  readonly error: Error;
}

export type TroubleListener = (trouble: JournalTrouble) => void;

export interface Troubles {
  tell(trouble: JournalTrouble): void;
  /** Returns a function that removes it. */
  listen(listener: TroubleListener): () => void;
}

/** Of those that came before anybody listened: a journal begins to work while it is being opened. */
const UNTOLD_MAX = 16;

export function createTroubles(): Troubles {
  const listeners = new Set<TroubleListener>();
  let untold: JournalTrouble[] = [];
  return {
    tell(trouble) {
      for (const listener of listeners) listener(trouble);
      if (listeners.size === 0 && untold.length < UNTOLD_MAX) untold.push(trouble);
    },
    listen(listener) {
      listeners.add(listener);
      for (const trouble of untold) listener(trouble);
      untold = [];
      return () => {
        listeners.delete(listener);
      };
    },
  };
}
