/** Destinations of every kind, as a person sets them up: chosen, filled in, checked, made, seen to work, and changed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';

import { findRedisServer, startRedisServer } from '../../../proofs/redis/redis-server.ts';
import type { RedisServer } from '../../../proofs/redis/redis-server.ts';
import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { STAND_IN_TOKEN, startHubspotStandIn } from '../../support/hubspot-stand-in.ts';
import type { HubspotStandIn } from '../../support/hubspot-stand-in.ts';
import { PipedriveStandIn } from '../../support/pipedrive-stand-in.ts';
import { Receiver } from '../../support/receiver.ts';
import { SalesforceStandIn } from '../../support/salesforce-stand-in.ts';
import { SlackStandIn } from '../../support/slack-stand-in.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage();
const FAILURE = { error: 'STT connection failed' };
const PARTIES = {
  type: 'inbound_phone_call',
  phone_number: { number: '+31850835037', name: 'HMS Sovereign Demo' },
  customer: { number: '+31612345678' },
};
const hasRedis = findRedisServer() !== null;

let hubspot: HubspotStandIn;
let slack: SlackStandIn;
let redis: RedisServer;

beforeAll(async () => {
  if (!hasChromium || !hasRedis) return;
  [hubspot, slack, redis] = await Promise.all([
    startHubspotStandIn(),
    SlackStandIn.start(),
    startRedisServer(),
  ]);
});
afterAll(async () => {
  if (!hasChromium || !hasRedis) return;
  await Promise.all([hubspot.close(), slack.stop(), redis.kill()]);
});
afterEach(async () => {
  const { body } = await stage.call<{ data: { id: string }[] }>('GET', '/v1/destinations');
  for (const { id } of body.data) await stage.call('DELETE', `/v1/destinations/${id}`);
});

/** From the list, as somebody who has never seen it. */
async function choose(page: Page, title: string): Promise<Locator> {
  await page.getByRole('link', { name: 'Add destination' }).click();
  await page
    .getByRole('dialog', { name: 'Add a destination' })
    .getByRole('link', { name: new RegExp(`^${title}`) })
    .click();
  const dialog = page.getByRole('dialog', { name: `Add a ${title} destination` });
  await dialog.waitFor();
  return dialog;
}

async function check(dialog: Locator, wanted: string | RegExp): Promise<void> {
  await dialog.getByRole('button', { name: 'Check connection' }).click();
  await seeText(dialog.locator('.test-answer'), wanted);
}

/** What is shown once it is made; the dialog is closed again. */
async function add(page: Page, dialog: Locator, name: string): Promise<string> {
  await dialog.getByRole('button', { name: 'Add destination' }).click();
  const made = page.getByRole('dialog', { name: `${name} is told from now on` });
  await made.waitFor();
  const text = await made.innerText();
  await made.getByRole('button', { name: 'Close' }).click();
  await made.waitFor({ state: 'detached' });
  return text;
}

async function fillHubspot(dialog: Locator, name: string): Promise<void> {
  await dialog.getByLabel('Name').fill(name);
  await dialog.getByLabel('Access token').fill(STAND_IN_TOKEN);
  await dialog.getByText('More settings').click();
  await dialog.getByLabel('API address').fill(hubspot.url);
}

const field = (dialog: Locator, label: string): Locator =>
  dialog.locator('.field').filter({ has: dialog.page().getByText(label, { exact: true }) });
/** Once it is refused: its hint may hold the same words as its fault. */
const refused = (dialog: Locator, label: string): Locator =>
  field(dialog, label).and(dialog.page().locator('[data-invalid]'));

describe.skipIf(!hasChromium || !hasRedis)('destinations of every kind', () => {
  it('Slack, HubSpot and Redis are set up in under five minutes, and each effect of a call is seen once', async () => {
    const startedAt = Date.now();
    const { page } = await stage.open('/destinations');

    const forSlack = await choose(page, 'Slack');
    await forSlack.getByLabel('Name').fill('Alerts');
    await forSlack.getByLabel('Incoming webhook URL').fill(slack.hookUrl);
    expect(await forSlack.getByLabel('ended-with-error').isChecked()).toBe(true);
    expect(await forSlack.getByLabel('in-progress').isChecked()).toBe(false);
    expect(await forSlack.getByLabel('Source silent').isChecked()).toBe(true);
    const told = await add(page, forSlack, 'Alerts');
    expect(told).toContain('The next call that says ended-with-error');
    expect(told).not.toContain('whsec_');

    const forHubspot = await choose(page, 'HubSpot');
    await fillHubspot(forHubspot, 'CRM');
    await check(forHubspot, /Works.* · \d/);
    await add(page, forHubspot, 'CRM');

    const forRedis = await choose(page, 'Redis');
    await forRedis.getByLabel(/^Name optional/).fill('Active calls');
    await forRedis.getByLabel('URL', { exact: true }).fill(`redis://127.0.0.1:${redis.port}`);
    await check(forRedis, /Works/);
    await forRedis.getByLabel('Keep a hash per call').check();
    await forRedis.getByLabel('Hashes stay after the end').waitFor();
    await add(page, forRedis, 'Active calls');
    await seeCount(page.locator('[data-row-key]'), 3);
    // A machine needs seconds, a person minutes; the steps are the same.
    expect(Date.now() - startedAt).toBeLessThan(60_000);

    await stage.report('story-1', 'in-progress', PARTIES);
    await waitFor(
      async () => JSON.stringify(await redis.command('SMEMBERS', 'active_calls')) === '["story-1"]',
      'the call is in the set',
    );
    await stage.report('story-1', 'ended-with-error', { ...PARTIES, ...FAILURE });
    await waitFor(
      async () => JSON.stringify(await redis.command('SMEMBERS', 'active_calls')) === '[]',
      'the set is empty again',
    );
    await waitFor(() => hubspot.records().length === 1, 'the call stands in the CRM');
    await waitFor(() => slack.shown.some((text) => text.includes('STT connection failed')), 'Slack was told');
    expect(slack.shown.filter((text) => text.includes('STT connection failed'))).toHaveLength(1);

    await page.goto(`${stage.address}/calls/story-1`);
    await page.getByRole('heading', { level: 1 }).waitFor();
    await seeText(page.locator('.delivery-item').filter({ hasText: 'CRM' }).last(), /HubSpot/);
    await page.goto(`${stage.address}/deliveries`);
    await seeText(page.locator('[data-row-key]').filter({ hasText: 'CRM' }).first(), /in HubSpot/);
    await page.locator('[data-row-key]').filter({ hasText: 'CRM' }).first().click();
    const drawer = page.getByRole('dialog');
    await seeText(drawer, /What came of it .*HubSpot/);
    expect(await drawer.innerText()).not.toContain(STAND_IN_TOKEN);
  });

  it('a destination is made by keyboard only, and its faults are where the focus goes', async () => {
    const { page } = await stage.open('/destinations');
    await page.getByRole('link', { name: 'Add destination' }).focus();
    await page.keyboard.press('Enter');
    const picker = page.getByRole('dialog', { name: 'Add a destination' });
    await picker.getByRole('link').first().waitFor();
    for (let step = 0; step < 12; step += 1) {
      await page.keyboard.press('Tab');
      if (
        (await page
          .locator('a:focus')
          .filter({ hasText: /^Redis/ })
          .count()) === 1
      )
        break;
    }
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Add a Redis destination' });
    await dialog.waitFor();
    await page.keyboard.type('By hand');
    await page.keyboard.press('Enter');
    await seeText(refused(dialog, 'URL'), 'URL is needed.');
    // The fault has the focus: typing goes there.
    await page.keyboard.type('http://127.0.0.1');
    await page.keyboard.press('Enter');
    await seeText(refused(dialog, 'URL'), /redis/);
    await page.keyboard.press('Control+A');
    await page.keyboard.type(`redis://127.0.0.1:${redis.port}`);
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'By hand is told from now on' }).waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await seeText(page.locator('[data-row-key]'), /By hand Redis Enabled/);
  });

  it('a form says how to get what it asks for, hides what it is given, and is not lost by a slip', async () => {
    const { page } = await stage.open('/destinations?new=hubspot');
    const forHubspot = page.getByRole('dialog', { name: 'Add a HubSpot destination' });
    await forHubspot.getByText('How to get it').click();
    await seeText(forHubspot.locator('ol'), /crm\.objects\.contacts\.read/);
    // Nothing was written, so nothing is asked.
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });

    const dialog = await choose(page, 'Redis');
    const url = dialog.getByLabel('URL', { exact: true });
    await url.fill(`redis://127.0.0.1:${redis.port}`);
    expect(await url.getAttribute('type')).toBe('password');
    const question = page.getByRole('dialog', { name: 'Drop what you wrote?' });
    await page.keyboard.press('Escape');
    await question.getByRole('button', { name: 'Go on writing' }).click();
    await question.waitFor({ state: 'detached' });
    expect(await url.inputValue()).toContain('redis://');
    await dialog.getByRole('button', { name: 'Add destination' }).click();

    const made = page.getByRole('dialog', { name: 'Redis is told from now on' });
    await made.getByRole('button', { name: 'Add another' }).click();
    const forSlack = page.getByRole('dialog', { name: 'Add a destination' });
    await forSlack.getByRole('link', { name: /^Slack/ }).click();
    const slackForm = page.getByRole('dialog', { name: 'Add a Slack destination' });
    await slackForm.getByLabel('Incoming webhook URL').fill('nonsense');
    await slackForm.getByRole('button', { name: 'Add destination' }).click();
    await seeText(refused(slackForm, 'Incoming webhook URL'), 'Incoming webhook URL is not a URL');
    await slackForm.getByRole('button', { name: 'Cancel' }).click();
    await question.getByRole('button', { name: 'Drop it' }).click();
    await seeCount(page.getByRole('dialog'), 0);
    await seeCount(page.locator('[data-row-key]'), 1);
  });

  it('faults stand at their fields, hidden ones are opened; what does not connect says why', async () => {
    const { page } = await stage.open('/destinations?new=hubspot');
    const dialog = page.getByRole('dialog', { name: 'Add a HubSpot destination' });
    await dialog.getByLabel('Access token').fill('has a space');
    await dialog.getByText('More settings').click();
    await dialog.getByLabel('API address').fill('ftp://example.com');
    await dialog.getByLabel('Requests per 10 seconds').fill('9999');
    await dialog.getByText('More settings').click();
    await dialog.getByRole('button', { name: 'Add destination' }).click();
    await seeText(refused(dialog, 'Requests per 10 seconds'), 'Write a whole number from 1 to');
    await dialog.getByLabel('Requests per 10 seconds').fill('90');
    await dialog.getByRole('button', { name: 'Add destination' }).click();
    await seeText(refused(dialog, 'Access token'), /token/);
    await seeText(refused(dialog, 'API address'), /http/);
    await dialog.getByLabel('API address').fill(hubspot.url);
    await dialog.getByLabel('Access token').fill('pat-eu1-of-somebody-else');
    await dialog.getByRole('button', { name: 'Check connection' }).click();
    await seeText(dialog.locator('.test-answer[data-tone=bad]'), /401/);
    await dialog.getByRole('link', { name: 'Another kind' }).click();
    await page.getByRole('dialog', { name: 'Add a destination' }).waitFor();
  });

  it('an edit keeps a secret that nobody touched, and the form shows only its mask', async () => {
    const { page } = await stage.open('/destinations');
    const dialog = await choose(page, 'HubSpot');
    await fillHubspot(dialog, 'Masked');
    await add(page, dialog, 'Masked');
    await page.locator('[data-row-key] .table-link').click();
    await page.getByRole('heading', { name: 'Masked', level: 1 }).waitFor();
    await seeText(page.locator('.page-subtitle'), 'HubSpot');
    await seeCount(page.getByRole('heading', { name: 'Secret' }), 0);
    await seeCount(page.getByRole('heading', { name: 'Receiver' }), 0);
    await page.getByRole('button', { name: 'Edit' }).click();
    const edit = page.getByRole('dialog', { name: 'Edit Masked' });
    expect(await edit.getByLabel('Access token').inputValue()).toBe('••••••');
    await edit.getByLabel('Name').fill('Still masked');
    await edit.getByLabel('Web calls without a number').selectOption('log_without_contact');
    await check(edit, /Works/);
    await edit.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Still masked', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Send a test' }).click();
    await seeText(page.locator('.test-answer'), /Works/);
    await seeText(page.getByRole('region', { name: 'Settings' }), 'Log them, without a contact if need be');
    expect(await page.content()).not.toContain(STAND_IN_TOKEN);
  });

  it('Salesforce and Pipedrive are checked and made, too', async () => {
    const [salesforce, pipedrive] = await Promise.all([
      SalesforceStandIn.start(),
      PipedriveStandIn.start({ apiToken: 'a-token' }),
    ]);
    try {
      const { page } = await stage.open('/destinations');
      const forSalesforce = await choose(page, 'Salesforce');
      await forSalesforce.getByLabel('Name').fill('Tasks');
      await forSalesforce.getByLabel('My Domain URL').fill(salesforce.url);
      await forSalesforce.getByLabel('Consumer key').fill(salesforce.clientId);
      await forSalesforce.getByLabel('Consumer secret').fill(salesforce.clientSecret);
      await check(forSalesforce, /Works/);
      await add(page, forSalesforce, 'Tasks');

      const forPipedrive = await choose(page, 'Pipedrive');
      await forPipedrive.getByLabel('Name').fill('Call logs');
      await forPipedrive.getByLabel('Company domain').fill('acme');
      await forPipedrive.getByLabel('API token').fill('a-token');
      await forPipedrive.getByText('More settings').click();
      await forPipedrive.getByLabel('API address').fill(pipedrive.url);
      await check(forPipedrive, /Works/);
      await add(page, forPipedrive, 'Call logs');
      await seeCount(page.locator('[data-row-key]'), 2);
    } finally {
      await Promise.all([salesforce.server.close(), pipedrive.close()]);
    }
  });

  it('what the hub notices is listed as it comes, leads to what it is about, and stands on the page of its destination', async () => {
    const receiver = await Receiver.start();
    try {
      receiver.answer = () => 410;
      const { id } = await addWebhook(stage, receiver.url, { name: 'Gone', retry_schedule_s: [0.1] });
      const { page } = await stage.open('/settings?tab=events');
      await page.getByRole('heading', { name: 'What the hub noticed' }).waitFor();
      await stage.report('noticed-1', 'in-progress', PARTIES);
      const row = page.locator('[data-row-key]').filter({ hasText: 'Gone' });
      await row.first().waitFor();
      await page.getByLabel('Show').selectOption({ label: 'Many calls fail' });
      await seeCount(row, 0);
      await page.getByLabel('Show').selectOption({ label: 'Everything' });
      await row.first().waitFor();
      await page.goto(`${stage.address}/destinations/${id}`);
      await seeText(
        page.getByRole('region', { name: 'What the hub noticed' }),
        /Destination disabled|Delivery given up/,
      );
    } finally {
      await receiver.switchOff();
    }
  });

  it('an operational event that is delivered is told in words, and has no call to lead to', async () => {
    const [gone, watcher] = await Promise.all([Receiver.start(), Receiver.start()]);
    try {
      gone.answer = () => 410;
      await addWebhook(stage, watcher.url, {
        name: 'Watcher',
        filter: { statuses: ['nothing'], operational_events: ['destination.disabled', 'delivery.dead'] },
      });
      await addWebhook(stage, gone.url, { name: 'Gone', retry_schedule_s: [0.1] });
      const { page } = await stage.open('/deliveries');
      await stage.report('told-1', 'in-progress', PARTIES);
      const row = page.locator('[data-row-key]').filter({ hasText: 'Watcher' }).first();
      await seeText(row, /Destination disabled|Delivery given up/);
      await row.click();
      await seeText(page.getByRole('dialog'), /Told of (Destination disabled|Delivery given up)/);
    } finally {
      await Promise.all([gone.switchOff(), watcher.switchOff()]);
    }
  });

  it('the palette finds a destination by its name', async () => {
    await addWebhook(stage, 'http://127.0.0.1:9/', { name: 'Night shift' });
    const { page } = await stage.open('/live');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
    await page.keyboard.press('Control+k');
    await page.locator('.palette-input').fill('night');
    await page.getByRole('option', { name: 'Destination Night shift' }).waitFor();
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Night shift', level: 1 }).waitFor();
  });

  it('data quality is told by source, and saved as CSV with all that is shown', async () => {
    await stage.report('quality-1', 'ended', PARTIES);
    await stage.report('quality-1', 'ended', PARTIES);
    const { page } = await stage.open('/analytics?since=1h');
    const figure = page.getByRole('figure', { name: 'Data quality by source' });
    await figure.getByRole('columnheader', { name: 'Bad signature' }).waitFor();
    await seeText(figure, 'whose end was most likely never reported');
    const download = page.waitForEvent('download');
    await figure.getByRole('button', { name: /CSV/ }).click();
    expect((await download).suggestedFilename()).toBe('source-quality.csv');
  });
});
