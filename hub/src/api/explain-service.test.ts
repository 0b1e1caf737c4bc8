import { describe, expect, it } from 'vitest';
import type { AttemptFacts } from './explain-attempt.ts';

import { EXPLAINED_CAUSES, explainAttempt } from './explain-attempt.ts';

const KINDS = ['slack', 'hubspot', 'salesforce', 'pipedrive', 'redis'] as const;

function explain(destinationKind: string | null, facts: Partial<AttemptFacts>) {
  return explainAttempt({
    status: null,
    cause: null,
    detail: null,
    ageMs: null,
    destinationState: null,
    destinationKind,
    ...facts,
  });
}

describe('an attempt at a service', () => {
  it.each(KINDS)('is never explained by a receiver that nobody wrote: %s', (kind) => {
    for (const cause of EXPLAINED_CAUSES) {
      const { title = '', hint = '' } = explain(kind, { cause, detail: 'something happened there' }) ?? {};
      expect([cause, title.length > 0, hint.length > 0]).toEqual([cause, true, true]);
      expect(`${title} ${hint}`).not.toMatch(/handler|webhook-id|signing secret/);
    }
    if (kind === 'redis') return;
    for (const status of [400, 401, 403, 404, 409, 410, 422, 429, 500, 502, 503]) {
      const { title = '', hint = '' } = explain(kind, { status }) ?? {};
      expect(title).toContain(String(status));
      expect(`${title} ${hint}`).not.toMatch(/handler|webhook-id|signing secret/);
    }
  });

  it('is explained in the words of its kind where these say what to do', () => {
    const detail = 'HubSpot does not take the access token (401): it was rotated or deleted; set the new one';
    expect(explain('hubspot', { cause: 'settings', detail })).toEqual({
      title: 'HubSpot does not take the access token (401)',
      hint: expect.stringMatching(/^It was rotated or deleted; set the new one\. /),
    });
    expect(
      explain('redis', {
        cause: 'refused',
        detail: 'Redis is out of memory and takes no writes: raise maxmemory, or free some',
      }),
    ).toEqual({
      title: 'Redis is out of memory and takes no writes',
      hint: expect.stringMatching(/^Raise maxmemory, or free some\. /),
    });
    expect(
      explain('redis', { cause: 'settings', detail: 'active_calls is no set: choose another set_name' }),
    ).toEqual({
      title: 'active_calls is no set',
      hint: expect.stringMatching(/^Choose another set_name\. /),
    });
    expect(
      explain('slack', { cause: 'refused', detail: 'Slack has trouble of its own (fatal_error)' }),
    ).toEqual({ title: 'Slack has trouble of its own (fatal_error)', hint: expect.any(String) });
  });

  it('is explained alike in a list, which does not know the cause', () => {
    for (const [kind, cause, detail] of [
      ['slack', 'settings', '#alerts is archived in Slack; bring it back or choose another'],
      ['slack', 'refused', 'Slack does not take the message (invalid_blocks)'],
      ['redis', 'refused', 'this Redis is a read-only replica: give the address of the primary'],
      ['redis', 'connect', 'connection refused by redis.example port 6379'],
      ['hubspot', 'protocol', 'HubSpot answered 200 with something other than its API describes'],
      ['salesforce', 'refused', 'Salesforce could not lock a row that somebody else was writing to'],
    ] as const) {
      const known = explain(kind, { cause, detail });
      expect(known).not.toBeNull();
      expect([detail, explain(kind, { cause: null, detail })]).toEqual([detail, known]);
    }
  });

  it('is a webhook where nobody knows its kind any more', () => {
    expect(explain(null, { status: 401 })).toEqual(explain('webhook', { status: 401 }));
    expect(explain('webhook', { status: 401 })?.hint).toContain('signing secret');
  });

  it('needs no explanation where nothing was tried', () => {
    for (const kind of KINDS) expect(explain(kind, {})).toBeNull();
  });
});
