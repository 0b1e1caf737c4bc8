/** What we send is what Salesforce's own client for Node sends for the same. */
import jsforce from '@jsforce/jsforce-node';
import { afterEach, describe, expect, it } from 'vitest';
import { createReporter } from '../../../../test/support/call-reporter.ts';
import { type SalesforceOptions, SalesforceStandIn } from '../../../../test/support/salesforce-stand-in.ts';
import type { SeenRequest } from '../../../../test/support/stand-in-server.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround } from '../test-ground.ts';
import { createSalesforceKind } from './salesforce.ts';

const FIELD = 'Offhook_Call_ID__c';
const REFRESH = '5Aep861first';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('requests to Salesforce', () => {
  it('are those of jsforce: login, search, look-up, creation, update', async () => {
    const { server, send, connection } = await start();
    server.addContact({ Phone: '+31612345678' });
    const ours = await send('started');
    const [token, search, query, creation, update] = ours;
    const task = bodyOf(creation);
    const theirs = await record(server, async () => {
      await connection.oauth2.requestToken({ grant_type: 'client_credentials' });
      await connection.search(queryOf(search));
      await connection.query(queryOf(query));
      const made = await connection.sobject('Task').create(task);
      await connection.sobject('Task').update({ Id: made.id ?? '', ...bodyOf(update) });
    });
    expect(toComparable(theirs.slice(0, 1))).toEqual(toComparable([token]));
    expect(toComparable(theirs.slice(1, 4))).toEqual(toComparable([search, query, creation]));
    expect(maskId(toComparable(theirs.slice(4)))).toEqual(maskId(toComparable([update])));
  });

  it('are those of jsforce: creation with an External ID, refreshed login', async () => {
    const { server, send, connection } = await start(
      { externalIdField: FIELD, refreshToken: REFRESH },
      { external_id_field: FIELD, refresh_token: REFRESH },
    );
    const ours = await send('ended');
    const [token, , creation] = ours;
    server.tasks.clear();
    const theirs = await record(server, async () => {
      await connection.oauth2.refreshToken(REFRESH);
      await connection.sobject('Task').create(bodyOf(creation));
    });
    expect(toComparable(theirs.slice(0, 1))).toEqual(toComparable([token]));
    expect(toComparable(theirs.slice(1))).toEqual(toComparable([creation]));
    expect(bodyOf(creation)[FIELD]).toBe('call-1');
  });
});

async function start(options: SalesforceOptions = {}, over: Record<string, unknown> = {}) {
  const server = await SalesforceStandIn.start(options);
  const ground = createTestGround();
  const kind = createSalesforceKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
    }),
  );
  const open = (write_when: string) =>
    kind.open(
      kind.settings.parse({
        instance_url: server.url,
        client_id: server.clientId,
        client_secret: server.clientSecret,
        write_when,
        ...over,
      }),
      ground,
    );
  cleanUps.push(() => server.close());
  const { begin, end } = createReporter(ground);
  const connection = new jsforce.Connection({
    instanceUrl: server.url,
    version: '67.0',
    oauth2: { loginUrl: server.url, clientId: server.clientId, clientSecret: server.clientSecret },
  });
  return {
    server,
    connection: connection as typeof connection & { oauth2: InstanceType<typeof jsforce.OAuth2> },
    /** One call to its end, with all requests that this made. */
    async send(writeWhen: 'started' | 'ended') {
      const sender = open(writeWhen);
      const seen = await record(server, async () => {
        await sender.attempt(begin({ callId: 'call-1' }));
        await sender.attempt(end({ callId: 'call-1' }));
      });
      await sender.close();
      connection.accessToken = seen.at(-1)?.headers.authorization?.replace('Bearer ', '') ?? '';
      return seen;
    },
  };
}

async function record(server: SalesforceStandIn, act: () => Promise<void>): Promise<SeenRequest[]> {
  const before = server.server.seen.length;
  await act();
  return server.server.seen.slice(before);
}

/** Method, path, query, and what the body means; headers only where the API looks at them. */
function toComparable(requests: readonly (SeenRequest | undefined)[]): unknown[] {
  return requests.map((request) => ({
    method: request?.method,
    path: request?.path,
    query: [...(request?.query ?? [])],
    login: request?.headers.authorization?.split(' ')[0],
    type: request?.headers['content-type']?.split(';')[0],
    body:
      request?.headers['content-type'] === 'application/x-www-form-urlencoded'
        ? Object.fromEntries(new URLSearchParams(request.text))
        : request?.text === ''
          ? null
          : (JSON.parse(request?.text ?? 'null') as unknown),
  }));
}

function maskId(requests: unknown[]): unknown {
  return JSON.parse(JSON.stringify(requests).replaceAll(/00T\w{15}/g, '00T'));
}

function bodyOf(request: SeenRequest | undefined): Record<string, string> {
  return JSON.parse(request?.text ?? '{}') as Record<string, string>;
}

function queryOf(request: SeenRequest | undefined): string {
  return request?.query.get('q') ?? '';
}
