import { afterEach, describe, expect, it } from 'vitest';
import { z } from 'zod';
import { createReporter, STARTED_MS } from '../../../../test/support/call-reporter.ts';
import { type PipedriveOptions, PipedriveStandIn } from '../../../../test/support/pipedrive-stand-in.ts';
import type { StandInRequest } from '../../../../test/support/stand-in-server.ts';
import type { AttemptRequest, AttemptResult, KnownCall } from '../destination.ts';
import { createEgressGuard } from '../egress/address-rules.ts';
import { createResolver } from '../egress/resolver.ts';
import { createKindOptions } from '../kind-options.ts';
import { MASK } from '../masked-settings.ts';
import { createTestGround } from '../test-ground.ts';
import type { CallRecord } from '../crm/call-record.ts';
import { toCallLogDraft } from './call-log.ts';
import { createPipedriveKind } from './pipedrive.ts';
import { waitFor } from '../../../../test/support/wait-for.ts';

const cleanUps: (() => Promise<void> | void)[] = [];
afterEach(async () => {
  for (const cleanUp of cleanUps.splice(0).toReversed()) await cleanUp();
});

describe('a Pipedrive destination', () => {
  it('writes one call log for a call that has ended, with all that is known of it', async () => {
    const { server, attempt, end } = await start();
    const person = server.addPerson('Jansen', ['+31 6 1234 5678']);
    expect(await attempt(end({ callId: 'call-1' }))).toMatchObject({
      kind: 'done',
      detail: `Call ${person + 1} created in Pipedrive for contact ${person}`,
    });
    expect(server.callLogs[0]?.fields).toEqual({
      subject: expect.stringMatching(/^Inbound call to HMS Sovereign Demo #[0-9a-f]{10}$/),
      outcome: 'connected',
      from_phone_number: '+31612345678',
      to_phone_number: '+31850835037',
      start_time: '2026-11-22 23:30:00',
      end_time: '2026-11-22 23:31:00',
      duration: '60',
      person_id: person,
      note: '<p><strong>Call id:</strong> call-1</p><p><a href="https://offhook.example/calls/call-1">Open this call in Offhook</a></p>',
    });
  });

  it('writes nothing at the start of a call', async () => {
    const { server, attempt, begin } = await start();
    expect(await attempt(begin({ callId: 'call-1' }))).toMatchObject({
      kind: 'done',
      detail: 'Nothing to write until the call has ended',
    });
    expect(server.server.seen).toHaveLength(0);
  });

  it('shows an error as text, never as HTML', async () => {
    const { server, attempt, end } = await start();
    const error = `<script>alert('x')</script> & <img src=x onerror="y">`;
    await attempt(end({ callId: '<b>call</b>', state: 'failed', error }));
    const { note, subject } = server.callLogs[0]?.fields ?? {};
    expect(note).not.toMatch(/<(script|img|b>call)/);
    expect(note).toContain('<strong>Error:</strong> &lt;script&gt;');
    expect(subject).toContain(', ended with error #');
  });

  it('says how a call went that nobody answered', async () => {
    const { server, attempt, end } = await start();
    const unanswered: Partial<KnownCall> = { startedAtMs: null, durationMs: null };
    const outcomes = ['busy', 'no-answer', 'voicemail', 'user_hangup'].map(async (endReason, nth) =>
      attempt(end({ callId: `call-${nth}`, ...unanswered, endReason })),
    );
    await Promise.all(outcomes);
    const byId = server.countByCallId();
    expect([0, 1, 2, 3].map((nth) => byId.get(`call-${nth}`)?.[0]?.fields['outcome'])).toEqual([
      'busy',
      'no_answer',
      'left_voicemail',
      'connected',
    ]);
    expect(server.callLogs.every(({ fields }) => fields['duration'] === undefined)).toBe(true);
  });

  it('makes one log where an answer was lost after the log was made', async () => {
    const { server, attempt, end } = await start();
    for (const fault of [
      { kind: 'done-cut' },
      { kind: 'done-refuse', answer: { status: 502 } },
      { kind: 'done-refuse', answer: { status: 200, json: 'cut off' } },
    ] as const) {
      const request = end({ callId: `call-${server.callLogs.length}` });
      server.fault = (seen) => (isCreation(seen) ? fault : null);
      expect((await attempt(request)).kind).not.toBe('done');
      server.fault = () => null;
      expect(await attempt(request)).toMatchObject({
        kind: 'done',
        detail: expect.stringMatching(/^Call \d+ was in Pipedrive already$/),
      });
      expect(await attempt(request)).toMatchObject({
        detail: expect.stringContaining('is as it should be already'),
      });
    }
    expect(server.callLogs).toHaveLength(3);
  });

  it('makes the log where the request never got through, once it cannot come any more', async () => {
    const { server, attempt, end, clock } = await start();
    const request = end({ callId: 'call-1' });
    server.fault = (seen) => (isCreation(seen) ? { kind: 'cut' } : null);
    expect((await attempt(request)).kind).toBe('failed');
    server.fault = () => null;
    expect(await attempt(request)).toMatchObject({ kind: 'later' });
    clock.pass(60_000);
    expect(await attempt(request)).toMatchObject({ detail: expect.stringContaining('created in Pipedrive') });
    expect(server.callLogs).toHaveLength(1);
  });

  it('makes one log where the request was carried out long after its time', async () => {
    const { server, attempt, end, clock } = await start();
    const request = end({ callId: 'call-1' });
    server.fault = (seen) => (isCreation(seen) ? { kind: 'done-late', delayMs: 300 } : null);
    expect((await attempt(request)).kind).toBe('failed');
    server.fault = () => null;
    expect(await attempt(request)).toMatchObject({ kind: 'later' });
    await waitFor(() => server.callLogs.length === 1, 'the log is made after all');
    clock.pass(60_000);
    expect(await attempt(request)).toMatchObject({
      detail: expect.stringContaining('was in Pipedrive already'),
    });
    expect(server.callLogs).toHaveLength(1);
  });

  it('makes one log of a call where the destination was deleted and made again', async () => {
    const { server, kind, settings, attempt, end, ground } = await start();
    const request = end({ callId: 'call-1', firstReportAtMs: Date.now() - 3_600_000 });
    await attempt(request);
    const again = createTestGround({ destinationId: 'dst_AGAIN', calls: ground.calls.values() });
    for (const sender of [kind.open(settings, again), createKind().open(settings, again)]) {
      expect(await sender.attempt(request)).toMatchObject({
        detail: expect.stringContaining('already'),
      });
      await sender.close();
    }
    expect(server.callLogs).toHaveLength(1);
  });

  it('makes one log of a call for two destinations of one company, at the same time and one after the other', async () => {
    const { server, kind, settings, attempt, end, ground } = await start();
    const second = createTestGround({ destinationId: 'dst_SECOND', calls: ground.calls.values() });
    const other = kind.open(settings, second);
    for (const callId of ['call-1', 'call-2']) {
      const request = end({ callId, firstReportAtMs: Date.now() });
      second.calls.set(callId, ground.calls.get(callId) ?? raise());
      await (callId === 'call-1'
        ? attempt(request).then(() => other.attempt(request))
        : Promise.all([attempt(request), other.attempt(request)]));
    }
    await other.close();
    expect(server.callLogs).toHaveLength(2);
  });

  it('does not look for a call that nobody else can have written', async () => {
    const { server, attempt, end, clock } = await start();
    await attempt(end({ callId: 'call-1', firstReportAtMs: clock.nowMs() }));
    const looks = countLooks(server);
    // However long they waited for their turn.
    const backlog = Array.from({ length: 5 }, (_, nth) =>
      end({ callId: `call-${nth + 2}`, firstReportAtMs: clock.nowMs() }),
    );
    clock.pass(3_600_000);
    for (const request of backlog) await attempt(request);
    expect(server.callLogs).toHaveLength(6);
    expect(countLooks(server)).toBe(looks);
  });

  it('finds its log behind pages of what others did since', async () => {
    const { server, attempt, end } = await start();
    const request = end({ callId: 'call-1', firstReportAtMs: Date.now() });
    server.fault = (seen) => (isCreation(seen) ? { kind: 'done-cut' } : null);
    await attempt(request);
    server.fault = () => null;
    for (let nth = 0; nth < 230; nth += 1) server.addActivity(`Something else #${nth}`, Date.now() + nth);
    expect(await attempt(request)).toMatchObject({
      detail: expect.stringContaining('was in Pipedrive already'),
    });
    expect(server.callLogs).toHaveLength(1);
  });

  it('looks on in the next attempt where there is too much for one, and sees what came meanwhile', async () => {
    const { server, attempt, end, clock, ground } = await start();
    const request = end({ callId: 'call-1', firstReportAtMs: clock.nowMs() - 3_600_000 });
    ground.remembered.set('since', THERE_BEFORE);
    addBusyHour(server, clock.nowMs());
    server.fault = (seen) => (isCreation(seen) ? { kind: 'cut' } : null);
    await attempt(request);
    server.fault = () => null;
    clock.pass(60_000);
    expect(await attempt(request)).toMatchObject({
      kind: 'later',
      afterMs: 1_000,
      detail: expect.stringContaining('Looks on'),
    });
    expect(countLooks(server)).toBe(40);
    // Made while we looked: before the first page of the way that began earlier.
    const { subject } = toCallLogDraft({ ...RECORD, callId: 'call-1' }, null, undefined);
    server.addActivity(subject, clock.nowMs());
    expect(await attempt(request)).toMatchObject({
      detail: expect.stringContaining('was in Pipedrive already'),
    });
    expect(countLooks(server)).toBeLessThan(50);
    expect(server.callLogs).toHaveLength(0);
  });

  it('dates the end of a call whose duration nobody knows as its start, not as when the hub gave it up', async () => {
    const { server, attempt, end } = await start();
    const assumed = { state: 'failed', endedAtMs: STARTED_MS + 4 * 3_600_000, durationMs: null } as const;
    expect(await attempt(end({ callId: 'call-1', startedAtMs: STARTED_MS, ...assumed }))).toMatchObject({
      kind: 'done',
    });
    const [log] = server.callLogs;
    expect(log?.fields['end_time']).toBe(log?.fields['start_time']);
    expect(log?.fields).not.toHaveProperty('duration');
  });

  it('begins its look anew where Pipedrive takes the cursor of before no longer', async () => {
    const { server, attempt, end, clock, ground } = await start();
    const request = end({ callId: 'call-1', firstReportAtMs: clock.nowMs() - 3_600_000 });
    ground.remembered.set('since', THERE_BEFORE);
    addBusyHour(server, clock.nowMs());
    server.fault = (seen) => (isCreation(seen) ? { kind: 'cut' } : null);
    await attempt(request);
    server.fault = () => null;
    clock.pass(60_000);
    expect((await attempt(request)).kind).toBe('later');
    let isFirst = true;
    server.fault = ({ path }) => {
      if (!isFirst || !path.endsWith('/activities')) return null;
      isFirst = false;
      return {
        kind: 'refuse',
        answer: { status: 400, json: { success: false, error: 'cursor is not valid' } },
      };
    };
    expect((await attempt(request)).kind).toBe('later');
    expect((await attempt(request)).kind).toBe('done');
    expect(server.callLogs).toHaveLength(1);
  });

  it('finds its log by the person where a company is too busy for a short look', async () => {
    const { server, attempt, end, clock, ground } = await start();
    ground.remembered.set('since', THERE_BEFORE);
    server.addPerson('Jansen', ['+31612345678']);
    const request = end({ callId: 'call-1', firstReportAtMs: clock.nowMs() });
    server.fault = (seen) => (isCreation(seen) ? { kind: 'done-cut' } : null);
    await attempt(request);
    server.fault = () => null;
    for (let nth = 0; nth < 2_100; nth += 1) server.addActivity(`Else #${nth}`, clock.nowMs() + 1_000);
    expect(await attempt(request)).toMatchObject({
      detail: expect.stringContaining('was in Pipedrive already'),
    });
    expect(countLooks(server)).toBe(2);
  });

  it('writes nothing where it cannot find out whether the call was logged', async () => {
    const { server, attempt, end, clock } = await start();
    const request = end({ callId: 'call-1', firstReportAtMs: clock.nowMs() - 86_400_000 });
    for (let nth = 0; nth < 20_100; nth += 1) server.addActivity(`Else #${nth}`, clock.nowMs());
    // Four hundred pages, each a request: 3 s alone, more beside others.
    const patient = { ...request, deadlineMs: 60_000 };
    let result = await attempt(patient);
    for (let tries = 0; result.kind === 'later' && tries < 20; tries += 1) result = await attempt(patient);
    expect(result).toMatchObject({
      kind: 'done',
      detail: expect.stringMatching(/^Not written: more than 20000 activities/),
    });
    expect(server.callLogs).toHaveLength(0);
  }, 120_000);

  it('keeps of an error its codes and the names of fields, never what it says', async () => {
    const { server, attempt, end } = await start();
    const json = {
      success: false,
      error: '"to_phone_number" must not be +31612345678',
      error_info: 'my diagnosis is private',
      errorCode: 422,
      code: 'ERR_SCHEMA_VALIDATION_FAILED',
    };
    server.fault = (seen) => (isCreation(seen) ? { kind: 'refuse', answer: { status: 422, json } } : null);
    const result = await attempt(end({ callId: 'call-1' }));
    expect(result).toMatchObject({ kind: 'answered', status: 422 });
    if (result.kind !== 'answered') throw new Error('unreachable');
    expect(JSON.parse(Buffer.from(result.responseBody ?? []).toString())).toEqual({
      errorCode: 422,
      code: 'ERR_SCHEMA_VALIDATION_FAILED',
      fields: ['to_phone_number'],
    });
  });

  it('looks no further back than the call is old', async () => {
    const { server, attempt, end, ground } = await start();
    ground.remembered.set('since', THERE_BEFORE);
    for (let nth = 0; nth < 500; nth += 1) server.addActivity(`Of yesterday ${nth}`, Date.now() - 86_400_000);
    const request = end({ callId: 'call-1', firstReportAtMs: Date.now() });
    server.fault = (seen) => (isCreation(seen) ? { kind: 'cut' } : null);
    await attempt(request);
    server.fault = () => null;
    await attempt(request);
    expect(server.server.seen.filter(({ path }) => path.endsWith('/activities'))).toHaveLength(1);
  });

  it('finds persons by their number, with its country first', async () => {
    const { server, attempt, end } = await start();
    const national = server.addPerson('National', ['06-12345678']);
    await attempt(end({ callId: 'call-1' }));
    const international = server.addPerson('International', ['0044 20 7946 0000', '+44 20 7946 0018']);
    await attempt(end({ callId: 'call-2', customer: { number: '+442079460018' } }));
    await attempt(end({ callId: 'call-3', customer: { number: '+4420794600' } }));
    expect(server.callLogs.map(({ fields }) => fields['person_id'])).toEqual([
      national,
      international,
      undefined,
    ]);
  });

  it('hangs a call on the person that its metadata names, if there is such a one', async () => {
    const { server, attempt, end } = await start();
    const person = server.addPerson('Named', []);
    await attempt(end({ callId: 'call-1' }, { crm_id: String(person) }));
    await attempt(end({ callId: 'call-2' }, { crm_id: '999999' }));
    await attempt(end({ callId: 'call-3' }, { crm_id: '../users/me' }));
    expect(server.callLogs.map(({ fields }) => fields['person_id'])).toEqual([person, undefined, undefined]);
  });

  it('logs a call without its person where that was deleted in between', async () => {
    const { server, attempt, end } = await start();
    const id = server.addPerson('Gone soon', ['+31612345678']);
    await attempt(end({ callId: 'call-1' }));
    const person = server.persons.get(id);
    if (person !== undefined) person.isDeleted = true;
    expect((await attempt(end({ callId: 'call-2' }))).kind).toBe('done');
    expect(server.callLogs.map(({ fields }) => fields['person_id'])).toEqual([id, undefined]);
  });

  it('logs in by OAuth, takes new tokens, and asks no address that an answer names', async () => {
    const { server, attempt, end } = await start({ rotatesRefreshTokens: true }, 'oauth');
    expect((await attempt(end({ callId: 'call-1' }))).kind).toBe('done');
    server.expireAccessTokens();
    expect((await attempt(end({ callId: 'call-2' }))).kind).toBe('done');
    expect(server.grants).toBe(2);
  });

  it('keeps to the limits, however many calls end at once', async () => {
    const { server, attempt, end } = await start({ burst: 20 });
    const calls = Array.from({ length: 12 }, (_, nth) =>
      end({ callId: `call-${nth}`, customer: { number: `+3161234560${nth % 10}` } }),
    );
    await Promise.all(calls.map((request) => attempt({ ...request, deadlineMs: 30_000 })));
    expect(server.callLogs).toHaveLength(12);
    expect([server.all.refused, server.search.refused]).toEqual([0, 0]);
  });

  it('waits where it is told to, twice as long each time, and gives the attempt back as a 429', async () => {
    const { server, attempt, end } = await start();
    server.fault = () => ({
      kind: 'refuse',
      answer: { status: 429, json: { success: false }, headers: { 'x-ratelimit-reset': '2' } },
    });
    // Two waits of 2 s and 4 s do not fit; one does, on a machine that stands still for three seconds, too.
    const result = await attempt({ ...end({ callId: 'call-1' }), deadlineMs: 5_500 });
    expect(result).toMatchObject({ kind: 'answered', status: 429, retryAfter: '4' });
    expect(server.server.seen).toHaveLength(2);
  });

  it('says which scope is missing', async () => {
    const { attempt, end } = await start({ scopes: ['base', 'contacts:read', 'activities:read'] }, 'oauth');
    expect(await attempt(end({ callId: 'call-1' }))).toMatchObject({
      kind: 'failed',
      cause: 'settings',
      detail: expect.stringContaining('lacks the scope phone-integration'),
    });
  });

  it('tests its login without leaving a record', async () => {
    const { server, kind, settings, ground } = await start();
    expect(await kind.test?.(settings, ground, 5_000)).toMatchObject({
      kind: 'done',
      detail: 'Logged in to Pipedrive as Stand-in Ltd',
    });
    expect(await kind.test?.({ ...settings, api_token: 'wrong' }, ground, 5_000)).toMatchObject({
      status: 401,
    });
    expect(server.callLogs).toHaveLength(0);
  });
});

describe('the settings of a Pipedrive destination', () => {
  const schema = createKind(false).settings;
  const good = { company_domain: 'acme', api_token: 't0ken' };

  it('say what is wrong and how to put it right', () => {
    const problem = (over: Record<string, unknown>): string =>
      schema.safeParse({ ...good, ...over }).error?.issues[0]?.message ?? '';
    expect(problem({})).toBe('');
    expect(problem({ company_domain: 'https://acme.pipedrive.com/' })).toMatch(/only: acme$/);
    expect(problem({ company_domain: 'evil.example/#' })).toMatch(/acme in acme\.pipedrive\.com/);
    expect(problem({ write_when: 'started' })).toMatch(/start and the end of a call in one request/);
    expect(problem({ api_token: undefined })).toMatch(/api_token is missing/);
    expect(problem({ client_id: 'id' })).toMatch(/one login, not two/);
    expect(problem({ api_token: undefined, client_id: 'id', client_secret: 's' })).toMatch(
      /refresh_token is missing/,
    );
    expect(problem({ api_token: MASK })).toMatch(/write its value/);
    expect(problem({ api_url: 'http://127.0.0.1:9' })).toMatch(/api_url/);
  });

  it('show no secret, and keep it while it stays masked at the same address', () => {
    const kind = createKind(false);
    const stored = schema.parse({
      company_domain: 'acme',
      client_id: 'id',
      client_secret: 's3cret',
      refresh_token: 'r3fresh',
    });
    const shown = kind.toPublicSettings(stored);
    expect(JSON.stringify(shown)).not.toMatch(/s3cret|r3fresh/);
    expect(schema.parse(kind.keepMasked(stored, shown))).toEqual(stored);
    for (const moved of [
      { company_domain: 'evil' },
      { api_url: 'https://evil.example' },
      { login_url: 'https://evil.example' },
    ])
      expect(schema.safeParse(kind.keepMasked(stored, { ...shown, ...moved })).success).toBe(false);
  });

  it("give the dashboard's form a JSON Schema", () => {
    expect(z.toJSONSchema(schema, { io: 'input' })).toMatchObject({
      type: 'object',
      required: ['company_domain'],
      properties: { write_when: { enum: ['ended'] } },
    });
  });
});

function createKind(allowLoopback = true) {
  return createPipedriveKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
    }),
  );
}

/** Of the largest plan: where no limit is what a test is about, none is run into. */
const BURST = 480;

async function start(options: PipedriveOptions = {}, login: 'api_token' | 'oauth' = 'api_token') {
  const { burst = BURST } = options;
  const server = await PipedriveStandIn.start({
    ...(login === 'api_token' && { apiToken: 't0ken' }),
    refreshToken: 'first',
    ...options,
    burst,
  });
  const clock = createShiftingClock();
  const ground = createTestGround({ clock });
  const kind = createKind();
  const settings = kind.settings.parse({
    company_domain: 'acme',
    api_url: server.url,
    login_url: server.url,
    ...(login === 'api_token'
      ? { api_token: 't0ken' }
      : { client_id: 'client', client_secret: 'secret', refresh_token: 'first' }),
    requests_per_2s: burst,
  });
  const sender = kind.open(settings, ground);
  cleanUps.push(
    () => server.close(),
    () => sender.close(),
  );
  const attempt = (request: AttemptRequest): Promise<AttemptResult> => sender.attempt(request);
  return { server, clock, ground, kind, settings, attempt, startedMs: STARTED_MS, ...createReporter(ground) };
}

function isCreation({ method, path }: StandInRequest): boolean {
  return method === 'POST' && path.endsWith('/callLogs');
}

function countLooks(server: PipedriveStandIn): number {
  return server.server.seen.filter(({ path }) => path.endsWith('/activities')).length;
}

/** Some 2,100 activities, of the last hour. */
function addBusyHour(server: PipedriveStandIn, nowMs: number): void {
  for (let nth = 2_100; nth > 0; nth -= 1) server.addActivity(`Something else #${nth}`, nowMs - nth * 1_700);
}

/** The destination was there before all calls. */
const THERE_BEFORE = { value: '0', callId: null, isSecret: false };

/** Real time, which a test may move on. */
function createShiftingClock() {
  let aheadMs = 0;
  return {
    nowMs: () => Date.now() + aheadMs,
    monotonicMs: () => performance.now() + aheadMs,
    setTimer(callback: () => void, delayMs: number) {
      const timer = setTimeout(callback, delayMs);
      return () => clearTimeout(timer);
    },
    pass(ms: number) {
      aheadMs += ms;
    },
  };
}

function raise(): never {
  throw new Error('the call is not there');
}

const RECORD: CallRecord = {
  callId: '',
  outcome: 'completed',
  direction: 'inbound',
  isWebCall: false,
  title: 'Inbound call',
  startAtMs: STARTED_MS,
  isStartKnown: true,
  durationMs: 0,
  knownSinceMs: STARTED_MS,
  fromNumber: null,
  toNumber: null,
  error: null,
  facts: [],
  link: null,
};
