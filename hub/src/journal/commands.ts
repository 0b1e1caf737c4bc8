/** What people do to deliveries: retry, cancel, replay. */
import type { Actor } from './actor.ts';
import type { AccountId, DeliveryId, ReplayId } from './ids.ts';
import type { Page, PageRequest } from './page.ts';
import type { DeliveryEntry } from './reader.ts';
import type { Replay, ReplayCount, ReplayRequest } from './replays.ts';

export type RetryResult =
  /** It was pending: due now. */
  | { readonly kind: 'hastened'; readonly delivery: DeliveryEntry }
  /** It was terminal: a new delivery of the same event. */
  | { readonly kind: 'created'; readonly delivery: DeliveryEntry }
  /** The same event is on its way to that destination already. */
  | { readonly kind: 'already_pending'; readonly delivery: DeliveryEntry }
  | { readonly kind: 'destination_gone' };

export type CancelResult =
  | { readonly kind: 'cancelled'; readonly delivery: DeliveryEntry }
  /** Already terminal, or an attempt is under way. */
  | { readonly kind: 'not_cancellable'; readonly delivery: DeliveryEntry };

export interface CommandJournal {
  retryDelivery(accountId: AccountId, id: DeliveryId, actor: Actor): Promise<RetryResult | undefined>;
  cancelDelivery(accountId: AccountId, id: DeliveryId, actor: Actor): Promise<CancelResult | undefined>;
  /** Dry run: what a replay would send, without sending. */
  countReplay(request: ReplayRequest): Promise<ReplayCount>;
  createReplay(request: ReplayRequest, actor: Actor): Promise<Replay>;
  listReplays(accountId: AccountId, page: PageRequest): Promise<Page<Replay>>;
  getReplay(accountId: AccountId, id: ReplayId): Promise<Replay | undefined>;
  /** pause → paused, resume → running, cancel → cancelled; a finished or cancelled job stays as it is. */
  setReplayState(
    accountId: AccountId,
    id: ReplayId,
    state: 'running' | 'paused' | 'cancelled',
    actor: Actor,
  ): Promise<Replay | undefined>;
}
