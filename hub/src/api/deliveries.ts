import { z } from 'zod';
import type { AccountId, DeliveryId } from '../journal/ids.ts';
import type { DeliveryEntry } from '../journal/reader.ts';
import type { ApiGround } from './ground.ts';
import type { Route } from './route.ts';

import { grants } from '../ingest/key-ring.ts';
import { makeProblem } from '../ingest/problem.ts';
import { describeAttempt, readChangesSince } from './attempt-requests.ts';
import { COUNTED_MAX } from './calls.ts';
import { readDestinationNames } from './destination-names.ts';
import { readExplained } from './explained-destinations.ts';
import { toBodyText } from './body-text.ts';
import { answerPage, definePage, pageShape, toPageRequest } from './page.ts';
import { filterShape, readFilter } from './query-filter.ts';
import { answer, defineRoute } from './route.ts';
import { stateCountsView, toStateCountsView } from './analytics-views.ts';
import { deliveryDetailView, deliveryView, toAttemptView, toDeliveryView } from './delivery-views.ts';

const retryView = z.object({
  outcome: z.enum(['hastened', 'created', 'already_pending']).meta({
    description:
      'hastened: it was pending and is due now. created: it was over, and this is a new delivery of the same event. already_pending: the event is on its way there already.',
  }),
  delivery: deliveryView,
});

export function defineDeliveryRoutes(ground: ApiGround): readonly Route[] {
  const { journal, clock, destinationKinds, deliveryChanged } = ground;

  async function toDetailView(
    delivery: NonNullable<Awaited<ReturnType<typeof journal.getDelivery>>>,
    showsSignatures: boolean,
  ): Promise<z.output<typeof deliveryDetailView>> {
    const nowMs = clock.nowMs();
    const { attemptEntries } = delivery;
    const destination = await journal.getDestination(delivery.accountId, delivery.destinationId);
    const explained = {
      destinationState: destination?.state ?? 'deleted',
      destinationKind: destination?.kind ?? null,
      nameDestinations: await readDestinationNames(ground, delivery.accountId, [
        delivery.lastDetail,
        ...attemptEntries.map(({ detail }) => detail),
      ]),
    } as const;
    const kind = destination === undefined ? undefined : destinationKinds.get(destination.kind);
    const firstAtMs = Math.min(...attemptEntries.map((attempt) => attempt.startedAtMs));
    const changes =
      destination === undefined || attemptEntries.length === 0
        ? null
        : await readChangesSince(journal, destination, firstAtMs);
    const url = destination === undefined ? undefined : kind?.toPublicSettings(destination.settings)['url'];
    return {
      ...toDeliveryView(delivery, nowMs, explained),
      destination:
        destination === undefined
          ? null
          : {
              id: destination.id,
              kind: destination.kind,
              kind_title: kind?.title ?? destination.kind,
              name: destination.name,
              target: kind?.describeTarget(destination.settings) ?? '',
              url: typeof url === 'string' ? url : null,
              state: destination.state,
            },
      attempt_entries: attemptEntries.map((attempt) => ({
        ...toAttemptView(attempt, nowMs, explained),
        request:
          destination === undefined || kind === undefined || kind === null
            ? null
            : describeAttempt(kind, destination, delivery, attempt, changes, showsSignatures),
      })),
      body: toBodyText(delivery.body),
    };
  }

  async function viewOne(accountId: AccountId, delivery: DeliveryEntry) {
    const toExplained = await readExplained(ground, accountId, [delivery]);
    return toDeliveryView(delivery, clock.nowMs(), toExplained(delivery));
  }

  return [
    defineRoute({
      method: 'GET',
      path: '/v1/deliveries',
      operationId: 'listDeliveries',
      tag: 'Deliveries',
      summary: 'List deliveries, newest first',
      scope: 'watch',
      query: z.strictObject({ ...pageShape('row'), ...filterShape }),
      answers: [{ status: 200, description: 'A page of deliveries.', schema: definePage(deliveryView) }],
      async handle({ key, query }) {
        const read = readFilter(query);
        if (read.kind === 'problem') return read;
        const nowMs = clock.nowMs();
        const page = await journal.listDeliveries(key.accountId, read.filter, toPageRequest(query));
        const toExplained = await readExplained(ground, key.accountId, page.items);
        return answerPage(page, (delivery) => toDeliveryView(delivery, nowMs, toExplained(delivery)));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/deliveries/counts',
      operationId: 'countDeliveries',
      tag: 'Deliveries',
      summary: 'Count deliveries by state',
      description: 'Of all that match, whatever states the filter names.',
      scope: 'watch',
      query: z.strictObject(filterShape),
      answers: [{ status: 200, description: 'How many of each state.', schema: stateCountsView }],
      async handle({ key, query }) {
        const read = readFilter(query);
        if (read.kind === 'problem') return read;
        const counts = await journal.countDeliveries(key.accountId, read.filter, COUNTED_MAX);
        return answer(200, toStateCountsView(counts, COUNTED_MAX));
      },
    }),
    defineRoute({
      method: 'GET',
      path: '/v1/deliveries/:delivery_id',
      operationId: 'getDelivery',
      tag: 'Deliveries',
      summary: 'Read a delivery with its attempts and the body that is sent',
      scope: 'watch',
      answers: [{ status: 200, description: 'The delivery.', schema: deliveryDetailView }],
      async handle({ key, params }) {
        const delivery = await journal.getDelivery(key.accountId, params['delivery_id'] as DeliveryId);
        if (delivery === undefined) return NO_DELIVERY;
        // A signature is good for minutes and for whoever has it; a wall screen stands in a room.
        return answer(200, await toDetailView(delivery, grants(key.scopes, 'read')));
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/deliveries/:delivery_id/retry',
      operationId: 'retryDelivery',
      tag: 'Deliveries',
      summary: 'Send it again now',
      description: 'A delivery that is over stays as it is; a new one of the same event is made.',
      scope: 'write',
      answers: [{ status: 202, description: 'What was done.', schema: retryView }],
      async handle({ key, actor, params }) {
        const result = await journal.retryDelivery(key.accountId, params['delivery_id'] as DeliveryId, actor);
        if (result === undefined) return NO_DELIVERY;
        if (result.kind === 'destination_gone') return DESTINATION_GONE;
        deliveryChanged(result.delivery);
        return answer(202, {
          outcome: result.kind,
          delivery: await viewOne(key.accountId, result.delivery),
        });
      },
    }),
    defineRoute({
      method: 'POST',
      path: '/v1/deliveries/:delivery_id/cancel',
      operationId: 'cancelDelivery',
      tag: 'Deliveries',
      summary: 'Give up a pending delivery',
      scope: 'write',
      answers: [{ status: 200, description: 'The delivery, cancelled.', schema: deliveryView }],
      async handle({ key, actor, params }) {
        const result = await journal.cancelDelivery(
          key.accountId,
          params['delivery_id'] as DeliveryId,
          actor,
        );
        if (result === undefined) return NO_DELIVERY;
        if (result.kind === 'cancelled') {
          deliveryChanged(result.delivery);
          return answer(200, await viewOne(key.accountId, result.delivery));
        }
        const { state } = result.delivery;
        return makeProblem(
          'not_possible',
          state === 'pending'
            ? 'An attempt is under way: try again once it has ended.'
            : `It is ${state} already, which never changes.`,
          { members: { delivery: await viewOne(key.accountId, result.delivery) } },
        );
      },
    }),
  ];
}

const NO_DELIVERY = makeProblem('not_found', 'There is no such delivery in this account.');
const DESTINATION_GONE = makeProblem(
  'not_possible',
  'Its destination was deleted: there is nowhere to send it.',
);
