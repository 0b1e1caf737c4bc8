import { useMemo } from 'preact/hooks';
import type { ChartPanelProps } from './chart-panel.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { StackedBars } from '../../charts/stacked-bars.tsx';
import { formatCount } from '../../data/format.ts';
import { go } from '../../data/location.ts';
import { toCallsHref } from './analytics-links.ts';
import { formatStep } from './analytics-range.ts';
import { readPrevious, toSlots } from './call-slots.ts';

const ID = 'outcome';

/** How calls came out, over time. */
export function OutcomeChart({ view, permalink }: ChartPanelProps) {
  const slots = useMemo(() => view && toSlots(view), [view]);
  const bars = useMemo(
    () =>
      view === undefined
        ? []
        : [
            {
              label: 'Ended',
              ink: 'ended' as const,
              values: view.slots.map((slot) => slot.ended),
              total: formatCount(view.totals.ended),
            },
            {
              label: 'Ended with error',
              ink: 'failed' as const,
              values: view.slots.map((slot) => slot.failed),
              total: formatCount(view.totals.failed),
            },
          ],
    [view],
  );
  const lines = useMemo(() => {
    if (view === undefined) return [];
    const connected = {
      label: 'Connected',
      ink: 'connected' as const,
      values: view.slots.map((slot) => slot.connected),
      total: formatCount(view.totals.connected),
    };
    const previous = readPrevious(view, (slot) => slot.ended + slot.failed);
    if (previous === null) return [connected];
    return [
      connected,
      {
        label: 'Ended, period before',
        ink: 'previous' as const,
        values: previous,
        isDashed: true,
        total: formatCount(view.previous?.finished),
      },
    ];
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
      permalink={() => permalink(ID)}
    >
      {slots !== undefined && (
        <StackedBars
          label="Calls by outcome over time"
          slots={slots}
          bars={bars}
          lines={lines}
          onSelect={(sinceMs, untilMs) => go(toCallsHref({ sinceMs, untilMs }))}
        />
      )}
    </ChartFrame>
  );
}
