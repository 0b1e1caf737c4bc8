/** `PUT /v1/calls/{call_id}/status`: one report, answered once it is on disk. */
import type { ReportOutcome } from '../calls/call.ts';
import type { AcceptGround } from './accept-report.ts';
import type { Door } from './door.ts';

import { parseCallStatusBody } from '../sources/api.ts';
import { acceptReports, parseTraceparent, toReportAnswer } from './accept-report.ts';
import { checkContentType } from './content-type.ts';
import { JSON_MEDIA_TYPE, requireKey } from './door.ts';
import { makeProblem, sendProblem, toRefusalProblem } from './problem.ts';

const NO_BYTES = new Uint8Array();

export function createCallStatusDoor(ground: AcceptGround): Door {
  return async (request, reply) => {
    const { headers, notes } = request;
    const typeProblem = checkContentType(headers['content-type'], headers['content-encoding']);
    if (typeProblem !== null) return sendProblem(request, reply, typeProblem);
    const callId = (request.params as { call_id: string }).call_id;
    notes.callId = callId;
    notes.sourceId = 'api';

    const parsed = parseCallStatusBody(callId, (request.body as Uint8Array | null) ?? NO_BYTES);
    if (parsed.kind === 'refused') return sendProblem(request, reply, toRefusalProblem(parsed));

    const origin = {
      accountId: requireKey(request).accountId,
      sourceId: 'api',
      sourceKind: 'api',
      traceparent: parseTraceparent(headers['traceparent']),
    } as const;
    const [accepted] = await acceptReports(ground, origin, [parsed.report]);
    if (accepted === undefined) throw new Error('The journal answered a report with nothing.');
    notes.outcome = accepted.outcome;

    const answer = toReportAnswer(accepted);
    if (accepted.outcome === 'conflicting') {
      const detail = accepted.reason ?? 'The call is over and keeps its first end.';
      return sendProblem(request, reply, makeProblem('conflicting', detail, { members: { ...answer } }));
    }
    return reply
      .code(STATUS[accepted.outcome])
      .header('content-type', JSON_MEDIA_TYPE)
      .send(JSON.stringify(answer));
  };
}

const STATUS: Readonly<Record<Exclude<ReportOutcome, 'conflicting'>, number>> = {
  advanced: 202,
  repeated: 200,
  late: 200,
  noted: 200,
};
