/** Every screen, drawer and main dialog: no violation that axe finds, in each scheme of colours, wide and narrow. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { findViolations, hasChromium } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage();
let receiver: Receiver;
let destinationId = '';

const FACTS = {
  type: 'inbound_phone_call',
  phone_number: { number: '+31850835037', name: 'Support line' },
  customer: { number: '+31612345678' },
};

beforeAll(async () => {
  if (!hasChromium) return;
  receiver = await Receiver.start();
  receiver.answer = (arrival) => (arrival.callId.startsWith('failed') ? 500 : 200);
  ({ id: destinationId } = await addWebhook(stage, receiver.url, { name: 'CRM', retry_schedule_s: [0.1] }));
  const { id: paused } = await addWebhook(stage, receiver.url, { name: 'Held' });
  await stage.call('POST', `/v1/destinations/${paused}/pause`, { reason: 'moving' });
  for (const call of ['ended-1', 'ended-2', 'failed-1', 'failed-2', 'live-1', 'live-2'])
    await stage.report(call, 'in-progress', FACTS);
  for (const call of ['ended-1', 'ended-2', 'ended-2'])
    await stage.report(call, 'ended', { end_reason: 'user_hangup' });
  for (const call of ['failed-1', 'failed-2'])
    await stage.report(call, 'ended-with-error', { error: 'LLM timeout after 30 s' });
  await stage.report('ended-1', 'ended-with-error', { error: 'too late' });
  await stage.call('PUT', '/v1/phone-numbers/%2B31850835037', { name: 'Support line' });
  await stage.makeKey('watch', 'Wall');
  await waitFor(() => receiver.arrivals.length >= 10, 'the deliveries');
});
afterAll(() => receiver?.switchOff());

const SCHEMES = [
  ['light', { colorScheme: 'light', forcedColors: 'none' }],
  ['dark', { colorScheme: 'dark', forcedColors: 'none' }],
  ['forced colours', { colorScheme: 'dark', forcedColors: 'active' }],
] as const;
const WIDTHS = [1440, 320] as const;

interface View {
  readonly name: string;
  readonly path: string;
  readonly ready: (page: Page) => Promise<unknown>;
}

function press(role: 'button' | 'link', name: string | RegExp) {
  return (page: Page) => page.getByRole(role, { name }).first().click();
}

const VIEWS: readonly View[] = [
  { name: 'live', path: '/live', ready: (page) => page.locator('.call-tile').first().waitFor() },
  {
    name: 'live, grouped',
    path: '/live?group=number',
    ready: (page) => page.locator('.call-group').first().waitFor(),
  },
  {
    name: 'wall screen',
    path: '/live?kiosk=1',
    ready: (page) => page.locator('.call-tile').first().waitFor(),
  },
  {
    name: 'thresholds',
    path: '/live',
    async ready(page) {
      await press('button', 'Thresholds')(page);
      await page.getByRole('dialog').waitFor();
    },
  },
  { name: 'calls', path: '/calls', ready: (page) => page.locator('[data-row-key]').first().waitFor() },
  {
    name: 'calls, nothing matches',
    path: '/calls?q=state:failed+error:nothing',
    ready: (page) => page.getByText('No calls match').waitFor(),
  },
  {
    name: 'calls, the filter at work',
    path: '/calls?q=state:failed',
    async ready(page) {
      await page.locator('[data-row-key]').first().waitFor();
      await page.getByRole('combobox', { name: 'Filter calls' }).fill('sta');
      await page.getByRole('listbox').waitFor();
    },
  },
  {
    name: 'drawer of a call',
    path: '/calls?call=failed-1',
    ready: (page) => page.getByRole('dialog').locator('.story-entry').first().waitFor(),
  },
  {
    name: 'errors',
    path: '/calls?tab=errors',
    ready: (page) => page.locator('.error-group').first().waitFor(),
  },
  {
    name: 'one call',
    path: '/calls/failed-1',
    async ready(page) {
      await page.locator('.story-entry').first().waitFor();
      await press('button', 'Body as sent')(page);
      await page.locator('.json-body').first().waitFor();
    },
  },
  {
    name: 'end a call by hand',
    path: '/calls/live-1',
    async ready(page) {
      await press('button', 'End with error…')(page);
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'deliveries',
    path: '/deliveries',
    ready: (page) => page.locator('[data-row-key]').first().waitFor(),
  },
  {
    name: 'drawer of a delivery',
    path: '/deliveries?tab=failed',
    async ready(page) {
      await page.locator('[data-row-key] .table-link').first().click();
      await page.getByRole('heading', { name: 'Attempts' }).waitFor();
    },
  },
  {
    name: 'bulk retry',
    path: '/deliveries?tab=failed',
    async ready(page) {
      await press('button', 'Retry all matching…')(page);
      await page.getByRole('table', { name: 'What would be sent' }).waitFor();
    },
  },
  {
    name: 'analytics',
    path: '/analytics?since=1h',
    async ready(page) {
      await page.locator('canvas').first().waitFor();
      await page.getByRole('figure', { name: 'Top errors' }).getByRole('link').first().waitFor();
    },
  },
  {
    name: 'data quality by source',
    path: '/analytics?since=1h#source-quality',
    async ready(page) {
      await page.getByRole('figure', { name: 'Data quality by source' }).getByRole('row').nth(1).waitFor();
    },
  },
  {
    name: 'analytics as a table',
    path: '/analytics?since=1h',
    async ready(page) {
      await page.locator('canvas').first().waitFor();
      // One stands for all: they are one component, and six tables of hundreds of rows take axe half a minute.
      await press('button', 'View as table')(page);
    },
  },
  {
    name: 'destinations',
    path: '/destinations',
    ready: (page) => page.locator('[data-row-key]').first().waitFor(),
  },
  {
    name: 'kinds of destinations',
    path: '/destinations?new=choose',
    ready: (page) =>
      page
        .getByRole('dialog')
        .getByRole('link', { name: /^Webhook/ })
        .waitFor(),
  },
  {
    name: 'new destination',
    path: '/destinations?new=webhook',
    async ready(page) {
      await page.getByText('More settings').click();
      await press('button', /^Add destination$/)(page).catch(() => undefined);
      await page.getByRole('dialog').locator('.field-error').first().waitFor();
    },
  },
  {
    name: 'new destination of a CRM',
    path: '/destinations?new=salesforce',
    async ready(page) {
      await page.getByText('More settings').click();
      await press('button', /^Add destination$/)(page);
      await page.getByRole('dialog').locator('.field-error').first().waitFor();
    },
  },
  {
    name: 'one destination',
    path: '/destinations/{id}',
    async ready(page) {
      await press('button', 'Send ended')(page);
      await page.locator('.test-answer').waitFor();
    },
  },
  {
    name: 'rotate',
    path: '/destinations/{id}',
    async ready(page) {
      await press('button', 'Rotate')(page);
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'delete a destination',
    path: '/destinations/{id}',
    async ready(page) {
      await press('button', 'Delete')(page);
      await page.getByRole('dialog').waitFor();
    },
  },
  ...['sources', 'numbers', 'keys', 'accounts', 'audit', 'events', 'system'].map((tab) => ({
    name: `settings, ${tab}`,
    path: `/settings?tab=${tab}`,
    ready: (page: Page) => page.locator('.settings [data-row-key], .settings .fact').first().waitFor(),
  })),
  {
    name: 'a new key',
    path: '/settings?tab=keys',
    async ready(page) {
      await press('button', 'Make a key')(page);
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'the palette',
    path: '/live',
    async ready(page) {
      await page.locator('.call-tile').first().waitFor();
      await page.keyboard.press('Control+k');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'help',
    path: '/live',
    async ready(page) {
      await page.locator('.call-tile').first().waitFor();
      await page.keyboard.press('?');
      await page.getByRole('dialog').waitFor();
    },
  },
  {
    name: 'menus of the bar',
    path: '/live',
    async ready(page) {
      await page.locator('.call-tile').first().waitFor();
      await press('button', /^Signed in as/)(page);
      await page.getByRole('button', { name: 'Sign out' }).waitFor();
    },
  },
  {
    name: 'no such page',
    path: '/calls/a/b',
    ready: (page) => page.getByText('There is no such page').waitFor(),
  },
];

/** Colours that are on their way from one scheme to the other are neither's. */
const SETTLE = `(async () => {
  for (let frame = 0; frame < 3; frame += 1) await new Promise((resolve) => requestAnimationFrame(resolve));
  await Promise.allSettled(document.getAnimations().filter((one) => one.effect?.getComputedTiming().iterations !== Infinity).map((one) => one.finished));
})()`;

async function expectNoViolations(page: Page, what: string): Promise<void> {
  const found: string[] = [];
  for (const width of WIDTHS) {
    await page.setViewportSize({ width, height: 900 });
    for (const [index, [scheme, media]] of SCHEMES.entries()) {
      await page.emulateMedia({ ...media, reducedMotion: 'reduce' });
      await page.evaluate(SETTLE);
      const violations = await findViolations(page, index === 0 ? 'everything' : 'colours');
      found.push(
        ...violations.map(({ id, targets }) => `${what}, ${scheme}, ${width}: ${id}: ${targets.join(' | ')}`),
      );
    }
    const excess = await page.evaluate<number>(
      `Math.max(0, document.documentElement.scrollWidth - document.documentElement.clientWidth)`,
    );
    if (excess > 0) found.push(`${what}, ${width}: scrolls sideways by ${excess} px`);
  }
  expect(found).toEqual([]);
}

describe.skipIf(!hasChromium)('accessibility', () => {
  it('signing in', async () => {
    const { page } = await stage.open('/live', { role: null, viewport: { width: 1440, height: 900 } });
    await page.getByLabel('API key').fill('wrong_wrong_wrong_wrong_wrong');
    await page.keyboard.press('Enter');
    await page.locator('.field-error').waitFor();
    await page.getByText('Where do I find my key?').click();
    await expectNoViolations(page, 'sign-in');
  });

  it.each(VIEWS)('$name', async ({ name, path, ready }) => {
    const { page } = await stage.open(path.replace('{id}', destinationId), {
      viewport: { width: 1440, height: 900 },
      reducedMotion: 'reduce',
    });
    await ready(page);
    await expectNoViolations(page, name);
  });

  it('nothing moves for whoever asked for it', async () => {
    const { page } = await stage.open('/live', { reducedMotion: 'reduce' });
    await page.locator('.call-tile').first().waitFor();
    const moving = await page.evaluate(
      `document.getAnimations().filter((one) => one.playState === 'running' && (one.effect?.getComputedTiming().duration ?? 0) > 1).length`,
    );
    expect(moving).toBe(0);
  });

  it('every stop of the keyboard can be seen', async () => {
    for (const path of [
      '/live',
      '/calls',
      '/deliveries',
      '/destinations',
      '/settings?tab=keys',
      '/calls/failed-1',
    ]) {
      const { page } = await stage.open(path, { viewport: { width: 1440, height: 900 } });
      await page.locator('.call-tile, [data-row-key], .story-entry').first().waitFor();
      for (let step = 0; step < 15; step += 1) {
        await page.keyboard.press('Tab');
        const seen = (await page.evaluate(FOCUS_SHOWN)) as { name: string; isShown: boolean };
        expect(seen, `${path}, stop ${step}`).toMatchObject({ isShown: true });
      }
    }
  });
});

const FOCUS_SHOWN = `(() => {
  const one = document.activeElement;
  if (one === null || one === document.body) return { name: 'body', isShown: true };
  const shown = [one, one.parentElement, one.closest('label'), one.closest('tr'), one.closest('li'), one.closest('.filter-box')].some((each) => {
    if (each === null) return false;
    return ['', '::after', '::before'].some((pseudo) => {
      const style = getComputedStyle(each, pseudo === '' ? null : pseudo);
      return (style.outlineStyle !== 'none' && parseFloat(style.outlineWidth) >= 1) || style.boxShadow !== 'none';
    });
  });
  return { name: one.outerHTML.slice(0, 100), isShown: shown };
})()`;
