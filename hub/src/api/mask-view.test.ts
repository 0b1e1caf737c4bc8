import { beforeAll, describe, expect, it } from 'vitest';

import { maskNumber, maskView, prepareMasks } from './mask-view.ts';
import { openCursor, sealCursor } from './masked-cursor.ts';

beforeAll(() => prepareMasks());

describe('a masked number', () => {
  it('shows its country, its area where enough stays hidden, and its last four digits', () => {
    for (const [number, masked] of [
      ['+31612345678', '+31 6 •••• 5678'],
      ['+31850835037', '+31 85 •••• 5037'],
      ['+14155552671', '+1 415 •••• 2671'],
      ['+442071838750', '+44 20 •••• 8750'],
      ['+31 6 1234 5678', '+31 6 •••• 5678'],
      ['0031612345678', '+31 6 •••• 5678'],
      ['tel:+31612345678', '+31 6 •••• 5678'],
      ['sip:+31612345678@example.com', '+31 6 •••• 5678'],
    ] as const) {
      expect(maskNumber(number)).toBe(masked);
    }
  });

  it('keeps the ends of what is no full number, and nothing of what is too short for that', () => {
    for (const [text, masked] of [
      ['0612345678', '06••••••78'],
      ['sip:alice@x', 'si•••••••@x'],
      ['12345', '1•••5'],
      ['112', '•••'],
      ['☎☎☎☎☎☎☎', '☎☎•••☎☎'],
    ] as const) {
      expect(maskNumber(text)).toBe(masked);
    }
  });

  it('leaves words that say that there is none', () => {
    for (const text of ['anonymous', 'Restricted', 'unknown', '']) expect(maskNumber(text)).toBe(text);
  });
});

describe('a masked view', () => {
  it('masks parties, filters, texts and what nobody knows, however deep', () => {
    const view = {
      phone_number: { number: '+31850835037', name: 'Desk +31850835037' },
      customer: { number: '+31612345678' },
      error: 'No answer from +31612345678.',
      summary: 'Call 0612345678 back',
      filter: { phone_numbers: ['+31850835037'], number: { value: '+31612345678', prefix: false } },
      unknown_fields: {
        caller: { msisdn: 31612345678, 'id of +31612345678': '0031612345678' },
        list: ['+31612345678', 7, null, true],
      },
      assistant: { id: 'a', metadata: { name: '+31612345678' } },
      last_detail: 'said +31 6 12345678',
      response_body: '{"to":"31612345678"}',
      subject: '+31612345678',
    };
    const masked = maskView(view);
    expect(masked).toEqual({
      phone_number: { number: '+31 85 •••• 5037', name: 'Desk +31•••••••37' },
      customer: { number: '+31 6 •••• 5678' },
      error: 'No answer from +31•••••••78.',
      summary: 'Call 06••••••78 back',
      filter: {
        phone_numbers: ['+31 85 •••• 5037'],
        number: { value: '+31 6 •••• 5678', prefix: false },
      },
      unknown_fields: {
        caller: { msisdn: '31•••••••78', 'id of +31•••••••78': '00•••••••••78' },
        list: ['+31•••••••78', 7, null, true],
      },
      assistant: { id: 'a', metadata: { name: '+31•••••••78' } },
      last_detail: 'said +31 • ••••••78',
      response_body: '{"to":"31•••••••78"}',
      subject: '+31 6 •••• 5678',
    });
    expect(view.customer.number).toBe('+31612345678');
  });

  it('leaves the ids in what was done at a destination, and masks what went wrong there', () => {
    const detail = 'Call 4000000123 created in HubSpot for contact 612345678';
    const masked = 'Call 40••••••23 created in HubSpot for contact 61•••••78';
    const view = {
      data: [
        { state: 'delivered', last_detail: detail, attempt_entries: [{ outcome: 'delivered', detail }] },
        {
          state: 'dead',
          last_detail: detail,
          attempt_entries: [
            { outcome: 'retry', detail },
            { outcome: 'delivered', detail, response_body: detail },
          ],
        },
        { state: 'pending', last_detail: detail },
      ],
      test: { ok: true, detail },
      failed: { ok: false, detail },
      metadata: { ok: true, detail },
    };
    expect(maskView(view)).toEqual({
      data: [
        view.data[0],
        {
          state: 'dead',
          last_detail: masked,
          attempt_entries: [
            { outcome: 'retry', detail: masked },
            { outcome: 'delivered', detail, response_body: masked },
          ],
        },
        { state: 'pending', last_detail: masked },
      ],
      test: { ok: true, detail },
      failed: { ok: false, detail: masked },
      metadata: { ok: true, detail: masked },
    });
  });

  it('masks what is named as no field was before', () => {
    expect(maskView({ something_new: ['call +31612345678'] })).toEqual({
      something_new: ['call +31•••••••78'],
    });
  });

  it('leaves ids, times, counts, addresses and names as they are', () => {
    const view = {
      id: 'call-_+31612345678_x',
      call_id: '31612345678',
      delivery_ids: ['dlv_0000000012'],
      event_id: 'evt_0000000012ABCDEFGH12345678',
      at: '2026-11-22T06:19:56.000Z',
      row: 123456789012,
      name: 'Import 20261122',
      settings: { url: 'https://example.com/12345678' },
      url: 'https://example.com/12345678',
      headers: [['X-Webhook-Timestamp', '1795000000']],
      secret: 'whsec_1234567890123456',
      next_cursor: 'MTIzNDU2Nzg5',
      nothing: null,
      is: true,
    };
    expect(maskView(view)).toEqual(view);
  });

  it('masks bodies as text: parsed and written again, their long numbers would be others', () => {
    const body =
      '{"customer":{"number":"+31612345678"},"phone_number":{"number":null},"x":{"number" : "sip:\\"a\\"@b.example"},"big":12345678901234567890}';
    const masked = maskView({ body }).body;
    expect(masked).toContain('{"customer":{"number":"+31 6 •••• 5678"},"phone_number":{"number":null}');
    expect(masked).toContain('"big":12••••••••••••••••90}');
    expect(() => JSON.parse(masked.replace(/"big".*\}/, '"big":0}'))).not.toThrow();
  });
});

describe('a cursor', () => {
  it('that is a number travels sealed, others as they are', () => {
    const cursor = Buffer.from('+31612345678').toString('base64url');
    const sealed = sealCursor(cursor);
    expect(sealed).not.toContain(cursor);
    expect(openCursor(sealed)).toBe(cursor);
    const row = Buffer.from('123456789').toString('base64url');
    expect(sealCursor(row)).toBe(row);
    for (const text of ['', 'm.', 'm.AAAA', `${sealed.slice(0, -2)}AA`, row])
      expect(openCursor(text)).toBe(text);
  });
});
