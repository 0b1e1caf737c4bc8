import type { Column } from '../../components/table.tsx';
import type { DestinationView, OperationalEventView, Page } from '../../data/types.ts';

import { useMemo } from 'preact/hooks';
import { Empty } from '../../components/empty.tsx';
import { Select } from '../../components/field.tsx';
import { OperationalBadge } from '../../components/operational-badge.tsx';
import { Section } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { location, setQuery } from '../../data/location.ts';
import { toSubjectHref } from '../../data/operational-subject.ts';
import { OPERATIONAL_TYPES, OPERATIONAL_WORDS } from '../../components/operational-words.ts';
import { usePages } from '../../data/resource.ts';
import { useDestinations } from '../../data/use-destinations.ts';
import { useNoticed } from './use-noticed.ts';

const toColumns = (
  destinations: Page<DestinationView>['data'] | undefined,
): readonly Column<OperationalEventView>[] => [
  { key: 'type', title: 'What', width: '12rem', render: (row) => <OperationalBadge type={row.type} /> },
  {
    key: 'summary',
    title: 'What happened',
    width: 'minmax(12rem, 2fr)',
    render: (row) => <span class="event-summary">{row.summary}</span>,
  },
  {
    key: 'about',
    title: 'About',
    width: 'minmax(8rem, 1.3fr)',
    render: (row) => <span class="event-summary">{toSubject(row, destinations)}</span>,
  },
  { key: 'at', title: 'When', width: '8rem', align: 'end', render: (row) => <Time at={row.at} /> },
];

/** What the hub says about itself and its calls, whether or not a destination asks for it. */
export function EventsTab() {
  const type = location.value.query.get('type') ?? '';
  const pages = usePages<OperationalEventView>(
    '/v1/operational-events',
    { types: type === '' ? undefined : type },
    { resync: ['operational'] },
  );
  useNoticed(pages.reload);
  const destinations = useDestinations().data?.data;
  const columns = useMemo(() => toColumns(destinations), [destinations]);
  return (
    <div class="settings-tab">
      <Section
        title="What the hub noticed"
        hint="Newest first. Any destination can be told of it: choose what under “Also told of” when you edit one."
        actions={
          <Select
            value={type}
            onValue={(value) => setQuery({ type: value === '' ? null : value }, { replace: true })}
            aria-label="Show"
            size="small"
            options={[
              { value: '', label: 'Everything' },
              ...OPERATIONAL_TYPES.map((one) => ({ value: one, label: OPERATIONAL_WORDS[one].title })),
            ]}
          />
        }
      >
        <Table<OperationalEventView>
          caption="What the hub noticed"
          columns={columns}
          rows={pages.rows}
          rowKey={(row) => row.id}
          rowHref={toSubjectHref}
          isLoading={pages.isLoading && pages.rows.length === 0}
          fault={pages.fault}
          onRetry={pages.reload}
          hasMore={pages.hasMore}
          onLoadMore={pages.loadMore}
          empty={
            <Empty title="Nothing to tell" icon="bell">
              A destination that is disabled, a delivery that is given up, a source that falls silent, a call
              without an end: it stands here when it happens.
            </Empty>
          }
        />
      </Section>
    </div>
  );
}

function toSubject(
  event: OperationalEventView,
  destinations: Page<DestinationView>['data'] | undefined,
): string {
  if ('call' in event) return `Call ${event.call.id}`;
  if ('destination' in event)
    return toDestinationName(event.destination.id, destinations, event.destination.name);
  return 'source' in event ? event.source.name : 'All calls';
}
