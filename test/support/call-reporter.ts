/** Calls as senders of CRM kinds meet them in tests: known to the journal, and told by an event. */
import type { AttemptRequest, KnownCall } from '../../hub/src/destinations/destination.ts';
import { makeKnownCall, type TestGround } from '../../hub/src/destinations/test-ground.ts';

export const STARTED_MS = Date.parse('2026-11-22T23:30:00.000Z');

/** Puts a call into a test's journal and makes the request of its event. */
export function createReporter(ground: TestGround) {
  const report = (call: KnownCall, metadata?: Record<string, string>): AttemptRequest => {
    ground.calls.set(call.callId, call);
    return toRequest(call, metadata);
  };
  return {
    begin: (over: Partial<KnownCall> & { readonly callId: string }, metadata?: Record<string, string>) =>
      report(makeKnownCall({ startedAtMs: STARTED_MS, ...over }), metadata),
    end: (over: Partial<KnownCall> & { readonly callId: string }, metadata?: Record<string, string>) =>
      report(
        makeKnownCall({
          state: 'ended',
          startedAtMs: STARTED_MS,
          endedAtMs: STARTED_MS + 60_000,
          durationMs: 60_000,
          ...over,
        }),
        metadata,
      ),
  };
}

function toRequest(call: KnownCall, metadata?: Record<string, string>): AttemptRequest {
  const status =
    call.state === 'live' ? 'in-progress' : call.state === 'ended' ? 'ended' : 'ended-with-error';
  const message = {
    type: 'status-update',
    timestamp: '2026-11-22T23:31:00.000Z',
    call: { id: call.callId, type: call.type, status },
    phone_number: call.phoneNumber,
    customer: call.customer,
    ...(metadata !== undefined && { assistant: { metadata } }),
  };
  return {
    eventId: 'evt_1',
    eventType: 'status-update',
    sequence: 1,
    attemptNumber: 1,
    body: Buffer.from(JSON.stringify({ message })),
    nowMs: Date.now(),
    traceparent: '00-00-00-00',
    deadlineMs: 5_000,
    secrets: { current: '', previous: null },
  };
}
