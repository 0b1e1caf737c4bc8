/** How things look is the person's choice: times, theme, density, keys; and where the focus is, is never a riddle. */
import { describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, pressInTurn, seeCount, seeText } from '../../support/browser.ts';
import { setStage } from './stage.ts';

const stage = setStage();

const SCREENS = [
  ['l', '/live', 'Live'],
  ['c', '/calls', 'Calls'],
  ['d', '/deliveries', 'Deliveries'],
  ['a', '/analytics', 'Analytics'],
  ['s', '/destinations', 'Destinations'],
  ['e', '/settings', 'Settings'],
] as const;

async function chooseDisplay(page: Page, choice: string): Promise<void> {
  await page.getByRole('button', { name: 'Display' }).click();
  await page.getByRole('radio', { name: choice, exact: true }).check();
  await page.keyboard.press('Escape');
}

describe.skipIf(!hasChromium)('what is shown and how', () => {
  it('times follow the zone that was chosen, at once and after a reload', async () => {
    await stage.report('timed', 'in-progress', { timestamp: '2025-12-13T12:00:00.000Z' });
    const { page } = await stage.open('/calls/timed', { timezoneId: 'Asia/Kolkata' });
    await seeText(page.locator('.facts'), '13 Dec 2025, 17:30:00');
    await chooseDisplay(page, 'UTC');
    await seeText(page.locator('.facts'), '13 Dec 2025, 12:00:00');
    await page.reload();
    await seeText(page.locator('.facts'), '13 Dec 2025, 12:00:00');
    await chooseDisplay(page, 'Local time');
    await seeText(page.locator('.facts'), '13 Dec 2025, 17:30:00');
    // Relative times have the absolute one beside them for whoever hears or hovers.
    await page.goto(`${stage.address}/settings?tab=keys`);
    await seeText(page.locator('[data-row-key] time').first(), /ago|now/);
    expect(await page.locator('[data-row-key] time').first().textContent()).toMatch(/\d{4}, \d\d:\d\d:\d\d/);
  });

  it('theme and density stay, in all tabs', async () => {
    const { page, context } = await stage.open('/calls', { colorScheme: 'light' });
    const other = await context.newPage();
    await other.goto(`${stage.address}/live`);
    const scheme = (one: Page) => one.evaluate(`getComputedStyle(document.documentElement).colorScheme`);
    const rowHeight = () =>
      page
        .locator('[data-row-key]')
        .first()
        .evaluate((row: unknown) => (row as { offsetHeight: number }).offsetHeight);
    const roomy = await rowHeight();
    await chooseDisplay(page, 'Dark');
    await expect.poll(() => scheme(page)).toBe('dark');
    await expect.poll(() => scheme(other)).toBe('dark');
    await chooseDisplay(page, 'Compact');
    await expect.poll(rowHeight).toBeLessThan(roomy);
    await page.reload();
    await page.locator('[data-row-key]').first().waitFor();
    expect(await scheme(page)).toBe('dark');
    expect(await rowHeight()).toBeLessThan(roomy);
    await page.keyboard.press('t');
    await expect.poll(() => scheme(page)).not.toBe('dark');
  });

  it('every screen has its key, its title, and takes the focus', async () => {
    const { page } = await stage.open('/settings');
    const titles = new Set<string>();
    for (const [key, path, title] of SCREENS) {
      await pressInTurn(page, 'g', key);
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      expect(new URL(page.url()).pathname).toBe(path);
      titles.add(await page.title());
      expect(await page.evaluate(`document.activeElement.id`)).toBe('main');
    }
    expect(titles.size).toBe(SCREENS.length);
    expect([...titles].every((title) => title.endsWith(' · Offhook'))).toBe(true);
  });

  it('a page that was reached from a drawer takes the focus too, which the drawer had to itself', async () => {
    await stage.report('drawn', 'in-progress');
    const { page } = await stage.open('/calls');
    await page.getByRole('button', { name: 'Preview call drawn' }).click();
    await page.getByRole('dialog').getByRole('link', { name: 'Open as a page' }).click();
    await seeText(page.getByRole('heading', { level: 1 }), 'drawn');
    await expect.poll(() => page.evaluate(`document.activeElement.id`)).toBe('main');
  });

  it('single keys do nothing in fields, and nothing at all once they are switched off', async () => {
    const { page } = await stage.open('/calls');
    await page.getByRole('combobox', { name: 'Filter calls' }).click();
    await page.keyboard.type('gl r t ?');
    expect(new URL(page.url()).pathname).toBe('/calls');
    await seeText(page.locator('.connection'), 'Live');
    await page.goto(`${stage.address}/calls`);
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    await page.keyboard.press('?');
    const help = page.getByRole('dialog', { name: /shortcuts|help/i });
    await help.getByRole('switch').click();
    await page.keyboard.press('Escape');
    await help.waitFor({ state: 'detached' });
    for (const key of ['g', 'l', 'r', 't', '?', '/', 'j']) await page.keyboard.press(key);
    expect(new URL(page.url()).pathname).toBe('/calls');
    await seeText(page.locator('.connection'), 'Live');
    await seeCount(page.getByRole('dialog'), 0);
    await page.reload();
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    await pressInTurn(page, 'g', 'l');
    expect(new URL(page.url()).pathname).toBe('/calls');
    // With a modifier it is no single key.
    await page.keyboard.press('Control+k');
    await page.getByRole('dialog', { name: 'Command palette' }).waitFor();
  });

  it('the palette goes anywhere, finds a call by its id, and gives the focus back', async () => {
    await stage.report('found by id', 'in-progress');
    const { page } = await stage.open('/live');
    await page.keyboard.press('Control+k');
    const palette = page.getByRole('dialog', { name: 'Command palette' });
    await page.keyboard.type('analy');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Analytics', level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await palette.waitFor();
    await page.keyboard.type('found-by');
    await page.keyboard.press('Escape');
    await palette.waitFor({ state: 'detached' });
    expect(await page.evaluate(`document.activeElement.id`)).toBe('main');
  });

  it('a page that does not exist says so, and leads on', async () => {
    const { page } = await stage.open('/calls/a/b/c');
    await seeText(page.locator('#main'), /no such page|not found|nothing here/i);
    await seeText(page.locator('#main'), 'Live');
  });
});
