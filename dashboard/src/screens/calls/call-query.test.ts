import { describe, expect, it } from 'vitest';

import { toApiQuery, toCallQuery, toCallState, toCallsHref, withCallState } from './call-query.ts';

describe('toCallQuery', () => {
  it('shows the last day unless the address says otherwise', () => {
    expect(toCallQuery(new URLSearchParams(''))).toEqual({ q: '', since: '24h', until: null });
  });

  it('takes "all" as no beginning, and an end alone as everything before it', () => {
    expect(toCallQuery(new URLSearchParams('since=all')).since).toBeNull();
    expect(toCallQuery(new URLSearchParams('until=2025-12-13T12:00:00Z')).since).toBeNull();
  });

  it('asks the API for no more than the address says', () => {
    expect(toApiQuery(toCallQuery(new URLSearchParams('q=type:web_call&since=all')))).toEqual({
      q: 'type:web_call',
      since: undefined,
      until: undefined,
    });
  });

  it('comes back from the address it is written as', () => {
    for (const one of [
      { q: '', since: '24h', until: null },
      { q: 'error:"a b" state:failed', since: null, until: null },
      { q: 'call:a+b', since: '2025-12-13T00:00:00Z', until: '2025-12-14T00:00:00Z' },
      { q: '', since: null, until: '2025-12-14T00:00:00Z' },
    ]) {
      expect(toCallQuery(new URL(toCallsHref(one), 'http://h').searchParams)).toEqual(one);
    }
  });
});

describe('toCallState', () => {
  it.each([
    ['', 'all'],
    ['type:web_call', 'all'],
    ['state:dead', 'all'],
    ['state:failed', 'failed'],
    ['STATE:Live duration:>5m', 'live'],
    ['state:failed,dead', 'failed'],
    ['state:live,ended', null],
    ['-state:live', null],
    ['nonsense', null],
  ] as const)('reads %j as %s', (q, state) => {
    expect(toCallState(q)).toBe(state);
  });
});

describe('withCallState', () => {
  it('puts one state in the place of the others and leaves everything else', () => {
    expect(withCallState('state:live error:"STT state:ended" -state:failed', 'ended')).toBe(
      'error:"STT state:ended" state:ended',
    );
    expect(withCallState('state:failed,dead', 'all')).toBe('state:dead');
    expect(withCallState('', 'live')).toBe('state:live');
  });

  it('asks for what it was told', () => {
    for (const state of ['all', 'none', 'live', 'ended', 'failed'] as const)
      expect(toCallState(withCallState('-state:live state:ended type:web_call', state))).toBe(state);
  });
});
