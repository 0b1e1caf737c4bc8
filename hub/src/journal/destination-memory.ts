/** What destinations remember between attempts, and what they may read of calls. */
import type { Call } from '../calls/call.ts';
import type { AccountId, DestinationId } from './ids.ts';
import type { Page, PageRequest } from './page.ts';

export interface DestinationMemoryJournal {
  /** In the order asked; undefined where nothing is remembered under a key. */
  readDestinationMemory(
    destinationId: DestinationId,
    keys: readonly string[],
  ): Promise<readonly (string | undefined)[]>;
  /** By key. */
  listDestinationMemory(
    destinationId: DestinationId,
    prefix: string,
    limit: number,
  ): Promise<readonly { readonly key: string; readonly value: string }[]>;
  /**
   * One transaction. value null forgets; callId: forgotten when the call is pruned; isSecret: sealed at rest. All of it
   * goes with the destination; writes for a deleted one change nothing.
   */
  writeDestinationMemory(
    destinationId: DestinationId,
    entries: readonly {
      readonly key: string;
      readonly value: string | null;
      readonly callId?: string;
      readonly isSecret?: boolean;
    }[],
  ): Promise<void>;
  /** Of one account, in the order asked. */
  readCalls(accountId: AccountId, callIds: readonly string[]): Promise<readonly (Call | undefined)[]>;
  /** Live calls whose liveSinceMs is at least liveSinceMsMin, by that time. */
  listActiveCalls(accountId: AccountId, liveSinceMsMin: number, page: PageRequest): Promise<Page<Call>>;
}
