/**
 * A list as a file. Pages are read as the reader takes them, so that an export of any length holds one page in memory;
 * a reader who goes away ends the reading. What left is in the audit log, with as many rows as were handed over.
 */
import { Readable } from 'node:stream';
import type { FastifyReply, FastifyRequest } from 'fastify';
import { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { ApiKey, JournalFilter, Page, PageRequest } from '../journal/journal.ts';
import type { ExportColumn } from './export-format.ts';
import type { ApiGround } from './ground.ts';
import type { FilterQuery } from './query-filter.ts';
import type { Route } from './route.ts';

import { requireKey } from '../ingest/door.ts';
import { sendProblem } from '../ingest/problem.ts';
import { EXPORT_FORMATS, EXPORT_MEDIA_TYPES, toCsvHead, toCsvLine, toNdjsonLine } from './export-format.ts';
import { maskView } from './mask-view.ts';
import { PAGE_ITEMS_MAX } from './page.ts';
import { filterShape, readFilter, refuseDeliveryWords } from './query-filter.ts';
import { readQuery } from './read-request.ts';
import { defineRawRoute } from './route.ts';
import { toRfc3339, toRfc3339OrNull } from './time.ts';
import { toCallView, toDeliveryView, toEventView } from './views.ts';

type CallView = ReturnType<typeof toCallView>;
type EventView = ReturnType<typeof toEventView>;
type DeliveryView = ReturnType<typeof toDeliveryView>;

const exportQuery = z.strictObject({
  ...filterShape,
  format: z.enum(EXPORT_FORMATS).meta({
    description:
      'csv: RFC 4180 with a header line; cells that a spreadsheet would run as a formula, numbers that begin with + among them, have an apostrophe before them. ndjson: one JSON object a line, as the list shows it.',
  }),
});

interface ExportedList<View> {
  readonly what: 'calls' | 'events' | 'deliveries';
  readonly operationId: string;
  readonly columns: readonly ExportColumn<View>[];
  /** What its filter must not ask. */
  readonly refuse: (filter: JournalFilter) => Problem | null;
  readonly readPage: (key: ApiKey, filter: JournalFilter, page: PageRequest) => Promise<Page<View>>;
}

export function defineExportRoutes({ journal, clock, settings }: ApiGround): readonly Route[] {
  const { staleAfterMs } = settings;

  function defineExport<View>(list: ExportedList<View>): Route {
    return defineRawRoute({
      method: 'GET',
      path: `/v1/export/${list.what}`,
      operationId: list.operationId,
      tag: 'Export',
      summary: `Read all ${list.what} that match, as a file`,
      description:
        'In the order of the list, as one answer that is written as fast as it is read. What changes while it runs may be missing. It is cut off, without the end of a complete answer, when its key or session ends, or its reader takes nothing for a minute. The audit log keeps who exported what.',
      scope: 'read',
      query: exportQuery,
      answers: [{ status: 200, description: 'The file.', schema: z.string(), mediaType: 'text/csv' }],
      serve: (request, reply) => serveExport(list, request, reply),
    });
  }

  async function serveExport<View>(
    list: ExportedList<View>,
    request: FastifyRequest,
    reply: FastifyReply,
  ): Promise<FastifyReply> {
    const query = readQuery(exportQuery, request.query as Record<string, unknown>);
    if (query.kind === 'problem') return sendProblem(request, reply, query);
    const wanted = query.value as z.output<typeof exportQuery>;
    const read = readFilter(wanted);
    if (read.kind === 'problem') return sendProblem(request, reply, read);
    const refused = list.refuse(read.filter);
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
    const first = await list.readPage(key, read.filter, { limit: PAGE_ITEMS_MAX, cursor: null });
    const chunks = writeChunks({
      list,
      key,
      wanted,
      filter: read.filter,
      first,
      request,
      cut: () => reply.raw.destroy(),
    });
    return reply.send(Readable.from(chunks, { objectMode: false }));
  }

  async function* writeChunks<View>(options: {
    readonly list: ExportedList<View>;
    readonly key: ApiKey;
    readonly wanted: FilterQuery & { readonly format: (typeof EXPORT_FORMATS)[number] };
    readonly filter: JournalFilter;
    readonly first: Page<View>;
    readonly request: FastifyRequest;
    /** Without the end that a whole file has: what was cut must not look complete. */
    readonly cut: () => void;
  }): AsyncGenerator<string> {
    const { list, key, wanted, filter, request, cut } = options;
    const { isMasked } = request;
    const toLine = wanted.format === 'csv' ? (view: View) => toCsvLine(view, list.columns) : toNdjsonLine;
    let rows = 0;
    try {
      if (wanted.format === 'csv') yield toCsvHead(list.columns);
      for (let page = options.first; ;) {
        const views = isMasked ? page.items.map(maskView) : page.items;
        for (const piece of toPieces(views.map(toLine))) {
          rows += piece.length;
          const cancelCut = clock.setTimer(cut, EXPORT_STUCK_MS);
          try {
            yield piece.join('');
          } finally {
            cancelCut();
          }
        }
        if (page.nextCursor === null) return;
        // An export of hours must not outlive the key, the session or the right to see numbers it began with.
        if (!(await request.recheck('read'))) {
          cut();
          return;
        }
        page = await list.readPage(key, filter, { limit: PAGE_ITEMS_MAX, cursor: page.nextCursor });
      }
    } finally {
      await journal.appendAudit(
        {
          accountId: key.accountId,
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
        { kind: 'key', id: key.id },
      );
    }
  }

  return [
    defineExport<CallView>({
      what: 'calls',
      operationId: 'exportCalls',
      columns: CALL_COLUMNS,
      refuse: (filter) => refuseDeliveryWords(filter, 'calls'),
      async readPage(key, filter, page) {
        const nowMs = clock.nowMs();
        const { items, nextCursor } = await journal.listCalls(key.accountId, filter, page);
        return { items: items.map((call) => toCallView(call, nowMs, staleAfterMs)), nextCursor };
      },
    }),
    defineExport<EventView>({
      what: 'events',
      operationId: 'exportEvents',
      columns: EVENT_COLUMNS,
      refuse: (filter) => refuseDeliveryWords(filter, 'events'),
      async readPage(key, filter, page) {
        const { items, nextCursor } = await journal.listEvents(key.accountId, filter, page);
        return { items: items.map(toEventView), nextCursor };
      },
    }),
    defineExport<DeliveryView>({
      what: 'deliveries',
      operationId: 'exportDeliveries',
      columns: DELIVERY_COLUMNS,
      refuse: () => null,
      async readPage(key, filter, page) {
        const nowMs = clock.nowMs();
        const { items, nextCursor } = await journal.listDeliveries(key.accountId, filter, page);
        return { items: items.map((delivery) => toDeliveryView(delivery, nowMs)), nextCursor };
      },
    }),
  ];
}

/** A reader that has taken nothing for this long is gone, whatever its socket says: as of the stream. */
export const EXPORT_STUCK_MS = 60_000;
/** A page may be megabytes, which a slow reader takes minutes for; a piece is one that it takes in time, or is stuck. */
const PIECE_CHARACTERS = 32 * 1024;

function* toPieces(lines: readonly string[]): Generator<readonly string[]> {
  let piece: string[] = [];
  let characters = 0;
  for (const line of lines) {
    piece.push(line);
    characters += line.length;
    if (characters < PIECE_CHARACTERS) continue;
    yield piece;
    piece = [];
    characters = 0;
  }
  if (piece.length > 0) yield piece;
}

const CALL_COLUMNS: readonly ExportColumn<CallView>[] = [
  { name: 'id', read: (call) => call.id },
  { name: 'state', read: (call) => call.state },
  { name: 'stale', read: (call) => call.stale },
  { name: 'type', read: (call) => call.type },
  { name: 'phone_number', read: (call) => call.phone_number?.number },
  { name: 'phone_number_name', read: (call) => call.phone_number?.name },
  { name: 'customer_number', read: (call) => call.customer?.number },
  { name: 'started_at', read: (call) => call.started_at },
  { name: 'ended_at', read: (call) => call.ended_at },
  { name: 'duration_ms', read: (call) => call.duration_ms },
  { name: 'error', read: (call) => call.error },
  { name: 'end_reason', read: (call) => call.end_reason },
  { name: 'summary', read: (call) => call.summary },
  { name: 'sequence', read: (call) => call.sequence },
  { name: 'first_report_at', read: (call) => call.first_report_at },
  { name: 'live_since', read: (call) => call.live_since },
  { name: 'updated_at', read: (call) => call.updated_at },
];

const EVENT_COLUMNS: readonly ExportColumn<EventView>[] = [
  { name: 'id', read: (event) => event.id },
  { name: 'row', read: (event) => event.row },
  { name: 'call_id', read: (event) => event.call_id },
  { name: 'sequence', read: (event) => event.sequence },
  { name: 'status', read: (event) => event.status },
  { name: 'accepted_at', read: (event) => event.accepted_at },
  { name: 'body', read: (event) => event.body },
];

const DELIVERY_COLUMNS: readonly ExportColumn<DeliveryView>[] = [
  { name: 'id', read: (delivery) => delivery.id },
  { name: 'destination_id', read: (delivery) => delivery.destination_id },
  { name: 'event_id', read: (delivery) => delivery.event_id },
  { name: 'call_id', read: (delivery) => delivery.call_id },
  { name: 'sequence', read: (delivery) => delivery.sequence },
  { name: 'status', read: (delivery) => delivery.status },
  { name: 'state', read: (delivery) => delivery.state },
  { name: 'state_reason', read: (delivery) => delivery.state_reason },
  { name: 'attempts', read: (delivery) => delivery.attempts },
  { name: 'last_status', read: (delivery) => delivery.last_status },
  { name: 'last_detail', read: (delivery) => delivery.last_detail },
  { name: 'explanation', read: (delivery) => delivery.explanation?.title },
  { name: 'due_at', read: (delivery) => delivery.due_at },
  { name: 'created_at', read: (delivery) => delivery.created_at },
  { name: 'finished_at', read: (delivery) => delivery.finished_at },
  { name: 'replay_id', read: (delivery) => delivery.replay_id },
];
