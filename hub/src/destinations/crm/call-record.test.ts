import { toStatusUpdateMessage, type EventContent } from '@offhook/contract/body';
import { describe, expect, it } from 'vitest';
import { makeKnownCall } from '../test-ground.ts';
import {
  ERROR_CHARACTERS_MAX,
  readMetadataId,
  toCallKey,
  toCallOfMessage,
  toRecordPlan,
  type CallRecord,
  type PlanInput,
} from './call-record.ts';
import type { CrmSettings } from './crm-settings.ts';

const START = Date.parse('2026-11-22T12:00:00Z');
const END = Date.parse('2026-11-22T12:05:00Z');
const NUMBER = '+31612345678';

describe('what a CRM is told of a call', () => {
  it('is its start, end, duration, direction and numbers, once it has ended', () => {
    const record = toRecord({ call: ended() });
    expect(record).toMatchObject({
      outcome: 'completed',
      direction: 'inbound',
      title: 'Inbound call to HMS Sovereign Demo',
      startAtMs: START,
      durationMs: 300_000,
      fromNumber: NUMBER,
      toNumber: '+31850835037',
      error: null,
    });
    expect(record.facts).toEqual([{ label: 'Call id', text: 'call-1' }]);
  });

  it('turns the numbers round for a call that we made', () => {
    const record = toRecord({ call: { ...ended(), type: 'outbound_phone_call' } });
    expect(record).toMatchObject({ direction: 'outbound', fromNumber: '+31850835037', toNumber: NUMBER });
    expect(record.title).toBe('Outbound call from HMS Sovereign Demo');
  });

  it('leaves the duration out and says so where nobody reported the start', () => {
    const record = toRecord({ call: { ...ended(), startedAtMs: null, durationMs: null } });
    expect(record).toMatchObject({ startAtMs: END, isStartKnown: false, durationMs: null });
    expect(record.facts.map(({ text }) => text).join(' ')).toContain('its duration is not known');
  });

  it('counts back from the end where an end-of-call report told the duration', () => {
    const record = toRecord({ call: { ...ended(), startedAtMs: null, durationMs: 60_000 } });
    expect(record).toMatchObject({ startAtMs: END - 60_000, isStartKnown: false, durationMs: 60_000 });
  });

  it('tells the error, end reason and summary of a call that failed, bounded', () => {
    const record = toRecord({
      call: {
        ...ended(),
        state: 'failed',
        error: `STT connection failed ${'x'.repeat(5_000)}`,
        endReason: 'pipeline-error',
        summary: 'They asked\nfor a refund.',
      },
    });
    expect(record.outcome).toBe('failed');
    expect(record.title).toBe('Inbound call to HMS Sovereign Demo, ended with error');
    expect(record.error).toHaveLength(ERROR_CHARACTERS_MAX);
    expect(record.facts.map(({ label }) => label)).toEqual(['Error', 'End reason', 'Summary', 'Call id']);
    expect(record.facts[2]?.text).toBe('They asked\nfor a refund.');
  });

  it('never cuts a character in two', () => {
    const record = toRecord({
      call: { ...ended(), state: 'failed', error: `${'x'.repeat(ERROR_CHARACTERS_MAX - 2)}😀😀` },
    });
    expect(record.error?.isWellFormed()).toBe(true);
  });

  it('has no duration while the call runs', () => {
    const record = toRecord({ call: live(), settings: { write_when: 'started' } });
    expect(record).toMatchObject({ outcome: 'in_progress', durationMs: null });
  });
});

describe('whether a call is written', () => {
  it('waits for the end, unless it was asked to write at the start', () => {
    expect(plan({ call: live() })).toEqual({
      kind: 'skip',
      reason: 'Nothing to write until the call has ended',
    });
    expect(plan({ call: live(), settings: { write_when: 'started' } }).kind).toBe('write');
    expect(plan({ call: live(), isWritten: true }).kind).toBe('write');
  });

  it('leaves web calls without a number to the setting', () => {
    const call = { ...ended(), type: 'web_call', customer: { number: null } };
    const web = (web_calls: CrmSettings['web_calls'], metadataId: string | null) =>
      plan({ call, customerNumber: null, metadataId, settings: { web_calls } }).kind;
    expect(web('skip', null)).toBe('skip');
    expect(web('skip', '4711')).toBe('skip');
    expect(web('attach_by_metadata', null)).toBe('skip');
    expect(web('attach_by_metadata', '4711')).toBe('write');
    expect(web('log_without_contact', null)).toBe('write');
  });

  it('treats a web call with a number as any other call', () => {
    const call = { ...ended(), type: 'web_call' };
    expect(plan({ call, settings: { web_calls: 'skip' } }).kind).toBe('write');
  });

  it('keeps what was written right whatever is set now', () => {
    const call = { ...ended(), type: 'web_call', customer: { number: null } };
    expect(plan({ call, customerNumber: null, isWritten: true }).kind).toBe('write');
  });
});

describe('the id in the metadata', () => {
  it('is a text or a whole number, trimmed and bounded, and nothing else', () => {
    const read = (value: unknown) => readMetadataId(message({ crm_id: value }), 'crm_id');
    expect(read(' 4711 ')).toBe('4711');
    expect(read(4711)).toBe('4711');
    for (const odd of ['', '  ', 'x'.repeat(101), -1, 1.5, Number.NaN, true, null, {}, ['4711']]) {
      expect(read(odd)).toBeNull();
    }
  });

  it('is read by the key that was set, and never from the prototype', () => {
    expect(readMetadataId(message({ contact: '1' }), 'contact')).toBe('1');
    expect(readMetadataId(message({}), 'constructor')).toBeNull();
    expect(readMetadataId(message({}), '__proto__')).toBeNull();
    expect(readMetadataId(message(null), 'crm_id')).toBeNull();
  });
});

describe('the key of a call in a CRM', () => {
  it('is its id, or a hash where a CRM could mix it up with another', () => {
    expect(toCallKey('5c4d030f-43e3-4e65-899e-8148521e660f')).toBe('5c4d030f-43e3-4e65-899e-8148521e660f');
    for (const odd of ['CA12', 'a b', ' a', 'a/../b', 'é', '', 'x'.repeat(200), '+31612345678', '-a']) {
      expect(toCallKey(odd)).toMatch(/^sha256-[0-9a-f]{64}$/);
    }
    expect(toCallKey('CA12')).not.toBe(toCallKey('ca12'));
  });

  it('cannot be chosen so that it is the hash of another', () => {
    const hashed = toCallKey('CA12');
    expect(toCallKey(hashed)).not.toBe(hashed);
  });
});

it('makes a call of its message where the journal has forgotten it', () => {
  const { message: one } = toStatusUpdateMessage(content({ status: 'ended-with-error', error: 'STT' }));
  expect(toCallOfMessage(one, 0)).toMatchObject({
    callId: 'call-1',
    state: 'failed',
    error: 'STT',
    startedAtMs: null,
    endedAtMs: END,
    durationMs: null,
    // Of a clock that is ahead of ours: nothing was written in the future.
    firstReportAtMs: 0,
  });
  expect(toCallOfMessage(one, END + 1_000)).toMatchObject({ firstReportAtMs: END });
});

const SETTINGS: CrmSettings = {
  write_when: 'ended',
  web_calls: 'skip',
  unknown_contacts: 'log_without_contact',
  metadata_key: 'crm_id',
};

interface Over extends Partial<Omit<PlanInput, 'settings'>> {
  readonly settings?: Partial<CrmSettings>;
}

function plan({ settings, ...over }: Over) {
  return toRecordPlan({
    call: ended(),
    metadataId: null,
    customerNumber: NUMBER,
    ownNumber: '+31850835037',
    link: null,
    isWritten: false,
    settings: { ...SETTINGS, ...settings },
    ...over,
  });
}

function toRecord(over: Over): CallRecord {
  const result = plan(over);
  if (result.kind !== 'write') throw new Error(result.reason);
  return result.record;
}

function live() {
  return makeKnownCall({ callId: 'call-1', startedAtMs: START });
}

function ended() {
  return makeKnownCall({
    callId: 'call-1',
    state: 'ended',
    startedAtMs: START,
    endedAtMs: END,
    durationMs: END - START,
  });
}

function content(over: Partial<EventContent>): EventContent {
  return {
    timestamp: '2026-11-22T12:05:00.000Z',
    callId: 'call-1',
    type: 'inbound_phone_call',
    status: 'ended',
    phoneNumber: null,
    customer: { number: NUMBER },
    error: null,
    endReason: null,
    assistant: null,
    ...over,
  };
}

function message(metadata: Record<string, unknown> | null) {
  return toStatusUpdateMessage(content({ assistant: { id: 'a', metadata } })).message;
}
