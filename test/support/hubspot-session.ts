/** The HubSpot kind, opened on a stand-in, with calls to deliver: what its tests begin with. */
import { toStatusUpdateBody } from '@offhook/contract/body';
import type { Assistant, CallStatus } from '@offhook/contract/message';
import { START_WAIT_MS } from '../../hub/src/destinations/crm/crm-sender.ts';
import type {
  AttemptRequest,
  AttemptResult,
  DestinationSender,
  KnownCall,
} from '../../hub/src/destinations/destination.ts';
import { createEgressGuard } from '../../hub/src/destinations/egress/address-rules.ts';
import { createResolver } from '../../hub/src/destinations/egress/resolver.ts';
import { createHubspotKind } from '../../hub/src/destinations/hubspot/hubspot.ts';
import { createKindOptions } from '../../hub/src/destinations/kind-options.ts';
import {
  createTestGround,
  makeKnownCall,
  type TestGround,
  type TestGroundOptions,
} from '../../hub/src/destinations/test-ground.ts';
import {
  STAND_IN_TOKEN,
  startHubspotStandIn,
  type HubspotStandIn,
  type HubspotStandInOptions,
} from './hubspot-stand-in.ts';

export const CALL_START_MS = Date.parse('2026-11-22T12:00:00Z');
export const CALL_END_MS = Date.parse('2026-11-22T12:05:00Z');
export const CUSTOMER_NUMBER = '+31612345678';

export interface HubspotSession {
  readonly standIn: HubspotStandIn;
  readonly ground: TestGround;
  readonly kind: ReturnType<typeof createHubspotKind>;
  readonly settings: Record<string, unknown>;
  /** The journal takes the status in, and the event is delivered once. */
  deliver(callId: string, status: CallStatus, over?: DeliverOver): Promise<AttemptResult>;
  /** The same event once more: a retry or a replay. */
  redeliver(callId: string, status: CallStatus, over?: DeliverOver): Promise<AttemptResult>;
  /** A new process on the same journal, or other settings. */
  reopen(settings?: Readonly<Record<string, unknown>>): Promise<void>;
  test(): Promise<AttemptResult>;
  close(): Promise<void>;
}

export interface DeliverOver extends Partial<Omit<KnownCall, 'callId'>> {
  readonly metadata?: Assistant['metadata'];
  readonly deadlineMs?: number;
  /** Another destination's, instead of the session's own. */
  readonly sender?: DestinationSender;
}

export interface HubspotSessionOptions {
  readonly standIn?: HubspotStandInOptions;
  readonly settings?: Readonly<Record<string, unknown>>;
  readonly ground?: TestGroundOptions;
}

export function createTestHubspotKind() {
  return createHubspotKind(
    createKindOptions({
      egress: createEgressGuard({ allow: [], allowLoopback: true }),
      resolver: createResolver(),
      userAgent: 'Offhook/test',
    }),
  );
}

export async function startHubspotSession(options: HubspotSessionOptions = {}): Promise<HubspotSession> {
  const standIn = await startHubspotStandIn(options.standIn);
  const ground = createTestGround(options.ground);
  const kind = createTestHubspotKind();
  let given: Record<string, unknown> = { token: STAND_IN_TOKEN, api_url: standIn.url, ...options.settings };
  let sender = kind.open(kind.settings.parse(given), ground);

  async function redeliver(
    callId: string,
    status: CallStatus,
    over: DeliverOver = {},
  ): Promise<AttemptResult> {
    return (over.sender ?? sender).attempt(toRequest(callId, status, ground.calls.get(callId), over));
  }

  return {
    standIn,
    ground,
    kind,
    get settings() {
      return given;
    },
    async deliver(callId, status, over = {}) {
      const { metadata: _, deadlineMs: __, sender: ___, ...facts } = over;
      ground.calls.set(callId, toCall(callId, status, ground.calls.get(callId), facts));
      return redeliver(callId, status, over);
    },
    redeliver,
    async reopen(settings = {}) {
      await sender.close();
      given = { ...given, ...settings };
      sender = kind.open(kind.settings.parse(given), ground);
    },
    test: async () => {
      if (kind.test === undefined) throw new Error('the kind has no test');
      return kind.test(kind.settings.parse(given), ground, 10_000);
    },
    async close() {
      await sender.close();
      await standIn.close();
    },
  };
}

function toCall(
  callId: string,
  status: CallStatus,
  before: KnownCall | undefined,
  over: Partial<KnownCall>,
): KnownCall {
  if (status === 'in-progress') {
    return { ...makeKnownCall({ callId, startedAtMs: CALL_START_MS, ...before }), ...over };
  }
  const startedAtMs = before?.startedAtMs ?? null;
  return {
    ...makeKnownCall({ callId }),
    ...before,
    state: status === 'ended' ? 'ended' : 'failed',
    isActive: false,
    startedAtMs,
    endedAtMs: CALL_END_MS,
    durationMs: startedAtMs === null ? null : CALL_END_MS - startedAtMs,
    error: status === 'ended' ? null : 'STT connection failed',
    ...over,
  };
}

function toRequest(
  callId: string,
  status: CallStatus,
  call: KnownCall | undefined,
  { metadata, deadlineMs }: DeliverOver,
): AttemptRequest {
  const body = toStatusUpdateBody({
    timestamp: new Date(status === 'in-progress' ? CALL_START_MS : CALL_END_MS).toISOString(),
    callId,
    type: call?.type ?? 'inbound_phone_call',
    status,
    phoneNumber: call?.phoneNumber ?? null,
    customer: call?.customer ?? { number: CUSTOMER_NUMBER },
    error: status === 'ended-with-error' ? 'STT connection failed' : null,
    endReason: null,
    assistant: metadata === undefined ? null : { id: 'assistant', metadata },
  });
  return {
    eventId: `evt_${callId}_${status}`,
    eventType: 'status-update',
    sequence: status === 'in-progress' ? 1 : 2,
    attemptNumber: 1,
    body,
    nowMs: CALL_END_MS,
    traceparent: '00-00000000000000000000000000000001-0000000000000001-01',
    deadlineMs: deadlineMs ?? 10_000,
    secrets: { current: 'whsec_test', previous: null },
  };
}

/**
 * Time that jumps to the next timer instead of passing, so that waits of seconds take none. It jumps over what is on
 * its way through a socket, too: those who count requests by time want the fast clock.
 */
export function createJumpingClock(): NonNullable<TestGroundOptions['clock']> {
  let now = 0;
  const timers: { readonly at: number; readonly callback: () => void }[] = [];
  const jump = (): void => {
    timers.sort((a, b) => a.at - b.at);
    const next = timers.shift();
    if (next === undefined) return;
    now = Math.max(now, next.at);
    next.callback();
  };
  return {
    // A start that nobody has reported by then is not waited for any longer.
    nowMs: () => CALL_END_MS + START_WAIT_MS + now,
    monotonicMs: () => now,
    setTimer(callback, delayMs) {
      const timer = { at: now + delayMs, callback };
      timers.push(timer);
      setImmediate(jump);
      return () => {
        const index = timers.indexOf(timer);
        if (index !== -1) timers.splice(index, 1);
      };
    },
  };
}

/**
 * Time that passes some `times` as fast, for those who have to see requests arrive one after the other. It is counted in
 * turns of this process's event loop: where the machine gives it none, none passes, so that a request takes as long by
 * this clock on a busy machine as on a quiet one.
 */
export function createFastClock(times: number): NonNullable<TestGroundOptions['clock']> {
  let now = 0;
  const timers = new Set<{ readonly at: number; readonly callback: () => void }>();
  setInterval(() => {
    now += TURN_MS * times;
    for (const timer of [...timers].toSorted((a, b) => a.at - b.at))
      if (timer.at <= now && timers.delete(timer)) timer.callback();
  }, TURN_MS).unref();
  return {
    monotonicMs: () => now,
    // As with the jumping one: a start that nobody has reported is not waited for.
    nowMs: () => CALL_END_MS + START_WAIT_MS + now,
    setTimer(callback, delayMs) {
      const timer = { at: now + delayMs, callback };
      timers.add(timer);
      return () => void timers.delete(timer);
    },
  };
}

const TURN_MS = 1;
