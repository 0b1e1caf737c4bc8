/** Where events go, and how each place is doing. */
import type { Actor } from './actor.ts';
import type { AccountId, DestinationId } from './ids.ts';

export const ORDER_POLICIES = ['strict', 'latest'] as const;
export type OrderPolicy = (typeof ORDER_POLICIES)[number];

export const DESTINATION_STATES = ['enabled', 'paused', 'disabled'] as const;
/** paused: by a person. disabled: by the hub (410, or 5 days of only failures). Both hold their deliveries. */
export type DestinationState = (typeof DESTINATION_STATES)[number];

/** Empty or missing lists match everything. */
export interface EventFilter {
  /** false: none of the calls' events, whatever the lists say; for who wants operational events alone. */
  readonly calls?: boolean;
  readonly statuses?: readonly string[];
  readonly call_types?: readonly string[];
  /** Our side's number, as given or in E.164. */
  readonly phone_numbers?: readonly string[];
  /** Types of operational events that are sent, too. Unlike the others: empty or missing means none. */
  readonly operational_events?: readonly string[];
}

export interface Destination {
  readonly id: DestinationId;
  readonly accountId: AccountId;
  readonly kind: string;
  readonly name: string | null;
  /** By the kind's own schema. Sealed at rest as a whole: settings may hold credentials. */
  readonly settings: unknown;
  readonly filter: EventFilter;
  readonly order: OrderPolicy;
  readonly state: DestinationState;
  /** Why it is paused or disabled; null when enabled. */
  readonly stateReason: string | null;
  readonly concurrency: number;
  /** Attempts per second; null = no limit. */
  readonly ratePerSecond: number | null;
  /** Seconds before each try after the first; null = the default schedule. */
  readonly retryScheduleS: readonly number[] | null;
  readonly timeoutMs: number;
  /** Open only inside the hub: the API shows a secret once, at creation and rotation. Sealed at rest. */
  readonly secret: string;
  readonly previousSecret: string | null;
  /** Unix ms until which the previous secret signs too. */
  readonly previousSecretUntilMs: number | null;
  /** Unix ms since which every attempt has failed; null while it works or has had none. */
  readonly failingSinceMs: number | null;
  readonly createdAtMs: number;
  readonly updatedAtMs: number;
}

export type NewDestination = Pick<
  Destination,
  | 'accountId'
  | 'kind'
  | 'name'
  | 'settings'
  | 'filter'
  | 'order'
  | 'concurrency'
  | 'ratePerSecond'
  | 'retryScheduleS'
  | 'timeoutMs'
  | 'secret'
>;

export type DestinationChange = Partial<Omit<NewDestination, 'accountId' | 'kind' | 'secret'>>;

export interface DestinationJournal {
  /** All of the account; of every account where accountId is undefined (delivery/ needs them all). */
  listDestinations(accountId?: AccountId): Promise<readonly Destination[]>;
  getDestination(accountId: AccountId, id: DestinationId): Promise<Destination | undefined>;
  createDestination(destination: NewDestination, actor: Actor): Promise<Destination>;
  updateDestination(
    accountId: AccountId,
    id: DestinationId,
    change: DestinationChange,
    actor: Actor,
  ): Promise<Destination | undefined>;
  /** Pause, resume, disable. Resuming clears failingSince. */
  setDestinationState(
    accountId: AccountId,
    id: DestinationId,
    state: DestinationState,
    reason: string | null,
    actor: Actor,
  ): Promise<Destination | undefined>;
  rotateSecret(
    accountId: AccountId,
    id: DestinationId,
    secret: string,
    overlapMs: number,
    actor: Actor,
  ): Promise<Destination | undefined>;
  /** Its pending deliveries become cancelled; past ones stay readable until retention. */
  deleteDestination(accountId: AccountId, id: DestinationId, actor: Actor): Promise<boolean>;
  /** Told after each commit that changed a destination (also its health and deletion). */
  listenDestinations(listener: (id: DestinationId, destination: Destination | undefined) => void): () => void;
}

/** What failed for less is not said to work again. */
export const RECOVERED_AFTER_MS = 300_000;

export type DestinationHealthChange =
  | { readonly kind: 'failing'; readonly destinationId: DestinationId; readonly sinceMs: number }
  | { readonly kind: 'recovered'; readonly destinationId: DestinationId }
  | { readonly kind: 'disabled'; readonly destinationId: DestinationId; readonly reason: string };
