import { z } from 'zod';
import type { Call } from '../calls/call.ts';
import type { Problem } from '../ingest/problem.ts';
import type { ApiGround } from './ground.ts';
import type { FilterQuery } from './query-filter.ts';
import type { Route } from './route.ts';

import { endByHand } from '../ingest/end-calls.ts';
import { makeFault, makeProblem } from '../ingest/problem.ts';
import { readExplained } from './explained-destinations.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { filterShape, readFilter, refuseDeliveryWords } from './query-filter.ts';
import { answer, defineRoute } from './route.ts';
import { stateCountsView, toStateCountsView } from './analytics-views.ts';
import { callView, timelineView, toCallView, toTimelineView } from './call-views.ts';

export function defineCallRoutes(ground: ApiGround): readonly Route[] {
  const { journal, clock, settings, reports } = ground;
  const { staleAfterMs } = settings;
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/calls',
      operationId: 'listCalls',
      tag: 'Calls',
      summary: 'List calls, latest change first',
      scope: 'watch',
      query: z.strictObject({ ...pageShape('time'), ...filterShape }),
      answers: [{ status: 200, description: 'A page of calls.', schema: definePage(callView) }],
      async handle({ key, query }) {
        const read = readCallFilter(query);
        if (read.kind === 'problem') return read;
        const nowMs = clock.nowMs();
        const page = await journal.listCalls(key.accountId, read.filter, toPageRequest(query));
        return answerPage(page, (call) => toCallView(call, nowMs, staleAfterMs));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/calls/counts',
      operationId: 'countCalls',
      tag: 'Calls',
      summary: 'Count calls by state',
      description:
        'Of all that match, whatever states the filter names. (A call whose id is `counts` is found by `q=call:counts`.)',
      scope: 'watch',
      query: z.strictObject(filterShape),
      answers: [{ status: 200, description: 'How many of each state.', schema: stateCountsView }],
      async handle({ key, query }) {
        const read = readCallFilter(query);
        if (read.kind === 'problem') return read;
        const counts = await journal.countCalls(key.accountId, read.filter, COUNTED_MAX);
        return answer(200, toStateCountsView(counts, COUNTED_MAX));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/calls/:call_id',
      operationId: 'getCall',
      tag: 'Calls',
      summary: 'Read a call',
      description: 'Has a strong ETag; with If-None-Match it answers 304 while nothing has changed.',
      scope: 'watch',
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
      scope: 'watch',
      answers: [{ status: 200, description: 'The timeline, oldest first.', schema: timelineView }],
      async handle({ key, params }) {
        const timeline = await journal.getTimeline(key.accountId, params['call_id'] ?? '');
        if (timeline === undefined) return NO_CALL;
        const toExplained = await readExplained(
          ground,
          key.accountId,
          [...timeline.deliveries, ...timeline.operationalEvents.flatMap(({ deliveries }) => deliveries)],
          timeline.deliveries.flatMap(({ attemptEntries }) => attemptEntries.map(({ detail }) => detail)),
        );
        return answer(200, toTimelineView(timeline, clock.nowMs(), staleAfterMs, toExplained));
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/calls/:call_id/end',
      operationId: 'endCall',
      tag: 'Calls',
      summary: 'End a live call by hand',
      description:
        'For a call whose end nobody will report. It ends with the error "ended by hand: " and the reason, which is delivered like any other end; the platform is not told to hang up.',
      scope: 'write',
      body: z.strictObject({
        reason: z.string().trim().min(1).max(END_REASON_CHARACTERS_MAX).meta({
          description: 'Why, for whoever reads the timeline and for the receivers.',
        }),
      }),
      answers: [{ status: 200, description: 'The call, ended.', schema: callView }],
      async handle({ key, actor, params, body }) {
        const callId = params['call_id'] ?? '';
        const call = await journal.getCall(key.accountId, callId);
        if (call === undefined) return NO_CALL;
        if (call.state !== 'live') return toNotLive(call);
        const nowMs = clock.nowMs();
        const error = `ended by hand: ${body.reason}`;
        const end = { callId, error, atMs: nowMs };
        const accepted = await endByHand({ journal, observer: reports }, key.accountId, end);
        // Its own end may have come in between.
        if (accepted?.outcome !== 'advanced') return toNotLive(accepted?.call ?? call);
        await journal.appendAudit(
          {
            accountId: key.accountId,
            action: 'call.ended',
            subject: callId,
            detail: { reason: body.reason },
          },
          actor,
        );
        return answer(200, toCallView(accepted.call, nowMs, staleAfterMs));
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
      scope: 'watch',
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
        const read = readCallFilter(query);
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

/** Each state is counted up to this many: beyond it people read "1,000+" and care no more. */
export const COUNTED_MAX = 1_000;
/** With the words before it an error of a usual length. */
const END_REASON_CHARACTERS_MAX = 500;

function readCallFilter(query: FilterQuery): ReturnType<typeof readFilter> {
  const read = readFilter(query);
  if (read.kind === 'problem') return read;
  return refuseDeliveryWords(read.filter, 'calls') ?? read;
}

function toNotLive(call: Call): Problem {
  return makeProblem(
    'not_possible',
    call.state === 'none'
      ? 'Nobody has reported that it runs: only a live call can be ended.'
      : `It has ${call.state === 'ended' ? 'ended' : 'failed'} already, which never changes.`,
  );
}

const NO_CALL = makeProblem('not_found', 'No report of such a call has come to this account.');
