/** What the API needs of the other stages, stated here as interfaces; main.ts hands them in. */
import type { z } from 'zod';
import type { CallStatus } from '@offhook/contract/message';
import type { Clock } from '../clock.ts';
import type { KeyRing } from '../ingest/key-ring.ts';
import type { ReportObserver } from '../ingest/request-observer.ts';
import type { AccountId, DestinationId } from '../journal/ids.ts';
import type { DeliveryEntry } from '../journal/reader.ts';
import type { Destination, OrderPolicy } from '../journal/destinations.ts';
import type { Journal } from '../journal/journal.ts';
import type { BacklogReader } from './backlog.ts';
import type { KindNameReader } from './kind-names.ts';
import type { SessionRing } from './session-ring.ts';
import type { SuccessReader } from './destination-success.ts';

/** As destinations/destination.ts says it. */
export interface DestinationKindPort {
  readonly kind: string;
  readonly title: string;
  readonly summary: string;
  readonly setup: readonly string[];
  readonly settings: z.ZodType;
  readonly defaults: DestinationDefaults;
  readonly signs: boolean;
  toPublicSettings(settings: unknown): Record<string, unknown>;
  keepMasked(stored: unknown, given: unknown): unknown;
  describeTarget(settings: unknown): string;
  /** null: each event is a request of its own, as where it is missing. */
  toBatchRule?(settings: unknown): object | null;
  describeRequest?(settings: unknown, request: DescribedAttempt): DescribedRequest | null;
}

export interface DestinationDefaults {
  readonly filter?: {
    readonly statuses?: readonly string[];
    readonly operational_events?: readonly string[];
  };
  readonly order?: OrderPolicy;
  readonly concurrency?: number;
  readonly ratePerSecond?: number;
  readonly timeoutMs?: number;
}

/** What is known of an attempt that was made. */
export interface DescribedAttempt {
  readonly eventId: string;
  readonly eventType: string;
  readonly sequence: number;
  readonly attemptNumber: number;
  readonly body: Uint8Array;
  readonly nowMs: number;
  /** null: not kept. */
  readonly traceparent: string | null;
  /** null: they are no longer known. */
  readonly secrets: { readonly current: string; readonly previous: string | null } | null;
}

export interface DescribedRequest {
  readonly method: string;
  /** As people may see it. */
  readonly url: string;
  /** Name and value, in the order sent; what is secret is masked, and what is not known is "…". */
  readonly headers: readonly (readonly [string, string])[];
}

export interface DestinationKindsPort {
  get(kind: string): DestinationKindPort | null | undefined;
  readonly all: readonly DestinationKindPort[];
}

/** Nothing of what it does enters the journal. */
export interface DestinationTester {
  /** The kind's own test where it has one; otherwise the published example of this status, as a delivery sends it. */
  test(destination: Destination, status: CallStatus): Promise<TestResult>;
  /** The same with settings that nobody has saved; where the kind signs, with a secret that nobody knows. */
  tryKind(request: KindTry): Promise<TestResult>;
}

export interface KindTry {
  readonly accountId: AccountId;
  /** One of DestinationKindsPort. */
  readonly kind: string;
  /** As its schema parsed them. */
  readonly settings: unknown;
  readonly status: CallStatus;
  readonly timeoutMs: number;
}

/** As destinations/destination.ts says it. */
export type TestResult =
  | {
      readonly kind: 'done';
      readonly detail: string;
      readonly timing: TestTiming;
    }
  | {
      readonly kind: 'answered';
      readonly status: number;
      readonly responseBody: Uint8Array | null;
      readonly timing: TestTiming;
    }
  | {
      readonly kind: 'failed';
      readonly cause: string;
      readonly detail: string;
      readonly timing: TestTiming;
    }
  | {
      readonly kind: 'later';
      /** What it would wait for. */
      readonly detail: string;
      readonly timing: TestTiming;
    };

interface TestTiming {
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

export interface LaneReader {
  readLanes(): readonly Lane[];
}

/** live/metrics.ts satisfies it. */
export interface CountReader {
  readCounts(): {
    readonly streams: number;
    /** Reports refused at the doors since the start, by the code of their problem. */
    readonly refused: Readonly<Record<string, number>>;
  };
}

export interface Lane {
  readonly destinationId: DestinationId;
  readonly inFlight: number;
  readonly held: number;
  readonly breaker: 'closed' | 'open';
  /** Attempts it may have under way at once now. */
  readonly window: number;
}

export interface ApiGround {
  readonly journal: Journal;
  readonly clock: Clock;
  readonly settings: {
    readonly version: string;
    readonly staleAfterMs: number;
    readonly localProfile: boolean;
    readonly retentionDays: number;
    /** Seconds before each try after the first, where a destination has no schedule of its own. */
    readonly retryScheduleS: readonly number[];
  };
  /** Unix ms. */
  readonly startedAtMs: number;
  readonly destinationKinds: DestinationKindsPort;
  readonly tester: DestinationTester;
  readonly lanes: LaneReader;
  readonly backlog: BacklogReader;
  readonly kindNames: KindNameReader;
  readonly success: SuccessReader;
  readonly counts: CountReader;
  readonly reports: ReportObserver;
  readonly keyRing: KeyRing;
  readonly sessionRing: SessionRing;
  readonly forgetSource: (id: string) => void;
  /** For those who watch: a command changed or made a delivery. */
  readonly deliveryChanged: (delivery: DeliveryEntry) => void;
}
