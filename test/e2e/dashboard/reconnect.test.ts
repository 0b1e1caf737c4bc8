/** The hub dies, is away, comes back; tabs come and go. Nobody reloads anything, and no row is lost. */
import { afterEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, seeText } from '../../support/browser.ts';
import { makeDataDir, startHubProcess } from '../../support/hub-process.ts';
import type { HubProcess } from '../../support/hub-process.ts';
import { findFreePort } from '../../support/free-port.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage({}, { hub: null });
let hub: HubProcess | null = null;

/** The longer the hub is away, the longer a page waits between two tries: 15 s and a quarter of it at most. */
const BACK_MS_MAX = 30_000;

async function startStage(): Promise<{ restart(): Promise<void> }> {
  const dataDir = makeDataDir();
  hub = await startHubProcess(dataDir, {}, String(await findFreePort()));
  stage.use(hub);
  const { apiKey, address } = hub;
  return {
    async restart() {
      hub = await startHubProcess(dataDir, { OFFHOOK_API_KEY: apiKey }, new URL(address).port);
    },
  };
}

afterEach(async () => {
  await hub?.kill('SIGKILL');
  hub = null;
});

function pill(page: Page) {
  return page.locator('.connection');
}

/** Whether the page is still the one that was opened: a mark that a reload would wipe off. */
async function markPage(page: Page): Promise<void> {
  await page.evaluate(`globalThis.isStillTheSame = true`);
}

async function expectSamePage(page: Page): Promise<void> {
  expect(await page.evaluate(`globalThis.isStillTheSame`)).toBe(true);
}

async function readShownIds(page: Page, prefix: string): Promise<readonly string[]> {
  const ids = (await page.evaluate(
    `[...document.querySelectorAll('[data-row-key^="${prefix}"], [data-call-id^="${prefix}"]')]
      .map((one) => one.dataset.rowKey ?? one.dataset.callId)`,
  )) as string[];
  return ids.toSorted();
}

async function readCallIds(q: string): Promise<readonly string[]> {
  const { body } = await stage.call<{ data: { id: string }[] }>(
    'GET',
    `/v1/calls?limit=200&q=${encodeURIComponent(q)}`,
  );
  return body.data.map((call) => call.id).toSorted();
}

function countStreams(requests: readonly { url(): string }[]): number {
  return requests.filter((request) => request.url().includes('/v1/stream')).length;
}

describe.skipIf(!hasChromium)('a hub that dies', () => {
  it('in the middle of traffic and is started again: the pill says so, no row is lost, nobody reloads or signs in', async () => {
    const ground = await startStage();
    const live = await stage.open('/live');
    const calls = await stage.open('/calls');
    await seeText(pill(live.page), /Live · /);
    await seeText(pill(calls.page), /Live · /);
    await Promise.all([markPage(live.page), markPage(calls.page)]);

    let reported = 0;
    const accepted: string[] = [];
    let isOver = false;
    // As a platform does: again until it is taken.
    const traffic = (async () => {
      while (!isOver && reported < 40) {
        const id = `kept-${String(reported).padStart(2, '0')}`;
        try {
          await stage.report(id, 'in-progress');
          if (reported % 2 === 0) await stage.report(id, 'ended');
          accepted.push(id);
          reported += 1;
        } catch {
          await new Promise((resolve) => {
            setTimeout(resolve, 50);
          });
        }
      }
    })();
    await waitFor(() => reported >= 10, 'ten calls');
    await hub?.kill('SIGKILL');
    await seeText(pill(live.page), 'Reconnecting');
    await seeText(pill(calls.page), 'Reconnecting');
    await ground.restart();
    await traffic;
    isOver = true;
    await seeText(pill(live.page), /Live · /, BACK_MS_MAX);
    await seeText(pill(calls.page), /Live · /, BACK_MS_MAX);
    expect(accepted).toHaveLength(40);

    const all = await readCallIds('');
    expect(all).toHaveLength(40);
    await waitFor(
      async () => (await readShownIds(calls.page, 'kept-')).join() === all.join(),
      'all rows are shown',
    );
    const alive = await readCallIds('state:live');
    await waitFor(
      async () => (await readShownIds(live.page, 'kept-')).join() === alive.join(),
      'the wall shows what is live',
    );
    await expectSamePage(live.page);
    await expectSamePage(calls.page);
  });

  it('and is away for long says so for as long, and goes on when it is back; what is open stays readable', async () => {
    const ground = await startStage();
    await stage.report('before', 'in-progress');
    const { page } = await stage.open('/calls/before');
    await seeText(pill(page), /Live · /);
    await page.getByText('Still live').waitFor();
    await markPage(page);
    await hub?.kill('SIGKILL');
    await seeText(pill(page), 'Reconnecting');
    // Nothing was heard for as long as a hub that is there never is silent.
    await seeText(pill(page), /Stale \d\d+ s/, 30_000);
    await page.getByText('Still live').waitFor();
    // What was not fetched yet cannot be, neither data nor a screen: it says so instead of hanging.
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await page.getByText('The hub cannot be reached').first().waitFor();
    await page.getByRole('link', { name: 'Analytics', exact: true }).click();
    await page.getByText('This part of the page could not be loaded').waitFor();
    await page.goBack();
    await page.goBack();
    await ground.restart();
    await stage.report('before', 'ended');
    await seeText(pill(page), /Live · /, BACK_MS_MAX);
    await seeText(page.locator('.page-head'), 'Ended');
    // A screen is asked for again by whoever comes to it.
    await page.getByRole('link', { name: 'Analytics', exact: true }).click();
    await page.getByRole('list', { name: 'Numbers of the range' }).waitFor();
    await expectSamePage(page);
  });
});

describe.skipIf(!hasChromium)('tabs of one browser', () => {
  it('share one stream; when the one that reads it is closed another goes on', async () => {
    await startStage();
    const { page, context, requests } = await stage.open('/live');
    await seeText(pill(page), /Live · /);
    const second = await context.newPage();
    await second.goto(`${stage.address}/live`);
    await seeText(pill(second), /Live · /);
    expect(countStreams(requests)).toBe(1);
    await stage.report('shared', 'in-progress');
    for (const tab of [page, second]) await tab.locator('[data-call-id="shared"]').waitFor();
    await page.close();
    await stage.report('after-close', 'in-progress');
    await second.locator('[data-call-id="after-close"]').waitFor();
    await waitFor(() => countStreams(requests) === 2, 'the second tab opened the stream');
    await seeText(pill(second), /Live · /);
  });

  it('that is hidden pauses, and catches up when it is looked at again', async () => {
    await startStage();
    const { page, requests } = await stage.open('/live', { isFresh: true });
    await page.clock.install();
    await page.reload();
    await seeText(pill(page), /Live · /);
    // The first may have come with the list that is read at the beginning; the second comes by the stream.
    for (const callId of ['while-shown', 'while-shown-too']) {
      await stage.report(callId, 'in-progress');
      await page.locator(`[data-call-id="${callId}"]`).waitFor();
    }
    const before = countStreams(requests);
    await page.evaluate(HIDE);
    await page.clock.fastForward(31_000);
    await seeText(pill(page), 'Paused');
    await stage.report('while-hidden', 'in-progress');
    expect(await page.locator('[data-call-id="while-hidden"]').count()).toBe(0);
    await page.evaluate(SHOW);
    await page.locator('[data-call-id="while-hidden"]').waitFor();
    await waitFor(() => countStreams(requests) === before + 1, 'the stream was opened again');
    const last = requests.findLast((request) => request.url().includes('/v1/stream'));
    expect(await last?.headerValue('last-event-id')).toMatch(/^\d+$/);
  });
});

/** Chromium without a window never hides a tab by itself. */
const HIDE = `(() => {
  Object.defineProperty(document, 'hidden', { configurable: true, get: () => true });
  Object.defineProperty(document, 'visibilityState', { configurable: true, get: () => 'hidden' });
  document.dispatchEvent(new Event('visibilitychange'));
})()`;
const SHOW = `(() => {
  delete document.hidden;
  delete document.visibilityState;
  document.dispatchEvent(new Event('visibilitychange'));
})()`;
