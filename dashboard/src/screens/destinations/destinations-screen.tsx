import './destinations-screen.css';
import type { Column } from '../../components/table.tsx';
import type { DeliveryStatisticsView, DestinationView, Page } from '../../data/types.ts';

import { useMemo } from 'preact/hooks';
import { Sparkline } from '../../charts/sparkline.tsx';
import { DestinationStateBadge } from '../../components/badge.tsx';
import { LinkButton } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { PageHead } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { request } from '../../data/api.ts';
import { nowMs } from '../../data/clock.ts';
import { formatCount, formatPercent } from '../../data/format.ts';
import { hrefWith, location, setQuery } from '../../data/location.ts';
import { useResource } from '../../data/resource.ts';
import { can } from '../../data/session.ts';
import { CreateDestination } from './destination-setup.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { useQuietReload } from './quiet-reload.ts';

/** Attempts of one destination in each of the last 24 hours. */
export type HourlyHealth = ReadonlyMap<string, DeliveryStatisticsView['destinations'][number]>;

export function DestinationsScreen() {
  const wanted = location.value.query.get('new');
  const list = useResource(
    'destinations',
    (signal) => request<Page<DestinationView>>('GET', '/v1/destinations', { signal }),
    { resync: ['rest'] },
  );
  const health = useResource('destinations-health', readHealth, { resync: ['rest'] });
  useQuietReload(() => {
    list.reload();
    health.reload();
  });
  const rows = list.data?.data ?? NO_ROWS;
  const columns = useMemo(() => toColumns(health.data ?? NO_HEALTH, rows), [health.data, rows]);
  return (
    <div class="destinations">
      <PageHead
        title="Destinations"
        subtitle="Everybody who is told when a call changes"
        actions={
          can('write') && (
            <LinkButton kind="primary" icon="plus" href={hrefWith({ new: 'choose' })}>
              Add destination
            </LinkButton>
          )
        }
      />
      <Table<DestinationView>
        caption="Destinations"
        columns={columns}
        rows={rows}
        rowKey={(row) => row.id}
        rowHref={(row) => `/destinations/${row.id}`}
        rowTone={(row) => (row.state === 'disabled' || isFailing(row) ? 'bad' : undefined)}
        isLoading={list.isLoading && list.data === undefined}
        fault={list.fault}
        onRetry={list.reload}
        empty={
          <Empty
            title="Nobody is told yet"
            icon="destinations"
            actions={can('write') && <a href={hrefWith({ new: 'choose' })}>Add the first destination</a>}
          >
            A destination is sent every change of every call, in order, and again until it has taken it: your
            own receiver, a Slack channel, a CRM, a Redis.
          </Empty>
        }
      />
      {wanted !== null && can('write') && (
        <CreateDestination
          kind={wanted}
          onClose={() => setQuery({ new: null })}
          onCreated={() => {
            list.reload();
            health.reload();
          }}
        />
      )}
    </div>
  );
}

const NO_HEALTH: HourlyHealth = new Map();
const NO_ROWS: readonly DestinationView[] = [];

async function readHealth(signal: AbortSignal): Promise<HourlyHealth> {
  const { destinations } = await request<DeliveryStatisticsView>('GET', '/v1/analytics/deliveries', {
    query: { since: '24h', step: '1h' },
    signal,
  });
  return new Map(destinations.map((one) => [one.destination_id, one]));
}

function toColumns(
  health: HourlyHealth,
  rows: readonly DestinationView[],
): readonly Column<DestinationView>[] {
  return [
    {
      key: 'name',
      title: 'Destination',
      width: 'minmax(9rem, 1.4fr)',
      render: (row) => (
        <span class="destination-name">
          <span class="destination-kind" title={row.kind_title}>
            <KindIcon kind={row.kind} size={20} />
          </span>
          <strong class="clip">{toDestinationName(row.id, rows)}</strong>
          <span class="muted">{row.kind_title}</span>
        </span>
      ),
    },
    {
      key: 'state',
      title: 'State',
      width: '8rem',
      render: (row) => <DestinationStateBadge state={row.state} isFailing={isFailing(row)} isPlain />,
    },
    {
      key: 'why',
      title: 'Why',
      width: 'minmax(8rem, 1fr)',
      hideBelow: 'md',
      render: (row) => <Why destination={row} />,
    },
    {
      key: 'target',
      title: 'Where to',
      width: 'minmax(10rem, 1.6fr)',
      hideBelow: 'md',
      render: (row) => <span class="mono clip">{row.target}</span>,
    },
    {
      key: 'success',
      title: 'Success, 24 h',
      width: '7rem',
      align: 'end',
      render: (row) =>
        row.success_24h?.rate == null ? (
          <span class="muted">No attempts</span>
        ) : (
          formatPercent(row.success_24h.rate)
        ),
    },
    {
      key: 'course',
      title: 'Delivered per hour',
      width: '8rem',
      hideBelow: 'md',
      render: (row) => <Course health={health.get(row.id)} />,
    },
    {
      key: 'pending',
      title: 'Waiting',
      width: '12rem',
      align: 'end',
      render: (row) =>
        row.pending === 0 ? (
          <span class="muted">0</span>
        ) : (
          <span>
            {row.pending >= 10_000 ? '10,000+' : formatCount(row.pending)}
            <span class="muted">
              , oldest <Time at={row.oldest_pending_at} />
            </span>
          </span>
        ),
    },
  ];
}

function Why({ destination }: { readonly destination: DestinationView }) {
  if (destination.state_reason !== null) return <span>{destination.state_reason}</span>;
  if (destination.failing_since !== null)
    return (
      <span>
        since <Time at={destination.failing_since} />
      </span>
    );
  return <span class="muted">–</span>;
}

function Course({ health }: { readonly health: DeliveryStatisticsView['destinations'][number] | undefined }) {
  if (health === undefined || health.slots.length === 0) return <span class="muted">–</span>;
  return (
    <Sparkline
      values={toHourly(health.slots)}
      label={`${formatCount(health.delivered)} delivered and ${formatCount(health.failed_attempts)} attempts failed in 24 hours`}
    />
  );
}

const HOUR_MS = 3_600_000;

/** Hours without an attempt are not in the answer, and belong into the picture. */
function toHourly(slots: DeliveryStatisticsView['destinations'][number]['slots']): readonly number[] {
  const delivered = new Map(slots.map((slot) => [Math.floor(Date.parse(slot.at) / HOUR_MS), slot.delivered]));
  const now = Math.floor(nowMs.peek() / HOUR_MS);
  return Array.from({ length: 24 }, (_, index) => delivered.get(now - 23 + index) ?? 0);
}

/** The journal remembers it over restarts; the lane knows it first. */
export function isFailing({ failing_since: failingSince, lane }: DestinationView): boolean {
  return failingSince !== null || lane?.breaker === 'open';
}
