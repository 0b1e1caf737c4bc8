/** Sessions over the life of a hub: what a restart keeps, and what a start prints. */

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';

import type { Hub } from '../../hub/src/main.ts';
import { callApi } from '../support/hub-client.ts';
import { end, makeDataDir, spawnOffhook, startHubHere } from '../support/hub-process.ts';
import { findFreePort } from '../support/free-port.ts';
import { waitFor } from '../support/wait-for.ts';

// A start alone took 16 s beside dozens of other test processes, half a second without them.
vi.setConfig({ testTimeout: 90_000 });
const STARTED_MS_MAX = 60_000;

let dataDir: string;
let hub: Hub | null = null;

beforeEach(() => {
  dataDir = makeDataDir();
});
afterEach(async () => {
  await hub?.stop();
  hub = null;
});

async function signIn(address: string, key: string): Promise<string> {
  const response = await fetch(`${address}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  expect(response.status).toBe(201);
  const [cookie = ''] = (response.headers.get('set-cookie') ?? '').split(';');
  return cookie;
}

async function readStatus(address: string, cookie: string): Promise<number> {
  const response = await fetch(`${address}/v1/session`, { headers: { cookie } });
  await response.body?.cancel();
  return response.status;
}

describe('a session', () => {
  it('outlives a restart of the hub, and ends when its key is revoked', async () => {
    const port = await findFreePort();
    hub = await startHubHere(dataDir, { port });
    const { address } = hub;
    const access = { address, apiKey: hub.apiKey };
    const { body: key } = await callApi<{ id: string; key: string }>(access, 'POST', '/v1/keys', {
      name: 'somebody',
      scopes: ['write'],
    });
    const cookie = await signIn(address, key.key);
    expect(await readStatus(address, cookie)).toBe(200);

    await hub.stop();
    hub = await startHubHere(dataDir, { port });
    expect(await readStatus(hub.address, cookie)).toBe(200);

    await callApi(access, 'DELETE', `/v1/keys/${key.id}`);
    expect(await readStatus(hub.address, cookie)).toBe(401);
  });
});

describe('the start line', () => {
  async function readBanner(env: Readonly<Record<string, string>>): Promise<string> {
    const { child, readStdout } = spawnOffhook(['start', '--port', '0', '--data-dir', dataDir], env);
    try {
      await waitFor(
        () => readStdout().includes('destinations create'),
        'the hub printed how to use it',
        STARTED_MS_MAX,
      );
      return readStdout();
    } finally {
      await end(child, 'SIGTERM');
    }
  }

  it('has an address that signs in by itself, where the hub made the key and only this machine reaches it', async () => {
    const banner = await readBanner({});
    const [, key] = /API key +(ohk_\w+)/.exec(banner) ?? [];
    expect(banner).toMatch(
      new RegExp(`Dashboard  (?:http://127\\.0\\.0\\.1:\\d+/#key=${key}|not built: .*)\\n`),
    );
  });

  it('never holds a key that was given', async () => {
    const OFFHOOK_API_KEY = 'chosen_by_somebody_for_themselves';
    const banner = await readBanner({ OFFHOOK_API_KEY });
    expect(banner).toMatch(/Dashboard {2}(?:http:\/\/127\.0\.0\.1:\d+\/|not built: .*)\n/);
    expect(banner).not.toContain(OFFHOOK_API_KEY);
  });
});
