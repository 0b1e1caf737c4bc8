/** What machines ask about the hub itself: open, since none of it is a secret. */
import { createHash } from 'node:crypto';
import { z } from 'zod';
import type { Journal } from '../journal/journal.ts';
import type { Metrics } from '../live/metrics.ts';
import type { Pages } from './pages.ts';
import type { Route } from './route.ts';

import { JSON_MEDIA_TYPE } from '../ingest/door.ts';
import { JournalError } from '../journal/journal-error.ts';
import { INDEX_PATH, sendPage, wantsPage } from './pages.ts';
import { defineRawRoute } from './route.ts';

/** Asking the journal costs an fsync, and anybody may ask. */
const READY_MS = 1_000;

const readyView = z.object({
  status: z.enum(['ready', 'not_ready']),
  checks: z.array(z.object({ name: z.string(), ok: z.boolean(), detail: z.string().nullable() })),
});

export function defineHealthRoutes(ground: {
  readonly journal: Pick<Journal, 'check'>;
  readonly metrics: Pick<Metrics, 'render' | 'contentType'>;
  readonly version: string;
  readonly isStopping: () => boolean;
  readonly readOpenApi: () => string;
  readonly pages: Pages | null;
}): readonly Route[] {
  const { journal, metrics, version, pages } = ground;
  let openApi: { readonly text: string; readonly etag: string } | null = null;

  let journalCheck: { readonly atMs: number; readonly fault: Promise<string | null> } | null = null;

  /** Whoever asks while a check is under way waits for that one. */
  function checkJournal(): Promise<string | null> {
    const nowMs = performance.now();
    if (journalCheck !== null && nowMs - journalCheck.atMs < READY_MS) return journalCheck.fault;
    const fault = journal.check().then(
      () => null,
      // The code is enough for whoever looks; the message may hold paths.
      (error: unknown) =>
        error instanceof JournalError ? `The journal is ${error.code}.` : 'The journal cannot be written.',
    );
    journalCheck = { atMs: nowMs, fault };
    return fault;
  }

  async function checkReadiness(): Promise<z.output<typeof readyView>> {
    const fault = await checkJournal();
    const isStopping = ground.isStopping();
    return {
      status: fault === null && !isStopping ? 'ready' : 'not_ready',
      checks: [
        { name: 'journal', ok: fault === null, detail: fault },
        { name: 'running', ok: !isStopping, detail: isStopping ? 'The hub is stopping.' : null },
      ],
    };
  }

  const live = {
    method: 'GET',
    tag: 'Health',
    scope: null,
    answers: [
      {
        status: 200,
        description: 'It runs.',
        schema: z.object({ status: z.literal('live'), version: z.string() }),
      },
    ],
    serve: (_request, reply) =>
      reply.header('content-type', JSON_MEDIA_TYPE).send(JSON.stringify({ status: 'live', version })),
  } satisfies Partial<Parameters<typeof defineRawRoute>[0]>;

  return [
    defineRawRoute({
      ...live,
      path: '/livez',
      operationId: 'getLiveness',
      summary: 'Whether the process runs',
    }),
    defineRawRoute({
      ...live,
      path: '/healthz',
      operationId: 'getHealth',
      summary: 'The same as /livez',
    }),
    defineRawRoute({
      method: 'GET',
      path: '/readyz',
      operationId: 'getReadiness',
      tag: 'Health',
      summary: 'Whether it takes work: the journal can be written and the hub is not stopping',
      scope: null,
      answers: [
        { status: 200, description: 'It takes work.', schema: readyView },
        { status: 503, description: 'It does not; the checks say why.', schema: readyView },
      ],
      async serve(_request, reply) {
        const view = await checkReadiness();
        return reply
          .code(view.status === 'ready' ? 200 : 503)
          .header('content-type', JSON_MEDIA_TYPE)
          .header('cache-control', 'no-store')
          .send(JSON.stringify(view));
      },
    }),
    defineRawRoute({
      method: 'GET',
      path: '/metrics',
      operationId: 'getMetrics',
      tag: 'Health',
      summary: 'Numbers for Prometheus',
      description:
        'Open, as scrapers expect: no id, no number and no secret is in it. Close it at the proxy where counts are private.',
      scope: null,
      answers: [{ status: 200, description: 'Text format.', schema: z.string(), mediaType: 'text/plain' }],
      async serve(_request, reply) {
        return reply.header('content-type', metrics.contentType).send(await metrics.render());
      },
    }),
    defineRawRoute({
      method: 'GET',
      path: '/openapi.json',
      operationId: 'getOpenApi',
      tag: 'Health',
      summary: 'This API as OpenAPI 3.1',
      scope: null,
      answers: [{ status: 200, description: 'The document.', schema: z.record(z.string(), z.unknown()) }],
      serve(request, reply) {
        openApi ??= toDocument(ground.readOpenApi());
        reply.header('etag', openApi.etag).header('cache-control', 'no-cache');
        if (request.headers['if-none-match'] === openApi.etag) return reply.code(304).send();
        return reply.header('content-type', JSON_MEDIA_TYPE).send(openApi.text);
      },
    }),
    defineRawRoute({
      method: 'GET',
      path: INDEX_PATH,
      operationId: 'getIndex',
      tag: 'Health',
      summary: 'Where things are',
      description: 'Browsers get the dashboard here; ask for application/json to be told the paths.',
      scope: null,
      answers: [
        { status: 200, description: 'Name, version and paths.', schema: z.record(z.string(), z.unknown()) },
      ],
      serve(request, reply) {
        reply.header('vary', 'Accept');
        if (pages !== null && wantsPage(request.headers.accept)) return sendPage(pages.index, request, reply);
        return reply.header('content-type', JSON_MEDIA_TYPE).send(
          JSON.stringify({
            name: 'Offhook',
            version,
            dashboard: pages === null ? NO_PAGES : '/live',
            api: '/v1',
            openapi: '/openapi.json',
            webhooks: '/webhooks/status-update',
            stream: '/v1/stream',
            health: ['/livez', '/readyz', '/metrics'],
          }),
        );
      },
    }),
  ];
}

const NO_PAGES = 'not built: npm run dashboard builds it, then start the hub again';

function toDocument(text: string): { readonly text: string; readonly etag: string } {
  return { text, etag: `"${createHash('sha256').update(text).digest('base64url').slice(0, 22)}"` };
}
