import type { SystemView } from '../../data/types.ts';

import { Facts, Section, Skeleton } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { Time } from '../../components/time.tsx';
import { request } from '../../data/api.ts';
import { formatBytes, formatCount, formatDuration } from '../../data/format.ts';
import { useResource } from '../../data/resource.ts';

/** The hub itself: what runs, what it holds, for how long. */
export function SystemTab() {
  const { data, fault, isLoading, reload } = useResource(
    'system',
    (signal) => request<SystemView>('GET', '/v1/system', { signal }),
    { resync: ['rest'] },
  );
  if (data === undefined)
    return fault === null ? (
      <Skeleton lines={8} />
    ) : (
      <ProblemNote fault={fault} onRetry={reload} isRetrying={isLoading} />
    );
  const { journal, refused } = data;
  const refusals = Object.entries(refused ?? {}).sort(([, left], [, right]) => right - left);
  return (
    <div class="settings-tab">
      <Section title="Hub">
        <Facts
          items={[
            ['Version', data.version],
            ['Node', data.node],
            ['Running since', <Time at={data.started_at} shape="absolute" />],
            ['Reachable', data.local ? 'from this machine only' : 'from other machines'],
            ['Open streams', data.streams === null ? null : formatCount(data.streams)],
            ['Metrics', <a href="/metrics">/metrics</a>],
            ['API description', <a href="/openapi.json">/openapi.json</a>],
          ]}
        />
      </Section>
      <Section title="Journal">
        <Facts
          items={[
            ['Size on disk', journal === null ? null : formatBytes(journal.bytes)],
            ['Calls', journal === null ? null : formatCount(journal.calls)],
            ['Events', journal === null ? null : formatCount(journal.events)],
            ['Deliveries waiting', journal === null ? null : formatCount(journal.pending_deliveries)],
            ['Migration', journal?.migration],
            ['Kept for', `${data.retention_days} days`],
            ['A call without an end is unknown after', formatDuration(data.stale_after_ms)],
          ]}
        />
      </Section>
      <Section
        title="Refused at the doors"
        hint="Since the hub started. What is refused never enters the journal, so no timeline shows it."
      >
        {refusals.length === 0 ? (
          <p class="muted">Nothing was refused.</p>
        ) : (
          <Facts items={refusals.map(([code, count]) => [code, formatCount(count)] as const)} />
        )}
      </Section>
    </div>
  );
}
