import { describe, expect, it } from 'vitest';
import type { OperationalEventView } from './types.ts';

import { toSubjectHref } from './operational-subject.ts';

const common = { id: 'ope_1', at: '2026-11-22T12:00:00.000Z', summary: 'It happened.', call_id: null };
const destination = { id: 'dst_1', kind: 'slack', name: null };
const rate = { ...common, rate: 0.5, failed: 5, finished: 10, window_ms: 900_000, threshold: 0.2 };

describe('what the hub notices', () => {
  it.each<[OperationalEventView, string]>([
    [{ ...common, type: 'destination.disabled', destination, reason: 'gone' }, '/destinations/dst_1'],
    [
      {
        ...common,
        type: 'delivery.dead',
        destination,
        delivery: { id: 'dlv_1', attempts: 10 },
        event: { id: 'evt_1', status: 'ended' },
        call: { id: 'a' },
        reason: null,
      },
      '/deliveries?delivery=dlv_1',
    ],
    [
      { ...common, type: 'call.stale', call: { id: 'a/b', type: null }, live_since: common.at },
      '/calls/a%2Fb',
    ],
    [
      { ...rate, type: 'error_rate.high' },
      '/calls?q=status:ended-with-error&since=2026-11-22T11:44:00.000Z&until=2026-11-22T12:00:00.000Z',
    ],
  ])('leads to what it is about: %j', (event, href) => {
    expect(toSubjectHref(event)).toBe(href);
  });
});
