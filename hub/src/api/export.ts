/**
 * A list as a file. Pages are read as the reader takes them, so that an export of any length holds one page in memory;
 * a reader who goes away ends the reading. What left is in the audit log, with as many rows as were handed over.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { JournalFilter } from '../journal/filter.ts';
import type { Page } from '../journal/page.ts';
import type { AccountId, KeyId } from '../journal/ids.ts';
import type { ExportEncoder, ExportFormat, ExportPiece } from './export-format.ts';
import type { ExportedList } from './exported-lists.ts';
import type { ApiGround } from './ground.ts';
import type { FilterQuery } from './query-filter.ts';
import type { Route } from './route.ts';

import { requireKey } from '../ingest/door.ts';
import { sendProblem } from '../ingest/problem.ts';
import { openExportEncoder } from './export-encoder.ts';
import { estimateRows } from './export-estimate.ts';
import { EXPORT_FORMATS, EXPORT_MEDIA_TYPES } from './export-format.ts';
import { createExportedLists } from './exported-lists.ts';
import { maskView } from './mask-view.ts';
import { PAGE_ITEMS_MAX } from './page.ts';
import { filterShape, readFilter, refuseDeliveryWords } from './query-filter.ts';
import { readQuery } from './read-request.ts';
import { defineRawRoute } from './route.ts';
import { toRfc3339, toRfc3339OrNull } from './time.ts';

const exportQuery = z.strictObject({
  ...filterShape,
  format: z.enum(EXPORT_FORMATS).meta({
    description:
      'csv: RFC 4180 with a header line; cells that a spreadsheet would run as a formula, numbers that begin with + among them, have an apostrophe before them. ndjson: one JSON object a line, as the list shows it. parquet: Apache Parquet, snappy, times as timestamps in UTC and whole numbers as INT64.',
  }),
});

export function defineExportRoutes({ journal, clock, settings, kindNames }: ApiGround): readonly Route[] {
  const lists = createExportedLists({
    journal,
    clock,
    staleAfterMs: settings.staleAfterMs,
    kindNames,
  });

  function defineExport<View>(
    list: ExportedList<View>,
    operationId: string,
    /** What its filter must not ask. */
    refuse: (filter: JournalFilter) => Problem | null,
  ): Route {
    return defineRawRoute({
      method: 'GET',
      path: `/v1/export/${list.what}`,
      operationId,
      tag: 'Export',
      summary: `Read all ${list.what} that match, as a file`,
      description:
        'In the order of the list, as one answer that is written as fast as it is read. What changes while it runs may be missing. It is cut off, without the end of a complete answer, when its key or session ends, or its reader takes nothing for a minute. The audit log keeps who exported what. `offhook-rows-about` says how many rows to expect, where the filter asks for nothing but a time.',
      scope: 'read',
      query: exportQuery,
      answers: [{ status: 200, description: 'The file.', schema: z.string(), mediaType: 'text/csv' }],
      serve: (request, reply) => serveExport(list, refuse, request, reply),
    });
  }

  async function serveExport<View>(
    list: ExportedList<View>,
    refuse: (filter: JournalFilter) => Problem | null,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const query = readQuery(exportQuery, request.query as Record<string, unknown>);
    if (query.kind === 'problem') return sendProblem(request, reply, query);
    const wanted = query.value as z.output<typeof exportQuery>;
    const read = readFilter(wanted);
    if (read.kind === 'problem') return sendProblem(request, reply, read);
    const refused = refuse(read.filter);
    if (refused !== null) return sendProblem(request, reply, refused);

    const key = requireKey(request);
    const day = toRfc3339(clock.nowMs()).slice(0, 10);
    reply
      .header('content-type', EXPORT_MEDIA_TYPES[wanted.format])
      .header('content-disposition', `attachment; filename="offhook-${list.what}-${day}.${wanted.format}"`)
      .header('cache-control', 'no-store')
      .header('x-content-type-options', 'nosniff');
    if (request.session !== null) reply.header('cross-origin-resource-policy', 'same-origin');
    // Nothing leaves, so that nothing is read and nothing is written to the audit log.
    if (request.method === 'HEAD') return reply.send();
    // Before the first byte, so that trouble with the journal is still an answer.
    const [first, rowsAbout] = await Promise.all([
      list.readPage(key.accountId, read.filter, { limit: PAGE_ITEMS_MAX, cursor: null }),
      estimateRows(journal, list.what, key.accountId, read.filter, clock.nowMs()),
    ]);
    if (rowsAbout !== null) reply.header(ROWS_ABOUT_HEADER, String(rowsAbout));
    const chunks = writeChunks({
      list,
      accountId: key.accountId,
      keyId: key.id,
      wanted,
      filter: read.filter,
      first,
      encoder: await openExportEncoder(wanted.format, list.columns),
      request,
      cut: () => reply.raw.destroy(),
    });
    return reply.send(Readable.from(chunks, { objectMode: false }));
  }

  async function* writeChunks<View>(options: {
    readonly list: ExportedList<View>;
    readonly accountId: AccountId;
    readonly keyId: KeyId;
    readonly wanted: FilterQuery & { readonly format: ExportFormat };
    readonly filter: JournalFilter;
    readonly first: Page<View>;
    readonly encoder: ExportEncoder<View>;
    readonly request: FastifyRequest;
    /** Without the end that a whole file has: what was cut must not look complete. */
    readonly cut: () => void;
  }): AsyncGenerator<string | Uint8Array> {
    const { list, accountId, wanted, filter, encoder, request, cut } = options;
    const { isMasked } = request;
    let rows = 0;

    async function* hand(pieces: Iterable<ExportPiece>): AsyncGenerator<string | Uint8Array> {
      for (const piece of pieces) {
        rows += piece.rows;
        const cancelCut = clock.setTimer(cut, EXPORT_STUCK_MS);
        try {
          yield piece.bytes;
        } finally {
          cancelCut();
        }
      }
    }

    try {
      for (let page = options.first; ;) {
        yield* hand(encoder.add(isMasked ? page.items.map(maskView) : page.items));
        if (page.nextCursor === null) break;
        // An export of hours must not outlive the key, the session or the right to see numbers it began with.
        if (!(await request.recheck('read'))) {
          cut();
          return;
        }
        page = await list.readPage(accountId, filter, { limit: PAGE_ITEMS_MAX, cursor: page.nextCursor });
      }
      yield* hand(encoder.end());
    } finally {
      await journal.appendAudit(
        {
          accountId,
          action: 'data.exported',
          subject: list.what,
          detail: {
            what: list.what,
            format: wanted.format,
            q: wanted.q ?? null,
            since: toRfc3339OrNull(wanted.since ?? null),
            until: toRfc3339OrNull(wanted.until ?? null),
            rows,
            masked: isMasked,
          },
        },
        { kind: 'key', id: options.keyId },
      );
    }
  }

  return [
    defineExport(lists.calls, 'exportCalls', (filter) => refuseDeliveryWords(filter, 'calls')),
    defineExport(lists.events, 'exportEvents', (filter) => refuseDeliveryWords(filter, 'events')),
    defineExport(lists.deliveries, 'exportDeliveries', () => null),
  ];
}

/** About how many rows it will have; only where nothing but a time is filtered by. */
export const ROWS_ABOUT_HEADER = 'offhook-rows-about';

/** A reader that has taken nothing for this long is gone, whatever its socket says: as of the stream. */
export const EXPORT_STUCK_MS = 60_000;
