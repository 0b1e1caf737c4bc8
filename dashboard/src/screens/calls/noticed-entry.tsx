import { useContext } from 'preact/hooks';
import type { ComponentChildren } from 'preact';
import type { TimelineEntry } from './timeline-entries.ts';

import { DeliveryStateBadge } from '../../components/badge.tsx';
import { OPERATIONAL_WORDS } from '../../components/operational-words.ts';
import { toDestinationName } from '../../data/destination-name.ts';
import { toDeliveryHref } from '../../data/routes.ts';
import { Destinations } from '../../data/use-destinations.ts';
import { StoryEntry } from './story-entry.tsx';

/** What the hub said of the call by itself, and whom it told. */
export function NoticedEntry({
  entry: { event, deliveries },
  ...frame
}: {
  readonly entry: TimelineEntry & { readonly kind: 'noticed' };
  readonly gap: ComponentChildren;
  readonly time: ComponentChildren;
  readonly level: 3 | 4;
}) {
  const destinations = useContext(Destinations);
  const { title, icon, tone } = OPERATIONAL_WORDS[event.type];
  return (
    <StoryEntry {...frame} kind="event" icon={icon} tone={tone} title={title}>
      <p class="story-text">{event.summary}</p>
      {deliveries.length === 0 ? (
        <p class="muted">No destination asks to be told of it.</p>
      ) : (
        <ul class="story-deliveries">
          {deliveries.map(({ id, state, attempts, destination_id: to }) => (
            <li key={id} class="delivery-item delivery-line">
              <a href={toDeliveryHref(id)}>{toDestinationName(to, destinations)}</a>
              <DeliveryStateBadge state={state} attempts={attempts} isPlain />
            </li>
          ))}
        </ul>
      )}
    </StoryEntry>
  );
}
