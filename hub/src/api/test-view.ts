/** What a try of a destination came to, for the person who asked for it. */
import { z } from 'zod';
import { CALL_STATUSES } from '@offhook/contract/message';
import type { AccountId } from '../journal/ids.ts';
import type { ApiGround, TestResult } from './ground.ts';

import { readDestinationNames } from './destination-names.ts';
import { explainAttempt } from './explain-attempt.ts';
import { explanationView } from './delivery-views.ts';

export const testedStatus = z.enum(CALL_STATUSES).default('in-progress').meta({
  description: 'Which published example is sent, where the kind has no test of its own.',
});

export const testView = z.object({
  ok: z.boolean(),
  status: z.int().nullable(),
  cause: z.string().nullable(),
  detail: z
    .string()
    .nullable()
    .meta({ description: 'One sentence: what was done or found there, or what went wrong.' }),
  response_body: z.string().nullable(),
  explanation: explanationView.nullable().meta({ description: 'null where it is ok.' }),
  duration_ms: z.number(),
  first_byte_ms: z.number().nullable(),
});

/** With the names of destinations that the answer tells of. */
export async function showTest(
  ground: Pick<ApiGround, 'journal' | 'destinationKinds'>,
  accountId: AccountId,
  result: TestResult,
  destinationKind: string,
): Promise<z.output<typeof testView>> {
  if (result.kind === 'answered') return toTestView(result, destinationKind);
  const nameDestinations = await readDestinationNames(ground, accountId, [result.detail]);
  return toTestView({ ...result, detail: nameDestinations(result.detail) }, destinationKind);
}

export function toTestView(result: TestResult, destinationKind: string): z.output<typeof testView> {
  const status = result.kind === 'answered' ? result.status : null;
  const cause = result.kind === 'failed' ? result.cause : null;
  const detail = result.kind === 'answered' ? null : result.detail;
  // Put off is neither: nothing is wrong, but nothing was tried to its end.
  const ok = result.kind === 'done' || (status !== null && status >= 200 && status < 300);
  const body = result.kind === 'answered' ? result.responseBody : null;
  return {
    ok,
    status,
    cause,
    detail,
    response_body: body === null ? null : Buffer.from(body).toString('utf8'),
    explanation: explain(result, destinationKind),
    duration_ms: toTenths(result.timing.totalMs),
    first_byte_ms: result.timing.firstByteMs === null ? null : toTenths(result.timing.firstByteMs),
  };
}

function explain(result: TestResult, destinationKind: string): z.output<typeof explanationView> | null {
  const facts = { ageMs: null, destinationState: null, destinationKind };
  switch (result.kind) {
    case 'done':
      return null;
    case 'later':
      return {
        title: 'It asks to wait',
        hint: 'Nothing is wrong, but it could not be tried to its end now. Test it again in a moment.',
      };
    case 'answered':
      return explainAttempt({ status: result.status, cause: null, detail: null, ...facts });
    case 'failed':
      return explainAttempt({ status: null, cause: result.cause, detail: result.detail, ...facts });
  }
}

function toTenths(ms: number): number {
  return Math.round(ms * 10) / 10;
}
