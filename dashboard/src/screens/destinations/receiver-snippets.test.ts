import { spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { BATCH_CONTENT_TYPE, toBatchBody } from '@offhook/contract/event-batch';
import { createSecret, signStandard } from '@offhook/contract/signature';

import { findFreePort } from '../../../../test/support/free-port.ts';
import { FRAMEWORKS, isBatched, SECRET_FROM_ENVIRONMENT, toSnippet } from './receiver-snippets.ts';

/** Inside the checkout, so that the packages are found as they would be in a project. */
const FOLDER = join(import.meta.dirname, '../../../../build/snippets');
const SECRET = createSecret();

describe('the receivers that are offered for copying', () => {
  beforeAll(() => mkdirSync(FOLDER, { recursive: true }));
  afterAll(() => rmSync(FOLDER, { recursive: true, force: true }));

  it.each(FRAMEWORKS)('$title: is a program', ({ key }) => {
    const file = join(FOLDER, `${key}-check.mjs`);
    for (const isBatch of [false, true]) {
      writeFileSync(file, toSnippet(key, SECRET, isBatch));
      const { status, stderr } = spawnSync(process.execPath, ['--check', file], { encoding: 'utf8' });
      expect(stderr).toBe('');
      expect(status).toBe(0);
    }
  });

  it('take the secret from the environment where it is not at hand', () => {
    for (const { key } of FRAMEWORKS) {
      expect(toSnippet(key, null, false)).toContain(`new Webhook(${SECRET_FROM_ENVIRONMENT})`);
      expect(toSnippet(key, SECRET, false)).toContain(`new Webhook('${SECRET}')`);
    }
  });

  it.each(['express', 'fastify', 'node'] as const)(
    '%s: accepts what is signed, refuses what is not, and takes an event that comes twice once',
    async (key) => {
      await runReceiver(toSnippet(key, null, false), async (port, wasPrinted) => {
        const body = '{"message":{"type":"status-update","call":{"id":"call-1","status":"ended"}}}';
        expect(await post(port, body, 'evt_1')).toBe(200);
        expect(await post(port, body, 'evt_1')).toBe(200);
        expect(await post(port, body.replace('ended', 'ENDED'), 'evt_2', { signed: body })).toBe(401);
        expect(await post(port, body, 'evt_3')).toBe(200);
        await waitUntil(() => wasPrinted('ended call-1') === 2);
        expect(wasPrinted('ENDED')).toBe(0);
      });
    },
  );

  it.each(['express', 'fastify', 'node'] as const)(
    '%s: takes each event of a batch once, also when it comes again in another batch',
    async (key) => {
      await runReceiver(toSnippet(key, null, true), async (port, wasPrinted) => {
        const parts = ['1', '2', '3'].map((number) => ({
          eventId: `evt_${number}`,
          eventType: 'status-update',
          sequence: 1,
          attemptNumber: 1,
          body: Buffer.from(
            `{"message":{"type":"status-update","call":{"id":"call-${number}","status":"ended"}}}`,
          ),
        }));
        const batch = (...at: readonly number[]) =>
          Buffer.from(toBatchBody(parts.filter((_, index) => at.includes(index)))).toString();
        const type = BATCH_CONTENT_TYPE;
        expect(await post(port, batch(0, 1), 'bat_1', { type })).toBe(200);
        expect(await post(port, batch(0, 2), 'bat_2', { type })).toBe(200);
        expect(await post(port, batch(2), 'bat_3', { type, signed: batch(1) })).toBe(401);
        await waitUntil(() => wasPrinted('ended call-3') === 1);
        expect([wasPrinted('ended call-1'), wasPrinted('ended call-2')]).toEqual([1, 1]);
      });
    },
  );

  it('are those for batches where every request is one', () => {
    expect(isBatched({ url: 'https://example.com', batch_events_max: 100 })).toBe(true);
    expect(isBatched({ url: 'https://example.com' })).toBe(false);
    for (const { key } of FRAMEWORKS) expect(toSnippet(key, null, true)).toContain('handleAll(event)');
  });
});

async function runReceiver(
  code: string,
  use: (port: number, wasPrinted: (text: string) => number) => Promise<void>,
): Promise<void> {
  const port = await findFreePort();
  const file = join(FOLDER, `${port}.mjs`);
  writeFileSync(file, code);
  const child = spawn(process.execPath, [file], {
    env: { PATH: process.env['PATH'], PORT: String(port), OFFHOOK_SECRET: SECRET },
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  let printed = '';
  child.stdout.on('data', (chunk: Buffer) => (printed += chunk.toString()));
  try {
    await use(port, (text) => printed.split(text).length - 1);
  } finally {
    child.kill();
    await once(child, 'exit');
  }
}

async function post(
  port: number,
  body: string,
  id: string,
  { signed = body, type = 'application/json' } = {},
): Promise<number> {
  const timestamp = Math.floor(Date.now() / 1_000);
  const signature = signStandard([SECRET], id, timestamp, Buffer.from(signed));
  for (let tries = 0; ; tries += 1) {
    try {
      const response = await fetch(`http://127.0.0.1:${port}/webhooks/status-update`, {
        method: 'POST',
        body,
        headers: {
          'content-type': type,
          'webhook-id': id,
          'webhook-timestamp': String(timestamp),
          'webhook-signature': signature,
        },
      });
      return response.status;
    } catch (error) {
      // It is still starting; a receiver that never does is the end of the test's own time.
      if (tries > 250) throw error;
      await sleep(100);
    }
  }
}

async function waitUntil(isTrue: () => boolean): Promise<void> {
  for (let tries = 0; !isTrue(); tries += 1) {
    if (tries > 600) throw new Error('It did not become true.');
    await sleep(25);
  }
}
