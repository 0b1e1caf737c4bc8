import { describe, expect, it } from 'vitest';
import type { ErrorGroupView } from '../../data/types.ts';

import { parseFilter } from '../../../../hub/src/api/filter.ts';
import { toErrorSearch } from '../../../../hub/src/api/analytics-views.ts';
import { toErrorActions, toErrorTab, toGroupFilter, toHoursLabel, withState } from './error-groups.ts';

const GROUP: ErrorGroupView = {
  id: 'err_1',
  class: 'stt',
  fingerprint: 'STT connection failed',
  example: 'STT connection failed',
  search: 'STT connection failed',
  state: 'open',
  first_at: '2025-12-13T12:00:00.000Z',
  last_at: '2025-12-13T12:00:00.000Z',
  count: 1,
  last_call_id: 'c',
  hours: [],
};

describe('toGroupFilter', () => {
  it('asks for the calls of the group, whatever its text holds', () => {
    for (const text of ['STT connection failed', String.raw`it's "quoted" \ and , comma`, '']) {
      const parsed = parseFilter(toGroupFilter({ search: toErrorSearch(text) }));
      expect(parsed).toEqual({
        kind: 'filter',
        filter: { callStates: ['failed'], ...(text !== '' && { error: text }) },
      });
    }
  });
});

describe('error groups', () => {
  it('offer what leads to another state, and a way back from each', () => {
    expect(toErrorActions('open').map(({ label }) => label)).toEqual(['Acknowledge', 'Resolve', 'Mute']);
    for (const state of ['acknowledged', 'resolved', 'muted'] as const)
      expect(toErrorActions(state).some((action) => action.state === 'open')).toBe(true);
  });

  it('change where they stand', () => {
    expect(withState([GROUP, { ...GROUP, id: 'err_2' }], 'err_2', 'muted').map(({ state }) => state)).toEqual(
      ['open', 'muted'],
    );
  });

  it('are shown as those to look at unless the address says otherwise', () => {
    expect(toErrorTab(null).states).toEqual(['open', 'acknowledged']);
    expect(toErrorTab('nonsense').key).toBe('open');
    expect(toErrorTab('muted').states).toEqual(['muted']);
  });
});

describe('toHoursLabel', () => {
  it('says in words what the line shows', () => {
    expect(toHoursLabel([0, 0, 0])).toBe('No calls in the last 24 hours');
    expect(toHoursLabel([1, 5, 0])).toBe('6 calls in the last 24 hours, most an hour ago (5)');
    expect(toHoursLabel([0, 0, 1])).toBe('1 call in the last 24 hours, most this hour (1)');
  });
});
