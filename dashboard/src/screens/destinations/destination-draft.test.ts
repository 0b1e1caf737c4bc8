import { describe, expect, it } from 'vitest';

import {
  EMPTY_DRAFT,
  parseSchedule,
  toBody,
  toChange,
  toScheduleText,
  toTries,
  toWaitText,
} from './destination-draft.ts';

describe('the form of a destination', () => {
  it('sends the least there is: an address, and defaults for the rest', () => {
    expect(toBody({ ...EMPTY_DRAFT, url: ' https://example.com/hook ' })).toEqual({
      kind: 'body',
      body: {
        name: null,
        settings: { url: 'https://example.com/hook' },
        filter: {},
        order: 'strict',
        rate_per_second: null,
        retry_schedule_s: null,
      },
    });
  });

  it('sends headers that have a name, numbers by line or comma, and seconds as milliseconds', () => {
    const made = toBody({
      ...EMPTY_DRAFT,
      url: 'https://example.com',
      headers: [
        { name: 'Authorization', value: 'Bearer x' },
        { name: ' ', value: 'lost' },
      ],
      statuses: ['ended-with-error'],
      phoneNumbers: '+31851234567\n\n+31851234568, +31851234569',
      timeoutS: 2.5,
      retrySchedule: '5s, 1m',
    });
    expect(made).toMatchObject({
      kind: 'body',
      body: {
        settings: { headers: { Authorization: 'Bearer x' } },
        filter: {
          statuses: ['ended-with-error'],
          phone_numbers: ['+31851234567', '+31851234568', '+31851234569'],
        },
        timeout_ms: 2_500,
        retry_schedule_s: [5, 60],
      },
    });
  });

  it('names the field that cannot be read', () => {
    expect(toBody({ ...EMPTY_DRAFT, retrySchedule: 'soon' })).toMatchObject({
      kind: 'fault',
      field: 'retrySchedule',
    });
  });

  it.each([
    ['', null],
    ['5s, 30s, 2m, 1h, 1d', [5, 30, 120, 3_600, 86_400]],
    ['0.5s', [0.5]],
    ['5', undefined],
    ['5s,, 1m', [5, 60]],
    ['-5s', undefined],
  ])('reads the schedule %j as %j', (text, waits) => {
    expect(parseSchedule(text)).toEqual(waits);
  });

  it('writes a schedule as it reads it', () => {
    const waits = [5, 30, 120, 600, 1_800, 7_200, 18_000, 36_000, 86_400, 90];
    expect(parseSchedule(toScheduleText(waits))).toEqual(waits);
    expect(toWaitText(90)).toBe('90s');
  });

  it('sends of an edited one only what was changed, so that no mask is written over a number', () => {
    const before = { ...EMPTY_DRAFT, url: 'https://example.com', phoneNumbers: '+31 85 •••• 5037' };
    expect(toChange(before, { ...before, name: 'CRM' })).toEqual({ kind: 'body', body: { name: 'CRM' } });
    expect(toChange(before, before)).toEqual({ kind: 'body', body: {} });
  });

  it('adds the waits up', () => {
    expect(toTries([5, 30])).toEqual([
      { number: 1, waitS: 0, afterS: 0 },
      { number: 2, waitS: 5, afterS: 5 },
      { number: 3, waitS: 30, afterS: 35 },
    ]);
  });
});
