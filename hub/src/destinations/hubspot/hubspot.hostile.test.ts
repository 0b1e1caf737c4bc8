/** Answers that no HubSpot gives: each ends in a result within the deadline, and none is believed. */
import { afterEach, describe, expect, it } from 'vitest';
import { endedWithin } from '../../../../test/support/ended-within.ts';
import {
  CUSTOMER_NUMBER,
  startHubspotSession,
  type HubspotSession,
} from '../../../../test/support/hubspot-session.ts';
import type { StandInFault, StandInRequest } from '../../../../test/support/hubspot-stand-in.ts';

const sessions: HubspotSession[] = [];
afterEach(async () => {
  await Promise.all(sessions.splice(0).map((session) => session.close()));
});

const BODIES = {
  nothing: '',
  'an HTML page': '<html><body>502 Bad Gateway</body></html>',
  'half a JSON': '{"id":"123","properties":{',
  null: 'null',
  'a number': '42',
  'an id of another type': '{"id":{"$gt":""},"properties":{}}',
  'an id that is a path': '{"id":"../contacts/1","properties":{}}',
  'a list': '[{"id":"1"}]',
  'a prototype': '{"__proto__":{"id":"1"},"constructor":{}}',
  'too much': `{"id":"1","junk":"${'x'.repeat(400_000)}"}`,
} as const;

describe('an answer of 200 or 201 that holds', () => {
  for (const [name, body] of Object.entries(BODIES)) {
    it(`${name} is no created call: it is looked for, and there is one record in the end`, async () => {
      const { standIn, deliver, redeliver } = await start();
      await deliver('warm-up', 'ended');
      once(standIn, isCreate, { kind: 'answer', when: 'after', status: 201, body });
      const result = await deliver('call-1', 'ended');
      expect(result).toMatchObject({ kind: 'failed', cause: 'protocol' });
      expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });
      expect(standIn.countByCall().get('call-1')).toBe(1);
    });
  }

  it('nonsense instead of contacts is no contact', async () => {
    const { standIn, deliver, redeliver } = await start();
    const search = (request: StandInRequest) => request.path.endsWith('/search');
    for (const body of [
      ...Object.values(BODIES),
      '{"results":{}}',
      '{"results":[{"id":"1 OR 1","properties":{"phone":"+31612345678"}}]}',
      `{"results":[${Array.from({ length: 101 }, () => '{"id":"1","properties":{}}').join(',')}]}`,
    ]) {
      once(standIn, search, { kind: 'answer', when: 'before', status: 200, body });
      expect(await redeliverFirst()).toMatchObject({ kind: 'failed', cause: 'protocol' });
    }
    expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });

    function redeliverFirst() {
      return deliver('call-1', 'ended');
    }
  });

  it('nonsense instead of the account, the property or its group stops before a call is written', async () => {
    for (const part of ['/account-info/', '/calls/offhook_call_id', '/calls/hs_call_title']) {
      const { standIn, deliver, redeliver } = await start();
      for (const body of Object.values(BODIES)) {
        once(standIn, ({ path }) => path.includes(part), {
          kind: 'answer',
          when: 'before',
          status: 200,
          body,
        });
        expect(await deliver('call-1', 'ended')).toMatchObject({ kind: 'failed', cause: 'protocol' });
      }
      expect(standIn.records()).toHaveLength(0);
      expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });
    }
  });
});

describe('an answer that says no', () => {
  it('is kept as its codes and the names of fields, since HubSpot repeats values in its words', async () => {
    const { standIn, deliver } = await start();
    await deliver('warm-up', 'ended');
    const secret = '+31612345678 has the flu';
    const details = [
      { isValid: false, message: `${secret} is not valid`, error: 'INVALID_LONG', name: 'hs_call_duration' },
      { isValid: false, message: secret, error: secret, name: secret },
    ];
    for (const [status, body, kept] of [
      [502, `<html>${secret}</html>`, null],
      [500, secret.repeat(10_000), null],
      [418, BODIES.nothing, null],
      [
        402,
        JSON.stringify({ message: secret, category: 'PAYMENT_REQUIRED' }),
        { category: 'PAYMENT_REQUIRED' },
      ],
      [402, JSON.stringify({ message: secret, category: secret, subCategory: secret }), null],
      [
        403,
        JSON.stringify({
          category: 'VALIDATION_ERROR',
          message: `Property values were not valid: ${JSON.stringify(details)}`,
          errors: [
            { message: secret, code: 'BAD', in: 'hs_timestamp', context: { propertyName: ['hs_x', secret] } },
          ],
          context: { id: [secret] },
        }),
        {
          category: 'VALIDATION_ERROR',
          errors: ['BAD', 'INVALID_LONG'],
          fields: ['hs_timestamp', 'hs_x', 'hs_call_duration'],
        },
      ],
    ] as const) {
      once(standIn, isCreate, { kind: 'answer', when: 'before', status, body });
      const result = await deliver('call-1', 'ended');
      expect(result).toMatchObject({ kind: 'answered', status });
      if (result.kind !== 'answered') throw new Error('unreachable');
      const text = result.responseBody === null ? 'null' : Buffer.from(result.responseBody).toString();
      expect(JSON.parse(text)).toEqual(kept);
    }
  });

  it('keeps no word of HubSpot where it says 429, either', async () => {
    const { standIn, deliver } = await start();
    await deliver('warm-up', 'ended');
    const body = JSON.stringify({
      message: 'about +31612345678',
      policyName: 'DAILY',
      category: 'RATE_LIMITS',
    });
    once(standIn, isCreate, { kind: 'answer', when: 'before', status: 429, body });
    const result = await deliver('call-1', 'ended');
    expect(result).toMatchObject({ kind: 'answered', status: 429 });
    if (result.kind !== 'answered') throw new Error('unreachable');
    expect(JSON.parse(Buffer.from(result.responseBody ?? []).toString())).toEqual({
      category: 'RATE_LIMITS',
      policy: 'DAILY',
    });
  });

  it('is no redirect that would be followed', async () => {
    const { standIn, deliver } = await start();
    await deliver('warm-up', 'ended');
    for (const status of [301, 302, 307, 308]) {
      once(standIn, isCreate, {
        kind: 'answer',
        when: 'before',
        status,
        headers: { location: 'http://169.254.169.254/latest' },
      });
      expect(await deliver('call-1', 'ended')).toMatchObject({ kind: 'answered', status });
    }
  });

  it('names scopes only as scopes look', async () => {
    const { standIn, deliver } = await start();
    await deliver('warm-up', 'ended');
    const body = JSON.stringify({
      category: 'MISSING_SCOPES',
      errors: [{ context: { requiredGranularScopes: ['<b>call +31612345678</b>'] } }, 'x', null],
    });
    once(standIn, isCreate, { kind: 'answer', when: 'before', status: 403, body });
    const result = await deliver('call-1', 'ended');
    expect(result).toMatchObject({ kind: 'failed', cause: 'settings' });
    expect(result.kind === 'failed' && result.detail).toContain('crm.objects.contacts.write');
    expect(JSON.stringify(result)).not.toContain('<b>');
  });

  it('of 403 for another reason than scopes is told as it is', async () => {
    const { standIn, deliver } = await start();
    await deliver('warm-up', 'ended');
    const body = '{"category":"USER_DOES_NOT_HAVE_PERMISSIONS"}';
    once(standIn, isCreate, { kind: 'answer', when: 'before', status: 403, body });
    expect(await deliver('call-1', 'ended')).toMatchObject({ kind: 'answered', status: 403 });
  });

  it('asks for no longer than an hour', async () => {
    const { standIn, deliver } = await start();
    standIn.faults.decide = () => ({
      kind: 'answer',
      when: 'before',
      status: 429,
      headers: { 'retry-after': '999999999' },
    });
    expect(await deliver('call-1', 'ended')).toMatchObject({ status: 429, retryAfter: '3600' });
  });
});

describe('no answer', () => {
  it('ends the attempt within its deadline, and the call is one record in the end', async () => {
    const { standIn, deliver, redeliver } = await start();
    await deliver('warm-up', 'ended');
    once(standIn, isCreate, { kind: 'hang', when: 'after' });
    expect(await endedWithin(deliver('call-1', 'ended', { deadlineMs: 900 }), 1_500)).toMatchObject({
      kind: 'failed',
      cause: 'timeout',
    });
    expect(await redeliver('call-1', 'ended')).toMatchObject({ kind: 'done' });
    expect(standIn.countByCall().get('call-1')).toBe(1);
  });

  it('names nobody in what is said of it', async () => {
    const { standIn, deliver } = await start();
    standIn.faults.decide = () => ({ kind: 'cut', when: 'before' });
    const result = await deliver('call-1', 'ended');
    expect(result).toMatchObject({ kind: 'failed' });
    expect(JSON.stringify(result)).not.toContain(CUSTOMER_NUMBER);
  });
});

function isCreate({ method, path }: StandInRequest): boolean {
  return method === 'POST' && /\/objects\/[^/]+\/calls$/.test(path);
}

function once(
  standIn: HubspotSession['standIn'],
  matches: (request: StandInRequest) => boolean,
  fault: StandInFault,
): void {
  let isSpent = false;
  standIn.faults.decide = (request) => {
    if (isSpent || !matches(request)) return null;
    isSpent = true;
    return fault;
  };
}

async function start(): Promise<HubspotSession> {
  const session = await startHubspotSession({
    settings: { requests_per_10s: 250 },
    standIn: { requestsPer10s: 10_000, searchesPerSecond: 1_000 },
  });
  sessions.push(session);
  return session;
}
