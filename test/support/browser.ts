/** A real Chromium and pages in it that are signed in to a hub, for the stories of the dashboard. */
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Locator, Page, Request } from 'playwright-core';

import { waitFor } from './wait-for.ts';

const CHROMIUM_FILES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const chromiumFile = CHROMIUM_FILES.find((file) => existsSync(file));
/** For `describe.skipIf`: says why once, so that nobody takes the silence for a pass. */
export const hasChromium = chromiumFile !== undefined;
if (!hasChromium)
  console.warn(`Skipped for lack of Chromium (looked for ${CHROMIUM_FILES.join(', ')}): dashboard stories.`);

/** Of one step: a machine that runs other things too may take its time. */
export const STEP_MS_MAX = 15_000;

/** A single browser costs a second to start and 150 MB, so a test file shares one and opens contexts. */
export async function launchBrowser(more: readonly string[] = []): Promise<Browser> {
  if (chromiumFile === undefined) throw new Error('There is no Chromium on this machine.');
  return chromium.launch({
    executablePath: chromiumFile,
    args: [
      '--no-sandbox',
      '--disable-gpu',
      '--disable-quic',
      '--no-first-run',
      '--disable-background-networking',
      '--disable-component-update',
      '--disable-sync',
      ...more,
    ],
  });
}

/** What no page may do, collected from its beginning. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Uncaught errors, console errors, CSP reports, dialogs and requests to other hosts, as text. */
  readonly faults: string[];
  /** Every request of every page of the context. */
  readonly requests: readonly Request[];
  close(): Promise<void>;
}

export async function openPage(
  browser: Browser,
  options: BrowserContextOptions & {
    /** Requests that go anywhere else are faults. */
    readonly origin?: string | undefined;
  } = {},
): Promise<Watched> {
  const { origin, ...rest } = options;
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...rest });
  context.setDefaultTimeout(STEP_MS_MAX);
  const faults: string[] = [];
  const requests: Request[] = [];
  // As text, since this file is not type-checked against the browser's globals.
  await context.addInitScript({ content: REPORT_CSP });
  context.on('weberror', (error) => faults.push(`error: ${error.error().stack ?? error.error().message}`));
  context.on('console', (message) => {
    // A refused sign-in or a hub that is away is told by the browser as well as by the page.
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION/.test(message.text()))
      faults.push(`console: ${message.text()}`);
  });
  context.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  context.on('request', (request) => {
    requests.push(request);
    const { protocol, origin: target } = new URL(request.url());
    if (origin !== undefined && target !== origin && protocol !== 'blob:' && protocol !== 'data:')
      faults.push(`request to another host: ${request.url()}`);
  });
  const page = await context.newPage();
  return { page, context, faults, requests, close: () => context.close() };
}

const REPORT_CSP = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP: ' + event.violatedDirective + ' blocked ' + event.blockedURI + ' ' + event.sample))`;

/**
 * Keys of which one counts with the one before: typed on without waiting for the page, as fingers do. One after the
 * other they are as far apart as the page takes for each, and in time the first is forgotten.
 */
export async function pressInTurn(page: Page, ...keys: readonly string[]): Promise<void> {
  await Promise.all(keys.map((key) => page.keyboard.press(key)));
}

/** Waits until the text of what is shown says so; whitespace counts as one space. */
export async function seeText(
  locator: Locator,
  wanted: string | RegExp,
  limitMs = STEP_MS_MAX,
): Promise<string> {
  let last = '';
  const untilMs = performance.now() + limitMs;
  return waitFor(
    async () => {
      last = await locator
        .first()
        // Until it is there, or the time is over: a page that answers late has answered.
        .innerText({ timeout: Math.max(1, untilMs - performance.now()) })
        .then((text) => text.replaceAll(/\s+/g, ' ').trim())
        .catch(() => '(not there)');
      return (typeof wanted === 'string' ? last.includes(wanted) : wanted.test(last)) && last;
    },
    `text ${String(wanted)}`,
    limitMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message} There is: ${last.slice(0, 2_000)}`, { cause: error });
  });
}

export async function seeCount(locator: Locator, wanted: number, limitMs = STEP_MS_MAX): Promise<void> {
  let last = -1;
  await waitFor(
    async () => {
      last = await locator.count();
      return last === wanted;
    },
    `${wanted} of ${String(locator)}`,
    limitMs,
  ).catch((error: Error) => {
    throw new Error(`${error.message} There are ${last}.`, { cause: error });
  });
}

let axeSource: string | undefined;

export interface AxeViolation {
  readonly id: string;
  readonly impact: string | null;
  readonly targets: readonly string[];
}

/** axe-core comes in by the debugger, so that the page's own strict policy stays as it is. */
export async function findViolations(
  page: Page,
  /** Structure and names are the same in every scheme of colours; only colours have to be looked at in each. */
  what: 'everything' | 'colours' = 'everything',
): Promise<readonly AxeViolation[]> {
  axeSource ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  if (!(await page.evaluate<boolean>(`'axe' in globalThis`))) await page.evaluate(axeSource);
  return page.evaluate(async (runOnly) => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: unknown): Promise<{
          violations: {
            id: string;
            impact: string | null;
            nodes: { target: unknown[]; html: string; failureSummary?: string }[];
          }[];
        }>;
      };
    };
    const { violations } = await axe.run({
      resultTypes: ['violations'],
      runOnly,
    });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      targets: nodes.map(
        (node) =>
          `${node.target.join(' ')} ${node.html.slice(0, 160)} ${node.failureSummary?.slice(0, 300) ?? ''}`,
      ),
    }));
  }, AXE_RULES[what]);
}

const AXE_RULES = {
  everything: {
    type: 'tag',
    values: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
  },
  colours: { type: 'rule', values: ['color-contrast', 'link-in-text-block', 'target-size'] },
};
