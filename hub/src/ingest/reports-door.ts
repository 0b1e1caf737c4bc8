/** `POST /v1/reports`: up to 1,000 reports in one transaction. A faulty one is told so and keeps no other out. */
import type { CallReport } from '../calls/report.ts';
import type { AcceptGround, ReportAnswer } from './accept-report.ts';
import type { Door } from './door.ts';
import type { Problem } from './problem.ts';

import { parseReportsBody } from '../sources/api.ts';
import { acceptReports, parseTraceparent, toReportAnswer } from './accept-report.ts';
import { checkContentType } from './content-type.ts';
import { JSON_MEDIA_TYPE, requireKey } from './door.ts';
import { sendProblem, toProblemMembers, toRefusalProblem } from './problem.ts';

/** A thousand reports of 2 kB; the published body has 285 bytes. */
export const REPORTS_BODY_BYTES_MAX = 2 * 1024 * 1024;

type Result = ReportAnswer | { readonly problem: ReturnType<typeof toProblemMembers> };

export function createReportsDoor(ground: AcceptGround): Door {
  return async (request, reply) => {
    const { headers, notes } = request;
    const typeProblem = checkContentType(headers['content-type'], headers['content-encoding']);
    if (typeProblem !== null) return sendProblem(request, reply, typeProblem);
    notes.sourceId = 'api';

    const parsed = parseReportsBody((request.body as Uint8Array | null) ?? new Uint8Array());
    if (parsed.kind === 'refused') return sendProblem(request, reply, toRefusalProblem(parsed));
    const reports: CallReport[] = [];
    const problems = new Map<number, Problem>();
    for (const [index, item] of parsed.items.entries()) {
      if (item.kind === 'report') reports.push(item.report);
      else {
        const problem = toRefusalProblem(item);
        problems.set(index, problem);
        ground.observer.refused(problem.code, { accountId: requireKey(request).accountId, sourceId: 'api' });
      }
    }

    const origin = {
      accountId: requireKey(request).accountId,
      sourceId: 'api',
      sourceKind: 'api',
      traceparent: parseTraceparent(headers['traceparent']),
    } as const;
    const accepted = reports.length === 0 ? [] : await acceptReports(ground, origin, reports);

    const answers = accepted.values();
    const results = parsed.items.map((_item, index): Result => {
      const problem = problems.get(index);
      if (problem !== undefined) return { problem: toProblemMembers(problem) };
      const next = answers.next();
      if (next.done === true) throw new Error('The journal answered fewer reports than it was given.');
      return toReportAnswer(next.value);
    });
    return reply.header('content-type', JSON_MEDIA_TYPE).send(JSON.stringify({ results }));
  };
}
