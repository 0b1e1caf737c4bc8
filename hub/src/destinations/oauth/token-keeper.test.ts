import { afterEach, describe, expect, it } from 'vitest';
import { PipedriveStandIn } from '../../../../test/support/pipedrive-stand-in.ts';
import { SalesforceStandIn } from '../../../../test/support/salesforce-stand-in.ts';
import type { Fault } from '../../../../test/support/stand-in-server.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { openJsonClient } from '../http/json-client.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround, type TestGround } from '../test-ground.ts';
import { createAuthorizedClient } from './authorized-client.ts';
import { createTokenKeeper, REFUSED_FOR_MS, type OAuthCredential, type TokenTaken } from './token-keeper.ts';

const FIRST = '4242:1:first-refresh-token';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('the keeper of OAuth tokens', () => {
  it('asks once for attempts at the same time, also of several destinations with one credential', async () => {
    const { server, open } = await start();
    const [first, second] = [open(), open()];
    const taken = await Promise.all(
      Array.from({ length: 20 }, (_, nth) => (nth % 2 === 0 ? first : second).session.take(2_000)),
    );
    expect(new Set(taken.map((one) => valueOf(one))).size).toBe(1);
    expect(server.grants).toBe(1);
  });

  it('renews shortly before the end of a token, and not earlier', async () => {
    const clock = { nowMs: 1_000_000 };
    const { server, open } = await start({ accessTokenMs: 3_600_000 }, clock);
    const { session } = open();
    const first = valueOf(await session.take(2_000));
    clock.nowMs += 3_600_000 - 61_000;
    expect(valueOf(await session.take(2_000))).toBe(first);
    clock.nowMs += 2_000;
    expect(valueOf(await session.take(2_000))).not.toBe(first);
    expect(server.grants).toBe(2);
  });

  it('replaces a token that the API refused once, however many attempts met the refusal', async () => {
    const { server, open } = await start();
    const { session } = open();
    const taken = await session.take(2_000);
    if (taken.kind === 'failed') throw new Error('no token');
    await Promise.all(Array.from({ length: 10 }, () => session.replace(taken.token, 2_000)));
    expect(server.grants).toBe(2);
    // Another attempt that comes late with the same refused token gets what is there by now.
    await session.replace(taken.token, 2_000);
    expect(server.grants).toBe(2);
  });

  it('has a rotated refresh token on disk, as a secret, before it gives an access token away', async () => {
    const { server, open, grounds } = await start({ rotatesRefreshTokens: true });
    const { session } = open();
    await session.take(2_000);
    const [entry] = [...(grounds[0]?.remembered.values() ?? [])];
    expect(entry?.isSecret).toBe(true);
    expect(entry?.value).toContain(server.refreshToken);
  });

  it('gives nothing away while the journal cannot hold the new refresh token, and writes it with the next attempt', async () => {
    const { server, open, grounds } = await start({ rotatesRefreshTokens: true });
    const { session } = open();
    const first = await session.take(2_000);
    if (first.kind === 'failed') throw new Error('no token');
    const [ground] = grounds as [TestGround];
    const { write } = ground.memory;
    Object.assign(ground.memory, { write: () => Promise.reject(new Error('disk full')) });
    await expect(session.replace(first.token, 2_000)).rejects.toThrow('disk full');
    expect(ground.troubles).toHaveLength(1);
    Object.assign(ground.memory, { write });
    const next = await session.replace(first.token, 2_000);
    expect(valueOf(next)).not.toBe(first.token.value);
    expect([...ground.remembered.values()][0]?.value).toContain(server.refreshToken);
    expect(server.grants).toBe(2);
  });

  it('waits for a renewal longer than the attempt that began it, so that no rotated token is thrown away', async () => {
    const { server, open } = await start({ rotatesRefreshTokens: true });
    const { session } = open();
    server.fault = () => ({ kind: 'slow', delayMs: 400 });
    expect((await session.take(100)).kind).toBe('failed');
    server.fault = () => null;
    expect((await session.take(5_000)).kind).toBe('taken');
    expect(server.grants).toBe(1);
  });

  it('takes what another process has renewed meanwhile', async () => {
    const { server, open, restart } = await start({ rotatesRefreshTokens: true, accessTokenMs: 3_600_000 });
    const here = open();
    const first = await here.session.take(2_000);
    restart();
    const there = open(here.ground);
    expect((await there.session.take(2_000)).kind).toBe('taken');
    if (first.kind === 'failed') throw new Error('no token');
    expect((await here.session.replace(first.token, 2_000)).kind).toBe('taken');
    expect(server.grants).toBe(3);
  });

  it('asks once more where another process was quicker while it asked', async () => {
    const { server, open, restart } = await start({ rotatesRefreshTokens: true });
    const here = open();
    const first = await here.session.take(2_000);
    if (first.kind === 'failed') throw new Error('no token');
    restart();
    const there = open(here.ground);
    // Read before the other wrote, sent after.
    const { read } = here.ground.memory;
    let stale = [...(await read(['oauth']))];
    expect((await there.session.take(2_000)).kind).toBe('taken');
    Object.assign(here.ground.memory, {
      async read(keys: readonly string[]) {
        const now = stale.length > 0 ? stale : await read(keys);
        stale = [];
        return now;
      },
    });
    expect((await here.session.replace(first.token, 2_000)).kind).toBe('taken');
    expect(server.grants).toBe(3);
  });

  it('rotates nothing while the journal cannot be read', async () => {
    const { server, open, grounds } = await start({ rotatesRefreshTokens: true });
    const { session } = open();
    const first = await session.take(2_000);
    if (first.kind === 'failed') throw new Error('no token');
    const [ground] = grounds as [TestGround];
    ground.trouble = new Error('disk full');
    await expect(session.replace(first.token, 2_000)).rejects.toThrow('disk full');
    expect(server.grants).toBe(1);
    ground.trouble = null;
    expect((await session.replace(first.token, 2_000)).kind).toBe('taken');
  });

  it('goes on with the rotated token after a restart', async () => {
    const { server, open, grounds, restart } = await start({ rotatesRefreshTokens: true });
    const { session } = open();
    const first = await session.take(2_000);
    if (first.kind === 'taken') await session.replace(first.token, 2_000);
    restart();
    const again = open(grounds[0]);
    expect((await again.session.take(2_000)).kind).toBe('taken');
    expect(server.grants).toBe(3);
  });

  it('writes a rotated token into the memory of every destination that uses it', async () => {
    const { server, open, grounds, restart } = await start({ rotatesRefreshTokens: true });
    const [first] = [open(), open()];
    await first.session.take(2_000);
    restart();
    const other = open(grounds[1]);
    expect((await other.session.take(2_000)).kind).toBe('taken');
    expect(server.grants).toBe(2);
  });

  it('takes the token of the settings again once somebody has changed it there', async () => {
    const { server, open, grounds, restart } = await start({ rotatesRefreshTokens: true });
    await open().session.take(2_000);
    restart();
    // Somebody logs in again: what was remembered belongs to the login before.
    const renewed = server.refreshToken;
    const again = open(grounds[0], { refreshToken: renewed });
    expect((await again.session.take(2_000)).kind).toBe('taken');
    const back = open(grounds[0], { refreshToken: 'never-valid' });
    expect(detailOf(await back.session.take(2_000))).toBe(
      'Pipedrive refuses the login (invalid_grant); log in again',
    );
  });

  it('knows what was rotated while settings were only tried, when they are saved afterwards', async () => {
    const { server, open } = await start({ rotatesRefreshTokens: true });
    const tried = open();
    expect((await tried.session.take(2_000)).kind).toBe('taken');
    tried.session.close();
    const saved = open();
    expect((await saved.session.take(2_000)).kind).toBe('taken');
    expect([...saved.ground.remembered.values()][0]?.value).toContain(server.refreshToken);
  });

  it('tells a refused login as a matter of settings, and asks again only after a while', async () => {
    const clock = { nowMs: 0 };
    const { server, open } = await start({}, clock);
    const { session } = open(undefined, { clientSecret: 'wrong' });
    for (let nth = 0; nth < 5; nth += 1) {
      const taken = await session.take(2_000);
      expect(taken).toMatchObject({ kind: 'failed', answer: { kind: 'failed', cause: 'settings' } });
    }
    const asked = () => server.server.seen.length;
    expect(asked()).toBe(1);
    clock.nowMs += REFUSED_FOR_MS + 1;
    await session.take(2_000);
    expect(asked()).toBe(2);
  });

  it('gives no token to who knows all of a credential but its secret', async () => {
    const { open } = await start();
    expect((await open().session.take(2_000)).kind).toBe('taken');
    expect((await open(undefined, { clientSecret: 'guessed' }).session.take(2_000)).kind).toBe('failed');
  });

  it('passes trouble of the token endpoint on as what it is, without its body', async () => {
    const { server, open } = await start();
    const { session } = open();
    server.fault = refuse(503);
    expect(await session.take(2_000)).toMatchObject({
      kind: 'failed',
      answer: { kind: 'answered', status: 503, body: null },
    });
    server.fault = () => ({ kind: 'cut' });
    expect(await session.take(2_000)).toMatchObject({
      kind: 'failed',
      answer: { kind: 'failed', cause: 'reset' },
    });
    server.fault = () => ({ kind: 'slow', delayMs: 500 });
    expect(await session.take(100)).toMatchObject({
      kind: 'failed',
      answer: { kind: 'failed', cause: 'timeout' },
    });
    server.fault = () => null;
    // The renewal that was too slow ends a moment after who waited for it.
    await waitFor(async () => (await session.take(2_000)).kind === 'taken', 'a token');
  });

  it('never lets what the endpoint says carry a credential into what people read', async () => {
    const { server, open } = await start();
    const { session } = open();
    const echoes = [
      { error: 'invalid_grant', error_description: `token ${FIRST} is bad` },
      { error: FIRST, error_description: 'secretsecretsecretsecretsecret' },
      { error: 'invalid_client', error_description: 'secret of app is <b>secret</b>' },
    ];
    for (const json of echoes) {
      server.fault = () => ({ kind: 'refuse', answer: { status: 400, json } });
      const taken = await open(undefined, { clientId: `client-${Math.random()}` }).session.take(2_000);
      expect(JSON.stringify(taken)).not.toMatch(/first-refresh-token|secretsecret|<b>/);
      expect(detailOf(taken)).toMatch(
        /^Pipedrive refuses the login \((invalid_grant|invalid_client|answered 400)\)/,
      );
    }
    server.fault = () => null;
    expect((await session.take(2_000)).kind).toBe('taken');
  });

  it('takes no token that could break out of a header', async () => {
    const { server, open } = await start();
    for (const token of ['', 'a b', 'a\r\nX-Evil: 1', 7, null, 'a'.repeat(9_000)]) {
      server.fault = () => ({ kind: 'refuse', answer: { status: 200, json: { access_token: token } } });
      const taken = await open(undefined, { clientId: `client-${Math.random()}` }).session.take(2_000);
      expect(taken).toMatchObject({ kind: 'failed', answer: { cause: 'protocol' } });
    }
  });

  it('logs in to Salesforce by client credentials, with nothing to lose', async () => {
    const server = await SalesforceStandIn.start();
    cleanUps.push(() => server.close());
    const ground = createTestGround();
    const keeper = createTokenKeeper(createOptions());
    const session = keeper.open(
      {
        ...CREDENTIAL,
        product: 'Salesforce',
        tokenUrl: new URL('/services/oauth2/token', server.url),
        clientId: server.clientId,
        clientSecret: server.clientSecret,
        refreshToken: null,
        clientSecretIn: 'form',
      },
      ground,
    );
    cleanUps.push(() => session.close());
    expect(await session.take(2_000)).toMatchObject({ kind: 'taken', token: { instanceUrl: server.url } });
    expect(ground.remembered.size).toBe(0);
  });
});

describe('a client with tokens', () => {
  it('answers a 401 with another token, once', async () => {
    const { server, open } = await start();
    const { session, ground } = open();
    const api = openJsonClient(createOptions().http, new URL(server.url), {});
    cleanUps.push(() => api.close());
    const client = createAuthorizedClient(session, ground, () => api);
    const me = { method: 'GET', path: '/api/v1/users/me', deadlineMs: 10_000 } as const;
    expect(await client.request(me)).toMatchObject({ status: 200 });
    server.expireAccessTokens();
    expect(await client.request(me)).toMatchObject({ status: 200 });
    expect(server.grants).toBe(2);
    server.fault = ({ path }) =>
      path.startsWith('/api') ? { kind: 'refuse', answer: { status: 401 } } : null;
    const before = server.server.seen.length;
    expect(await client.request(me)).toMatchObject({ status: 401 });
    expect(server.server.seen.length - before).toBe(3);
  });
});

const CREDENTIAL: Omit<OAuthCredential, 'tokenUrl'> = {
  product: 'Pipedrive',
  remedy: 'log in again',
  clientId: 'client',
  clientSecret: 'secret',
  refreshToken: FIRST,
  clientSecretIn: 'basic',
};

async function start(
  options: { readonly rotatesRefreshTokens?: boolean; readonly accessTokenMs?: number } = {},
  clock?: { nowMs: number },
) {
  const server = await PipedriveStandIn.start({ refreshToken: FIRST, ...options });
  cleanUps.push(() => server.close());
  const grounds: TestGround[] = [];
  let keeper = createTokenKeeper(createOptions());
  return {
    server,
    grounds,
    /** As after a new start of the process: nothing is known but what grounds remember. */
    restart() {
      keeper = createTokenKeeper(createOptions());
    },
    open(ground?: TestGround, over: Partial<OAuthCredential> = {}) {
      const own =
        ground ??
        createTestGround(
          clock === undefined
            ? {}
            : {
                clock: {
                  nowMs: () => clock.nowMs,
                  monotonicMs: () => clock.nowMs,
                  setTimer: () => () => {},
                },
              },
        );
      if (ground === undefined) grounds.push(own);
      const session = keeper.open(
        { ...CREDENTIAL, tokenUrl: new URL('/oauth/token', server.url), ...over },
        own,
      );
      cleanUps.push(() => session.close());
      return { session, ground: own };
    },
  };
}

function createOptions() {
  return createKindOptions({
    egress: createEgressGuard({ allow: [], allowLoopback: true }),
    resolver: createResolver(),
    userAgent: 'Offhook/test',
  });
}

function refuse(status: number): () => Fault {
  return () => ({ kind: 'refuse', answer: { status, json: { error: 'busy' } } });
}

function valueOf(taken: TokenTaken | undefined): string | undefined {
  return taken?.kind === 'taken' ? taken.token.value : undefined;
}

function detailOf(taken: TokenTaken): string {
  return taken.kind === 'failed' && taken.answer.kind === 'failed' ? taken.answer.detail : '';
}
