/** Whoever sees numbers masked sees none in any answer: every GET route there is, over a journal full of them. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { TestSession } from '../../../test/support/dashboard-session.ts';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openSession } from '../../../test/support/dashboard-session.ts';
import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { NUMBER_QUESTIONS_PER_MINUTE_MAX } from './number-questions.ts';

/** Of the hub's own side, and of others; each in a form that somebody might write. */
const NUMBERS = [
  '+31850835037',
  '+31612345678',
  '0031698765432',
  '+14155552671',
  '0612349876',
  'sip:+442071838750@sip.example',
  '+31 6 5555 4444',
  '(020) 777 6543',
  '0622 333 111',
  '31 6 88 77 66 55',
  '+31\u00a06\u00a09191\u00a08282',
];
/** What must stand nowhere: the digits from the country on, without spaces. */
const SECRETS = NUMBERS.map((number) =>
  number
    .replaceAll(/\D/g, '')
    .replace(/^0+(?:31)?/, '')
    .replace(/^31/, ''),
);

let hub: TestHub;
let ids: Record<string, string>;
let getPaths: readonly string[];

beforeAll(async () => {
  hub = await openTestHub();
  const [own = '', ...others] = NUMBERS;
  const destination = await hub.call('POST', '/v1/destinations', {
    kind: 'webhook',
    settings: { url: 'https://example.com/' },
    filter: { phone_numbers: [own, '+31699999999'] },
  });
  for (const [index, number] of others.entries()) {
    await hub.call('PUT', `/v1/calls/call-${index}/status`, {
      status: 'in-progress',
      phone_number: { number: own, name: `Desk ${own}` },
      customer: { number },
      metadata: { note: `said ${number}` },
      caller_of_nobody_knows: { deep: [{ number, raw: number }] },
    });
    await hub.call('PUT', `/v1/calls/call-${index}/status`, {
      status: 'ended-with-error',
      error: `No route to ${number}`,
      end_reason: `hung up on ${number}`,
    });
    // Kept on the timeline with its reason.
    await hub.call('PUT', `/v1/calls/call-${index}/status`, {
      status: 'ended',
      end_reason: `late word of ${number}`,
    });
  }
  for (const number of ['+31850835037', '+31612345678', '+14155552671']) {
    await hub.call('PUT', `/v1/phone-numbers/${encodeURIComponent(number)}`, { name: 'One' });
  }
  const { id: destinationId } = destination.json();
  const claims = await hub.journal.claimDeliveries({
    nodeId: 'test',
    leaseMs: 60_000,
    nowMs: Date.now(),
    lanes: [{ destinationId, limit: 100 }],
  });
  await hub.journal.recordAttempts(
    claims.map(({ row, token }) => ({
      deliveryRow: row,
      token,
      number: 1,
      startedAtMs: Date.now(),
      durationMs: 12,
      firstByteMs: 10,
      status: 422,
      cause: null,
      detail: 'It refused +31612345678.',
      responseBody: Buffer.from('{"error":"31612345678 is unknown","customer":{"number":"+31612345678"}}'),
      outcome: 'dead',
      nextDueAtMs: null,
      deadReason: 'aborted',
      rejected: true,
      releasesNext: false,
    })),
  );
  await hub.journal.appendOperationalEvent(
    'default',
    {
      type: 'destination.disabled',
      destination: { id: destinationId, kind: 'webhook', name: null },
      reason: 'it refused +31612345678, and 0622 333 111 as well',
    },
    null,
  );
  const source = await hub.call('POST', '/v1/sources', { kind: 'voicedock', name: 'other' });
  const replay = await hub.call('POST', '/v1/replays', { since: '1h', q: 'number:+31612345678' });
  const group = (await hub.call('GET', '/v1/errors')).json().data?.[0];
  ids = {
    call_id: 'call-0',
    event_id: (await hub.call('GET', '/v1/events')).json().data[0].id,
    delivery_id: (await hub.call('GET', '/v1/deliveries?q=state:dead')).json().data[0].id,
    destination_id: destinationId,
    replay_id: replay.json().id,
    source_id: source.json().id,
    account_id: 'default',
    ...(group !== undefined && { error_id: group.id }),
  };
  const { paths } = (await hub.call('GET', '/openapi.json')).json();
  getPaths = Object.entries(paths as Record<string, { get?: unknown }>)
    .filter(([path, { get }]) => get !== undefined && path.startsWith('/v1/') && path !== '/v1/stream')
    .map(([path]) => path.replaceAll(/\{([a-z_]+)\}/g, (_, name: string) => ids[name] ?? `missing-${name}`));
});
afterAll(() => hub.close());

/** Digits of numbers that stand in a text, whatever stands between them. */
function findSecrets(text: string): readonly string[] {
  const joined = text.replaceAll(/(?<=\d)[\s.()-]+(?=\d)/g, '');
  return SECRETS.filter((secret) => text.includes(secret) || joined.includes(secret));
}

/** Cursors are text in other clothes. */
function readPlain(text: string): string {
  const cursors = [...text.matchAll(/"next_cursor":"([^"]+)"/g)];
  return cursors.map(([, cursor = '']) => Buffer.from(cursor, 'base64url').toString('latin1')).join(' ');
}

async function expectNoNumbers(ask: (url: string) => Promise<{ statusCode: number; body: string }>) {
  const answered: string[] = [];
  for (const path of getPaths) {
    const urls = path.startsWith('/v1/export/')
      ? [`${path}?format=csv`, `${path}?format=ndjson`]
      : [
          path,
          ...(/^\/v1\/(?:phone-numbers|calls|events|deliveries)$/.test(path) ? [`${path}?limit=1`] : []),
        ];
    for (const url of urls) {
      const { statusCode, body } = await ask(url);
      expect([url, statusCode, findSecrets(body + readPlain(body))]).toEqual([url, statusCode, []]);
      if (statusCode === 200) answered.push(url);
    }
  }
  return answered;
}

describe('numbers', () => {
  it('stand in the clear for a key that may read: the journal is full of them', async () => {
    const found = new Set<string>();
    for (const path of getPaths) {
      for (const secret of findSecrets((await hub.call('GET', path)).body)) found.add(secret);
    }
    expect([...found].toSorted()).toEqual([...new Set(SECRETS)].toSorted());
  });

  it('stand in no answer to a session, whatever it may do', async () => {
    const session = await openSession(hub, await hub.makeKey(['admin']));
    const answered = await expectNoNumbers((url) => session.call('GET', url));
    // All of them were really answered.
    expect(answered.length).toBeGreaterThanOrEqual(getPaths.length);
    const [call] = (await session.call('GET', '/v1/calls?q=call:call-0')).json().data;
    expect(call).toMatchObject({
      id: 'call-0',
      phone_number: { number: '+31 85 •••• 5037' },
      customer: { number: '+31 6 •••• 5678' },
    });
  });

  it('stand in no answer to a key that may only watch', async () => {
    const authorization = `Bearer ${await hub.makeKey(['watch', 'ingest'])}`;
    const answered = await expectNoNumbers((url) => hub.call('GET', url, undefined, { authorization }));
    expect(answered.length).toBeGreaterThanOrEqual(8);
  });

  it('show in a session that revealed them, and no longer once it masks them again', async () => {
    const session = await openSession(hub, await hub.makeKey(['write']));
    const read = async (): Promise<string> => (await session.call('GET', '/v1/calls/call-0')).body;
    expect(findSecrets(await read())).toEqual([]);
    await session.call('POST', '/v1/session/reveal', { revealed: true });
    expect(await read()).toContain('+31612345678');
    await session.call('POST', '/v1/session/reveal', { revealed: false });
    expect(findSecrets(await read())).toEqual([]);
  });

  it('cannot be revealed by a viewer', async () => {
    for (const scope of ['watch', 'read'] as const) {
      const session = await openSession(hub, await hub.makeKey([scope]));
      expect((await session.call('POST', '/v1/session/reveal', { revealed: true })).statusCode).toBe(403);
      expect(findSecrets((await session.call('GET', '/v1/calls')).body)).toEqual([]);
    }
  });

  it('are masked in the problems of a request as well', async () => {
    const session = await openSession(hub, await hub.makeKey(['write']));
    const response = await session.call('POST', `/v1/deliveries/${ids['delivery_id']}/cancel`);
    expect(response.statusCode).toBe(409);
    expect(response.json().delivery).toBeDefined();
    expect(findSecrets(response.body)).toEqual([]);
  });
});

describe('a masked session', () => {
  let session: TestSession;
  beforeAll(async () => {
    session = await openSession(hub, await hub.makeKey(['admin']));
  });

  it('reads every page of a list that is sorted by number', async () => {
    const names: string[] = [];
    let cursor: string | null = null;
    do {
      const query: string = cursor === null ? '' : `&cursor=${encodeURIComponent(cursor)}`;
      const page = (await session.call('GET', `/v1/phone-numbers?limit=1${query}`)).json();
      names.push(...(page.data as { number: string }[]).map(({ number }) => number));
      cursor = page.next_cursor;
    } while (cursor !== null);
    expect(names).toEqual(['+1 415 •••• 2671', '+31 6 •••• 5678', '+31 85 •••• 5037']);
  });

  it('cannot write the mask over the numbers behind it', async () => {
    const path = `/v1/destinations/${ids['destination_id']}`;
    const { filter } = (await session.call('GET', path)).json();
    const response = await session.call('PATCH', path, { filter });
    expect([response.statusCode, response.json().detail]).toEqual([
      400,
      expect.stringContaining('reveal them'),
    ]);
    expect((await hub.call('GET', path)).json().filter.phone_numbers).toContain('+31850835037');
    expect((await session.call('PATCH', path, { name: 'Renamed' })).statusCode).toBe(200);
  });

  it('can save settings whose secrets were hidden from it, but no number beside them', async () => {
    const path = `/v1/destinations/${ids['destination_id']}`;
    const settings = { url: 'http://127.0.0.1:9/hook', headers: { Authorization: '••••••' } };
    expect((await session.call('PATCH', path, { settings })).statusCode).toBe(200);
    const beside = { settings, filter: { phone_numbers: ['+31 85 •••• 5037'] } };
    expect((await session.call('PATCH', path, beside)).statusCode).toBe(400);
    expect((await session.call('PATCH', path, { name: 'my ••••••' })).statusCode).toBe(400);
  });

  it('is never told that nothing has changed: it may have been in the clear before', async () => {
    const { etag } = (await hub.call('GET', '/v1/calls/call-0')).headers;
    const headers = { 'if-none-match': String(etag) };
    expect((await session.call('GET', '/v1/calls/call-0', undefined, headers)).statusCode).toBe(200);
    expect((await hub.call('GET', '/v1/calls/call-0', undefined, headers)).statusCode).toBe(304);
  });

  it('is shown no hash of what is masked: its numbers could be guessed from it, offline', async () => {
    expect((await session.call('GET', '/v1/calls/call-0')).headers['etag']).toBeUndefined();
    const path = `/v1/destinations/${ids['destination_id']}`;
    const masked = String((await session.call('GET', path)).headers['etag']);
    const clear = String((await hub.call('GET', path)).headers['etag']);
    expect(masked).not.toBe(clear);
    const change = async (etag: string): Promise<number> =>
      (await session.call('PATCH', path, { name: 'Changed' }, { 'if-match': etag })).statusCode;
    // A hash that was made of guessed numbers is told to be neither right nor wrong.
    expect(await change(clear)).toBe(412);
    expect(await change(masked)).toBe(200);
    expect(await change(masked)).toBe(412);
    // What was read masked may be changed once the numbers are revealed.
    const again = String((await session.call('GET', path)).headers['etag']);
    await session.call('POST', '/v1/session/reveal', { revealed: true });
    expect(await change(again)).toBe(200);
    await session.call('POST', '/v1/session/reveal', { revealed: false });
  });

  it('searches numbers whole: their beginnings, or digits in errors, would give them away one by one', async () => {
    const viewer = await openSession(hub, await hub.makeKey(['read']));
    for (const word of ['number:+31612*', 'error:+3161', 'error:"6 1 2"', 'error:61']) {
      const q = encodeURIComponent(word);
      for (const path of [
        '/v1/calls',
        '/v1/calls/counts',
        '/v1/active-calls',
        '/v1/deliveries',
        '/v1/deliveries/counts',
        '/v1/events',
        '/v1/export/calls',
        '/v1/stream',
      ]) {
        // Operators may reveal them, which the audit log keeps; until they do they are asked no more than others.
        for (const one of [viewer, session]) {
          const response = await one.call('GET', `${path}?q=${q}`);
          expect([path, response.statusCode, response.json().errors?.[0]?.code]).toEqual([
            path,
            400,
            'masked',
          ]);
        }
      }
      const replay = await session.call('POST', '/v1/replays', { q: word, dry_run: true });
      expect([replay.statusCode, replay.json().errors]).toEqual([
        400,
        [expect.objectContaining({ in: 'body', pointer: '/q', code: 'masked' })],
      ]);
    }
    const whole = encodeURIComponent('number:+31612345678');
    for (const one of [viewer, session]) {
      expect((await one.call('GET', `/v1/calls?q=${whole}`)).json().data).toHaveLength(1);
    }
  });

  it('searches by beginnings and digits once the numbers are revealed', async () => {
    const operator = await openSession(hub, await hub.makeKey(['write']));
    await operator.call('POST', '/v1/session/reveal', { revealed: true });
    for (const word of ['number:+31612*', 'error:+3161']) {
      const found = await operator.call('GET', `/v1/calls?q=${encodeURIComponent(word)}`);
      expect([word, found.json().data.length]).toEqual([word, 1]);
    }
  });

  it('cannot try all the numbers that a mask leaves open', async () => {
    const guesser = await openSession(hub, await hub.makeKey(['write']));
    const ask = (index: number) =>
      guesser.call('GET', `/v1/calls?q=${encodeURIComponent(`number:+3161234${5_000 + index}`)}`);
    for (let index = 0; index < NUMBER_QUESTIONS_PER_MINUTE_MAX; index += 1) {
      expect((await ask(index)).statusCode).toBe(200);
    }
    const refused = await ask(NUMBER_QUESTIONS_PER_MINUTE_MAX);
    expect([refused.statusCode, refused.json().type]).toEqual([429, 'urn:offhook:problem:rate_limited']);
    expect(Number(refused.headers['retry-after'])).toBeGreaterThan(0);
    expect((await ask(0)).statusCode).toBe(200);
    // In a replay as well.
    const replay = await guesser.call('POST', '/v1/replays', { q: 'number:+31612346666', dry_run: true });
    expect(replay.statusCode).toBe(429);
    // What says nothing of numbers goes on.
    expect((await guesser.call('GET', '/v1/calls?q=state:failed')).statusCode).toBe(200);
  });
});
