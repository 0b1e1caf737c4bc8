import { useMemo } from 'preact/hooks';
import type { TimeSeries } from '../../charts/time-chart.tsx';
import type { ChartPanelProps } from './chart-panel.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { TimeChart } from '../../charts/time-chart.tsx';
import { formatCount } from '../../data/format.ts';
import { go } from '../../data/location.ts';
import { toCallsHref } from './analytics-links.ts';
import { formatStep } from './analytics-range.ts';
import { readPrevious, toSlots } from './call-slots.ts';

const ID = 'outcome';

/** How calls came out, over time. */
export function OutcomeChart({ view, permalink }: ChartPanelProps) {
  const slots = useMemo(() => view && toSlots(view), [view]);
  const series = useMemo((): readonly TimeSeries[] => {
    if (view === undefined) return [];
    const now: readonly TimeSeries[] = [
      {
        label: 'Ended',
        ink: 'ended',
        shape: 'bar',
        values: view.slots.map((slot) => slot.ended),
        total: formatCount(view.totals.ended),
      },
      {
        label: 'Ended with error',
        ink: 'failed',
        shape: 'bar',
        values: view.slots.map((slot) => slot.failed),
        total: formatCount(view.totals.failed),
      },
      {
        label: 'Connected',
        ink: 'connected',
        shape: 'line',
        values: view.slots.map((slot) => slot.connected),
        total: formatCount(view.totals.connected),
      },
    ];
    const values = readPrevious(view, (slot) => slot.ended + slot.failed);
    if (values === null) return now;
    const total = formatCount(view.previous?.finished);
    const label = 'Ended, period before';
    return [...now, { label, ink: 'previous', shape: 'line', isDashed: true, values, total }];
  }, [view]);

  const totals = view?.totals;
  const isEmpty = totals !== undefined && totals.connected + totals.finished === 0;
  return (
    <ChartFrame
      id={ID}
      title="Calls by outcome"
      subtitle={view === undefined ? undefined : formatStep(view.step_ms)}
      summary={
        totals === undefined
          ? ''
          : `${formatCount(totals.connected)} calls connected, ${formatCount(totals.ended)} ended normally and ${formatCount(totals.failed)} with an error.`
      }
      isLoading={view === undefined}
      empty={isEmpty && 'No call connected or ended in this range.'}
      table={{
        columns: [
          { label: 'From', kind: 'time' },
          { label: 'Connected', kind: 'count' },
          { label: 'Ended', kind: 'count' },
          { label: 'Ended with error', kind: 'count' },
        ],
        rows: view?.slots.map((slot) => [Date.parse(slot.at), slot.connected, slot.ended, slot.failed]) ?? [],
      }}
      csvName="calls-by-outcome"
      permalink={permalink}
    >
      {slots !== undefined && (
        <TimeChart
          label="Calls by outcome over time"
          slots={slots}
          series={series}
          onSelect={(sinceMs, untilMs) => go(toCallsHref({ sinceMs, untilMs }))}
        />
      )}
    </ChartFrame>
  );
}
