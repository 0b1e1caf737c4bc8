import { useMemo } from 'preact/hooks';
import type { TimeSeries } from '../../charts/time-chart.tsx';
import type { ChartPanelProps } from './chart-panel.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { TimeChart } from '../../charts/time-chart.tsx';
import { formatCount, formatDateTime } from '../../data/format.ts';
import { go } from '../../data/location.ts';
import { toCallsHref } from './analytics-links.ts';
import { toSlots, withPrevious } from './call-slots.ts';

const ID = 'concurrency';

/** How many calls were active at once. */
export function ConcurrencyChart({ view, permalink }: ChartPanelProps) {
  const slots = useMemo(() => view && toSlots(view), [view]);
  const series = useMemo((): readonly TimeSeries[] => {
    if (view === undefined) return [];
    const peak: TimeSeries = {
      label: 'Most active at once',
      ink: 'active',
      shape: 'area',
      values: view.slots.map((slot) => slot.active_peak),
      isPeakMarked: true,
      total: formatCount(view.totals.active_peak),
    };
    return withPrevious(view, peak, (slot) => slot.active_peak, formatCount(view.previous?.active_peak));
  }, [view]);
  const totals = view?.totals;
  const peak =
    totals === undefined || totals.active_peak_at === null
      ? undefined
      : `Peak ${formatCount(totals.active_peak)}, ${formatDateTime(totals.active_peak_at).replace(/:\d\d(?= UTC|$)/, '')}`;
  return (
    <ChartFrame
      id={ID}
      title="Calls at once"
      subtitle={peak}
      summary={peak === undefined ? 'No call was active.' : `Most calls active at once: ${peak}.`}
      isLoading={view === undefined}
      empty={totals?.active_peak === 0 && 'No call was active in this range.'}
      table={{
        columns: [
          { label: 'From', kind: 'time' },
          { label: 'Most active at once', kind: 'count' },
          { label: 'Active at the end', kind: 'count' },
        ],
        rows: view?.slots.map((slot) => [Date.parse(slot.at), slot.active_peak, slot.active_end]) ?? [],
      }}
      csvName="calls-at-once"
      permalink={permalink}
    >
      {slots !== undefined && (
        <TimeChart
          label="Calls active at once over time"
          slots={slots}
          series={series}
          onSelect={(sinceMs, untilMs) => go(toCallsHref({ sinceMs, untilMs }))}
        />
      )}
    </ChartFrame>
  );
}
