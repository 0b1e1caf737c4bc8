import './delivery-drawer.css';
import type { AttemptDetailView, AttemptRequestView, DeliveryDetailView } from '../../data/types.ts';

import { useEffect, useState } from 'preact/hooks';
import { CodeBadge, DeliveryStateBadge, OutcomeBadge } from '../../components/badge.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { ConfirmDialog } from '../../components/dialog.tsx';
import { Drawer } from '../../components/drawer.tsx';
import { Icon } from '../../components/icon.tsx';
import { JsonView } from '../../components/json-view.tsx';
import { Facts, Section, Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Countdown, Time } from '../../components/time.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { request } from '../../data/api.ts';
import { formatLatency } from '../../data/format.ts';
import { hrefWith } from '../../data/location.ts';
import { toEventTitle } from '../../components/operational-words.ts';
import { useResource } from '../../data/resource.ts';
import { toCallHref } from '../../data/routes.ts';
import { can } from '../../data/session.ts';
import { onDeliveries } from '../../data/stream.ts';
import { useDestinations } from '../../data/use-destinations.ts';
import { KindTarget } from '../../components/kind-target.tsx';
import { cancelDelivery, retryDeliveries } from './retry.ts';
import { SentRequest } from './sent-request.tsx';
import { TimingBar } from './timing-bar.tsx';

export interface DeliveryDrawerProps {
  readonly id: string;
  readonly onClose: () => void;
  readonly previousHref?: string | null | undefined;
  readonly nextHref?: string | null | undefined;
}

/** One delivery: why it is as it is, each attempt as it went out and what came back, and what can be done. */
export function DeliveryDrawer({ id, onClose, previousHref, nextHref }: DeliveryDrawerProps) {
  const { data, fault, isLoading, reload } = useResource(
    `delivery ${id}`,
    (signal) => request<DeliveryDetailView>('GET', `/v1/deliveries/${encodeURIComponent(id)}`, { signal }),
    { resync: ['deliveries'] },
  );
  useEffect(
    () =>
      onDeliveries((changes) => {
        if (changes.some((change) => change.id === id)) reload();
      }),
    [id, reload],
  );
  const shown = data?.id === id ? data : undefined;
  const name = useName(shown);
  return (
    <Drawer
      isOpen
      onClose={onClose}
      previousHref={previousHref}
      nextHref={nextHref}
      isBusy={isLoading && shown === undefined}
      title={shown === undefined ? 'Delivery' : `${toEventTitle(shown.status)} to ${name}`}
      meta={shown !== undefined && <DeliveryStateBadge state={shown.state} attempts={shown.attempts} />}
      actions={shown !== undefined && can('write') ? <Actions delivery={shown} /> : undefined}
    >
      {shown === undefined ? (
        fault === null ? (
          <Skeleton lines={8} />
        ) : (
          <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} />
        )
      ) : (
        <Detail delivery={shown} name={name} />
      )}
    </Drawer>
  );
}

function Actions({ delivery }: { readonly delivery: DeliveryDetailView }) {
  const [isCancelling, setCancelling] = useState(false);
  const isPending = delivery.state === 'pending';
  return (
    <>
      <Button
        kind={delivery.resent == null ? 'primary' : 'normal'}
        icon="retry"
        onClick={() => void retryDeliveries([delivery.id])}
      >
        {isPending
          ? 'Try now'
          : delivery.state === 'delivered' || delivery.resent != null
            ? 'Send again anyway'
            : 'Retry'}
      </Button>
      {isPending && (
        <Button icon="cancel" onClick={() => setCancelling(true)}>
          Cancel
        </Button>
      )}
      <ConfirmDialog
        isOpen={isCancelling}
        onClose={() => setCancelling(false)}
        onConfirm={async () => {
          await cancelDelivery(delivery.id);
        }}
        title="Give up this delivery?"
        confirmLabel="Cancel delivery"
        cancelLabel="Keep it"
        isDangerous
      >
        It is not sent any more. It stays in the list, and can be sent again later as a new delivery.
      </ConfirmDialog>
    </>
  );
}

function Detail({ delivery, name }: { readonly delivery: DeliveryDetailView; readonly name: string }) {
  const { explanation, destination } = delivery;
  const attempts = delivery.attempt_entries.toReversed();
  const isBatched = attempts[0]?.request?.signature === 'batch';
  return (
    <div class="delivery">
      {delivery.resent != null && (
        <aside class="delivery-cause" data-tone={delivery.resent.state === 'delivered' ? 'good' : 'warn'}>
          <Icon name="retry" />
          <p class="delivery-cause-title">
            Sent again since: <a href={hrefWith({ delivery: delivery.resent.id })}>{delivery.resent.state}</a>
          </p>
        </aside>
      )}
      {explanation != null && delivery.state !== 'delivered' && delivery.resent?.state !== 'delivered' && (
        <aside class="delivery-cause" data-tone="bad" aria-label="What is wrong">
          <Icon name="alert" />
          <div>
            <p class="delivery-cause-title">{explanation.title}</p>
            <p>{explanation.hint}</p>
            <LinkButton size="small" icon="destinations" href={`/destinations/${delivery.destination_id}`}>
              Open the destination
            </LinkButton>
          </div>
        </aside>
      )}
      <Facts
        items={[
          ['Destination', <a href={`/destinations/${delivery.destination_id}`}>{name}</a>],
          ['Where to', destination !== null && <KindTarget of={destination} />],
          [
            'Call',
            delivery.call_id !== null && (
              <a class="mono" href={toCallHref(delivery.call_id)}>
                {delivery.call_id}
              </a>
            ),
          ],
          delivery.event_type === 'status-update'
            ? ['Status sent', `${delivery.status}, number ${delivery.sequence} of the call`]
            : ['Told of', toEventTitle(delivery.status)],
          ['What came of it', delivery.state === 'delivered' && delivery.last_detail],
          ['Next try', delivery.state !== 'pending' ? null : toNextTry(delivery)],
          ['Why', delivery.state_reason],
          ['Created', <Time at={delivery.created_at} shape="absolute" />],
          [
            'Finished',
            delivery.finished_at === null ? null : <Time at={delivery.finished_at} shape="absolute" />,
          ],
          [
            'Delivery',
            <span class="mono">
              {delivery.id} <CopyButton text={delivery.id} label="Copy delivery id" />
            </span>,
          ],
          [
            'Event',
            <span class="mono">
              {delivery.event_id} <CopyButton text={delivery.event_id} label="Copy event id" />
            </span>,
          ],
        ]}
      />
      <Section title="Attempts" hint={attempts.length === 0 ? 'None yet' : 'Latest first'}>
        <ol class="attempts" reversed>
          {attempts.map((attempt, index) => (
            <Attempt key={attempt.id} attempt={attempt} body={delivery.body} isOpen={index === 0} />
          ))}
        </ol>
      </Section>
      <Section
        title="Body"
        hint={
          isBatched
            ? 'What the batch held for this event'
            : destination?.url == null
              ? 'What it is told'
              : 'Exactly what is signed and sent'
        }
      >
        <JsonView text={delivery.body} label="Request body" />
      </Section>
    </div>
  );
}

function Attempt({
  attempt,
  body,
  isOpen,
}: {
  readonly attempt: AttemptDetailView;
  readonly body: string;
  readonly isOpen: boolean;
}) {
  const { request: sent, explanation, outcome, status } = attempt;
  const isDone = outcome === 'delivered' && status === null;
  return (
    <li class="attempt">
      <details open={isOpen}>
        <summary class="attempt-head">
          <span class="attempt-number">{attempt.number}</span>
          <OutcomeBadge outcome={attempt.outcome} isPlain />
          {!isDone && <CodeBadge status={status} cause={attempt.cause} />}
          <span class="attempt-title">{explanation?.title ?? toDone(attempt)}</span>
          <span class="muted">{formatLatency(attempt.duration_ms)}</span>
        </summary>
        <div class="attempt-body">
          <Facts
            items={[
              ['Started', <Time at={attempt.started_at} shape="exact" />],
              [
                'Took',
                <TimingBar
                  firstByteMs={attempt.first_byte_ms}
                  totalMs={attempt.duration_ms}
                  isDone={isDone}
                />,
              ],
              ['What happened', attempt.detail],
              ['What to do', explanation?.hint ?? null],
              ['Signature', sent == null ? null : toSignatureText(sent.signature)],
            ]}
          />
          {sent != null && (
            <details class="attempt-request">
              <summary>Request as it was sent</summary>
              <SentRequest sent={sent} body={body} />
            </details>
          )}
          {attempt.response_body === null ? (
            <p class="muted">
              {outcome !== 'delivered'
                ? 'The answer had no body.'
                : isDone
                  ? 'It took more than one request, of which only what came of them is kept.'
                  : 'Bodies of good answers are not kept.'}
            </p>
          ) : (
            <JsonView text={attempt.response_body} label={`Answer to attempt ${attempt.number}`} />
          )}
        </div>
      </details>
    </li>
  );
}

/** In the kind's own words, where its work is more than one answer. */
function toDone({ outcome, detail }: AttemptDetailView): string {
  return outcome === 'delivered' ? (detail ?? '') : '';
}

function toSignatureText(signature: NonNullable<AttemptRequestView>['signature']): string {
  switch (signature) {
    case 'valid':
      return 'Checked: these headers verify with the destination’s secret';
    case 'batch':
      return 'Over the whole batch, of which the other events are not kept';
    case 'secret rotated since':
      return 'Not shown: the secret was rotated since';
    case 'not for this key':
      return 'Not shown to a key that may only watch';
  }
}

function toNextTry({ due_at: dueAt }: DeliveryDetailView) {
  return dueAt === null ? 'After the call’s earlier event' : <Countdown untilMs={dueAt} />;
}

function useName(delivery: DeliveryDetailView | undefined): string {
  const all = useDestinations().data?.data;
  if (delivery === undefined) return '';
  const { destination, destination_id: id } = delivery;
  return toDestinationName(id, all, destination?.name ?? destination?.kind_title);
}
