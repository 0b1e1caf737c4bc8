/**
 * One try at a destination on request of a person: what its kind offers for that, else an attempt with the source
 * document's example. Nothing of it enters the journal but what the destination itself remembers (a token, say).
 */
import { toStatusUpdateBody } from '@offhook/contract/body';
import { STATUS_UPDATE_EVENT } from '@offhook/contract/headers';
import type { CallStatus } from '@offhook/contract/message';
import { createSecret } from '@offhook/contract/signature';

import type { DestinationTester } from './api/ground.ts';
import type { Clock } from './clock.ts';
import { continueTrace } from './delivery/trace-context.ts';
import type {
  AttemptResult,
  DestinationGround,
  DestinationKind,
  SigningSecrets,
} from './destinations/destination.ts';
import { makeId } from './journal/ids.ts';
import type { Destination } from './journal/destinations.ts';

interface Try {
  readonly kind: string;
  readonly settings: unknown;
  readonly ground: DestinationGround;
  readonly status: CallStatus;
  readonly deadlineMs: number;
  readonly secrets: SigningSecrets;
}

export function createDestinationTester(options: {
  readonly kinds: ReadonlyMap<string, DestinationKind>;
  readonly grounds: (
    destination: Pick<Destination, 'id' | 'accountId' | 'name' | 'filter'>,
  ) => DestinationGround;
  readonly clock: Clock;
  readonly random: () => number;
}): DestinationTester {
  const { kinds, grounds, clock, random } = options;

  /** People who try settings that cannot be used are told so, as an attempt would be. */
  async function attempt(request: Try): Promise<AttemptResult> {
    try {
      return await tryOnce(request);
    } catch (error) {
      return {
        kind: 'failed',
        cause: 'settings',
        detail: `it could not be tried: ${error instanceof Error ? error.message : String(error)}`,
        timing: { firstByteMs: null, totalMs: 0 },
      };
    }
  }

  async function tryOnce(request: Try): Promise<AttemptResult> {
    const { settings, ground, status, deadlineMs, secrets } = request;
    const kind = kinds.get(request.kind);
    if (kind === undefined) throw new Error(`There is no destination kind "${request.kind}".`);
    if (kind.test !== undefined) return kind.test(settings, ground, deadlineMs);
    const nowMs = clock.nowMs();
    const sender = kind.open(settings, ground);
    try {
      return await sender.attempt({
        eventId: makeId('evt'),
        eventType: STATUS_UPDATE_EVENT,
        sequence: status === 'in-progress' ? 1 : 2,
        attemptNumber: 1,
        body: makeExample(status, nowMs),
        nowMs,
        traceparent: continueTrace(null, random),
        deadlineMs,
        secrets,
      });
    } finally {
      await sender.close();
    }
  }

  return {
    test(destination, status) {
      const { kind, settings, timeoutMs, secret, previousSecret, previousSecretUntilMs } = destination;
      const overlaps = previousSecretUntilMs !== null && previousSecretUntilMs > clock.nowMs();
      return attempt({
        kind,
        settings,
        ground: grounds(destination),
        status,
        deadlineMs: timeoutMs,
        secrets: { current: secret, previous: overlaps ? previousSecret : null },
      });
    },
    tryKind({ kind, settings, accountId, status, timeoutMs }) {
      return attempt({
        kind,
        settings,
        ground: withoutMemory(grounds({ id: makeId('dst'), accountId, name: null, filter: {} })),
        status,
        deadlineMs: timeoutMs,
        secrets: { current: createSecret(), previous: null },
      });
    },
  };
}

/** A ground whose memory lasts as long as the try: there is no destination yet that it could belong to. */
function withoutMemory(ground: DestinationGround): DestinationGround {
  const remembered = new Map<string, string>();
  return {
    ...ground,
    memory: {
      read: async (keys) => keys.map((key) => remembered.get(key)),
      list: async (prefix, limit) =>
        [...remembered]
          .filter(([key]) => key.startsWith(prefix))
          .sort(([a], [b]) => (a < b ? -1 : 1))
          .slice(0, limit)
          .map(([key, value]) => ({ key, value })),
      async write(entries) {
        for (const { key, value } of entries) {
          if (value === null) remembered.delete(key);
          else remembered.set(key, value);
        }
      },
    },
  };
}

function makeExample(status: CallStatus, nowMs: number): Uint8Array {
  return toStatusUpdateBody({
    timestamp: new Date(nowMs).toISOString(),
    callId: '5c4d030f-43e3-4e65-899e-8148521e660f',
    type: 'inbound_phone_call',
    status,
    phoneNumber: { number: '+31850835037', name: 'HMS Sovereign Demo' },
    customer: { number: '+31612345678' },
    error: 'STT connection failed',
    endReason: null,
    assistant: null,
  });
}
