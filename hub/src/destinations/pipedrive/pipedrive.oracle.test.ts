/** What we send is what Pipedrive's own client for Node sends for the same. */
import * as v1 from 'pipedrive/v1';
import * as v2 from 'pipedrive/v2';
import { afterEach, describe, expect, it } from 'vitest';
import { createReporter } from '../../../../test/support/call-reporter.ts';
import { PipedriveStandIn } from '../../../../test/support/pipedrive-stand-in.ts';
import type { SeenRequest, StandInRequest } from '../../../../test/support/stand-in-server.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { createTestGround } from '../test-ground.ts';
import { createPipedriveKind } from './pipedrive.ts';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('requests to Pipedrive', () => {
  it('are those of its own client, by API token: search, persons, call log, activities', async () => {
    const { server, ground, send } = await start({ api_token: 't0ken', unknown_contacts: 'create_contact' });
    const { end } = createReporter(ground);
    server.fault = (request) => (isCreation(request) ? { kind: 'done-cut' } : null);
    const [search, trunk, created, log] = await send(end({ callId: 'call-1' }));
    server.fault = () => null;
    ground.remembered.set('call:call-1', {
      value: '{"state":"creating"}',
      callId: 'call-1',
      isSecret: false,
    });
    const [activities] = await send(end({ callId: 'call-1' }));
    const [person] = await send(end({ callId: 'call-2', customer: null }, { crm_id: '1' }));

    const base = { apiKey: 't0ken', basePath: `${server.url}/api` };
    const config1 = new v1.Configuration({ ...base, basePath: `${base.basePath}/v1` });
    const config2 = new v2.Configuration({ ...base, basePath: `${base.basePath}/v2` });
    const persons = new v2.PersonsApi(config2);
    const theirs = await record(server, async () => {
      await persons.searchPersons({ term: '+31612345678', fields: 'phone', limit: 20 });
      await persons.searchPersons({ term: '0612345678', fields: 'phone', limit: 20 });
      await persons.addPerson({
        AddPersonRequest: {
          name: '+31612345678',
          phones: [{ value: '+31612345678', primary: true, label: 'work' }],
        },
      });
      await new v1.CallLogsApi(config1).addCallLog({ AddCallLogRequest: bodyOf(log) as never });
      await new v2.ActivitiesApi(config2).getActivities({
        updated_since: activities?.query.get('updated_since') ?? '',
        sort_by: 'add_time',
        sort_direction: 'desc',
        limit: 50,
      });
      await persons.getPerson({ id: 1 });
    });
    expect(theirs.map(toComparable)).toEqual(
      [search, trunk, created, log, activities, person].map(toComparable),
    );
  });

  it('are those of its own client, by OAuth: login and call log', async () => {
    const { server, ground, send } = await start({
      client_id: 'client',
      client_secret: 'secret',
      refresh_token: 'first',
    });
    const { end } = createReporter(ground);
    const [token, log] = await send(end({ callId: 'call-1', customer: null }));
    const oauth = new v1.OAuth2Configuration({
      clientId: 'client',
      clientSecret: 'secret',
      redirectUri: 'https://offhook.example',
      host: server.url,
    });
    oauth.updateToken({ refresh_token: 'first' } as never);
    const theirs = await record(server, async () => {
      const { access_token: accessToken } = await oauth.tokenRefresh();
      const config = new v1.Configuration({ accessToken, basePath: `${server.url}/api/v1` });
      await new v1.CallLogsApi(config).addCallLog({ AddCallLogRequest: bodyOf(log) as never });
    });
    expect(theirs.map(toComparable)).toEqual([token, log].map(toComparable));
  });
});

async function start(login: Record<string, string>) {
  const server = await PipedriveStandIn.start({ apiToken: 't0ken', refreshToken: 'first' });
  const ground = createTestGround();
  // It was there before the calls, so nobody else can have written them.
  ground.remembered.set('since', { value: '0', callId: null, isSecret: false });
  const kind = createPipedriveKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
    }),
  );
  const sender = kind.open(
    kind.settings.parse({
      company_domain: 'acme',
      api_url: server.url,
      login_url: server.url,
      requests_per_2s: 480,
      ...login,
    }),
    ground,
  );
  cleanUps.push(
    () => server.close(),
    () => sender.close(),
  );
  const send = (request: Parameters<typeof sender.attempt>[0]): Promise<SeenRequest[]> =>
    record(server, async () => {
      await sender.attempt(request);
    });
  return { server, ground, send };
}

async function record(server: PipedriveStandIn, act: () => Promise<void>): Promise<SeenRequest[]> {
  const before = server.server.seen.length;
  await act();
  return server.server.seen.slice(before);
}

/** Method, path, query, login, and what the body means. */
function toComparable(request: SeenRequest | undefined): unknown {
  const isForm = request?.headers['content-type'] === 'application/x-www-form-urlencoded';
  return {
    method: request?.method,
    path: request?.path,
    query: Object.fromEntries(request?.query ?? []),
    apiToken: request?.headers['x-api-token'],
    login: request?.headers.authorization?.replace(/^Bearer .+/, 'Bearer'),
    type: request?.headers['content-type']?.split(';')[0],
    body: isForm
      ? Object.fromEntries(new URLSearchParams(request.text))
      : request === undefined || request.text === ''
        ? null
        : (JSON.parse(request.text) as unknown),
  };
}

function bodyOf(request: SeenRequest | undefined): unknown {
  return JSON.parse(request?.text ?? '{}') as unknown;
}

function isCreation({ method, path }: StandInRequest): boolean {
  return method === 'POST' && path.endsWith('/callLogs');
}
