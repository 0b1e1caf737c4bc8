import { createContext } from 'preact';
import type { DestinationView, Page } from './types.ts';

import { request } from './api.ts';
import { useResource } from './resource.ts';
import { can } from './session.ts';

export function useDestinations() {
  // A key that may only watch is not told where things go.
  return useResource(can('read') ? '/v1/destinations' : '', (signal) =>
    request<Page<DestinationView>>('GET', '/v1/destinations', { signal }),
  );
}

/** Read once for all deliveries of a timeline; undefined while it is on its way. */
export const Destinations = createContext<readonly DestinationView[] | undefined>(undefined);
