/**
 * The journal in one SQLite file: opens it, builds the parts in the order they need each other, and hands out
 * the whole. One process owns the file; one connection writes; everything is synchronous on the thread it runs
 * on, which in the hub is one of its own (thread/).
 */
import { statSync } from 'node:fs';
import type { DatabaseSync } from 'node:sqlite';

import type { Clock } from '../../clock.ts';
import { JournalError } from '../journal-error.ts';
import type { Journal } from '../journal.ts';
import type { SecretBox } from '../secret-box.ts';
import { createTroubles } from '../trouble.ts';
import { createAccept } from './accept.ts';
import { createActiveCalls } from './active-calls.ts';
import { loadAccounts } from './account-registry.ts';
import { createAccounts } from './accounts.ts';
import { createAudit } from './audit.ts';
import { createCallCache } from './call-cache.ts';
import { createCallChanges } from './call-changes.ts';
import { createCallsReader } from './calls-reader.ts';
import { createClaims } from './claims.ts';
import { createCounting } from './counting.ts';
import { loadCounters } from './counters.ts';
import { MEMORY_FILE, openDatabase, toOpenError, type Database } from './database.ts';
import { createTellDead } from './dead-letters.ts';
import { createDeliveriesReader } from './deliveries-reader.ts';
import { createDeliveryCommands } from './delivery-commands.ts';
import { createDeliveryMaker } from './delivery-maker.ts';
import { createDestinationMemory } from './destination-memory.ts';
import { loadDestinations } from './destination-registry.ts';
import { createDestinations } from './destinations.ts';
import { createDueDispatch } from './due-dispatch.ts';
import { createErrorGroupJournal } from './error-group-journal.ts';
import { createErrorGroups } from './error-groups.ts';
import { createFeed, type Feed } from './feed.ts';
import { createKeys } from './keys.ts';
import { createLaneOrder } from './lane-order.ts';
import { createLeases } from './leases.ts';
import { migrate } from './migrate.ts';
import { createOperationalEvents, createRaiseOperational } from './operational-events.ts';
import { createPhoneNames } from './phone-names.ts';
import { createPhoneNumbers } from './phone-numbers.ts';
import { createPostponements } from './postponements.ts';
import { createPrune } from './prune.ts';
import { createRecordAttempts } from './record-attempts.ts';
import { createRecoveries } from './recoveries.ts';
import { createReplays } from './replays.ts';
import { createSessions } from './sessions.ts';
import { createSlotFolding, type SlotFolding } from './slot-folding.ts';
import { createSlots } from './slots.ts';
import { createSourceQuality } from './source-quality.ts';
import { loadSources } from './source-registry.ts';
import { createSources } from './sources.ts';
import { createStateCounts } from './state-counts.ts';
import { createStatementCache } from './statement-cache.ts';
import { createStatisticsReader } from './statistics-reader.ts';
import type { Store } from './store.ts';
import { createWriter, type CrashPoint } from './writer.ts';

export interface SqliteJournalOptions {
  /** A path, or ':memory:'. */
  readonly file: string;
  readonly clock: Clock;
  readonly secretBox: SecretBox;
  /** NORMAL loses acknowledged reports in a power cut; it exists for the proof's control run alone. */
  readonly synchronous?: 'FULL' | 'NORMAL';
  /** Pages of log between two checkpoints. */
  readonly checkpointPages?: number;
  /** A call that has been live for longer is not counted as active (4 h). */
  readonly staleAfterMs?: number;
  /** Called at named points, so that a proof can kill the process there. */
  readonly crashPoint?: (point: CrashPoint) => void;
}

const STALE_AFTER_MS = 4 * 3_600_000;

const SELECT_CANARY = `SELECT value FROM meta WHERE name = 'canary'`;
const INSERT_CANARY = `INSERT INTO meta VALUES ('canary', ?)`;
const CANARY = 'offhook';
const CANARY_PLACE = 'meta|canary|value';

export async function openSqliteJournal(options: SqliteJournalOptions): Promise<Journal> {
  const database = openDatabase(options.file, options.synchronous ?? 'FULL');
  try {
    return buildJournal(database, options);
  } catch (error) {
    database.close();
    throw toOpenError(error, options.file);
  }
}

function buildJournal(database: Database, options: SqliteJournalOptions): Journal {
  const { clock, secretBox: box, crashPoint } = options;
  const { write: db, read } = database;
  const nowMs = clock.nowMs();
  const migration = migrate(db, nowMs);
  checkMasterKey(db, box);
  for (const connection of new Set([db, read])) {
    // SQLite's own lower() knows ASCII only.
    connection.function('fold', { deterministic: true }, (text) =>
      typeof text === 'string' ? text.toLowerCase() : null,
    );
  }

  const counters = loadCounters(db);
  const accounts = loadAccounts(db, nowMs);
  const destinations = loadDestinations(db, accounts, box);
  const leases = createLeases(clock);
  const due = createDueDispatch(leases, destinations, crashPoint);
  const calls = createCallCache();
  const slots = createSlots(db, counters);
  const activeCalls = createActiveCalls(db, options.staleAfterMs ?? STALE_AFTER_MS);
  const errorGroups = createErrorGroups(db);
  const phoneNames = createPhoneNames(db);
  let feed: Feed | null = null;
  let folding: SlotFolding | null = null;
  const writer = createWriter({
    db,
    clock: options.clock,
    checkpointPages: options.file === MEMORY_FILE ? null : options.checkpointPages,
    crashPoint,
    hooks: {
      beforeCommit() {
        errorGroups.save();
        slots.save();
        counters.save();
      },
      afterCommit() {
        counters.keep();
        due.afterCommit();
        feed?.publish();
        folding?.afterCommit();
      },
      afterRollback() {
        counters.restore();
        slots.restore();
        activeCalls.forget();
        errorGroups.forget();
        calls.forget();
        phoneNames.forget();
        due.afterRollback();
      },
    },
  });
  const store: Store = {
    db,
    read,
    prepareRead: createStatementCache(read),
    writer,
    clock,
    box,
    counters,
    slots,
    counting: createCounting(slots, activeCalls, errorGroups),
    activeCalls,
    errorGroups,
    accounts,
    sources: loadSources(db, accounts, box, nowMs),
    destinations,
    phoneNames,
    calls,
    leases,
    due,
    crashPoint,
  };
  feed = createFeed(store);
  const { publish: _publish, ...feedReader } = feed;
  const order = createLaneOrder(store);
  const deliveries = createDeliveryMaker(store, order);
  const raise = createRaiseOperational(store, deliveries);
  const recoveries = createRecoveries(store, raise);
  const { finishDeletions, ...destinationCommands } = createDestinations(store, recoveries);
  finishDeletions();
  const troubles = createTroubles();
  folding = createSlotFolding(store, (trouble) => troubles.tell(trouble));
  folding.start();

  let closing: Promise<void> | null = null;
  return {
    ...createAccept(store, deliveries),
    ...createClaims(store),
    ...createRecordAttempts(store, order, createTellDead(store, raise), recoveries),
    ...createPostponements(store, order),
    ...destinationCommands,
    ...createReplays(store, deliveries),
    ...createCallsReader(store),
    ...createCallChanges(store),
    ...createStateCounts(store),
    ...createStatisticsReader(store),
    ...createErrorGroupJournal(store),
    ...feedReader,
    ...createDeliveriesReader(store),
    ...createDeliveryCommands(store, deliveries, order),
    ...createAccounts(store),
    ...createKeys(store),
    ...createSessions(store),
    ...createSources(store),
    ...createPhoneNumbers(store),
    ...createAudit(store),
    ...createOperationalEvents(store, raise),
    ...createDestinationMemory(store),
    ...createSourceQuality(store),
    ...createPrune(store),
    listenTrouble: (listener) => troubles.listen(listener),
    broken: writer.broken,
    async check() {
      // A real write with a real fsync: only that finds a full or dying disk.
      await writer.run({ work: () => counters.touch() });
    },
    async readStats() {
      const { calls: callCount, events, pending } = counters.now;
      const bytes = options.file === MEMORY_FILE ? 0 : readBytes(options.file);
      return { bytes, migration, calls: callCount, events, pendingDeliveries: pending };
    },
    close() {
      closing ??= writer.drain().then(() => database.close());
      return closing;
    },
  };
}

/** A wrong master key must be found before anything is accepted, not when the first secret is needed. */
function checkMasterKey(db: DatabaseSync, box: SecretBox): void {
  const sealed = db.prepare(SELECT_CANARY).get()?.['value'] as Uint8Array | undefined;
  if (sealed === undefined) {
    db.prepare(INSERT_CANARY).run(box.seal(CANARY, CANARY_PLACE));
  } else if (box.open(sealed, CANARY_PLACE) !== CANARY) {
    throw new JournalError('sealed', 'The journal was sealed with another master key.');
  }
}

function readBytes(file: string): number {
  return [file, `${file}-wal`]
    .map((name) => statSync(name, { throwIfNoEntry: false })?.size ?? 0)
    .reduce((sum, size) => sum + size, 0);
}
