import { get } from 'node:http';
import fastify from 'fastify';
import { parquetReadObjects } from 'hyparquet';
import { once } from 'node:events';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';
import type { JournalFilter } from '../journal/filter.ts';
import type { PageRequest } from '../journal/page.ts';
import type { ApiGround } from './ground.ts';
import type { RawRoute } from './route.ts';

import { HUB_HOST, openSession } from '../../../test/support/dashboard-session.ts';
import { ADMIN_KEY, openTestHub } from '../../../test/support/in-memory-hub.ts';
import { createSimClock } from '../../../test/support/sim-clock.ts';
import { waitFor } from '../../../test/support/wait-for.ts';
import { defineExportRoutes, EXPORT_STUCK_MS } from './export.ts';
import { callView, eventView } from './call-views.ts';
import { deliveryView } from './delivery-views.ts';

const CALLS = 450;
let hub: TestHub;
/** Pages of calls that were read. */
let pages = 0;

beforeAll(async () => {
  hub = await openTestHub(
    {},
    {
      journal: (journal) => ({
        ...journal,
        listCalls: (accountId, filter: JournalFilter, page: PageRequest) => {
          pages += 1;
          return journal.listCalls(accountId, filter, page);
        },
      }),
    },
  );
  await hub.call('POST', '/v1/destinations', { kind: 'webhook', settings: { url: 'https://example.com/' } });
  await hub.call('POST', '/v1/reports', {
    reports: Array.from({ length: CALLS }, (_, index) => ({
      call_id: `call-${index}`,
      status: 'ended-with-error',
      error: index === 0 ? '=HYPERLINK("http://evil.example","x")' : `quota, "daily"\n${'x'.repeat(400)}`,
      phone_number: { number: '+31850835037', name: 'Sales' },
      customer: { number: '+31612345678' },
    })),
  });
});
afterAll(() => hub.close());

async function readAudit(): Promise<{ action: string; detail: Record<string, unknown> }[]> {
  const { data } = (await hub.call('GET', '/v1/audit')).json() as {
    data: { action: string; detail: Record<string, unknown> }[];
  };
  return data.filter(({ action }) => action === 'data.exported');
}

/** A plain reader of RFC 4180, so that our writer is not its own judge. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [[]];
  for (const [, quoted, plain, end] of text.matchAll(/(?:"((?:[^"]|"")*)"|([^",\r\n]*))(,|\r\n|$)/g)) {
    rows.at(-1)?.push(quoted?.replaceAll('""', '"') ?? plain ?? '');
    if (end === '\r\n') rows.push([]);
    if (end === '') break;
  }
  return rows.slice(0, -1);
}

describe('an export', () => {
  it('as Parquet holds the rows of the list, and is written to the audit log when it is whole', async () => {
    for (const what of ['calls', 'events', 'deliveries']) {
      const response = await hub.call('GET', `/v1/export/${what}?format=parquet`);
      expect(response.headers['content-type']).toBe('application/vnd.apache.parquet');
      expect(response.headers['content-disposition']).toContain('.parquet"');
      const rows = await parquetReadObjects({ file: new Uint8Array(response.rawPayload).buffer });
      expect(rows).toHaveLength(CALLS);
      if (what !== 'calls') continue;
      const found = rows.find(({ id }) => id === 'call-0');
      expect(found).toMatchObject({ state: 'failed', sequence: 1n, stale: false, started_at: null });
      expect(found?.['error'], 'a warehouse runs no formulas').toBe('=HYPERLINK("http://evil.example","x")');
      expect(found?.['updated_at']).toBeInstanceOf(Date);
    }
    expect((await readAudit())[0]?.detail).toMatchObject({ format: 'parquet', rows: CALLS });
  });

  it('says about how many rows to expect, where nothing but a time is asked', async () => {
    const about = async (path: string) => (await hub.call('GET', path)).headers['offhook-rows-about'];
    expect(await about('/v1/export/calls?format=csv')).toBe(String(CALLS));
    expect(await about('/v1/export/events?format=csv&since=1h')).toBe(String(CALLS));
    expect(await about('/v1/export/calls?format=csv&q=state:failed')).toBeUndefined();
    expect(await about('/v1/export/calls?format=csv&until=2020-01-01T00:00:00Z')).toBe('0');
  });

  it('as NDJSON holds every row of the list, page after page', async () => {
    for (const [what, view] of [
      ['calls', callView],
      ['events', eventView],
      ['deliveries', deliveryView],
    ] as const) {
      const response = await hub.call('GET', `/v1/export/${what}?format=ndjson`);
      expect(response.headers['content-type']).toBe('application/x-ndjson; charset=utf-8');
      expect(response.headers['content-disposition']).toMatch(
        new RegExp(`^attachment; filename="offhook-${what}-\\d{4}-\\d\\d-\\d\\d\\.ndjson"$`),
      );
      expect(response.headers['cache-control']).toBe('no-store');
      const rows = response.body
        .trimEnd()
        .split('\n')
        .map((line) => JSON.parse(line));
      expect(new Set(rows.map(({ id }: { id: string }) => id)).size).toBe(CALLS);
      expect(view.strict().safeParse(rows[0]).error?.issues ?? []).toEqual([]);
    }
  });

  it('as CSV has a header, every row, and nothing that a spreadsheet would run', async () => {
    const response = await hub.call('GET', '/v1/export/calls?format=csv');
    expect(response.headers['content-type']).toMatch(/^text\/csv/);
    const [head, ...rows] = parseCsv(response.body);
    expect(rows).toHaveLength(CALLS);
    const column = (name: string): readonly (string | undefined)[] =>
      rows.map((row) => row[head?.indexOf(name) ?? -1]);
    expect(new Set(column('state'))).toEqual(new Set(['failed']));
    expect(new Set(column('customer_number'))).toEqual(new Set([`'+31612345678`]));
    expect(column('error')).toContain(`'=HYPERLINK("http://evil.example","x")`);
    for (const row of rows) for (const cell of row) expect(cell).not.toMatch(/^[=+\-@]/);
  });

  it('takes the filter of the list, and is in the audit log with what it took', async () => {
    const path = '/v1/export/calls?format=csv&since=1h&q=call:call-7';
    expect(parseCsv((await hub.call('GET', path)).body)).toHaveLength(2);
    const [entry] = await readAudit();
    expect(entry?.detail).toEqual({
      what: 'calls',
      format: 'csv',
      q: 'call:call-7',
      since: expect.stringMatching(/Z$/),
      until: null,
      rows: 1,
      masked: false,
    });
  });

  it('masks numbers for those who see them masked', async () => {
    const key = await hub.makeKey(['watch', 'read']);
    const open = await hub.call('GET', '/v1/export/calls?format=csv&q=call:call-7', undefined, {
      authorization: `Bearer ${key}`,
    });
    expect(open.body).toContain('+31612345678');
    const session = await hub.call('POST', '/v1/session', { key: ADMIN_KEY });
    const cookie = String(session.headers['set-cookie']).split(';')[0] ?? '';
    const masked = await hub.server.inject({
      url: '/v1/export/calls?format=csv&q=call:call-7',
      headers: { cookie },
    });
    expect([masked.statusCode, masked.body.includes('612345678')]).toEqual([200, false]);
    expect(masked.body).toContain('••••');
    expect((await readAudit())[0]?.detail['masked']).toBe(true);
  });

  it('is refused with a faulty query, without its scope, and shows nothing of another account', async () => {
    for (const query of ['', 'format=xlsx', 'format=csv&limit=5', 'format=csv&q=x', 'format=csv&since=x']) {
      expect([query, (await hub.call('GET', `/v1/export/calls?${query}`)).statusCode]).toEqual([query, 400]);
    }
    const ingest = { authorization: `Bearer ${await hub.makeKey(['ingest'])}` };
    expect((await hub.call('GET', '/v1/export/calls?format=csv', undefined, ingest)).statusCode).toBe(403);
    const account = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
    const headers = { authorization: `Bearer ${await hub.makeKey(['admin'], account.id)}` };
    for (const what of ['calls', 'events', 'deliveries']) {
      const theirs = await hub.call('GET', `/v1/export/${what}?format=ndjson`, undefined, headers);
      expect([theirs.statusCode, theirs.body]).toEqual([200, '']);
    }
  });

  it('is not read, and not in the audit log, where only its head is asked for', async () => {
    const before = [pages, (await readAudit()).length];
    const response = await hub.call('HEAD', '/v1/export/calls?format=csv');
    expect([response.statusCode, response.body]).toEqual([200, '']);
    expect(response.headers['content-type']).toMatch(/^text\/csv/);
    expect(response.headers['content-disposition']).toContain('attachment');
    expect([pages, (await readAudit()).length]).toEqual(before);
    expect((await hub.call('HEAD', '/v1/export/calls?format=xlsx')).statusCode).toBe(400);
  });

  it('stops reading the journal when nobody reads it, and ends when the reader goes', async () => {
    await hub.server.listen({ host: '127.0.0.1', port: 0 });
    // Enough for the buffers of two sockets and more.
    for (let batch = 0; batch < 12; batch += 1) {
      await hub.call('POST', '/v1/reports', {
        reports: Array.from({ length: 900 }, (_, index) => ({
          call_id: `more-${batch}-${index}`,
          status: 'ended-with-error',
          error: 'y'.repeat(2_000),
        })),
      });
    }
    pages = 0;
    const before = (await readAudit()).length;
    const { port } = hub.server.server.address() as AddressInfo;
    const request = get({
      port,
      host: '127.0.0.1',
      path: '/v1/export/calls?format=ndjson',
      headers: { authorization: `Bearer ${ADMIN_KEY}` },
    });
    const [response] = (await once(request, 'response')) as [IncomingMessage];
    response.pause();
    let last = -1;
    // Standing still for a while is the fact to wait for: without backpressure all 57 pages are read at once.
    await waitFor(() => {
      const stands = pages === last;
      last = pages;
      return stands && pages > 0;
    }, 'the reading stands still');
    expect(pages).toBeLessThan(57);
    request.destroy();
    await waitFor(async () => (await readAudit()).length > before, 'the export is in the audit log');
    const rows = Number((await readAudit())[0]?.detail['rows']);
    expect(rows).toBeGreaterThan(0);
    expect(rows).toBeLessThan(CALLS + 12 * 900);
  });

  it('is cut off once its key is revoked, and looks like no complete file', async () => {
    const key = (await hub.call('POST', '/v1/keys', { name: 'soon gone', scopes: ['read'] })).json();
    const response = await openPaused(key.key);
    await hub.call('DELETE', `/v1/keys/${key.id}`);
    const before = (await readAudit()).length;
    response.resume();
    await expect(once(response, 'end')).rejects.toThrow('aborted');
    expect(response.complete).toBe(false);
    await waitFor(async () => (await readAudit()).length > before, 'the export is in the audit log');
    expect(Number((await readAudit())[0]?.detail['rows'])).toBeLessThan(CALLS + 12 * 900);
  });

  it('is cut off when its session masks the numbers that it began to show', async () => {
    const session = await openSession(hub, await hub.makeKey(['write']));
    await session.call('POST', '/v1/session/reveal', { revealed: true });
    const response = await openPaused(null, session.cookie);
    await session.call('POST', '/v1/session/reveal', { revealed: false });
    response.resume();
    await expect(once(response, 'end')).rejects.toThrow('aborted');
    expect(response.complete).toBe(false);
  });

  it('is cut off when its reader has taken nothing for a minute', async () => {
    const clock = createSimClock(Date.now());
    const [key] = await hub.journal.listKeys('default');
    const [route] = defineExportRoutes({
      journal: hub.journal,
      clock,
      settings: { staleAfterMs: 1_000 },
    } as unknown as ApiGround) as readonly RawRoute[];
    const server = fastify();
    server.get('/', (request, reply) => {
      Object.assign(request, { key, isMasked: false, session: null, recheck: async () => true });
      return route?.serve(request, reply);
    });
    await server.listen({ host: '127.0.0.1', port: 0 });
    const before = (await readAudit()).length;
    const { port } = server.server.address() as AddressInfo;
    const [response] = (await once(
      get({ port, host: '127.0.0.1', path: '/?format=ndjson' }),
      'response',
    )) as [IncomingMessage];
    response.pause();
    const broken = once(response, 'error');
    // Each step forward in time comes while nothing is taken.
    await waitFor(async () => {
      await clock.runUntil(clock.nowMs() + EXPORT_STUCK_MS);
      return (await readAudit()).length > before;
    }, 'the export ends');
    response.resume();
    expect(await broken).toEqual([expect.objectContaining({ code: 'ECONNRESET' })]);
    await server.close();
  });
});

/** Of an answer that is larger than what two sockets hold, so that it stands still until it is read. */
async function openPaused(key: string | null, cookie?: string): Promise<IncomingMessage> {
  const { port } = hub.server.server.address() as AddressInfo;
  const request = get({
    port,
    host: '127.0.0.1',
    path: '/v1/export/calls?format=ndjson',
    headers: {
      ...(key !== null && { authorization: `Bearer ${key}` }),
      ...(cookie !== undefined && { cookie, host: HUB_HOST }),
    },
  });
  const [response] = (await once(request, 'response')) as [IncomingMessage];
  response.pause();
  let last = -1;
  await waitFor(() => {
    const stands = pages === last;
    last = pages;
    return stands;
  }, 'the reading stands still');
  return response;
}
