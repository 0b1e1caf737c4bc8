/**
 * Our own sentences name another destination by its id, since a kind knows no more of it ("active_calls is kept by the
 * destination dst_…"). People know it by its name.
 */
import type { AccountId } from '../journal/ids.ts';
import type { ApiGround } from './ground.ts';

export type NameDestinations = <Text extends string | null>(text: Text) => Text;

const DESTINATION_ID = /\bdst_[0-9A-Za-z]{1,40}\b/g;

/** Destinations are read only where one of the texts names one. Ids of other accounts, and of what is gone, stay. */
export async function readDestinationNames(
  { journal, destinationKinds }: Pick<ApiGround, 'journal' | 'destinationKinds'>,
  accountId: AccountId,
  texts: readonly (string | null)[],
): Promise<NameDestinations> {
  if (!texts.some((text) => text?.includes('dst_') === true)) return (text) => text;
  const destinations = await journal.listDestinations(accountId);
  const names = new Map<string, string>(
    destinations.map(({ id, kind, name, settings }) => {
      const known = destinationKinds.get(kind) ?? null;
      return [id, name ?? `${known?.title ?? kind} ${known?.describeTarget(settings) ?? ''}`.trim()];
    }),
  );
  return <Text extends string | null>(text: Text): Text =>
    (text === null ? null : text.replace(DESTINATION_ID, (id) => quote(names.get(id)) ?? id)) as Text;
}

function quote(name: string | undefined): string | undefined {
  return name === undefined ? undefined : `“${name}”`;
}
