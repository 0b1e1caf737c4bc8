/** One attempt with the source document's example, on request of a person; nothing of it enters the journal. */
import { toStatusUpdateBody } from '@offhook/contract/body';
import type { CallStatus } from '@offhook/contract/message';

import type { DestinationTester } from './api/ground.ts';
import type { Clock } from './clock.ts';
import { continueTrace } from './delivery/trace-context.ts';
import type { DestinationKind } from './destinations/destination.ts';
import { makeId } from './journal/ids.ts';

export function createDestinationTester(options: {
  readonly kinds: ReadonlyMap<string, DestinationKind>;
  readonly clock: Clock;
  readonly random: () => number;
}): DestinationTester {
  const { kinds, clock, random } = options;
  return {
    async test(destination, status) {
      const kind = kinds.get(destination.kind);
      if (kind === undefined) throw new Error(`There is no destination kind "${destination.kind}".`);
      const nowMs = clock.nowMs();
      const { secret, previousSecret, previousSecretUntilMs } = destination;
      const sender = kind.open(destination.settings);
      try {
        return await sender.attempt({
          eventId: makeId('evt'),
          sequence: status === 'in-progress' ? 1 : 2,
          attemptNumber: 1,
          body: makeExample(status, nowMs),
          nowMs,
          traceparent: continueTrace(null, random),
          deadlineMs: destination.timeoutMs,
          secrets: {
            current: secret,
            previous: previousSecretUntilMs !== null && previousSecretUntilMs > nowMs ? previousSecret : null,
          },
        });
      } finally {
        await sender.close();
      }
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
