/** The log of calls: a question in the filter language, its answer as it stands now, and the errors behind it. */
import './calls-screen.css';
import type { ComponentChildren } from 'preact';
import { useCallback, useEffect, useMemo, useRef } from 'preact/hooks';
import type { CallView, StateCountsView } from '../../data/types.ts';
import type { CallQuery } from './call-query.ts';
import type { ShownCallList } from './use-call-list.ts';

import { parseFilter } from '../../../../hub/src/api/filter.ts';
import { LinkButton } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { FilterBox } from '../../components/filter-box.tsx';
import { PageHead, Toolbar } from '../../components/page.tsx';
import { Menu } from '../../components/popover.tsx';
import { announce } from '../../components/status-line.tsx';
import { Table } from '../../components/table.tsx';
import { readFocusedRowKey } from '../../components/table-keys.ts';
import { TabPanel, Tabs } from '../../components/tabs.tsx';
import { TimeRange } from '../../components/time-range.tsx';
import { ViewsMenu } from '../../components/views-menu.tsx';
import { copyText } from '../../components/copy-button.tsx';
import { showToast } from '../../components/toast.tsx';
import { request, toPath } from '../../data/api.ts';
import { readNowMs } from '../../data/clock.ts';
import { formatCount } from '../../data/format.ts';
import { hrefWith, location, setQuery } from '../../data/location.ts';
import { timeZone } from '../../data/preferences.ts';
import { useResource } from '../../data/resource.ts';
import { toCallHref } from '../../data/routes.ts';
import { can } from '../../data/session.ts';
import { onCalls } from '../../data/stream.ts';
import { useTitle } from '../../data/title.ts';
import { useKeys } from '../../shell/keys.ts';
import { CallDrawer } from './call-drawer.tsx';
import { toCallPresets, toDayStart } from './call-presets.ts';
import {
  SINCE_ALL,
  SINCE_DEFAULT,
  toApiQuery,
  toCallQuery,
  toCallsHref,
  toCallState,
  withCallState,
} from './call-query.ts';
import { toColumns } from './call-columns.tsx';
import { shownColumns } from './column-choice.ts';
import { ColumnsMenu } from './columns-menu.tsx';
import { ErrorsTab } from './errors-tab.tsx';
import { toErrorTab } from './error-groups.ts';
import { ExportMenu } from './export-menu.tsx';
import { usePaced } from './gate.ts';
import { rememberList } from './neighbours.ts';
import { NoCalls } from './no-calls.tsx';
import { useCallList } from './use-call-list.ts';
import { useFilterSuggestions } from './use-filter-suggestions.ts';

const QUALIFIERS = [
  'state',
  'status',
  'number',
  'call',
  'type',
  'duration',
  'error',
  'destination',
  'source',
];
/** Counting looks at up to 1,000 calls of each state. */
const COUNT_GAP_MS = 3_000;
/** Whoever has scrolled further reads, and rows must not move under the eyes. */
const SCROLLED_PX_MIN = 120;
const TABS_ID = 'calls';

export function CallsScreen() {
  const { query: search } = location.value;
  const isErrors = search.get('tab') === 'errors';
  const query = toCallQuery(search);
  useTitle(isErrors ? 'Errors' : 'Calls', ...(isErrors ? ['Calls'] : []));
  return (
    <>
      <PageHead
        title="Calls"
        actions={
          <>
            {!isErrors && <ColumnsMenu />}
            {!isErrors && can('read') && <ExportMenu query={query} />}
            <ViewsMenu leaveOut={['call', 'order']} />
          </>
        }
      />
      <Question query={query} isErrors={isErrors} />
      <StateTabs query={query} isErrors={isErrors}>
        {isErrors ? (
          <ErrorsTab query={query} tab={toErrorTab(search.get('errors'))} />
        ) : (
          <Calls query={query} openId={search.get('call')} />
        )}
      </StateTabs>
    </>
  );
}

function Question({ query, isErrors }: { readonly query: CallQuery; readonly isErrors: boolean }) {
  const suggestions = useFilterSuggestions();
  const presets = toCallPresets(toDayStart(readNowMs(), timeZone.value));
  return (
    <Toolbar label="Which calls">
      {!isErrors && (
        <>
          <div class="calls-filter">
            <FilterBox
              value={query.q}
              onChange={(q) => setQuery({ q: q === '' ? null : q, call: null })}
              qualifiers={QUALIFIERS}
              suggestions={suggestions}
              label="Filter calls"
              placeholder="Filter: state, number, error …"
            />
          </div>
          <Menu
            label="Presets"
            icon="filter"
            items={presets.map(({ label, hint, query: preset }) => ({
              label,
              hint,
              href: toCallsHref(preset),
            }))}
          />
        </>
      )}
      {/* To it null means all; to the address it means the usual day. */}
      <TimeRange
        since={query.since}
        until={query.until}
        defaultSince={null}
        onChange={({ since, until }) =>
          setQuery({
            since: since === null ? SINCE_ALL : since === SINCE_DEFAULT ? null : since,
            until,
            call: null,
          })
        }
      />
    </Toolbar>
  );
}

const STATE_TABS = [
  { key: 'all', title: 'All' },
  { key: 'live', title: 'Live' },
  { key: 'ended', title: 'Ended' },
  { key: 'failed', title: 'Failed' },
] as const;

/** The tabs write the filter's state: there is one language, and the box always says what is shown. */
function StateTabs({
  query,
  isErrors,
  children,
}: {
  readonly query: CallQuery;
  readonly isErrors: boolean;
  readonly children: ComponentChildren;
}) {
  const counts = useCounts(query);
  const state = toCallState(query.q);
  const known = STATE_TABS.find((tab) => tab.key === state)?.key;
  const current = isErrors ? 'errors' : (known ?? 'other');
  const tabs = [
    ...STATE_TABS.map(({ key, title }) => ({
      key,
      title,
      href: hrefWith({ tab: null, errors: null, call: null, q: withCallState(query.q, key) || null }),
      count: toCountText(counts, key),
    })),
    // Some other choice of states, made in the box.
    ...(known === undefined && !isErrors
      ? [
          {
            key: 'other',
            title: state === 'none' ? 'No status yet' : 'As filtered',
            href: hrefWith({ call: null }),
          },
        ]
      : []),
    { key: 'errors', title: 'Errors', href: hrefWith({ tab: 'errors', call: null }) },
  ];
  return (
    <>
      <Tabs id={TABS_ID} label="Calls by state" tabs={tabs} current={current} />
      <TabPanel id={TABS_ID} current={current}>
        <h2 class="visually-hidden">{isErrors ? 'Errors' : 'List of calls'}</h2>
        {children}
      </TabPanel>
    </>
  );
}

function useCounts(query: CallQuery): StateCountsView | undefined {
  // Whatever states the filter names, all are counted; asked without them the answer serves every tab.
  const path = toPath('/v1/calls/counts', toApiQuery({ ...query, q: withCallState(query.q, 'all') }));
  const isAsked = parseFilter(query.q).kind === 'filter';
  const { data, reload } = useResource(
    isAsked ? path : '',
    (signal) => request<StateCountsView>('GET', path, { signal }),
    { resync: ['calls'] },
  );
  usePaced(COUNT_GAP_MS, reload, (ask) => [onCalls(ask)], []);
  return isAsked ? data : undefined;
}

function toCountText(
  counts: StateCountsView | undefined,
  key: (typeof STATE_TABS)[number]['key'],
): string | undefined {
  if (counts === undefined) return undefined;
  const all = Object.values(counts.counts);
  const count = key === 'all' ? all.reduce((sum, one) => sum + one, 0) : (counts.counts[key] ?? 0);
  const isMore =
    counts.truncated || (key === 'all' ? all.some((one) => one >= counts.limit) : count >= counts.limit);
  return `${formatCount(count)}${isMore ? '+' : ''}`;
}

/** What cannot be read is not asked: the box says what is wrong with it, and where. */
function Calls({ query, openId }: { readonly query: CallQuery; readonly openId: string | null }) {
  if (parseFilter(query.q).kind === 'filter') return <CallTable query={query} openId={openId} />;
  return (
    <Empty
      title="The filter cannot be read"
      icon="filter"
      actions={<LinkButton href={toCallsHref({ ...query, q: '' })}>Clear the filter</LinkButton>}
    >
      The box above says what is wrong with it.
    </Empty>
  );
}

function CallTable({ query, openId }: { readonly query: CallQuery; readonly openId: string | null }) {
  const box = useRef<HTMLDivElement>(null);
  const isHeld = useCallback(
    () =>
      openId !== null ||
      globalThis.scrollY > SCROLLED_PX_MIN ||
      box.current?.querySelector('[data-row-key]:focus-within') != null,
    [openId],
  );
  const list = useCallList(query, isHeld);
  const { rows } = list;
  const preview = useCallback((call: CallView) => setQuery({ call: call.id }), []);
  const shown = shownColumns.value;
  const columns = useMemo(() => toColumns(shown, preview), [shown, preview]);

  useRemembered(list, query);
  useNews(list.newCount);
  useKeys({
    c() {
      const id = readFocusedRowKey();
      if (id !== null) void copyId(id);
    },
  });

  return (
    <div
      ref={box}
      class="calls"
      data-behind={list.isBehind ? '' : undefined}
      onKeyDown={(event) => {
        const key = readFocusedRowKey();
        const isLink = (event.target as Element).classList.contains('table-link');
        if (event.key !== ' ' || key === null || !isLink) return;
        event.preventDefault();
        setQuery({ call: key });
      }}
    >
      <Table
        caption="Calls, the one that changed last first"
        columns={columns}
        rows={rows}
        rowKey={toKey}
        rowHref={toHref}
        rowTone={toTone}
        selectedKey={openId}
        // Not while more is loaded: what is there stays good, and dimming 2,000 rows takes 150 ms of style.
        isLoading={list.loading === 'first'}
        countText={toCountWords(rows.length, list.loading === 'more')}
        fault={list.fault}
        onRetry={list.load}
        empty={<NoCalls query={query} />}
        hasMore={list.cursor !== null}
        onLoadMore={list.loadMore}
        newCount={list.newCount}
        onShowNew={() => {
          globalThis.scrollTo({ top: 0 });
          list.showNew();
        }}
      />
      <EndOfList
        isMore={list.cursor !== null && list.loading === null && list.fault === null}
        onNear={list.loadMore}
      />
      {openId !== null && (
        <CallDrawer id={openId} ids={rows.map(toKey)} onClose={() => setQuery({ call: null })} />
      )}
    </div>
  );
}

function toCountWords(count: number, isLoadingMore: boolean): string {
  return `${formatCount(count)} shown${isLoadingMore ? ', more on the way …' : ''}`;
}

function toKey(call: CallView): string {
  return call.id;
}

function toHref(call: CallView): string {
  return toCallHref(call.id);
}

function toTone(call: CallView): 'bad' | 'warn' | undefined {
  if (call.state === 'failed') return 'bad';
  return call.stale ? 'warn' : undefined;
}

/** For previous and next on the page of a call, and for the way back. */
function useRemembered({ rows, isBehind }: ShownCallList, query: CallQuery): void {
  const href = toCallsHref(query);
  useEffect(() => {
    if (!isBehind) rememberList({ href, ids: rows.map(toKey) });
  }, [href, rows, isBehind]);
}

function useNews(count: number): void {
  useEffect(() => {
    if (count > 0) announce(count === 1 ? '1 new call' : `${formatCount(count)} new calls`);
  }, [count]);
}

async function copyId(id: string): Promise<void> {
  try {
    await copyText(id);
    showToast('Call id copied');
  } catch {
    showToast('It could not be copied: the browser refused.', { kind: 'alert' });
  }
}

/** Loads on before the end comes into view; the button above it does the same for keys and readers. */
function EndOfList({ isMore, onNear }: { readonly isMore: boolean; readonly onNear: () => void }) {
  const ref = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const { current } = ref;
    if (!isMore || current === null) return undefined;
    const observer = new IntersectionObserver(
      (entries) => {
        // A busy page is told of several crossings at once, and the last one holds.
        // At the top nobody reads on: a tall window would load page after page.
        if (entries.at(-1)?.isIntersecting === true && globalThis.scrollY > 0) onNear();
      },
      { rootMargin: '0px 0px 400px 0px' },
    );
    observer.observe(current);
    return () => observer.disconnect();
  }, [isMore, onNear]);
  return <div ref={ref} />;
}
