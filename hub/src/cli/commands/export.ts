/** Writes what `/v1/export` answers to stdout or a file, as fast as it is taken. */
import { createWriteStream } from 'node:fs';
import { rename, rm } from 'node:fs/promises';
import { resolve } from 'node:path';
import { pipeline } from 'node:stream/promises';

import { createApiClient, toCause } from '../api-client.ts';
import type { CommandContext } from '../context.ts';
import { CommandFailure, EXIT } from '../failure.ts';

type Options = Readonly<Record<string, unknown>>;
type Run = (context: CommandContext, options: Options) => Promise<number>;

export const EXPORT_COMMANDS: Readonly<Record<'calls' | 'events' | 'deliveries', Run>> = {
  calls: (context, options) => exportList('calls', context, options),
  events: (context, options) => exportList('events', context, options),
  deliveries: (context, options) => exportList('deliveries', context, options),
};

async function exportList(what: string, context: CommandContext, options: Options): Promise<number> {
  const { output, signal } = context;
  const file = typeof options['output'] === 'string' ? resolve(context.cwd, options['output']) : null;
  const format = toFormat(options, output.json);
  if (format === 'parquet' && file === null && output.toTerminal) {
    throw new CommandFailure(EXIT.usage, 'Parquet is no text: name a file with --output, or pipe it on.');
  }
  const response = await createApiClient(context).open(`/v1/export/${what}`, {
    query: {
      format,
      q: options['filter'] as string | undefined,
      since: options['since'] as string | undefined,
      until: options['until'] as string | undefined,
    },
    signal,
  });
  const chunks = showProgress(readChunks(response, signal), context, {
    // Data that goes to the same terminal is progress enough.
    isShown: file !== null || !output.toTerminal,
    rowsAbout: toCount(response.headers.get('offhook-rows-about')),
    isLines: format !== 'parquet',
  });
  if (file === null) {
    for await (const chunk of chunks) await output.bytes(chunk);
    return EXIT.ok;
  }
  const bytes = await writeFile(file, chunks);
  output.note(`${bytes.toLocaleString('en')} bytes are in ${file}.`);
  return EXIT.ok;
}

function toFormat(options: Options, isJson: boolean): string {
  if (typeof options['format'] === 'string') return options['format'];
  const name = String(options['output']);
  if (name.endsWith('.parquet')) return 'parquet';
  return isJson || /\.(?:ndjson|jsonl)$/.test(name) ? 'ndjson' : 'csv';
}

const PROGRESS_MS = 100;
const BAR_CHARACTERS = 24;
const LINE_FEED = 10;

/** Passes chunks on and says how far it is: rows where they are lines, a bar where the hub could say how many to expect. */
async function* showProgress(
  chunks: AsyncIterable<Uint8Array>,
  { output }: CommandContext,
  options: { readonly isShown: boolean; readonly rowsAbout: number | null; readonly isLines: boolean },
): AsyncGenerator<Uint8Array> {
  if (!options.isShown) {
    yield* chunks;
    return;
  }
  const startedAtMs = performance.now();
  // The first chunk comes at once, and its rate would be that of a pipe.
  let shownAtMs = startedAtMs;
  let bytes = 0;
  let rows = 0;
  try {
    for await (const chunk of chunks) {
      bytes += chunk.length;
      if (options.isLines) for (const byte of chunk) if (byte === LINE_FEED) rows += 1;
      const nowMs = performance.now();
      if (nowMs - shownAtMs >= PROGRESS_MS) {
        shownAtMs = nowMs;
        const perSecond = bytes / Math.max(0.001, (nowMs - startedAtMs) / 1_000);
        output.progress(toProgressText({ ...options, bytes, rows, perSecond }));
      }
      yield chunk;
    }
  } finally {
    output.progress(null);
  }
}

export function toProgressText(progress: {
  readonly rowsAbout: number | null;
  readonly isLines: boolean;
  readonly bytes: number;
  readonly rows: number;
  readonly perSecond: number;
}): string {
  const { rowsAbout, isLines, rows } = progress;
  const size = `${toMegabytes(progress.bytes)} MB, ${toMegabytes(progress.perSecond)} MB/s`;
  // Where rows are no lines, only the hub knows how many it has written.
  if (!isLines)
    return rowsAbout === null || rowsAbout === 0
      ? size
      : `${size}, about ${rowsAbout.toLocaleString('en')} rows in all`;
  const counted = `${rows.toLocaleString('en')} rows, ${size}`;
  if (rowsAbout === null || rowsAbout === 0) return counted;
  // The estimate may be short, and a bar that is full while there is more would say the wrong thing.
  const part = Math.min(0.99, rows / rowsAbout);
  const full = Math.floor(part * BAR_CHARACTERS);
  return `[${'#'.repeat(full)}${'.'.repeat(BAR_CHARACTERS - full)}] ${Math.floor(part * 100)} %  ${counted}`;
}

function toMegabytes(bytes: number): string {
  return (bytes / 1_000_000).toFixed(1);
}

function toCount(text: string | null): number | null {
  return text !== null && /^\d{1,15}$/.test(text) ? Number(text) : null;
}

/** A hub that stops in the middle must not leave half a list that looks whole. */
async function* readChunks(response: Response, signal: AbortSignal): AsyncGenerator<Uint8Array> {
  try {
    for await (const chunk of response.body ?? []) yield chunk as Uint8Array;
  } catch (error) {
    if (signal.aborted) throw new CommandFailure(EXIT.interrupted, '', { cause: error });
    throw new CommandFailure(
      EXIT.failed,
      `The hub broke the export off before its end (${toCause(error)}): run it again.`,
      { cause: error },
    );
  }
}

async function writeFile(file: string, chunks: AsyncIterable<Uint8Array>): Promise<number> {
  const part = `${file}.part`;
  let bytes = 0;
  async function* count(source: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    for await (const chunk of source) {
      bytes += chunk.length;
      yield chunk;
    }
  }
  try {
    await pipeline(chunks, count, createWriteStream(part));
    await rename(part, file);
    return bytes;
  } catch (error) {
    await rm(part, { force: true });
    if (error instanceof CommandFailure) throw error;
    throw new CommandFailure(EXIT.failed, `${file} cannot be written: ${toCause(error)}.`, { cause: error });
  }
}
