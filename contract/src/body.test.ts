import fc from 'fast-check';
import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import type { EventContent } from './body.ts';
import type { StatusUpdateMessage } from './message.ts';

import { toStatusUpdateBody } from './body.ts';
import { CALL_STATUSES } from './message.ts';

describe('the body of an event', () => {
  it.each(CALL_STATUSES)('is the published %s example byte for byte, without its spaces', (status) => {
    const text = readFileSync(new URL(`../vectors/payloads/${status}.json`, import.meta.url), 'utf8');
    const { message } = JSON.parse(text) as StatusUpdateMessage;
    const body = toStatusUpdateBody({
      timestamp: message.timestamp,
      callId: message.call.id,
      type: message.call.type,
      status: message.call.status,
      phoneNumber: message.phone_number,
      customer: message.customer,
      error: message.error ?? null,
      endReason: null,
      assistant: null,
    });
    expect(Buffer.from(body).toString()).toBe(JSON.stringify(JSON.parse(text)));
  });

  it('keeps the published order of keys, with error, end_reason and assistant at the end', () => {
    const body = write({
      status: 'ended-with-error',
      error: 'STT connection failed',
      endReason: 'pipeline',
      assistant: { id: 'a1', name: 'Ada', metadata: { crm_id: '12345' } },
    });
    expect(body).toBe(
      '{"message":{"type":"status-update","timestamp":"2025-12-13T12:00:00.000Z",' +
        '"call":{"id":"c1","type":"inbound_phone_call","status":"ended-with-error"},' +
        '"phone_number":{"number":"+31850835037","name":"Demo"},"customer":{"number":"+31612345678"},' +
        '"error":"STT connection failed","end_reason":"pipeline",' +
        '"assistant":{"id":"a1","name":"Ada","metadata":{"crm_id":"12345"}}}}',
    );
  });

  it('leaves out what is not known, and says null only where the source did', () => {
    expect(write({ phoneNumber: { number: '+31850835037' } })).toContain(
      '"phone_number":{"number":"+31850835037"}',
    );
    expect(write({ phoneNumber: { number: null, name: null } })).toContain(
      '"phone_number":{"number":null,"name":null}',
    );
    expect(write({ assistant: { id: null, metadata: null } })).toContain(
      '"assistant":{"id":null,"metadata":null}',
    );
    expect(write({})).not.toMatch(/error|end_reason|assistant/);
  });

  it('always has phone_number and customer, as null where they are not known', () => {
    const body = write({ phoneNumber: null, customer: null });
    expect(body).toContain('"phone_number":{"number":null},"customer":{"number":null}');
  });

  it('has an error only with ended-with-error', () => {
    expect(write({ status: 'ended', error: 'late complaint' })).not.toContain('error');
    expect(write({ status: 'ended-with-error', error: '' })).toContain('"error":""');
  });

  it('passes nothing of the assistant on but id, name and metadata', () => {
    const assistant = { id: 'a1', webhook_secret: 'whsec_x', llm_config: { messages: ['prompt'] } };
    expect(write({ assistant })).toContain('"assistant":{"id":"a1"}}}');
  });

  it('returns every text as it was given', () => {
    const text = fc.string({ unit: 'binary' });
    fc.assert(
      fc.property(text, text, text, text, (callId, name, error, number) => {
        const body = write({
          status: 'ended-with-error',
          callId,
          error,
          phoneNumber: { number, name },
          customer: { number },
        });
        const { message } = JSON.parse(body) as StatusUpdateMessage;
        expect(message.call.id).toBe(callId);
        expect(message.phone_number).toEqual({ number, name });
        expect(message.customer.number).toBe(number);
        expect(message.error).toBe(error);
      }),
    );
  });
});

function write(content: Partial<EventContent>): string {
  const body = toStatusUpdateBody({
    timestamp: '2025-12-13T12:00:00.000Z',
    callId: 'c1',
    type: 'inbound_phone_call',
    status: 'in-progress',
    phoneNumber: { number: '+31850835037', name: 'Demo' },
    customer: { number: '+31612345678' },
    error: null,
    endReason: null,
    assistant: null,
    ...content,
  });
  return new TextDecoder('utf-8', { fatal: true }).decode(body);
}
