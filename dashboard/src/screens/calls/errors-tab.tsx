import './errors-tab.css';
import { useEffect, useState } from 'preact/hooks';
import type { ErrorGroupState, ErrorGroupView } from '../../data/types.ts';
import type { CallQuery } from './call-query.ts';
import type { ErrorAction } from './error-groups.ts';

import { Badge } from '../../components/badge.tsx';
import { Button } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { toErrorClassWords } from '../../components/error-class.ts';
import { Skeleton } from '../../components/page.tsx';
import { Menu } from '../../components/popover.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Time } from '../../components/time.tsx';
import { showToast } from '../../components/toast.tsx';
import { request, toApiFault } from '../../data/api.ts';
import { formatCount } from '../../data/format.ts';
import { hrefWith } from '../../data/location.ts';
import { usePages } from '../../data/resource.ts';
import { toCallHref } from '../../data/routes.ts';
import { can } from '../../data/session.ts';
import { onCalls } from '../../data/stream.ts';
import { Sparkline } from '../../charts/sparkline.tsx';
import { toCallsHref } from './call-query.ts';
import { usePaced } from './gate.ts';
import {
  ERROR_TABS,
  toDoneWords,
  toErrorActions,
  toGroupFilter,
  toHoursLabel,
  withState,
} from './error-groups.ts';
import type { ErrorTab } from './error-groups.ts';

/** Groups are read again when calls fail, this often at most. */
const RELOAD_GAP_MS = 2_000;
const EXAMPLE_CHARACTERS_MAX = 300;

/** Failed calls by what went wrong: what is new, what somebody looks at, what is known and left alone. */
export function ErrorsTab({ query, tab }: { readonly query: CallQuery; readonly tab: ErrorTab }) {
  const { rows, fault, isLoading, hasMore, loadMore, reload, setRows } = usePages<ErrorGroupView>(
    '/v1/errors',
    { state: tab.states.join(','), since: query.since ?? undefined },
    { resync: ['calls', 'rest'] },
  );
  const [isAsked, setAsked] = useState(false);
  useEffect(() => setAsked(true), []);
  usePaced(
    RELOAD_GAP_MS,
    reload,
    (ask) => [
      onCalls((calls) => {
        if (calls.some((call) => call.state === 'failed')) ask();
      }),
    ],
    [],
  );

  async function setState(group: ErrorGroupView, state: ErrorGroupState, isUndo: boolean): Promise<void> {
    const before = group.state;
    setRows((groups) => withState(groups, group.id, state));
    try {
      await request('PATCH', `/v1/errors/${encodeURIComponent(group.id)}`, { body: { state } });
      if (isUndo) {
        showToast('Undone');
        reload();
        return;
      }
      showToast(toDoneWords(state), {
        action: { label: 'Undo', onClick: () => void setState({ ...group, state }, before, true) },
      });
    } catch (error) {
      setRows((groups) => withState(groups, group.id, before));
      showToast('Not changed', { kind: 'alert', detail: toApiFault(error).problem.detail });
    }
  }

  return (
    <div class="errors" aria-busy={isLoading ? 'true' : undefined}>
      <nav class="errors-states" aria-label="Errors by state">
        {ERROR_TABS.map((one) => (
          <a
            key={one.key}
            class="errors-state"
            href={hrefWith({ errors: one.key === 'open' ? null : one.key })}
            aria-current={one.key === tab.key ? 'true' : undefined}
          >
            {one.title}
          </a>
        ))}
      </nav>
      {fault !== null && (
        <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} isCompact={rows.length > 0} />
      )}
      {rows.length === 0 && fault === null && (isLoading || !isAsked) && <Skeleton lines={9} />}
      {rows.length === 0 && fault === null && !isLoading && isAsked && <NoErrors tab={tab} />}
      {rows.length > 0 && (
        <ol class="errors-list">
          {rows.map((group) => (
            <ErrorEntry
              key={group.id}
              group={group}
              query={query}
              onAction={(action) => void setState(group, action.state, false)}
            />
          ))}
        </ol>
      )}
      {hasMore && (
        <Button size="small" isBusy={isLoading} onClick={loadMore}>
          Load more
        </Button>
      )}
    </div>
  );
}

function ErrorEntry({
  group,
  query,
  onAction,
}: {
  readonly group: ErrorGroupView;
  readonly query: CallQuery;
  readonly onAction: (action: ErrorAction) => void;
}) {
  const actions = toErrorActions(group.state);
  const [first, ...rest] = actions;
  const example =
    group.example.length > EXAMPLE_CHARACTERS_MAX
      ? `${group.example.slice(0, EXAMPLE_CHARACTERS_MAX)}…`
      : group.example;
  const callsHref = toCallsHref({ ...query, q: toGroupFilter(group) });
  return (
    <li class="error-group" data-state={group.state}>
      <div class="error-group-main">
        <h3 class="error-group-text">
          <a href={callsHref}>{example === '' ? 'Failed without an error text' : example}</a>
        </h3>
        <p class="error-group-facts">
          <Badge isPlain>{toErrorClassWords(group.class)}</Badge>
          <StateBadge state={group.state} />
          <span>
            last <Time at={group.last_at} />
          </span>
          <span>
            first <Time at={group.first_at} />
          </span>
          <a href={toCallHref(group.last_call_id)}>Last call</a>
        </p>
      </div>
      <div class="error-group-course">
        <Sparkline values={group.hours} label={toHoursLabel(group.hours)} ink="failed" />
        <span class="muted">24 h</span>
      </div>
      <a class="error-group-count" href={callsHref}>
        {formatCount(group.count, { isShort: true })}{' '}
        <span class="error-group-unit">{group.count === 1 ? 'call' : 'calls'}</span>
        <span class="visually-hidden">: show them</span>
      </a>
      {can('write') && first !== undefined && (
        <div class="error-group-actions">
          <Button size="small" onClick={() => onAction(first)}>
            {first.label}
          </Button>
          {rest.length > 0 && (
            <Menu
              label={`More for ${example === '' ? 'this group' : example.slice(0, 40)}`}
              icon="more"
              kind="quiet"
              size="small"
              align="end"
              isIconOnly
              items={rest.map((action) => ({ label: action.label, onSelect: () => onAction(action) }))}
            />
          )}
        </div>
      )}
    </li>
  );
}

function StateBadge({ state }: { readonly state: ErrorGroupState }) {
  switch (state) {
    case 'open':
      return (
        <Badge tone="bad" icon="alert" isPlain>
          Open
        </Badge>
      );
    case 'acknowledged':
      return (
        <Badge tone="warn" icon="eye" isPlain>
          Acknowledged
        </Badge>
      );
    case 'resolved':
      return (
        <Badge tone="good" icon="check" isPlain>
          Resolved
        </Badge>
      );
    case 'muted':
      return (
        <Badge tone="quiet" icon="bell-off" isPlain>
          Muted
        </Badge>
      );
  }
}

function NoErrors({ tab }: { readonly tab: ErrorTab }) {
  switch (tab.key) {
    case 'open':
    case 'all':
      return (
        <Empty title={tab.key === 'open' ? 'Nothing to look at' : 'No errors in this time'} icon="check">
          Calls that end with error are grouped here by what went wrong: texts that differ only in numbers and
          ids are one group.
        </Empty>
      );
    case 'resolved':
      return (
        <Empty title="No group is resolved" icon="check">
          A group that you resolve waits here, and opens again with its next call.
        </Empty>
      );
    case 'muted':
      return (
        <Empty title="No group is muted" icon="bell-off">
          A group that you mute stays here whatever comes, until you reopen it.
        </Empty>
      );
  }
}
