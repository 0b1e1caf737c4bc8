/** Who is told: made, tried, mended, held, given a new secret, and taken away. */
import { afterEach, beforeEach, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, pressInTurn, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage();
const STATUSES = ['in-progress', 'ended', 'ended-with-error'] as const;

let receiver: Receiver;

beforeEach(async () => {
  receiver = await Receiver.start();
});
afterEach(async () => {
  const { body } = await stage.call<{ data: { id: string }[] }>('GET', '/v1/destinations');
  for (const { id } of body.data) await stage.call('DELETE', `/v1/destinations/${id}`);
  await receiver.switchOff();
});

function readDestination(id: string) {
  return stage.call<Record<string, unknown> & { settings: Record<string, unknown> }>(
    'GET',
    `/v1/destinations/${id}`,
  );
}

async function openDestination(id: string, name: string): Promise<Page> {
  const { page } = await stage.open(`/destinations/${id}`);
  await page.getByRole('heading', { name, level: 1 }).waitFor();
  return page;
}

describe.skipIf(!hasChromium)('destinations', () => {
  it('one is made: faults stand at their fields, the secret is shown once, a test of each payload shows its answer', async () => {
    const { page } = await stage.open('/destinations');
    await page.getByText('Nobody is told yet').waitFor();
    await page.getByRole('link', { name: 'Add destination' }).click();
    await page
      .getByRole('dialog', { name: 'Add a destination' })
      .getByRole('link', { name: /^Webhook/ })
      .click();
    const dialog = page.getByRole('dialog', { name: 'Add a webhook destination' });
    await dialog.getByRole('button', { name: 'Add destination' }).click();
    await seeText(dialog.locator('.field').filter({ hasText: 'URL' }), 'URL is needed.');
    await dialog.getByLabel('URL').fill('ftp://example.com/');
    await dialog.getByRole('button', { name: 'Add destination' }).click();
    await seeText(dialog.locator('.field[data-invalid]'), /http/);
    expect(await dialog.getByLabel('URL').getAttribute('aria-invalid')).toBe('true');

    await dialog.getByText('More settings').click();
    await dialog.getByLabel('Retries').fill('soon');
    await dialog.getByLabel('URL').fill(receiver.url);
    await dialog.getByRole('button', { name: 'Add destination' }).click();
    await seeText(dialog.locator('.field[data-invalid]'), 'Write waiting times');
    await dialog.getByLabel('Retries').fill('5s, 30s, 2m');
    await dialog.getByRole('button', { name: 'Add a header' }).click();
    await dialog.getByLabel('Name of header 1').fill('Host');
    await dialog.getByLabel('Value of header 1').fill('x');
    await dialog.getByRole('button', { name: 'Add destination' }).click();
    await dialog.locator('.field-error').waitFor();
    await dialog.getByLabel('Name of header 1').fill('Authorization');
    await dialog.getByLabel('Value of header 1').fill('Bearer the-receivers-own-key');
    await dialog.getByRole('textbox', { name: /^Name optional/ }).fill('CRM of the north');
    await dialog.getByRole('button', { name: 'Add destination' }).click();

    const made = page.getByRole('dialog', { name: 'CRM of the north is told from now on' });
    const secret = await made.locator('.secret-text').innerText();
    expect(secret).toMatch(/^whsec_/);
    await seeText(made.locator('.snippet-code'), secret);
    for (const framework of ['Fastify', 'Hono', 'Next']) {
      await made.getByRole('radio', { name: framework }).check();
      await seeText(made.locator('.snippet-code'), secret);
    }
    for (const [index, status] of STATUSES.entries()) {
      await made.getByRole('button', { name: `Send ${status}`, exact: true }).click();
      await seeText(made.locator('.test-answer'), `200 ${status} was accepted`);
      expect(receiver.arrivals[index]?.status).toBe(status);
      expect(receiver.arrivals[index]?.headers.authorization).toBe('Bearer the-receivers-own-key');
    }
    receiver.answer = () => 404;
    await made.getByRole('button', { name: 'Send ended', exact: true }).click();
    await seeText(made.locator('.test-answer'), '404');
    await seeText(made.locator('.test-answer'), 'body is ignored');

    await made.getByRole('link', { name: 'Open it' }).click();
    await page.getByRole('heading', { name: 'CRM of the north', level: 1 }).waitFor();
    expect(await page.content()).not.toContain(secret);
    expect(await page.content()).not.toContain('the-receivers-own-key');
    const tries = page.getByRole('table', { name: 'When each try is made' });
    await seeCount(tries.locator('tbody tr'), 4);
    await seeText(tries, '2:35');
  });

  it('an edit keeps masked headers, and what is edited is what is sent', async () => {
    const { id } = await addWebhook(stage, receiver.url, {
      name: 'Edited',
      settings: { url: receiver.url, headers: { Authorization: 'Bearer one', 'X-Team': 'north' } },
    });
    const page = await openDestination(id, 'Edited');
    await page.getByRole('button', { name: 'Edit' }).click();
    const dialog = page.getByRole('dialog', { name: 'Edit Edited' });
    await dialog.getByText('More settings').click();
    expect(await dialog.getByLabel('Value of header 1').inputValue()).toMatch(/^•+$/);
    await dialog.getByRole('textbox', { name: /^Name optional/ }).fill('Renamed');
    await dialog.getByLabel('Value of header 2').fill('south');
    await dialog.getByLabel('ended-with-error').check();
    await dialog.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('heading', { name: 'Renamed', level: 1 }).waitFor();
    await page.getByRole('button', { name: 'Send ended-with-error' }).click();
    await seeText(page.locator('.test-answer'), '200');
    expect(receiver.arrivals.at(-1)?.headers).toMatchObject({
      authorization: 'Bearer one',
      'x-team': 'south',
    });
    expect((await readDestination(id)).body['filter']).toEqual({ statuses: ['ended-with-error'] });
  });

  it('a pause says why, holds what comes, and resume sends it in order', async () => {
    const { id } = await addWebhook(stage, receiver.url, { name: 'Held' });
    const page = await openDestination(id, 'Held');
    await page.getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByLabel('Why').fill('moving to the new CRM');
    await page.getByRole('dialog').getByRole('button', { name: 'Pause', exact: true }).click();
    await page.getByText('Paused: deliveries are held, none is lost').waitFor();
    await page.getByText('moving to the new CRM').waitFor();
    await stage.report('held-1', 'in-progress');
    await stage.report('held-1', 'ended');
    expect(receiver.arrivals).toHaveLength(0);
    await page.goto(`${stage.address}/destinations`);
    await seeText(page.locator(`[data-row-key="${id}"]`), 'Paused');
    await seeText(page.locator(`[data-row-key="${id}"]`), 'moving to the new CRM');
    await seeText(page.locator(`[data-row-key="${id}"]`), / 2, /);
    await page.locator(`[data-row-key="${id}"] .table-link`).click();
    await page.getByRole('button', { name: 'Resume', exact: true }).click();
    await receiver.waitForAccepted(2);
    expect(receiver.arrivals.map((one) => one.status)).toEqual(['in-progress', 'ended']);
    await page.getByText('Paused: deliveries are held').waitFor({ state: 'detached' });
  });

  it('a new secret overlaps with the old one, and the overlap counts down', async () => {
    const { id, secret } = await addWebhook(stage, receiver.url, { name: 'Rotated' });
    const page = await openDestination(id, 'Rotated');
    await page.getByText('One secret signs.').waitFor();
    await page.getByRole('button', { name: 'Rotate' }).click();
    const dialog = page.getByRole('dialog', { name: 'Make a new secret?' });
    await dialog.getByLabel('1 hour').check();
    await dialog.getByRole('button', { name: 'Make a new secret' }).click();
    const fresh = await page
      .getByRole('dialog', { name: 'The new secret' })
      .locator('.secret-text')
      .innerText();
    expect(fresh).toMatch(/^whsec_/);
    expect(fresh).not.toBe(secret);
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await seeText(page.locator('.overlap'), /Two secrets sign: the old one ends in (59|60) min/);
    expect(await page.content()).not.toContain(fresh);
    const { body } = await readDestination(id);
    expect(Date.parse(String(body['previous_secret_until']))).toBeGreaterThan(Date.now() + 3_000_000);
  });

  it('is deleted only by typing its name', async () => {
    const { id } = await addWebhook(stage, receiver.url, { name: 'Goner' });
    const page = await openDestination(id, 'Goner');
    await page.getByRole('button', { name: 'Delete' }).click();
    const dialog = page.getByRole('dialog', { name: 'Delete Goner?' });
    await dialog.getByRole('button', { name: 'Delete destination' }).click();
    await seeText(dialog, 'Type Goner to go on.');
    await dialog.getByLabel('Type Goner to go on').fill('Gone');
    await dialog.getByRole('button', { name: 'Delete destination' }).click();
    expect((await readDestination(id)).status).toBe(200);
    await dialog.getByLabel('Type Goner to go on').fill('Goner');
    await dialog.getByRole('button', { name: 'Delete destination' }).click();
    await page.getByRole('heading', { name: 'Destinations', level: 1 }).waitFor();
    expect((await readDestination(id)).status).toBe(404);
  });

  it('says of one that fails that it does, since when and why, and leads to what failed', async () => {
    receiver.answer = () => 500;
    const { id } = await addWebhook(stage, receiver.url, { name: 'Broken', retry_schedule_s: [0.1] });
    for (let call = 0; call < 6; call += 1) await stage.report(`broken-${call}`, 'in-progress');
    await waitFor(
      async () => (await readDestination(id)).body['failing_since'] !== null,
      'it is failing',
      20_000,
    );
    const page = await openDestination(id, 'Broken');
    await page.getByText('Every attempt fails').waitFor();
    await page.getByRole('link', { name: 'Only what was given up' }).click();
    await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
    await seeText(page.locator('[data-row-key]').first(), 'the receiver failed');
  });

  it('works by keyboard only: from the list to a new destination, with the focus kept in its dialog', async () => {
    const { page } = await stage.open('/live');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
    await pressInTurn(page, 'g', 's');
    await page.getByRole('heading', { name: 'Destinations', level: 1 }).waitFor();
    await page.getByRole('link', { name: 'Add destination' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog', { name: 'Add a destination' }).getByRole('link').first().waitFor();
    await page.keyboard.press('Tab');
    await page.keyboard.press('Tab');
    await page.keyboard.press('Enter');
    const dialog = page.getByRole('dialog', { name: 'Add a webhook destination' });
    await dialog.waitFor();
    for (let step = 0; step < 30; step += 1) {
      await page.keyboard.press('Tab');
      // Out of the page altogether, to the browser's own bar, is allowed; behind the dialog is not.
      expect(
        await page.evaluate(
          `document.activeElement === document.body || document.activeElement.closest('dialog') !== null`,
        ),
      ).toBe(true);
    }
    await dialog.getByLabel('URL').focus();
    await page.keyboard.type(receiver.url);
    await page.keyboard.press('Enter');
    await page.locator('.secret-text').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await seeCount(page.locator('[data-row-key]'), 1);
    await page.keyboard.press('j');
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Send a test' }).waitFor();
  });
});
