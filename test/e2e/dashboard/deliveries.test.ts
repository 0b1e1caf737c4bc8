/** Find what failed, understand why, mend it, send all of it again, see it arrive: without reading documentation. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage();
/** Two tries and hardly a wait between them: dead within a blink. */
const BRIEF = { retry_schedule_s: [0.1] };
/** With two tries each still short of what opens the breaker. */
const DEAD_CALLS = 4;

let bad: Receiver;
let good: Receiver;
let batch = 0;

beforeEach(async () => {
  batch += 1;
  bad = await Receiver.start();
  good = await Receiver.start();
  bad.answer = () => 401;
});
afterEach(async () => {
  // Else the destinations of one test would be owed the calls of the next.
  const { body } = await stage.call<{ data: { id: string }[] }>('GET', '/v1/destinations');
  for (const { id } of body.data) await stage.call('DELETE', `/v1/destinations/${id}`);
  await bad.switchOff();
  await good.switchOff();
});

interface DeliveryRow {
  readonly id: string;
  readonly state: string;
  readonly call_id: string;
}

async function readDeliveries(destinationId: string, state = ''): Promise<readonly DeliveryRow[]> {
  const q = `destination:${destinationId}${state === '' ? '' : ` state:${state}`}`;
  const { body } = await stage.call<{ data: DeliveryRow[] }>(
    'GET',
    `/v1/deliveries?limit=200&q=${encodeURIComponent(q)}`,
  );
  return body.data;
}

/** A destination that refused everything, and what it is now owed. */
async function failSome(name: string, calls = DEAD_CALLS): Promise<string> {
  const { id } = await addWebhook(stage, bad.url, { name, ...BRIEF });
  for (let call = 1; call <= calls; call += 1) {
    await stage.report(`${name}-${call}`, 'in-progress', { customer: { number: '+31612345678' } });
  }
  await waitFor(async () => (await readDeliveries(id, 'dead')).length === calls, `${calls} dead deliveries`);
  return id;
}

function rows(page: Page) {
  return page.locator('.deliveries [data-row-key]');
}

describe.skipIf(!hasChromium)('the deliveries screen', () => {
  it('leads from a failure to its cause, to the destination, to sending all of it again and seeing it arrive', async () => {
    const name = `crm-${batch}`;
    const id = await failSome(name);
    const { page } = await stage.open('/deliveries');
    await page.getByRole('tab', { name: /^Failed/ }).click();
    await seeCount(rows(page), DEAD_CALLS);
    await seeText(rows(page).first(), '401');
    await seeText(page.getByRole('tab', { name: /^Failed/ }), String(DEAD_CALLS));

    // Why: in words, with what was sent and what came back.
    await rows(page).first().locator('.table-link').click();
    const drawer = page.locator('dialog.drawer');
    await seeText(drawer.getByRole('complementary', { name: 'What is wrong' }), /401.*secret/i);
    await seeCount(drawer.locator('.attempt'), 2);
    await drawer.getByText('Request as it was sent').first().click();
    await seeText(drawer.locator('.wire').first(), `POST ${bad.url}`);
    await seeText(drawer.locator('.wire').first(), 'X-Webhook-Signature');
    await seeText(drawer, 'these headers verify');
    await seeText(drawer.locator('.attempt').first(), 'body is ignored');
    await seeText(drawer.getByRole('region', { name: 'Request body' }), 'status-update');

    // Mend it where it is wrong.
    await drawer.getByRole('link', { name: 'Open the destination' }).click();
    await page.getByRole('heading', { name, level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog', { name: `Edit ${name}` });
    await dialog.getByLabel('URL').fill(good.url);
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('link', { name: 'See what failed' }).first().click();

    // Send all of it again: counted first, then watched.
    await seeCount(rows(page), DEAD_CALLS);
    await page.getByRole('button', { name: 'Retry all matching…' }).click();
    const bulk = page.getByRole('dialog', { name: 'Retry all that match' });
    await seeText(bulk.getByRole('row', { name: new RegExp(`^${name}`) }), String(DEAD_CALLS));
    await bulk.getByRole('button', { name: `Retry ${DEAD_CALLS}` }).click();
    await seeText(
      page.getByRole('list', { name: 'Bulk retries' }),
      `Finished ${DEAD_CALLS} of ${DEAD_CALLS} sent again`,
    );
    await good.waitForAccepted(DEAD_CALLS);
    await page.getByRole('tab', { name: /^Delivered/ }).click();
    await seeCount(rows(page), DEAD_CALLS);
    await page.getByRole('button', { name: 'Put away' }).click();
    await page.getByRole('list', { name: 'Bulk retries' }).waitFor({ state: 'detached' });
    expect(await readDeliveries(id, 'delivered')).toHaveLength(DEAD_CALLS);
  });

  it('pauses a slow bulk retry, goes on, and cancels it; what was not sent stays failed', async () => {
    const name = `slow-${batch}`;
    const id = await failSome(name);
    bad.answer = () => 200;
    const { page } = await stage.open(`/deliveries?tab=failed&q=destination:${id}`);
    await seeCount(rows(page), DEAD_CALLS);
    await page.getByRole('button', { name: 'Retry all matching…' }).click();
    const bulk = page.getByRole('dialog', { name: 'Retry all that match' });
    // So slow that no machine is too slow to pause it.
    await bulk.getByLabel('Pace').fill('0,01');
    await bulk.getByRole('button', { name: `Retry ${DEAD_CALLS}` }).click();
    const replays = page.getByRole('list', { name: 'Bulk retries' });
    await seeText(replays, 'Running');
    await replays.getByRole('button', { name: 'Pause' }).click();
    await seeText(replays, 'Paused');
    await replays.getByRole('button', { name: 'Resume' }).click();
    await seeText(replays, 'Running');
    await replays.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel bulk retry' }).click();
    await seeText(replays, 'Cancelled');
    const resent = (await readDeliveries(id)).length - DEAD_CALLS;
    expect(resent).toBeLessThan(DEAD_CALLS);
    // The address says which bulk retry: whoever opens it sees the same.
    expect(new URL(page.url()).searchParams.get('replay')).toMatch(/^rpl_/);
    await page.reload();
    await seeText(replays, 'Cancelled');
  });

  it('asks for the number to be capped, and sends no more than that', async () => {
    const name = `capped-${batch}`;
    const id = await failSome(name);
    bad.answer = () => 200;
    const { page } = await stage.open(`/deliveries?tab=failed&q=destination:${id}`);
    await page.getByRole('button', { name: 'Retry all matching…' }).click();
    const bulk = page.getByRole('dialog', { name: 'Retry all that match' });
    await bulk.getByLabel('At most').fill('2');
    await bulk.getByRole('button', { name: 'Retry 2' }).click();
    await seeText(page.getByRole('list', { name: 'Bulk retries' }), 'Finished 2 of 2 sent again');
    await waitFor(async () => (await readDeliveries(id, 'delivered')).length === 2, 'two delivered');
    expect(await readDeliveries(id)).toHaveLength(DEAD_CALLS + 2);
  });

  it('cancels one that still waits', async () => {
    bad.answer = () => 503;
    const name = `cancelled-${batch}`;
    const { id } = await addWebhook(stage, bad.url, { name, retry_schedule_s: [3_600] });
    await stage.report(`${name}-1`, 'in-progress');
    await waitFor(() => bad.arrivals.length === 1, 'an attempt');
    const { page } = await stage.open(`/deliveries?q=destination:${id}`);
    await seeText(rows(page).first(), 'Retrying');
    await seeText(rows(page).first(), /in (5\d|1 h|6\d|4\d)/);
    await rows(page).first().locator('.table-link').click();
    const drawer = page.locator('dialog.drawer');
    await drawer.getByRole('button', { name: 'Cancel' }).click();
    await page.getByRole('button', { name: 'Cancel delivery' }).click();
    await seeText(drawer.locator('.drawer-meta'), 'Cancelled');
    await page.keyboard.press('Escape');
    await seeText(rows(page).first(), 'Cancelled');
    expect((await readDeliveries(id)).map((one) => one.state)).toEqual(['cancelled']);
  });

  it('says of a request that held several events what is known of it, and hands out code for such', async () => {
    const name = `batched-${batch}`;
    // What the receiver of these stories makes of a batch is not asked here: that it was tried is enough.
    const { id } = await addWebhook(stage, bad.url, {
      name,
      // A second try would take the place of the one that is looked at.
      retry_schedule_s: [3_600],
      settings: { url: bad.url, batch_events_max: 10 },
    });
    await stage.report(`${name}-1`, 'in-progress');
    const { page } = await stage.open(`/deliveries?q=destination:${id}`);
    await seeText(rows(page).first(), 'Retrying');
    await rows(page).first().locator('.table-link').click();
    const drawer = page.locator('dialog.drawer');
    await seeText(drawer, 'Over the whole batch');
    await seeText(drawer, 'What the batch held for this event');
    await drawer.getByText('Request as it was sent').first().click();
    await seeText(drawer.locator('.wire').first(), 'It went in a batch');
    expect(await drawer.getByRole('button', { name: 'Copy as curl' }).count()).toBe(0);
    expect(await drawer.innerText()).not.toContain('Checked:');

    await page.goto(`${stage.address}/destinations/${id}`);
    await seeText(page.locator('.snippet-code'), 'async function handleAll({ events })');
  });

  it('shows an attempt as it happens, without a reload', async () => {
    // The last try is answered once it was seen that there is one to come.
    const seen = Promise.withResolvers<void>();
    bad.answer = async () => {
      if (bad.arrivals.length === 2) await seen.promise;
      return 500;
    };
    const name = `watched-${batch}`;
    const { id } = await addWebhook(stage, bad.url, {
      name,
      retry_schedule_s: [0.1, 0.1],
      timeout_ms: 30_000,
    });
    const { page } = await stage.open(`/deliveries?q=destination:${id}`);
    await page.getByText('No delivery matches').waitFor();
    await stage.report(`${name}-1`, 'in-progress');
    await seeText(rows(page).first(), /Retrying.*500/);
    seen.resolve();
    await seeText(rows(page).first(), /Failed.*500.*3 of 3/);
  });

  it('works by keyboard only: filter, rows, select, R, open, close', async () => {
    const name = `keys-${batch}`;
    const id = await failSome(name);
    bad.answer = () => 200;
    const { page } = await stage.open('/deliveries?tab=failed');
    await seeText(page.locator('.table-foot').first(), 'shown');
    await page.keyboard.press('/');
    await page.keyboard.type(`destination:${id} `);
    await seeCount(page.locator('.filter-chip'), 1);
    await seeCount(rows(page), DEAD_CALLS);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.keyboard.press('j');
    await page.keyboard.press('x');
    await page.getByText('2 selected').waitFor();
    await page.keyboard.press('R');
    await page.getByText('Sending 2 again').waitFor();
    await waitFor(async () => (await readDeliveries(id, 'delivered')).length === 2, 'two delivered');

    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    const drawer = page.locator('dialog.drawer');
    await drawer.getByRole('heading', { name: 'Attempts' }).waitFor();
    expect(new URL(page.url()).searchParams.get('delivery')).toMatch(/^dlv_/);
    await page.keyboard.press('R');
    await waitFor(async () => (await readDeliveries(id, 'delivered')).length === 3, 'three delivered');
    await page.keyboard.press('Escape');
    await drawer.waitFor({ state: 'detached' });
    // The row that was opened has the focus again.
    expect(await page.evaluate(`document.activeElement?.className`)).toContain('table-link');
  });

  it('restores list, filter and drawer with back, forward and reload', async () => {
    const name = `history-${batch}`;
    const id = await failSome(name, 2);
    const { page } = await stage.open('/deliveries');
    await page.getByRole('tab', { name: /^Failed/ }).click();
    await page.getByRole('combobox', { name: 'Filter' }).fill(`destination:${id} `);
    await seeCount(rows(page), 2);
    await page.keyboard.press('Escape');
    await rows(page).first().locator('.table-link').click();
    await page.locator('dialog.drawer').getByRole('heading', { name: 'Attempts' }).waitFor();
    const opened = page.url();
    await page.goBack();
    await page.locator('dialog.drawer').waitFor({ state: 'detached' });
    await seeCount(rows(page), 2);
    await page.goForward();
    expect(page.url()).toBe(opened);
    await page.locator('dialog.drawer').getByRole('heading', { name: 'Attempts' }).waitFor();
    await page.reload();
    await page.locator('dialog.drawer').getByRole('heading', { name: 'Attempts' }).waitFor();
    await seeCount(page.locator('.filter-chip'), 1);
  });
});
