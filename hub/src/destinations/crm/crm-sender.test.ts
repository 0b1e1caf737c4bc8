/**
 * The steps of an attempt against a CRM of one Map, which does not refuse duplicates: there, one record of a call is the
 * core's doing alone.
 */
import { toStatusUpdateBody } from '@offhook/contract/body';
import type { CallStatus } from '@offhook/contract/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptRequest, AttemptResult, DestinationSender, KnownCall } from '../destination.ts';
import { createTestGround, makeKnownCall, type TestGround } from '../test-ground.ts';
import { ok, stop, stopFailed } from './budget.ts';
import { CREATION_DOUBT_MS } from './contact-book.ts';
import type { CrmPort, Step } from './crm-port.ts';
import { createCrmSender } from './crm-sender.ts';
import { createPacerBook } from './pacer.ts';
import type { CrmSettings } from './crm-settings.ts';

const START = Date.parse('2026-11-22T12:00:00Z');
const END = Date.parse('2026-11-22T12:05:00Z');

describe('a CRM that takes any number of records for one call', () => {
  it('is asked before anything is created', async () => {
    const { crm, send } = open();
    await send('ended');
    expect(crm.asked).toEqual(['find call-1', 'create call-1']);
  });

  it('gets one record, however often requests fail before or after they are done, and processes die', async () => {
    const trouble = fc.constantFrom(
      'none',
      'lost before',
      'lost after',
      'lost late',
      'dead before',
      'dead after',
      'dead late',
      'refused before',
    );
    await fc.assert(
      fc.asyncProperty(
        fc.array(trouble, { maxLength: 20 }),
        fc.constantFrom('ended' as const, 'started' as const),
        fc.array(fc.constantFrom<CallStatus>('in-progress', 'ended'), { maxLength: 5 }),
        fc.boolean(),
        async (troubles, writeWhen, replays, looksOnlyInDoubt) => {
          const session = open({ write_when: writeWhen }, { looksOnlyInDoubt });
          session.crm.troubles.push(...troubles);
          for (const status of ['in-progress', 'ended', ...replays] as const) {
            await session.sendUntilDone(status);
          }
          session.passTime(CREATION_DOUBT_MS);
          expect([...session.crm.records.values()].map(({ key }) => key)).toEqual(['call-1']);
          expect([...session.crm.records.values()][0]?.draft).toMatchObject({
            outcome: 'completed',
            contactId: null,
          });
        },
      ),
      { numRuns: 300 },
    );
  });
});

describe('a creation that may still be carried out', () => {
  it('is waited for, so that there is one record when it comes late', async () => {
    const { crm, send, passTime } = open();
    crm.troubles.push('none', 'lost late');
    expect(await send('ended')).toMatchObject({ kind: 'failed', cause: 'reset' });
    const second = await send('ended');
    expect(second).toMatchObject({
      kind: 'later',
      detail: 'Waits up to a minute: an earlier try may still create the call in the CRM',
    });
    if (second.kind === 'later') passTime(second.afterMs);
    expect(await send('ended')).toMatchObject({ kind: 'done' });
    passTime(CREATION_DOUBT_MS);
    expect(crm.records.size).toBe(1);
    expect(crm.asked.filter((asked) => asked.startsWith('create'))).toHaveLength(1);
  });

  it('is tried again after the wait where it never came', async () => {
    const { crm, send, passTime } = open();
    crm.troubles.push('none', 'lost before');
    await send('ended');
    const second = await send('ended');
    expect(second).toMatchObject({ kind: 'later' });
    passTime(second.kind === 'later' ? second.afterMs : 0);
    expect(await send('ended')).toMatchObject({
      kind: 'done',
      detail: 'Call 1 created in the CRM without a contact',
    });
  });

  it('is not waited for where the CRM refuses a second record, or said no to the first', async () => {
    const refusing = open({}, { refusesDuplicates: true });
    refusing.crm.troubles.push('lost before');
    await refusing.send('ended');
    expect(await refusing.send('ended')).toMatchObject({ kind: 'done' });

    const { crm, send } = open();
    crm.troubles.push('none', 'refused before');
    expect(await send('ended')).toMatchObject({ kind: 'answered', status: 400 });
    expect(await send('ended')).toMatchObject({ kind: 'done' });
  });

  it('is waited for where the journal has forgotten the call meanwhile', async () => {
    const { crm, send, passTime } = open({}, { isKnown: false });
    crm.troubles.push('none', 'lost late');
    await send('ended');
    const second = await send('ended');
    expect(second).toMatchObject({ kind: 'later' });
    passTime(second.kind === 'later' ? second.afterMs : 0);
    expect(await send('ended')).toMatchObject({ kind: 'done' });
    expect(crm.records.size).toBe(1);
  });

  it('holds nobody for ever where the clock was set back', async () => {
    const { crm, send, passTime } = open();
    crm.troubles.push('none', 'lost before');
    await send('ended');
    passTime(-24 * 3_600_000);
    const second = await send('ended');
    expect(second).toMatchObject({ kind: 'later' });
    expect(second.kind === 'later' ? second.afterMs : Infinity).toBeLessThanOrEqual(CREATION_DOUBT_MS);
  });
});

describe('a CRM whose look-up is dear', () => {
  it('is not asked for a call that nobody can have written', async () => {
    const short = open({}, { looksOnlyInDoubt: true });
    await short.send('ended');
    expect(short.crm.asked).toEqual(['create call-1']);

    const long = open({}, { looksOnlyInDoubt: true });
    await long.send('in-progress');
    long.passTime(3 * 3_600_000);
    await long.send('ended');
    expect(long.crm.asked).toEqual(['create call-1']);
  });

  it('is asked by a destination that was not there when the call began', async () => {
    const session = open({}, { looksOnlyInDoubt: true });
    await session.send('ended');
    session.passTime(10 * 60_000);
    session.replaceDestination();
    expect(await session.send('ended')).toMatchObject({
      detail: expect.stringContaining('Call 1') as string,
    });
    expect(session.crm.records.size).toBe(1);
  });

  it('may keep how far its look-up has come', async () => {
    const session = open({}, { looksOnlyInDoubt: true });
    session.crm.progress = '';
    session.ground.calls.set('call-1', endedCall({ firstReportAtMs: START }));
    session.passTime(10 * 60_000);
    session.crm.troubles.push('lost before', 'lost before', 'none', 'lost before');
    for (const progress of ['1', '12', '123']) {
      await session.send('ended');
      expect(session.crm.progress).toBe(progress);
    }
    expect(session.crm.asked.at(-1)).toBe('create call-1');
    // What was asked before the creation says nothing about it.
    expect(await session.send('ended')).toMatchObject({ kind: 'later' });
    expect(session.crm.progress).toBe('1');
  });
});

describe('a call that the journal has forgotten', () => {
  it('is looked for over several attempts, too', async () => {
    const { crm, ground, send } = open({}, { looksOnlyInDoubt: true, isKnown: false });
    crm.progress = '';
    crm.troubles.push('lost before', 'lost before');
    for (const progress of ['1', '12', '123']) {
      await send('ended');
      expect(crm.progress).toBe(progress);
    }
    expect([crm.records.size, ground.remembered.size]).toEqual([1, 0]);
  });
});

describe('a start that is reported after the end', () => {
  it('is waited for a minute', async () => {
    const { ground, crm, send, passTime } = open();
    const end = async (over: Partial<KnownCall>) => {
      ground.calls.set(
        'call-1',
        endedCall({ startedAtMs: null, durationMs: null, firstReportAtMs: END, ...over }),
      );
      return send('ended', false);
    };
    passTime(END + 10_000 - ground.nowMs());
    expect(await end({})).toMatchObject({
      kind: 'later',
      afterMs: 50_000,
      detail: 'Waits up to a minute for the report of its start',
    });
    expect(crm.asked).toEqual([]);
    expect(await end({ startedAtMs: START })).toMatchObject({ kind: 'done' });
  });

  it('is not waited for any longer, nor for calls of days ago', async () => {
    for (const over of [{}, { endedAtMs: END + 3_600_000 }]) {
      const { ground, send, passTime } = open();
      ground.calls.set(
        'call-1',
        endedCall({ startedAtMs: null, durationMs: null, firstReportAtMs: END, ...over }),
      );
      passTime(END + 60_000 - ground.nowMs());
      expect(await send('ended', false)).toMatchObject({ kind: 'done' });
    }
  });
});

describe('two destinations of one account', () => {
  it('make one record of a call they are told of at the same time', async () => {
    const turns = createPacerBook();
    const first = open({}, { turns });
    const second = open({}, { turns }, first.crm);
    await Promise.all([first.send('ended'), second.send('ended')]);
    expect(first.crm.records.size).toBe(1);
  });
});

describe('what is remembered of a call', () => {
  it('goes with the call', async () => {
    const { ground, send } = open();
    await send('ended');
    expect(ground.remembered.size).toBe(1);
    ground.forgetCall('call-1');
    expect(ground.remembered.size).toBe(0);
  });

  it('is nothing where the journal has forgotten the call, so that nothing stays for ever', async () => {
    const { ground, crm, send } = open({}, { isKnown: false });
    expect(await send('ended')).toMatchObject({ kind: 'done' });
    expect(await send('ended')).toMatchObject({ detail: 'Call 1 was in the CRM already' });
    expect(await send('in-progress')).toMatchObject({
      detail: expect.stringContaining('Not written') as string,
    });
    expect(ground.remembered.size).toBe(0);
    expect(crm.records.size).toBe(1);
  });

  it('is read with care where another version wrote it', async () => {
    for (const value of ['', 'null', '{}', '{"state":"else"}', '[]', '{"state":"written"}']) {
      const { ground, crm, send } = open({}, { refusesDuplicates: true });
      ground.remembered.set('call:call-1', { value, callId: 'call-1', isSecret: false });
      expect(await send('ended')).toMatchObject({ kind: 'done' });
      expect(crm.asked).toEqual(['find call-1', 'create call-1']);
    }
  });

  it('means nothing in another account of the CRM', async () => {
    const { crm, send } = open({ write_when: 'started' });
    await send('in-progress');
    crm.account = 'another';
    crm.records.clear();
    await send('ended');
    expect(crm.asked.slice(-2)).toEqual(['find call-1', 'create call-1']);
    expect(crm.asked.some((asked) => asked.startsWith('update'))).toBe(false);
  });
});

describe('trouble with the journal', () => {
  it('writes nothing to the CRM, since what is written could not be remembered', async () => {
    const { ground, crm, send } = open();
    ground.trouble = new Error('disk full');
    await expect(send('ended')).rejects.toThrow('disk full');
    expect(crm.asked).toEqual([]);
  });
});

interface Draft {
  readonly outcome: string;
  readonly contactId: string | null;
}

interface Crm {
  readonly records: Map<string, { readonly key: string; draft: Draft }>;
  readonly asked: string[];
  /** What is done later than anybody waits for. */
  readonly underWay: { readonly dueMs: number; act(): unknown }[];
  /** Of the last look-up; null: look-ups keep none. */
  progress: string | null;
  /** For the next requests. */
  readonly troubles: string[];
  account: string;
}

/** Later than a sender waits for an answer, and earlier than a doubt ends. */
const LATE_MS = CREATION_DOUBT_MS - 1_000;
const REFUSAL: AttemptResult = {
  kind: 'answered',
  status: 400,
  retryAfter: null,
  abort: false,
  responseBody: null,
  timing: { firstByteMs: null, totalMs: 0 },
};

const SETTINGS: CrmSettings = {
  write_when: 'ended',
  web_calls: 'skip',
  unknown_contacts: 'log_without_contact',
  metadata_key: 'crm_id',
};

type Promises = Partial<Pick<CrmPort, 'refusesDuplicates' | 'looksOnlyInDoubt' | 'turns'>>;

function endedCall(over: Partial<KnownCall>): KnownCall {
  return makeKnownCall({
    callId: 'call-1',
    state: 'ended',
    startedAtMs: START,
    endedAtMs: END,
    durationMs: END - START,
    ...over,
  });
}

function open(
  settings: Partial<CrmSettings> = {},
  { isKnown = true, ...promises }: Promises & { readonly isKnown?: boolean } = {},
  crm: Crm = { records: new Map(), asked: [], underWay: [], progress: null, troubles: [], account: 'first' },
) {
  let nowMs = START;
  const clock = { nowMs: () => nowMs, monotonicMs: () => nowMs, setTimer: () => () => {} };
  let ground = createTestGround({ clock });
  const make = (): DestinationSender =>
    createCrmSender(createPort(crm, ground, promises), { ...SETTINGS, ...settings }, ground);
  let sender = make();

  function passTime(ms: number): void {
    nowMs += ms;
    for (const one of crm.underWay.splice(0)) {
      if (one.dueMs <= nowMs) one.act();
      else crm.underWay.push(one);
    }
  }

  async function send(status: CallStatus, ends = true): Promise<AttemptResult> {
    // A replay finds the call as it is, not as it was.
    if (isKnown && !ground.calls.has('call-1'))
      ground.calls.set('call-1', makeKnownCall({ callId: 'call-1', firstReportAtMs: nowMs }));
    const call = ground.calls.get('call-1');
    if (call !== undefined && status === 'ended' && ends)
      ground.calls.set('call-1', endedCall({ firstReportAtMs: call.firstReportAtMs }));
    return sender.attempt(toRequest(status));
  }

  return {
    get ground() {
      return ground;
    },
    crm,
    send,
    passTime,
    /** Another takes its place, and remembers nothing of it. */
    replaceDestination() {
      ground = createTestGround({ clock, calls: ground.calls.values() });
      sender = make();
    },
    async sendUntilDone(status: CallStatus) {
      for (let attempt = 0; attempt < 80; attempt += 1) {
        const result = await send(status).catch(() => null);
        if (ground.trouble !== null) {
          ground.trouble = null;
          sender = make();
        } else if (result?.kind === 'done') return;
        passTime(result?.kind === 'later' ? result.afterMs : 1_000);
      }
      throw new Error('it was never done');
    },
  };
}

function createPort(crm: Crm, ground: TestGround, promises: Promises): CrmPort<Draft> {
  /** One request: what it does, done or not, and its answer, lost or not. */
  async function ask<T>(name: string, act: () => T): Promise<Step<T>> {
    crm.asked.push(name);
    const [what, when] = (crm.troubles.shift() ?? 'none').split(' ');
    const value = when === 'before' || when === 'late' ? null : act();
    if (when === 'late' && name.startsWith('create'))
      crm.underWay.push({ dueMs: ground.nowMs() + LATE_MS, act });
    if (what === 'refused') return stop(REFUSAL);
    if (what === 'dead') ground.trouble = new Error('the process is dead');
    return value === null || what !== 'none' ? stopFailed('reset', 'the connection was lost') : ok(value);
  }

  return {
    title: 'the CRM',
    refusesDuplicates: false,
    ...promises,
    parseContactId: () => null,
    prepare: async () => ok(crm.account),
    toDraft: ({ outcome }, contactId) => ({ outcome, contactId }),
    findRecord: async (key, _budget, _record, look) => {
      if (crm.progress !== null) {
        crm.progress = `${look.progress ?? ''}${(look.progress ?? '').length + 1}`;
        await look.keep(crm.progress);
      }
      const step = await ask(`find ${key}`, () => ({
        id: [...crm.records].find(([, record]) => record.key === key)?.[0] ?? null,
      }));
      return step.kind === 'stop' ? step : ok(step.value.id);
    },
    createRecord: (draft, key) =>
      ask(`create ${key}`, () => {
        const recordId = String(crm.records.size + 1);
        crm.records.set(recordId, { key, draft });
        return { kind: 'created', recordId } as const;
      }),
    updateRecord: (id, draft) =>
      ask(`update ${id}`, () => {
        const record = crm.records.get(id);
        if (record === undefined) return 'gone';
        record.draft = draft;
        return 'updated';
      }),
    readContact: async () => ok(null),
    findContact: async () => ok(null),
    createContact: async () => ok('1'),
    close: () => {},
    abandon: () => {},
  };
}

function toRequest(status: CallStatus): AttemptRequest {
  return {
    eventId: 'evt_1',
    eventType: 'status-update',
    sequence: 1,
    attemptNumber: 1,
    body: toStatusUpdateBody({
      timestamp: new Date(END).toISOString(),
      callId: 'call-1',
      type: 'inbound_phone_call',
      status,
      phoneNumber: null,
      customer: { number: '+31612345678' },
      error: null,
      endReason: null,
      assistant: null,
    }),
    nowMs: END,
    traceparent: '',
    deadlineMs: 10_000,
    secrets: { current: 'whsec_test', previous: null },
  };
}
