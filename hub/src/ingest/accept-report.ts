/**
 * The path of a report, whatever door it came through. In: reports as their source parsed them. Out: what became
 * of each, in order. Once this resolves, the reports, their events and all deliveries owed are on disk.
 */
import type { AccountId, SourceId } from '../journal/ids.ts';
import type { AcceptedReport, AcceptJournal, IncomingReport } from '../journal/reports.ts';
import type { CallReport } from '../calls/report.ts';
import type { ReportObserver } from './request-observer.ts';

import { loadPhoneNumbers, needsPhoneNumbers, toE164 } from './phone-number.ts';

export interface ReportOrigin {
  readonly accountId: AccountId;
  readonly sourceId: SourceId;
  readonly sourceKind: string;
  readonly traceparent: string | null;
}

export interface AcceptGround {
  readonly journal: Pick<AcceptJournal, 'acceptReports'>;
  readonly observer: ReportObserver;
}

export async function acceptReports(
  ground: AcceptGround,
  origin: ReportOrigin,
  reports: readonly CallReport[],
): Promise<readonly AcceptedReport[]> {
  if (reports.some(hasOddNumber)) await loadPhoneNumbers();
  const accepted = await ground.journal.acceptReports(reports.map((report) => toIncoming(origin, report)));
  for (const [index, one] of accepted.entries()) tellReported(ground.observer, origin, one, reports[index]);
  return accepted;
}

export function tellReported(
  observer: ReportObserver,
  { accountId, sourceId, sourceKind }: ReportOrigin,
  { outcome, call }: AcceptedReport,
  report: Pick<CallReport, 'status' | 'occurredAtMs'> | undefined,
): void {
  observer.reported({
    accountId,
    sourceId,
    sourceKind,
    status: report?.status ?? '',
    outcome,
    callState: call.state,
    durationMs: call.durationMs,
    startedAtMs: call.startedAtMs,
    occurredAtMs: report?.occurredAtMs ?? null,
  });
}

/** What a sender is told. The call's details are left out: a key that may only report must not read numbers this way. */
export function toReportAnswer(accepted: AcceptedReport): ReportAnswer {
  const { outcome, reason, call, event } = accepted;
  return {
    outcome,
    call: { id: call.callId, state: call.state, sequence: call.sequence },
    ...(event !== null && { event: { id: event.id, sequence: event.sequence } }),
    ...(reason !== null && { reason }),
  };
}

export interface ReportAnswer {
  readonly outcome: AcceptedReport['outcome'];
  readonly call: { readonly id: string; readonly state: string; readonly sequence: number };
  readonly event?: { readonly id: string; readonly sequence: number };
  readonly reason?: string;
}

/** W3C Trace Context, version 00 and later ones that begin alike; anything else is as good as none. */
export function parseTraceparent(header: string | readonly string[] | undefined): string | null {
  if (typeof header !== 'string' || header.length > TRACEPARENT_CHARACTERS_MAX) return null;
  return /^(?!ff)[0-9a-f]{2}-(?!0{32})[0-9a-f]{32}-(?!0{16})[0-9a-f]{16}-[0-9a-f]{2}$/.test(header)
    ? header
    : null;
}

const TRACEPARENT_CHARACTERS_MAX = 55;

function hasOddNumber(report: CallReport): boolean {
  return needsPhoneNumbers(report.phoneNumber?.number) || needsPhoneNumbers(report.customer?.number);
}

export function toIncoming(origin: ReportOrigin, report: CallReport): IncomingReport {
  return {
    accountId: origin.accountId,
    sourceId: origin.sourceId,
    report,
    traceparent: origin.traceparent,
    phoneNumberE164: toE164(report.phoneNumber?.number),
    customerE164: toE164(report.customer?.number),
  };
}
