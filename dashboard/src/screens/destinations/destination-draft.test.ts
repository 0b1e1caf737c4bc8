import { describe, expect, it } from 'vitest';

import {
  parseSchedule,
  toBody,
  toChange,
  toNewDraft,
  toScheduleText,
  toTries,
  toWaitText,
} from './destination-draft.ts';
import { toFields } from './settings-schema.ts';

const FIELDS = toFields({
  properties: {
    url: { type: 'string' },
    headers: { type: 'object' },
    batch: { type: 'integer', default: 1 },
  },
  required: ['url'],
});
const DEFAULTS = {
  filter: {},
  order: 'strict',
  concurrency: 32,
  rate_per_second: null,
  timeout_ms: 15_000,
} as const;
const EMPTY_DRAFT = toNewDraft({ defaults: DEFAULTS }, FIELDS);
const settings = (given: Readonly<Record<string, string>>) => ({ ...EMPTY_DRAFT.settings, ...given });

describe('the form of a destination', () => {
  it('sends the least there is: an address, and defaults for the rest', () => {
    expect(
      toBody({ ...EMPTY_DRAFT, settings: settings({ url: ' https://example.com/hook ' }) }, FIELDS),
    ).toEqual({
      kind: 'body',
      body: {
        name: null,
        settings: { url: 'https://example.com/hook', batch: 1 },
        filter: {},
        order: 'strict',
        rate_per_second: null,
        retry_schedule_s: null,
      },
    });
  });

  it('sends settings as they were given, numbers by line or comma, and seconds as milliseconds', () => {
    const made = toBody(
      {
        ...EMPTY_DRAFT,
        settings: {
          ...settings({ url: 'https://example.com' }),
          headers: [{ name: 'X-Team', value: 'north' }],
        },
        statuses: ['ended-with-error'],
        operationalEvents: ['source.silent'],
        phoneNumbers: '+31851234567\n\n+31851234568, +31851234569',
        timeoutS: 2.5,
        retrySchedule: '5s, 1m',
      },
      FIELDS,
    );
    expect(made).toMatchObject({
      kind: 'body',
      body: {
        settings: { headers: { 'X-Team': 'north' } },
        filter: {
          statuses: ['ended-with-error'],
          operational_events: ['source.silent'],
          phone_numbers: ['+31851234567', '+31851234568', '+31851234569'],
        },
        timeout_ms: 2_500,
        retry_schedule_s: [5, 60],
      },
    });
  });

  it('leaves a destination of operational events alone one, until somebody chooses among calls', () => {
    const alone = { ...EMPTY_DRAFT, calls: false, operationalEvents: ['call.stale'] };
    const toFilter = (draft: typeof alone) => {
      const made = toBody(draft, FIELDS);
      return made.kind === 'body' ? made.body['filter'] : made;
    };
    expect(toFilter(alone)).toEqual({ calls: false, operational_events: ['call.stale'] });
    expect(toFilter({ ...alone, statuses: ['ended'] })).toEqual({
      statuses: ['ended'],
      operational_events: ['call.stale'],
    });
    expect(toFilter({ ...alone, operationalEvents: [] })).toEqual({});
  });

  it('names the field that cannot be read', () => {
    expect(toBody({ ...EMPTY_DRAFT, retrySchedule: 'soon' }, FIELDS)).toMatchObject({
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
    const before = {
      ...EMPTY_DRAFT,
      settings: settings({ url: 'https://example.com' }),
      phoneNumbers: '+31 85 •••• 5037',
    };
    expect(toChange(before, { ...before, name: 'CRM' }, FIELDS)).toEqual({
      kind: 'body',
      body: { name: 'CRM' },
    });
    expect(toChange(before, before, FIELDS)).toEqual({ kind: 'body', body: {} });
  });

  it('begins with what its kind is for, and says so', () => {
    const draft = toNewDraft(
      {
        defaults: {
          ...DEFAULTS,
          filter: { statuses: ['ended-with-error'], operational_events: ['delivery.dead'] },
          order: 'latest',
          rate_per_second: 1,
        },
      },
      FIELDS,
    );
    expect(toBody(draft, FIELDS)).toMatchObject({
      body: {
        filter: { statuses: ['ended-with-error'], operational_events: ['delivery.dead'] },
        order: 'latest',
        rate_per_second: 1,
      },
    });
  });

  it('adds the waits up', () => {
    expect(toTries([5, 30])).toEqual([
      { number: 1, waitS: 0, afterS: 0 },
      { number: 2, waitS: 5, afterS: 5 },
      { number: 3, waitS: 30, afterS: 35 },
    ]);
  });
});
