/** What the hub says about itself and its calls. */
import type { OperationalContent, OperationalEventType } from '@offhook/contract/operational-event';
import type { Call } from '../calls/call.ts';
import type { AccountId, DestinationId, OperationalEventId } from './ids.ts';
import type { Page, PageRequest } from './page.ts';

export interface OperationalEntry {
  readonly id: OperationalEventId;
  readonly accountId: AccountId;
  readonly atMs: number;
  readonly content: OperationalContent;
  /** Call it is about, if any. */
  readonly callId: string | null;
}

export interface OperationalFilter {
  /** Of one of these; undefined for all. */
  readonly types?: readonly OperationalEventType[] | undefined;
  /** About this destination; undefined for any, and for what is about none. */
  readonly destinationId?: DestinationId | undefined;
}

/**
 * What the hub says about itself. `destination.disabled`, `destination.recovered` and `delivery.dead` are written by the
 * journal itself, in the transaction that makes them true; the others by whoever watches. A delivery of an operational
 * event that dies raises none.
 */
export interface OperationalJournal {
  /**
   * One transaction: the event, and a delivery for each destination of the account whose filter asks for its type.
   * onceKey: written only if the account has none with this key yet. Resolves with null where it has.
   */
  appendOperationalEvent(
    accountId: AccountId,
    content: OperationalContent,
    onceKey: string | null,
  ): Promise<OperationalEntry | null>;
  /** Newest first. */
  listOperationalEvents(
    accountId: AccountId,
    filter: OperationalFilter,
    page: PageRequest,
  ): Promise<Page<OperationalEntry>>;
  /** Grows with each that the account gets, so that asking whether there is a new one costs one seek; 0 for none. */
  readOperationalEnd(accountId: AccountId): Promise<number>;
  /**
   * Calls of one account, or of all, that became live in [sinceMs, beforeMs) and still are, oldest first: when beforeMs
   * is now − staleAfter, the stale ones.
   */
  listLiveCallsSince(
    sinceMs: number,
    beforeMs: number,
    limit: number,
    accountId?: AccountId,
  ): Promise<readonly { readonly accountId: AccountId; readonly call: Call }[]>;
}
