/** Who gets in, what each of them may do, and how they leave. */
import { describe, expect, it } from 'vitest';

import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const stage = setStage();

const PERSON = {
  type: 'inbound_phone_call',
  phone_number: { number: '+31850835037', name: 'Support line' },
  customer: { number: '+31612345678' },
};

describe.skipIf(!hasChromium)('signing in', () => {
  it('asks for a key in the place of the page that was asked for, and then shows that page', async () => {
    const { page } = await stage.open('/deliveries?tab=failed&since=7d', { role: null });
    await page.getByRole('heading', { name: 'Sign in to Offhook' }).waitFor();
    expect(await page.title()).toBe('Sign in · Offhook');
    await page.getByLabel('API key').fill(stage.apiKey);
    await page.getByRole('button', { name: 'Sign in' }).click();
    await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
    expect(page.url()).toBe(`${stage.address}/deliveries?tab=failed&since=7d`);
    expect(await page.title()).toBe('Deliveries · Offhook');
  });

  it('works by keyboard only: the field has the focus, Enter signs in', async () => {
    const { page } = await stage.open('/live', { role: null });
    await page.getByLabel('API key').waitFor();
    await expect.poll(() => page.evaluate('document.activeElement?.name')).toBe('offhook-key');
    await page.keyboard.type(stage.apiKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
  });

  it('says at the field that a key is wrong, keeps what was typed hidden, and lets it be mended', async () => {
    const { page } = await stage.open('/live', { role: null });
    const field = page.getByLabel('API key');
    await field.fill('ohk_this_is_not_a_key_of_this_hub');
    await page.keyboard.press('Enter');
    await page.getByText('This key is not valid here').first().waitFor();
    expect(await field.getAttribute('aria-invalid')).toBe('true');
    expect(await field.getAttribute('type')).toBe('password');
    await field.fill(stage.apiKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
  });

  it('tells a key that may only report that it may not look', async () => {
    const { body } = await stage.call<{ key: string }>('POST', '/v1/keys', {
      name: 'a platform',
      scopes: ['ingest'],
    });
    const { page } = await stage.open('/live', { role: null });
    await page.getByLabel('API key').fill(body.key);
    await page.keyboard.press('Enter');
    await page.locator('.field-error').waitFor();
    expect(await page.getByRole('heading', { name: 'Sign in to Offhook' }).isVisible()).toBe(true);
  });

  it('takes the key out of the fragment, and out of the history with it', async () => {
    const { page, requests } = await stage.open(`/calls?q=state:failed#key=${stage.apiKey}`, { role: null });
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    expect(page.url()).toBe(`${stage.address}/calls?q=state:failed`);
    await page.getByRole('link', { name: 'Deliveries', exact: true }).click();
    await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
    await page.goBack();
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    expect(page.url()).not.toContain(stage.apiKey);
    await page.reload();
    await page.getByRole('heading', { name: 'Calls', level: 1 }).waitFor();
    const kept = await page.evaluate(
      'JSON.stringify([{ ...localStorage }, { ...sessionStorage }, document.cookie, history.state])',
    );
    expect(kept).not.toContain(stage.apiKey);
    expect(requests.filter((request) => request.url().includes(stage.apiKey)).length).toBeLessThanOrEqual(1);
  });

  it('shows a wrong key of the fragment at the field', async () => {
    const { page } = await stage.open('/live#key=ohk_wrong_wrong_wrong_wrong_wrong', { role: null });
    await page.getByText('This key is not valid here').first().waitFor();
    expect(page.url()).toBe(`${stage.address}/live`);
  });

  it('signs out in all tabs, and the session is over at the hub too', async () => {
    const { page, context } = await stage.open('/live', { isFresh: true });
    const other = await context.newPage();
    await other.goto(`${stage.address}/destinations`);
    await other.getByRole('heading', { name: 'Destinations', level: 1 }).waitFor();
    const cookie = (await context.cookies()).map(({ name, value }) => `${name}=${value}`).join('; ');
    await page.getByRole('button', { name: /^Signed in as/ }).click();
    await page.getByRole('button', { name: 'Sign out' }).click();
    await page.getByRole('heading', { name: 'Sign in to Offhook' }).waitFor();
    await other.getByRole('heading', { name: 'Sign in to Offhook' }).waitFor();
    const { status } = await fetch(`${stage.address}/v1/session`, { headers: { cookie } });
    expect(status).toBe(401);
  });

  it('asks again when the session has ended, without losing the address', async () => {
    const { page } = await stage.open('/live', { role: null });
    const key = await stage.makeKey('write', 'soon gone');
    await page.getByLabel('API key').fill(key.key);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
    await page.goto(`${stage.address}/deliveries?tab=failed&q=code:5xx`);
    await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
    await stage.call('DELETE', `/v1/keys/${key.id}`);
    // Whatever asks first is told: the tab, or the stream at its next heartbeat, which puts the field in its place.
    await page
      .getByRole('tab', { name: /^Delivered/ })
      .or(page.getByLabel('API key'))
      .click();
    await page.getByRole('heading', { name: 'Sign in to Offhook' }).waitFor();
    const asked = page.url();
    expect(asked).toContain('q=code:5xx');
    await page.getByLabel('API key').fill(stage.apiKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Deliveries', level: 1 }).waitFor();
    expect(page.url()).toBe(asked);
  });
});

describe.skipIf(!hasChromium)('roles', () => {
  it('a viewer reads everything and is offered nothing that changes anything', async () => {
    const receiver = await Receiver.start();
    receiver.answer = () => 500;
    const { id } = await addWebhook(stage, receiver.url, { name: 'For the viewer' });
    await stage.report('viewed-1', 'in-progress', PERSON);
    await waitFor(() => receiver.arrivals.length > 0, 'an attempt');
    const { page } = await stage.open('/deliveries', { role: 'read' });
    await page.locator('[data-row-key]').first().waitFor();
    await seeCount(page.getByRole('button', { name: /Retry|Cancel/ }), 0);
    await seeCount(page.getByRole('checkbox'), 0);
    await page.locator('.table-link').first().click();
    await page.getByRole('heading', { name: 'Attempts' }).waitFor();
    await seeCount(page.getByRole('button', { name: /^(Retry|Try now|Cancel|Send again)$/ }), 0);

    await page.goto(`${stage.address}/destinations/${id}`);
    await page.getByRole('heading', { name: 'For the viewer' }).waitFor();
    await seeCount(page.locator('#main').getByRole('button', { name: /Edit|Pause|Delete|Rotate|^Send / }), 0);

    await page.goto(`${stage.address}/calls/viewed-1`);
    await page.getByText('Still live').waitFor();
    await seeCount(page.getByRole('button', { name: /End with error|\bRetry\b/ }), 0);
    await page.goto(`${stage.address}/settings`);
    await page.getByRole('heading', { name: 'Sources' }).first().waitFor();
    await seeCount(page.getByRole('link', { name: /API keys|Accounts|Audit/ }), 0);
    await seeCount(page.getByRole('button', { name: /Add source|Edit|Delete/ }), 0);
    await stage.call('DELETE', `/v1/destinations/${id}`);
    await receiver.switchOff();
  });

  it('a viewer who types the address of what is not theirs is refused by the hub, not by the page', async () => {
    const { page } = await stage.open('/settings?tab=keys', { role: 'read' });
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    await seeCount(page.getByRole('button', { name: 'Make a key' }), 0);
    const status = await page.evaluate(`fetch('/v1/keys').then((answer) => answer.status)`);
    expect(status).toBe(403);
  });

  it('a watch key sees the wall with masked numbers, and no screen breaks for it', async () => {
    await stage.report('watched-1', 'in-progress', PERSON);
    const { page } = await stage.open('/live', { role: 'watch' });
    await seeText(page.locator('[data-call-id="watched-1"]'), 'Support line');
    await seeText(page.locator('[data-call-id="watched-1"]'), '+31 6 •••• 5678');
    expect(await page.content()).not.toContain('12345678');
    await seeCount(page.getByRole('button', { name: /reveal/i }), 0);
    for (const [path, title] of [
      ['/calls', 'Calls'],
      ['/deliveries', 'Deliveries'],
      ['/analytics', 'Analytics'],
      ['/destinations', 'Destinations'],
      ['/settings', 'Settings'],
    ] as const) {
      await page.goto(`${stage.address}${path}`);
      await page.getByRole('heading', { name: title, level: 1 }).waitFor();
      await page.locator('[aria-busy=true]').first().waitFor({ state: 'detached' });
    }
  });

  it('an operator retries, and is offered no keys', async () => {
    const receiver = await Receiver.start();
    receiver.answer = () => 503;
    // The hub's own next try must not come before the operator's.
    const { id } = await addWebhook(stage, receiver.url, {
      name: 'For the operator',
      retry_schedule_s: [3_600],
    });
    await stage.report('operated-1', 'in-progress', PERSON);
    await waitFor(() => receiver.arrivals.length > 0, 'an attempt');
    const { page } = await stage.open(`/deliveries?q=destination:${id}`, { role: 'write' });
    receiver.answer = () => 200;
    await page.locator('.table-link').first().click();
    await page.getByRole('button', { name: 'Try now' }).click();
    await seeText(page.locator('dialog.drawer'), 'Delivered');
    await page.goto(`${stage.address}/settings`);
    await page.getByRole('heading', { name: 'Settings', level: 1 }).waitFor();
    await seeCount(page.getByRole('link', { name: 'API keys' }), 0);
    await seeCount(page.getByRole('button', { name: 'Add source' }), 1);
    await stage.call('DELETE', `/v1/destinations/${id}`);
    await receiver.switchOff();
  });

  it('an admin sees keys, and reveals numbers only by saying so', async () => {
    await stage.report('revealed-1', 'in-progress', PERSON);
    const { page } = await stage.open('/live', { isFresh: true });
    const tile = page.locator('[data-call-id="revealed-1"]');
    await seeText(tile, '+31 6 •••• 5678');
    await page.getByRole('button', { name: /Phone numbers are masked/ }).click();
    await page.getByRole('button', { name: 'Reveal numbers' }).click();
    await seeText(tile, /\+31 ?6 ?1234 ?5678/);
    await page.getByRole('button', { name: /shown in full/ }).click();
    await seeText(tile, '+31 6 •••• 5678');
    await page.goto(`${stage.address}/settings?tab=keys`);
    await page.getByRole('button', { name: 'Make a key' }).waitFor();
    await page.goto(`${stage.address}/settings?tab=audit`);
    await seeText(page.locator('#main'), /reveal/);
  });
});
