/**
 * A simulated world of receivers behind the real DestinationKind interface. Each attempt draws its fate from
 * the seed; some fates accept the event and lose the answer, which is where duplicates must come from.
 */
import { z } from 'zod';
import type {
  AttemptRequest,
  AttemptResult,
  DestinationKind,
} from '../../hub/src/destinations/destination.ts';
import type { Random } from './random.ts';
import type { SimClock } from '../../test/support/sim-clock.ts';

/** What a receiver saw: its own log, independent of what the hub believes. */
export interface Receipt {
  readonly receiver: number;
  readonly eventId: string;
  readonly callId: string;
  readonly sequence: number;
  readonly attemptNumber: number;
  readonly atMs: number;
}

export interface Receiver {
  /** Share of attempts that go wrong. */
  faultiness: number;
  /** Refuses every attempt of these calls with 4xx. */
  readonly poisonCalls: Set<string>;
  /** Refuses the first event of every call with 4xx: the poison rule at its busiest. */
  refusesFirst: boolean;
  readonly latencyMsMax: number;
  /** Events it takes in one request; 1: no batches. */
  readonly batchEventsMax: number;
  down: boolean;
}

export interface SimNetwork {
  readonly kind: DestinationKind<{ receiver: number }>;
  readonly receivers: readonly Receiver[];
  readonly receipts: Receipt[];
  /** Everything works from here on. */
  heal(): void;
}

export function createSimNetwork(clock: SimClock, random: Random, receiverCount: number): SimNetwork {
  const receipts: Receipt[] = [];
  const receivers: Receiver[] = Array.from({ length: receiverCount }, () => ({
    faultiness: random.pick([0, 0.05, 0.3, 0.7]),
    poisonCalls: new Set<string>(),
    refusesFirst: random.chance(0.1),
    latencyMsMax: random.pick([50, 400, 5_000]),
    batchEventsMax: random.pick([1, 1, 4, 20]),
    down: false,
  }));

  function attempt(index: number, requests: readonly AttemptRequest[]): Promise<AttemptResult> {
    const receiver = receivers[index] as Receiver;
    const deadlineMs = requests[0]?.deadlineMs ?? 0;
    const events = requests.map(({ eventId, sequence, attemptNumber, body }) => {
      const { message } = JSON.parse(Buffer.from(body).toString()) as { message: { call: { id: string } } };
      return { receiver: index, eventId, callId: message.call.id, sequence, attemptNumber };
    });
    const accept = (): void => {
      for (const event of events) receipts.push({ ...event, atMs: clock.nowMs() });
    };
    const latencyMs = 1 + random.below(receiver.latencyMsMax);
    const answer = (
      status: number,
      more: { retryAfter?: string; abort?: boolean } = {},
    ): Promise<AttemptResult> =>
      after(latencyMs, () => ({
        kind: 'answered',
        status,
        retryAfter: more.retryAfter ?? null,
        abort: more.abort ?? false,
        responseBody: null,
        timing: { firstByteMs: latencyMs, totalMs: latencyMs },
      }));
    const fail = (
      cause: 'timeout' | 'reset' | 'connect' | 'dns' | 'tls',
      delayMs: number,
      meanwhile: () => void = () => {},
    ): Promise<AttemptResult> =>
      after(delayMs, () => {
        meanwhile();
        return {
          kind: 'failed',
          cause,
          detail: cause,
          timing: { firstByteMs: null, totalMs: delayMs },
        };
      });

    const putOff = (afterMs: number): Promise<AttemptResult> =>
      after(latencyMs, () => ({
        kind: 'later',
        afterMs,
        detail: 'not now',
        timing: { firstByteMs: null, totalMs: latencyMs },
      }));

    if (receiver.down) return fail('connect', 1);
    const hasPoison = events.some(
      ({ callId, sequence }) => receiver.poisonCalls.has(callId) || (receiver.refusesFirst && sequence === 1),
    );
    if (hasPoison) return answer(422);
    if (!random.chance(receiver.faultiness)) return after(0, accept).then(() => answer(200));
    switch (random.below(13)) {
      case 0:
        return fail('timeout', deadlineMs);
      case 1:
        return fail('timeout', deadlineMs, accept);
      case 2:
        return fail('reset', latencyMs);
      case 3:
        return fail('reset', latencyMs, accept);
      case 4:
        return fail('dns', latencyMs);
      case 5:
        return answer(random.pick([400, 401, 404, 422]));
      case 6:
        return answer(random.pick([500, 501]));
      case 7:
        return answer(random.pick([429, 503]), {
          retryAfter: random.pick(['0', '3', '90', '7200', '-1', 'soon', '1e99']),
        });
      case 8:
        return answer(random.pick([301, 302, 307]));
      case 9:
        return random.chance(0.1) ? answer(410) : answer(502);
      case 10:
        return random.chance(0.2) ? answer(500, { abort: true }) : answer(504);
      case 11:
        return putOff(random.pick([0, 1_000, 7_000, 90_000, 36_000_000]));
      default:
        return fail('tls', latencyMs);
    }
  }

  function after<Value>(delayMs: number, make: () => Value): Promise<Value> {
    return new Promise((resolve) => {
      clock.setTimer(() => resolve(make()), delayMs);
    });
  }

  return {
    receivers,
    receipts,
    kind: {
      kind: 'webhook',
      settings: z.object({ receiver: z.number() }),
      title: 'Simulated',
      summary: '',
      setup: [],
      defaults: {},
      signs: true,
      isEager: false,
      toPublicSettings: (settings) => ({ ...settings }),
      keepMasked: (_stored, given) => given,
      describeTarget: ({ receiver }) => `receiver ${receiver}`,
      toBatchRule({ receiver }) {
        const eventsMax = receivers[receiver]?.batchEventsMax ?? 1;
        return eventsMax === 1 ? null : { eventsMax, waitMs: 200, bytesMax: 256 * 1024 };
      },
      open: (settings) => ({
        attempt: (request) => attempt(settings.receiver, [request]),
        attemptBatch: (requests) => attempt(settings.receiver, requests),
        close: () => Promise.resolve(),
        abandon: () => {},
      }),
    },
    heal() {
      for (const receiver of receivers) {
        receiver.faultiness = 0;
        receiver.down = false;
        receiver.refusesFirst = false;
        receiver.poisonCalls.clear();
      }
    },
  };
}
