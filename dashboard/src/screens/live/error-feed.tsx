import './error-feed.css';
import { useEffect } from 'preact/hooks';
import type { ErrorGroupView, Page } from '../../data/types.ts';

import { Badge } from '../../components/badge.tsx';
import { Empty } from '../../components/empty.tsx';
import { toErrorClassWords } from '../../components/error-class.ts';
import { ProblemNote } from '../../components/problem.tsx';
import { announce } from '../../components/status-line.tsx';
import { Time } from '../../components/time.tsx';
import { request } from '../../data/api.ts';
import { formatCount } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';
import { onCalls } from '../../data/stream.ts';

/** Groups shown; the rest is one click away. */
const GROUPS_SHOWN = 12;
/** Many calls may fail at once: the groups are read again this often at most. */
const RELOAD_MS = 1_000;

/** Failed calls by what went wrong, the latest on top, each group once. */
export function ErrorFeed() {
  const { data, fault, reload } = useResource(
    'live-errors',
    (signal) =>
      request<Page<ErrorGroupView>>('GET', '/v1/errors', {
        query: { state: 'open,acknowledged', since: '24h', limit: GROUPS_SHOWN },
        signal,
      }),
    { resync: ['calls', 'rest'] },
  );
  useEffect(() => {
    let timer: ReturnType<typeof setTimeout> | undefined;
    const stop = onCalls((calls) => {
      const failed = calls.filter((call) => call.state === 'failed').length;
      if (failed === 0) return;
      announce(failed === 1 ? 'A call ended with error' : `${failed} calls ended with error`);
      timer ??= setTimeout(() => {
        timer = undefined;
        reload();
      }, RELOAD_MS);
    });
    return () => {
      stop();
      clearTimeout(timer);
    };
  }, [reload]);

  if (fault !== null && data === undefined) return <ProblemNote fault={fault} onRetry={reload} isCompact />;
  if (data === undefined) return <div class="error-feed-wait" aria-busy="true" />;
  if (data.data.length === 0) {
    return (
      <Empty title="No errors in 24 hours" icon="check">
        Calls that end with error are grouped here by what went wrong.
      </Empty>
    );
  }
  return (
    <ol class="error-feed">
      {data.data.map((group) => (
        <ErrorEntry key={group.id} group={group} />
      ))}
    </ol>
  );
}

function ErrorEntry({ group }: { readonly group: ErrorGroupView }) {
  const count = group.hours.reduce((sum, calls) => sum + calls, 0);
  const text = group.example === '' ? 'No error text' : group.example;
  return (
    <li class="error-entry">
      <a class="error-entry-link" href={toHref(group)}>
        {text}
      </a>
      <span class="error-entry-count" aria-label={`${count} calls in 24 hours`}>
        ×{formatCount(count, { isShort: true })}
      </span>
      <span class="error-entry-foot">
        <Badge isPlain>{toErrorClassWords(group.class)}</Badge>
        {group.state === 'acknowledged' && (
          <Badge tone="quiet" icon="check" isPlain>
            Acknowledged
          </Badge>
        )}
        <span class="muted">
          last <Time at={group.last_at} />
        </span>
      </span>
    </li>
  );
}

function toHref(group: ErrorGroupView): string {
  const q = group.search === '' ? 'state:failed' : `state:failed error:"${group.search}"`;
  return `/calls?${new URLSearchParams({ q, since: '24h' }).toString()}`;
}
