/** Which pictures there are, and how one is taken: when what it shows has stood still for a moment. */
import { setTimeout as wait } from 'node:timers/promises';
import type { Browser, BrowserContextOptions, Page } from 'playwright-core';

import { openPage } from '../../test/support/browser.ts';
import { waitFor } from '../../test/support/wait-for.ts';

export const THEMES = ['light', 'dark'] as const;
export type PictureTheme = (typeof THEMES)[number];

export interface Picture {
  readonly name: string;
  readonly path: string;
  /** Of the screen that is to be seen. */
  readonly ready: string;
  readonly size: { readonly width: number; readonly height: number };
  readonly who: 'admin' | 'nobody' | { readonly key: string };
  /** What a person does before. */
  readonly act?: (page: Page) => Promise<void>;
}

const WIDE = { width: 1_440, height: 900 };
const PHONE = { width: 390, height: 844 };

export function listPictures(shown: {
  readonly callId: string;
  readonly deliveryId: string;
  readonly destinationId: string;
  readonly watchKey: string;
  readonly hubspot: { readonly token: string; readonly url: string };
}): readonly Picture[] {
  const wide = { size: WIDE, who: 'admin' } as const;
  const phone = { size: PHONE, who: 'admin' } as const;
  const call = `/calls/${shown.callId}`;
  return [
    { ...wide, name: 'sign-in', who: 'nobody', path: '/live', ready: '.sign-in' },
    { ...wide, name: 'live', path: '/live', ready: '.call-tile' },
    { ...wide, name: 'calls', path: '/calls', ready: '[data-row-key]' },
    { ...wide, name: 'errors', path: '/calls?tab=errors', ready: '[data-row-key], .error-group' },
    { ...wide, name: 'call', path: call, ready: '.story' },
    { ...wide, name: 'deliveries', path: `/deliveries?delivery=${shown.deliveryId}`, ready: '.drawer' },
    { ...wide, name: 'analytics', path: '/analytics?since=7d', ready: 'canvas' },
    {
      ...wide,
      name: 'analytics-week',
      path: '/analytics?since=7d',
      ready: 'canvas',
      act: (page) => scrollTo(page, 'Hours of the week'),
    },
    { ...wide, name: 'destinations', path: '/destinations', ready: '[data-row-key]' },
    { ...wide, name: 'destination', path: `/destinations/${shown.destinationId}`, ready: 'main h1' },
    { ...wide, name: 'kinds', path: '/destinations?new=choose', ready: '.kind' },
    {
      ...wide,
      name: 'kind',
      path: '/destinations?new=hubspot',
      ready: '.dialog form',
      act: (page) => checkHubspot(page, shown.hubspot),
    },
    { ...wide, name: 'events', path: '/settings?tab=events', ready: '[data-row-key]' },
    { ...wide, name: 'keys', path: '/settings?tab=keys', ready: '[data-row-key]' },
    { ...wide, name: 'audit', path: '/settings?tab=audit', ready: '[data-row-key]' },
    {
      ...wide,
      name: 'kiosk',
      who: { key: shown.watchKey },
      path: '/live?kiosk=1&scale=1.25',
      ready: '.call-tile',
    },
    { ...phone, name: 'live-narrow', path: '/live', ready: '.call-tile' },
    { ...phone, name: 'kind-narrow', path: '/destinations?new=redis', ready: '.dialog form' },
    { ...phone, name: 'call-narrow', path: call, ready: '.story' },
  ];
}

export interface Sitting {
  readonly address: string;
  /** Of one session for all pictures: the audit log has a picture too. */
  readonly cookie: { readonly name: string; readonly value: string };
  readonly timeZone: string;
}

/** PNG as the browser writes it. A context of its own: preferences of one theme must not reach the other. */
export async function takePicture(
  browser: Browser,
  sitting: Sitting,
  picture: Picture,
  theme: PictureTheme,
): Promise<Buffer> {
  const options: BrowserContextOptions = {
    viewport: picture.size,
    deviceScaleFactor: 1,
    colorScheme: theme,
    locale: 'en-GB',
    timezoneId: sitting.timeZone,
    reducedMotion: 'reduce',
  };
  const { page, context, faults } = await openPage(browser, {
    ...options,
    origin: new URL(sitting.address).origin,
  });
  try {
    if (picture.who === 'admin')
      await context.addCookies([
        { ...sitting.cookie, url: sitting.address, httpOnly: true, sameSite: 'Strict' },
      ]);
    const key = typeof picture.who === 'string' ? '' : `#key=${picture.who.key}`;
    await page.goto(`${sitting.address}${picture.path}${key}`);
    await page.locator(picture.ready).first().waitFor();
    await picture.act?.(page);
    await waitUntilStill(page);
    const image = await page.screenshot({ caret: 'hide', animations: 'disabled' });
    if (faults.length > 0) throw new Error(`${picture.name}: ${faults.join('; ')}`);
    return image;
  } finally {
    await context.close();
  }
}

/** Nothing loads, fonts are there, and charts have drawn; calls go on, so no picture is waited for to equal another. */
async function waitUntilStill(page: Page): Promise<void> {
  await waitFor(
    async () =>
      page.evaluate<boolean>(
        `document.querySelector('main [aria-busy=true], .skeleton-bar') === null && document.fonts.status === 'loaded'`,
      ),
    `all of ${page.url()}`,
  );
  await wait(STILL_MS);
}

const STILL_MS = 1_200;

async function scrollTo(page: Page, heading: string): Promise<void> {
  const box = await page.getByRole('heading', { name: heading }).first().boundingBox();
  await page.evaluate(`scrollTo({ top: scrollY + ${(box?.y ?? 0) - HEADING_PX} })`);
}

/** Below the bar, with the frame of its panel. */
const HEADING_PX = 90;

async function checkHubspot(
  page: Page,
  { token, url }: { readonly token: string; readonly url: string },
): Promise<void> {
  await page.getByLabel('Name').fill('Sales');
  await page.getByLabel('Access token').fill(token);
  await page.getByText('More settings').click();
  await page.getByLabel('API address').fill(url);
  await page.getByText('More settings').click();
  await page.getByRole('button', { name: 'Check connection' }).click();
  await page.locator('.test-answer').waitFor();
  await page.evaluate(`document.querySelector('.dialog-body').scrollTo(0, 0)`);
}
