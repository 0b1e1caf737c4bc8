/** Who may do what, over every route there is: the list is read from the OpenAPI document, so that none is forgotten. */
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import type { Scope } from '../journal/accounts.ts';
import type { TestHub } from '../../../test/support/in-memory-hub.ts';

import { openTestHub } from '../../../test/support/in-memory-hub.ts';

interface Operation {
  readonly method: 'GET' | 'POST' | 'PUT' | 'PATCH' | 'DELETE';
  readonly path: string;
  readonly security: readonly Record<string, readonly string[]>[];
}

let hub: TestHub;
let operations: readonly Operation[];
/** One of everything in the default account, by the name of its path parameter. */
let ids: Record<string, string>;
let strangerKey: string;

beforeAll(async () => {
  hub = await openTestHub();
  const document = (await hub.call('GET', '/openapi.json')).json();
  operations = Object.entries(document.paths as Record<string, Record<string, Operation>>).flatMap(
    ([path, methods]) =>
      Object.entries(methods).map(([method, operation]) => ({
        ...operation,
        path,
        method: method.toUpperCase() as Operation['method'],
      })),
  );
  const destination = await hub.call('POST', '/v1/destinations', {
    kind: 'webhook',
    settings: { url: 'https://example.com/' },
  });
  await hub.call('PUT', '/v1/calls/theirs/status', { status: 'in-progress' });
  const event = (await hub.call('GET', '/v1/events')).json().data[0];
  const delivery = (await hub.call('GET', '/v1/deliveries')).json().data[0];
  const replay = await hub.call('POST', '/v1/replays', { since: '1h' });
  const source = await hub.call('POST', '/v1/sources', { kind: 'voicedock', name: 'theirs' });
  const key = await hub.call('POST', '/v1/keys', { name: 'theirs', scopes: ['read'] });
  await hub.call('PUT', '/v1/phone-numbers/%2B31850835037', { name: 'Theirs' });
  ids = {
    call_id: 'theirs',
    event_id: event.id,
    delivery_id: delivery.id,
    destination_id: destination.json().id,
    replay_id: replay.json().id,
    source_id: source.json().id,
    key_id: key.json().id,
    account_id: 'default',
    number: '%2B31850835037',
  };
  const stranger = (await hub.call('POST', '/v1/accounts', { name: 'stranger' })).json();
  strangerKey = await hub.makeKey(['admin'], stranger.id);
});
afterAll(() => hub.close());

const BODIES: Readonly<Record<string, unknown>> = {
  '/v1/destinations/{destination_id}': { name: 'taken over' },
  '/v1/sources/{source_id}': { name: 'taken over' },
  '/v1/phone-numbers/{number}': { name: 'taken over' },
  '/v1/accounts/{account_id}': { stale_calls: 'end' },
  '/v1/calls/{call_id}/end': { reason: 'taken over' },
  '/v1/errors/{error_id}': { state: 'muted' },
  '/v1/destination-kinds/{kind}/try': { settings: {} },
};

function call(operation: Operation, authorization: string) {
  const path = operation.path.replaceAll(
    /\{([a-z_]+)\}/g,
    (_, name: string) => ids[name] ?? `missing-${name}`,
  );
  const body = ['POST', 'PUT', 'PATCH'].includes(operation.method)
    ? (BODIES[operation.path] ?? {})
    : undefined;
  return hub.call(operation.method, path, body, { authorization });
}

describe('another account', () => {
  it('gets 404 for every id that is not its own, on every route', async () => {
    const withIds = operations.filter(
      ({ path }) => path.startsWith('/v1/') && path.includes('{') && path !== '/v1/calls/{call_id}/status',
    );
    expect(withIds.length).toBeGreaterThanOrEqual(24);
    for (const operation of withIds) {
      const { statusCode } = await call(operation, `Bearer ${strangerKey}`);
      // A number is no id of anyone's: naming and forgetting it stays in the stranger's own account.
      const isNumber = operation.path === '/v1/phone-numbers/{number}';
      const expected = !isNumber ? 404 : operation.method === 'PUT' ? 200 : 204;
      expect([operation.method, operation.path, statusCode]).toEqual([
        operation.method,
        operation.path,
        expected,
      ]);
    }
  });

  it('left everything as it was', async () => {
    const destination = (await hub.call('GET', `/v1/destinations/${ids['destination_id']}`)).json();
    expect(destination).toMatchObject({ name: null, state: 'enabled', previous_secret_until: null });
    expect((await hub.call('GET', `/v1/sources/${ids['source_id']}`)).json().name).toBe('theirs');
    expect((await hub.call('GET', '/v1/phone-numbers')).json().data).toMatchObject([{ name: 'Theirs' }]);
    expect((await hub.call('GET', `/v1/replays/${ids['replay_id']}`)).json().state).toBe('running');
    const keys = (await hub.call('GET', '/v1/keys')).json().data as {
      id: string;
      revoked_at: string | null;
    }[];
    expect(keys.find((key) => key.id === ids['key_id'])?.revoked_at).toBeNull();
  });

  it('sees nothing of it in any list, and reports to its own call of the same id', async () => {
    const headers = { authorization: `Bearer ${strangerKey}` };
    for (const list of [
      'calls',
      'active-calls',
      'events',
      'deliveries',
      'destinations',
      'replays',
      'sources',
    ]) {
      expect([list, (await hub.call('GET', `/v1/${list}`, undefined, headers)).json().data]).toEqual([
        list,
        [],
      ]);
    }
    expect((await hub.call('GET', '/v1/events?after=0', undefined, headers)).json().data).toEqual([]);
    const put = await hub.call('PUT', '/v1/calls/theirs/status', { status: 'ended' }, headers);
    expect(put.json()).toMatchObject({ outcome: 'advanced', call: { sequence: 1 } });
    expect((await hub.call('GET', '/v1/calls/theirs')).json().state).toBe('live');
  });

  it('cannot manage accounts nor reach into another one', async () => {
    const headers = { authorization: `Bearer ${strangerKey}` };
    const reached = (await hub.call('GET', '/v1/accounts', undefined, headers)).json().data;
    expect(reached.map(({ name }: { name: string }) => name)).toEqual(['stranger']);
    expect((await hub.call('POST', '/v1/accounts', { name: 'x' }, headers)).statusCode).toBe(403);
    const create = await hub.call(
      'POST',
      '/v1/keys',
      { name: 'x', scopes: ['admin'], account_id: 'default' },
      headers,
    );
    expect(create.statusCode).toBe(404);
    expect((await hub.call('GET', '/v1/keys?account_id=default', undefined, headers)).statusCode).toBe(404);
    const revoke = await hub.call(
      'DELETE',
      `/v1/keys/${ids['key_id']}?account_id=default`,
      undefined,
      headers,
    );
    expect(revoke.statusCode).toBe(404);
  });

  it('cannot filter by, or replay through, destinations and deliveries of others', async () => {
    const headers = { authorization: `Bearer ${strangerKey}` };
    const filtered = await hub.call(
      'GET',
      `/v1/deliveries?q=destination:${ids['destination_id']}`,
      undefined,
      headers,
    );
    expect(filtered.json().data).toEqual([]);
    const counted = await hub.call(
      'POST',
      '/v1/replays',
      { delivery_ids: [ids['delivery_id']], dry_run: true },
      headers,
    );
    expect(counted.json().total ?? 0).toBe(0);
  });
});

describe('every route', () => {
  it('wants a key, but for health, the index, the document, signing in and signed webhooks', async () => {
    const open = [];
    for (const operation of operations) {
      const { statusCode } = await call(operation, '');
      if (statusCode !== 401) open.push(`${operation.method} ${operation.path}`);
    }
    expect(open.toSorted()).toEqual([
      'GET /',
      'GET /healthz',
      'GET /livez',
      'GET /metrics',
      'GET /openapi.json',
      'GET /readyz',
      'POST /v1/session',
      // The local profile: unsigned reports are taken (and these bodies are refused for their form).
      'POST /webhooks/status-update',
      'POST /webhooks/{source_id}',
    ]);
  });

  it('refuses a key without its scope with 403, and names the scope', async () => {
    const scopes = ['ingest', 'watch', 'read', 'write'] as const satisfies readonly Scope[];
    const grants: Readonly<Record<string, readonly string[]>> = {
      ingest: ['ingest'],
      watch: ['watch'],
      read: ['watch', 'read'],
      write: ['watch', 'read', 'write'],
    };
    for (const scope of scopes) {
      const key = await hub.makeKey([scope]);
      for (const operation of operations) {
        const needed = operation.security.flatMap((one) => one['key'] ?? [])[0];
        if (needed === undefined || grants[scope]?.includes(needed) === true) continue;
        const response = await call(operation, `Bearer ${key}`);
        expect([scope, operation.path, response.statusCode, response.json().scope]).toEqual([
          scope,
          operation.path,
          403,
          needed,
        ]);
      }
    }
  });
});
