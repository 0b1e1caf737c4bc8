import './deliveries-screen.css';
import type { Column } from '../../components/table.tsx';
import type {
  DeliveryChangeView,
  DeliveryView,
  DestinationView,
  Page,
  StateCountsView,
} from '../../data/types.ts';
import type { DeliveryTab } from './delivery-query.ts';

import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import { CodeBadge, DeliveryStateBadge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { PageHead, Toolbar } from '../../components/page.tsx';
import { Table } from '../../components/table.tsx';
import { TabPanel, Tabs } from '../../components/tabs.tsx';
import { Countdown, Time } from '../../components/time.tsx';
import { TimeRange } from '../../components/time-range.tsx';
import { ViewsMenu } from '../../components/views-menu.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { request } from '../../data/api.ts';
import { formatCount } from '../../data/format.ts';
import { hrefWith, location, setQuery } from '../../data/location.ts';
import { toEventTitle } from '../../components/operational-words.ts';
import { usePages, useResource } from '../../data/resource.ts';
import { can } from '../../data/session.ts';
import { onDeliveries } from '../../data/stream.ts';
import { useKeys } from '../../shell/keys.ts';
import { BROWSER_TIMERS, makeGate } from '../calls/gate.ts';
import { KindIcon } from '../../components/kind-icon.tsx';
import { BulkRetryDialog } from './bulk-retry.tsx';
import { DeliveryDrawer } from './delivery-drawer.tsx';
import { DELIVERY_TABS, toQuery, toTab } from './delivery-query.ts';
import { ReplayProgress } from './replay-progress.tsx';
import { retryDeliveries } from './retry.ts';

const DEFAULT_SINCE = '24h';
const QUALIFIERS = [
  'state',
  'destination',
  'code',
  'attempts',
  'call',
  'status',
  'type',
  'number',
  'source',
  'error',
];
const PRESETS = [
  { name: 'Refused by the receiver', filter: 'code:4xx' },
  { name: 'Receiver in trouble', filter: 'code:5xx' },
  { name: 'Took more than one try', filter: 'attempts:>1' },
] as const;
/** Many deliveries change at once: counts are read again this often at most. */
const RECOUNT_MS = 2_000;

export function DeliveriesScreen() {
  const { query } = location.value;
  const typed = query.get('q') ?? '';
  const tab = toTab(query.get('tab'), typed);
  const since = query.get('since') ?? DEFAULT_SINCE;
  const until = query.get('until');
  const openId = query.get('delivery');
  const q = toQuery(typed, tab);
  const span = { since, until: until ?? undefined };
  const asked = { q: q === '' ? undefined : q, ...span };

  const pages = usePages<DeliveryView>('/v1/deliveries', asked, { resync: ['deliveries'] });
  const { data: destinations } = useResource(
    can('read') ? 'destinations' : '',
    (signal) => request<Page<DestinationView>>('GET', '/v1/destinations', { signal }),
    { resync: ['rest'] },
  );
  const countsQuery = { ...asked, q: typed === '' ? undefined : typed };
  const counts = useResource(
    `delivery-counts ${JSON.stringify(countsQuery)}`,
    (signal) => request<StateCountsView>('GET', '/v1/deliveries/counts', { query: countsQuery, signal }),
    { resync: ['deliveries'] },
  );
  const all = destinations?.data ?? NONE;
  const columns = useMemo(() => toColumns(all), [all]);

  const [checked, setChecked] = useState<ReadonlySet<string>>(new Set());
  const [isBulkOpen, setBulkOpen] = useState(false);
  const [newCount, setNewCount] = useState(0);
  const listKey = JSON.stringify(asked);
  useEffect(() => {
    setChecked(new Set());
    setNewCount(0);
  }, [listKey]);

  const followed = useRef({ pages, counts });
  followed.current = { pages, counts };
  useEffect(() => {
    const unseen = new Set<string>();
    let isOutdated = false;
    const gate = makeGate(RECOUNT_MS, BROWSER_TIMERS, () => {
      const { pages: now, counts: shownCounts } = followed.current;
      shownCounts.reload();
      // Whether they match is the hub's to say; at the top of an untouched list it is simply asked.
      if (isAtTop() && now.rows.length <= ROWS_OF_FIRST_PAGE) {
        if (unseen.size > 0 || isOutdated) now.reload();
      } else if (unseen.size > 0) {
        const { size } = unseen;
        setNewCount((count) => count + size);
      }
      unseen.clear();
      isOutdated = false;
    });
    const stop = onDeliveries((changes) => {
      const { pages: now } = followed.current;
      const known = new Set(now.rows.map((row) => row.id));
      const byChange = new Map(changes.map((change) => [change.id, change]));
      now.setRows((rows) =>
        rows.some((row) => byChange.has(row.id))
          ? rows.map((row) => {
              const change = byChange.get(row.id);
              return change === undefined ? row : withChange(row, change);
            })
          : rows,
      );
      for (const change of changes) {
        if (known.has(change.id)) isOutdated = true;
        else unseen.add(change.id);
      }
      gate.ask();
    });
    return () => {
      stop();
      gate.stop();
    };
  }, [listKey]);

  const canRetry = can('write');
  useKeys({
    R: () => {
      // What lies open is what one looks at; the selection is beneath it.
      const ids = openId === null ? [...checked] : [openId];
      if (canRetry && ids.length > 0) void retryDeliveries(ids);
    },
  });

  const rowsAt = pages.rows.findIndex((row) => row.id === openId);
  const toDrawerHref = (row: DeliveryView | undefined): string | null =>
    row === undefined ? null : hrefWith({ delivery: row.id });
  return (
    <div class="deliveries">
      <PageHead
        title="Deliveries"
        actions={
          canRetry && (
            <Button kind="primary" icon="retry" onClick={() => setBulkOpen(true)}>
              Retry all matching…
            </Button>
          )
        }
      >
        <Tabs
          id="deliveries"
          label="By state"
          current={tab}
          tabs={DELIVERY_TABS.map(({ key, title }) => ({
            key,
            title,
            href: hrefWith({ tab: key === 'all' ? null : key, delivery: null }),
            count: toCountText(key, counts.data),
          }))}
        />
      </PageHead>
      <ReplayProgress onEnded={pages.reload} />
      <Toolbar>
        <FilterBox
          value={typed}
          onChange={(value) => setQuery({ q: value, delivery: null }, { replace: true })}
          qualifiers={QUALIFIERS}
          suggestions={{
            state: ['pending', 'delivered', 'dead', 'superseded', 'cancelled'],
            code: ['4xx', '5xx', '401', '404', '410', '429', '503'],
            attempts: ['>0', '>1', '>5'],
            destination: all.map((one) => ({
              value: one.id,
              title: toDestinationName(one.id, all),
            })),
          }}
          placeholder="Filter: destination, code, call …"
        >
          <ViewsMenu presets={PRESETS} leaveOut={['delivery', 'replay']} />
        </FilterBox>
        <TimeRange
          since={query.get('since')}
          until={until}
          defaultSince={DEFAULT_SINCE}
          onChange={(next) => setQuery({ ...next, delivery: null })}
        />
      </Toolbar>
      <TabPanel id="deliveries" current={tab}>
        {checked.size > 0 && (
          <div class="deliveries-chosen">
            <span>{formatCount(checked.size)} selected</span>
            <Button size="small" icon="retry" onClick={() => void retryDeliveries([...checked])}>
              Retry
            </Button>
            <Button size="small" kind="quiet" onClick={() => setChecked(new Set())}>
              Clear
            </Button>
          </div>
        )}
        <Table<DeliveryView>
          caption="Deliveries"
          columns={columns}
          rows={pages.rows}
          rowKey={toKey}
          rowHref={(row) => hrefWith({ delivery: row.id })}
          rowTone={toTone}
          selectedKey={openId}
          {...(canRetry && { checked, onCheckedChange: setChecked, rowLabel: toRowLabel })}
          isLoading={pages.isLoading}
          fault={pages.fault}
          onRetry={pages.reload}
          hasMore={pages.hasMore}
          onLoadMore={pages.loadMore}
          newCount={newCount}
          onShowNew={() => {
            setNewCount(0);
            pages.reload();
            globalThis.scrollTo({ top: 0 });
          }}
          empty={<NoDeliveries tab={tab} isFiltered={typed !== ''} hasDestinations={all.length > 0} />}
        />
      </TabPanel>
      {openId !== null && (
        <DeliveryDrawer
          id={openId}
          onClose={() => setQuery({ delivery: null })}
          previousHref={rowsAt < 0 ? undefined : toDrawerHref(pages.rows[rowsAt - 1])}
          nextHref={rowsAt < 0 ? undefined : toDrawerHref(pages.rows[rowsAt + 1])}
        />
      )}
      {isBulkOpen && (
        <BulkRetryDialog
          typed={typed}
          tab={tab}
          span={span}
          destinations={all}
          onClose={() => setBulkOpen(false)}
          onStarted={(replayId) => {
            setBulkOpen(false);
            setQuery({ replay: replayId });
          }}
        />
      )}
    </div>
  );
}

const NONE: readonly DestinationView[] = [];
const ROWS_OF_FIRST_PAGE = 50;

/** What was wrong, else what was done. The code stands in its badge already, and the place is narrow. */
function toAnswerText({ explanation, state, last_detail: detail }: DeliveryView): string {
  if (explanation !== null) return explanation.title.replace(/^\d{3}: /, '');
  return state === 'delivered' ? (detail ?? '') : '';
}

/** The stream tells what came back, not what it means: words about the answer before it would be wrong. */
function withChange(row: DeliveryView, change: DeliveryChangeView): DeliveryView {
  const isSameAnswer =
    row.attempts === change.attempts &&
    row.last_status === change.last_status &&
    row.last_detail === change.last_detail;
  return { ...row, ...change, explanation: isSameAnswer ? row.explanation : null };
}

function isAtTop(): boolean {
  return globalThis.scrollY < 8;
}

function toKey(row: DeliveryView): string {
  return row.id;
}

function toRowLabel(row: DeliveryView): string {
  return `Select delivery of ${toEventTitle(row.status)}${row.call_id === null ? '' : ` of call ${row.call_id}`}`;
}

function toTone(row: DeliveryView): 'bad' | 'quiet' | undefined {
  if (row.state === 'dead') return row.resent?.state === 'delivered' ? 'quiet' : 'bad';
  return row.state === 'superseded' || row.state === 'cancelled' ? 'quiet' : undefined;
}

function toCountText(tab: DeliveryTab, counts: StateCountsView | undefined): string | undefined {
  if (counts === undefined) return undefined;
  const state = {
    all: null,
    retrying: null,
    pending: 'pending',
    delivered: 'delivered',
    failed: 'dead',
    superseded: 'superseded',
    cancelled: 'cancelled',
  }[tab];
  if (state === null) return undefined;
  const count = counts.counts[state] ?? 0;
  return count >= counts.limit ? `${formatCount(counts.limit)}+` : formatCount(count);
}

function toColumns(all: readonly DestinationView[]): readonly Column<DeliveryView>[] {
  return [
    {
      key: 'state',
      title: 'State',
      width: '8.5rem',
      render: (row) => <State row={row} />,
    },
    {
      key: 'destination',
      title: 'Destination',
      width: 'minmax(8rem, 1.2fr)',
      render: (row) => {
        const kind = all.find((one) => one.id === row.destination_id)?.kind;
        return (
          <span class="delivery-to">
            {kind !== undefined && <KindIcon kind={kind} />}
            <span class="clip">{toDestinationName(row.destination_id, all)}</span>
          </span>
        );
      },
    },
    {
      key: 'call',
      title: 'Call',
      width: 'minmax(7rem, 1fr)',
      hideBelow: 'md',
      render: (row) =>
        row.call_id === null ? <span class="muted">–</span> : <span class="mono clip">{row.call_id}</span>,
    },
    {
      key: 'status',
      title: 'Status sent',
      width: '8.5rem',
      render: (row) => <span class="clip">{toEventTitle(row.status)}</span>,
    },
    {
      key: 'answer',
      title: 'Last answer',
      width: 'minmax(12rem, 2.2fr)',
      render: (row) =>
        row.attempts === 0 ? (
          <span class="muted">Not tried yet</span>
        ) : (
          <span class="delivery-answer">
            {(row.last_status !== null || row.state !== 'delivered') && (
              <CodeBadge status={row.last_status} />
            )}
            <span class="clip">{toAnswerText(row)}</span>
          </span>
        ),
    },
    {
      key: 'attempts',
      title: 'Attempts',
      width: '5.5rem',
      align: 'end',
      hideBelow: 'sm',
      render: (row) => {
        const schedule = all.find((one) => one.id === row.destination_id)?.retry_schedule_effective_s;
        return schedule === undefined ? row.attempts : `${row.attempts} of ${schedule.length + 1}`;
      },
    },
    {
      key: 'next',
      title: 'Next try',
      width: '8.5rem',
      render: (row) => <NextTry row={row} destination={all.find((one) => one.id === row.destination_id)} />,
    },
    {
      key: 'created',
      title: 'Created',
      width: '6.5rem',
      align: 'end',
      hideBelow: 'md',
      render: (row) => <Time at={row.created_at} />,
    },
  ];
}

/** What failed and was sent again since is no longer anybody's worry once that arrived. */
function State({ row }: { readonly row: DeliveryView }) {
  if (row.resent === null || row.resent === undefined)
    return <DeliveryStateBadge state={row.state} attempts={row.attempts} isPlain />;
  return (
    <span class="delivery-state">
      <DeliveryStateBadge state={row.state} attempts={row.attempts} isPlain />
      <span class="muted">sent again: {row.resent.state === 'dead' ? 'failed' : row.resent.state}</span>
    </span>
  );
}

function NextTry({
  row,
  destination,
}: {
  readonly row: DeliveryView;
  readonly destination: DestinationView | undefined;
}) {
  if (row.state !== 'pending') return <span class="muted">–</span>;
  if (destination !== undefined && destination.state !== 'enabled')
    return <span class="muted">held, {destination.state}</span>;
  // Waiting for a destination that answers costs no attempts, and nobody knows how long it takes.
  if (destination?.lane?.breaker === 'open') return <span class="muted">when it answers</span>;
  if (row.due_at === null) return <span class="muted">after the one before</span>;
  return <Countdown untilMs={row.due_at} />;
}

function NoDeliveries({
  tab,
  isFiltered,
  hasDestinations,
}: {
  readonly tab: DeliveryTab;
  readonly isFiltered: boolean;
  readonly hasDestinations: boolean;
}) {
  if (!hasDestinations) {
    return (
      <Empty
        title="Nobody is told yet"
        icon="destinations"
        actions={<a href="/destinations?new=choose">Add a destination</a>}
      >
        Every change of a call is delivered to every destination. There is none so far.
      </Empty>
    );
  }
  if (tab === 'failed' && !isFiltered) {
    return (
      <Empty title="Nothing has failed" icon="check">
        Deliveries that used up all their tries stand here, and can be sent again.
      </Empty>
    );
  }
  return (
    <Empty
      title="No delivery matches"
      icon="deliveries"
      actions={
        <a href={hrefWith({ q: null, tab: null, since: '30d', until: null })}>Show all of the last 30 days</a>
      }
    >
      Try another state, a longer time or fewer words in the filter.
    </Empty>
  );
}
