/** What is set up once: sources, names of numbers, keys, accounts; and what happened to it. */
import { describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, openPage, pressInTurn, seeCount, seeText } from '../../support/browser.ts';
import { makeReportBody } from '../../support/hub-client.ts';
import { setStage } from './stage.ts';

const stage = setStage();

function rowOf(page: Page, text: string) {
  return page.locator('[data-row-key]').filter({ hasText: text });
}

describe.skipIf(!hasChromium)('settings', () => {
  it('a source is added with its secret, its address takes only what is signed, and it can be edited and deleted', async () => {
    const { page } = await stage.open('/settings');
    await page.getByRole('button', { name: 'Add source' }).click();
    await page.getByLabel('Name').fill('Second platform');
    await page.getByLabel('Secrets').fill('a-secret-of-enough-length\nanother-secret-of-enough-length');
    await page.getByRole('dialog').getByRole('button', { name: 'Add source' }).click();
    await seeText(rowOf(page, 'Second platform'), 'Signature, 2 secrets');
    expect(await page.content()).not.toContain('a-secret-of-enough-length');
    const address = await page.getByRole('group', { name: 'Second platform' }).innerText();
    expect(address.startsWith(`${stage.address}/webhooks/`)).toBe(true);
    const unsigned = await fetch(address, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: makeReportBody('unsigned-1', 'in-progress'),
    });
    expect(unsigned.status).toBe(401);

    await page.getByRole('button', { name: 'Edit Second platform' }).click();
    await page.getByLabel('Name').fill('Renamed platform');
    await page.getByRole('button', { name: 'Save' }).click();
    await seeText(rowOf(page, 'Renamed platform'), 'Signature, 2 secrets');
    await page.getByRole('button', { name: 'Delete Renamed platform' }).click();
    await page.getByRole('button', { name: 'Delete source' }).click();
    await seeCount(rowOf(page, 'Renamed platform'), 0);

    // What was refused never enters the journal; only here it can be seen.
    await page.getByRole('tab', { name: 'System' }).click();
    await seeText(page.getByRole('region', { name: 'Refused at the doors' }), /signature_\w+ 1/);
  });

  it('a number is given a name, calls of it carry the name, and it can be forgotten once it is revealed', async () => {
    const { page } = await stage.open('/settings?tab=numbers', { isFresh: true });
    await page.getByRole('button', { name: 'Name a number' }).click();
    await page.getByRole('textbox', { name: 'Number' }).fill('+31 85 083 5037');
    await page.getByRole('textbox', { name: 'Name' }).fill('Support line');
    await page.getByRole('button', { name: 'Save' }).click();
    await seeText(rowOf(page, 'Support line'), '••••');
    await stage.report('named-1', 'in-progress', { phone_number: { number: '+31850835037' } });
    await page.goto(`${stage.address}/live`);
    await seeText(page.locator('[data-call-id="named-1"]'), 'Support line');
    await stage.report('named-1', 'ended');

    await page.goto(`${stage.address}/settings?tab=numbers`);
    await page.getByRole('button', { name: /Phone numbers are masked/ }).click();
    await page.getByRole('button', { name: 'Reveal numbers' }).click();
    await page.getByRole('button', { name: 'Forget Support line' }).click();
    await page
      .getByRole('dialog')
      .getByRole('button', { name: /Forget|Delete|Remove/ })
      .click();
    await page.getByText('No number has a name').waitFor();
  });

  it('refuses a number that is none, in the dialog', async () => {
    const { page } = await stage.open('/settings?tab=numbers');
    await page.getByRole('button', { name: 'Name a number' }).click();
    await page.getByRole('textbox', { name: 'Number' }).fill('not a number');
    await page.getByRole('textbox', { name: 'Name' }).fill('x');
    await page.getByRole('button', { name: 'Save' }).click();
    await page.getByRole('dialog').locator('.problem').waitFor();
  });

  it('a key for a wall screen comes with the address that opens the wall', async () => {
    const { page } = await stage.open('/settings?tab=keys');
    await page.getByRole('button', { name: 'Make a key' }).click();
    await page.getByLabel('Name').fill('Wall in the hall');
    await page.getByLabel('Wall screen').check();
    await page.getByRole('button', { name: 'Make the key' }).click();
    const dialog = page.getByRole('dialog', { name: 'The key Wall in the hall' });
    const key = await dialog.locator('.key-text').innerText();
    const wall = await dialog.getByRole('group', { name: 'Address for the wall screen' }).innerText();
    expect(wall).toBe(`${stage.address}/live?kiosk=1&theme=dark#key=${key}`);
    await page.getByRole('button', { name: 'I have copied it' }).click();
    await seeText(rowOf(page, 'Wall in the hall'), 'watch');
    expect(await page.content()).not.toContain(key);

    const screen = await openPage(stage.browser, { origin: stage.address });
    await screen.page.goto(wall);
    await screen.page.locator('.kiosk .wall-tile').first().waitFor();
    expect(screen.page.url()).not.toContain(key);
    // A wall that was opened is reopened without the key, until the key is revoked.
    await page.reload();
    await seeText(rowOf(page, 'Wall in the hall'), /ago|just now|now/);
    await page.getByRole('button', { name: 'Revoke Wall in the hall' }).click();
    await page.getByRole('button', { name: 'Revoke key' }).click();
    await seeText(rowOf(page, 'Wall in the hall'), 'Revoked');
    await screen.page.reload();
    await screen.page.getByRole('heading', { name: 'Sign in to Offhook' }).waitFor();
    expect(screen.faults).toEqual([]);
    await screen.close();
  });

  it('an account is added', async () => {
    const { page } = await stage.open('/settings?tab=accounts');
    await page.getByRole('button', { name: 'Add account' }).click();
    await page.getByRole('dialog').getByLabel('Name').fill('Customer of ours');
    await page.getByRole('dialog').getByRole('button', { name: 'Add account' }).click();
    await seeCount(rowOf(page, 'Customer of ours'), 1);
    await seeText(rowOf(page, 'Customer of ours'), 'Are kept');
  });

  it('an account is told to end its stale calls, and keeps its name', async () => {
    await stage.call('POST', '/v1/accounts', { name: 'Lost ends' });
    const { page } = await stage.open('/settings?tab=accounts');
    await page.getByRole('button', { name: 'Edit Lost ends' }).click();
    await page.getByRole('dialog').getByLabel('End with error').check();
    await page.getByRole('dialog').getByRole('button', { name: 'Save' }).click();
    // It cannot be taken back, so it is asked; who does not want it is where they were.
    const question = page.getByRole('dialog', { name: 'End stale calls with error?' });
    await question.getByRole('button', { name: 'Cancel' }).click();
    await seeText(rowOf(page, 'Lost ends'), 'Are kept');
    await page.getByRole('dialog', { name: 'Edit Lost ends' }).getByRole('button', { name: 'Save' }).click();
    await question.getByRole('button', { name: 'End stale calls' }).click();
    await seeText(rowOf(page, 'Lost ends'), 'End with error');
  });

  it('the audit log holds who revealed numbers and who exported', async () => {
    const { page } = await stage.open('/calls', { isFresh: true });
    await page.getByRole('button', { name: /Phone numbers are masked/ }).click();
    await page.getByRole('button', { name: 'Reveal numbers' }).click();
    await page.getByRole('button', { name: /shown in full/ }).waitFor();
    await page.getByRole('button', { name: 'Export' }).click();
    const download = page.waitForEvent('download');
    await page.getByRole('link', { name: 'CSV' }).click();
    await (await download).path();
    await page.goto(`${stage.address}/settings?tab=audit`);
    await seeCount(rowOf(page, 'numbers.revealed'), 2);
    await seeText(rowOf(page, 'data.exported'), 'calls');
  });

  it('says what runs, and how much it holds', async () => {
    const { page } = await stage.open('/settings?tab=system');
    const { body } = await stage.call<{ version: string; journal: { calls: number } }>('GET', '/v1/system');
    await seeText(page.locator('#main'), `Version ${body.version}`);
    await seeText(page.getByRole('region', { name: 'Journal' }), `Calls ${body.journal.calls}`);
    await seeText(page.locator('#main'), 'from this machine only');
  });

  it('works by keyboard only: tabs by arrows, a key made and revoked', async () => {
    const { page } = await stage.open('/live');
    await pressInTurn(page, 'g', 'e');
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    await page.getByRole('tab', { name: 'Sources' }).focus();
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('ArrowRight');
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Make a key' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('dialog').waitFor();
    await page.getByLabel('Name').focus();
    await page.keyboard.type('by keys');
    await page.keyboard.press('Enter');
    await page.locator('.key-text').waitFor();
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.getByRole('button', { name: 'Revoke by keys' }).focus();
    await page.keyboard.press('Enter');
    await page.getByRole('button', { name: 'Revoke key' }).focus();
    await page.keyboard.press('Enter');
    await seeText(rowOf(page, 'by keys'), 'Revoked');
  });
});
