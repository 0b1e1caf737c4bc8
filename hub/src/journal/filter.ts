/** What a list, a count or a replay is narrowed to. */
import type { CallState } from '../calls/call.ts';
import type { DeliveryState } from './delivery-state.ts';
import type { DestinationId, SourceId } from './ids.ts';

/** One meaning for API `q=`, CLI `--filter` and the dashboard's search box. Every given part must hold. */
export interface JournalFilter {
  readonly statuses?: readonly string[];
  readonly excludedStatuses?: readonly string[];
  readonly callStates?: readonly CallState[];
  readonly excludedCallStates?: readonly CallState[];
  readonly deliveryStates?: readonly DeliveryState[];
  readonly excludedDeliveryStates?: readonly DeliveryState[];
  readonly callTypes?: readonly string[];
  readonly callId?: string;
  /** Digits prefix or whole number, ours or theirs; `+3185*` → prefix. */
  readonly number?: { readonly value: string; readonly prefix: boolean };
  readonly destinationIds?: readonly DestinationId[];
  readonly sourceIds?: readonly SourceId[];
  /** Unix ms, [since, until). Calls by updatedAt, events by acceptance, deliveries by creation. */
  readonly sinceMs?: number;
  readonly untilMs?: number;
  readonly durationMs?: { readonly min?: number; readonly max?: number };
  /** Words found in the error text, case-insensitive. */
  readonly error?: string;
  /** Deliveries only: HTTP status of the last answer, [min, max]; one of these must hold. */
  readonly codes?: readonly { readonly min: number; readonly max: number }[];
  /** Deliveries only: attempts made so far. */
  readonly attempts?: { readonly min?: number; readonly max?: number };
}
