/** What happened, as numbers and pictures that agree with each other and with the API. */
import { readFile } from 'node:fs/promises';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';

import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage();
let receiver: Receiver | null = null;

const ENDED = 12;
const FAILED = 4;
const LIVE = 3;

interface Statistics {
  readonly totals: { readonly connected: number; readonly ended: number; readonly failed: number };
  readonly slots: readonly {
    readonly at: string;
    readonly connected: number;
    readonly ended: number;
    readonly failed: number;
  }[];
  readonly errors: readonly { readonly count: number }[];
}

beforeAll(async () => {
  if (!hasChromium) return;
  receiver = await Receiver.start();
  const { answer } = receiver;
  receiver.answer = (arrival) => (arrival.callId.startsWith('failed-1') ? 500 : answer(arrival));
  await addWebhook(stage, receiver.url, { name: 'Counted', retry_schedule_s: [0.1] });
  const now = Date.now();
  const reports = [
    ...Array.from({ length: ENDED }, (_, at) => [
      { call_id: `ended-${at}`, status: 'in-progress', timestamp: new Date(now - 90_000).toISOString() },
      {
        call_id: `ended-${at}`,
        status: 'ended',
        timestamp: new Date(now - 60_000 + at * 1_000).toISOString(),
      },
    ]),
    ...Array.from({ length: FAILED }, (_, at) => [
      { call_id: `failed-${at}`, status: 'in-progress' },
      { call_id: `failed-${at}`, status: 'ended-with-error', error: `STT connection failed after ${at} s` },
    ]),
    ...Array.from({ length: LIVE }, (_, at) => [{ call_id: `live-${at}`, status: 'in-progress' }]),
    [{ call_id: 'ended-0', status: 'ended' }],
  ].flat();
  const { status } = await stage.call('POST', '/v1/reports', { reports });
  if (status !== 200) throw new Error(`The reports were refused (${status}).`);
  await receiver.waitForAccepted(2 * ENDED + 2 * (FAILED - 1) + LIVE);
});
afterAll(() => receiver?.switchOff());

function chart(page: Page, title: string): Locator {
  return page.getByRole('figure', { name: title, exact: true });
}

async function readSums(table: Locator): Promise<readonly number[]> {
  const cells = await table.locator('tbody tr').evaluateAll((lines: unknown[]) =>
    (lines as { cells: ArrayLike<{ textContent: string }> }[]).map((line) =>
      Array.from(line.cells)
        .slice(1)
        .map((cell) => Number(cell.textContent.replaceAll(',', ''))),
    ),
  );
  return (cells[0] ?? []).map((_, column) => cells.reduce((sum, line) => sum + (line[column] ?? 0), 0));
}

async function openAnalytics(path = '/analytics?since=1h'): Promise<Page> {
  const { page } = await stage.open(path, { acceptDownloads: true });
  await seeText(page.getByRole('list', { name: 'Numbers of the range' }), 'Connected');
  return page;
}

describe.skipIf(!hasChromium)('the analytics screen', () => {
  it('shows the traffic that was made, in tiles, pictures and words', async () => {
    const page = await openAnalytics();
    const tiles = page.getByRole('list', { name: 'Numbers of the range' });
    await seeText(tiles, new RegExp(`Connected calls ${ENDED + FAILED + LIVE}`));
    await seeText(tiles, '25 %');
    // Three statuses cannot tell who answered: the field's abbreviation for that is shown nowhere.
    expect(await page.locator('#main').innerText()).not.toMatch(/\bASR\b/);
    await seeText(
      chart(page, 'Calls by outcome').locator('figcaption'),
      `${ENDED + FAILED + LIVE} calls connected, ${ENDED} ended normally and ${FAILED} with an error.`,
    );
    await chart(page, 'Calls by outcome').locator('canvas').first().waitFor();
    await chart(page, 'Duration of calls').locator('svg').first().waitFor();
    await seeText(chart(page, 'Top errors'), `STT connection failed`);
    await seeText(chart(page, 'Data quality'), /Repeated said before.* 1 /);
    await seeText(page.locator('#main'), 'Counted');
  });

  it('each chart is a table too, whose numbers are those of the API', async () => {
    const page = await openAnalytics();
    const { body } = await stage.call<Statistics>('GET', '/v1/analytics/calls?since=1h');
    // Those of deliveries have an answer of their own, and only what has come can be a table.
    await seeCount(page.locator('figure[aria-busy=true]'), 0);
    for (const figure of await page.getByRole('figure').all()) {
      const toggle = figure.getByRole('button', { name: 'View as table' });
      if ((await toggle.count()) === 0) continue;
      await toggle.click();
      await figure.locator('.chart-table tbody tr').first().waitFor();
    }
    const sums = await readSums(chart(page, 'Calls by outcome').locator('.chart-table'));
    expect(sums).toEqual([body.totals.connected, body.totals.ended, body.totals.failed]);
    expect(sums).toEqual([ENDED + FAILED + LIVE, ENDED, FAILED]);
    const durations = chart(page, 'Duration of calls').locator('.chart-table');
    await durations.waitFor();
    await seeCount(chart(page, 'Hours of the week').locator('.chart-table tbody tr'), 168);
  });

  it('saves a chart as CSV with exact numbers and times in UTC, and as an image', async () => {
    const page = await openAnalytics();
    const figure = chart(page, 'Calls by outcome');
    const csv = page.waitForEvent('download');
    await figure.getByRole('button', { name: 'Download CSV' }).click();
    const lines = (await readFile(await (await csv).path(), 'utf8')).trim().split('\r\n');
    expect(lines[0]).toBe('From,Connected,Ended,Ended with error');
    expect(lines[1]).toMatch(/^\d{4}-\d\d-\d\dT\d\d:\d\d:00\.000Z,\d+,\d+,\d+$/);
    expect(lines.slice(1).reduce((sum, line) => sum + Number(line.split(',')[1]), 0)).toBe(
      ENDED + FAILED + LIVE,
    );
    await figure.locator('canvas').first().waitFor();
    const image = page.waitForEvent('download');
    await figure.getByRole('button', { name: 'Download image' }).click();
    const bytes = await readFile(await (await image).path());
    expect(bytes.subarray(1, 4).toString()).toBe('PNG');
  });

  it('a permalink shows the same range for good, at its chart', async () => {
    const { page } = await stage.open('/analytics?since=1h', {
      permissions: ['clipboard-read', 'clipboard-write'],
    });
    await seeText(page.getByRole('list', { name: 'Numbers of the range' }), 'Connected');
    await chart(page, 'Top errors').getByRole('button', { name: 'Copy permalink' }).click();
    await page.getByText('Link copied').first().waitFor();
    const link = new URL(await page.evaluate<string>(`navigator.clipboard.readText()`));
    expect(link.hash).toBe('#top-errors');
    expect(link.searchParams.get('since')).toMatch(/^\d{4}-.*Z$/);
    const other = await openAnalytics(link.pathname + link.search + link.hash);
    await seeText(
      other.getByRole('list', { name: 'Numbers of the range' }),
      new RegExp(`Connected calls ${ENDED + FAILED + LIVE}`),
    );
    await expect
      .poll(() => other.evaluate(`document.getElementById('top-errors').hasAttribute('data-target')`))
      .toBe(true);
  });

  it('compares with the period before, and stops when told so, in the address', async () => {
    const page = await openAnalytics();
    // This hub is minutes old: a period it saw only half of is no measure for another.
    await page.getByRole('switch', { name: 'Compare with the period before' }).click();
    await seeCount(page.getByText('nothing before'), 0);
    expect(page.url()).toContain('compare=none');
    await page.reload();
    await seeText(page.getByRole('list', { name: 'Numbers of the range' }), 'Connected');
    expect(await page.getByRole('switch', { name: /Compare/ }).getAttribute('aria-checked')).toBe('false');
  });

  it('leads from a span of time to its calls, with the mouse and by keyboard', async () => {
    const page = await openAnalytics('/analytics?since=15m');
    const plot = chart(page, 'Calls by outcome').getByRole('application');
    await chart(page, 'Calls by outcome').locator('canvas').first().waitFor();
    const box = await plot.boundingBox();
    if (box === null) throw new Error('The chart has no place.');
    const at = (share: number) => ({ position: { x: box.width * share, y: box.height / 2 } });
    // To where the chart is then: what comes later may still move it.
    await plot.hover(at(0.3));
    await page.mouse.down();
    await plot.hover(at(0.5));
    await plot.hover(at(0.7));
    await page.mouse.up();
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    const dragged = new URL(page.url()).searchParams;
    expect(Date.parse(dragged.get('until') ?? '')).toBeGreaterThan(Date.parse(dragged.get('since') ?? ''));
    await page.goBack();

    await plot.focus();
    await page.keyboard.press('End');
    await page.keyboard.press('Shift+ArrowLeft');
    await page.keyboard.press('Shift+ArrowLeft');
    await seeText(chart(page, 'Calls by outcome').locator('[aria-live]'), 'Enter: show calls');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    const since = new URL(page.url()).searchParams.get('since');
    expect(Date.now() - Date.parse(since ?? '')).toBeLessThan(6 * 60_000);
  });

  it('leads from an error to its calls, and from a destination to what failed', async () => {
    const page = await openAnalytics();
    await chart(page, 'Top errors').getByRole('link').first().click();
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    await seeCount(page.locator('.calls [data-row-key]'), FAILED);
  });

  it('says that it comes, that it did not come, and comes when it is asked for again', async () => {
    const { page } = await stage.open('/live');
    await seeText(page.locator('.connection'), 'Live');
    const file = '**/analytics-screen*.js';
    const asked: (() => void)[] = [];
    await page.route(file, async (route) => {
      await new Promise<void>((resolve) => {
        asked.push(resolve);
      });
      await route.abort();
    });
    const main = page.locator('#main');
    await page.getByRole('link', { name: 'Analytics', exact: true }).click();
    await main.getByRole('heading', { name: 'Analytics', level: 1 }).waitFor();
    await waitFor(() => asked.length > 0, 'the file was asked for');
    await seeCount(main.locator('[aria-busy=true]'), 1);
    for (const answer of asked) answer();
    await main.getByRole('heading', { name: 'Analytics', level: 1 }).waitFor();
    await seeText(main.getByRole('alert'), 'could not be loaded');
    await seeCount(main.locator('[aria-busy=true]'), 0);
    await page.unroute(file);
    await main.getByRole('button', { name: 'Retry' }).click();
    await seeText(page.getByRole('list', { name: 'Numbers of the range' }), 'Connected');
  });

  it('says of a range without calls that there are none', async () => {
    const { page } = await stage.open('/analytics?since=2020-01-01T00:00:00Z&until=2020-01-02T00:00:00Z');
    await page.getByText('No calls in this range').waitFor();
    await page.getByRole('link', { name: 'Show the last 30 days' }).click();
    await waitFor(
      async () => (await page.getByRole('list', { name: 'Numbers of the range' }).count()) > 0,
      'the numbers of 30 days',
    );
  });
});
