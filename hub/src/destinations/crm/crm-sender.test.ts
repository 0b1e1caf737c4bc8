/**
 * The steps of an attempt against a CRM of one Map, which does not refuse duplicates: there, one record of a call is the
 * core's doing alone.
 */
import { toStatusUpdateBody } from '@offhook/contract/body';
import type { CallStatus } from '@offhook/contract/message';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import type { AttemptRequest, AttemptResult, DestinationSender } from '../destination.ts';
import { createTestGround, makeKnownCall, type TestGround } from '../test-ground.ts';
import { ok, stopFailed } from './budget.ts';
import type { CrmPort, Step } from './crm-port.ts';
import { createCrmSender } from './crm-sender.ts';
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
    const trouble = fc.constantFrom('none', 'lost before', 'lost after', 'dead before', 'dead after');
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
  /** For the next requests. */
  readonly troubles: string[];
  account: string;
}

const SETTINGS: CrmSettings = {
  write_when: 'ended',
  web_calls: 'skip',
  unknown_contacts: 'log_without_contact',
  metadata_key: 'crm_id',
};

function open(
  settings: Partial<CrmSettings> = {},
  {
    isKnown = true,
    ...promises
  }: Partial<Pick<CrmPort, 'refusesDuplicates' | 'looksOnlyInDoubt'>> & { readonly isKnown?: boolean } = {},
) {
  const ground = createTestGround();
  const crm: Crm = { records: new Map(), asked: [], troubles: [], account: 'first' };
  const make = (): DestinationSender =>
    createCrmSender(createPort(crm, ground, promises), { ...SETTINGS, ...settings }, ground);
  let sender = make();

  async function send(status: CallStatus): Promise<AttemptResult> {
    // A replay finds the call as it is, not as it was.
    if (isKnown && !ground.calls.has('call-1'))
      ground.calls.set('call-1', makeKnownCall({ callId: 'call-1' }));
    const call = ground.calls.get('call-1');
    if (call !== undefined && status === 'ended') {
      ground.calls.set('call-1', {
        ...call,
        state: 'ended',
        isActive: false,
        startedAtMs: START,
        endedAtMs: END,
        durationMs: END - START,
      });
    }
    return sender.attempt(toRequest(status));
  }

  return {
    ground,
    crm,
    send,
    async sendUntilDone(status: CallStatus) {
      for (let attempt = 0; attempt < 40; attempt += 1) {
        const result = await send(status).catch(() => null);
        if (ground.trouble !== null) {
          ground.trouble = null;
          sender = make();
        } else if (result?.kind === 'done') return;
      }
      throw new Error('it was never done');
    },
  };
}

function createPort(
  crm: Crm,
  ground: TestGround,
  promises: Partial<Pick<CrmPort, 'refusesDuplicates' | 'looksOnlyInDoubt'>>,
): CrmPort<Draft> {
  /** One request: what it does, done or not, and its answer, lost or not. */
  async function ask<T>(name: string, act: () => T): Promise<Step<T>> {
    crm.asked.push(name);
    const [what, when] = (crm.troubles.shift() ?? 'none').split(' ');
    const value = when === 'before' ? null : act();
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
    findRecord: async (key) => {
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
