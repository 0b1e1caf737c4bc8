/**
 * Ends that no source reports: somebody ends a call by hand, or the hub ends one that nobody ended. They are reports and
 * take the path of reports, so all that follows from an end (event, deliveries, statistics) follows from these.
 */
import type { CallReport } from '../calls/report.ts';
import type { AccountId } from '../journal/ids.ts';
import type { AcceptedReport, AcceptJournal } from '../journal/reports.ts';
import type { AcceptGround } from './accept-report.ts';
import type { ReportObserver } from './request-observer.ts';

import { acceptReports, tellReported, toIncoming } from './accept-report.ts';

export async function endByHand(
  ground: AcceptGround,
  accountId: AccountId,
  end: { readonly callId: string; readonly error: string; readonly atMs: number },
): Promise<AcceptedReport | undefined> {
  const origin = { accountId, sourceId: 'api', sourceKind: 'api', traceparent: null } as const;
  const [accepted] = await acceptReports(ground, origin, [
    { ...toEnd(end.callId, end.error), occurredAtMs: end.atMs },
  ]);
  return accepted;
}

/**
 * In one transaction, those that are still live in it. When they really ended is not known: our clock says when they
 * were given up.
 */
export async function endAssumed(
  ground: { readonly journal: Pick<AcceptJournal, 'acceptAssumedEnds'>; readonly observer: ReportObserver },
  accountId: AccountId,
  callIds: readonly string[],
  error: string,
): Promise<void> {
  // No source said it, and what is counted by kind of source must not say that one did.
  const origin = { accountId, sourceId: 'api', sourceKind: 'hub', traceparent: null } as const;
  const ended = await ground.journal.acceptAssumedEnds(
    callIds.map((callId) => toIncoming(origin, { ...toEnd(callId, error), isAssumed: true })),
  );
  for (const one of ended) tellReported(ground.observer, origin, one, toEnd(one.call.callId, error));
}

function toEnd(callId: string, error: string): CallReport {
  return {
    callId,
    status: 'ended-with-error',
    occurredAtMs: null,
    type: null,
    phoneNumber: null,
    customer: null,
    error,
    endReason: null,
    assistant: null,
    unknownFields: null,
  };
}
