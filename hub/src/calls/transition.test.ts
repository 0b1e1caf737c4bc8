import { describe, expect, it } from 'vitest';

import { CALL_STATES } from './call.ts';
import { isTerminal, REPORTED_STATUSES, toReportedStatus, TRANSITIONS } from './transition.ts';

/** Design section 5, written down a second time by hand; docs/call-states.md repeats it for people. */
const TRUTH: Record<string, Record<string, string>> = {
  none: {
    'in-progress': 'advanced live',
    ended: 'advanced ended',
    'ended-with-error': 'advanced failed',
    other: 'noted',
  },
  live: {
    'in-progress': 'repeated',
    ended: 'advanced ended',
    'ended-with-error': 'advanced failed',
    other: 'noted',
  },
  ended: { 'in-progress': 'late', ended: 'repeated', 'ended-with-error': 'conflicting', other: 'noted' },
  failed: { 'in-progress': 'late', ended: 'conflicting', 'ended-with-error': 'repeated', other: 'noted' },
};

describe('the table of call states', () => {
  const cells = CALL_STATES.flatMap((state) => REPORTED_STATUSES.map((status) => ({ state, status })));

  it.each(cells)('says what $status means for a call that is $state', ({ state, status }) => {
    const rule = TRANSITIONS[state][status];
    const said = rule.kind === 'advanced' ? `advanced ${rule.to}` : rule.kind;
    expect(said).toBe(TRUTH[state]?.[status]);
  });

  it('leads out of no terminal state', () => {
    for (const state of CALL_STATES.filter(isTerminal)) {
      for (const status of REPORTED_STATUSES) expect(TRANSITIONS[state][status].kind).not.toBe('advanced');
    }
  });

  it('takes every status it does not know as other, names that objects inherit included', () => {
    for (const status of ['ringing', 'transferred', 'ENDED', '', 'constructor', '__proto__', 'toString']) {
      expect(toReportedStatus(status)).toBe('other');
    }
  });
});
