/** `none`: we hold reports of the call, but none that says whether it runs (only statuses we do not know). */
export const CALL_STATES = ['none', 'live', 'ended', 'failed'] as const;
export type CallState = (typeof CALL_STATES)[number];

/** What we hold true about one call, folded from its reports (design section 5). */
export interface Call {
  readonly callId: string;
  readonly state: CallState;
  readonly type: string | null;
  readonly phoneNumber: { readonly number: string | null; readonly name?: string | null } | null;
  readonly customer: { readonly number: string | null } | null;
  /** Unix ms by the source's clock (ours where it gave no time); null where the start (end) is unknown. */
  readonly startedAtMs: number | null;
  readonly endedAtMs: number | null;
  /**
   * endedAtMs − startedAtMs, never negative. While either is unknown, or the end was assumed: what an
   * end-of-call-report said, else null.
   */
  readonly durationMs: number | null;
  readonly error: string | null;
  readonly endReason: string | null;
  readonly summary: string | null;
  /** Sequence of the last event; 0 before the first. */
  readonly sequence: number;
  /** Unix ms by our clock. */
  readonly firstReportAtMs: number;
  /** Unix ms by our clock of the report that made it live; stale is counted from here. */
  readonly liveSinceMs: number | null;
  readonly updatedAtMs: number;
}

export const REPORT_OUTCOMES = ['advanced', 'repeated', 'late', 'conflicting', 'noted'] as const;
export type ReportOutcome = (typeof REPORT_OUTCOMES)[number];
