/**
 * Opens the journal's file: the one writing connection, a read-only one beside it, and the lock that makes
 * this process its only owner.
 */
import { closeSync, existsSync, mkdirSync, openSync, statfsSync, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DatabaseSync } from 'node:sqlite';

import { JournalError } from '../journal-error.ts';
import { classifyError } from './writer.ts';

export interface Database {
  readonly write: DatabaseSync;
  /** For reads of people and API: they can write nothing and do not push the writer's pages out of its cache. */
  readonly read: DatabaseSync;
  close(): void;
}

export const MEMORY_FILE = ':memory:';

/** Below this the WAL-reset bug can corrupt a file (fixed 2026-03-13). Early Node 24 bundles 3.49. */
const SQLITE_VERSION_MIN = [3, 51, 3] as const;
/** 64 MiB of pages: the working set of the pending work and the newest calls. */
const CACHE_KIB = 65_536;
const BUSY_TIMEOUT_MS = 2_000;
/** A damaged file is looked for after an unclean stop. Measured: 380 MB/s, so 512 MiB costs 1.4 s of the start. */
const QUICK_CHECK_BYTES_MAX = 512 * 1024 * 1024;

/** File systems whose locks or fsync cannot be trusted between machines: NFS, SMB, CIFS, SMB2, AFS, Coda, Ceph. */
const NETWORK_FILE_SYSTEMS: ReadonlySet<number> = new Set([
  0x6969, 0x517b, 0xff534d42, 0xfe534d42, 0x5346414f, 0x73757245, 0x00c36400,
]);

export function openDatabase(file: string, synchronous: 'FULL' | 'NORMAL'): Database {
  refuseOldSqlite();
  if (file === MEMORY_FILE) {
    const db = new DatabaseSync(file);
    prepareConnection(db);
    return { write: db, read: db, close: () => db.close() };
  }
  makeFolder(dirname(file));
  refuseNetworkFileSystem(dirname(file));
  makePrivateFile(`${file}-owner`);
  const lock = takeOwnerLock(`${file}-owner`);
  const opened: DatabaseSync[] = [lock];
  const close = (): void => {
    // The writer goes last but one: only the last connection of a file removes its WAL.
    for (const db of opened.toReversed()) db.close();
  };
  try {
    const walFile = `${file}-wal`;
    const isUnclean = existsSync(walFile) && statSync(walFile).size > 0;
    makePrivateFile(file);
    const write = new DatabaseSync(file);
    opened.push(write);
    prepareConnection(write);
    write.exec('PRAGMA journal_mode = WAL');
    // After journal_mode: a driver was seen to fall back to its compiled default when the order is the other way.
    write.exec(`PRAGMA synchronous = ${synchronous}`);
    // The writer checkpoints by itself (writer.ts), since SQLite swallows the I/O errors of automatic ones.
    write.exec('PRAGMA wal_autocheckpoint = 0');
    if (isUnclean) checkFile(write, statSync(file).size);
    const read = new DatabaseSync(file, { readOnly: true });
    opened.push(read);
    prepareConnection(read);
    return { write, read, close };
  } catch (error) {
    close();
    throw toOpenError(error, file);
  }
}

function prepareConnection(db: DatabaseSync): void {
  db.exec('PRAGMA foreign_keys = ON');
  db.exec('PRAGMA trusted_schema = OFF');
  db.exec('PRAGMA mmap_size = 0');
  db.exec(`PRAGMA cache_size = -${CACHE_KIB}`);
  db.exec(`PRAGMA busy_timeout = ${BUSY_TIMEOUT_MS}`);
}

function refuseOldSqlite(): void {
  const version = process.versions['sqlite'] ?? '0';
  const parts = version.split('.').map(Number);
  for (const [index, min] of SQLITE_VERSION_MIN.entries()) {
    const part = parts[index] ?? 0;
    if (part > min) return;
    if (part < min) {
      throw new JournalError(
        'unsupported',
        `This Node bundles SQLite ${version}, which can corrupt its write-ahead log. Use a Node with SQLite ${SQLITE_VERSION_MIN.join('.')} or newer.`,
      );
    }
  }
}

function makeFolder(folder: string): void {
  try {
    mkdirSync(folder, { recursive: true });
  } catch (error) {
    throw new JournalError('unsupported', `The folder ${folder} cannot be made: ${String(error)}.`, {
      cause: error,
    });
  }
}

/**
 * Before SQLite makes it readable for everybody; its WAL and shared memory take the mode of the file. Only a file that
 * does not exist is opened: closing one that this process has locked would let go of the lock.
 */
function makePrivateFile(path: string): void {
  try {
    closeSync(openSync(path, 'wx', 0o600));
  } catch {
    // It exists, or SQLite meets the same obstacle next and says so.
  }
}

function refuseNetworkFileSystem(folder: string): void {
  if (NETWORK_FILE_SYSTEMS.has(statfsSync(folder).type)) {
    throw new JournalError(
      'unsupported',
      `${folder} is on a network file system, where neither locks nor fsync hold. Put the data on a local disk, or use Postgres.`,
    );
  }
}

/**
 * A file of its own, locked by a transaction that never ends: the kernel lets go of it when the process dies,
 * however it dies. (A pid file would outlive a crash, and SQLite's own exclusive mode would lock out our reader.)
 */
function takeOwnerLock(file: string): DatabaseSync {
  const lock = new DatabaseSync(file);
  try {
    lock.exec('PRAGMA busy_timeout = 0');
    lock.exec('PRAGMA journal_mode = MEMORY');
    lock.exec('BEGIN EXCLUSIVE');
    return lock;
  } catch (error) {
    lock.close();
    throw new JournalError(
      'busy',
      `Another Offhook has this journal open (${file} is locked). Stop it first, or give this one another data folder.`,
      { cause: error },
    );
  }
}

function checkFile(db: DatabaseSync, bytes: number): void {
  if (bytes > QUICK_CHECK_BYTES_MAX) return;
  const found = db.prepare('PRAGMA quick_check(1)').get() as { quick_check?: string } | undefined;
  if (found?.quick_check !== 'ok') {
    throw new JournalError(
      'broken',
      `The journal's file is damaged: ${found?.quick_check ?? 'no answer'}. Restore it from a backup.`,
    );
  }
}

/** Whatever stops the opening is one JournalError, with a sentence for the operator. */
export function toOpenError(error: unknown, file: string): unknown {
  if (error instanceof JournalError) return error;
  const kind = classifyError(error);
  if (kind === 'operation') return error;
  const message = `The journal ${file} cannot be opened: ${String(error)}.`;
  return new JournalError(kind, message, { cause: error });
}
