import { z } from 'zod';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { filterShape, readFilter, refuseDeliveryWords } from './query-filter.ts';
import { answer, defineRoute } from './route.ts';
import { eventView, toEventView } from './call-views.ts';

export function defineEventRoutes({ journal }: ApiGround): readonly Route[] {
  return [
    defineRoute({
      method: 'GET',
      path: '/v1/events',
      operationId: 'listEvents',
      tag: 'Events',
      summary: 'List events, newest first, or the feed after a row',
      description:
        'With `after` it is the feed: events in the order of acceptance after that row, for readers who keep their place. Go on with the `row` of the last one.',
      scope: 'read',
      query: z.strictObject({
        ...pageShape('row'),
        ...filterShape,
        after: z
          .string()
          .regex(/^\d{1,15}$/, 'must be the `row` of an event, or 0 for the beginning')
          .transform(Number)
          .optional()
          .meta({
            description:
              'Row of an event: the feed after it, oldest first. Not together with q, since, until or cursor.',
          }),
      }),
      answers: [{ status: 200, description: 'A page of events.', schema: definePage(eventView) }],
      async handle({ key, query }) {
        const { after, ...rest } = query;
        const page = toPageRequest(rest);
        if (after === undefined) {
          const read = readFilter(rest);
          if (read.kind === 'problem') return read;
          const refused = refuseDeliveryWords(read.filter, 'events');
          if (refused !== null) return refused;
          return answerPage(await journal.listEvents(key.accountId, read.filter, page), toEventView);
        }
        const other = (['q', 'since', 'until', 'cursor'] as const).find((name) => rest[name] !== undefined);
        if (other !== undefined) {
          return makeFault(
            'invalid_query',
            'query',
            `/${other}`,
            'cannot stand together with after: leave one out.',
          );
        }
        const events = await journal.readFeed(key.accountId, after, page.limit + 1);
        return answer(200, {
          data: events.slice(0, page.limit).map(toEventView),
          next_cursor: null,
          has_more: events.length > page.limit,
        });
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/events/:event_id',
      operationId: 'getEvent',
      tag: 'Events',
      summary: 'Read an event',
      scope: 'read',
      answers: [{ status: 200, description: 'The event.', schema: eventView }],
      async handle({ key, params }) {
        const event = await journal.getEvent(key.accountId, params['event_id'] as `evt_${string}`);
        return event === undefined
          ? makeProblem('not_found', 'No such event is kept in this account.')
          : answer(200, toEventView(event));
      },
    }),
  ];
}
