import type { ApiFault } from '../../data/api.ts';
import type { TimelineView } from '../../data/types.ts';

import { request } from '../../data/api.ts';
import { useResource } from '../../data/resource.ts';
import { session } from '../../data/session.ts';
import { onCalls, onDeliveries, onOperational } from '../../data/stream.ts';
import { usePaced } from './gate.ts';

/** One call may get hundreds of attempts a second when it is replayed. */
const RELOAD_GAP_MS = 500;

export interface ShownTimeline {
  /** Of this call; undefined while it is on its way. */
  readonly timeline: TimelineView | undefined;
  readonly fault: ApiFault | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

/** The whole story of a call, read anew as it goes on. */
export function useTimeline(id: string): ShownTimeline {
  // Masked and in full are two answers, and neither may stand in for the other.
  const key = `timeline ${session.value?.revealed === true} ${id}`;
  const { data, fault, isLoading, reload } = useResource(
    key,
    async (signal) => ({
      key,
      timeline: await request<TimelineView>('GET', `/v1/calls/${encodeURIComponent(id)}/timeline`, {
        signal,
      }),
    }),
    { resync: ['calls', 'deliveries', 'operational'] },
  );
  usePaced(
    RELOAD_GAP_MS,
    reload,
    (ask) => [
      onOperational(ask),
      onCalls((calls) => {
        if (calls.some((call) => call.id === id)) ask();
      }),
      onDeliveries((changes) => {
        if (changes.some((change) => change.call_id === id)) ask();
      }),
    ],
    [id],
  );
  return { timeline: data?.key === key ? data.timeline : undefined, fault, isLoading, reload };
}
