/**
 * The durable record of calls, reports, events, deliveries and attempts, and the only place that knows
 * SQL. Stages do not call each other; they meet here. sqlite/ (and later postgres/) implement this
 * interface with the same functions, and conformance/ is the one suite every store must pass.
 *
 * Promises of every writing function: what its promise resolved with is on disk (fsynced); what must
 * happen together happens in one transaction; a rejected promise changed nothing. Writers that arrive
 * while a commit runs share the next one (group commit). Store trouble rejects with JournalError.
 *
 * Each stage asks for its own part of it, one file each:
 *
 *   ingest/        reports.ts              a report comes in, and all that follows from it is written
 *   delivery/      deliveries.ts           what is due, under lease, and what came of it
 *   destinations/  destination-memory.ts   what they remember, and the calls as they are now
 *   live/, api/    reader.ts               calls, events, deliveries, the feed
 *                  analytics.ts            what was counted on the way
 *   api/           commands.ts             retry, cancel, replay
 *                  destinations.ts         where events go
 *                  accounts.ts             accounts, keys, sessions, sources, numbers, the audit
 *   watch/         operational-events.ts   what the hub says about itself
 *                  source-quality.ts       how good the reports are
 */
import type { AdminJournal } from './accounts.ts';
import type { AnalyticsJournal } from './analytics.ts';
import type { CommandJournal } from './commands.ts';
import type { DeliveryJournal } from './deliveries.ts';
import type { DestinationMemoryJournal } from './destination-memory.ts';
import type { DestinationJournal } from './destinations.ts';
import type { JournalError } from './journal-error.ts';
import type { OperationalJournal } from './operational-events.ts';
import type { JournalReader } from './reader.ts';
import type { AcceptJournal } from './reports.ts';
import type { QualityJournal } from './source-quality.ts';
import type { TroubleListener } from './trouble.ts';

export interface JournalStats {
  readonly bytes: number;
  readonly migration: number;
  readonly calls: number;
  readonly events: number;
  readonly pendingDeliveries: number;
}

export interface Journal
  extends
    AcceptJournal,
    DeliveryJournal,
    DestinationMemoryJournal,
    JournalReader,
    AnalyticsJournal,
    CommandJournal,
    DestinationJournal,
    OperationalJournal,
    QualityJournal,
    AdminJournal {
  /** Resolves if a write would be taken now; rejects with JournalError otherwise. For /readyz. */
  check(): Promise<void>;
  readStats(): Promise<JournalStats>;
  /**
   * Deletes what ended before the cut: calls with no pending delivery and everything of theirs, audit rows.
   * At most `limit` calls a run, so that it never holds the writer for long; says how many went.
   */
  prune(beforeMs: number, limit: number): Promise<number>;
  /** Told of trouble in the journal's own work; returns a function that removes it. */
  listenTrouble(listener: TroubleListener): () => void;
  /** Resolves with the cause when the journal can no longer be trusted (I/O error): the hub must exit. */
  readonly broken: Promise<JournalError>;
  /** Finishes what was queued, then closes. */
  close(): Promise<void>;
}
