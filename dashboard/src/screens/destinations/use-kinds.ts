import type { DestinationKindView, Page } from '../../data/types.ts';

import { request } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';

/** What this hub can deliver to. */
export function useKinds() {
  return useResource('/v1/destination-kinds', (signal) =>
    request<Page<DestinationKindView>>('GET', '/v1/destination-kinds', { signal }),
  );
}
