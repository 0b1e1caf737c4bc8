import { z } from 'zod';
import type { ErrorGroupId } from '../journal/ids.ts';
import type { ErrorGroupState } from '../journal/analytics.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeProblem } from '../ingest/problem.ts';
import { ERROR_GROUP_STATES } from '../journal/analytics.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { answer, defineRoute } from './route.ts';
import { sinceSchema } from './time.ts';
import { ERROR_HOURS, errorGroupView, toErrorGroupView } from './analytics-views.ts';

const statesSchema = z
  .string()
  .transform((text, context) => {
    const states = text.split(',').map((name) => ERROR_GROUP_STATES.find((state) => state === name));
    if (!states.includes(undefined)) return states as ErrorGroupState[];
    context.addIssue({
      code: 'custom',
      message: `must be one of ${ERROR_GROUP_STATES.join(', ')}, or several with commas`,
    });
    return z.NEVER;
  })
  .optional()
  .meta({
    description: `${ERROR_GROUP_STATES.join(', ')}; several with commas, all if not given.`,
    examples: ['open,acknowledged'],
  });

export function defineErrorRoutes({ journal, clock }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/errors',
      operationId: 'listErrors',
      tag: 'Errors',
      summary: 'List groups of failed calls, last seen first',
      description:
        'Calls whose error texts are the same but for numbers and ids are one group. Classes come from words in the text.',
      scope: 'watch',
      query: z.strictObject({
        ...pageShape('time'),
        state: statesSchema,
        since: sinceSchema
          .optional()
          .meta({ description: 'Seen since: RFC 3339 or a duration back from now.' }),
      }),
      answers: [{ status: 200, description: 'A page of groups.', schema: definePage(errorGroupView) }],
      async handle({ key, query }) {
        const page = await journal.listErrorGroups(
          key.accountId,
          {
            ...(query.state !== undefined && { states: query.state }),
            ...(query.since !== undefined && { sinceMs: query.since }),
          },
          toPageRequest(query),
        );
        const hours = await journal.readErrorHours(
          key.accountId,
          page.items.map((group) => group.id),
          clock.nowMs(),
          ERROR_HOURS,
        );
        return answerPage(page, (group) => toErrorGroupView(group, hours.get(group.id)));
      },
    }),
    defineRoute({
      method: 'PATCH',
      path: '/v1/errors/:error_id',
      operationId: 'updateError',
      tag: 'Errors',
      summary: 'Acknowledge, resolve or mute a group of failed calls',
      description: 'A resolved group opens again with its next call; a muted one stays muted.',
      scope: 'write',
      body: z.strictObject({ state: z.enum(ERROR_GROUP_STATES) }),
      answers: [{ status: 200, description: 'The group as it is now.', schema: errorGroupView }],
      async handle({ key, actor, params, body }) {
        const id = params['error_id'] as ErrorGroupId;
        const group = await journal.setErrorGroupState(key.accountId, id, body.state, actor);
        if (group === undefined) return NO_GROUP;
        const hours = await journal.readErrorHours(key.accountId, [id], clock.nowMs(), ERROR_HOURS);
        return answer(200, toErrorGroupView(group, hours.get(id)));
      },
    }),
  ];
}

const NO_GROUP = makeProblem('not_found', 'There is no such group of errors in this account.');
