import { useMemo } from 'preact/hooks';
import type { Suggestions } from '../../components/filter-box.tsx';
import type { Page, PhoneNumberView, SourceView } from '../../data/types.ts';

import { DELIVERY_STATES } from '../../../../hub/src/journal/delivery-state.ts';
import { CALL_STATES } from '../../../../hub/src/calls/call.ts';
import { toDestinationName } from '../../data/destination-name.ts';
import { request } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { useDestinations } from '../../data/use-destinations.ts';

/** What can stand behind each word here, of this account: nobody knows the ids of destinations by heart. */
export function useFilterSuggestions(): Suggestions {
  const { data: destinations } = useDestinations();
  const { data: sources } = useResource('/v1/sources', (signal) =>
    request<Page<SourceView>>('GET', '/v1/sources', { signal }),
  );
  const { data: numbers } = useResource('/v1/phone-numbers', (signal) =>
    request<Page<PhoneNumberView>>('GET', '/v1/phone-numbers', { signal }),
  );
  return useMemo(
    () => ({
      state: [
        ...CALL_STATES.map((value) => ({ value, title: CALL_STATE_TITLES[value] })),
        ...DELIVERY_STATES.map((value) => ({ value, title: `has a delivery that is ${value}` })),
      ],
      status: ['in-progress', 'ended', 'ended-with-error'],
      type: [
        { value: 'inbound_phone_call', title: 'inbound' },
        { value: 'outbound_phone_call', title: 'outbound' },
        { value: 'web_call', title: 'web' },
      ],
      destination: (destinations?.data ?? []).map(({ id }) => ({
        value: id,
        title: toDestinationName(id, destinations?.data),
      })),
      source: (sources?.data ?? []).map(({ id, name }) => ({ value: id, title: name })),
      // Masked numbers cannot be asked for.
      number: (numbers?.data ?? [])
        .filter(({ number }) => !number.includes('•'))
        .map(({ number, name }) => ({ value: number, title: name })),
    }),
    [destinations, sources, numbers],
  );
}

const CALL_STATE_TITLES = {
  none: 'no status yet',
  live: 'connected, not ended',
  ended: 'ended normally',
  failed: 'ended with error',
} as const;
