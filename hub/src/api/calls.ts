import { z } from 'zod';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { filterShape, readFilter } from './query-filter.ts';
import { answer, defineRoute } from './route.ts';
import { callView, timelineView, toCallView, toTimelineView } from './views.ts';

export function defineCallRoutes({ journal, clock, settings }: ApiGround): readonly Route[] {
  const { staleAfterMs } = settings;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/calls',
      operationId: 'listCalls',
      tag: 'Calls',
      summary: 'List calls, latest change first',
      scope: 'read',
      query: z.strictObject({ ...pageShape('time'), ...filterShape }),
      answers: [{ status: 200, description: 'A page of calls.', schema: definePage(callView) }],
      async handle({ key, query }) {
        const read = readFilter(query);
        if (read.kind === 'problem') return read;
        const nowMs = clock.nowMs();
        const page = await journal.listCalls(key.accountId, read.filter, toPageRequest(query));
        return answerPage(page, (call) => toCallView(call, nowMs, staleAfterMs));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/calls/:call_id',
      operationId: 'getCall',
      tag: 'Calls',
      summary: 'Read a call',
      description: 'Has a strong ETag; with If-None-Match it answers 304 while nothing has changed.',
      scope: 'read',
      answers: [{ status: 200, description: 'The call.', schema: callView }],
      async handle({ key, params }) {
        const call = await journal.getCall(key.accountId, params['call_id'] ?? '');
        if (call === undefined) return NO_CALL;
        const view = toCallView(call, clock.nowMs(), staleAfterMs);
        return answer(200, view, { etagOf: JSON.stringify(view) });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/calls/:call_id/timeline',
      operationId: 'getTimeline',
      tag: 'Calls',
      summary: 'Everything about one call: reports, events, deliveries, attempts',
      scope: 'read',
      answers: [{ status: 200, description: 'The timeline, oldest first.', schema: timelineView }],
      async handle({ key, params }) {
        const timeline = await journal.getTimeline(key.accountId, params['call_id'] ?? '');
        if (timeline === undefined) return NO_CALL;
        return answer(200, toTimelineView(timeline, clock.nowMs(), staleAfterMs));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/active-calls',
      operationId: 'listActiveCalls',
      tag: 'Calls',
      summary: 'Calls that are live now',
      description:
        'Stale calls are left out, so that a page may hold fewer entries than its limit. `count` is over all pages.',
      scope: 'read',
      query: z.strictObject({ ...pageShape('time'), ...filterShape }),
      answers: [
        {
          status: 200,
          description: 'A page of live calls and how many there are.',
          schema: z.object({
            data: z.array(callView),
            next_cursor: z.string().nullable(),
            has_more: z.boolean(),
            count: z.int().meta({ description: 'Active calls of the account, whatever the filter.' }),
          }),
        },
      ],
      async handle({ key, query }) {
        const read = readFilter(query);
        if (read.kind === 'problem') return read;
        if (read.filter.callStates !== undefined || read.filter.excludedCallStates !== undefined) {
          return makeFault(
            'invalid_query',
            'query',
            '/q',
            'Active calls are live: leave state: out.',
            'meaningless_filter',
          );
        }
        const nowMs = clock.nowMs();
        const [page, count] = await Promise.all([
          journal.listCalls(key.accountId, { ...read.filter, callStates: ['live'] }, toPageRequest(query)),
          journal.readActiveCallCount(key.accountId, nowMs - staleAfterMs),
        ]);
        const views = page.items.map((call) => toCallView(call, nowMs, staleAfterMs));
        return answer(200, {
          data: views.filter((view) => !view.stale),
          next_cursor: page.nextCursor,
          has_more: page.nextCursor !== null,
          count,
        });
      },
    }),
  ];
}

const NO_CALL = makeProblem('not_found', 'No report of such a call has come to this account.');
