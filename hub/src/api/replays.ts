import { z } from 'zod';
import type { DeliveryId, ReplayId } from '../journal/ids.ts';
import type { JournalFilter } from '../journal/filter.ts';
import type { ReplayRequest } from '../journal/replays.ts';
import type { ApiGround } from './ground.ts';
import type { ApiRequest, Answer, Route } from './route.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { filterShape, readFilter } from './query-filter.ts';
import { answer, defineRoute } from './route.ts';
import { replayCountView, replayView, toReplayCountView, toReplayView } from './replay-views.ts';

export const REPLAY_DELIVERIES_MAX = 1_000;
/** More than a journal can hold; a number above it is a mistake. */
export const REPLAY_MAX = 1_000_000_000;

const replayBody = z
  .strictObject({
    ...filterShape,
    delivery_ids: z
      .array(z.string().regex(/^dlv_[0-9A-Z]+$/, 'must be the id of a delivery: dlv_…'))
      .min(1)
      .max(REPLAY_DELIVERIES_MAX)
      .optional()
      .meta({ description: 'Only these; not together with q, since and until.' }),
    rate_per_second: z.number().min(0.01).max(100_000).nullable().optional().meta({
      description: 'Deliveries made per second; null or left out: as fast as the destinations take them.',
    }),
    max: z
      .int()
      .min(1)
      .max(REPLAY_MAX)
      .optional()
      .meta({ description: 'Ends after it has made this many deliveries; all that match if not given.' }),
    expected: z
      .int()
      .min(0)
      .max(REPLAY_MAX)
      .optional()
      .meta({ description: 'What a dry run counted just before; shown again, for progress.' }),
    dry_run: z.boolean().default(false).meta({ description: 'Count what would be sent, and send nothing.' }),
  })
  .meta({ title: 'Replay' });

export function defineReplayRoutes({ journal }: ApiGround): readonly Route[] {
  const setState =
    (state: 'running' | 'paused' | 'cancelled') =>
    async ({ key, actor, params }: ApiRequest): Promise<Answer> => {
      const replay = await journal.setReplayState(
        key.accountId,
        params['replay_id'] as ReplayId,
        state,
        actor,
      );
      if (replay === undefined) return NO_REPLAY;
      if (replay.state === state) return answer(200, toReplayView(replay));
      return makeProblem('not_possible', `It is ${replay.state} already, which never changes.`, {
        members: { replay: toReplayView(replay) },
      });
    };

  return [
    defineRoute({
      method: 'POST',
      path: '/v1/replays',
      operationId: 'createReplay',
      tag: 'Replays',
      summary: 'Send events again, by filter and time or by id',
      description:
        'Runs in the background at its own rate, keeps the order per call, survives a restart, and can be paused and cancelled. A destination that already waits for an event is not sent it twice. With `state:dead` only what died is sent again. One of q, since, until or delivery_ids is needed: to replay everything, say since when.',
      scope: 'write',
      body: replayBody,
      answers: [
        { status: 201, description: 'The replay has begun.', schema: replayView },
        { status: 200, description: 'With dry_run: what it would send.', schema: replayCountView },
      ],
      async handle({ key, actor, body }) {
        const {
          delivery_ids: deliveryIds,
          rate_per_second: ratePerSecond,
          max,
          expected,
          dry_run: isDryRun,
          ...query
        } = body;
        const isFiltered = query.q !== undefined || query.since !== undefined || query.until !== undefined;
        if (deliveryIds !== undefined && isFiltered) {
          return makeFault(
            'invalid_body',
            'body',
            '/delivery_ids',
            'cannot stand together with q, since or until.',
          );
        }
        if (deliveryIds === undefined && !isFiltered) return NOTHING_CHOSEN;
        const read = readFilter(query, 'body');
        if (read.kind === 'problem') return read;
        const request: ReplayRequest = {
          accountId: key.accountId,
          filter: read.filter satisfies JournalFilter,
          ...(deliveryIds !== undefined && { deliveryIds: deliveryIds as DeliveryId[] }),
          ratePerSecond: ratePerSecond ?? null,
          ...(max !== undefined && { createdMax: max }),
          ...(expected !== undefined && { expected }),
        };
        if (isDryRun) return answer(200, toReplayCountView(await journal.countReplay(request)));
        return answer(201, toReplayView(await journal.createReplay(request, actor)));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/replays',
      operationId: 'listReplays',
      tag: 'Replays',
      summary: 'List replays, newest first',
      scope: 'read',
      query: z.strictObject(pageShape('row')),
      answers: [{ status: 200, description: 'A page of replays.', schema: definePage(replayView) }],
      async handle({ key, query }) {
        return answerPage(await journal.listReplays(key.accountId, toPageRequest(query)), toReplayView);
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/replays/:replay_id',
      operationId: 'getReplay',
      tag: 'Replays',
      summary: 'Read a replay and how far it is',
      scope: 'read',
      answers: [{ status: 200, description: 'The replay.', schema: replayView }],
      async handle({ key, params }) {
        const replay = await journal.getReplay(key.accountId, params['replay_id'] as ReplayId);
        return replay === undefined ? NO_REPLAY : answer(200, toReplayView(replay));
      },
    }),
    ...(
      [
        ['pause', 'paused', 'pauseReplay', 'Hold a replay'],
        ['resume', 'running', 'resumeReplay', 'Go on with a replay that was paused'],
        ['cancel', 'cancelled', 'cancelReplay', 'End a replay; deliveries already made are not taken back'],
      ] as const
    ).map(([verb, state, operationId, summary]) =>
      defineRoute({
        method: 'POST',
        path: `/v1/replays/:replay_id/${verb}`,
        operationId,
        tag: 'Replays',
        summary,
        scope: 'write',
        answers: [{ status: 200, description: 'The replay as it is now.', schema: replayView }],
        handle: setState(state),
      }),
    ),
  ];
}

const NO_REPLAY = makeProblem('not_found', 'There is no such replay in this account.');
const NOTHING_CHOSEN = makeFault(
  'invalid_body',
  'body',
  '/since',
  'Say what to send again: one of q, since, until or delivery_ids is needed.',
  'missing',
);
