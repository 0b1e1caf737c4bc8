/** What lists of deliveries say of their destinations: each is explained as what it goes to. */
import type { AccountId } from '../journal/ids.ts';
import type { DeliveryEntry } from '../journal/reader.ts';
import type { ApiGround } from './ground.ts';
import type { ExplainedDestination } from './delivery-views.ts';

import { readDestinationNames } from './destination-names.ts';

export type ToExplained = (delivery: DeliveryEntry) => ExplainedDestination;

/** details: of their attempts, where those are shown as well. */
export async function readExplained(
  ground: Pick<ApiGround, 'journal' | 'destinationKinds' | 'kindNames'>,
  accountId: AccountId,
  deliveries: readonly DeliveryEntry[],
  details: readonly (string | null)[] = [],
): Promise<ToExplained> {
  const [kindOf, nameDestinations] = await Promise.all([
    ground.kindNames(
      accountId,
      deliveries.map(({ destinationId }) => destinationId),
    ),
    readDestinationNames(ground, accountId, [...deliveries.map(({ lastDetail }) => lastDetail), ...details]),
  ]);
  return ({ destinationId }) => ({
    destinationState: null,
    destinationKind: kindOf.get(destinationId) ?? null,
    nameDestinations,
  });
}
