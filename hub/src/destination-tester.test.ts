/** Tries on request of a person: what is sent, on what ground, and that a try leaves nothing behind. */
import { describe, expect, it } from 'vitest';
import { z } from 'zod';
import { systemClock } from './clock.ts';
import { createDestinationTester } from './destination-tester.ts';
import type {
  AttemptRequest,
  AttemptResult,
  DestinationGround,
  DestinationKind,
} from './destinations/destination.ts';
import { createTestGround } from './destinations/test-ground.ts';
import type { Destination } from './journal/destinations.ts';

const timing = { firstByteMs: null, totalMs: 1 };
const DONE: AttemptResult = { kind: 'done', detail: 'Acme B.V. (4711)', timing };
const SECRET = 'whsec_MDEyMzQ1Njc4OTAxMjM0NTY3ODkwMTIzNDU2Nzg5MDE=';

describe('a try of a destination', () => {
  it("sends the source document's example where its kind has no test of its own, and closes what it opened", async () => {
    const { tester, sent, story } = create();
    expect(await tester.test(makeDestination(), 'ended-with-error')).toEqual(DONE);
    expect(sent[0]).toMatchObject({
      eventType: 'status-update',
      sequence: 2,
      attemptNumber: 1,
      deadlineMs: 7_000,
      secrets: { current: SECRET, previous: null },
    });
    const { message } = JSON.parse(Buffer.from(sent[0]?.body ?? []).toString()) as { message: object };
    expect(message).toMatchObject({ type: 'status-update', error: 'STT connection failed' });
    expect(story).toEqual(['open dst_1', 'close']);
  });

  it("asks the kind's own test instead, with the destination's ground and deadline", async () => {
    const asked: unknown[] = [];
    const { tester, sent } = create({
      async test(settings, ground, deadlineMs) {
        asked.push([settings, ground.destinationId, deadlineMs]);
        return DONE;
      },
    });
    expect(await tester.test(makeDestination(), 'ended')).toEqual(DONE);
    expect(asked).toEqual([[{ url: 'x' }, 'dst_1', 7_000]]);
    expect(sent).toEqual([]);
  });

  it('works before there is a destination, and what is remembered meanwhile is forgotten', async () => {
    const { tester, ground } = create({
      async test(_settings, given) {
        expect(given.accountId).toBe('acc_1');
        await given.memory.write([{ key: 'token', value: 's3cret' }]);
        expect(await given.memory.read(['token', 'x'])).toEqual(['s3cret', undefined]);
        expect(await given.memory.list('to', 5)).toEqual([{ key: 'token', value: 's3cret' }]);
        await given.memory.write([{ key: 'token', value: null }]);
        expect(await given.memory.read(['token'])).toEqual([undefined]);
        return DONE;
      },
    });
    const request = { kind: 'webhook', settings: { url: 'x' }, status: 'ended', timeoutMs: 3_000 } as const;
    expect(await tester.tryKind({ ...request, accountId: 'acc_1' })).toEqual(DONE);
    expect(ground.remembered.size).toBe(0);
  });

  it('says what kept it from being tried', async () => {
    const { tester } = create({
      open() {
        throw new Error('no such cluster');
      },
    });
    expect(await tester.test(makeDestination(), 'ended')).toMatchObject({
      kind: 'failed',
      cause: 'settings',
      detail: 'it could not be tried: no such cluster',
    });
    expect(await tester.test(makeDestination({ kind: 'fax' }), 'ended')).toMatchObject({ kind: 'failed' });
  });
});

function create(over: Partial<DestinationKind> = {}) {
  const sent: AttemptRequest[] = [];
  const story: string[] = [];
  const ground = createTestGround();
  const kind: DestinationKind = {
    kind: 'webhook',
    title: 'Test',
    summary: '',
    setup: [],
    settings: z.unknown(),
    defaults: {},
    signs: true,
    isEager: false,
    toPublicSettings: () => ({}),
    keepMasked: (_stored, given) => given,
    describeTarget: () => '',
    open(_settings, { destinationId }) {
      story.push(`open ${destinationId}`);
      return {
        async attempt(request) {
          sent.push(request);
          return DONE;
        },
        close: async () => void story.push('close'),
        abandon: () => {},
      };
    },
    ...over,
  };
  const tester = createDestinationTester({
    kinds: new Map([['webhook', kind]]),
    grounds: ({ id, accountId }): DestinationGround => ({ ...ground, destinationId: id, accountId }),
    clock: systemClock,
    random: Math.random,
  });
  return { tester, sent, story, ground };
}

function makeDestination(change: Partial<Destination> = {}): Destination {
  return {
    id: 'dst_1',
    accountId: 'default',
    kind: 'webhook',
    name: null,
    settings: { url: 'x' },
    filter: {},
    order: 'strict',
    state: 'enabled',
    stateReason: null,
    concurrency: 32,
    ratePerSecond: null,
    retryScheduleS: null,
    timeoutMs: 7_000,
    secret: SECRET,
    previousSecret: 'whsec_old',
    previousSecretUntilMs: 1,
    failingSinceMs: null,
    createdAtMs: 0,
    updatedAtMs: 0,
    ...change,
  };
}
