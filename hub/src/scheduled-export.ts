/**
 * Exports on a schedule: one file of each list for every day (or hour) in UTC, in a folder. In: the journal. Out:
 * `<folder>/<account>/calls-2026-11-21.parquet`, there only when it is whole.
 *
 * A period is written soon after it has ended, and what was missed while the hub was down after its start, as far as
 * retention has left it. How far it has come is kept beside the files, so that files may be moved away. A call stands in
 * the period of its last change, an event in that of its acceptance, a delivery in that of its making, as it is when the
 * file is written.
 */
import { createWriteStream } from 'node:fs';
import { mkdir, open, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import type { Clock } from './clock.ts';
import type { AccountId } from './journal/ids.ts';
import type { Journal } from './journal/journal.ts';
import type { ExportFormat } from './api/export-format.ts';
import type { ExportedList, ExportedLists } from './api/exported-lists.ts';

import { openExportEncoder } from './api/export-encoder.ts';
import { createExportedLists } from './api/exported-lists.ts';
import { createKindNameReader } from './api/kind-names.ts';
import { maskView } from './api/mask-view.ts';

const LOOK_MS = 60_000;
/** In each account's folder: how far its exports have come. Without it they begin again where retention does. */
export const PROGRESS_FILE = '.offhook-export.json';
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
    | 'listDestinations'
    | 'listAccounts'
    | 'readCountedSince'
    | 'listCalls'
    | 'listEvents'
    | 'listDeliveries'
    | 'appendAudit'
  >;
  readonly clock: Clock;
  readonly staleAfterMs: number;
  readonly retentionDays: number;
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
  const lists = createExportedLists({ ...options, kindNames: createKindNameReader(options.journal) });
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
      const errors: unknown[] = [];
      for (const { id } of await options.journal.listAccounts()) {
        if (aborter.signal.aborted) return;
        // One account's folder that cannot be written keeps no other from being exported.
        await exportAccount(options, lists, id, aborter.signal).catch((error: unknown) => errors.push(error));
      }
      if (errors.length > 0) throw errors[0];
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
  const { every, retentionDays, clock } = options;
  const countedSinceMs = await options.journal.readCountedSince(accountId);
  if (countedSinceMs === null) return;
  const folder = join(options.dir, accountId);
  const nowMs = clock.nowMs();
  const currentMs = toPeriod(nowMs - SETTLE_MS, PERIOD_MS[every]);
  const toldMs = await readProgress(folder);
  // What a clock that was ahead wrote held what there was then: the mark is put back, and each period is written again
  // when it has really ended.
  const reachedMs = toldMs === null ? null : Math.min(toldMs, currentMs);
  if (toldMs !== null && toldMs !== reachedMs) await writeProgress(folder, currentMs);
  const periods = listPeriods({
    every,
    sinceMs: Math.max(countedSinceMs, toWholeSince(nowMs - retentionDays * PERIOD_MS.day, every)),
    reachedMs,
    currentMs,
  });
  for (const startMs of periods) {
    await exportList(options, lists.calls, accountId, startMs, signal);
    await exportList(options, lists.events, accountId, startMs, signal);
    await exportList(options, lists.deliveries, accountId, startMs, signal);
    await writeProgress(folder, startMs + PERIOD_MS[every]);
  }
}

/** Starts of the periods that have ended and are not written yet, oldest first. */
export function listPeriods(span: {
  readonly every: 'day' | 'hour';
  readonly sinceMs: number;
  /** End of the last period that was written; null where none was. */
  readonly reachedMs: number | null;
  /** Start of the one that has not. */
  readonly currentMs: number;
}): readonly number[] {
  const lengthMs = PERIOD_MS[span.every];
  const starts: number[] = [];
  for (
    let startMs = toPeriod(Math.max(span.sinceMs, span.reachedMs ?? 0), lengthMs);
    startMs < span.currentMs;
    startMs += lengthMs
  ) {
    starts.push(startMs);
  }
  return starts;
}

/** The first period of which retention has taken nothing. */
function toWholeSince(keptSinceMs: number, every: 'day' | 'hour'): number {
  return toPeriod(keptSinceMs, PERIOD_MS[every]) + PERIOD_MS[every];
}

/** Unix ms; null where there is none, or none that can be read. */
async function readProgress(folder: string): Promise<number | null> {
  try {
    const { until } = JSON.parse(await readFile(join(folder, PROGRESS_FILE), 'utf8')) as { until?: unknown };
    const ms = typeof until === 'string' ? Date.parse(until) : Number.NaN;
    return Number.isFinite(ms) ? ms : null;
  } catch (error) {
    if (
      error instanceof SyntaxError ||
      (error instanceof Error && 'code' in error && error.code === 'ENOENT')
    )
      return null;
    throw error;
  }
}

async function writeProgress(folder: string, untilMs: number): Promise<void> {
  const part = join(folder, `${PROGRESS_FILE}.part`);
  await writeFile(part, `${JSON.stringify({ until: new Date(untilMs).toISOString() })}\n`, { mode: 0o600 });
  await rename(part, join(folder, PROGRESS_FILE));
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
  signal.throwIfAborted();
  const folder = join(options.dir, accountId);
  const name = toExportName(list.what, startMs, every, format);
  const path = join(folder, name);
  const startedAtMs = clock.monotonicMs();
  await mkdir(folder, { recursive: true, mode: 0o700 });
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
    // Before the file is there: what cannot be written to the audit log must not leave.
    await options.journal.appendAudit(
      {
        accountId,
        action: 'data.exported',
        subject: list.what,
        detail: { what: list.what, format, file: name, rows: counted.rows, masked: options.isMasked },
      },
      { kind: 'hub', id: 'hub' },
    );
    await rename(part, path);
  } catch (error) {
    await rm(part, { force: true });
    throw error;
  }
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
