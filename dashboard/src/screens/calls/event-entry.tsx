import type { ComponentChildren } from 'preact';
import { useState } from 'preact/hooks';
import type { TimelineDelivery, TimelineEntry } from './timeline-entries.ts';

import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { Icon } from '../../components/icon.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { formatCount } from '../../data/format.ts';
import { DeliveryItem } from './delivery-item.tsx';
import { Folds } from './disclosure.tsx';
import { StoryEntry } from './story-entry.tsx';
import { isTroubled, summarizeDeliveries } from './timeline-entries.ts';

/** So many good deliveries are no burden; of more only their number is shown. */
const GOOD_SHOWN_MAX = 3;

/** What was sent because of a report, and under it where to. */
export function EventEntry({
  entry: { atMs, event, eventId, deliveries },
  gap,
  time,
  level,
}: {
  readonly entry: TimelineEntry & { readonly kind: 'event' };
  readonly gap: ComponentChildren;
  readonly time: ComponentChildren;
  readonly level: 3 | 4;
}) {
  const summary = summarizeDeliveries(deliveries);
  return (
    <StoryEntry
      kind="event"
      icon="deliveries"
      tone={
        summary.dead > 0
          ? 'bad'
          : summary.retrying > 0
            ? 'warn'
            : deliveries.length === 0
              ? 'quiet'
              : summary.waiting > 0
                ? 'neutral'
                : 'good'
      }
      gap={gap}
      level={level}
      title={
        event === null ? (
          'Earlier event'
        ) : (
          <>
            Event {event.sequence} <code class="story-word">{event.status}</code>
          </>
        )
      }
      meta={<Summary deliveries={deliveries} />}
      time={time}
    >
      {deliveries.length > 0 && <Deliveries deliveries={deliveries} eventAtMs={atMs} />}
      <Folds
        folds={
          event === null
            ? []
            : [
                {
                  label: 'Body as sent',
                  icon: 'code',
                  content: () => <JsonView text={event.body} label="Body of the event" />,
                },
              ]
        }
      >
        <span class="story-id">
          <code>{eventId}</code>
          <CopyButton text={eventId} label="Copy event id" />
        </span>
      </Folds>
    </StoryEntry>
  );
}

function Summary({ deliveries }: { readonly deliveries: readonly TimelineDelivery[] }) {
  const { dead, retrying, waiting, delivered, other } = summarizeDeliveries(deliveries);
  if (deliveries.length === 0) return <span class="muted">matched no destination</span>;
  return (
    <>
      {dead > 0 && (
        <Badge tone="bad" icon="state-failed" isPlain>
          {formatCount(dead)} failed
        </Badge>
      )}
      {retrying > 0 && (
        <Badge tone="warn" icon="state-retrying" isPlain>
          {formatCount(retrying)} retrying
        </Badge>
      )}
      {waiting > 0 && (
        <Badge icon="state-waiting" isPlain>
          {formatCount(waiting)} pending
        </Badge>
      )}
      {delivered > 0 && (
        <Badge tone="good" icon="state-done" isPlain>
          {formatCount(delivered)} delivered
        </Badge>
      )}
      {other > 0 && (
        <Badge tone="quiet" icon="state-skipped" isPlain>
          {formatCount(other)} not sent
        </Badge>
      )}
    </>
  );
}

/** What needs a look stands open; what went well folds away where there is much of it. */
function Deliveries({
  deliveries,
  eventAtMs,
}: {
  readonly deliveries: readonly TimelineDelivery[];
  readonly eventAtMs: number;
}) {
  const [isAllShown, setAllShown] = useState(false);
  const good = deliveries.filter(
    ({ state }) => state === 'delivered' || state === 'superseded' || state === 'cancelled',
  );
  const isFolded = !isAllShown && good.length > GOOD_SHOWN_MAX;
  const shown = isFolded ? deliveries.filter((delivery) => !good.includes(delivery)) : deliveries;
  return (
    <>
      {shown.length > 0 && (
        <ul class="story-deliveries">
          {shown.map((delivery) => (
            <DeliveryItem
              key={delivery.id}
              delivery={delivery}
              eventAtMs={eventAtMs}
              isTroubled={isTroubled(delivery, deliveries)}
            />
          ))}
        </ul>
      )}
      {good.length > GOOD_SHOWN_MAX && (
        <Button size="small" kind="quiet" aria-expanded={isAllShown} onClick={() => setAllShown(!isAllShown)}>
          <Icon name={isAllShown ? 'chevron-up' : 'chevron-down'} />{' '}
          {isAllShown ? 'Show only what is left to do' : `Show ${formatCount(good.length)} that are over`}
        </Button>
      )}
    </>
  );
}
