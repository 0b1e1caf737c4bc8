/** The dashboard's pages: what is served, with which headers, and that nothing else ever is. */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { request } from 'node:http';
import type { IncomingMessage } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { text as readText } from 'node:stream/consumers';
import { brotliCompressSync, brotliDecompressSync, gunzipSync, gzipSync } from 'node:zlib';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Pages } from './pages.ts';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { CONTENT_SECURITY_POLICY, PAGES_BYTES_MAX, readPages } from './pages.ts';

const INDEX = '<!doctype html><title>Offhook</title>';
const SCRIPT = `export const a = ${JSON.stringify('x'.repeat(2_000))};`;

let folder: string;
let hub: TestHub;

beforeAll(async () => {
  folder = mkdtempSync(join(tmpdir(), 'offhook-pages-'));
  const built = join(folder, 'built');
  mkdirSync(join(built, 'assets'), { recursive: true });
  writeFileSync(join(folder, 'secret.txt'), 'a secret');
  symlinkSync(join(folder, 'secret.txt'), join(built, 'assets/link.txt'));
  for (const [path, text] of [
    ['index.html', INDEX],
    ['mark.svg', '<svg xmlns="http://www.w3.org/2000/svg"/>'],
    ['.build.json', '{"hidden":true}'],
    ['assets/main-a1b2.js', SCRIPT],
    ['assets/main-a1b2.css', 'a{}'],
    ['assets/unknown.exe', 'MZ'],
  ] as const) {
    writeFileSync(join(built, path), text);
  }
  for (const path of ['index.html', 'assets/main-a1b2.js']) {
    const text = path === 'index.html' ? INDEX : SCRIPT;
    writeFileSync(join(built, `${path}.gz`), gzipSync(text));
    writeFileSync(join(built, `${path}.br`), brotliCompressSync(text));
  }
  hub = await openTestHub({}, { pages: readPages(built) as Pages });
  await hub.server.listen({ host: '127.0.0.1', port: 0 });
});
afterAll(async () => {
  await hub.close();
  rmSync(folder, { recursive: true, force: true });
});

function get(url: string, headers: Record<string, string> = {}, method: 'GET' | 'HEAD' | 'POST' = 'GET') {
  return hub.server.inject({ method, url, headers });
}

/** On a socket, since injecting a request tidies its path up first. */
async function getAsWritten(path: string): Promise<{ status?: number; type?: string; body: string }> {
  const { port } = hub.server.server.address() as AddressInfo;
  const sent = request({ port, path, host: '127.0.0.1', agent: false }).end();
  const [response] = (await once(sent, 'response')) as [IncomingMessage];
  const { statusCode, headers } = response;
  return {
    ...(statusCode !== undefined && { status: statusCode }),
    ...(headers['content-type'] !== undefined && { type: headers['content-type'] }),
    body: await readText(response),
  };
}

describe('pages', () => {
  it('are one index at every address of the dashboard, never kept without asking', async () => {
    for (const path of [
      '/',
      '/live',
      '/live?kiosk=1',
      '/calls',
      '/calls/call-_%2B31612345678_x',
      '/calls/a/b',
      '/deliveries',
      '/deliveries/dlv_1',
      '/analytics',
      '/destinations',
      '/destinations/dst_1',
      '/settings',
      '/settings/keys',
    ]) {
      const response = await get(path, { accept: 'text/html,*/*;q=0.8' });
      expect([path, response.statusCode, response.body]).toEqual([path, 200, INDEX]);
      expect(response.headers).toMatchObject({
        'content-type': 'text/html; charset=utf-8',
        'cache-control': 'no-cache',
        'content-security-policy': CONTENT_SECURITY_POLICY,
        'x-content-type-options': 'nosniff',
        'referrer-policy': 'no-referrer',
        'cross-origin-opener-policy': 'same-origin',
        'cross-origin-resource-policy': 'same-origin',
        vary: 'Accept, Accept-Encoding',
      });
      expect(response.headers['permissions-policy']).toContain('microphone=()');
      expect(response.headers['set-cookie']).toBeUndefined();
    }
  });

  it('allow nothing inline, nothing from elsewhere, and no markup made of text', () => {
    expect(CONTENT_SECURITY_POLICY).toBe(
      "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self' data: blob:; connect-src 'self'; base-uri 'none'; form-action 'self'; frame-ancestors 'none'; require-trusted-types-for 'script'",
    );
  });

  it('are kept for ever where their name holds their hash', async () => {
    const script = await get('/assets/main-a1b2.js');
    expect(script.body).toBe(SCRIPT);
    expect(script.headers).toMatchObject({
      'content-type': 'text/javascript; charset=utf-8',
      'cache-control': 'public, max-age=31536000, immutable',
      'content-security-policy': CONTENT_SECURITY_POLICY,
    });
    expect((await get('/mark.svg')).headers).toMatchObject({
      'content-type': 'image/svg+xml; charset=utf-8',
      'cache-control': 'no-cache',
    });
  });

  it('come compressed as the browser takes it, best first', async () => {
    for (const [accepted, encoding] of [
      ['gzip, deflate, br, zstd', 'br'],
      ['gzip', 'gzip'],
      ['GZIP;q=1.0', 'gzip'],
      ['br;q=0, gzip', 'gzip'],
      ['*', 'br'],
      ['*, br;q=0', 'gzip'],
      ['br;q=0.000, *;q=0', undefined],
      ['identity', undefined],
      ['', undefined],
      ['deflate', undefined],
    ] as const) {
      const response = await get('/assets/main-a1b2.js', { 'accept-encoding': accepted });
      expect([accepted, response.headers['content-encoding']]).toEqual([accepted, encoding]);
      const bytes = response.rawPayload;
      expect(response.headers['content-length']).toBe(String(bytes.length));
      const plain =
        encoding === 'br' ? brotliDecompressSync(bytes) : encoding === 'gzip' ? gunzipSync(bytes) : bytes;
      expect(plain.toString()).toBe(SCRIPT);
    }
    // What was not compressed when it was built comes as it is.
    const style = await get('/assets/main-a1b2.css', { 'accept-encoding': 'br' });
    expect([style.headers['content-encoding'], style.body]).toEqual([undefined, 'a{}']);
  });

  it('are 304 for who has them, in that encoding', async () => {
    for (const path of ['/live', '/', '/assets/main-a1b2.js']) {
      const first = await get(path, { 'accept-encoding': 'br' });
      const etag = String(first.headers.etag);
      const again = await get(path, { 'accept-encoding': 'br', 'if-none-match': `"x", W/${etag}` });
      expect([path, again.statusCode, again.body, again.headers.etag]).toEqual([path, 304, '', etag]);
      expect(again.headers['content-security-policy']).toBe(CONTENT_SECURITY_POLICY);
      expect((await get(path, { 'if-none-match': etag })).statusCode).toBe(200);
    }
  });

  it('answer HEAD with the headers of GET, and say which methods there are', async () => {
    for (const path of ['/live', '/calls/x', '/assets/main-a1b2.js', '/']) {
      const head = await get(path, {}, 'HEAD');
      const full = await get(path);
      expect([path, head.statusCode, head.body]).toEqual([path, 200, '']);
      expect(head.headers['content-length']).toBe(String(full.rawPayload.length));
      expect(head.headers.etag).toBe(full.headers.etag);
    }
    for (const path of ['/live', '/calls/x', '/assets/main-a1b2.js']) {
      const response = await get(path, {}, 'POST');
      expect([path, response.statusCode, response.headers['allow']]).toEqual([path, 405, 'GET, HEAD']);
    }
  });

  it('never reach a file that was not built', async () => {
    for (const path of [
      '/assets/../index.html',
      '/assets/..%2findex.html',
      '/assets/%2e%2e/%2e%2e/secret.txt',
      '/assets/..%5c..%5csecret.txt',
      '/assets//main-a1b2.js',
      '/assets/./main-a1b2.js',
      '/assets/main-a1b2.js/',
      '/assets/main-a1b2.js%00',
      '/assets/link.txt',
      '/assets/unknown.exe',
      '/assets/main-a1b2.js.gz',
      '/assets/main-a1b2.js.br',
      '/assets/',
      '/assets',
      '/.build.json',
      '/index.html',
      '//etc/passwd',
      '/secret.txt',
      '/package.json',
      '/%E0%A4%A',
      '/nothing',
    ]) {
      const { status, type, body } = await getAsWritten(path);
      expect([path, body.includes('a secret')]).toEqual([path, false]);
      expect([path, status === 400 || status === 404]).toEqual([path, true]);
      expect(type).toMatch(/^application\/problem\+json/);
    }
  });

  it('are no calls of the API: not in its document, not in the log lines, without a key', async () => {
    const count = hub.answered.length;
    for (const path of ['/', '/live', '/calls/x', '/assets/main-a1b2.js']) await get(path);
    expect(hub.answered.length).toBe(count);
    const { paths } = (await get('/openapi.json')).json();
    expect(Object.keys(paths as object).filter((path) => /^\/(?:live$|assets|calls)/.test(path))).toEqual([]);
  });

  it('leave the index of the API to who asks for JSON', async () => {
    expect((await get('/', { accept: 'application/json' })).json()).toMatchObject({
      name: 'Offhook',
      dashboard: '/live',
    });
    for (const accept of ['*/*', 'text/html', 'application/json, text/html', 'image/png']) {
      expect((await get('/', { accept })).body).toBe(INDEX);
    }
  });
});

describe('a hub without a build', () => {
  it('says at / how to get one, and 404 for every page', async () => {
    const without = await openTestHub();
    const index = await without.server.inject({ url: '/', headers: { accept: 'text/html' } });
    expect(index.json().dashboard).toContain('npm run dashboard');
    expect((await without.server.inject('/live')).statusCode).toBe(404);
    await without.close();
  });

  it('is one whose folder is missing or empty', () => {
    expect(readPages(join(folder, 'none'))).toBeNull();
    mkdirSync(join(folder, 'empty'));
    expect(readPages(join(folder, 'empty'))).toBeNull();
  });

  it('reads no folder that cannot be a build', () => {
    const huge = join(folder, 'huge');
    mkdirSync(huge);
    writeFileSync(join(huge, 'index.html'), INDEX);
    writeFileSync(join(huge, 'film.txt'), Buffer.alloc(PAGES_BYTES_MAX));
    expect(() => readPages(huge)).toThrow('16 MiB');
  });
});
