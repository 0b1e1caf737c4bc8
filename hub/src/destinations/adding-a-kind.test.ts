/** The example of docs/destinations/adding-a-kind.md compiles and does what the page says. */
import { execFile } from 'node:child_process';
import { cpSync, mkdirSync, mkdtempSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { DestinationKind } from './destination.ts';
import { createEgressGuard } from './egress/address-rules.ts';
import { createResolver } from './egress/resolver.ts';
import { createKindOptions, type KindOptions } from './kind-options.ts';
import { createTestGround } from './test-ground.ts';

const ROOT = fileURLToPath(new URL('../../../', import.meta.url));
const SHARED = [
  'destination.ts',
  'kind-options.ts',
  'masked-settings.ts',
  'url-problem.ts',
  'http',
  'egress',
];

let dir: string;
beforeAll(() => {
  dir = mkdtempSync(join(tmpdir(), 'offhook-kind-'));
  const destinations = join(dir, 'hub/src/destinations');
  for (const name of SHARED)
    cpSync(join(ROOT, 'hub/src/destinations', name), join(destinations, name), {
      recursive: true,
      filter: (path) => !path.endsWith('.test.ts'),
    });
  // As the checklist says: the name first.
  const names = join(destinations, 'destination.ts');
  writeFileSync(
    names,
    readFileSync(names, 'utf8').replace("'redis'] as const", "'redis', 'pager'] as const"),
  );
  mkdirSync(join(destinations, 'pager'));
  const page = readFileSync(join(ROOT, 'docs/destinations/adding-a-kind.md'), 'utf8');
  writeFileSync(join(destinations, 'pager/pager.ts'), /```ts\n([\s\S]*?)```/.exec(page)?.[1] ?? '');
  symlinkSync(join(ROOT, 'node_modules'), join(dir, 'node_modules'));
  writeFileSync(join(dir, 'package.json'), '{"type": "module"}');
  cpSync(join(ROOT, 'tsconfig.json'), join(dir, 'tsconfig.json'));
});
afterAll(() => rmSync(dir, { recursive: true, force: true }));

describe('the example of the page about new kinds', () => {
  it('compiles as strictly as everything else', async () => {
    const tsc = join(ROOT, 'node_modules/typescript/bin/tsc');
    const { stdout } = await promisify(execFile)(process.execPath, [tsc, '--noEmit', '-p', dir]).catch(
      (error: unknown) => error as { stdout: string },
    );
    expect(stdout).toBe('');
  }, 60_000);

  it('pages once, keeps its token to itself and says what it did', async () => {
    const pages: { readonly path: string | undefined; readonly json: unknown }[] = [];
    let status = 201;
    const server = createServer((request, response) => {
      let body = '';
      request.setEncoding('utf8').on('data', (chunk: string) => (body += chunk));
      request.on('end', () => {
        pages.push({ path: request.url, json: JSON.parse(body) });
        response.writeHead(status, { 'retry-after': '9' }).end('{}');
      });
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const address = server.address();
    const port = address !== null && typeof address === 'object' ? address.port : 0;

    const file = pathToFileURL(join(dir, 'hub/src/destinations/pager/pager.ts')).href;
    const { createPagerKind } = (await import(/* @vite-ignore */ file)) as {
      createPagerKind: (options: KindOptions) => DestinationKind;
    };
    const kind = createPagerKind(
      createKindOptions({
        egress: createEgressGuard({ allow: [], allowLoopback: true }),
        resolver: createResolver(),
        userAgent: 'Offhook/test',
      }),
    );
    const given = { token: 's3cret', team: 'night shift', api_url: `http://127.0.0.1:${port}` };
    const settings = kind.settings.parse(given);
    const shown = kind.toPublicSettings(settings);
    expect(shown).toMatchObject({ token: '••••••', team: 'night shift' });
    expect(kind.settings.parse(kind.keepMasked(settings, shown))).toEqual(settings);
    expect(kind.settings.safeParse(shown).error?.issues[0]?.message).toMatch(/^token is ••••••/);

    const sender = kind.open(settings, createTestGround());
    const attempt = () =>
      sender.attempt({
        eventId: 'evt_1',
        eventType: 'status-update',
        sequence: 2,
        attemptNumber: 1,
        body: Buffer.from('{"message":{"call":{"id":"a/b"},"error":"STT connection failed"}}'),
        nowMs: 0,
        traceparent: '',
        deadlineMs: 5_000,
        secrets: { current: '', previous: null },
      });
    expect(await attempt()).toMatchObject({ kind: 'done', detail: 'Team night shift was paged' });
    expect(pages).toEqual([
      {
        path: '/teams/night%20shift/pages',
        json: {
          key: 'evt_1',
          text: 'STT connection failed',
          link: 'https://offhook.example/calls/a%2Fb',
        },
      },
    ]);
    status = 429;
    expect(await attempt()).toMatchObject({ kind: 'answered', status: 429, retryAfter: '9' });
    await sender.close();
    await new Promise<void>((resolve) => void server.close(() => resolve()));
  });
});
