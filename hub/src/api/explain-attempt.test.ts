import { describe, expect, it } from 'vitest';
import type { AttemptFacts } from './explain-attempt.ts';

import { EXPLAINED_CAUSES, explainAttempt } from './explain-attempt.ts';

function explain(facts: Partial<AttemptFacts>): ReturnType<typeof explainAttempt> {
  return explainAttempt({
    status: null,
    cause: null,
    detail: null,
    ageMs: null,
    destinationState: null,
    destinationKind: null,
    ...facts,
  });
}

describe('the explanation of an attempt', () => {
  it('is there for every status but 2xx, and never the same words for different mistakes', () => {
    for (let status = 100; status < 1_000; status += 1) {
      const explanation = explain({ status, detail: `answered ${status}` });
      if (status >= 200 && status < 300) expect([status, explanation]).toEqual([status, null]);
      else expect([status, explanation?.title.startsWith(String(status))]).toEqual([status, true]);
      expect(explanation?.hint).not.toBe('');
    }
    expect(explain({})).toBeNull();
  });

  it.each([
    [301, /moved/, /new address/],
    [307, /redirects/, /new address/],
    [400, /cannot read/, /body/],
    [401, /refuses the signature or credentials/, /Was the secret rotated\?/],
    [403, /refuses the signature or credentials/, /Was the secret rotated\?/],
    [404, /nothing is at this path/, /URL/],
    [405, /no POST/, /path/],
    [410, /no more events/, /resume/],
    [413, /too large/, /limit/],
    [415, /content type/, /application\/json/],
    [422, /refuses/, /validation/],
    [429, /fewer requests/, /Retry-After/],
    [500, /failed/, /log/],
    [502, /proxy/, /behind/],
    [503, /not available/, /Retry-After/],
    [504, /in time/, /200 at once/],
  ])('of %i says what to do', (status, title, hint) => {
    const explanation = explain({ status, detail: `answered ${status}` });
    expect(explanation?.title).toMatch(title);
    expect(explanation?.hint).toMatch(hint);
  });

  it('is there for every cause, known or new, with any detail', () => {
    for (const cause of [...EXPLAINED_CAUSES, 'something new']) {
      for (const detail of ['', 'whatever it was', null]) {
        const explanation = explain({ cause, detail });
        expect([cause, explanation === null || explanation.title === '']).toEqual([cause, false]);
      }
    }
  });

  it.each([
    ['tls', 'certificate expired on 2026-01-01', 'Certificate expired on 2026-01-01'],
    ['tls', 'certificate is self-signed, so nobody vouches for it', 'Certificate is self-signed'],
    ['tls', 'certificate is not for a.example, it names DNS:b.example', 'Certificate is for another name'],
    ['dns', 'DNS name not found: crm.example', 'The host name does not exist'],
    ['connect', 'connection refused: nothing listens on port 1 of localhost', 'Nothing listens there'],
    ['timeout', 'the server did not answer within 15 s', 'The receiver did not answer in time'],
    [
      'timeout',
      'no connection to a.example was made within 15 s',
      'The receiver could not be reached in time',
    ],
  ])('of %s reads our own sentence: %s', (cause, detail, title) => {
    expect(explain({ cause, detail })?.title).toBe(title);
    // A list keeps the sentence only.
    expect(explain({ cause: null, detail })?.title).toBe(title);
  });

  it('minds how old it is and how the destination stands', () => {
    const old = { status: 500, ageMs: 3 * 86_400_000 } as const;
    expect(explain({ ...old, destinationState: 'enabled' })?.hint).toMatch(/3 days old/);
    expect(explain({ status: 500, ageMs: 1_000 })?.hint).not.toMatch(/old/);
    expect(explain({ ...old, destinationState: 'paused' })?.hint).toMatch(/is paused/);
    expect(explain({ ...old, destinationState: 'disabled' })?.hint).toMatch(/resume it/);
    expect(explain({ ...old, destinationState: 'deleted' })?.hint).toMatch(/deleted since/);
    expect(explain({ status: 200, destinationState: 'disabled' })).toBeNull();
  });

  it('tells an answer that asked for no further tries from a plain one', () => {
    const detail = 'answered 400 and asked for no further tries (webhook-delivery: abort-message)';
    expect(explain({ status: 400, detail })?.title).toMatch(/no further tries/);
  });
});
