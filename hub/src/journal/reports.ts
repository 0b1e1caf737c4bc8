/** What a report becomes, as ingest/ asks for it: accepted, with everything that follows from it, in one transaction. */
import type { Call, ReportOutcome } from '../calls/call.ts';
import type { CallReport } from '../calls/report.ts';
import type { AccountId, EventId, SourceId } from './ids.ts';

export interface IncomingReport {
  readonly accountId: AccountId;
  readonly sourceId: SourceId;
  readonly report: CallReport;
  /** W3C trace context the report came with, passed on with every delivery of its event. */
  readonly traceparent: string | null;
  /** Normalised copies for search (E.164); null where there is none. */
  readonly phoneNumberE164: string | null;
  readonly customerE164: string | null;
}

export interface AcceptedReport {
  readonly outcome: ReportOutcome;
  /** Why, in one sentence; null for advanced. */
  readonly reason: string | null;
  readonly call: Call;
  /** Only where the outcome is advanced. */
  readonly event: { readonly id: EventId; readonly sequence: number } | null;
}

export interface AcceptJournal {
  /**
   * One transaction for all of them, in order: look up the call, apply the report, keep the report,
   * append the event, fan the event out into one delivery for each matching destination that is not
   * deleted (paused and disabled ones too: hold, never drop). A registered number gives
   * phone_number.name where the report lacks it. `latest` destinations supersede older undelivered,
   * unclaimed deliveries of the call here.
   */
  acceptReports(reports: readonly IncomingReport[]): Promise<readonly AcceptedReport[]>;
  /**
   * As acceptReports, for ends that no source reported. One whose call is not live, or not known, is dropped as if
   * nobody had assumed it (kept nowhere, not counted) and has no answer: a true end that came first is not contradicted.
   */
  acceptAssumedEnds(reports: readonly IncomingReport[]): Promise<readonly AcceptedReport[]>;
}
