import { describe, expect, it } from 'vitest';

import { toLastWords, toNextWords } from './deliveries.ts';

describe('a listed delivery', () => {
  it('says what its last try met, and of a dead one that it was given up', () => {
    const detail = 'connection refused by 127.0.0.1 port 9';
    for (const [state, reason, status, words] of [
      ['dead', 'exhausted', null, `gave up: ${detail}`],
      ['dead', 'exhausted', 500, `[500] gave up: ${detail}`],
      ['pending', 'It waits for its next try.', null, detail],
      ['delivered', null, 200, `[200] ${detail}`],
      ['cancelled', 'cancelled by hand', null, 'cancelled by hand'],
    ] as const) {
      const delivery = { state, state_reason: reason, last_status: status, last_detail: detail };
      expect([state, toLastWords(delivery)]).toEqual([state, words]);
    }
    const silent = {
      state: 'dead',
      state_reason: 'exhausted',
      last_status: null,
      last_detail: null,
    } as const;
    expect(toLastWords(silent)).toBe('exhausted');
  });

  it('says no time of its next try while its destination takes nothing', () => {
    const due = { state: 'pending', due_at: '2026-11-22T12:00:00.000Z' } as const;
    expect(toNextWords({ ...due, state_reason: 'Its destination is paused.' })).toBe('paused: when resumed');
    expect(toNextWords({ ...due, state_reason: 'Its destination is disabled.' })).toBe(
      'disabled: when resumed',
    );
    expect(toNextWords({ ...due, state_reason: 'It waits for its next try.' })).toBe(due.due_at);
    expect(toNextWords({ ...due, state_reason: null, due_at: null })).toBeNull();
  });
});
