/** What the API needs of the other stages, stated here as interfaces; main.ts hands them in. */
import type { z } from 'zod';
import type { CallStatus } from '@offhook/contract/message';
import type { Clock } from '../clock.ts';
import type { KeyRing } from '../ingest/key-ring.ts';
import type { DestinationId } from '../journal/ids.ts';
import type { Destination, Journal } from '../journal/journal.ts';
import type { BacklogReader } from './backlog.ts';

export interface DestinationKindPort {
  readonly kind: string;
  readonly settings: z.ZodType;
  toPublicSettings(settings: unknown): Record<string, unknown>;
}

export interface DestinationKindsPort {
  get(kind: string): DestinationKindPort | null | undefined;
  readonly all: readonly DestinationKindPort[];
}

export interface DestinationTester {
  /** Sends the published example of this status to the destination, signed; nothing of it enters the journal. */
  test(destination: Destination, status: CallStatus): Promise<TestResult>;
}

/** As destinations/destination.ts says it. */
export type TestResult =
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
    };

interface TestTiming {
  readonly firstByteMs: number | null;
  readonly totalMs: number;
}

export interface LaneReader {
  readLanes(): readonly Lane[];
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
  };
  readonly destinationKinds: DestinationKindsPort;
  readonly tester: DestinationTester;
  readonly lanes: LaneReader;
  readonly backlog: BacklogReader;
  readonly keyRing: KeyRing;
  readonly forgetSource: (id: string) => void;
}
