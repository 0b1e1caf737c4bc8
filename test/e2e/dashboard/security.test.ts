/** What other sites try, what may be framed, what leaves the browser, and what still works without a network. */
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { connect, createServer as createTcpServer } from 'node:net';
import type { AddressInfo, Socket } from 'node:net';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { BrowserContext, Page } from 'playwright-core';

import { hasChromium, seeCount, seeText } from '../../support/browser.ts';
import { addWebhook } from '../../support/hub-client.ts';
import { findFreePort } from '../../support/free-port.ts';
import { Receiver } from '../../support/receiver.ts';
import { waitFor } from '../../support/wait-for.ts';
import { setStage } from './stage.ts';

/** Another name for this machine: another site to a browser, where another port is the same site. */
const stage = setStage({}, { browserArgs: ['--host-resolver-rules=MAP evil.example 127.0.0.1'] });

let evil: Server;
let receiver: Receiver;
let destinationId = '';

beforeAll(async () => {
  if (!hasChromium) return;
  receiver = await Receiver.start();
  ({ id: destinationId } = await addWebhook(stage, receiver.url, { name: 'Must stay' }));
  await stage.report('must-live', 'in-progress');
  // What still arrives later would look like the work of an attacker.
  await receiver.waitForAccepted(1);
  evil = createServer((_request, response) => {
    response.writeHead(200, { 'content-type': 'text/html' }).end('<!doctype html><title>evil</title><body>');
  });
  await new Promise<void>((resolve) => {
    evil.listen(0, '127.0.0.1', resolve);
  });
});
afterAll(async () => {
  await receiver?.switchOff();
  evil?.close();
  evil?.closeAllConnections();
});

/** Everything that must be the same afterwards. */
async function readState(): Promise<string> {
  const paths = ['/v1/destinations', '/v1/calls', '/v1/keys', '/v1/sources', '/v1/replays', '/v1/audit'];
  const answers = await Promise.all(
    paths.map((path) => stage.call<{ data: Record<string, unknown>[] }>('GET', path)),
  );
  return JSON.stringify(
    answers.map(({ body }) =>
      body.data.map(({ id, action, state, revoked_at, name }) => ({ id, action, state, revoked_at, name })),
    ),
  );
}

const UNSAFE = [
  ['POST', '/v1/destinations', { kind: 'webhook', settings: { url: 'https://evil.example/' } }],
  ['DELETE', '/v1/destinations/{id}', null],
  ['PATCH', '/v1/destinations/{id}', { settings: { url: 'https://evil.example/' } }],
  ['POST', '/v1/destinations/{id}/pause', {}],
  ['POST', '/v1/destinations/{id}/rotate-secret', { overlap: '0' }],
  ['POST', '/v1/destinations/{id}/test', { status: 'ended' }],
  ['POST', '/v1/keys', { name: 'evil', scopes: ['admin'] }],
  ['POST', '/v1/calls/must-live/end', { reason: 'evil' }],
  ['PUT', '/v1/calls/must-live/status', { status: 'ended' }],
  ['POST', '/v1/reports', { reports: [{ call_id: 'must-live', status: 'ended' }] }],
  ['POST', '/v1/replays', { q: 'state:dead' }],
  ['POST', '/v1/session/reveal', { revealed: true }],
  ['DELETE', '/v1/session', null],
] as const;

/** As text: it runs in the page of the attacker. */
const ATTACK = `(async (requests) => {
  for (const { method, url, body } of requests) {
    for (const mode of ['cors', 'no-cors']) {
      for (const type of ['application/json', 'text/plain']) {
        await fetch(url, { method, mode, credentials: 'include', headers: { 'content-type': type }, body }).catch(() => null);
      }
    }
    if (body !== null) navigator.sendBeacon(url, body);
    await new Promise((resolve) => {
      const image = new Image();
      image.onload = image.onerror = resolve;
      image.src = url;
    });
  }
})`;
const SEND_FORM = `(({ url, body, enctype, frame }) => new Promise((resolve) => {
  const target = document.createElement('iframe');
  target.name = frame;
  document.body.append(target);
  const form = document.createElement('form');
  form.method = 'POST';
  form.action = url;
  form.enctype = enctype;
  form.target = frame;
  const field = document.createElement('input');
  // {"a":"=b"} is JSON again where name and value are joined by "=".
  field.name = body.slice(0, -1) + ',"x":"';
  field.value = '"}';
  form.append(field);
  document.body.append(form);
  target.onload = () => { if (target.dataset.sent) resolve(null); };
  target.dataset.sent = '1';
  form.submit();
  setTimeout(resolve, 3000);
}))`;

async function call(page: Page, text: string, argument: unknown): Promise<void> {
  await page.evaluate(`(${text})(${JSON.stringify(argument)})`);
}

/**
 * Until everything the browser has said of this page so far is among the faults, which may take longer than the answer to
 * what brought it about: what a page says itself comes after what was said of it before.
 */
async function hearAll(page: Page, faults: string[]): Promise<void> {
  // A report of the policy is an event, and events wait for their turn: two turns, so that theirs is over.
  await page.evaluate(`new Promise((resolve) => setTimeout(() => setTimeout(resolve)))`);
  await page.evaluate(`console.error('${ALL_SAID}')`);
  await waitFor(() => faults.some((fault) => fault.includes(ALL_SAID)), 'the page has said all');
  faults.splice(0, faults.length, ...faults.filter((fault) => !fault.includes(ALL_SAID)));
}

const ALL_SAID = 'This page has said all.';

async function openEvil(context: BrowserContext, host: string): Promise<Page> {
  const page = await context.newPage();
  await page.goto(`http://${host}:${(evil.address() as AddressInfo).port}/`);
  return page;
}

describe.skipIf(!hasChromium)('other sites', () => {
  it.each([
    ['another port of this machine, which sends the cookie along', '127.0.0.1'],
    ['another host', 'evil.example'],
  ])('cannot change anything: %s', async (_title, host) => {
    const {
      page,
      context,
      faults,
      requests: seen,
    } = await stage.open('/live', {
      isFresh: true,
      isKeptHome: false,
    });
    await page.locator('[data-call-id="must-live"]').waitFor();
    const before = await readState();
    const arrivals = receiver.arrivals.length;
    const attacker = await openEvil(context, host);
    const requests = UNSAFE.map(([method, path, body]) => ({
      method,
      url: stage.address + path.replace('{id}', destinationId),
      body: body === null ? null : JSON.stringify(body),
    }));
    await call(attacker, ATTACK, requests);
    for (const { method, url, body } of requests) {
      if (method !== 'POST') continue;
      await call(attacker, SEND_FORM, { url, body, enctype: 'text/plain', frame: `frame-${url.length}` });
    }
    expect(await readState()).toBe(before);
    // The requests did arrive, and each that would change something was refused.
    const answers = await Promise.all(
      seen
        .filter((request) => request.method() !== 'GET' && request.url().startsWith(stage.address))
        .map((request) => request.response().catch(() => null)),
    );
    const statuses = answers.flatMap((answer) => (answer === null ? [] : [answer.status()]));
    expect(statuses.filter((status) => status >= 400).length).toBeGreaterThanOrEqual(10);
    expect(statuses.filter((status) => status < 400 && status !== 204)).toEqual([]);
    expect(receiver.arrivals).toHaveLength(arrivals);
    // Nobody was signed out, and nothing was revealed.
    const { body } = await readOwnSession(page);
    expect(body.revealed).toBe(false);
    // What the attacker's own page is told by the browser is the proof, and no fault of ours.
    await hearAll(attacker, faults);
    faults.splice(
      0,
      faults.length,
      ...faults.filter((fault) => !/CORS|X-Frame|frame-ancestors|Framing/i.test(fault)),
    );
  });

  it('cannot read anything either', async () => {
    const { context, faults } = await stage.open('/live', { isKeptHome: false });
    for (const host of ['127.0.0.1', 'evil.example']) {
      const attacker = await openEvil(context, host);
      const read = await attacker.evaluate(
        `Promise.all(['/v1/calls', '/v1/session', '/v1/stream', '/openapi.json', '/'].map((path) =>
          fetch('${stage.address}' + path, { credentials: 'include' }).then((answer) => answer.text(), () => 'refused')))`,
      );
      expect(read).toEqual(['refused', 'refused', 'refused', 'refused', 'refused']);
      await hearAll(attacker, faults);
    }
    faults.length = 0;
  });

  it('cannot frame a page', async () => {
    const { context, faults } = await stage.open('/live', { isKeptHome: false });
    for (const host of ['127.0.0.1', 'evil.example']) {
      const attacker = await openEvil(context, host);
      await attacker.evaluate(
        `new Promise((resolve) => {
          const frame = document.createElement('iframe');
          frame.src = '${stage.address}/live';
          frame.onload = resolve;
          document.body.append(frame);
        })`,
      );
      const frame = attacker.frames().find((one) => one !== attacker.mainFrame());
      expect(await frame?.locator('.shell, .sign-in').count()).toBe(0);
      await hearAll(attacker, faults);
    }
    faults.length = 0;
  });
});

async function readOwnSession(page: Page): Promise<{ readonly body: { readonly revealed: boolean } }> {
  const [status, body] = (await page.evaluate(
    `fetch('/v1/session').then(async (answer) => [answer.status, await answer.json()])`,
  )) as [number, { revealed: boolean }];
  expect(status).toBe(200);
  return { body };
}

describe.skipIf(!hasChromium)('the pages themselves', () => {
  it('every page and every file has a policy that runs nothing but our own files', async () => {
    const { page, requests } = await stage.open('/live');
    for (const path of [
      '/',
      '/calls',
      '/calls/x',
      '/deliveries',
      '/analytics',
      '/destinations',
      '/settings',
    ]) {
      await page.goto(`${stage.address}${path}`, { waitUntil: 'load' });
      await page.locator('h1').first().waitFor();
    }
    const pages = requests.filter((request) =>
      ['document', 'script', 'stylesheet', 'image'].includes(request.resourceType()),
    );
    const answers = await Promise.all(
      pages.map(async (request) => [request, await request.response()] as const),
    );
    expect(answers.filter(([, response]) => response !== null).length).toBeGreaterThan(20);
    for (const [request, response] of answers) {
      if (response === null) {
        // The next page was opened while it was on its way.
        expect(`${request.url()} ${request.failure()?.errorText}`).toContain('ERR_ABORTED');
        continue;
      }
      const headers = await response.allHeaders();
      const policy = headers['content-security-policy'] ?? '';
      expect(`${request.url()} ${policy}`).toContain(" default-src 'none'");
      expect(policy).toContain("script-src 'self'");
      expect(policy).toContain("frame-ancestors 'none'");
      expect(policy).toContain("require-trusted-types-for 'script'");
      expect(policy).not.toMatch(/unsafe|\*|https?:/);
      expect(headers['x-content-type-options']).toBe('nosniff');
      expect(headers['referrer-policy']).toBe('no-referrer');
      expect(headers['cross-origin-opener-policy']).toBe('same-origin');
      expect(headers['cross-origin-resource-policy']).toBe('same-origin');
    }
  });

  it('the session is a cookie that scripts cannot read and other sites cannot send', async () => {
    const { page, context } = await stage.open('/live', { role: null });
    await page.getByLabel('API key').fill(stage.apiKey);
    await page.keyboard.press('Enter');
    await page.getByRole('heading', { name: 'Live', level: 1 }).waitFor();
    const cookies = await context.cookies();
    expect(cookies).toHaveLength(1);
    expect(cookies[0]).toMatchObject({ httpOnly: true, sameSite: 'Strict', path: '/' });
    expect(cookies[0]?.value).not.toContain(stage.apiKey);
    expect(await page.evaluate(`document.cookie`)).toBe('');
  });

  it('the policy holds: what is put into the page does not run', async () => {
    const { page, faults } = await stage.open('/live');
    const result = await page.evaluate(
      `(() => {
        try { document.body.insertAdjacentHTML('beforeend', '<img src=x onerror="globalThis.hacked = 1">'); return 'taken'; }
        catch { return 'refused'; }
      })()`,
    );
    expect(result).toBe('refused');
    await page.evaluate(
      `(() => { const script = document.createElement('script'); try { script.textContent = 'globalThis.hacked = 1'; } catch {} document.body.append(script); })()`,
    );
    expect(await page.evaluate(`globalThis.hacked`)).toBeUndefined();
    await hearAll(page, faults);
    expect(faults.some((fault) => fault.includes('CSP'))).toBe(true);
    faults.length = 0;
  });

  it('what was loaded stays readable without a network, says so, and goes on when it is back', async () => {
    const { address, apiKey } = stage;
    const wire = await layWire(address);
    stage.use({ address: wire.address, apiKey });
    const { page } = await stage.open('/live');
    stage.use({ address, apiKey });
    await page.locator('[data-call-id="must-live"]').waitFor();
    await seeText(page.locator('.connection'), 'Live');
    await wire.cut();
    await seeText(page.locator('.connection'), 'Reconnecting');
    await page.locator('[data-call-id="must-live"]').waitFor();
    await page.getByRole('link', { name: 'Destinations', exact: true }).click();
    await page.getByText('The hub cannot be reached').first().waitFor();
    await wire.mend();
    // 3 s between the first tries, and longer each time.
    await seeText(page.locator('.connection'), 'Live · ', 30_000);
    // What was missing comes by itself.
    await seeCount(page.locator('[data-row-key]'), 1);
    await wire.cut();
  });
});

/** The network between browser and hub, which can be cut: the browser's own switch leaves open connections alone. */
async function layWire(
  address: string,
): Promise<{ readonly address: string; cut(): Promise<void>; mend(): Promise<void> }> {
  const { port } = new URL(address);
  const sockets = new Set<Socket>();
  const server = createTcpServer((near) => {
    const far = connect(Number(port), '127.0.0.1');
    for (const [one, other] of [
      [near, far],
      [far, near],
    ] as const) {
      sockets.add(one);
      one.on('close', () => sockets.delete(one));
      one.on('error', () => other.destroy());
      one.pipe(other);
    }
  });
  const own = await findFreePort();
  const listen = () =>
    new Promise<void>((resolve, reject) => {
      server.once('error', reject);
      server.listen(own, '127.0.0.1', resolve);
    });
  await listen();
  return {
    address: `http://127.0.0.1:${own}`,
    async cut() {
      const closed = new Promise((resolve) => {
        server.close(resolve);
      });
      for (const socket of sockets) socket.destroy();
      await closed;
    },
    mend: listen,
  };
}
