/** What the hub's main thread and the journal's thread tell each other. Both sides batch: one message a turn. */
import type { AccountId, DestinationId } from '../../ids.ts';
import type { Destination } from '../../destinations.ts';
import type { Journal } from '../../journal.ts';
import type { JournalErrorCode } from '../../journal-error.ts';
import type { JournalTrouble } from '../../trouble.ts';
import type { DeliveryRow } from './rows.ts';

/** Every function of the journal that answers with a promise; the others are listeners, handled on their own. */
export type JournalMethod = {
  [Name in keyof Journal]: Journal[Name] extends (...values: never[]) => Promise<unknown> ? Name : never;
}[keyof Journal];

export interface ThreadOptions {
  readonly file: string;
  readonly masterKey: Uint8Array;
  readonly synchronous?: 'FULL' | 'NORMAL';
  readonly staleAfterMs?: number;
  /** The time, where a test says what it is: see createSharedClock. */
  readonly sharedClock?: SharedArrayBuffer;
}

/** id, method, arguments; reports and attempts travel as rows. */
export type ThreadCall = readonly [number, JournalMethod, readonly unknown[]];

export interface ToThread {
  readonly calls: readonly ThreadCall[];
  /** Start (or stop) offering due deliveries. */
  readonly listenDue?: { readonly nodeId: string; readonly leaseMs: number } | null;
  /** Deliveries offered that the engine had no room for: their leases end, and their lane catches up by claims. */
  readonly refused?: readonly { readonly row: number; readonly token: number }[];
}

export interface SentError {
  /** null for what is no JournalError: a bug. */
  readonly code: JournalErrorCode | null;
  readonly message: string;
  readonly stack: string | undefined;
}

export interface SentTrouble {
  readonly task: JournalTrouble['task'];
  readonly accountId: AccountId | null;
  readonly error: SentError;
}

export interface FromThread {
  /** Told before the results, as listeners are told before promises resolve. */
  readonly destinations: readonly (readonly [DestinationId, Destination | undefined])[];
  readonly taken: readonly DeliveryRow[];
  readonly hints: readonly (readonly [DestinationId, number])[];
  readonly fed: boolean;
  readonly results: readonly (readonly [number, unknown])[];
  readonly failures: readonly (readonly [number, SentError])[];
  readonly troubles: readonly SentTrouble[];
  readonly broken: SentError | null;
}

/** The thread's first message. */
export type ThreadStart = { readonly kind: 'ready' } | { readonly kind: 'failed'; readonly error: SentError };
