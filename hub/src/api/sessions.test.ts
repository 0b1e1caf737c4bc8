/** Signing in, the cookie, who may use it from where, and what ends it. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSession } from '../../../test/support/dashboard-session.ts';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { HUB_HOST, openSession } from '../../../test/support/dashboard-session.ts';
import { ADMIN_KEY, openTestHub } from '../../../test/support/in-memory-hub.ts';
import { KEY_SIGN_IN_LIMIT, SESSION_LIFE_MS, SIGN_IN_LIMIT, WALL_SESSION_LIFE_MS } from './sessions.ts';

let hub: TestHub;
beforeAll(async () => {
  hub = await openTestHub();
});
afterAll(() => hub.close());

function signIn(key: unknown, headers: Record<string, string> = {}, at: TestHub = hub) {
  return at.server.inject({
    method: 'POST',
    url: '/v1/session',
    headers: { host: HUB_HOST, 'content-type': 'application/json', ...headers },
    payload: JSON.stringify({ key }),
  });
}

async function listActions(): Promise<readonly string[]> {
  const { data } = (await hub.call('GET', '/v1/audit')).json();
  return (data as { action: string; subject: string }[]).map(({ action, subject }) => `${action} ${subject}`);
}

describe('signing in', () => {
  it('changes a key for a cookie that no script reads and no other site sends', async () => {
    const response = await signIn(ADMIN_KEY);
    expect(response.statusCode).toBe(201);
    expect(response.headers['set-cookie']).toMatch(
      /^offhook_session_8080=ohs_[\w-]{43}; Path=\/; Max-Age=43200; HttpOnly; SameSite=Strict$/,
    );
    expect(response.headers['cache-control']).toBe('no-store');
    expect(response.json()).toMatchObject({
      role: 'admin',
      scopes: ['admin'],
      key: { name: 'bootstrap' },
      account: { id: 'default' },
      revealed: false,
      can_reveal: true,
      version: '0.0.0-test',
      local: true,
    });
    const lifeMs = Date.parse(response.json().expires_at) - Date.now();
    expect(lifeMs).toBeGreaterThan(SESSION_LIFE_MS - 60_000);
    expect(lifeMs).toBeLessThanOrEqual(SESSION_LIFE_MS);
    expect(response.body).not.toContain(ADMIN_KEY);
  });

  it('is Secure and bound to its host where the request came by https', async () => {
    for (const headers of [
      { 'x-forwarded-proto': 'https' },
      { 'x-forwarded-proto': 'https, http' },
      { origin: `https://${HUB_HOST}`, 'sec-fetch-site': 'same-origin' },
    ]) {
      const response = await signIn(ADMIN_KEY, headers);
      expect(response.headers['set-cookie']).toMatch(
        /^__Host-offhook_session_8080=ohs_\S+; Path=\/; .*; Secure$/,
      );
      const [cookie = ''] = String(response.headers['set-cookie']).split(';');
      const read = await hub.server.inject({ url: '/v1/session', headers: { host: HUB_HOST, cookie } });
      expect(read.statusCode).toBe(200);
    }
  });

  it('names the port, so that two hubs on one machine do not sign each other out', async () => {
    for (const [host, name] of [
      ['127.0.0.1:9090', 'offhook_session_9090'],
      ['[::1]:9090', 'offhook_session_9090'],
      ['offhook.example.com', 'offhook_session'],
      ['[::1]', 'offhook_session'],
    ] as const) {
      const response = await signIn(ADMIN_KEY, { host });
      expect(String(response.headers['set-cookie']).startsWith(`${name}=`)).toBe(true);
    }
    const { cookie } = await openSession(hub, ADMIN_KEY);
    const elsewhere = await hub.server.inject({
      url: '/v1/session',
      headers: { host: '127.0.0.1:9090', cookie },
    });
    expect(elsewhere.statusCode).toBe(401);
  });

  it('says the same of a key that is unknown, revoked, expired or no key at all', async () => {
    const own = await openTestHub();
    const revoked = (await own.call('POST', '/v1/keys', { name: 'r', scopes: ['admin'] })).json();
    await own.call('DELETE', `/v1/keys/${revoked.id}`);
    const answers = [];
    for (const key of [
      revoked.key,
      'ohk_unknown_but_long_enough_to_be_one',
      `${ADMIN_KEY.slice(0, -1)}x`,
      'short',
      ' ',
      '💥',
    ]) {
      const { statusCode, headers, ...response } = await signIn(key, {}, own);
      const { request_id: _id, ...body } = response.json();
      expect(headers['set-cookie']).toBeUndefined();
      answers.push(JSON.stringify([statusCode, body]));
    }
    expect(new Set(answers).size).toBe(1);
    expect(answers[0]).toContain('401');
    await own.close();
  });

  it('tells a key that may not look which scope it lacks', async () => {
    const response = await signIn(await hub.makeKey(['ingest']));
    expect([response.statusCode, response.json().scope]).toEqual([403, 'watch']);
  });

  it('is refused to bodies that are no JSON, and to forms of other sites', async () => {
    for (const [payload, type, status] of [
      ['{', 'application/json', 400],
      ['{"key":1}', 'application/json', 400],
      [`key=${ADMIN_KEY}`, 'application/x-www-form-urlencoded', 415],
      [`{"key":"${ADMIN_KEY}"}`, 'text/plain', 415],
    ] as const) {
      const response = await hub.server.inject({
        method: 'POST',
        url: '/v1/session',
        headers: { host: HUB_HOST, 'content-type': type },
        payload,
      });
      expect([payload, response.statusCode]).toEqual([payload, status]);
    }
    for (const headers of [
      { 'sec-fetch-site': 'cross-site' },
      { 'sec-fetch-site': 'same-site' },
      { origin: 'https://evil.example' },
      { origin: 'null' },
    ]) {
      const response = await signIn(ADMIN_KEY, headers);
      expect([response.statusCode, response.json().type]).toEqual([403, 'urn:offhook:problem:cross_site']);
    }
  });

  it('is limited by attempts that fail, and says when to come back', async () => {
    const own = await openTestHub();
    const refused = [];
    // Each second gives another try back, so that on a slow machine the limit is reached a little later.
    for (let index = 0; index <= SIGN_IN_LIMIT.burst * 4 && refused.length < 3; index += 1) {
      const response = await signIn('ohk_guess_number_one_of_many', {}, own);
      if (response.statusCode === 429) refused.push(response);
      else expect(response.statusCode).toBe(401);
    }
    expect(refused).toHaveLength(3);
    for (const { headers } of refused) expect(headers['retry-after']).toMatch(/^\d+$/);
    // Behind a proxy all have one address: nobody is kept out by somebody who guesses.
    const good = await signIn(ADMIN_KEY, {}, own);
    expect([good.statusCode, good.headers['set-cookie']]).toEqual([201, expect.stringContaining('ohs_')]);
    expect((await own.call('GET', '/v1/session')).statusCode).toBe(200);
    await own.close();
  });

  it('charges nothing for those who succeed, but one key opens no endless sessions', async () => {
    const own = await openTestHub();
    const key = await own.makeKey(['watch']);
    const statuses: number[] = [];
    for (let index = 0; index < KEY_SIGN_IN_LIMIT.burst; index += 1) {
      statuses.push((await signIn(key, {}, own)).statusCode);
    }
    expect(new Set(statuses)).toEqual(new Set([201]));
    let last = 201;
    // Tokens come back meanwhile, so that the limit is reached a little later.
    for (let index = 0; index < KEY_SIGN_IN_LIMIT.burst && last === 201; index += 1) {
      last = (await signIn(key, {}, own)).statusCode;
    }
    expect(last).toBe(429);
    expect((await signIn(ADMIN_KEY, {}, own)).statusCode).toBe(201);
    expect((await signIn('ohk_guess_number_one_of_many', {}, own)).statusCode).toBe(401);
    await own.close();
  });

  it('ends the session whose cookie it replaces', async () => {
    const first = await openSession(hub, ADMIN_KEY);
    await signIn(ADMIN_KEY, { cookie: first.cookie });
    expect((await first.call('GET', '/v1/session')).statusCode).toBe(401);
  });
});

describe('a session', () => {
  it('has the role of its key', async () => {
    for (const [scopes, role, canReveal] of [
      [['watch'], 'viewer', false],
      [['read'], 'viewer', false],
      [['ingest', 'read'], 'viewer', false],
      [['write'], 'operator', true],
      [['admin'], 'admin', true],
    ] as const) {
      const session = await openSession(hub, await hub.makeKey(scopes));
      expect((await session.call('GET', '/v1/session')).json()).toMatchObject({
        role,
        scopes,
        can_reveal: canReveal,
        revealed: false,
      });
    }
  });

  it('lasts on a wall, where nobody can sign in again, and never longer than its key', async () => {
    const wall = await signIn(await hub.makeKey(['watch']));
    expect(wall.headers['set-cookie']).toContain(`Max-Age=${WALL_SESSION_LIFE_MS / 1000};`);
    const key = await hub.call('POST', '/v1/keys', {
      name: 'short',
      scopes: ['watch'],
      expires_at: new Date(Date.now() + 60_000).toISOString(),
    });
    const short = await signIn(key.json().key);
    expect(short.json().expires_at).toBe(key.json().expires_at);
  });

  it('ends for good when somebody signs out, and its cookie goes', async () => {
    const session = await openSession(hub, ADMIN_KEY);
    const ended = await session.call('DELETE', '/v1/session');
    expect(ended.statusCode).toBe(204);
    expect(ended.headers['set-cookie']).toBe(
      'offhook_session_8080=; Path=/; Max-Age=0; HttpOnly; SameSite=Strict',
    );
    const after = await session.call('GET', '/v1/calls');
    expect([after.statusCode, after.json().type]).toEqual([401, 'urn:offhook:problem:session_ended']);
  });

  it('ends at once when its key is revoked', async () => {
    const key = (await hub.call('POST', '/v1/keys', { name: 'soon gone', scopes: ['write'] })).json();
    const session = await openSession(hub, key.key);
    expect((await session.call('GET', '/v1/calls')).statusCode).toBe(200);
    await hub.call('DELETE', `/v1/keys/${key.id}`);
    expect((await session.call('GET', '/v1/calls')).statusCode).toBe(401);
  });

  it('reveals numbers and masks them again, all of it in the audit log, and only once', async () => {
    const session = await openSession(hub, await hub.makeKey(['write']));
    expect((await session.call('POST', '/v1/session/reveal', { revealed: true })).json().revealed).toBe(true);
    expect((await session.call('GET', '/v1/session')).json().revealed).toBe(true);
    await session.call('POST', '/v1/session/reveal', { revealed: true });
    expect((await session.call('POST', '/v1/session/reveal', { revealed: false })).json().revealed).toBe(
      false,
    );
    await session.call('DELETE', '/v1/session');
    const actions = (await listActions()).slice(0, 4);
    const [, id] = actions[0]?.split(' ') ?? [];
    expect(actions).toEqual([
      `session.ended ${id}`,
      `numbers.masked ${id}`,
      `numbers.revealed ${id}`,
      `session.created ${id}`,
    ]);
    expect(id).toMatch(/^ses_/);
  });

  it('is what the session routes are for: a key alone has none to reveal or end', async () => {
    expect((await hub.call('GET', '/v1/session')).json()).toMatchObject({
      role: 'admin',
      revealed: true,
      can_reveal: false,
      expires_at: null,
    });
    expect((await hub.call('DELETE', '/v1/session')).statusCode).toBe(409);
    expect((await hub.call('POST', '/v1/session/reveal', { revealed: true })).statusCode).toBe(409);
  });

  it('is outranked by a key in the same request, even a bad one', async () => {
    const session = await openSession(hub, ADMIN_KEY);
    const read = `Bearer ${await hub.makeKey(['read'])}`;
    expect((await session.call('GET', '/v1/keys', undefined, { authorization: read })).statusCode).toBe(403);
    const bad = { authorization: 'Bearer ohk_unknown_but_long_enough' };
    expect((await session.call('GET', '/v1/keys', undefined, bad)).statusCode).toBe(401);
  });

  it('never lets reports in: their doors take keys', async () => {
    const session = await openSession(hub, ADMIN_KEY);
    for (const [method, url, body] of [
      ['PUT', '/v1/calls/x/status', { status: 'in-progress' }],
      ['POST', '/v1/reports', { reports: [{ call_id: 'x', status: 'in-progress' }] }],
    ] as const) {
      const response = await session.call(method, url, body);
      expect([url, response.statusCode]).toEqual([url, 401]);
    }
  });

  it('is not found by a cookie that is broken, foreign or cut off', async () => {
    const { cookie } = await openSession(hub, ADMIN_KEY);
    for (const sent of [
      cookie.slice(0, -1),
      `${cookie}x`,
      cookie.replace('=', '=x'),
      cookie.replace('8080', '8081'),
      'offhook_session_8080',
      'offhook_session_8080=',
      '=;;=;',
      `offhook_session_8080=ohs_${'A'.repeat(43)}`,
    ]) {
      const response = await hub.server.inject({
        url: '/v1/calls',
        headers: { host: HUB_HOST, cookie: sent },
      });
      expect([sent, response.statusCode]).toEqual([sent, 401]);
    }
    const among = await hub.server.inject({
      url: '/v1/calls',
      headers: { host: HUB_HOST, cookie: `a=b; offhook_session_8080=junk;${cookie} ; c="d"` },
    });
    expect(among.statusCode).toBe(200);
  });
});

describe('requests with a cookie', () => {
  let session: TestSession;
  beforeAll(async () => {
    session = await openSession(hub, ADMIN_KEY);
  });

  const OWN = `http://${HUB_HOST}`;
  const MATRIX: readonly (readonly [Record<string, string>, 'unsafe' | 'read' | 'none'])[] = [
    [{ 'sec-fetch-site': 'same-origin' }, 'unsafe'],
    [{ 'sec-fetch-site': 'same-origin', origin: OWN }, 'unsafe'],
    // A proxy that rewrites Host: the browser's own word counts.
    [{ 'sec-fetch-site': 'same-origin', origin: 'https://offhook.example' }, 'unsafe'],
    [{ origin: OWN }, 'unsafe'],
    [{ origin: `https://${HUB_HOST}` }, 'unsafe'],
    [{}, 'read'],
    [{ 'sec-fetch-site': 'none' }, 'read'],
    [{ 'sec-fetch-site': 'same-site' }, 'none'],
    [{ 'sec-fetch-site': 'same-site', origin: OWN }, 'none'],
    [{ 'sec-fetch-site': 'nonsense', origin: OWN }, 'none'],
    [{ origin: 'http://127.0.0.1:8081' }, 'read'],
    [{ origin: 'http://localhost:8080' }, 'read'],
    [{ origin: 'https://evil.example' }, 'read'],
    [{ origin: `https://${HUB_HOST}.evil.example` }, 'read'],
    [{ origin: `https://evil.example/${HUB_HOST}` }, 'read'],
    [{ origin: 'null' }, 'read'],
    [{ origin: `file://${HUB_HOST}` }, 'read'],
    [{ origin: '' }, 'read'],
    [{ 'sec-fetch-site': 'cross-site' }, 'none'],
    [{ 'sec-fetch-site': 'cross-site', origin: OWN }, 'none'],
    [{ 'sec-fetch-site': 'same-origin, cross-site', origin: OWN }, 'none'],
  ];

  function send(
    method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE',
    url: string,
    from: Record<string, string>,
  ) {
    return hub.server.inject({
      method,
      url,
      headers: { host: HUB_HOST, cookie: session.cookie, ...from },
    });
  }

  it('change something only where they come from our own pages', async () => {
    for (const [from, allowed] of MATRIX) {
      for (const method of ['POST', 'PATCH', 'PUT', 'DELETE'] as const) {
        const url = {
          POST: '/v1/deliveries/dlv_0000000001/retry',
          PATCH: '/v1/sources/src_none',
          PUT: '/v1/phone-numbers/none',
          DELETE: '/v1/sources/src_none',
        }[method];
        const { statusCode, ...response } = await send(method, url, from);
        const isCrossSite = response.json().type === 'urn:offhook:problem:cross_site';
        expect([from, method, statusCode === 403, isCrossSite]).toEqual([
          from,
          method,
          allowed !== 'unsafe',
          allowed !== 'unsafe',
        ]);
      }
    }
  });

  it('read for our own pages and for whoever typed the address, not for neighbours of the site', async () => {
    for (const [from, allowed] of MATRIX) {
      const { statusCode } = await send('GET', '/v1/calls', from);
      expect([from, statusCode]).toEqual([from, allowed === 'none' ? 403 : 200]);
    }
  });

  it('are kept from pages of other origins', async () => {
    for (const url of ['/v1/calls', '/v1/export/calls?format=csv']) {
      const response = await send('GET', url, { 'sec-fetch-site': 'same-origin' });
      expect([url, response.headers['cross-origin-resource-policy']]).toEqual([url, 'same-origin']);
      expect(Object.keys(response.headers).filter((name) => name.startsWith('access-control'))).toEqual([]);
    }
  });

  it('are refused on every unsafe route there is, for another site, before anything is looked at', async () => {
    const { paths } = (await hub.call('GET', '/openapi.json')).json();
    let count = 0;
    for (const [path, operations] of Object.entries(paths as Record<string, Record<string, unknown>>)) {
      for (const name of Object.keys(operations)) {
        const method = name.toUpperCase() as 'POST';
        if (name === 'get' || path.startsWith('/webhooks/')) continue;
        const url = path.replaceAll(/\{[a-z_]+\}/g, 'x');
        const response = await send(method, url, { 'sec-fetch-site': 'cross-site' });
        const isDoor = path === '/v1/reports' || path === '/v1/calls/{call_id}/status';
        expect([method, path, response.statusCode]).toEqual([method, path, isDoor ? 401 : 403]);
        count += 1;
      }
    }
    expect(count).toBeGreaterThanOrEqual(25);
  });
});

describe('roles', () => {
  it('let a session do on every route what its key may do, and no more', async () => {
    const { paths } = (await hub.call('GET', '/openapi.json')).json();
    const includes: Readonly<Record<string, readonly string[]>> = {
      watch: ['watch'],
      read: ['watch', 'read'],
      write: ['watch', 'read', 'write'],
      admin: ['watch', 'read', 'write', 'admin'],
    };
    let checked = 0;
    for (const scope of ['watch', 'read', 'write', 'admin'] as const) {
      const key = await hub.makeKey([scope]);
      const session = await openSession(hub, key);
      for (const [path, operations] of Object.entries(
        paths as Record<string, Record<string, { security: Record<string, string[]>[] }>>,
      )) {
        for (const [name, { security }] of Object.entries(operations)) {
          const needed = security.find((one) => one['session'] !== undefined)?.['session']?.[0];
          // Signing out would end what the next route is asked with; a stream does not end.
          if (needed === undefined || path === '/v1/session' || path === '/v1/stream') continue;
          const url = path.replaceAll(/\{[a-z_]+\}/g, 'none');
          const response = await session.call(name.toUpperCase(), url);
          const isRefused = response.statusCode === 403 && response.json().scope === needed;
          // Only the default account's admins manage accounts; these are.
          expect([scope, name, path, isRefused]).toEqual([
            scope,
            name,
            path,
            includes[scope]?.includes(needed) !== true,
          ]);
          expect(response.statusCode).not.toBe(401);
          checked += 1;
        }
      }
    }
    expect(checked).toBeGreaterThanOrEqual(4 * 40);
  });
});
