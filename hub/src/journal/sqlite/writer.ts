/**
 * Group commit: whatever was asked for while the last commit ran goes into the next one, so one fsync
 * (0.3 ms here) is shared by all. A promise resolves only after its commit is on disk.
 */
import type { DatabaseSync, StatementSync } from 'node:sqlite';

import type { Clock } from '../../clock.ts';
import { JournalError } from '../journal-error.ts';

export interface Operation<Result> {
  /** SQL only: it may run again, alone, after the group it was in was rolled back. */
  work(): Result;
  /** What memory must learn, once it is on disk. */
  committed?(result: Result): void;
}

export interface WriterHooks {
  /** Inside the transaction, after the last operation's work. */
  beforeCommit(): void;
  /** After the operations' own committed functions. */
  afterCommit(): void;
  afterRollback(): void;
}

/** Where a proof may kill the process. */
export type CrashPoint =
  | 'before-commit'
  | 'after-commit-before-ack'
  | 'after-take'
  | 'after-attempt-before-record'
  | 'after-record';

export interface Writer {
  run<Result>(operation: Operation<Result>, options?: RunOptions): Promise<Result>;
  readonly broken: Promise<JournalError>;
  /** Throws where nothing may be read or given out any more. */
  refuseIfBroken(): void;
  /** Refuses new work, finishes what waits. */
  drain(): Promise<void>;
}

export interface RunOptions {
  /** How many reports or records it holds; 1 without. */
  readonly weight?: number;
  /** May wait up to LAZY_MS for company: for what nobody is waiting for. */
  readonly lazy?: boolean;
  /** Taken even where the queue is full: work that frees the queue's cause and is bounded elsewhere. */
  readonly always?: boolean;
}

/** Beyond this many waiting reports and records a new one is refused: about 1.5 s of work. */
const QUEUE_WEIGHT_MAX = 50_000;
/** One commit holds the journal for at most about 12 ms of SQL. */
const GROUP_WEIGHT_MAX = 512;
const LAZY_MS = 2;
/** So many lazy records are company enough. */
const LAZY_WEIGHT_MAX = 64;
/** 16 MiB of log between two checkpoints: 4 MiB cost 3 % more CPU an event, 64 MiB saved nothing and paused twice as long (30 ms). */
const CHECKPOINT_PAGES = 4_096;

interface Queued {
  readonly work: () => unknown;
  readonly committed: ((result: never) => void) | undefined;
  readonly weight: number;
  readonly resolve: (result: never) => void;
  readonly reject: (error: unknown) => void;
}

export function createWriter(options: {
  readonly db: DatabaseSync;
  readonly clock: Clock;
  readonly hooks: WriterHooks;
  /** null: a journal in memory has none. */
  readonly checkpointPages?: number | null | undefined;
  readonly crashPoint?: ((point: CrashPoint) => void) | undefined;
}): Writer {
  return new GroupWriter(options);
}

class GroupWriter implements Writer {
  readonly broken: Promise<JournalError>;
  readonly #db: DatabaseSync;
  readonly #clock: Clock;
  readonly #hooks: WriterHooks;
  readonly #checkpointPages: number | null;
  readonly #crashPoint: ((point: CrashPoint) => void) | undefined;
  readonly #begin: StatementSync;
  readonly #commit: StatementSync;
  readonly #checkpoint: StatementSync;
  readonly #readLog: StatementSync;
  #queue: Queued[] = [];
  #queuedWeight = 0;
  #cancelLazy: (() => void) | null = null;
  #isScheduled = false;
  #brokenBy: JournalError | null = null;
  #isClosed = false;
  #drained: (() => void)[] = [];
  #break!: (error: JournalError) => void;

  constructor(options: Parameters<typeof createWriter>[0]) {
    this.#db = options.db;
    this.#clock = options.clock;
    this.#hooks = options.hooks;
    const { checkpointPages = CHECKPOINT_PAGES } = options;
    this.#checkpointPages = checkpointPages;
    this.#crashPoint = options.crashPoint;
    this.#begin = this.#db.prepare('BEGIN IMMEDIATE');
    this.#commit = this.#db.prepare('COMMIT');
    this.#checkpoint = this.#db.prepare('PRAGMA wal_checkpoint(PASSIVE)');
    this.#readLog = this.#db.prepare('PRAGMA wal_checkpoint(NOOP)');
    this.broken = new Promise((resolve) => {
      this.#break = resolve;
    });
  }

  run<Result>(operation: Operation<Result>, options: RunOptions = {}): Promise<Result> {
    const { weight = 1, lazy = false, always = false } = options;
    const refusal = this.#findRefusal(always);
    if (refusal !== null) return Promise.reject(refusal);
    return new Promise<Result>((resolve, reject) => {
      this.#queue.push({ work: operation.work, committed: operation.committed, weight, resolve, reject });
      this.#queuedWeight += weight;
      this.#schedule(lazy);
    });
  }

  refuseIfBroken(): void {
    const refusal = this.#findRefusal(true);
    if (refusal !== null) throw refusal;
  }

  drain(): Promise<void> {
    this.#isClosed = true;
    return new Promise((resolve) => {
      this.#drained.push(resolve);
      this.#schedule(false);
    });
  }

  #findRefusal(always: boolean): JournalError | null {
    if (this.#brokenBy !== null) return toRefusal(this.#brokenBy);
    if (this.#isClosed) return new JournalError('closed', 'The journal is closed.');
    if (!always && this.#queuedWeight >= QUEUE_WEIGHT_MAX) {
      return new JournalError('busy', 'Too many writes wait for the disk. Try again in a moment.');
    }
    return null;
  }

  #schedule(lazy: boolean): void {
    if (this.#isScheduled) return;
    if (lazy && this.#queuedWeight < LAZY_WEIGHT_MAX) {
      this.#cancelLazy ??= this.#clock.setTimer(() => {
        this.#cancelLazy = null;
        this.#flush();
      }, LAZY_MS);
      return;
    }
    this.#cancelLazy?.();
    this.#cancelLazy = null;
    this.#isScheduled = true;
    setImmediate(() => {
      this.#isScheduled = false;
      this.#flush();
    });
  }

  #flush(): void {
    const group = this.#takeGroup();
    if (group.length > 0) this.#runGroup(group);
    if (this.#queue.length > 0) this.#schedule(false);
    else for (const resolve of this.#drained.splice(0)) resolve();
    if (group.length > 0) this.#checkpointSoon();
  }

  #takeGroup(): Queued[] {
    let weight = 0;
    let count = 0;
    for (const queued of this.#queue) {
      if (count > 0 && weight + queued.weight > GROUP_WEIGHT_MAX) break;
      weight += queued.weight;
      count += 1;
    }
    this.#queuedWeight -= weight;
    if (count === this.#queue.length) {
      const group = this.#queue;
      this.#queue = [];
      return group;
    }
    return this.#queue.splice(0, count);
  }

  #runGroup(group: readonly Queued[]): void {
    const failure = this.#brokenBy === null ? this.#commitGroup(group) : toRefusal(this.#brokenBy);
    if (failure === null) return;
    const shared = this.#toStoreFailure(failure);
    // One faulty operation must not fail its neighbours: each runs again, alone.
    if (shared === null && group.length > 1) for (const queued of group) this.#runGroup([queued]);
    else for (const queued of group) queued.reject(shared ?? failure);
  }

  /** All of them in one transaction; the error that stopped it, if any. */
  #commitGroup(group: readonly Queued[]): unknown {
    const results: unknown[] = [];
    try {
      this.#begin.run();
      for (const queued of group) results.push(queued.work());
      this.#hooks.beforeCommit();
      this.#crashPoint?.('before-commit');
      this.#commit.run();
    } catch (error) {
      this.#rollBack();
      return error;
    }
    this.#crashPoint?.('after-commit-before-ack');
    for (const [index, queued] of group.entries()) {
      queued.committed?.(results[index] as never);
      queued.resolve(results[index] as never);
    }
    this.#hooks.afterCommit();
    return null;
  }

  #rollBack(): void {
    try {
      // SQLite rolls back by itself after some errors (a full disk, an I/O error).
      if (this.#db.isTransaction) this.#db.exec('ROLLBACK');
    } catch (error) {
      this.#breakDown(error);
    }
    this.#hooks.afterRollback();
  }

  /** What the store itself did wrong hits the whole group; null where an operation is to blame. */
  #toStoreFailure(error: unknown): JournalError | null {
    if (this.#brokenBy !== null) return toRefusal(this.#brokenBy);
    switch (classifyError(error)) {
      case 'full':
        return new JournalError('full', 'The disk is full: nothing was written.', { cause: error });
      case 'busy':
        return new JournalError('busy', 'The journal file is locked by another program.', { cause: error });
      case 'broken':
        return toRefusal(this.#breakDown(error));
      case 'operation':
        return null;
    }
  }

  #breakDown(error: unknown): JournalError {
    if (this.#brokenBy === null) {
      this.#brokenBy = new JournalError(
        'broken',
        `The journal cannot be trusted after an I/O error: ${String(error)}. The hub must restart.`,
        { cause: error },
      );
      this.#break(this.#brokenBy);
    }
    return this.#brokenBy;
  }

  /** In a turn of its own, so that the promises of the commit before it are not held up. */
  #checkpointSoon(): void {
    if (this.#checkpointPages === null || this.#brokenBy !== null) return;
    // 3 µs. The file's size would not do: a log that starts over keeps its length.
    const { log, checkpointed } = this.#readLog.get() as { log: number; checkpointed: number };
    if (log - checkpointed < this.#checkpointPages) return;
    setImmediate(() => {
      if (this.#brokenBy !== null || !this.#db.isOpen) return;
      try {
        this.#checkpoint.all();
      } catch (error) {
        // A full disk fails a checkpoint too; the log keeps everything, so the next one may work.
        if (classifyError(error) !== 'full') this.#breakDown(error);
      }
    });
  }
}

/** A fresh error for each caller: one that is thrown twice carries the first thrower's stack. */
function toRefusal(cause: JournalError): JournalError {
  return new JournalError('broken', cause.message, { cause });
}

const SQLITE_BUSY = 5;
const SQLITE_NOMEM = 7;
const SQLITE_READONLY = 8;
const SQLITE_IOERR = 10;
const SQLITE_CORRUPT = 11;
const SQLITE_FULL = 13;
const SQLITE_CANTOPEN = 14;
const SQLITE_NOTADB = 26;
/** The log's index could not grow: what a full disk looks like there. Nothing was committed. */
const SQLITE_IOERR_SHMSIZE = 4874;

export function classifyError(error: unknown): 'full' | 'busy' | 'broken' | 'operation' {
  const code = (error as { errcode?: unknown } | null)?.errcode;
  if (typeof code !== 'number') return 'operation';
  if (code === SQLITE_IOERR_SHMSIZE) return 'full';
  switch (code & 0xff) {
    case SQLITE_FULL:
      return 'full';
    case SQLITE_BUSY:
      return 'busy';
    case SQLITE_IOERR:
    case SQLITE_CORRUPT:
    case SQLITE_NOTADB:
    case SQLITE_CANTOPEN:
    case SQLITE_READONLY:
    case SQLITE_NOMEM:
      return 'broken';
    default:
      return 'operation';
  }
}
