import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createReporter } from '../../../../test/support/call-reporter.ts';
import {
  parseSoql,
  type SalesforceOptions,
  SalesforceStandIn,
} from '../../../../test/support/salesforce-stand-in.ts';
import type { StandInRequest } from '../../../../test/support/stand-in-server.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';
import type { AttemptRequest, AttemptResult, KnownCall } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { MASK } from '../masked-settings.ts';
import { createTestGround } from '../test-ground.ts';
import { toApiUrl } from './api-url.ts';
import { createSalesforceKind } from './salesforce.ts';
import { toSoqlLiteral } from './soql.ts';

const FIELD = 'Offhook_Call_ID__c';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('a Salesforce destination', () => {
  it('writes one task for a call that has ended, with all that is known of it', async () => {
    const { server, attempt, end } = await start();
    const contact = server.addContact({ LastName: 'Jansen', MobilePhone: '+31 6 12345678' });
    expect(await attempt(end({ callId: 'call-1', durationMs: 300_400 }))).toMatchObject({
      kind: 'done',
      detail: expect.stringMatching(/^Call 00T\w+ created in Salesforce for contact 003\w+$/),
    });
    const [task] = [...server.tasks.values()];
    expect(task?.fields).toMatchObject({
      TaskSubtype: 'Call',
      Subject: 'Inbound call to HMS Sovereign Demo',
      Status: 'Completed',
      ActivityDate: '2026-11-22',
      CallType: 'Inbound',
      CallDurationInSeconds: 300,
      CallDisposition: 'Completed',
      CallObject: 'call-1',
      WhoId: contact,
    });
    expect(task?.fields['Description']).toBe(
      'From: +31612345678\nTo: +31850835037\nBegan: 2026-11-22T23:30:00.000Z\nCall id: call-1\nhttps://offhook.example/calls/call-1',
    );
  });

  it('tells the day of a call in the zone that was set', async () => {
    const { server, attempt, end } = await start({}, { time_zone: 'Europe/Amsterdam' });
    await attempt(end({ callId: 'call-1' }));
    expect([...server.tasks.values()][0]?.fields['ActivityDate']).toBe('2026-11-23');
  });

  it('tells an error in the subject, the result and the description', async () => {
    const { server, attempt, end } = await start();
    await attempt(end({ callId: 'call-1', state: 'failed', error: 'STT connection failed' }));
    expect([...server.tasks.values()][0]?.fields).toMatchObject({
      Subject: 'Inbound call to HMS Sovereign Demo, ended with error',
      CallDisposition: 'Ended with error',
      Description: expect.stringContaining('Error: STT connection failed'),
    });
  });

  for (const external of [null, FIELD]) {
    const by = external === null ? 'CallObject' : 'an External ID';
    it(`makes one record where an answer was lost after the record was made, by ${by}`, async () => {
      const { server, attempt, end } = await start(
        { externalIdField: external },
        external === null ? {} : { external_id_field: external },
      );
      for (const fault of [
        { kind: 'done-cut' },
        { kind: 'done-refuse', answer: { status: 503 } },
        { kind: 'done-refuse', answer: { status: 500 } },
      ] as const) {
        const request = end({ callId: `call-${fault.kind}-${'answer' in fault ? fault.answer.status : 0}` });
        server.fault = (seen) => (isCreation(seen) ? fault : null);
        expect((await attempt(request)).kind).not.toBe('done');
        server.fault = () => null;
        expect((await attempt(request)).kind).toBe('done');
        expect(await attempt(request)).toMatchObject({
          detail: expect.stringContaining('is as it should be already'),
        });
      }
      expect(server.tasks.size).toBe(3);
    });
  }

  it('finds a call again whatever its id, and never takes one call for another', async () => {
    const { server, attempt, end } = await start();
    const ids = [
      'plain-1',
      'PLAIN-1',
      "it's",
      String.raw`a\' OR CallObject != '`,
      "x' OR '1'='1",
      'é–🙂',
      ' padded ',
      'call-_+31612345678_abc',
      'a'.repeat(256),
    ];
    for (const callId of ids) {
      server.fault = (seen) => (isCreation(seen) ? { kind: 'done-cut' } : null);
      await attempt(end({ callId }));
      server.fault = () => null;
      expect((await attempt(end({ callId }))).kind).toBe('done');
    }
    expect([server.tasks.size, server.malformedQueries]).toEqual([ids.length, 0]);
  });

  it('writes at the start and again at the end where that was asked for, into one record', async () => {
    const { server, attempt, begin, end } = await start(
      {},
      { write_when: 'started', status_live: 'Not Started' },
    );
    await attempt(begin({ callId: 'call-1' }));
    expect([...server.tasks.values()][0]?.fields).toMatchObject({
      Status: 'Not Started',
      CallDisposition: 'In progress',
    });
    await attempt(end({ callId: 'call-1' }));
    expect(server.tasks.size).toBe(1);
    expect([...server.tasks.values()][0]?.fields).toMatchObject({
      Status: 'Completed',
      CallDurationInSeconds: 60,
    });
  });

  for (const external of [null, FIELD]) {
    const by = external === null ? 'CallObject' : 'an External ID';
    it(`changes a record without the fields that can only be written once, found by ${by}`, async () => {
      const { server, attempt, begin, end, ground } = await start(
        { externalIdField: external },
        { write_when: 'started', ...(external !== null && { external_id_field: external }) },
      );
      expect((await attempt(begin({ callId: 'call-1' }))).kind).toBe('done');
      ground.remembered.clear();
      expect(await attempt(end({ callId: 'call-1' }))).toMatchObject({
        detail: expect.stringMatching(/^Call 00T\w+ updated/),
      });
      expect([...server.tasks.values()].map(({ fields }) => fields['CallDisposition'])).toEqual([
        'Completed',
      ]);
    });
  }

  it('looks for the record where Salesforce knows the call and does not say which record it is', async () => {
    const { server, attempt, end, ground } = await start(
      { externalIdField: FIELD },
      { external_id_field: FIELD },
    );
    await attempt(end({ callId: 'call-1' }));
    ground.remembered.clear();
    const message = `duplicate value found: <unknown> duplicates value on record with id: <unknown>`;
    const answer = { status: 400, json: [{ errorCode: 'DUPLICATE_VALUE', message, fields: [] }] };
    server.fault = (seen) => (isCreation(seen) && seen.method === 'POST' ? { kind: 'refuse', answer } : null);
    expect((await attempt(end({ callId: 'call-1' }))).kind).toBe('done');
    expect(await attempt(end({ callId: 'call-2' }))).toMatchObject({ kind: 'failed', cause: 'refused' });
  });

  it('makes one record where the request is carried out after its sender has stopped waiting', async () => {
    const { server, attempt, end, clock } = await start();
    server.fault = (seen) => (isCreation(seen) ? { kind: 'done-late', delayMs: 300 } : null);
    const request = end({ callId: 'call-1' });
    expect(await attempt(request)).toMatchObject({ kind: 'failed', cause: 'reset' });
    server.fault = () => null;
    expect(await attempt(request)).toMatchObject({ kind: 'later' });
    await waitFor(() => server.tasks.size === 1, 'the late record');
    clock.aheadMs += 60_000;
    expect((await attempt(request)).kind).toBe('done');
    expect(server.tasks.size).toBe(1);
  });

  it('makes one contact where its creation is carried out late', async () => {
    const { server, attempt, end, clock } = await start({}, { unknown_contacts: 'create_contact' });
    const isContact = ({ path }: StandInRequest): boolean => path.endsWith('/sobjects/Contact');
    server.fault = (seen) => (isContact(seen) ? { kind: 'done-late', delayMs: 300 } : null);
    const request = end({ callId: 'call-1' });
    expect((await attempt(request)).kind).toBe('failed');
    server.fault = () => null;
    expect(await attempt(request)).toMatchObject({
      kind: 'later',
      detail: expect.stringContaining('may have created the contact'),
    });
    await waitFor(() => server.people.size === 1, 'the late contact');
    clock.aheadMs += 60_000;
    expect(await attempt(request)).toMatchObject({ detail: expect.stringMatching(/for contact 003/) });
    expect(server.people.size).toBe(1);
  });

  it('makes one record of a call that two destinations of the org are told of at once', async () => {
    const { server, kind, settings, attempt, end } = await start();
    const ground = createTestGround({ destinationId: 'dst_SECOND' });
    const second = kind.open(settings, ground);
    cleanUps.push(() => second.close());
    const request = end({ callId: 'call-1' });
    createReporter(ground).end({ callId: 'call-1' });
    const results = await Promise.all([attempt(request), second.attempt(request)]);
    expect(results.map(({ kind: what }) => what)).toEqual(['done', 'done']);
    expect(server.tasks.size).toBe(1);
  });

  it('does not bring back what somebody has deleted', async () => {
    const { server, attempt, begin, end } = await start({}, { write_when: 'started' });
    await attempt(begin({ callId: 'call-1' }));
    for (const task of server.tasks.values()) task.isDeleted = true;
    expect(await attempt(end({ callId: 'call-1' }))).toMatchObject({
      kind: 'done',
      detail: expect.stringMatching(/somebody deleted call 00T/),
    });
    expect(server.countByCallKey().size).toBe(0);
  });

  it('finds contacts and leads by their number, however it is written', async () => {
    const { server, attempt, end } = await start();
    const written = [
      ['+31611111111', { MobilePhone: '06-11111111' }],
      ['+31622222222', { Phone: '0031 6 22222222' }],
      ['+31633333333', { HomePhone: '31633333333' }],
    ] as const;
    for (const [number, fields] of written) {
      const id = server.addContact(fields);
      await attempt(end({ callId: `to ${number}`, customer: { number } }));
      expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBe(id);
    }
    const atHome = server.addContact({ Phone: '(415) 555-0100' });
    const phoneNumber = { number: '+12025550123' };
    await attempt(end({ callId: 'us', customer: { number: '+14155550100' }, phoneNumber }));
    expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBe(atHome);
    const lead = server.addLead({ Phone: '+31644444444' });
    await attempt(end({ callId: 'lead', customer: { number: '+31644444444' } }));
    expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBe(lead);
    const contact = server.addContact({ Phone: '+31644444444' });
    await attempt(end({ callId: 'nobody', customer: { number: '+31655555555' } }));
    expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBeUndefined();
    expect(contact).toMatch(/^003/);
  });

  it('hangs no call on somebody whose number has the same digits in another country', async () => {
    const { server, attempt, end } = await start();
    server.addContact({ LastName: 'Jansen, Dutch', Phone: '06 12345678' });
    await attempt(end({ callId: 'french', customer: { number: '+33612345678' } }));
    expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBeUndefined();
  });

  it('hangs a call on what its metadata names: contact, lead, the contact that a lead became, opportunity', async () => {
    const { server, attempt, end } = await start();
    const contact = server.addContact({});
    const lead = server.addLead({ IsConverted: true, ConvertedContactId: contact });
    await attempt(end({ callId: 'lead' }, { crm_id: lead }));
    expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBe(contact);
    for (const bad of ['003xx0000000000AAA', "003' OR Id != '", '../../Account/1', '4711']) {
      await attempt(end({ callId: `bad ${bad}` }, { crm_id: bad }));
      expect([...server.tasks.values()].at(-1)?.fields['WhoId']).toBeUndefined();
    }
    expect(server.malformedQueries).toBe(0);
  });

  it('logs a call without its contact where that was deleted in between', async () => {
    const { server, attempt, end } = await start();
    const id = server.addContact({ Phone: '+31612345678' });
    await attempt(end({ callId: 'call-1' }));
    const person = server.people.get(id);
    if (person !== undefined) person.isDeleted = true;
    expect((await attempt(end({ callId: 'call-2' }))).kind).toBe('done');
    expect([...server.tasks.values()].map(({ fields }) => fields['WhoId'])).toEqual([id, undefined]);
  });

  it('creates a contact for a new number where that was asked for', async () => {
    const { server, attempt, end } = await start({}, { unknown_contacts: 'create_contact' });
    await attempt(end({ callId: 'call-1' }));
    await attempt(end({ callId: 'call-2' }));
    expect(server.people.size).toBe(1);
    expect([...server.people.values()][0]?.fields).toMatchObject({
      LastName: '+31612345678',
      Phone: '+31612345678',
    });
  });

  it('takes a new access token where the old one has expired', async () => {
    const { server, attempt, end } = await start();
    await attempt(end({ callId: 'call-1' }));
    server.expireAccessTokens();
    expect((await attempt(end({ callId: 'call-2' }))).kind).toBe('done');
    expect(server.grants).toBe(2);
  });

  it('waits long where the org has used up its day, without asking on', async () => {
    const { server, attempt, end } = await start({ dailyRequestsMax: 3 });
    await attempt(end({ callId: 'call-1' }));
    expect(await attempt(end({ callId: 'call-2' }))).toMatchObject({ status: 429, retryAfter: '900' });
    const asked = server.server.seen.length;
    expect(await attempt(end({ callId: 'call-3' }))).toMatchObject({ status: 429 });
    expect(server.server.seen.length).toBe(asked);
  });

  it('waits for a moment where too many requests of the org are under way', async () => {
    const { server, attempt, end } = await start();
    const message = 'ConcurrentRequests (Concurrent API Requests) Limit exceeded.';
    const answer = { status: 403, json: [{ errorCode: 'REQUEST_LIMIT_EXCEEDED', message }] };
    server.fault = (seen) => (isCreation(seen) ? { kind: 'refuse', answer } : null);
    expect(await attempt(end({ callId: 'call-1' }))).toMatchObject({ status: 429, retryAfter: '20' });
  });

  it('keeps to its deadline where a row stays locked', async () => {
    const { server, attempt, end, ground } = await start();
    // No second try fits into what is left, and the first does on a machine that stands still for seconds.
    Object.assign(ground, { random: () => 20 });
    await attempt(end({ callId: 'warm' }));
    const answer = { status: 400, json: [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'busy' }] };
    server.fault = (seen) => (isCreation(seen) ? { kind: 'refuse', answer } : null);
    const asked = (): number => server.server.seen.filter(isCreation).length;
    const before = asked();
    const result = await attempt({ ...end({ callId: 'call-1' }), deadlineMs: 4_300 });
    expect(result).toMatchObject({ kind: 'failed', cause: 'refused' });
    expect(asked() - before).toBe(1);
  });

  it('keeps of an error its codes and names of fields, and none of its values', async () => {
    const { server, attempt, end } = await start();
    const message = 'Description: data value too large: From: +31612345678 my diagnosis is';
    const json = [{ errorCode: 'STRING_TOO_LONG', message, fields: ['Description'] }];
    server.fault = (seen) => (isCreation(seen) ? { kind: 'refuse', answer: { status: 400, json } } : null);
    const result = await attempt(end({ callId: 'call-1' }));
    const body = result.kind === 'answered' ? Buffer.from(result.responseBody ?? []).toString() : '';
    expect(JSON.parse(body)).toEqual({ status: 400, codes: ['STRING_TOO_LONG'], fields: ['Description'] });
  });

  it('tries a locked row again, and tells it as refused where it stays locked', async () => {
    const { server, attempt, end } = await start();
    let locked = 2;
    const answer = {
      status: 400,
      json: [{ errorCode: 'UNABLE_TO_LOCK_ROW', message: 'unable to obtain exclusive access' }],
    };
    server.fault = (seen) => (isCreation(seen) && locked-- > 0 ? { kind: 'refuse', answer } : null);
    expect((await attempt(end({ callId: 'call-1' }))).kind).toBe('done');
    locked = 99;
    expect(await attempt(end({ callId: 'call-2' }))).toMatchObject({ kind: 'failed', cause: 'refused' });
  });

  it('says what to change where the login may not use a field, without repeating values', async () => {
    const { server, attempt, end } = await start();
    server.hiddenFields.add('CallDisposition');
    const result = await attempt(end({ callId: 'call-1' }));
    expect(result).toMatchObject({
      kind: 'failed',
      cause: 'settings',
      detail: expect.stringMatching(/does not let this login use the field CallDisposition/),
    });
    expect(JSON.stringify(result)).not.toContain('31612345678');
  });

  it('skips web calls without a number, and logs them where that was asked for', async () => {
    const web: Partial<KnownCall> = {
      type: 'web_call',
      customer: { number: null },
      phoneNumber: { number: null },
    };
    const skipping = await start();
    expect(await skipping.attempt(skipping.end({ callId: 'web', ...web }))).toMatchObject({
      detail: expect.stringContaining('Not written'),
    });
    expect(skipping.server.tasks.size).toBe(0);
    const logging = await start({}, { web_calls: 'log_without_contact' });
    await logging.attempt(logging.end({ callId: 'web', ...web }));
    expect([...logging.server.tasks.values()][0]?.fields['Subject']).toMatch(/^Web call/);
  });

  it('tests its login, and the fields it needs, without leaving a record', async () => {
    const { server, kind, settings, ground } = await start();
    expect(await kind.test?.(settings, ground, 5_000)).toMatchObject({
      kind: 'done',
      detail:
        'Logged in to Salesforce as Stand-in Ltd; tasks can be read. With an External ID field Salesforce itself would refuse a second record of a call',
    });
    server.hiddenFields.add('CallObject');
    expect(await kind.test?.(settings, ground, 5_000)).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(await kind.test?.({ ...settings, client_secret: 'wrong' }, ground, 5_000)).toMatchObject({
      kind: 'failed',
      cause: 'settings',
      detail: expect.stringContaining('check the consumer key and secret'),
    });
    expect(server.tasks.size).toBe(0);
  });
});

describe('the address of the API', () => {
  const own = new URL('https://acme.my.salesforce.com');
  it('follows the token answer within Salesforce only', () => {
    const to = (instanceUrl: string | null, from = own): string => toApiUrl(from, instanceUrl).href;
    expect(to(null)).toBe(own.href);
    expect(to('https://acme--sandbox.sandbox.my.salesforce.com')).toBe(
      'https://acme--sandbox.sandbox.my.salesforce.com/',
    );
    for (const elsewhere of [
      'https://evil.example',
      'https://my.salesforce.com.evil.example',
      'https://evilsalesforce.com',
      'http://acme.my.salesforce.com',
      'https://acme.my.salesforce.com:8443',
      'https://user:pw@na1.salesforce.com',
      'https://169.254.169.254/',
      'nonsense',
    ])
      expect([elsewhere, to(elsewhere)]).toEqual([elsewhere, own.href]);
    const proxy = new URL('https://proxy.example/salesforce');
    expect(to('https://acme.my.salesforce.com', proxy)).toBe(proxy.href);
  });

  it('keeps tokens at home where an answer names another server', async () => {
    const elsewhere = await SalesforceStandIn.start();
    cleanUps.push(() => elsewhere.close());
    const { attempt, end } = await start({ instanceUrl: elsewhere.url });
    expect((await attempt(end({ callId: 'call-1' }))).kind).toBe('done');
    expect(elsewhere.server.seen).toHaveLength(0);
  });
});

describe('the settings of a Salesforce destination', () => {
  const schema = createKind(false).settings;
  const good = { instance_url: 'https://acme.my.salesforce.com', client_id: 'id', client_secret: 'secret' };

  it('say what is wrong and how to put it right', () => {
    const problem = (over: Record<string, unknown>): string =>
      schema.safeParse({ ...good, ...over }).error?.issues[0]?.message ?? '';
    expect(problem({})).toBe('');
    expect(problem({ instance_url: 'http://acme.my.salesforce.com' })).toMatch(/use https/);
    expect(problem({ instance_url: 'https://login.salesforce.com' })).toMatch(/your own My Domain URL/);
    expect(problem({ instance_url: 'https://acme.lightning.force.com' })).toMatch(
      /https:\/\/acme\.my\.salesforce\.com/,
    );
    expect(problem({ instance_url: 'https://169.254.169.254' })).toMatch(/cannot be used/);
    expect(problem({ external_id_field: 'Offhook Call' })).toMatch(/API name/);
    expect(problem({ external_id_field: "X__c' OR Id != '__c" })).toMatch(/API name/);
    expect(problem({ time_zone: 'Mars/Olympus' })).toMatch(/Europe\/Amsterdam/);
    expect(problem({ client_secret: MASK })).toMatch(/write its value/);
    expect(problem({ client_id: 'a\r\nb' })).toMatch(/a character that none of them has/);
  });

  it('show no secret, and keep it while it stays masked at the same address', () => {
    const kind = createKind(false);
    const stored = schema.parse({ ...good, refresh_token: 'r3fresh' });
    const shown = kind.toPublicSettings(stored);
    expect(JSON.stringify(shown)).not.toMatch(/r3fresh|"secret"/);
    expect(schema.parse(kind.keepMasked(stored, shown))).toEqual(stored);
    const moved = kind.keepMasked(stored, { ...shown, instance_url: 'https://evil.my.salesforce.com' });
    expect(schema.safeParse(moved).error?.issues[0]?.message).toMatch(/write its value/);
  });

  it("give the dashboard's form a JSON Schema", () => {
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
      type: 'object',
      required: ['instance_url', 'client_id', 'client_secret'],
    });
  });
});

describe('text in queries', () => {
  it('stays text', () => {
    for (const text of ["'", "\\'", "\\\\'", "' OR ''='", '"', 'a\nb', "\\' OR Id != null OR '"]) {
      const soql = `SELECT Id FROM Task WHERE CallObject = ${toSoqlLiteral(text)} LIMIT 1`;
      expect(parseSoql(soql)?.where?.value).toBe(text.replace('\n', ''));
    }
  });
});

function createKind(allowLoopback = true) {
  return createSalesforceKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
    }),
  );
}

async function start(options: SalesforceOptions = {}, over: Record<string, unknown> = {}) {
  const server = await SalesforceStandIn.start(options);
  const clock = { aheadMs: 0 };
  const ground = createTestGround();
  Object.assign(ground, {
    nowMs: () => Date.now() + clock.aheadMs,
    monotonicMs: () => performance.now() + clock.aheadMs,
  });
  const kind = createKind();
  const settings = kind.settings.parse({
    instance_url: server.url,
    client_id: server.clientId,
    client_secret: server.clientSecret,
    ...over,
  });
  const sender = kind.open(settings, ground);
  cleanUps.push(
    () => server.close(),
    () => sender.close(),
  );
  const attempt = (request: AttemptRequest): Promise<AttemptResult> => sender.attempt(request);
  return { server, ground, clock, kind, settings, attempt, ...createReporter(ground) };
}

function isCreation({ method, path }: StandInRequest): boolean {
  return method === 'POST' && path.endsWith('/sobjects/Task');
}
