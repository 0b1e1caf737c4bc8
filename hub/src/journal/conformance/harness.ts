/** What a store gives the suite, and the small words the tests are written in. */
import type { Clock } from '../../clock.ts';
import type { CallReport } from '../../calls/report.ts';
import type { AccountId, DestinationId } from '../ids.ts';
import type { AcceptedReport, IncomingReport } from '../reports.ts';
import type { Actor } from '../actor.ts';
import type { AttemptRecord, ClaimedDelivery, RecordedAttempt } from '../deliveries.ts';
import type { DeliveryEntry } from '../reader.ts';
import type { Destination, NewDestination } from '../destinations.ts';
import type { Journal } from '../journal.ts';
import type { PageRequest } from '../page.ts';

export interface Harness {
  readonly journal: Journal;
  readonly clock: TestClock;
  /** Ends the process as kill -9 would and opens what is left; null where the store does not outlive it. */
  readonly crash: (() => Promise<Journal>) | null;
  /** Every byte the store keeps; null where it keeps none. */
  readonly readDisk: (() => Uint8Array) | null;
  close(): Promise<void>;
}

export type OpenHarness = () => Promise<Harness>;

/** Stands still until it is moved; timers are real, since they only ask for company. */
export class TestClock implements Clock {
  #ms = 0;

  nowMs(): number {
    return 1_795_000_000_000 + this.#ms;
  }

  monotonicMs(): number {
    return this.#ms;
  }

  setTimer(callback: () => void, delayMs: number): () => void {
    const timer = setTimeout(callback, delayMs);
    return () => clearTimeout(timer);
  }

  advance(ms: number): void {
    this.#ms += ms;
  }
}

export const KEY_ACTOR: Actor = { kind: 'key', id: 'key_TEST' };
export const FIRST_PAGE: PageRequest = { limit: 100, cursor: null };
export const LEASE_MS = 15_000;

export function toReport(callId: string, status: string, more: Partial<CallReport> = {}): CallReport {
  return {
    callId,
    status,
    occurredAtMs: null,
    type: 'inbound_phone_call',
    phoneNumber: { number: '+31850000001', name: 'Front desk' },
    customer: { number: '+31612345678' },
    error: null,
    endReason: null,
    assistant: null,
    unknownFields: null,
    ...more,
  };
}

export function toIncoming(report: CallReport, more: Partial<IncomingReport> = {}): IncomingReport {
  return {
    accountId: 'default',
    sourceId: 'api',
    report,
    traceparent: null,
    phoneNumberE164: toE164(report.phoneNumber?.number),
    customerE164: toE164(report.customer?.number),
    ...more,
  };
}

function toE164(number: string | null | undefined): string | null {
  return typeof number === 'string' && /^\+\d+$/.test(number) ? number : null;
}

export async function accept(
  journal: Journal,
  callId: string,
  status: string,
  more: Partial<CallReport> = {},
  around: Partial<IncomingReport> = {},
): Promise<AcceptedReport> {
  const [accepted] = await journal.acceptReports([toIncoming(toReport(callId, status, more), around)]);
  return accepted as AcceptedReport;
}

export function createDestination(
  journal: Journal,
  more: Partial<NewDestination> = {},
): Promise<Destination> {
  return journal.createDestination(
    {
      accountId: 'default',
      kind: 'webhook',
      name: null,
      settings: { url: 'https://example.com/hook' },
      filter: {},
      order: 'strict',
      concurrency: 32,
      ratePerSecond: null,
      retryScheduleS: null,
      timeoutMs: 15_000,
      secret: 'whsec_c2VjcmV0',
      ...more,
    },
    KEY_ACTOR,
  );
}

export function claim(
  { journal, clock }: Pick<Harness, 'journal' | 'clock'>,
  destinationId: DestinationId,
  limit = 100,
  nodeId = 'node-a',
): Promise<readonly ClaimedDelivery[]> {
  const lanes = [{ destinationId, limit }];
  return journal.claimDeliveries({ nodeId, leaseMs: LEASE_MS, nowMs: clock.nowMs(), lanes });
}

export async function claimOne(
  harness: Pick<Harness, 'journal' | 'clock'>,
  destinationId: DestinationId,
): Promise<ClaimedDelivery> {
  const [claimed] = await claim(harness, destinationId, 1);
  if (claimed === undefined) throw new Error('Nothing was due.');
  return claimed;
}

export function toRecord(
  { row, token, attempts }: ClaimedDelivery,
  more: Partial<AttemptRecord> = {},
): AttemptRecord {
  return {
    deliveryRow: row,
    token,
    number: attempts + 1,
    startedAtMs: 1_795_000_000_000,
    durationMs: 12.5,
    firstByteMs: 10.25,
    status: 200,
    cause: null,
    detail: null,
    responseBody: null,
    outcome: 'delivered',
    nextDueAtMs: null,
    deadReason: null,
    rejected: false,
    releasesNext: false,
    ...more,
  };
}

export async function record(
  journal: Journal,
  claimed: ClaimedDelivery,
  more: Partial<AttemptRecord> = {},
): Promise<RecordedAttempt> {
  const [recorded] = await journal.recordAttempts([toRecord(claimed, more)]);
  return recorded as RecordedAttempt;
}

/** A failed attempt that is tried again after a delay. */
export function retryIn(clock: TestClock, delayMs: number): Partial<AttemptRecord> {
  return {
    outcome: 'retry',
    status: 500,
    detail: 'It answered 500.',
    responseBody: Buffer.from('oh no'),
    nextDueAtMs: clock.nowMs() + delayMs,
  };
}

export const DEAD: Partial<AttemptRecord> = {
  outcome: 'dead',
  status: null,
  cause: 'timeout',
  detail: 'No answer within 15 s.',
  deadReason: 'exhausted',
};

/** All deliveries, oldest first. */
export async function listDeliveries(
  journal: Journal,
  accountId: AccountId = 'default',
): Promise<readonly DeliveryEntry[]> {
  const page = await journal.listDeliveries(accountId, {}, { limit: 200, cursor: null });
  return page.items.toReversed();
}

export async function readStates(journal: Journal): Promise<readonly string[]> {
  const deliveries = await listDeliveries(journal);
  return deliveries.map((delivery) => `${delivery.callId}#${delivery.sequence} ${delivery.state}`);
}
