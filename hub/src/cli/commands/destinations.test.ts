import { describe, expect, it } from 'vitest';

import { mergeFilter, toRetrySchedule } from './destinations.ts';

describe('a changed filter', () => {
  const stored = { statuses: ['ended'], phone_numbers: ['+31850835037'] };

  it('keeps what is not given', () => {
    expect(mergeFilter(stored, { operational_events: ['delivery.dead'] })).toEqual({
      ...stored,
      operational_events: ['delivery.dead'],
    });
    expect(mergeFilter(stored, { statuses: [] })).toEqual({ ...stored, statuses: [] });
  });

  it('without events of calls has nothing left of what chose among them', () => {
    const given = { calls: false, operational_events: ['delivery.dead' as const] };
    expect(mergeFilter(stored, given)).toEqual(given);
    expect(mergeFilter(given, { calls: true, statuses: ['ended'] })).toEqual({
      calls: true,
      operational_events: ['delivery.dead'],
      statuses: ['ended'],
    });
  });

  it('that says two things is left to the hub to refuse', () => {
    expect(mergeFilter({}, { calls: false, statuses: ['ended'] })).toEqual({
      calls: false,
      statuses: ['ended'],
    });
  });
});

describe('a retry schedule', () => {
  it('is durations with commas, or the default', () => {
    expect(toRetrySchedule('500ms, 5s,1m,2h')).toEqual([0.5, 5, 60, 7_200]);
    expect(toRetrySchedule('default')).toBeNull();
    for (const wrong of ['', '5', '5s,,1m', '8d', 'soon']) {
      expect(() => toRetrySchedule(wrong)).toThrow(/--retry-schedule must be/);
    }
  });
});
