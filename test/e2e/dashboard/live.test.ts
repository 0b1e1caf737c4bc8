/** The wall: calls come, tick and go while somebody looks. */
import { describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, pressInTurn, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { runOffhook } from '../../support/hub-process.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { keepSightings, readSighting } from './sightings.ts';
import { setStage } from './stage.ts';

const stage = setStage();

/** As the journal's clock and a person's eye agree on: the wall must show it within this. */
const SEEN_MS_MAX = 1_000;
/** A machine that stands still for a second delays one of them, a wall that is slow delays them all: the middle one counts. */
const SEEN_CALLS = 5;

function tile(page: Page, callId: string) {
  return page.locator(`[data-call-id="${callId}"]`);
}

function wallTile(page: Page, title: string) {
  return page.locator('.wall-tile').filter({ hasText: title });
}

/** Of a wall that turns every 3 s, however many pages its calls need. */
const PAGES_TURN_MS = 40_000;

async function openLive(path = '/live', role: 'admin' | 'watch' = 'admin') {
  const watched = await stage.open(path, { role });
  await waitFor(
    async () =>
      (await watched.page.locator('.connection[data-state=live]').count()) > 0 ||
      (await watched.page.locator('.kiosk').count()) > 0,
    'the live connection',
  );
  return watched;
}

describe.skipIf(!hasChromium)('the live screen', () => {
  it('shows a call within a second of its report, ticks, says how it ended, and takes it down', async () => {
    const { page } = await openLive();
    await keepSightings(page);
    const ids = Array.from({ length: SEEN_CALLS }, (_, index) => `ticking-${index + 1}`);
    const showEach = async (status: string, state: string, wanted: RegExp): Promise<number> => {
      const delaysMs: number[] = [];
      for (const id of ids) {
        await stage.report(id, status, {
          type: 'inbound_phone_call',
          phone_number: { number: '+31850835037', name: 'Support line' },
          customer: { number: '+31612345678' },
        });
        const reportedMs = Date.now();
        const { atMs, text } = await readSighting(page, id, state);
        expect(text).toMatch(wanted);
        delaysMs.push(atMs - reportedMs);
      }
      return delaysMs.toSorted((one, other) => one - other)[SEEN_CALLS >> 1] ?? Infinity;
    };
    expect(await showEach('in-progress', 'live', /Support line.*Inbound/s)).toBeLessThan(SEEN_MS_MAX);

    const time = tile(page, 'ticking-1').locator('.call-tile-time');
    const first = await time.innerText();
    await expect.poll(() => time.innerText()).not.toBe(first);

    expect(await showEach('ended', 'ended', /Ended/)).toBeLessThan(SEEN_MS_MAX * 2);
    await seeCount(page.locator('.call-tile'), 0);
  });

  it('shows the call of `offhook trigger lifecycle` come and go', async () => {
    const { page } = await openLive();
    await keepSightings(page);
    const { code, stderr } = await runOffhook(
      ['trigger', 'lifecycle', '--url', stage.address, '--override', 'call.id=triggered'],
      { OFFHOOK_API_KEY: stage.apiKey },
    );
    expect([code, stderr]).toEqual([0, '']);
    // Its end follows its start at once, so the wall may never have seen it live.
    await readSighting(page, 'triggered', 'ended');
    await seeCount(tile(page, 'triggered'), 0);
  });

  it('counts on the wall what is, and marks a tile by the thresholds that somebody set', async () => {
    for (let call = 1; call <= 4; call += 1) await stage.report(`counted-${call}`, 'in-progress');
    await stage.report('counted-4', 'ended-with-error', { error: 'LLM timeout after 30 s' });
    const { page } = await openLive();
    await seeText(wallTile(page, 'Active now'), /Active now 3 /);
    await seeText(wallTile(page, 'Error rate, 15 min'), /of \d+ ended/);
    expect(await wallTile(page, 'Active now').getAttribute('data-level')).toBe('good');

    await page.getByRole('button', { name: 'Thresholds' }).click();
    const dialog = page.getByRole('dialog', { name: 'Thresholds of the wall' });
    const group = dialog.getByRole('group', { name: 'Active calls from' });
    await group.getByLabel('Watch').fill('2');
    await group.getByLabel('Act now').fill('3');
    await dialog.getByRole('button', { name: 'Save' }).click();
    await seeText(wallTile(page, 'Active now'), 'Act now');
    expect(await wallTile(page, 'Active now').getAttribute('data-level')).toBe('alarm');
    await stage.report('counted-3', 'ended');
    await seeText(wallTile(page, 'Active now'), 'Watch');
    await page.reload();
    await seeText(wallTile(page, 'Active now'), 'Watch');
    for (const call of [1, 2]) await stage.report(`counted-${call}`, 'ended');
    await expect.poll(() => wallTile(page, 'Active now').getAttribute('data-level')).toBe('good');
  });

  it('groups errors by what they say, and leads to their calls', async () => {
    const { page } = await openLive();
    for (let call = 1; call <= 3; call += 1) {
      await stage.report(`grouped-${call}`, 'in-progress');
      await stage.report(`grouped-${call}`, 'ended-with-error', {
        error: `STT connection failed: request ${call}0${call} closed`,
      });
    }
    const entry = page.locator('.error-entry').filter({ hasText: 'STT connection failed' });
    await seeText(entry, '×3');
    await seeCount(entry, 1);
    await entry.getByRole('link').click();
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    await seeCount(page.locator('[data-row-key^="grouped-"]'), 3);
  });

  it('sorts and groups by the address, so that a link shows the same', async () => {
    for (const call of ['sorted-1', 'sorted-2'])
      await stage.report(call, 'in-progress', { phone_number: { number: '+31201234567', name: 'Sales' } });
    const { page } = await openLive();
    await tile(page, 'sorted-2').waitFor();
    const order = () =>
      page.evaluate(
        `[...document.querySelectorAll('[data-call-id^="sorted-"]')].map((e) => e.dataset.callId).join()`,
      );
    expect(await order()).toBe('sorted-1,sorted-2');
    await page.getByLabel('Order of calls').selectOption('newest');
    await expect.poll(order).toBe('sorted-2,sorted-1');
    await page.getByRole('switch', { name: 'By number' }).click();
    await page.getByRole('heading', { name: /Sales/ }).waitFor();
    expect(page.url()).toBe(`${stage.address}/live?sort=newest&group=number`);
    await page.goBack();
    await seeCount(page.getByRole('heading', { name: /Sales/ }), 0);
    for (const call of ['sorted-1', 'sorted-2']) await stage.report(call, 'ended');
  });

  it('counts what waits for a destination that does not answer', async () => {
    const receiver = await Receiver.start();
    await receiver.switchOff();
    const { id } = await addWebhook(stage, receiver.url);
    await stage.report('waiting', 'in-progress');
    const { page } = await openLive();
    await seeText(wallTile(page, 'Delivery backlog'), /Delivery backlog 1 oldest/);
    await stage.report('waiting', 'ended');
    await stage.call('DELETE', `/v1/destinations/${id}`);
    await seeText(wallTile(page, 'Delivery backlog'), 'nothing waits');
  });

  it('can be paused, says so, and catches up', async () => {
    const { page } = await openLive();
    await page.keyboard.press('r');
    await seeText(page.locator('.connection'), 'Paused');
    await stage.report('while-paused', 'in-progress');
    expect(await tile(page, 'while-paused').count()).toBe(0);
    await page.keyboard.press('r');
    await seeText(page.locator('.connection'), /Live · \d/);
    await tile(page, 'while-paused').waitFor();
    await stage.report('while-paused', 'ended');
    await tile(page, 'while-paused').waitFor({ state: 'detached' });
  });

  it('works by keyboard only: to a call, its page, and back', async () => {
    await stage.report('by-keys', 'in-progress');
    const { page } = await openLive('/calls');
    await pressInTurn(page, 'g', 'l');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
    await tile(page, 'by-keys').waitFor();
    // Straight to the content, past bar and navigation.
    await page.keyboard.press('Tab');
    for (let step = 0; step < 40; step += 1) {
      const href = await page.evaluate(`document.activeElement?.getAttribute('href')`);
      if (href === '/calls/by-keys') break;
      await page.keyboard.press('Tab');
    }
    await page.keyboard.press('Enter');
    await page.getByText('Still live').waitFor();
    expect(page.url()).toBe(`${stage.address}/calls/by-keys`);
    // Alt and the arrow belong to the window around the page, which there is none of here.
    await page.goBack();
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
    await stage.report('by-keys', 'ended');
  });
});

describe.skipIf(!hasChromium)('the wall screen', () => {
  it('opens by the address of a watch key: no navigation, no scroll, masked numbers, kept in its scale', async () => {
    const key = await stage.keyOf('watch');
    for (let call = 0; call < 60; call += 1)
      await stage.report(`wall-${call}`, 'in-progress', {
        phone_number: { number: '+31850835037', name: 'Support line' },
        customer: { number: `+316123456${10 + call}` },
      });
    const { page } = await stage.open(`/live?kiosk=1&scale=1.5&theme=dark&turn=3#key=${key}`, {
      role: null,
      viewport: { width: 1920, height: 1080 },
    });
    await page.locator('.call-tile').first().waitFor();
    expect(page.url()).not.toContain(key);
    await seeCount(page.getByRole('navigation'), 0);
    await seeCount(page.getByRole('button'), 0);
    expect(await page.content()).not.toMatch(/\+316123456|\+31 6 1234/);
    expect(
      await page.evaluate(`getComputedStyle(document.documentElement).getPropertyValue('--scale')`),
    ).toBe('1.5');
    expect(await page.evaluate(`getComputedStyle(document.documentElement).colorScheme`)).toBe('dark');
    const overflow = () =>
      page.evaluate(`[document.documentElement.scrollHeight - innerHeight, document.documentElement.scrollWidth - innerWidth]
        .map((excess) => Math.max(0, excess)).join()`);
    await expect.poll(overflow).toBe('0,0');
    // What does not scroll must not be cut off either: the numbers stand whole, and no tile is half one.
    await seeText(wallTile(page, 'Active now'), '60');
    const cutOff = () =>
      page.evaluate(`[...document.querySelectorAll('.wall, .call-tile')].filter((one) => {
        const { bottom, height } = one.getBoundingClientRect();
        const frame = one.closest('.live-fitted') ?? document.documentElement;
        return height < 60 || bottom > frame.getBoundingClientRect().bottom + 1;
      }).length`);
    await expect.poll(cutOff).toBe(0);

    // Read together: between two readings the page may turn.
    const readPage = () =>
      page.evaluate<readonly [string | undefined, string | undefined]>(`[
        /page (\\d+) of \\d/.exec(document.querySelector('main').innerText)?.[1],
        document.querySelector('.call-tile')?.dataset.callId,
      ]`);
    const firstOfPage = new Map<string, string>();
    await waitFor(
      async () => {
        const [number, callId] = await readPage();
        if (number !== undefined && callId !== undefined) firstOfPage.set(number, callId);
        return firstOfPage.has('1') && firstOfPage.has('2');
      },
      'pages 1 and 2',
      PAGES_TURN_MS,
    );
    expect(firstOfPage.get('2')).not.toBe(firstOfPage.get('1'));
    for (let call = 0; call < 60; call += 1) await stage.report(`wall-${call}`, 'ended');
    await seeText(page.locator('main'), 'No call is active', 20_000);
  });
});
