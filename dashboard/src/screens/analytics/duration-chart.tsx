import { useMemo } from 'preact/hooks';
import type { ChartPanelProps } from './chart-panel.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { Histogram } from '../../charts/histogram.tsx';
import { formatCount, formatDuration } from '../../data/format.ts';
import { go } from '../../data/location.ts';
import { toCallsHref, toDurationFilter } from './analytics-links.ts';

const ID = 'durations';

export function DurationChart({ view, permalink }: ChartPanelProps) {
  const durations = useMemo(
    () => view?.durations.map((bar) => ({ fromMs: bar.from_ms, toMs: bar.to_ms, count: bar.count })) ?? [],
    [view],
  );
  const duration = view?.totals.duration;
  const markers = useMemo(() => {
    const { p50_ms: medianMs = null, p95_ms: p95Ms = null } = duration ?? {};
    return [
      ...(medianMs === null ? [] : [{ word: `median ${formatDuration(medianMs)}`, ms: medianMs }]),
      ...(p95Ms === null ? [] : [{ word: `p95 ${formatDuration(p95Ms)}`, ms: p95Ms }]),
    ];
  }, [duration]);
  return (
    <ChartFrame
      id={ID}
      title="Duration of calls"
      subtitle={
        duration === undefined ? undefined : `${formatCount(duration.count)} calls with both ends known`
      }
      summary={
        duration === undefined
          ? ''
          : `Half of ${formatCount(duration.count)} calls took less than ${formatDuration(duration.p50_ms)}, 95 of 100 less than ${formatDuration(duration.p95_ms)}; the longest took ${formatDuration(duration.max_ms)}.`
      }
      isLoading={view === undefined}
      empty={duration?.count === 0 && 'No call with a known start ended in this range.'}
      table={{
        columns: [
          { label: 'From', kind: 'duration' },
          { label: 'To', kind: 'duration' },
          { label: 'Calls', kind: 'count' },
        ],
        rows: durations.map((bar) => [bar.fromMs, bar.toMs, bar.count]),
      }}
      csvName="call-durations"
      permalink={permalink}
    >
      {view !== undefined && (
        <Histogram
          label="Calls by duration"
          durations={durations}
          markers={markers}
          noun="calls"
          onSelect={(fromMs, toMs) =>
            go(
              toCallsHref(
                { sinceMs: Date.parse(view.since), untilMs: Date.parse(view.until) },
                `state:ended,failed ${toDurationFilter(fromMs, toMs)}`,
              ),
            )
          }
        />
      )}
    </ChartFrame>
  );
}
