import './destination-screen.css';
import type { DeliveryView, DestinationView, Page } from '../../data/types.ts';

import { useState } from 'preact/hooks';
import { DestinationStateBadge } from '../../components/badge.tsx';
import { Button, LinkButton } from '../../components/button.tsx';
import { CopyButton } from '../../components/copy-button.tsx';
import { ConfirmDialog, Dialog } from '../../components/dialog.tsx';
import { Field, TextInput } from '../../components/field.tsx';
import { Icon } from '../../components/icon.tsx';
import { Facts, PageHead, Section, Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Countdown, Time } from '../../components/time.tsx';
import { showToast } from '../../components/toast.tsx';
import { request, toApiFault } from '../../data/api.ts';
import { toDestinationName } from '../../data/destination-name.ts';
import { useDestinations } from '../../data/use-destinations.ts';
import { nowMs } from '../../data/clock.ts';
import { formatCount, formatPercent } from '../../data/format.ts';
import { go, location } from '../../data/location.ts';
import { toEventTitle } from '../../components/operational-words.ts';
import { useResource } from '../../data/resource.ts';
import { can } from '../../data/session.ts';
import { DestinationEvents } from './destination-events.tsx';
import { EditDestination } from './edit-destination.tsx';
import { isFailing } from './destinations-screen.tsx';
import { KindTarget } from '../../components/kind-target.tsx';
import { useQuietReload } from './quiet-reload.ts';
import { isBatched } from './receiver-snippets.ts';
import { ReceiverSnippet } from './receiver-snippet.tsx';
import { RetrySchedule } from './retry-schedule.tsx';
import { RotateSecret } from './rotate-secret.tsx';
import { SendTest } from './send-test.tsx';
import { toFields } from './settings-schema.ts';
import { toSettingFacts } from './setting-facts.ts';
import { useKinds } from './use-kinds.ts';

type Asked = 'edit' | 'pause' | 'rotate' | 'delete' | null;

export function DestinationScreen() {
  const id = decodeURIComponent(location.value.path.slice('/destinations/'.length));
  const { data, fault, isLoading, reload } = useResource(
    `destination ${id}`,
    (signal) => request<DestinationView>('GET', `/v1/destinations/${encodeURIComponent(id)}`, { signal }),
    { resync: ['rest'] },
  );
  useQuietReload(reload);
  const shown = data?.id === id ? data : undefined;
  const back = { href: '/destinations', label: 'Destinations' };
  if (shown === undefined) {
    return (
      <div class="destination">
        <PageHead title="Destination" back={back} />
        {fault === null ? (
          <Skeleton lines={8} />
        ) : (
          <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} />
        )}
      </div>
    );
  }
  return <Shown destination={shown} reload={reload} back={back} />;
}

function Shown({
  destination,
  reload,
  back,
}: {
  readonly destination: DestinationView;
  readonly reload: () => void;
  readonly back: { readonly href: string; readonly label: string };
}) {
  const [asked, setAsked] = useState<Asked>(null);
  const close = (): void => setAsked(null);
  const { signs } = destination;
  // Before the list, which may still have the name it had.
  const name = toDestinationName(destination.id, [destination, ...(useDestinations().data?.data ?? [])]);
  const isBatch = isBatched(destination.settings);
  const command = async (verb: string, text: string, body?: unknown): Promise<void> => {
    try {
      await request('POST', `/v1/destinations/${destination.id}/${verb}`, { body });
      showToast(text);
    } catch (error) {
      showToast('That did not work', { kind: 'alert', detail: toApiFault(error).problem.detail });
    }
    reload();
  };
  const retries = (
    <Section
      title="Retries"
      hint={
        destination.retry_schedule_s === null
          ? 'The default schedule; each wait varies by ±20 %'
          : 'A schedule of its own; each wait varies by ±20 %'
      }
    >
      <RetrySchedule waitsS={destination.retry_schedule_effective_s ?? destination.retry_schedule_s ?? []} />
    </Section>
  );
  return (
    <div class="destination">
      <PageHead
        title={name}
        back={back}
        meta={<DestinationStateBadge state={destination.state} isFailing={isFailing(destination)} />}
        subtitle={<KindTarget of={destination} />}
        actions={
          can('write') && (
            <>
              <Button icon="edit" onClick={() => setAsked('edit')}>
                Edit
              </Button>
              {destination.state === 'enabled' ? (
                <Button icon="pause" onClick={() => setAsked('pause')}>
                  Pause
                </Button>
              ) : (
                <Button
                  kind="primary"
                  icon="play"
                  onClick={() => void command('resume', 'Resumed: what was held is sent now, in order')}
                >
                  Resume
                </Button>
              )}
              <Button kind="quiet" icon="trash" onClick={() => setAsked('delete')}>
                Delete
              </Button>
            </>
          )
        }
      />
      <Trouble destination={destination} />
      <Health destination={destination} />
      <div class="destination-columns">
        <div class="destination-column">
          {can('write') && (
            <Section
              title="Send a test"
              hint={
                signs
                  ? 'The three published payloads, signed like any delivery; nothing is recorded'
                  : 'Whether it works as it is set up; no call is touched, and nothing is recorded'
              }
            >
              <SendTest destinationId={destination.id} signs={signs} />
            </Section>
          )}
          <Settings destination={destination} />
          {signs && retries}
        </div>
        <div class="destination-column">
          {signs && (
            <>
              <Section
                title="Secret"
                hint="Signs every request; shown only when it is made"
                actions={
                  can('write') && (
                    <Button size="small" icon="retry" onClick={() => setAsked('rotate')}>
                      Rotate
                    </Button>
                  )
                }
              >
                <SecretState destination={destination} />
              </Section>
              <Section title="Receiver" hint="Code for the other side">
                <ReceiverSnippet secret={null} isBatch={isBatch} />
              </Section>
            </>
          )}
          {!signs && retries}
          <DestinationEvents destinationId={destination.id} />
        </div>
      </div>

      {asked === 'edit' && (
        <EditDestination destination={destination} name={name} onClose={close} onSaved={reload} />
      )}
      {asked === 'rotate' && (
        <RotateSecret destinationId={destination.id} isBatch={isBatch} onClose={close} onRotated={reload} />
      )}
      {asked === 'pause' && (
        <PauseDialog
          name={name}
          onClose={close}
          onPause={(reason) =>
            command('pause', 'Paused: its deliveries are held', reason === '' ? undefined : { reason })
          }
        />
      )}
      <ConfirmDialog
        isOpen={asked === 'delete'}
        onClose={close}
        onConfirm={async () => {
          await request('DELETE', `/v1/destinations/${destination.id}`);
          showToast(`${name} is deleted`);
          go('/destinations');
        }}
        title={`Delete ${name}?`}
        confirmLabel="Delete destination"
        cancelLabel="Keep it"
        typed={name}
        isDangerous
      >
        Its {formatCount(destination.pending)} waiting deliveries are cancelled, and nothing more is sent
        there. What was delivered stays readable. To stop for a while, pause it instead: then nothing is lost.
      </ConfirmDialog>
    </div>
  );
}

/** What is wrong, and what somebody can do: the reason for which this page is opened most. */
function Trouble({ destination }: { readonly destination: DestinationView }) {
  const { state, state_reason: reason, failing_since: failingSince } = destination;
  if (state === 'enabled' && !isFailing(destination)) return null;
  return (
    <aside class="trouble" data-state={state === 'paused' ? 'paused' : 'failing'}>
      <Icon name={state === 'paused' ? 'pause' : 'alert'} />
      <div>
        <p class="trouble-title">
          {state === 'paused' ? (
            'Paused: deliveries are held, none is lost'
          ) : state === 'disabled' ? (
            'Disabled by the hub: deliveries are held, none is lost'
          ) : (
            <>
              Every attempt fails
              {failingSince !== null && (
                <>
                  {' '}
                  since <Time at={failingSince} shape="clock" />
                </>
              )}
            </>
          )}
        </p>
        {reason !== null && <p>{reason}</p>}
        {isFailing(destination) && <Cause destinationId={destination.id} />}
        <p class="trouble-links">
          <LinkButton
            size="small"
            href={`/deliveries?q=destination:${destination.id} -state:delivered,superseded,cancelled&since=7d`}
          >
            See what waits and what failed
          </LinkButton>
          <LinkButton size="small" kind="quiet" href={toDeliveriesHref(destination.id, 'failed')}>
            Only what was given up
          </LinkButton>
        </p>
      </div>
    </aside>
  );
}

/** In the words of its last answer: what has to be mended stands where people look first. */
function Cause({ destinationId }: { readonly destinationId: string }) {
  const { data } = useResource(`cause ${destinationId}`, (signal) =>
    request<Page<DeliveryView>>('GET', '/v1/deliveries', {
      query: { q: `destination:${destinationId} attempts:>0 -state:delivered`, limit: 1 },
      signal,
    }),
  );
  const explanation = data?.data[0]?.explanation;
  if (explanation == null) return null;
  return (
    <p>
      <strong>{explanation.title}.</strong> {explanation.hint}
    </p>
  );
}

function Health({ destination }: { readonly destination: DestinationView }) {
  const { success_24h: success, lane } = destination;
  return (
    <Facts
      isInline
      items={[
        [
          'Success, 24 h',
          success?.rate == null
            ? 'no attempts'
            : `${formatPercent(success.rate)} (${formatCount(success.delivered)} delivered, ${formatCount(success.failed_attempts)} attempts failed)`,
        ],
        [
          'Waiting',
          destination.pending === 0 ? (
            'nothing'
          ) : (
            <a href={toDeliveriesHref(destination.id, 'pending')}>
              {destination.pending >= 10_000 ? '10,000+' : formatCount(destination.pending)}, oldest{' '}
              <Time at={destination.oldest_pending_at} />
            </a>
          ),
        ],
        [
          'Now',
          lane === null
            ? 'not used since the hub started'
            : lane.breaker === 'open'
              ? 'failing: one probe at a time'
              : `${formatCount(lane.in_flight)} requests under way, up to ${formatCount(Math.floor(lane.window))} at once`,
        ],
      ]}
    />
  );
}

function Settings({ destination }: { readonly destination: DestinationView }) {
  const { filter, settings, signs } = destination;
  const { data: kinds } = useKinds();
  const kind = kinds?.data.find((one) => one.kind === destination.kind);
  return (
    <Section title="Settings">
      <Facts
        items={[
          ...(kind === undefined ? [] : toSettingFacts(toFields(kind.settings_schema), settings)),
          [
            'Statuses',
            filter.calls === false
              ? 'none: what the hub notices only'
              : filter.statuses === undefined
                ? 'all'
                : filter.statuses.join(', '),
          ],
          ['Calls', filter.call_types === undefined ? 'all types' : filter.call_types.join(', ')],
          ['Numbers', filter.phone_numbers === undefined ? 'all' : filter.phone_numbers.join(', ')],
          [
            'Also told of',
            filter.operational_events === undefined || filter.operational_events.length === 0
              ? 'nothing else'
              : filter.operational_events.map(toEventTitle).join(', '),
          ],
          [
            'Order',
            destination.order === 'strict'
              ? 'every event of a call, in order'
              : 'only the latest event of a call',
          ],
          ['At once', `${formatCount(destination.concurrency)} requests`],
          [
            'Pace',
            destination.rate_per_second === null ? 'no limit' : `${destination.rate_per_second} per second`,
          ],
          ['Time for an answer', `${destination.timeout_ms / 1_000} s`],
          ['Signatures', signs && 'X-Webhook-Signature and Standard Webhooks, over the raw body'],
          ['Created', <Time at={destination.created_at} shape="absolute" />],
          [
            'Id',
            <span class="mono">
              {destination.id} <CopyButton text={destination.id} label="Copy destination id" />
            </span>,
          ],
        ]}
      />
    </Section>
  );
}

function SecretState({ destination }: { readonly destination: DestinationView }) {
  const until = destination.previous_secret_until;
  if (until === null || Date.parse(until) <= nowMs.value) {
    return (
      <p class="muted">
        One secret signs. A new one can be made at any time, with an overlap in which both hold.
      </p>
    );
  }
  return (
    <p class="overlap" role="status">
      <Icon name="clock" /> Two secrets sign: the old one ends <Countdown untilMs={until} /> (
      <Time at={until} shape="absolute" />
      ). Until then the receiver may check with either.
    </p>
  );
}

function PauseDialog({
  name,
  onClose,
  onPause,
}: {
  readonly name: string;
  readonly onClose: () => void;
  readonly onPause: (reason: string) => Promise<void>;
}) {
  const [reason, setReason] = useState('');
  return (
    <Dialog
      isOpen
      onClose={onClose}
      size="small"
      title={`Pause ${name}?`}
      onSubmit={() => void onPause(reason.trim()).then(onClose)}
      actions={
        <>
          <Button onClick={onClose}>Go on delivering</Button>
          <Button kind="primary" type="submit" icon="pause">
            Pause
          </Button>
        </>
      }
    >
      <p>Its deliveries are held, in order, until it is resumed. Nothing is lost or dropped.</p>
      <Field label="Why" isOptional hint="Others see it beside the destination">
        <TextInput value={reason} onValue={setReason} maxLength={500} autocomplete="off" />
      </Field>
    </Dialog>
  );
}

function toDeliveriesHref(id: string, tab: 'failed' | 'retrying' | 'pending'): string {
  return `/deliveries?tab=${tab}&q=destination:${id}&since=7d`;
}
