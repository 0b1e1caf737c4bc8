import './destination-events.css';
import type { OperationalEventView, Page } from '../../data/types.ts';

import { OperationalBadge } from '../../components/operational-badge.tsx';
import { Section } from '../../components/page.tsx';
import { Time } from '../../components/time.tsx';
import { request } from '../../data/api.ts';
import { toSubjectHref } from '../../data/operational-subject.ts';
import { useNoticed } from '../settings/use-noticed.ts';
import { useResource } from '../../data/resource.ts';

/** The newest say how it has been; older ones stand in the list of all. */
const SHOWN_MAX = 6;

/** What the hub noticed about one destination; nothing is shown where there is nothing. */
export function DestinationEvents({ destinationId }: { readonly destinationId: string }) {
  const { data, reload } = useResource(
    `operational-events ${destinationId}`,
    (signal) =>
      request<Page<OperationalEventView>>('GET', '/v1/operational-events', {
        query: { destination_id: destinationId, limit: SHOWN_MAX },
        signal,
      }),
    { resync: ['operational'] },
  );
  useNoticed(reload);
  const events = data?.data ?? [];
  if (events.length === 0) return null;
  return (
    <Section title="What the hub noticed" hint="Newest first">
      <ul class="noticed">
        {events.map((event) => (
          <li key={event.id}>
            <span class="noticed-line">
              <OperationalBadge type={event.type} />
              <span class="muted">
                <Time at={event.at} />
              </span>
            </span>
            {event.type === 'delivery.dead' ? (
              <a href={toSubjectHref(event)}>
                {event.event.status} of call <span class="mono">{event.call.id}</span>
              </a>
            ) : (
              'reason' in event && <span class="muted">{event.reason}</span>
            )}
          </li>
        ))}
      </ul>
      {data?.has_more === true && (
        <p>
          <a href="/settings?tab=events">All that the hub noticed</a>
        </p>
      )}
    </Section>
  );
}
