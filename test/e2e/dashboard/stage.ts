/**
 * What every story of the dashboard stands on: one real hub, one Chromium, pages that are signed in, and after each
 * test the proof that no page did what no page may do.
 */
import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, vi } from 'vitest';
import type { Browser, BrowserContextOptions } from 'playwright-core';

import type { Settings } from '../../../hub/src/config/settings.ts';
import type { Hub } from '../../../hub/src/main.ts';
import { hasChromium, launchBrowser, openPage } from '../../support/browser.ts';
import type { Watched } from '../../support/browser.ts';
import { callApi } from '../../support/hub-client.ts';
import type { HubAccess } from '../../support/hub-client.ts';
import { makeDataDir, startHubHere } from '../../support/hub-process.ts';

export type Role = 'watch' | 'read' | 'write' | 'admin';

export interface OpenOptions extends BrowserContextOptions {
  /** Admin where nothing is said; null is nobody. */
  readonly role?: Role | null;
  /** A session of its own, so that what is revealed or signed out in it is so nowhere else. */
  readonly isFresh?: boolean;
  /** False: the page asks for things on other hosts, which is the test. */
  readonly isKeptHome?: boolean;
}

export interface Stage extends HubAccess {
  readonly browser: Browser;
  /** Gives back a page at this path, with the screens' navigation shown unless nobody is signed in. */
  open(path: string, options?: OpenOptions): Promise<Watched>;
  keyOf(role: Role): Promise<string>;
  /** A key nobody else uses, for tests that revoke it. */
  makeKey(role: Role, name?: string): Promise<{ readonly id: string; readonly key: string }>;
  // oxlint-disable-next-line typescript/no-unnecessary-type-parameters -- the test says what it expects to read
  call<Answer>(
    method: string,
    path: string,
    body?: unknown,
  ): Promise<{ readonly status: number; readonly body: Answer }>;
  /** Reports a status of a call by the API, as a platform does. */
  report(callId: string, status: string, more?: Readonly<Record<string, unknown>>): Promise<void>;
}

/**
 * A story is up to forty steps, each of which has a limit of its own. With twenty processes that wanted the same two
 * cores most took 2 to 6 s and that of analytics under axe 18 s, with fifty 5 to 23 s and 87 s.
 */
const STORY_MS_MAX = 120_000;

const PICTURES_FOLDER = join(import.meta.dirname, '../../../build/dashboard-stories');

/** Once per file, at its top. `hub: null`: the file starts hubs of its own and says with `use` which one is meant. */
export function setStage(
  settings: Partial<Settings> = {},
  options: {
    readonly browserArgs?: readonly string[];
    readonly hub?: null;
  } = {},
): Stage & { use(access: HubAccess): void } {
  vi.setConfig({ testTimeout: STORY_MS_MAX, hookTimeout: STORY_MS_MAX });
  let hub: Hub | null = null;
  let access: HubAccess | null = null;
  let browser: Browser | null = null;
  const opened: Watched[] = [];
  const keys = new Map<Role, string>();
  const cookies = new Map<string, string>();

  beforeAll(async () => {
    if (!hasChromium) return;
    browser = await launchBrowser(options.browserArgs);
    if (options.hub === null) return;
    hub = await startHubHere(makeDataDir(), settings);
    if (!hub.hasDashboard) throw new Error('The dashboard is not built: node scripts/dashboard.ts --lenient');
    access = hub;
  });

  afterEach(async ({ task }) => {
    const pages = opened.splice(0);
    const isFailed = task.result?.state === 'fail';
    const faults = pages.flatMap((one) => one.faults);
    if (isFailed || faults.length > 0) await takePictures(pages, task.name);
    await Promise.all(pages.map((one) => one.close().catch(() => undefined)));
    expect(faults, 'errors, CSP reports, dialogs, requests elsewhere').toEqual([]);
  });

  afterAll(async () => {
    await browser?.close();
    await hub?.stop();
  });

  const here = (): HubAccess => {
    if (access === null) throw new Error('The hub is not started yet.');
    return access;
  };

  const stage: Stage & { use(access: HubAccess): void } = {
    get address() {
      return here().address;
    },
    get apiKey() {
      return here().apiKey;
    },
    get browser() {
      if (browser === null) throw new Error('The browser is not started yet.');
      return browser;
    },
    use(next) {
      access = next;
      keys.clear();
      cookies.clear();
    },
    async open(path, { role = 'admin', isFresh = false, isKeptHome = true, ...more } = {}) {
      const { address } = here();
      const watched = await openPage(stage.browser, {
        ...more,
        origin: isKeptHome ? new URL(address).origin : undefined,
      });
      opened.push(watched);
      if (role === null) {
        await watched.page.goto(`${address}${path}`);
        return watched;
      }
      const cookie = isFresh
        ? await openSession(address, await stage.keyOf(role))
        : (cookies.get(role) ?? (await openSession(address, await stage.keyOf(role))));
      if (!isFresh) cookies.set(role, cookie);
      const [name = '', value = ''] = cookie.split('=');
      await watched.context.addCookies([{ name, value, url: address, httpOnly: true, sameSite: 'Strict' }]);
      await watched.page.goto(`${address}${path}`);
      await watched.page.locator('#main').waitFor();
      return watched;
    },
    async keyOf(role) {
      if (role === 'admin') return here().apiKey;
      const known = keys.get(role);
      if (known !== undefined) return known;
      const { key } = await stage.makeKey(role);
      keys.set(role, key);
      return key;
    },
    async makeKey(role, name = `a ${role} key`) {
      const { status, body } = await stage.call<{ id: string; key: string }>('POST', '/v1/keys', {
        name,
        scopes: [role],
      });
      if (status !== 201) throw new Error(`No key was made (${status}).`);
      return body;
    },
    call: (method, path, body) => callApi(here(), method, path, body),
    async report(callId, status, more = {}) {
      const answer = await stage.call<unknown>('PUT', `/v1/calls/${encodeURIComponent(callId)}/status`, {
        status,
        ...more,
      });
      if (![200, 202, 409].includes(answer.status))
        throw new Error(`The report was refused (${answer.status}): ${JSON.stringify(answer.body)}`);
    },
  };
  return stage;
}

/** As a browser signs in, without one: pages open faster with a cookie, and signing in has a story of its own. */
async function openSession(address: string, key: string): Promise<string> {
  const response = await fetch(`${address}/v1/session`, {
    method: 'POST',
    headers: { 'content-type': 'application/json' },
    body: JSON.stringify({ key }),
  });
  await response.body?.cancel();
  if (response.status !== 201) throw new Error(`Not signed in: ${response.status}`);
  return (response.headers.get('set-cookie') ?? '').split(';', 1)[0] ?? '';
}

async function takePictures(pages: readonly Watched[], name: string): Promise<void> {
  mkdirSync(PICTURES_FOLDER, { recursive: true });
  const base = name.replaceAll(/[^a-z\d]+/gi, '-').slice(0, 80);
  for (const [index, { page }] of pages.entries()) {
    await page
      .screenshot({ path: join(PICTURES_FOLDER, `${base}-${index}.png`), timeout: 5_000 })
      .catch(() => undefined);
  }
}
