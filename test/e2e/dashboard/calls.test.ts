/** The log of calls: ask, look, share, save, and read one call's story. */
import { execFile } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { promisify } from 'node:util';
import { afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { Locator, Page } from 'playwright-core';

import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook, makeReportBody } from '../../support/hub-client.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

const run = promisify(execFile);
const stage = setStage();

/** 30 calls that ended, 20 that failed, 10 live ones. */
const MADE = { ended: 30, failed: 20, live: 10 };

beforeAll(async () => {
  if (!hasChromium) return;
  const reports: Record<string, unknown>[] = [];
  const facts = {
    type: 'inbound_phone_call',
    phone_number: { number: '+31850835037', name: 'Support line' },
    customer: { number: '+31612345678' },
  };
  for (const [kind, count] of Object.entries(MADE)) {
    for (let call = 1; call <= count; call += 1) {
      const callId = `${kind}-${call}`;
      reports.push({ call_id: callId, status: 'in-progress', ...facts });
      if (kind === 'ended') reports.push({ call_id: callId, status: 'ended', end_reason: 'user_hangup' });
      if (kind === 'failed')
        reports.push({ call_id: callId, status: 'ended-with-error', error: `LLM timeout after ${call} s` });
    }
  }
  const { status } = await stage.call('POST', '/v1/reports', { reports });
  if (status !== 200) throw new Error(`The reports were refused (${status}).`);
});

afterEach(async () => {
  const { body } = await stage.call<{ data: { id: string }[] }>('GET', '/v1/destinations');
  for (const { id } of body.data) await stage.call('DELETE', `/v1/destinations/${id}`);
});

function compare(left: string, right: string): number {
  return left < right ? -1 : left > right ? 1 : 0;
}

function rows(page: Page): Locator {
  return page.locator('.calls [data-row-key]');
}

function filterBox(page: Page): Locator {
  return page.getByRole('combobox', { name: 'Filter calls' });
}

async function openWithClipboard(path: string, isFresh = false) {
  const watched = await stage.open(path, {
    isFresh,
    permissions: ['clipboard-read', 'clipboard-write'],
  });
  return {
    ...watched,
    readClipboard: () => watched.page.evaluate(`navigator.clipboard.readText()`) as Promise<string>,
  };
}

/** The button says so for two seconds, the line for those who listen until there is something else to say. */
async function seeCopied(page: Page): Promise<void> {
  await page
    .getByRole('button', { name: 'Copied' })
    .or(page.getByRole('status').filter({ hasText: 'Copied' }))
    .first()
    .waitFor();
}

async function countDead(callId: string): Promise<number> {
  const { body } = await stage.call<{ data: unknown[] }>('GET', `/v1/deliveries?q=call:${callId}+state:dead`);
  return body.data.length;
}

/** As somebody pastes it, with their key in their shell. */
async function runInShell(command: string): Promise<string> {
  const { stdout } = await run('bash', ['-c', `${command} --silent --show-error`], {
    env: { PATH: process.env['PATH'], OFFHOOK_API_KEY: stage.apiKey },
  });
  return stdout;
}

describe.skipIf(!hasChromium)('the calls screen', () => {
  it('tabs count the states, and asking by the box narrows them', async () => {
    const { page } = await stage.open('/calls');
    for (const [tab, count] of [
      ['All', 60],
      ['Live', 10],
      ['Ended', 30],
      ['Failed', 20],
    ] as const)
      await seeText(page.getByRole('tab', { name: new RegExp(`^${tab}`) }), String(count));
    await page.getByRole('tab', { name: /^Failed/ }).click();
    await seeCount(rows(page), 20);
    await seeText(page.locator('.filter-chip'), 'state:failed');
    await filterBox(page).fill('error:"after 1');
    await filterBox(page).press('Enter');
    await seeText(page.locator('.filter-fault'), /quot/i);
    await filterBox(page).fill('error:"after 1"');
    await filterBox(page).press('Enter');
    // 1 and 10 to 19.
    await seeCount(rows(page), 11);
    await seeText(page.getByRole('tab', { name: /^Failed/ }), '11');
    await seeCount(page.locator('.filter-chip'), 2);
    await page.getByRole('button', { name: 'Remove filter state:failed' }).click();
    await seeCount(rows(page), 11);
    await page.getByRole('button', { name: 'Clear', exact: true }).click();
    await seeCount(rows(page), 50);
  });

  it('completes words and values, and says what it does not understand', async () => {
    const { page } = await stage.open('/calls');
    await filterBox(page).click();
    await page.keyboard.type('sta');
    await seeText(page.getByRole('listbox', { name: 'Suggestions' }), 'state:');
    await page.keyboard.type('te:fai');
    await seeText(page.getByRole('listbox', { name: 'Suggestions' }), 'state:failed');
    await page.keyboard.press('ArrowDown');
    await page.keyboard.press('Enter');
    await seeCount(rows(page), 20);
    await page.keyboard.type('duration:banana');
    await page.keyboard.press('Enter');
    await seeText(page.locator('.filter-fault'), 'column');
    expect(await filterBox(page).getAttribute('aria-invalid')).toBe('true');
    // What does not parse never becomes a request.
    await seeCount(rows(page), 20);
    await page.goto(`${stage.address}/calls?q=${encodeURIComponent('nonsense:"')}`);
    await page.getByText('The filter cannot be read').waitFor();
  });

  it('keeps filter, range and the open call in the address: back, forward, reload and a shared link show the same', async () => {
    const { page } = await stage.open('/calls');
    await seeCount(rows(page), 50);
    await page.getByRole('tab', { name: /^Failed/ }).click();
    await seeCount(rows(page), 20);
    await page.getByRole('button', { name: 'Last 24 hours' }).click();
    await page.getByRole('button', { name: 'Last 7 days' }).click();
    await page.getByRole('button', { name: 'Preview call failed-3', exact: true }).click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Timeline' }).waitFor();
    const shared = page.url();
    expect(shared).toContain('since=7d');
    expect(shared).toContain('call=failed-3');
    await page.goBack();
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.goBack();
    await page.goBack();
    await seeCount(rows(page), 50);
    await page.goForward();
    await seeCount(rows(page), 20);
    const other = await stage.open(new URL(shared).pathname + new URL(shared).search);
    await other.page.getByRole('dialog').getByRole('heading', { name: 'Timeline' }).waitFor();
    await seeCount(rows(other.page), 20);
  });

  it('saves a view, which stands there after a reload, and takes it away again', async () => {
    const { page } = await stage.open('/calls?q=state:failed&since=7d');
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByLabel('Save this view as').fill('Failures of the week');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.goto(`${stage.address}/calls`);
    await seeCount(rows(page), 50);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('link', { name: 'Failures of the week' }).click();
    await seeCount(rows(page), 20);
    expect(page.url()).toBe(`${stage.address}/calls?q=state%3Afailed&since=7d`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByRole('button', { name: 'Delete view Failures of the week' }).click();
    await seeCount(page.getByRole('link', { name: 'Failures of the week' }), 0);
  });

  it.each(['csv', 'ndjson', 'parquet'] as const)(
    'exports the filter as %s: the file holds what the API says',
    async (format) => {
      const { page } = await stage.open('/calls?q=state:failed');
      await seeCount(rows(page), 20);
      await page.getByRole('button', { name: 'Export' }).click();
      const download = page.waitForEvent('download');
      await page.getByRole('link', { name: new RegExp(`^${format}$`, 'i') }).click();
      const file = await download;
      expect(file.suggestedFilename()).toMatch(new RegExp(`\\.${format}$`));
      if (format === 'parquet') {
        const bytes = await readFile(await file.path());
        expect(bytes.subarray(0, 4).toString()).toBe('PAR1');
        expect(bytes.subarray(-4).toString()).toBe('PAR1');
        return;
      }
      const lines = (await readFile(await file.path(), 'utf8')).trim().split(/\r?\n/);
      const { body } = await stage.call<{ data: { id: string; error: string }[] }>(
        'GET',
        '/v1/calls?q=state:failed&limit=200',
      );
      const ids = body.data.map((call) => call.id).toSorted(compare);
      if (format === 'ndjson') {
        const exported = lines.map(
          (line) => JSON.parse(line) as { id: string; customer: { number: string } },
        );
        expect(exported.map((call) => call.id).toSorted(compare)).toEqual(ids);
        // This session sees numbers masked, and so does what it saves.
        expect(exported.every((call) => call.customer.number.includes('••••'))).toBe(true);
      } else {
        const [head = '', ...rest] = lines;
        const at = head.split(',').indexOf('id');
        expect(rest.map((line) => line.split(',')[at] ?? '').toSorted(compare)).toEqual(ids);
        expect(rest.join('\n')).not.toContain('12345678');
      }
    },
  );

  it('shows new calls on top; whoever has scrolled is told of them and fetches them', async () => {
    const { page } = await stage.open('/calls');
    await seeCount(rows(page), 50);
    await stage.report('newest-1', 'in-progress');
    await expect.poll(() => rows(page).first().getAttribute('data-row-key')).toBe('newest-1');
    await page.mouse.wheel(0, 400);
    // All the way: what is left of it would go on after the page has gone back to its top.
    await waitFor(() => page.evaluate<boolean>(`scrollY >= 400`), 'it is scrolled');
    await stage.report('newest-2', 'in-progress');
    await page.getByRole('button', { name: '1 new – show' }).click();
    await expect.poll(() => rows(page).first().getAttribute('data-row-key')).toBe('newest-2');
    await expect.poll(() => page.evaluate(`scrollY`)).toBe(0);
    for (const call of ['newest-1', 'newest-2']) await stage.report(call, 'ended');
  });

  it('pages on as somebody scrolls, each call once', async () => {
    const { page } = await stage.open('/calls?since=all');
    await seeCount(rows(page), 50);
    // By hand: a script that scrolls is not told from the page that puts itself back to where it was left.
    await page.keyboard.press('End');
    await expect.poll(() => rows(page).count()).toBeGreaterThanOrEqual(60);
    const keys = (await page.evaluate(
      `[...document.querySelectorAll('.calls [data-row-key]')].map((row) => row.dataset.rowKey)`,
    )) as string[];
    expect(new Set(keys).size).toBe(keys.length);
  });

  it('errors stand grouped, and can be acknowledged, muted and reopened', async () => {
    const { page } = await stage.open('/calls?tab=errors');
    const group = page.locator('.error-group').filter({ hasText: 'LLM timeout' });
    await seeText(group, '20 calls');
    await group.getByRole('button', { name: 'Acknowledge' }).click();
    await seeText(group, 'Acknowledged');
    await page.getByRole('button', { name: 'Undo' }).first().click();
    await seeText(group, 'Open');
    await group.getByRole('link', { name: /LLM timeout/ }).click();
    await seeCount(rows(page), 20);
  });

  it('works by keyboard only: search, rows, preview, page, next, back', async () => {
    const { page, readClipboard } = await openWithClipboard('/calls');
    await seeCount(rows(page), 50);
    await page.keyboard.press('/');
    await page.keyboard.type('state:failed ');
    await seeCount(rows(page), 20);
    await page.keyboard.press('Escape');
    await page.keyboard.press('Escape');
    await page.keyboard.press('j');
    await page.keyboard.press('j');
    await page.keyboard.press('c');
    await page.getByText('Call id copied').waitFor();
    const second = await rows(page).nth(1).getAttribute('data-row-key');
    expect(await readClipboard()).toBe(second);
    await page.keyboard.press(' ');
    await page.getByRole('dialog').getByRole('heading', { name: 'Timeline' }).waitFor();
    await page.keyboard.press('j');
    const third = await rows(page).nth(2).getAttribute('data-row-key');
    await seeText(page.getByRole('dialog').locator('.drawer-title'), third ?? '');
    await page.keyboard.press('Escape');
    await page.getByRole('dialog').waitFor({ state: 'detached' });
    await page.locator(`[data-row-key="${second}"] .table-link`).focus();
    await page.keyboard.press('Enter');
    await seeText(page.getByRole('heading', { level: 1 }), second ?? '');
    await page.keyboard.press('j');
    await seeText(page.getByRole('heading', { level: 1 }), third ?? '');
    await page.keyboard.press('k');
    await seeText(page.getByRole('heading', { level: 1 }), second ?? '');
  });
});

describe.skipIf(!hasChromium)('one call', () => {
  it('tells its whole story: repeated, late and conflicting reports with why, and failing deliveries with attempts', async () => {
    const receiver = await Receiver.start();
    receiver.answer = () => 401;
    await addWebhook(stage, receiver.url, { name: 'Strict one', retry_schedule_s: [0.1] });
    // An end without a start, twice; then the start, late; then an end that contradicts.
    await stage.report('story', 'ended', { end_reason: 'user_hangup' });
    await stage.report('story', 'ended');
    await stage.report('story', 'in-progress', { timestamp: new Date(Date.now() - 60_000).toISOString() });
    await stage.report('story', 'ended-with-error', { error: 'SIP 503 from the carrier' });
    await waitFor(() => receiver.arrivals.length === 2, 'two attempts');
    const { page } = await stage.open('/calls/story');
    const reports = page.locator('.story-entry[data-kind=report]');
    await seeCount(reports, 4);
    await seeText(reports.nth(1), 'Duplicate');
    await seeText(reports.nth(2), 'Out of order');
    await seeText(reports.nth(3), 'Conflicting');
    await seeText(reports.nth(3), 'SIP 503 from the carrier');
    await seeText(page.locator('.page-head'), 'Ended');
    const delivery = page.locator('.delivery-item');
    await seeText(delivery, /Failed.*Strict one/);
    await seeText(delivery, /401/);
    await seeCount(delivery.locator('.try'), 2);
    await seeText(delivery.locator('.delivery-why'), /401.*secret/i);
    expect(await page.title()).toBe('Call story · Calls · Offhook');
    await page.getByRole('button', { name: 'Oldest first' }).click();
    await seeText(page.locator('.story-entry[data-kind=report]').first(), 'Conflicting');
    await receiver.switchOff();
  });

  it('goes on by itself while it is looked at, is retried, and shows that it arrived', async () => {
    const receiver = await Receiver.start();
    receiver.answer = () => 500;
    await addWebhook(stage, receiver.url, { name: 'Mended', retry_schedule_s: [0.1] });
    await stage.report('going-on', 'in-progress');
    const { page } = await stage.open('/calls/going-on');
    await page.getByText('Still live').waitFor();
    await stage.report('going-on', 'ended');
    await seeText(page.locator('.page-head'), 'Ended');
    await page.getByText('Still live').waitFor({ state: 'detached' });
    // What is still to be tried must not arrive by itself.
    await waitFor(async () => (await countDead('going-on')) === 2, 'two dead deliveries');
    receiver.answer = () => 200;
    await page.getByRole('button', { name: 'Retry 2 failed deliveries' }).click();
    await page.getByRole('button', { name: /^Send .*again$/ }).click();
    await receiver.waitForAccepted(1);
    await seeText(page.locator('.story'), '1 delivered');
    await receiver.switchOff();
  });

  it('copies a report as a curl command that really reports it again', async () => {
    const strange = `it's "strange" $HOME \`id\` \\ é`;
    await stage.report('curl-1', 'ended-with-error', {
      error: strange,
      metadata: { nested: { list: [1, 2, { deep: true }] } },
    });
    const { page, readClipboard } = await openWithClipboard('/calls/curl-1');
    await page
      .locator('.story-entry[data-kind=report]')
      .getByRole('button', { name: 'Copy as curl' })
      .click();
    await seeCopied(page);
    const command = await readClipboard();
    expect(command).not.toContain(stage.apiKey);
    const answer = JSON.parse(await runInShell(command)) as { outcome: string };
    expect(answer.outcome).toBe('repeated');
    await page.reload();
    await seeCount(page.locator('.story-entry[data-kind=report]'), 2);
    const { body } = await stage.call<{ reports: { report: { error: string } }[] }>(
      'GET',
      '/v1/calls/curl-1/timeline',
    );
    expect(body.reports.map((one) => one.report.error)).toEqual([strange, strange]);
  });

  it('copies an attempt as a curl command that sends the very same bytes, once numbers are revealed', async () => {
    const receiver = await Receiver.start();
    await addWebhook(stage, receiver.url, { name: 'Copied' });
    await stage.report('curl-2', 'in-progress', { customer: { number: '+31612345678' } });
    await receiver.waitForAccepted(1);
    const { page, readClipboard } = await openWithClipboard('/calls/curl-2', true);
    await page.getByRole('button', { name: /Phone numbers are masked/ }).click();
    await page.getByRole('button', { name: 'Reveal numbers' }).click();
    await page.getByRole('button', { name: /shown in full/ }).waitFor();
    await page.locator('.delivery-toggle').click();
    await page
      .locator('.try')
      .getByRole('button', { name: /Request/ })
      .click();
    await page.locator('.wire').getByRole('button', { name: 'Copy as curl' }).click();
    await seeCopied(page);
    expect(await runInShell(await readClipboard())).toBe('body is ignored');
    const [sent, copied] = receiver.arrivals;
    expect(copied?.body.equals(sent?.body ?? Buffer.alloc(0))).toBe(true);
    for (const name of ['x-webhook-signature', 'webhook-signature', 'webhook-id'])
      expect(copied?.headers[name]).toBe(sent?.headers[name]);
    await receiver.switchOff();
  });

  it('shows JSON with its numbers exactly as they came', async () => {
    const body = makeReportBody('exact', 'in-progress').replace(
      '"phone_number"',
      '"assistant":{"id":"a","name":"b","metadata":{"big":12345678901234567890,"small":1e-7,"ratio":0.10}},"phone_number"',
    );
    const answer = await fetch(`${stage.address}/webhooks/status-update`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body,
    });
    expect(answer.status).toBe(200);
    const { page } = await stage.open('/calls/exact', { isFresh: true });
    // Twenty digits might be somebody's number, so they are masked as well.
    await page.getByRole('button', { name: /Phone numbers are masked/ }).click();
    await page.getByRole('button', { name: 'Reveal numbers' }).click();
    await page.getByRole('button', { name: /shown in full/ }).waitFor();
    await page.getByRole('button', { name: 'Body as sent' }).first().click();
    const view = page.getByRole('region', { name: 'Body of the event' });
    await seeText(view, '"small": 1e-7');
    const { body: timeline } = await stage.call<{ events: { body: string }[] }>(
      'GET',
      '/v1/calls/exact/timeline',
    );
    const sentBig = /"big":([^,}]+)/.exec(timeline.events[0]?.body ?? '')?.[1];
    // What JavaScript would round is handed on as text, digit for digit.
    expect(sentBig).toBe('"12345678901234567890"');
    await seeText(view, String(sentBig));
    await view.getByRole('button', { name: 'Exactly as sent' }).click();
    await seeText(view.locator('.json-raw'), `"big":${sentBig}`);
  });

  it('is ended by hand with a reason, which everybody can read', async () => {
    await stage.report('by-hand', 'in-progress');
    const { page } = await stage.open('/calls/by-hand');
    await page.getByRole('button', { name: 'End with error…' }).click();
    const dialog = page.getByRole('dialog', { name: 'End this call with error' });
    await dialog.getByRole('button', { name: 'End with error' }).click();
    await seeText(dialog, 'Say why');
    await dialog.getByLabel('Reason').fill('the platform lost it');
    await dialog.getByRole('button', { name: 'End with error' }).click();
    await dialog.waitFor({ state: 'detached' });
    await seeText(
      page.getByRole('region', { name: 'Ended with error' }),
      'ended by hand: the platform lost it',
    );
    await seeCount(page.getByRole('button', { name: 'End with error…' }), 0);
  });

  it('that does not exist is said so', async () => {
    const { page } = await stage.open('/calls/nobody-knows-it');
    await page.getByText('There is no such call').waitFor();
  });
});
