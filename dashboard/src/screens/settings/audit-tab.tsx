import type { Column } from '../../components/table.tsx';
import type { AuditView } from '../../data/types.ts';

import { Empty } from '../../components/empty.tsx';
import { Section } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';
import { Time } from '../../components/time.tsx';
import { usePages } from '../../data/resource.ts';

const COLUMNS: readonly Column<AuditView>[] = [
  { key: 'at', title: 'When', width: '12rem', render: (row) => <Time at={row.at} shape="clock" /> },
  { key: 'action', title: 'What', width: 'minmax(10rem, 1fr)', render: (row) => row.action },
  {
    key: 'actor',
    title: 'Who',
    width: 'minmax(8rem, 1fr)',
    render: (row) =>
      row.actor.kind === 'hub' ? 'the hub itself' : <span class="mono clip">{row.actor.id}</span>,
  },
  {
    key: 'subject',
    title: 'To what',
    width: 'minmax(8rem, 1fr)',
    hideBelow: 'sm',
    render: (row) => <span class="mono clip">{row.subject}</span>,
  },
  {
    key: 'detail',
    title: 'Details',
    width: 'minmax(8rem, 1.6fr)',
    hideBelow: 'md',
    render: (row) =>
      row.detail === null ? null : <span class="mono audit-detail">{toDetailText(row.detail)}</span>,
  },
];

/** Who changed what, and who saw numbers in the clear. */
export function AuditTab() {
  const pages = usePages<AuditView>('/v1/audit');
  return (
    <div class="settings-tab">
      <Section title="Audit log" hint="Changes, revealed numbers and exports; kept as long as calls are">
        <Table<AuditView>
          caption="Audit log"
          columns={COLUMNS}
          rows={pages.rows}
          rowKey={(row) => row.id}
          isLoading={pages.isLoading}
          fault={pages.fault}
          onRetry={pages.reload}
          hasMore={pages.hasMore}
          onLoadMore={pages.loadMore}
          empty={<Empty title="Nothing has been changed yet" icon="lock" />}
        />
      </Section>
    </div>
  );
}

function toDetailText(detail: Readonly<Record<string, unknown>>): string {
  return Object.entries(detail)
    .map(([name, value]) => `${name}: ${typeof value === 'string' ? value : JSON.stringify(value)}`)
    .join(', ');
}
