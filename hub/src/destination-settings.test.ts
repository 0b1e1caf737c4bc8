/** Settings of every kind at the API's door: whatever comes in, credentials stay in, and nothing breaks. */
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import type { TestHub } from '../../test/support/in-memory-hub.ts';
import type { DestinationKindName } from './destinations/destination.ts';

import { openSession } from '../../test/support/dashboard-session.ts';
import { openTestHub } from '../../test/support/in-memory-hub.ts';
import { createEgressGuard } from './destinations/egress/address-rules.ts';
import { DESTINATION_KINDS } from './destinations/destination.ts';
import { createDestinationKinds } from './destinations/registry.ts';

/** Each holds the word canary wherever the kind has a credential. */
const SETTINGS: Readonly<Record<DestinationKindName, readonly Readonly<Record<string, unknown>>[]>> = {
  webhook: [
    {
      url: 'https://example.com/hook?token=canary1',
      headers: { Authorization: 'Bearer canary2', 'X-Api-Key': 'canary3' },
    },
  ],
  slack: [
    { webhook_url: 'https://hooks.slack.com/services/T01234567/B01234567/canary4canary4canary4ca' },
    { bot_token: 'xoxb-1234567890-canary5', channel: '#alerts' },
  ],
  hubspot: [{ token: 'pat-na1-canary6' }],
  salesforce: [
    {
      instance_url: 'https://acme.my.salesforce.com',
      client_id: 'consumer-key',
      client_secret: 'canary7',
      refresh_token: 'canary8',
    },
  ],
  pipedrive: [
    { company_domain: 'acme', api_token: 'canary9' },
    { company_domain: 'acme', client_id: 'app', client_secret: 'canary10', refresh_token: 'canary11' },
  ],
  redis: [{ url: 'rediss://default:canary12@redis.example.com:6379', set_name: 'active_calls' }],
};
const CASES = DESTINATION_KINDS.flatMap((kind) => SETTINGS[kind].map((settings) => ({ kind, settings })));

let hub: TestHub;
const tried: unknown[] = [];
beforeAll(async () => {
  const kinds = createDestinationKinds({
    egress: createEgressGuard({ allow: [], allowLoopback: false, ownAddresses: () => [] }),
    resolver: { resolve: async () => ({ kind: 'failed', detail: 'DNS is not asked here' }) },
    userAgent: 'Offhook/test',
  });
  const done = { kind: 'done', detail: 'Done', timing: { firstByteMs: null, totalMs: 1 } } as const;
  hub = await openTestHub(
    {},
    {
      kinds: kinds.all,
      tester: {
        test: async ({ settings }) => (tried.push(settings), done),
        tryKind: async ({ settings }) => (tried.push(settings), done),
      },
    },
  );
});
afterAll(() => hub.close());
afterEach(expectUnharmed);

function expectUnharmed(): void {
  expect(hub.troubles).toEqual([]);
}

const create = (kind: string, settings: unknown, more: object = {}) =>
  hub.call('POST', '/v1/destinations', { kind, settings, ...more });

describe.each(CASES)('a $kind destination', ({ kind, settings }) => {
  it('is made of few settings, and shows none of its credentials again', async () => {
    const created = await create(kind, settings);
    expect([created.statusCode, created.json().errors]).toEqual([201, undefined]);
    const path = `/v1/destinations/${created.json().id}`;
    await hub.call('POST', `${path}/test`);
    await hub.call('PATCH', path, { name: 'Renamed' });
    await hub.call('PUT', `/v1/calls/call-of-${created.json().id}/status`, {
      status: 'ended-with-error',
      error: 'x',
    });
    const [delivery] = (await hub.call('GET', `/v1/deliveries?q=destination:${created.json().id}`)).json()
      .data;
    for (const response of [
      created,
      await hub.call('GET', path),
      await hub.call('GET', '/v1/destinations'),
      await hub.call('GET', '/v1/audit?limit=200'),
      await hub.call('GET', `/v1/deliveries/${delivery.id}`),
    ]) {
      expect([response.statusCode < 300, response.body.includes('canary')]).toEqual([true, false]);
    }
    expect(created.json().target).not.toBe('');
  });

  it('keeps its credentials when it is saved as it was shown, also in a session that sees numbers masked', async () => {
    const { id } = (await create(kind, settings)).json();
    const stored = (await hub.journal.getDestination('default', id))?.settings;
    const session = await openSession(hub, await hub.makeKey(['write']));
    for (const call of [hub.call, session.call]) {
      const shown = (await call('GET', `/v1/destinations/${id}`)).json().settings;
      const tryAgain = await call('POST', `/v1/destination-kinds/${kind}/try`, {
        settings: shown,
        destination_id: id,
      });
      expect([tryAgain.statusCode, tryAgain.json().ok]).toEqual([200, true]);
      expect(tried.at(-1)).toEqual(stored);
      const saved = await call('PATCH', `/v1/destinations/${id}`, { settings: shown });
      expect([saved.statusCode, saved.json().errors]).toEqual([200, undefined]);
      expect((await hub.journal.getDestination('default', id))?.settings).toEqual(stored);
    }
  });

  it('takes no mask for a credential', async () => {
    const { id } = (await create(kind, settings)).json();
    const shown = (await hub.call('GET', `/v1/destinations/${id}`)).json().settings;
    const copied = await create(kind, shown);
    expect([copied.statusCode, copied.json().errors?.[0].pointer]).toEqual([
      400,
      expect.stringMatching(/^\/settings/),
    ]);
  });

  it('sends no credential to another address: whoever changes it must know them', async () => {
    const { id } = (await create(kind, settings)).json();
    const shown = (await hub.call('GET', `/v1/destinations/${id}`)).json().settings as Record<
      string,
      unknown
    >;
    const elsewhere = Object.entries(shown).flatMap(([name, value]) => {
      if (name === 'company_domain') return [{ ...shown, [name]: 'evil' }];
      // An incoming webhook has its own address; only a bot token goes there.
      if (name === 'api_url' && shown['webhook_url'] !== undefined) return [];
      if (typeof value !== 'string' || !/^[a-z]+:\/\//.test(value)) return [];
      return [
        { ...shown, [name]: value.replace(/(?<=:\/\/(?:[^/@]*@)?)[^/:@?]+(?=[/:?]|$)/, 'evil.example') },
      ];
    });
    for (const moved of elsewhere) {
      expect(JSON.stringify(moved)).toContain('evil');
      const before = tried.length;
      for (const response of [
        await hub.call('PATCH', `/v1/destinations/${id}`, { settings: moved }),
        await hub.call('POST', `/v1/destination-kinds/${kind}/try`, { settings: moved, destination_id: id }),
      ]) {
        expect([moved, response.statusCode]).toEqual([moved, 400]);
        expect(response.body).not.toContain('canary');
      }
      expect(tried).toHaveLength(before);
    }
  });

  it('is refused, never with more than a 4xx, whatever stands in a setting', async () => {
    const { data } = (await hub.call('GET', '/v1/destination-kinds')).json();
    const { properties } = data.find((one: { kind: string }) => one.kind === kind).settings_schema;
    for (const name of Object.keys(properties)) {
      for (const value of HOSTILE) {
        const response = await create(kind, { ...settings, [name]: value });
        expect([name, value, response.statusCode < 500]).toEqual([name, value, true]);
        const taken = response.statusCode === 201;
        if (!taken) {
          const { errors } = response.json();
          expect(errors[0].pointer).toMatch(/^\/settings(?:$|\/)/);
          // What is refused may be a credential with a typing error.
          expect(response.body).not.toMatch(/canary|hunter2/);
          continue;
        }
        // What is taken is shown and dialled without breaking anything.
        const path = `/v1/destinations/${response.json().id}`;
        expect((await hub.call('GET', path)).statusCode).toBe(200);
        expect((await hub.call('DELETE', path)).statusCode).toBe(204);
      }
    }
    for (const whole of [{}, [], null, 'x', 7, { __proto__: null, constructor: 1 }, { unknown: 1 }]) {
      const response = await create(kind, whole);
      expect([whole, response.statusCode]).toEqual([whole, 400]);
      const tryIt = await hub.call('POST', `/v1/destination-kinds/${kind}/try`, { settings: whole });
      expect([whole, tryIt.statusCode]).toEqual([whole, 400]);
    }
  });
});

const HOSTILE: readonly unknown[] = [
  null,
  true,
  false,
  0,
  -1,
  1.5,
  1e300,
  '',
  ' ',
  'x',
  '\r\nX-Evil: 1',
  'a\u202eb',
  '••••••',
  'x'.repeat(5_000),
  '../../etc/passwd',
  '<!channel>',
  '{{7*7}}',
  '${env}',
  "'; DROP TABLE calls; --",
  'https://127.0.0.1/',
  'https://169.254.169.254/latest/meta-data',
  'https://user:hunter2@example.com/',
  'http://example.com/',
  'redis://127.0.0.1:6379',
  'redis://:hunter2@169.254.169.254:6379/0',
  'file:///etc/passwd',
  'javascript:alert(1)',
  [],
  ['a'],
  [['a']],
  {},
  { a: 'b' },
  { a: { b: 'c' } },
  { constructor: 'x' },
  { 'X-Evil\r\n': 'a' },
];
