import { describe, expect, it } from 'vitest';
import type { TimelineView } from '../views.ts';

import { toMoments } from './calls.ts';

const REPORT: TimelineView['reports'][number] = {
  id: 'rep_1',
  source_id: 'voicedock',
  assumed: false,
  received_at: '2026-11-18T10:00:00.000Z',
  occurred_at: null,
  status: 'in-progress',
  outcome: 'advanced',
  reason: null,
  event_id: null,
  report: {
    type: null,
    phone_number: null,
    customer: null,
    error: null,
    end_reason: null,
    assistant: null,
    duration_seconds: null,
    summary: null,
    unknown_fields: null,
  },
};

describe('a timeline in the terminal', () => {
  it('says who said it, and where nobody did', () => {
    const timeline = {
      call: {} as TimelineView['call'],
      reports: [
        REPORT,
        {
          ...REPORT,
          status: 'ended-with-error',
          source_id: 'api',
          assumed: true,
          received_at: '2026-11-18T14:00:00.000Z',
        },
        {
          ...REPORT,
          status: 'ended',
          outcome: 'conflicting',
          reason: 'Too late.',
          received_at: '2026-11-18T15:00:00.000Z',
        },
      ],
      events: [],
      deliveries: [],
      operational_events: [],
      truncated: false,
    } satisfies TimelineView;
    expect(toMoments(timeline).map(({ text }) => text)).toEqual([
      'report   in-progress from voicedock: advanced',
      'report   ended-with-error assumed by the hub: advanced',
      'report   ended from voicedock: conflicting (Too late.)',
    ]);
  });
});
