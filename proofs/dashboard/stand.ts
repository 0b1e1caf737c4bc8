/** What every measurement stands on: a hub in its own process, its traffic in another, and a Chromium signed in to it. */
import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import http from 'node:http';
import type { AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Browser, BrowserContext, CDPSession, Page } from 'playwright-core';

import { launchBrowser, openPage } from '../../test/support/browser.ts';
import { addWebhook } from '../../test/support/hub-client.ts';
import type { HubAccess } from '../../test/support/hub-client.ts';
import { startHubProcess } from '../../test/support/hub-process.ts';
import { startTraffic } from './traffic.ts';
import type { Traffic } from './traffic.ts';

export interface Stand extends HubAccess {
  readonly browser: Browser;
  readonly traffic: Traffic;
  /** A healthy destination on this machine: what happens while people look is delivered as well. */
  addReceiver(): Promise<void>;
  /** A browser of its own as far as cookies and caches go, with somebody signed in. */
  openContext(): Promise<BrowserContext>;
  /** A signed-in page that follows the stream and can be asked to measure itself. */
  open(path: string, context?: BrowserContext): Promise<Page>;
  /** Errors of pages, CSP reports, requests to other hosts. */
  readonly faults: readonly string[];
  stop(): Promise<void>;
}

/** Measures inside the page; the numbers it gives are typed where they are asked for. */
const PROBE = readFileSync(new URL('./probe.js', import.meta.url), 'utf8');
const VIEWPORT = { width: 1_440, height: 900 };
const OPEN_MS_MAX = 30_000;

export async function openStand(): Promise<Stand> {
  const undo: (() => Promise<unknown>)[] = [];
  const stop = async (): Promise<void> => {
    for (let step = undo.pop(); step !== undefined; step = undo.pop()) await step();
  };
  try {
    const dataDir = await mkdtemp(join(tmpdir(), 'offhook-dashboard-'));
    undo.push(() => rm(dataDir, { recursive: true, force: true }));
    const hub = await startHubProcess(dataDir, { LOG_LEVEL: 'fatal' });
    undo.push(() => hub.kill('SIGTERM'));
    // What it prints is read by nobody, and a full pipe would stop it.
    hub.child.stdout?.resume();
    const traffic = startTraffic(hub);
    undo.push(() => traffic.stop());
    const browser = await launchBrowser();
    undo.push(() => browser.close());
    const cookie = await signIn(hub);
    const faults: string[] = [];

    const stand: Stand = {
      address: hub.address,
      apiKey: hub.apiKey,
      browser,
      traffic,
      faults,
      stop,
      async addReceiver() {
        const receiver = await startReceiver();
        undo.push(receiver.stop);
        await addWebhook(hub, receiver.url);
      },
      async openContext() {
        const {
          context,
          page,
          faults: found,
        } = await openPage(browser, {
          viewport: VIEWPORT,
          origin: new URL(hub.address).origin,
        });
        await page.close();
        context.once('close', () => faults.push(...found));
        await context.addCookies([{ ...cookie, url: hub.address, httpOnly: true, sameSite: 'Strict' }]);
        return context;
      },
      async open(path, given) {
        const context = given ?? (await stand.openContext());
        const page = await context.newPage();
        await page.goto(hub.address + path, { timeout: OPEN_MS_MAX });
        await page.locator('.connection[data-state=live]').first().waitFor({ timeout: OPEN_MS_MAX });
        await page.evaluate(PROBE);
        return page;
      },
    };
    return stand;
  } catch (error) {
    await stop();
    throw error;
  }
}

/** What the page's probe answers, as `offhookProbe.countFrames(1000)` in its own words. */
// oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- who asks says what the probe answers
export function askPage<Answer>(page: Page, question: string): Promise<Answer> {
  return page.evaluate<Answer>(`offhookProbe.${question}`);
}

export interface PageCosts {
  readonly scriptMs: number;
  readonly layoutMs: number;
  readonly styleMs: number;
  readonly taskMs: number;
  readonly heapMib: number;
  readonly nodes: number;
  readonly listeners: number;
}

/** What the browser has counted for a page. */
export async function watchCosts(
  page: Page,
): Promise<{ read(): Promise<PageCosts>; collect(): Promise<void> }> {
  const session: CDPSession = await page.context().newCDPSession(page);
  await session.send('Performance.enable');
  return {
    async read() {
      const { metrics } = await session.send('Performance.getMetrics');
      const value = (name: string): number => metrics.find((one) => one.name === name)?.value ?? Number.NaN;
      return {
        scriptMs: value('ScriptDuration') * 1_000,
        layoutMs: value('LayoutDuration') * 1_000,
        styleMs: value('RecalcStyleDuration') * 1_000,
        taskMs: value('TaskDuration') * 1_000,
        heapMib: value('JSHeapUsedSize') / 1_048_576,
        nodes: value('Nodes'),
        listeners: value('JSEventListeners'),
      };
    },
    async collect() {
      // Twice: what the first round lets go of may hold more.
      for (let round = 0; round < 2; round += 1) await session.send('HeapProfiler.collectGarbage');
    },
  };
}

async function signIn({
  address,
  apiKey,
}: HubAccess): Promise<{ readonly name: string; readonly value: string }> {
  const response = await fetch(`${address}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key: apiKey }),
  });
  await response.body?.cancel();
  if (response.status !== 201) throw new Error(`Not signed in: ${response.status}`);
  const [name = '', value = ''] =
    (response.headers.get('set-cookie') ?? '').split(';', 1)[0]?.split('=') ?? [];
  return { name, value };
}

async function startReceiver(): Promise<{ readonly url: string; stop(): Promise<void> }> {
  const server = http.createServer((request, response) => {
    request.resume();
    request.once('end', () => response.end());
  });
  server.keepAliveTimeout = 60_000;
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    url: `http://127.0.0.1:${(server.address() as AddressInfo).port}/hook`,
    stop: () =>
      new Promise((resolve) => {
        server.close(() => resolve());
        server.closeAllConnections();
      }),
  };
}
