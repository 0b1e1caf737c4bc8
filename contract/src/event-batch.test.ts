import { describe, expect, it } from 'vitest';

import { toBatchBody, toBatchId } from './event-batch.ts';
import type { EventBatch } from './event-batch.ts';

const one = {
  eventId: 'evt_1',
  eventType: 'status-update',
  sequence: 2,
  attemptNumber: 1,
  // A body that a parser and a serialiser would not leave as it is.
  body: Buffer.from('{"message":{"n":1.0,"text":"\\u00e9 😀"}}'),
};
const operational = {
  eventId: 'ope_1',
  eventType: 'call.stale',
  sequence: 0,
  attemptNumber: 3,
  body: Buffer.from('{"message":{"type":"call.stale"}}'),
};

describe('the body of a batch', () => {
  it('holds the exact bytes of each event', () => {
    expect(Buffer.from(toBatchBody([one, operational])).toString()).toBe(
      '{"events":[{"id":"evt_1","type":"status-update","sequence":2,"attempt":1,"body":{"message":{"n":1.0,"text":"\\u00e9 😀"}}},' +
        '{"id":"ope_1","type":"call.stale","attempt":3,"body":{"message":{"type":"call.stale"}}}]}',
    );
  });

  it('is JSON for one event, many and none', () => {
    for (const parts of [[], [one], Array.from({ length: 100 }, () => one)]) {
      const batch = JSON.parse(Buffer.from(toBatchBody(parts)).toString()) as EventBatch;
      expect(batch.events).toHaveLength(parts.length);
    }
  });
});

describe('the id of a batch', () => {
  it('is the same for the same events and another for others', () => {
    expect(toBatchId(['evt_1', 'evt_2'])).toBe(toBatchId(['evt_2', 'evt_1']));
    expect(toBatchId(['evt_1', 'evt_2'])).not.toBe(toBatchId(['evt_1']));
    expect(toBatchId(['evt_1'])).toMatch(/^bat_[\w-]{32}$/);
  });
});
