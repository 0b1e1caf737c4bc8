/**
 * Starts a server the way users do, registers a receiver, sends the source document's first payload and waits
 * for it to arrive, byte for byte and signed; the dashboard's page and code must be there. Usage: node scripts/smoke.ts <offhook executable>
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingHttpHeaders } from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { verifyPublished } from '@offhook/contract/signature';

const executable = process.argv[2];
if (executable === undefined) throw new Error('usage: node scripts/smoke.ts <offhook executable>');

const key = 'ohk_smoke_test_key_of_enough_length';
const dataDir = mkdtempSync(join(tmpdir(), 'offhook-smoke-'));
const payload = readFileSync(
  join(import.meta.dirname, '../contract/vectors/payloads/in-progress.json'),
  'utf8',
);

const arrival = Promise.withResolvers<{ body: Buffer; headers: IncomingHttpHeaders }>();
const receiver = createServer((request, response) => {
  const chunks: Buffer[] = [];
  request.on('data', (chunk: Buffer) => chunks.push(chunk));
  request.on('end', () => {
    response.end('OK');
    arrival.resolve({ body: Buffer.concat(chunks), headers: request.headers });
  });
});
receiver.listen(0, '127.0.0.1');
await once(receiver, 'listening');

const hub = spawn(process.execPath, [executable, 'start', '--port', '0'], {
  env: { ...process.env, OFFHOOK_DATA_DIR: dataDir, OFFHOOK_API_KEY: key },
  stdio: ['ignore', 'pipe', 'inherit'],
});
const address = Promise.withResolvers<string>();
let banner = '';
hub.stdout.on('data', (chunk: Buffer) => {
  banner += chunk.toString();
  const match = /http:\/\/[\d.]+:\d+/.exec(banner);
  if (match !== null) address.resolve(match[0]);
});
hub.once('exit', (code) =>
  address.reject(new Error(`the hub ended with ${code} before it listened\n${banner}`)),
);

/** Two seconds where nothing else runs: whatever the machine does besides, this is a hub that hangs. */
const ALL_MS_MAX = 120_000;
const deadline = setTimeout(() => {
  process.stderr.write(`it did not come to its end within ${ALL_MS_MAX / 1_000} s\n${banner}\n`);
  hub.kill('SIGKILL');
  process.exit(1);
}, ALL_MS_MAX);

const base = await address.promise;
const page = await fetch(`${base}/live`);
const html = await page.text();
const script = /src="(\/assets\/[^"]+\.js)"/.exec(html)?.[1];
if (page.status !== 200 || script === undefined)
  throw new Error(`there is no dashboard: ${page.status} ${html.slice(0, 200)}`);
const bundle = await fetch(`${base}${script}`);
if (bundle.status !== 200 || !bundle.headers.get('cache-control')?.includes('immutable'))
  throw new Error(`the dashboard's code is not served: ${bundle.status}`);
await bundle.arrayBuffer();

const created = await fetch(`${base}/v1/destinations`, {
  method: 'POST',
  headers: { authorization: `Bearer ${key}`, 'content-type': 'application/json' },
  body: JSON.stringify({
    kind: 'webhook',
    settings: { url: `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/` },
  }),
});
const destination = (await created.json()) as { secret: string };
if (created.status !== 201) throw new Error(`${created.status} ${JSON.stringify(destination)}`);
const sent = await fetch(`${base}/webhooks/status-update`, {
  method: 'POST',
  headers: { 'content-type': 'application/json' },
  body: payload,
});
if (sent.status !== 200) throw new Error(`${sent.status} ${await sent.text()}`);

const { body, headers } = await arrival.promise;
if (body.toString() !== JSON.stringify(JSON.parse(payload)))
  throw new Error(`another body arrived: ${body.toString()}`);
const verdict = verifyPublished({
  secrets: [destination.secret],
  timestamp: String(headers['x-webhook-timestamp']),
  signature: String(headers['x-webhook-signature']),
  body,
  nowMs: Date.now(),
});
if (!verdict.ok) throw new Error(verdict.detail);

const stoppedAt = performance.now();
hub.kill('SIGTERM');
const [code] = (await once(hub, 'exit')) as [number | null];
clearTimeout(deadline);
receiver.close();
rmSync(dataDir, { recursive: true, force: true });
if (code !== 0) throw new Error(`the hub ended with ${code} after SIGTERM`);
process.stdout.write(
  `one event arrived, signed; the hub stopped in ${Math.round(performance.now() - stoppedAt)} ms\n`,
);
