/** One delivery of an event: where to, how it stands, and each attempt with what came back. */
import { useContext, useId, useState } from 'preact/hooks';
import type { AttemptView, DeliveryDetailView, DestinationView } from '../../data/types.ts';
import type { TimelineDelivery } from './timeline-entries.ts';

import { CodeBadge, DeliveryStateBadge } from '../../components/badge.tsx';
import { Button, IconButton } from '../../components/button.tsx';
import { Icon } from '../../components/icon.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Menu } from '../../components/popover.tsx';
import { Countdown } from '../../components/time.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { request } from '../../data/api.ts';
import { formatCount, formatLatency } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import { toDeliveryHref } from '../../data/routes.ts';
import { can } from '../../data/session.ts';
import { cancelDelivery, retryDeliveries } from '../deliveries/retry.ts';
import { SentRequest } from '../deliveries/sent-request.tsx';
import { KindIcon } from '../../components/kind-icon.tsx';
import { Clock } from './clock-time.tsx';
import { Folds } from './disclosure.tsx';
import { Destinations } from '../../data/use-destinations.ts';

/** The last ones say how it stands; a schedule has twelve. */
const ATTEMPTS_SHOWN_MAX = 4;

export function DeliveryItem({
  delivery,
  eventAtMs,
  isTroubled,
}: {
  readonly delivery: TimelineDelivery;
  readonly eventAtMs: number;
  readonly isTroubled: boolean;
}) {
  const id = useId();
  /** null until somebody chose: then what failed is open, also what begins to fail while it is looked at. */
  const [chosen, setChosen] = useState<boolean | null>(null);
  const isOpen = chosen ?? isTroubled;
  const destinations = useContext(Destinations);
  const destination = destinations?.find((one) => one.id === delivery.destination_id);
  const name = toDestinationName(delivery.destination_id, destinations);
  const { explanation, attempt_entries: attempts } = delivery;
  const reason = toReason(delivery);
  return (
    <li class="delivery-item" data-state={delivery.state}>
      <div class="delivery-line">
        <button
          type="button"
          class="delivery-toggle"
          aria-expanded={isOpen}
          aria-controls={isOpen ? id : undefined}
          onClick={() => setChosen(!isOpen)}
        >
          <Icon name={isOpen ? 'chevron-down' : 'chevron-right'} />
          <DeliveryStateBadge state={delivery.state} attempts={delivery.attempts} isPlain />
          {destination !== undefined && <KindIcon kind={destination.kind} />}
          <span class="delivery-name">{name}</span>
          {destination !== undefined && destination.name !== null && (
            <span class="delivery-kind">{destination.kind_title}</span>
          )}
          {destination === undefined && destinations !== undefined && (
            <span class="delivery-kind">deleted</span>
          )}
        </button>
        <span class="delivery-facts">
          <Standing delivery={delivery} destinationState={destination?.state} />
        </span>
        <DeliveryMenu delivery={delivery} name={name} />
      </div>
      {isOpen && (
        <div class="delivery-open" id={id}>
          {explanation !== null && delivery.state !== 'delivered' && (
            <p class="delivery-why">
              <strong>{explanation.title}.</strong> {explanation.hint}
            </p>
          )}
          {reason !== null && <p class="story-text">{reason}</p>}
          {attempts.length === 0 ? (
            <p class="muted">No attempt yet.</p>
          ) : (
            <Attempts deliveryId={delivery.id} attempts={attempts} eventAtMs={eventAtMs} />
          )}
        </div>
      )}
    </li>
  );
}

/** What one wants to know without opening it. */
function Standing({
  delivery,
  destinationState,
}: {
  readonly delivery: TimelineDelivery;
  readonly destinationState: DestinationView['state'] | undefined;
}) {
  const { state, attempts, last_status: lastStatus, due_at: dueAt, attempt_entries: entries } = delivery;
  const last = entries.at(-1);
  return (
    <>
      {state === 'delivered' && delivery.last_detail !== null && (
        <span class="delivery-done">{delivery.last_detail}</span>
      )}
      {attempts > 0 && lastStatus !== null && <span>{lastStatus}</span>}
      {state === 'delivered' && last !== undefined && <span>{formatLatency(last.duration_ms)}</span>}
      {(attempts > 1 || (attempts === 1 && state !== 'delivered')) && (
        <span>
          {formatCount(attempts)} {attempts === 1 ? 'attempt' : 'attempts'}
        </span>
      )}
      {state === 'pending' && <NextTry dueAt={dueAt} destinationState={destinationState} />}
      {delivery.replay_id !== null && <span>sent again</span>}
    </>
  );
}

function NextTry({
  dueAt,
  destinationState,
}: {
  readonly dueAt: string | null;
  readonly destinationState: DestinationView['state'] | undefined;
}) {
  if (destinationState === 'paused' || destinationState === 'disabled') {
    return <span>held: destination {destinationState}</span>;
  }
  if (dueAt === null) return <span>after the call’s earlier event</span>;
  return (
    <span>
      next try <Countdown untilMs={dueAt} doneText="soon" />
    </span>
  );
}

function DeliveryMenu({ delivery, name }: { readonly delivery: TimelineDelivery; readonly name: string }) {
  const isPending = delivery.state === 'pending';
  const mayWrite = can('write');
  return (
    <span class="delivery-acts">
      {mayWrite && (isPending || delivery.state === 'dead') && (
        <IconButton
          icon="retry"
          size="small"
          label={isPending ? `Try ${name} now` : `Retry ${name}`}
          tipSide="left"
          onClick={() => void retryDeliveries([delivery.id])}
        />
      )}
      <Menu
        label={`More for the delivery to ${name}`}
        icon="more"
        kind="quiet"
        size="small"
        align="end"
        isIconOnly
        items={[
          { label: 'Open delivery', icon: 'deliveries', href: toDeliveryHref(delivery.id) },
          {
            label: 'Open destination',
            icon: 'destinations',
            href: `/destinations/${delivery.destination_id}`,
          },
          ...(mayWrite && !isPending
            ? [
                {
                  label: 'Send again',
                  icon: 'retry' as const,
                  onSelect: () => void retryDeliveries([delivery.id]),
                },
              ]
            : []),
          ...(mayWrite && isPending
            ? [
                {
                  label: 'Cancel delivery',
                  icon: 'cancel' as const,
                  isDangerous: true,
                  onSelect: () => void cancelDelivery(delivery.id),
                },
              ]
            : []),
        ]}
      />
    </span>
  );
}

function Attempts({
  deliveryId,
  attempts,
  eventAtMs,
}: {
  readonly deliveryId: string;
  readonly attempts: readonly AttemptView[];
  readonly eventAtMs: number;
}) {
  const [isAllShown, setAllShown] = useState(false);
  const hidden = isAllShown ? 0 : Math.max(0, attempts.length - ATTEMPTS_SHOWN_MAX);
  return (
    <>
      {hidden > 0 && (
        <Button size="small" kind="quiet" icon="chevron-up" onClick={() => setAllShown(true)}>
          Show {formatCount(hidden)} earlier {hidden === 1 ? 'attempt' : 'attempts'}
        </Button>
      )}
      <ol class="tries" start={hidden + 1}>
        {attempts.slice(hidden).map((attempt) => (
          <Attempt key={attempt.id} deliveryId={deliveryId} attempt={attempt} eventAtMs={eventAtMs} />
        ))}
      </ol>
    </>
  );
}

function Attempt({
  deliveryId,
  attempt,
  eventAtMs,
}: {
  readonly deliveryId: string;
  readonly attempt: AttemptView;
  readonly eventAtMs: number;
}) {
  const { number, status, cause, explanation, response_body: answer, outcome, detail } = attempt;
  const isDone = outcome === 'delivered';
  return (
    <li class="try">
      <Folds
        lead={
          <p class="try-line">
            <span class="try-number">
              <span class="visually-hidden">Attempt </span>
              {number}
            </span>
            {(status !== null || !isDone) && <CodeBadge status={status} cause={cause} />}
            <span class="try-title">{explanation?.title ?? (isDone ? detail : '')}</span>
            <span>{formatLatency(attempt.duration_ms)}</span>
            <Clock at={attempt.started_at} besideAt={eventAtMs} />
          </p>
        }
        folds={[
          ...(answer === null || answer === ''
            ? []
            : [
                {
                  label: 'Answer',
                  icon: 'arrow-left' as const,
                  content: () => <JsonView text={answer} label={`Answer to attempt ${number}`} />,
                },
              ]),
          {
            label: 'Request',
            icon: 'arrow-right',
            content: () => <AttemptRequest deliveryId={deliveryId} number={number} />,
          },
        ]}
      />
    </li>
  );
}

/** The headers and the signature of an attempt are put together by the hub when somebody asks. */
function AttemptRequest({ deliveryId, number }: { readonly deliveryId: string; readonly number: number }) {
  const { data, fault, isLoading, reload } = useResource(`delivery ${deliveryId}`, (signal) =>
    request<DeliveryDetailView>('GET', `/v1/deliveries/${encodeURIComponent(deliveryId)}`, { signal }),
  );
  const attempt =
    data?.id === deliveryId ? data.attempt_entries.find((one) => one.number === number) : undefined;
  if (data === undefined || attempt === undefined) {
    if (fault !== null)
      return <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} isCompact />;
    return <Skeleton lines={3} />;
  }
  const sent = attempt.request;
  if (sent === null || sent === undefined) {
    return <p class="muted">Its destination is gone, so that the request cannot be put together again.</p>;
  }
  return <SentRequest sent={sent} body={data.body} isBodyShown />;
}

/** Why it is over, or what it waits for beyond its next try, which stands beside it. */
function toReason({ state, state_reason: reason }: TimelineDelivery): string | null {
  if (reason === null) return null;
  const known = REASONS.get(reason);
  if (known !== undefined) return known;
  if (state === 'pending' && reason.startsWith('It waits')) return null;
  const first = reason.charAt(0).toUpperCase() + reason.slice(1);
  return /[.!?]$/.test(first) ? first : `${first}.`;
}

const REASONS: ReadonlyMap<string, string> = new Map([
  ['exhausted', 'Every try of its retry schedule was used up.'],
  ['aborted', 'The receiver asked for no further tries.'],
]);
