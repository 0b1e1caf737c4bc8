/**
 * `npm run screenshots`: the pictures of docs/screenshots, of a real hub with two weeks of calls behind it and more
 * coming in. Takes some minutes; the scene is the same each time, only the hour is not. --only takes a few by name,
 * --keep leaves the hub running to look around in.
 */
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as wait } from 'node:timers/promises';
import { parseArgs } from 'node:util';

import type { HubAccess } from '../test/support/hub-client.ts';
import type { Kinds } from './screenshots/kinds.ts';
import type { PastKeys } from './screenshots/past.ts';
import type { Picture, PictureTheme, Sitting } from './screenshots/pictures.ts';
import type { SceneReport } from './screenshots/scene.ts';

import { toSignedHeaders } from '../hub/src/cli/made-up-report.ts';
import { createRandom } from '../proofs/simulation/random.ts';
import { launchBrowser } from '../test/support/browser.ts';
import { callApi } from '../test/support/hub-client.ts';
import { startHubProcess } from '../test/support/hub-process.ts';
import { waitFor } from '../test/support/wait-for.ts';
import { reportDashboard } from './dashboard.ts';
import { startKinds } from './screenshots/kinds.ts';
import { writePast } from './screenshots/past.ts';
import { listPictures, takePicture, THEMES } from './screenshots/pictures.ts';
import { shrinkPng } from './screenshots/png.ts';
import { startReceivers } from './screenshots/receivers.ts';
import { makeScene } from './screenshots/scene.ts';

const SEED = 20_251_213;
const FOLDER = join(import.meta.dirname, '../docs/screenshots');
const BYTES_MAX = 4_000_000;
/** A minute of life: the wall's own numbers are means of some minutes, and what the hub missed while it started is told. */
const LIVE_MS = 60_000;
const SECRET = 'screenshots-of-a-hub-that-never-was';

const { values } = parseArgs({
  options: { only: { type: 'string' }, keep: { type: 'boolean', default: false } },
});
await takeScreenshots(values.only?.split(','), values.keep);

async function takeScreenshots(only: readonly string[] | undefined, isKept: boolean): Promise<void> {
  await reportDashboard({ isStrict: false });
  const folder = mkdtempSync(join(tmpdir(), 'offhook-screenshots-'));
  const masterKey = Buffer.alloc(32, 7);
  const scene = makeScene(SEED, Date.now());
  const { keys, future } = await writePast({
    file: join(folder, 'journal.sqlite'),
    masterKey,
    scene,
    seed: SEED,
    say: tell,
  });
  const receivers = await startReceivers(scene.destinations, folder, createRandom(SEED + 2));
  const hub = await startHubProcess(folder, {
    ...receivers.env,
    OFFHOOK_MASTER_KEY: masterKey.toString('base64'),
    OFFHOOK_VOICEDOCK_SECRET: SECRET,
    LOG_LEVEL: 'fatal',
  });
  hub.child.stdout?.resume();
  const stop = new AbortController();
  let kinds: Kinds | null = null;
  const calling = sendOnTime(hub, future, stop.signal);
  try {
    tell(`the hub lives at ${hub.address}/#key=${hub.apiKey}`);
    kinds = await startKinds(hub);
    const cookie = await workForAWhile(hub, keys);
    await wait(LIVE_MS);
    const sitting: Sitting = { address: hub.address, cookie, timeZone: scene.timeZone };
    const shown = {
      ...(await findShown(hub)),
      hubspot: kinds.hubspot,
      callId: scene.shownCallId,
      watchKey: keys.watch,
    };
    const pictures = listPictures(shown).filter(({ name }) => only === undefined || only.includes(name));
    await takeAll(sitting, pictures);
    if (isKept) {
      tell('Ctrl-C ends it.');
      await once(process, 'SIGINT');
    }
  } finally {
    stop.abort();
    await calling;
    await hub.kill('SIGTERM');
    await receivers.stop();
    await kinds?.stop();
    rmSync(folder, { recursive: true, force: true });
  }
}

async function takeAll(sitting: Sitting, pictures: readonly Picture[]): Promise<void> {
  mkdirSync(FOLDER, { recursive: true });
  const browser = await launchBrowser(['--font-render-hinting=none']);
  let bytes = 0;
  try {
    for (const picture of pictures) {
      for (const theme of THEMES) bytes += await keepPicture(sitting, picture, theme, browser);
    }
  } finally {
    await browser.close();
  }
  tell(`${pictures.length * THEMES.length} pictures, ${(bytes / 1e6).toFixed(2)} MB`);
  if (bytes > BYTES_MAX) throw new Error(`The pictures weigh more than ${BYTES_MAX / 1e6} MB.`);
}

async function keepPicture(
  sitting: Sitting,
  picture: Picture,
  theme: PictureTheme,
  browser: Parameters<typeof takePicture>[0],
): Promise<number> {
  const image = shrinkPng(await takePicture(browser, sitting, picture, theme));
  writeFileSync(join(FOLDER, `${picture.name}-${theme}.png`), image);
  tell(`${picture.name}, ${theme}: ${Math.round(image.length / 1_000)} kB`);
  return image.length;
}

/** Each report at its time, signed, as the voice platform would send it. */
async function sendOnTime(
  hub: HubAccess,
  reports: readonly SceneReport[],
  signal: AbortSignal,
): Promise<void> {
  for (const report of reports) {
    const earlyMs = report.receivedAtMs - Date.now();
    if (earlyMs > 0) await wait(earlyMs, undefined, { signal }).catch(() => undefined);
    if (signal.aborted) return;
    const body = Buffer.from(JSON.stringify(toMessage(report)));
    const response = await fetch(`${hub.address}/webhooks/status-update`, {
      method: 'POST',
      headers: { 'content-type': 'application/json', ...toSignedHeaders(SECRET, body, Date.now()) },
      body,
    });
    await response.body?.cancel();
    if (!response.ok) throw new Error(`The hub refused a report: ${response.status}`);
  }
}

function toMessage(report: SceneReport): unknown {
  const { callId, status, type, phoneNumber, customer, error, endReason, happenedAtMs } = report;
  return {
    message: {
      type: 'status-update',
      timestamp: new Date(happenedAtMs).toISOString(),
      call: { id: callId, type, status },
      phone_number: phoneNumber,
      customer,
      ...(error !== null && { error }),
      ...(endReason !== null && { end_reason: endReason }),
    },
  };
}

/** What people do in a morning, for the audit log; gives back the session of the one who looks. */
async function workForAWhile(hub: HubAccess, keys: PastKeys): Promise<Sitting['cookie']> {
  const operations = { address: hub.address, apiKey: keys.write };
  await callApi(hub, 'GET', '/v1/system');
  await callApi({ address: hub.address, apiKey: keys.read }, 'GET', '/v1/calls/counts');
  const failed = new URLSearchParams({ format: 'ndjson', q: 'state:failed', since: '24h' });
  const exported = await fetch(`${hub.address}/v1/export/calls?${failed.toString()}`, {
    headers: { authorization: `Bearer ${keys.read}` },
  });
  await exported.body?.cancel();
  const warehouse = await findDestination(hub, 'Data warehouse');
  await callApi(operations, 'POST', `/v1/destinations/${warehouse}/test`, { status: 'ended' });
  await callApi(operations, 'PATCH', `/v1/destinations/${warehouse}`, { rate_per_second: 20 });
  const session = await fetch(`${hub.address}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: hub.apiKey }),
  });
  await session.body?.cancel();
  const [name = '', value = ''] =
    (session.headers.get('set-cookie') ?? '').split(';', 1)[0]?.split('=') ?? [];
  const asPerson = { 'content-type': 'application/json', cookie: `${name}=${value}`, origin: hub.address };
  for (const revealed of [true, false]) {
    const answer = await fetch(`${hub.address}/v1/session/reveal`, {
      method: 'POST',
      headers: asPerson,
      body: JSON.stringify({ revealed }),
    });
    await answer.body?.cancel();
    if (!answer.ok) throw new Error(`Numbers were not revealed: ${answer.status}`);
  }
  return { name, value };
}

interface Found {
  readonly data: readonly { readonly id: string; readonly name: string | null }[];
}

/** The destination that was mended, and a delivery of the one that is in trouble now. */
async function findShown(
  hub: HubAccess,
): Promise<{ readonly destinationId: string; readonly deliveryId: string }> {
  const q = `destination:${await findDestination(hub, 'Data warehouse')} attempts:>2`;
  const deliveryId = await waitFor(async () => {
    const page = await callApi<Found>(hub, 'GET', `/v1/deliveries?${new URLSearchParams({ q }).toString()}`);
    return page.body.data[0]?.id;
  }, 'a delivery that failed three times');
  return { destinationId: await findDestination(hub, 'Northwind CRM'), deliveryId };
}

async function findDestination(hub: HubAccess, name: string): Promise<string> {
  const { body } = await callApi<Found>(hub, 'GET', '/v1/destinations');
  const found = body.data.find((one) => one.name === name);
  if (found === undefined) throw new Error(`There is no destination "${name}".`);
  return found.id;
}

function tell(what: string): void {
  process.stdout.write(`${what}\n`);
}
