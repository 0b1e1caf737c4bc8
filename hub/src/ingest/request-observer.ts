/** What the doors and the API tell about themselves: main.ts turns it into one wide log line per request. */
import type { CallState, ReportOutcome } from '../calls/call.ts';
import type { AccountId, KeyId, SourceId } from '../journal/ids.ts';
import type { ApiKey, Scope, Session } from '../journal/accounts.ts';
import type { ProblemCode } from './problem.ts';

export interface RequestObserver {
  /** Once per finished request; health checks and /metrics are left out. */
  answered(request: AnsweredRequest): void;
  /** Something broke inside that the caller is told nothing about. */
  troubled(detail: string, error: unknown): void;
}

/** Safe in log lines: no key, no secret, no body; numbers inside call ids are masked. */
export interface AnsweredRequest {
  readonly requestId: string;
  readonly method: string;
  /** The pattern, never the path: `/v1/calls/:call_id`; null where no route matched. */
  readonly route: string | null;
  readonly status: number;
  readonly durationMs: number;
  readonly accountId: AccountId | null;
  readonly keyId: KeyId | null;
  readonly sourceId: string | null;
  /** Masked. */
  readonly callId: string | null;
  readonly outcome: ReportOutcome | 'ignored' | null;
  readonly problem: ProblemCode | null;
}

/** Counts: live/metrics.ts and watch/quality-recorder.ts take these. */
export interface ReportObserver {
  /** Once per report that was committed. */
  reported(report: ReportedReport): void;
  /**
   * Once per report of a batch that was refused alone, and once per request refused as a whole. origin: null where it
   * is not known who sent it.
   */
  refused(problem: ProblemCode, origin: RefusalOrigin | null): void;
}

export interface RefusalOrigin {
  readonly accountId: AccountId;
  readonly sourceId: SourceId;
}

export interface ReportedReport {
  readonly accountId: AccountId;
  readonly sourceId: SourceId;
  /** Kind of the source, fit for a label. */
  readonly sourceKind: string;
  readonly status: string;
  readonly outcome: ReportOutcome;
  readonly callState: CallState;
  readonly durationMs: number | null;
  /** Unix ms of the call's start, if known. */
  readonly startedAtMs: number | null;
  /** Unix ms by the source's own clock; null where it gave no time. */
  readonly occurredAtMs: number | null;
}

/** Gathered on the request while it runs. */
export interface RequestNotes {
  accountId: AccountId | null;
  keyId: KeyId | null;
  sourceId: string | null;
  /** As given; masked when it is told. */
  callId: string | null;
  outcome: ReportOutcome | 'ignored' | null;
  problem: ProblemCode | null;
}

declare module 'fastify' {
  interface FastifyRequest {
    notes: RequestNotes;
    /** Set before the handler of every route that needs a key runs; of a session, the key it was opened with. */
    key: ApiKey | null;
    /** Set where the cookie of a session let it in; null where a key did. */
    session: Session | null;
    /** Numbers in the answer are masked. JSON routes are masked for you; raw ones see to it with maskView. */
    isMasked: boolean;
    /**
     * Whether key or session are still good for this scope, and still masked (or not) as they were when the
     * request came in: long-lived answers (the stream) ask again, and end where it says no.
     */
    recheck(scope: Scope): Promise<boolean>;
  }
}
