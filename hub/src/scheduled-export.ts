/**
 * Exports on a schedule: one file of each list for every day (or hour) in UTC, in a folder. In: the journal. Out:
 * `<folder>/<account>/calls-2026-11-21.parquet`, there only when it is whole.
 *
 * A period is written soon after it has ended, and what was missed while the hub was down after its start: a file that
 * is there is never written again, so deleting one makes it anew. A call stands in the period of its last change, an
 * event in that of its acceptance, a delivery in that of its making, as it is when the file is written.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, open, rename, rm, stat } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from './clock.ts';
import type { AccountId } from './journal/ids.ts';
import type { Journal } from './journal/journal.ts';
import type { ExportFormat } from './api/export-format.ts';
import type { ExportedList, ExportedLists } from './api/exported-lists.ts';

import { openExportEncoder } from './api/export-encoder.ts';
import { createExportedLists } from './api/exported-lists.ts';
import { maskView } from './api/mask-view.ts';

const LOOK_MS = 60_000;
/** Periods looked back on: what lies further back was written, or was not wanted. */
export const PERIODS_BACK_MAX = { day: 31, hour: 48 } as const;
/** Commits of a period's last moment have long been readable by then. */
const SETTLE_MS = 30_000;
const PAGE_ITEMS = 200;
const PERIOD_MS = { day: 86_400_000, hour: 3_600_000 } as const;

export interface ScheduledExport {
  /** Ends a file that is being written, which is then not there. */
  stop(): Promise<void>;
}

export interface ScheduledExportOptions {
  readonly journal: Pick<
    Journal,
    'listAccounts' | 'readCountedSince' | 'listCalls' | 'listEvents' | 'listDeliveries' | 'appendAudit'
  >;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  readonly dir: string;
  readonly every: 'day' | 'hour';
  readonly format: ExportFormat;
  /** Phone numbers are masked as on the dashboard. */
  readonly isMasked: boolean;
  readonly written: (file: {
    readonly path: string;
    readonly rows: number;
    readonly durationMs: number;
  }) => void;
  /** Told once per run of failures. */
  readonly troubled: (error: unknown) => void;
}

export function startScheduledExport(options: ScheduledExportOptions): ScheduledExport {
  const { clock } = options;
  const lists = createExportedLists(options);
  const aborter = new AbortController();
  let isTroubled = false;
  let running: Promise<void> = Promise.resolve();
  let cancel = clock.setTimer(() => void run(), 0);

  async function run(): Promise<void> {
    running = look();
    await running;
    if (!aborter.signal.aborted) cancel = clock.setTimer(() => void run(), LOOK_MS);
  }

  async function look(): Promise<void> {
    try {
      for (const { id } of await options.journal.listAccounts()) {
        await exportAccount(options, lists, id, aborter.signal);
      }
      isTroubled = false;
    } catch (error) {
      // A full disk or a folder that went away is tried again a minute later; the journal and calls know nothing of it.
      if (!isTroubled && !aborter.signal.aborted) options.troubled(error);
      isTroubled = true;
    }
  }

  return {
    async stop() {
      aborter.abort();
      cancel();
      await running;
    },
  };
}

async function exportAccount(
  options: ScheduledExportOptions,
  lists: ExportedLists,
  accountId: AccountId,
  signal: AbortSignal,
): Promise<void> {
  const countedSinceMs = await options.journal.readCountedSince(accountId);
  if (countedSinceMs === null) return;
  for (const startMs of listPeriods(options.every, countedSinceMs, options.clock.nowMs())) {
    await exportList(options, lists.calls, accountId, startMs, signal);
    await exportList(options, lists.events, accountId, startMs, signal);
    await exportList(options, lists.deliveries, accountId, startMs, signal);
  }
}

/** Starts of the periods that have ended since, oldest first. */
export function listPeriods(every: 'day' | 'hour', sinceMs: number, nowMs: number): readonly number[] {
  const lengthMs = PERIOD_MS[every];
  const currentMs = toPeriod(nowMs - SETTLE_MS, lengthMs);
  const firstMs = Math.max(toPeriod(sinceMs, lengthMs), currentMs - PERIODS_BACK_MAX[every] * lengthMs);
  const starts: number[] = [];
  for (let startMs = firstMs; startMs < currentMs; startMs += lengthMs) starts.push(startMs);
  return starts;
}

function toPeriod(ms: number, lengthMs: number): number {
  return Math.floor(ms / lengthMs) * lengthMs;
}

/** `calls-2026-11-21.parquet`, `calls-2026-11-21T14.parquet`. */
export function toExportName(
  what: string,
  startMs: number,
  every: 'day' | 'hour',
  format: ExportFormat,
): string {
  const time = new Date(startMs).toISOString();
  return `${what}-${time.slice(0, every === 'day' ? 10 : 13)}.${format}`;
}

async function exportList<View>(
  options: ScheduledExportOptions,
  list: ExportedList<View>,
  accountId: AccountId,
  startMs: number,
  signal: AbortSignal,
): Promise<void> {
  const { clock, every, format } = options;
  const path = join(options.dir, accountId, toExportName(list.what, startMs, every, format));
  if (signal.aborted || (await isThere(path))) return;
  const startedAtMs = clock.monotonicMs();
  await mkdir(dirname(path), { recursive: true, mode: 0o700 });
  const part = `${path}.part`;
  const counted = { rows: 0 };
  try {
    const pieces = readPieces(options, list, accountId, startMs, counted);
    await pipeline(Readable.from(pieces, { objectMode: false }), createWriteStream(part, { mode: 0o600 }), {
      signal,
    });
    // A name that is there promises a whole file, after a power cut too.
    const file = await open(part, 'r');
    await file.sync();
    await file.close();
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
  await options.journal.appendAudit(
    {
      accountId,
      action: 'data.exported',
      subject: list.what,
      detail: { what: list.what, format, path, rows: counted.rows, masked: options.isMasked },
    },
    { kind: 'hub', id: 'hub' },
  );
  options.written({ path, rows: counted.rows, durationMs: clock.monotonicMs() - startedAtMs });
}

async function* readPieces<View>(
  options: ScheduledExportOptions,
  list: ExportedList<View>,
  accountId: AccountId,
  startMs: number,
  counted: { rows: number },
): AsyncGenerator<string | Uint8Array> {
  const encoder = await openExportEncoder(options.format, list.columns);
  const filter = { sinceMs: startMs, untilMs: startMs + PERIOD_MS[options.every] };
  for (let cursor: string | null = null; ;) {
    const page = await list.readPage(accountId, filter, { limit: PAGE_ITEMS, cursor });
    for (const { bytes, rows } of encoder.add(options.isMasked ? page.items.map(maskView) : page.items)) {
      counted.rows += rows;
      yield bytes;
    }
    cursor = page.nextCursor;
    if (cursor === null) break;
  }
  for (const { bytes, rows } of encoder.end()) {
    counted.rows += rows;
    yield bytes;
  }
}

async function isThere(path: string): Promise<boolean> {
  try {
    await stat(path);
    return true;
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return false;
    throw error;
  }
}
