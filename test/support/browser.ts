/** A real Chromium and pages in it that are signed in to a hub, for the stories of the dashboard. */
import { createRequire } from 'node:module';
import { existsSync, readFileSync } from 'node:fs';
import { chromium } from 'playwright-core';
import type { Browser, BrowserContext, BrowserContextOptions, Page } from 'playwright-core';

const CHROMIUM_FILES = ['/usr/bin/chromium', '/usr/bin/chromium-browser', '/usr/bin/google-chrome'];
export const chromiumFile = CHROMIUM_FILES.find((file) => existsSync(file));
/** For `describe.skipIf`: says why once, so that nobody takes the silence for a pass. */
export const hasChromium = chromiumFile !== undefined;
if (!hasChromium)
  console.warn(`Skipped for lack of Chromium (looked for ${CHROMIUM_FILES.join(', ')}): dashboard stories.`);

/** A single browser costs a second to start and 150 MB, so a test file shares one and opens contexts. */
export async function launchBrowser(): Promise<Browser> {
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
    ],
  });
}

/** What no page may do, collected from its beginning. */
export interface Watched {
  readonly page: Page;
  readonly context: BrowserContext;
  /** Uncaught errors, console errors, CSP reports and dialogs, as text. */
  readonly faults: string[];
  close(): Promise<void>;
}

export async function openPage(browser: Browser, options: BrowserContextOptions = {}): Promise<Watched> {
  const context = await browser.newContext({ viewport: { width: 1280, height: 800 }, ...options });
  const faults: string[] = [];
  // As text, since this file is not type-checked against the browser's globals.
  await context.addInitScript({ content: REPORT_CSP });
  const page = await context.newPage();
  page.on('pageerror', (error) => faults.push(`error: ${error.message}`));
  page.on('console', (message) => {
    // A refused sign-in or a hub that is away is told by the browser as well as by the page.
    if (message.type() === 'error' && !/Failed to load resource|ERR_CONNECTION/.test(message.text()))
      faults.push(`console: ${message.text()}`);
  });
  page.on('dialog', (dialog) => {
    faults.push(`dialog: ${dialog.message()}`);
    void dialog.dismiss();
  });
  return { page, context, faults, close: () => context.close() };
}

const REPORT_CSP = `document.addEventListener('securitypolicyviolation', (event) =>
  console.error('CSP: ' + event.violatedDirective + ' blocked ' + event.blockedURI + ' ' + event.sample))`;

/** Opens a screen as the start line's address does: the key stands in the fragment. */
export async function signIn(page: Page, address: string, key: string, path = '/live'): Promise<void> {
  await page.goto(`${address}${path}#key=${key}`);
  await page.getByRole('navigation', { name: 'Main' }).first().waitFor();
}

let axeSource: string | undefined;

export interface AxeViolation {
  readonly id: string;
  readonly impact: string | null;
  readonly targets: readonly string[];
}

/** Runs axe-core in an isolated world, so that the page's own strict policy stays as it is. */
export async function findViolations(page: Page): Promise<readonly AxeViolation[]> {
  axeSource ??= readFileSync(createRequire(import.meta.url).resolve('axe-core/axe.min.js'), 'utf8');
  await page.evaluate(axeSource);
  return page.evaluate(async () => {
    const { axe } = globalThis as unknown as {
      axe: {
        run(options: unknown): Promise<{
          violations: { id: string; impact: string | null; nodes: { target: unknown[]; html: string }[] }[];
        }>;
      };
    };
    const { violations } = await axe.run({
      runOnly: ['wcag2a', 'wcag2aa', 'wcag21a', 'wcag21aa', 'wcag22aa', 'best-practice'],
    });
    return violations.map(({ id, impact, nodes }) => ({
      id,
      impact,
      targets: nodes.map((node) => `${node.target.join(' ')} ${node.html.slice(0, 160)}`),
    }));
  });
}
