import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { z } from 'zod';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';
import type { DestinationKindPort, DestinationTester, KindTry, TestResult } from './ground.ts';
import type { Destination } from '../journal/destinations.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';
import { TRIES } from './destination-kinds.ts';
import { testView } from './test-view.ts';
import { deliveryView } from './delivery-views.ts';
import { destinationKindView, destinationView, destinationWithSecretView } from './destination-views.ts';

const MASK = '••••••';

interface BoardSettings {
  readonly token: string;
  readonly channel: string;
}

const boardSettings = z
  .strictObject({
    token: z.string().min(3).meta({ title: 'Token', secret: true, placeholder: 'T00000000' }),
    channel: z
      .string()
      .default('#calls')
      .meta({ title: 'Channel', description: 'Where it posts', choices: { '#calls': 'Calls' } }),
    host: z.string().optional().meta({ title: 'Host', identifies: true }),
  })
  .superRefine((settings, context) => {
    if (settings.token !== MASK) return;
    context.addIssue({ code: 'custom', path: ['token'], message: 'token is masked; write its value' });
  });

/** A kind that signs nothing and has defaults of its own. */
const BOARD: DestinationKindPort = {
  kind: 'board',
  title: 'Board',
  summary: 'Posts calls to a board.',
  setup: ['Create a board.', 'Copy its token; it needs the right “post”.'],
  settings: boardSettings,
  defaults: {
    filter: { statuses: ['ended-with-error'], operational_events: ['delivery.dead'] },
    order: 'latest',
    concurrency: 1,
    ratePerSecond: 2,
    timeoutMs: 9_000,
  },
  signs: false,
  toPublicSettings: (settings) => ({ ...(settings as BoardSettings), token: MASK }),
  keepMasked: (stored, given) =>
    (given as Partial<BoardSettings>).token === MASK
      ? { ...(given as object), token: (stored as BoardSettings).token }
      : given,
  describeTarget: (settings) => (settings as BoardSettings).channel,
};

const WEBHOOK: DestinationKindPort = {
  kind: 'webhook',
  title: 'Webhook',
  summary: 'Sends every event as a signed POST.',
  setup: [],
  settings: z.strictObject({ url: z.url() }),
  defaults: {},
  signs: true,
  toPublicSettings: (settings) => ({ ...(settings as object) }),
  keepMasked: (_stored, given) => given,
  describeTarget: (settings) => (settings as { url: string }).url,
};

let answer: TestResult;
const tests: Destination[] = [];
const tries: KindTry[] = [];
const tester: DestinationTester = {
  async test(destination) {
    tests.push(destination);
    return answer;
  },
  async tryKind(request) {
    tries.push(request);
    return answer;
  },
};
const DONE: TestResult = {
  kind: 'done',
  detail: 'Said hello in #calls',
  timing: { firstByteMs: null, totalMs: 3.14 },
};

let hub: TestHub;
beforeAll(async () => {
  answer = DONE;
  hub = await openTestHub({}, { kinds: [WEBHOOK, BOARD], tester });
});
afterAll(() => hub.close());

function expectView(view: z.ZodObject, value: unknown): void {
  expect(view.strict().safeParse(value).error?.issues ?? []).toEqual([]);
}

const create = (body: object) =>
  hub.call('POST', '/v1/destinations', { kind: 'board', settings: { token: 'canary' }, ...body });
const tryKind = (kind: string, body: object, headers?: Record<string, string>) =>
  hub.call('POST', `/v1/destination-kinds/${kind}/try`, body, headers);

describe('kinds of destinations', () => {
  it('are listed with their defaults written out and the schema a form is made from', async () => {
    const { data } = (await hub.call('GET', '/v1/destination-kinds')).json();
    for (const kind of data) expectView(destinationKindView, kind);
    expect(data).toEqual([
      expect.objectContaining({
        kind: 'webhook',
        signs: true,
        defaults: { filter: {}, order: 'strict', concurrency: 32, rate_per_second: null, timeout_ms: 15_000 },
      }),
      {
        kind: 'board',
        title: 'Board',
        summary: 'Posts calls to a board.',
        setup: ['Create a board.', 'Copy its token; it needs the right “post”.'],
        signs: false,
        defaults: {
          filter: { statuses: ['ended-with-error'], operational_events: ['delivery.dead'] },
          order: 'latest',
          concurrency: 1,
          rate_per_second: 2,
          timeout_ms: 9_000,
        },
        settings_schema: {
          $schema: 'https://json-schema.org/draft/2020-12/schema',
          type: 'object',
          additionalProperties: false,
          required: ['token'],
          properties: {
            token: { type: 'string', minLength: 3, title: 'Token', secret: true, placeholder: 'T00000000' },
            channel: {
              type: 'string',
              default: '#calls',
              title: 'Channel',
              description: 'Where it posts',
              choices: { '#calls': 'Calls' },
            },
            host: { type: 'string', title: 'Host', identifies: true },
          },
        },
      },
    ]);
  });
});

describe('a destination of a kind that does not sign', () => {
  it('begins as its kind has it, says where it goes, and has no secret to show', async () => {
    const created = await create({});
    expect(created.statusCode).toBe(201);
    expectView(destinationWithSecretView, created.json());
    expect(created.json()).toMatchObject({
      kind_title: 'Board',
      target: '#calls',
      signs: false,
      settings: { token: MASK, channel: '#calls' },
      filter: { statuses: ['ended-with-error'], operational_events: ['delivery.dead'] },
      order: 'latest',
      concurrency: 1,
      rate_per_second: 2,
      timeout_ms: 9_000,
    });
    expect(created.json()).not.toHaveProperty('secret');
    const read = await hub.call('GET', `/v1/destinations/${created.json().id}`);
    expectView(destinationView, read.json());
    for (const response of [created, read]) expect(response.body).not.toMatch(/canary|whsec_/);
  });

  it('takes what its creation says instead, also that there is no limit', async () => {
    const created = await create({ filter: {}, order: 'strict', rate_per_second: null, timeout_ms: 2_000 });
    expect(created.json()).toMatchObject({
      filter: {},
      order: 'strict',
      concurrency: 1,
      rate_per_second: null,
      timeout_ms: 2_000,
    });
  });

  it('neither takes a secret nor rotates one, and says so', async () => {
    const given = await create({ secret: `whsec_${Buffer.alloc(32, 1).toString('base64')}` });
    expect([given.statusCode, given.json().errors[0]]).toEqual([
      400,
      { in: 'body', pointer: '/secret', code: 'not_signed', detail: expect.stringContaining('Board') },
    ]);
    const { id } = (await create({})).json();
    const rotated = await hub.call('POST', `/v1/destinations/${id}/rotate-secret`);
    expect([rotated.statusCode, rotated.json().detail]).toEqual([409, expect.stringContaining('Board')]);
    expect((await hub.call('GET', `/v1/destinations/${id}`)).json().previous_secret_until).toBeNull();
  });

  it('keeps its credentials while they come back masked, and never changes its kind', async () => {
    const { id } = (await create({})).json();
    const path = `/v1/destinations/${id}`;
    const changed = await hub.call('PATCH', path, { settings: { token: MASK, channel: '#errors' } });
    expect(changed.json()).toMatchObject({ target: '#errors', settings: { token: MASK } });
    expect((await hub.journal.getDestination('default', id))?.settings).toEqual({
      token: 'canary',
      channel: '#errors',
    });
    const other = await hub.call('PATCH', path, { kind: 'webhook', settings: { url: 'https://a.example/' } });
    expect([other.statusCode, other.json().errors[0].pointer]).toEqual([400, '/kind']);
  });

  it('is told where its settings are wrong', async () => {
    for (const [body, pointer] of [
      [{ settings: {} }, '/settings/token'],
      [{ settings: { token: MASK } }, '/settings/token'],
      [{ settings: { token: 'abc', chanel: '#a' } }, '/settings/chanel'],
      [{ kind: 'bord' }, '/kind'],
      [{ filter: { operational_events: ['delivery.died'] } }, '/filter/operational_events/0'],
    ] as const) {
      const response = await create(body);
      expect([body, response.statusCode, response.json().errors?.[0].pointer]).toEqual([body, 400, pointer]);
      expect(response.body).not.toContain('canary');
    }
    const meant = await create({ filter: { operational_events: ['delivery.died'] } });
    expect(meant.json().detail).toContain('Did you mean "delivery.dead"?');
  });
});

describe('a test', () => {
  it('that did what it was asked is ok without a status', async () => {
    const { id } = (await create({})).json();
    const response = await hub.call('POST', `/v1/destinations/${id}/test`);
    expectView(testView, response.json());
    expect(response.json()).toEqual({
      ok: true,
      status: null,
      cause: null,
      detail: 'Said hello in #calls',
      response_body: null,
      explanation: null,
      duration_ms: 3.1,
      first_byte_ms: null,
    });
  });

  it('of settings that nobody has saved dials with them, and leaves nothing behind', async () => {
    const before = (await hub.call('GET', '/v1/destinations')).json().data.length;
    const response = await tryKind('board', { settings: { token: 'unsaved' } });
    expectView(testView, response.json());
    expect(response.json().ok).toBe(true);
    expect(tries.at(-1)).toEqual({
      accountId: 'default',
      kind: 'board',
      settings: { token: 'unsaved', channel: '#calls' },
      status: 'in-progress',
      timeoutMs: 9_000,
    });
    expect((await hub.call('GET', '/v1/destinations')).json().data).toHaveLength(before);
  });

  it('of changed settings knows what is still masked, for the destination they are of alone', async () => {
    const { id } = (await create({})).json();
    const settings = { token: MASK, channel: '#new' };
    expect((await tryKind('board', { settings, destination_id: id })).json().ok).toBe(true);
    expect(tests.at(-1)).toMatchObject({ id, settings: { token: 'canary', channel: '#new' } });
    expect((await hub.call('GET', `/v1/destinations/${id}`)).json().target).toBe('#calls');
    // What a destination remembers belongs to the credentials it has: others are tried by themselves.
    const other = { settings: { token: 'another', channel: '#new' }, destination_id: id };
    expect((await tryKind('board', other)).json().ok).toBe(true);
    expect(tries.at(-1)?.settings).toEqual(other.settings);
    const elsewhere = { settings: { ...settings, host: 'other.example' }, destination_id: id };
    expect((await tryKind('board', elsewhere)).json().ok).toBe(true);
    expect(tries.at(-1)?.settings).toMatchObject({ host: 'other.example' });
    const asked = tests.length + tries.length;
    expect((await tryKind('board', { settings })).json().errors[0].pointer).toBe('/settings/token');
    const webhook = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/' },
      })
    ).json();
    const stranger = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
    const theirs = { authorization: `Bearer ${await hub.makeKey(['write'], stranger.id)}` };
    for (const response of [
      await tryKind('board', { settings, destination_id: webhook.id }),
      await tryKind('board', { settings, destination_id: id }, theirs),
      await tryKind('board', { settings, destination_id: 'dst_none' }),
    ]) {
      expect([response.statusCode, response.json().errors[0].pointer]).toEqual([400, '/destination_id']);
    }
    expect(tests.length + tries.length).toBe(asked);
  });

  it('by the secret of a destination, to another address than its own, is in the audit log', async () => {
    const { id } = (
      await hub.call('POST', '/v1/destinations', {
        kind: 'webhook',
        settings: { url: 'https://example.com/own' },
      })
    ).json();
    const readTries = async () =>
      (await hub.call('GET', '/v1/audit'))
        .json()
        .data.filter((entry: { action: string }) => entry.action === 'destination.tried');
    await tryKind('webhook', { settings: { url: 'https://example.com/own' }, destination_id: id });
    await tryKind('webhook', { settings: { url: 'https://elsewhere.example/' } });
    expect(await readTries()).toEqual([]);
    await tryKind('webhook', { settings: { url: 'https://elsewhere.example/' }, destination_id: id });
    expect(await readTries()).toMatchObject([
      { subject: id, actor: { kind: 'key' }, detail: { target: 'https://elsewhere.example/' } },
    ]);
  });

  it('of a destination may be asked for a few times a second, by each key', async () => {
    const { id } = (await create({})).json();
    const busy = { authorization: `Bearer ${await hub.makeKey(['write'])}` };
    const test = (headers?: Record<string, string>) =>
      hub.call('POST', `/v1/destinations/${id}/test`, undefined, headers);
    for (let asked = 0; asked < TRIES.burst; asked += 1) expect((await test(busy)).statusCode).toBe(200);
    const dialled = tests.length;
    const refused = await test(busy);
    expect([refused.statusCode, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
    expect(tests).toHaveLength(dialled);
    expect((await test()).statusCode).toBe(200);
  });

  it('that names another destination names it as people do', async () => {
    const { id: named } = (await create({ name: 'Wall' })).json();
    const { id: unnamed } = (await create({})).json();
    const stranger = (await hub.call('POST', '/v1/accounts', { name: 'namer' })).json();
    const theirs = { authorization: `Bearer ${await hub.makeKey(['write'], stranger.id)}` };
    answer = {
      kind: 'failed',
      cause: 'settings',
      detail: `active_calls is kept by the destination ${named}, not ${unnamed}: choose another, dst_none say`,
      timing: DONE.timing,
    };
    try {
      const settings = { token: 'abc' };
      expect((await tryKind('board', { settings })).json()).toMatchObject({
        detail:
          'active_calls is kept by the destination “Wall”, not “Board #calls”: choose another, dst_none say',
      });
      expect((await tryKind('board', { settings }, theirs)).json().detail).toContain(named);
    } finally {
      answer = DONE;
    }
  });

  it('needs a kind there is, the scope write, and not too many a second', async () => {
    const none = await tryKind('bord', { settings: {} });
    expect([none.statusCode, none.json().detail]).toEqual([404, expect.stringContaining('"board"')]);
    const reader = { authorization: `Bearer ${await hub.makeKey(['read'])}` };
    expect((await tryKind('board', { settings: {} }, reader)).statusCode).toBe(403);
    const busy = { authorization: `Bearer ${await hub.makeKey(['write'])}` };
    const settings = { token: 'abc' };
    for (let asked = 0; asked < TRIES.burst; asked += 1)
      expect((await tryKind('board', { settings }, busy)).statusCode).toBe(200);
    const refused = await tryKind('board', { settings }, busy);
    expect([refused.statusCode, Number(refused.headers['retry-after']) > 0]).toEqual([429, true]);
    expect((await tryKind('board', { settings })).statusCode).toBe(200);
  });

  it('that failed says what can be done about it', async () => {
    answer = {
      kind: 'failed',
      cause: 'settings',
      detail: 'the board is archived; choose another one',
      timing: DONE.timing,
    };
    try {
      const response = await tryKind('board', { settings: { token: 'abc' } });
      expectView(testView, response.json());
      expect(response.json()).toMatchObject({
        ok: false,
        cause: 'settings',
        explanation: { title: expect.any(String), hint: expect.any(String) },
      });
    } finally {
      answer = DONE;
    }
  });
});

describe('deliveries to kinds whose work is no HTTP status', () => {
  it('say what was done there, and need no explanation', async () => {
    const { id } = (await create({ filter: {} })).json();
    await hub.call('PUT', '/v1/calls/done-there/status', { status: 'in-progress' });
    const claims = await hub.journal.claimDeliveries({
      nodeId: 'test',
      leaseMs: 15_000,
      nowMs: Date.now(),
      lanes: [{ destinationId: id, limit: 10 }],
    });
    await hub.journal.recordAttempts(
      claims.map((claim) => ({
        deliveryRow: claim.row,
        token: claim.token,
        number: 1,
        startedAtMs: Date.now(),
        durationMs: 12,
        firstByteMs: null,
        status: null,
        cause: null,
        detail: 'Call 4711 created in Board',
        responseBody: null,
        outcome: 'delivered',
        nextDueAtMs: null,
        deadReason: null,
        rejected: false,
        releasesNext: false,
      })),
    );
    const [listed] = (await hub.call('GET', `/v1/deliveries?q=destination:${id}`)).json().data;
    expectView(deliveryView, listed);
    expect(listed).toMatchObject({
      state: 'delivered',
      event_type: 'status-update',
      last_status: null,
      last_detail: 'Call 4711 created in Board',
      explanation: null,
    });
    const detail = (await hub.call('GET', `/v1/deliveries/${listed.id}`)).json();
    expect(detail.destination).toMatchObject({ kind_title: 'Board', target: '#calls', url: null });
    expect(detail.attempt_entries).toEqual([
      expect.objectContaining({ detail: 'Call 4711 created in Board', explanation: null, request: null }),
    ]);
  });

  it('name other destinations as people do, in lists, alone and on the timeline', async () => {
    const { id } = (await create({ filter: {}, name: 'Second wall' })).json();
    await hub.call('PUT', '/v1/calls/named-there/status', { status: 'in-progress' });
    const [claim] = await hub.journal.claimDeliveries({
      nodeId: 'test',
      leaseMs: 15_000,
      nowMs: Date.now(),
      lanes: [{ destinationId: id, limit: 1 }],
    });
    if (claim === undefined) throw new Error('Nothing is owed to it.');
    await hub.journal.recordAttempts([
      {
        deliveryRow: claim.row,
        token: claim.token,
        number: 1,
        startedAtMs: Date.now(),
        durationMs: 12,
        firstByteMs: null,
        status: null,
        cause: 'settings',
        detail: `calls is kept by ${id}`,
        responseBody: null,
        outcome: 'retry',
        nextDueAtMs: Date.now() + 60_000,
        deadReason: null,
        rejected: false,
        releasesNext: false,
      },
    ]);
    const named = 'calls is kept by “Second wall”';
    const [listed] = (await hub.call('GET', `/v1/deliveries?q=destination:${id}`)).json().data;
    const detail = (await hub.call('GET', `/v1/deliveries/${listed.id}`)).json();
    const timeline = (await hub.call('GET', '/v1/calls/named-there/timeline')).json();
    const onTimeline = timeline.deliveries.find(
      (delivery: { destination_id: string }) => delivery.destination_id === id,
    );
    for (const delivery of [listed, detail, onTimeline]) expect(delivery.last_detail).toBe(named);
    for (const { attempt_entries: attempts } of [detail, onTimeline]) expect(attempts[0].detail).toBe(named);
  });
});
