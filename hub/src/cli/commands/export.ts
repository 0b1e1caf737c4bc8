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
  const response = await createApiClient(context).open(`/v1/export/${what}`, {
    query: {
      format: toFormat(options, output.json),
      q: options['filter'] as string | undefined,
      since: options['since'] as string | undefined,
      until: options['until'] as string | undefined,
    },
    signal,
  });
  const chunks = readChunks(response, signal);
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
  const isNdjson = isJson || /\.(?:ndjson|jsonl)$/.test(String(options['output']));
  return isNdjson ? 'ndjson' : 'csv';
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
