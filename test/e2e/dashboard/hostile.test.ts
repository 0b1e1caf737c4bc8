/** Text of strangers stays text: on every screen, in every drawer, dialog and table that shows it. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import type { AddressInfo } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Page } from 'playwright-core';

import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { waitFor } from '../../support/wait-for.ts';
import { joinTexts, NAUGHTY, VECTORS } from './hostile-text.ts';
import { setStage } from './stage.ts';

const stage = setStage();
/** The hub refuses a NUL wherever it stands, and says so; everything else it takes. */
const ALL = [...NAUGHTY, ...VECTORS].map((text) => text.replaceAll('\0', ''));
const NAMES = joinTexts(ALL, 200);
/** As the hub keeps of an answer. */
const ANSWERS = joinTexts(ALL, 15_000);

/** Whole characters only: the hub takes no half of a pair either. */
function cut(text: string, charactersMax: number): string {
  return text.slice(0, charactersMax).toWellFormed();
}

function toId(text: string): string {
  return cut(text, 256);
}

/** Six hundred rows with all their text: beside dozens of other test processes a page of them took 15 s, alone 1 s. */
const PAGE_MS_MAX = 60_000;

let receiver: Server;
let deliveriesTo = '';

/** One place at a time, several at once: thousands of small requests would else take a minute. */
async function inBatches<Item>(items: readonly Item[], act: (item: Item, at: number) => Promise<void>) {
  const waiting = [...items.entries()];
  await Promise.all(
    Array.from({ length: 12 }, async () => {
      for (let next = waiting.shift(); next !== undefined; next = waiting.shift())
        await act(next[1], next[0]);
    }),
  );
}

beforeAll(async () => {
  if (!hasChromium) return;
  let answers = 0;
  receiver = createServer((request, response) => {
    request.resume();
    request.on('end', () => {
      const text = ANSWERS[answers % ANSWERS.length] ?? '';
      answers += 1;
      // As text, as HTML and as JSON with hostile keys too: the browser must make nothing of any.
      const body = answers % 2 === 0 ? JSON.stringify({ [text.slice(0, 300)]: text, list: VECTORS }) : text;
      response.writeHead(418, { 'content-type': 'text/html' }).end(body);
    });
  });
  await new Promise<void>((resolve) => {
    receiver.listen(0, '127.0.0.1', resolve);
  });
  ({ id: deliveriesTo } = await addWebhook(
    stage,
    `http://127.0.0.1:${(receiver.address() as AddressInfo).port}/`,
    {
      name: VECTORS[9],
      retry_schedule_s: [0.1, 0.1, 0.1, 0.1, 0.1, 0.1],
      filter: { phone_numbers: ['+31850835037'] },
    },
  ));
  // Failed calls: the text is their id, names, numbers and error. Live ones the same.
  const calls = ALL.flatMap((text, at) =>
    (['ended-with-error', 'in-progress'] as const).map((status) => ({
      call_id: toId(`${status === 'in-progress' ? 'live' : 'over'} ${at} ${text}`),
      status,
      type: at % 3 === 0 ? cut(text, 64) : 'web_call',
      phone_number: { number: at % 2 === 0 ? cut(text, 256) : null, name: text },
      customer: { number: cut(text, 256) },
      ...(status === 'ended-with-error' && { error: text }),
      end_reason: text,
      // Not alone: the hub takes no key `__proto__`.
      metadata: { [`key ${text}`]: text, list: [text, { [`key ${text}`]: 1 }] },
    })),
  );
  for (let from = 0; from < calls.length; from += 200) {
    const { status, body } = await stage.call<{ results: { problem?: unknown }[] }>('POST', '/v1/reports', {
      reports: calls.slice(from, from + 200),
    });
    if (status !== 200) throw new Error(`Refused (${status}): ${JSON.stringify(body).slice(0, 500)}`);
    const refused = body.results.filter((result) => result.problem !== undefined);
    if (refused.length > 0) throw new Error(`Refused: ${JSON.stringify(refused).slice(0, 500)}`);
  }
  // One call whose timeline holds every text: as error, end reason, status and in its JSON.
  const story = ALL.map((text) => ({
    call_id: 'the story',
    status: cut(`noted ${text}`, 64),
    error: text,
    end_reason: text,
    phone_number: { number: '+31850835037', name: text },
  }));
  await stage.call('POST', '/v1/reports', { reports: story });
  await stage.call('POST', '/v1/reports', {
    reports: [
      {
        call_id: 'the story',
        status: 'in-progress',
        phone_number: { number: '+31850835037', name: VECTORS[16] },
      },
    ],
  });
  // What a platform says of a call when it is over, and who spoke.
  for (const text of ALL.slice(-VECTORS.length).slice(0, 40)) await postSummary(text);
  await inBatches(NAMES, async (name) => {
    await addWebhook(stage, 'http://127.0.0.1:9/', {
      name,
      filter: { phone_numbers: ['+10000000000'] },
    }).then(({ id }) => stage.call('POST', `/v1/destinations/${id}/pause`, { reason: name }));
    await stage.call('POST', '/v1/keys', { name, scopes: ['read'] });
    await stage.call('POST', '/v1/accounts', { name });
    await stage.call('POST', '/v1/sources', { kind: 'voicedock', name, secrets: [] });
  });
  await inBatches(NAMES, async (name, at) => {
    await stage.call(
      'PUT',
      `/v1/phone-numbers/${encodeURIComponent(`+31200000${String(at).padStart(3, '0')}`)}`,
      {
        name,
      },
    );
  });
  await waitFor(async () => {
    const { body } = await stage.call<{ data: { state: string }[] }>(
      'GET',
      `/v1/deliveries?q=destination:${deliveriesTo}`,
    );
    // All of them: an attempt that comes while somebody unfolds the others would move them.
    return body.data.length > 0 && body.data.every((delivery) => delivery.state === 'dead');
  }, 'answers of the receiver');
}, 180_000);
afterAll(() => {
  receiver?.close();
  receiver?.closeAllConnections();
});

async function postSummary(text: string): Promise<void> {
  const call = { id: toId(`summed ${text}`), type: 'inbound_phone_call' };
  for (const message of [
    {
      type: 'status-update',
      call: { ...call, status: 'in-progress' },
      assistant: { id: text, name: text, metadata: { [`key ${text}`]: text } },
    },
    {
      type: 'end-of-call-report',
      call: { ...call, status: 'ended' },
      summary: text,
      ended_reason: text,
      end_reason: text,
    },
  ]) {
    const answer = await fetch(`${stage.address}/webhooks/status-update`, {
      method: 'POST',
      headers: { 'content-type': 'application/json' },
      body: JSON.stringify({
        message: {
          timestamp: new Date().toISOString(),
          phone_number: { number: null, name: text },
          customer: { number: null },
          ...message,
        },
      }),
    });
    await answer.body?.cancel();
  }
}

async function openRevealed(path: string, viewport = { width: 1280, height: 800 }): Promise<Page> {
  const { page } = await stage.open(path, { isFresh: true, viewport });
  page.setDefaultTimeout(PAGE_MS_MAX);
  await page.evaluate(
    `fetch('/v1/session/reveal', { method: 'POST', headers: { 'content-type': 'application/json' }, body: '{"revealed":true}' })`,
  );
  await page.reload();
  await page.locator('h1').first().waitFor();
  return page;
}

/** Nothing ran, nothing became an element that a screen of ours does not have, and the page can still be used. */
async function expectHarmless(page: Page, what: string): Promise<void> {
  const found = await page.evaluate<object>(LOOK);
  expect({ what, ...found }).toEqual({
    what,
    hacked: false,
    scripts: 0,
    strangers: [],
    handlers: 0,
    links: [],
    overflow: 0,
    bar: true,
  });
}

const LOOK = `(() => {
  const root = document.documentElement;
  const handlers = [...document.querySelectorAll('body *')]
    .filter((one) => one.getAttributeNames().some((name) => name.startsWith('on')));
  return {
    hacked: 'hacked' in globalThis,
    scripts: [...document.scripts].filter((one) => !one.src.startsWith(location.origin + '/assets/')).length,
    strangers: [...document.querySelectorAll('iframe, object, embed, base, marquee, video, audio, math, picture, template, #app noscript, meta[http-equiv=refresh], body style, body link')]
      .map((one) => one.outerHTML.slice(0, 100)),
    handlers: handlers.length,
    links: [...document.querySelectorAll('a[href], form[action], [xlink\\\\:href]')]
      .map((one) => one.getAttribute('href') ?? one.getAttribute('action') ?? '')
      .filter((href) => !/^(?:\\/(?!\\/)|#|\\?)/.test(href) && !href.startsWith(location.origin)),
    overflow: Math.max(0, root.scrollWidth - root.clientWidth),
    bar: document.querySelector('.bar, .kiosk, .sign-in') !== null,
  };
})()`;

/** A text as a page may cut it. */
function isShown(shown: readonly string[], text: string): boolean {
  const start = text.slice(0, 30);
  return shown.some((one) => one.includes(text) || one.includes(start));
}

describe.skipIf(!hasChromium)('hostile text', { timeout: 4 * PAGE_MS_MAX }, () => {
  it('there is enough of it', () => {
    expect(VECTORS.length).toBeGreaterThanOrEqual(60);
    expect(NAUGHTY.length).toBeGreaterThan(450);
  });

  it('on the wall, grouped and on the wall screen', async () => {
    const page = await openRevealed('/live');
    await waitFor(async () => (await page.locator('.call-tile').count()) >= 450, 'the tiles', PAGE_MS_MAX);
    await expectHarmless(page, '/live');
    const names = (await page.evaluate(
      `[...document.querySelectorAll('.call-tile')].map((one) => one.textContent)`,
    )) as string[];
    // The wall has room for the newest ones.
    expect(ALL.slice(-VECTORS.length).filter((text) => !isShown(names, text))).toEqual([]);
    await seeText(page.locator('.error-feed'), /.+/);
    await page.goto(`${stage.address}/live?group=number`);
    await page.locator('.call-group').first().waitFor();
    await expectHarmless(page, '/live?group=number');
    await page.goto(`${stage.address}/live?kiosk=1`);
    await page.locator('.kiosk .call-tile').first().waitFor();
    await expectHarmless(page, 'kiosk');
  });

  it('in the list of calls, its drawer, its errors and its exports', async () => {
    const page = await openRevealed('/calls?q=state:failed&since=all');
    await page.getByRole('button', { name: 'Columns' }).click();
    for (const column of ['Summary', 'Ended', 'Last change'])
      await page.getByRole('menuitemcheckbox', { name: column }).click();
    await page.keyboard.press('Escape');
    let count = 0;
    while (count < ALL.length) {
      const before = count;
      // By hand, and again: a page that was reloaded may still put itself back to where it was left.
      await waitFor(
        async () => {
          await page.keyboard.press('End');
          return (await page.locator('[data-row-key]').count()) > before;
        },
        'more rows',
        PAGE_MS_MAX,
      );
      count = await page.locator('[data-row-key]').count();
    }
    await expectHarmless(page, '/calls');
    const rows = (await page.evaluate(
      `[...document.querySelectorAll('[data-row-key]')].map((one) => one.textContent)`,
    )) as string[];
    expect(ALL.filter((text) => !isShown(rows, text))).toEqual([]);
    // In the first row alone: to name every button of six hundred takes a busy browser seconds.
    await page
      .locator('[data-row-key]')
      .first()
      .getByRole('button', { name: /^Preview call/ })
      .click();
    await page.getByRole('dialog').getByRole('heading', { name: 'Timeline' }).waitFor();
    await expectHarmless(page, 'the drawer of a call');

    await page.goto(`${stage.address}/calls?tab=errors&since=all`);
    await page.locator('.error-group').first().waitFor();
    for (let more = 0; more < 4; more += 1) {
      const button = page.getByRole('button', { name: 'Load more' });
      if ((await button.count()) === 0) break;
      await button.click();
      await page
        .locator('.error-group')
        .nth(50 * (more + 1))
        .waitFor();
    }
    await expectHarmless(page, '/calls?tab=errors');
  });

  it('in the story of a call, as its reports, its JSON and what its receiver answered', async () => {
    const page = await openRevealed('/calls/the%20story');
    await seeCount(page.locator('.story-entry[data-kind=report]'), ALL.length + 1, PAGE_MS_MAX);
    await expectHarmless(page, 'the story');
    const shown = (await page.evaluate(
      `[...document.querySelectorAll('.story-entry')].map((one) => one.textContent)`,
    )) as string[];
    expect(ALL.filter((text) => !isShown(shown, text))).toEqual([]);
    for (const vector of [0, 9, 16, 25, 60, 80]) {
      const entry = page.locator('.story-entry[data-kind=report]').nth(NAUGHTY.length + vector);
      await entry.getByRole('button', { name: 'Report as JSON' }).click();
      await entry.locator('.json-body').waitFor();
    }
    for (const attempt of await page.locator('.try').all()) {
      for (const fold of await attempt.getByRole('button', { name: /Answer|Request/ }).all())
        await fold.click();
    }
    await page.locator('.try .json-body').first().waitFor();
    await expectHarmless(page, 'the story with its JSON');
  });

  it('as the id of a call in its address, its summary and its title', async () => {
    const page = await openRevealed('/live');
    for (const text of [
      ...VECTORS.slice(0, 6),
      ...VECTORS.slice(16, 19),
      VECTORS[60],
      VECTORS[82],
      VECTORS[88],
      VECTORS[90],
    ]) {
      const id = toId(`summed ${text}`);
      const { status } = await stage.call('GET', `/v1/calls/${encodeURIComponent(id)}`);
      const at = ALL.indexOf(text ?? '');
      const shownId = status === 200 ? id : toId(`over ${at} ${text}`);
      await page.goto(`${stage.address}/calls/${encodeURIComponent(shownId)}`);
      await page.getByRole('heading', { name: 'Timeline' }).waitFor();
      await page.locator('.story-entry').first().waitFor();
      await expectHarmless(page, `the call ${shownId}`);
    }
  });

  it('in deliveries, their drawer with the answers of the receiver, and bulk retries', async () => {
    const page = await openRevealed(`/deliveries?q=destination:${deliveriesTo}`);
    await page.locator('[data-row-key]').first().waitFor();
    await page.locator('.table-link').first().click();
    const drawer = page.locator('dialog.drawer');
    await drawer.getByRole('heading', { name: 'Attempts' }).waitFor();
    for (const summary of await drawer.locator('.attempt > details > summary').all()) await summary.click();
    for (const summary of await drawer.getByText('Request as it was sent').all())
      if (await summary.isVisible()) await summary.click();
    await seeText(drawer, '418');
    await expectHarmless(page, 'the drawer of a delivery');
    await page.keyboard.press('Escape');
    await page.goto(`${stage.address}/deliveries?since=7d`);
    await page.getByRole('button', { name: 'Retry all matching…' }).click();
    await page.getByRole('radio', { name: /All that match/ }).check();
    await page.getByRole('table', { name: 'What would be sent' }).waitFor();
    await expectHarmless(page, 'the dialog of a bulk retry');
  });

  it('in analytics and the table of each of its charts', async () => {
    const page = await openRevealed('/analytics?since=1h');
    await page.getByRole('figure', { name: 'Top errors' }).getByRole('link').first().waitFor();
    for (const toggle of await page.getByRole('button', { name: 'View as table' }).all())
      await toggle.click();
    await expectHarmless(page, '/analytics');
  });

  it('in destinations, their page and each of its dialogs', async () => {
    const page = await openRevealed('/destinations');
    await page.locator('[data-row-key]').first().waitFor();
    await expectHarmless(page, '/destinations');
    const shown = (await page.evaluate(
      `[...document.querySelectorAll('[data-row-key]')].map((one) => one.textContent)`,
    )) as string[];
    // Blanks around a name are taken off.
    expect(NAMES.filter((name) => !isShown(shown, name.trim()))).toEqual([]);
    await page.goto(`${stage.address}/destinations/${deliveriesTo}`);
    const name = VECTORS[9] ?? '';
    await seeText(page.getByRole('heading', { level: 1 }), name);
    await page.getByRole('button', { name: 'Send ended', exact: true }).click();
    await page.locator('.test-answer .json-body').waitFor();
    await expectHarmless(page, 'a destination and its test');
    for (const [button, dialog] of [
      ['Edit', `Edit ${name}`],
      ['Pause', `Pause ${name}?`],
      ['Delete', `Delete ${name}?`],
    ] as const) {
      await page.getByRole('button', { name: button, exact: true }).click();
      await page.getByRole('dialog', { name: dialog }).waitFor();
      await expectHarmless(page, dialog);
      await page.keyboard.press('Escape');
      await page.getByRole('dialog').waitFor({ state: 'detached' });
    }
  });

  it('in each tab of the settings', async () => {
    const page = await openRevealed('/settings');
    for (const tab of ['sources', 'numbers', 'keys', 'accounts', 'audit', 'system']) {
      await page.goto(`${stage.address}/settings?tab=${tab}`);
      await page.locator('.settings [data-row-key], .settings .fact').first().waitFor();
      await expectHarmless(page, `/settings?tab=${tab}`);
    }
  });

  it('typed and in addresses: filter, palette, saved view, sign-in, tabs', async () => {
    const page = await openRevealed('/calls');
    for (const text of VECTORS.slice(0, 12)) {
      await page.getByRole('combobox', { name: 'Filter calls' }).fill(text);
      await page.keyboard.press('Enter');
    }
    await expectHarmless(page, 'the filter box');
    for (const text of [VECTORS[0], VECTORS[9], VECTORS[57]]) {
      const encoded = encodeURIComponent(text ?? '');
      for (const path of [
        `/calls?q=${encoded}&since=${encoded}&tab=${encoded}`,
        `/deliveries?q=${encoded}&tab=${encoded}&replay=${encoded}`,
        `/analytics?since=${encoded}#${encoded}`,
        `/settings?tab=${encoded}`,
        `/destinations/${encoded}`,
        `/live?sort=${encoded}&scale=${encoded}`,
      ]) {
        await page.goto(stage.address + path);
        await page.locator('h1').first().waitFor();
        await expectHarmless(page, path);
      }
    }
    await page.goto(`${stage.address}/calls`);
    await page.getByRole('button', { name: 'Views' }).click();
    await page.getByLabel('Save this view as').fill(VECTORS[9] ?? '');
    await page.getByRole('button', { name: 'Save', exact: true }).click();
    await page.getByRole('link', { name: VECTORS[9] ?? '', exact: true }).waitFor();
    await expectHarmless(page, 'a saved view');
    await page.keyboard.press('Escape');
    await page.keyboard.press('Control+k');
    await page.locator('.palette-input:focus').waitFor();
    await page.keyboard.type(VECTORS[11] ?? '');
    await expect.poll(() => page.locator('.palette-input').inputValue()).toBe(VECTORS[11]);
    await expectHarmless(page, 'the palette');
    await page.keyboard.press('Escape');
  });

  it('leaves a phone’s screen usable', async () => {
    const page = await openRevealed('/live', { width: 360, height: 740 });
    for (const path of [
      '/live',
      '/calls?since=all',
      '/calls?tab=errors',
      '/calls/the%20story',
      '/deliveries',
      '/destinations',
      '/settings?tab=keys',
    ]) {
      await page.goto(stage.address + path);
      await page.locator('h1').first().waitFor();
      await page.locator('[data-row-key], .call-tile, .story-entry, .error-group').first().waitFor();
      await expectHarmless(page, `${path} at 360`);
    }
    await page.getByRole('link', { name: 'Live', exact: true }).first().click();
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
  });
});
