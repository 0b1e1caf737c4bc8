import { useMemo } from 'preact/hooks';
import type { ChartPanelProps } from './chart-panel.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { toHeatSvg } from '../../charts/heat-map-svg.ts';
import { HeatMap, WEEKDAYS } from '../../charts/heat-map.tsx';
import { Choices } from '../../components/field.tsx';
import { formatCount } from '../../data/format.ts';
import { location, setQuery } from '../../data/location.ts';

const ID = 'week';

/** When in the week calls come, by the clock of the chosen zone. */
export function WeekChart({ view, permalink }: ChartPanelProps) {
  const isFailed = location.value.query.get('week') === 'failed';
  const cells = useMemo(
    () =>
      view?.heat.map(({ weekday, hour, connected, failed }) => ({
        weekday,
        hour,
        value: isFailed ? failed : connected,
      })) ?? [],
    [view, isFailed],
  );
  const word = isFailed ? 'failed' : 'connected';
  const busiest = cells.reduce<(typeof cells)[number] | null>(
    (most, cell) => (cell.value > (most?.value ?? 0) ? cell : most),
    null,
  );
  const ink = isFailed ? 'failed' : 'active';
  return (
    <ChartFrame
      id={ID}
      title="Hours of the week"
      subtitle={view === undefined ? undefined : `calls ${word}, ${view.time_zone.replaceAll('_', ' ')}`}
      summary={
        busiest === null
          ? `No call ${word}.`
          : `Most calls ${word} on ${WEEKDAYS[busiest.weekday - 1] ?? ''} at ${busiest.hour}:00: ${formatCount(busiest.value)}.`
      }
      isLoading={view === undefined}
      empty={
        view !== undefined &&
        view.totals.connected + view.totals.failed === 0 &&
        'No call connected or failed in this range.'
      }
      controls={
        <Choices
          legend="Count"
          isLegendHidden
          isSegmented
          value={isFailed ? 'failed' : 'connected'}
          onValue={(value) => setQuery({ week: value === 'failed' ? value : null }, { replace: true })}
          options={COUNTED}
        />
      }
      table={{
        columns: [
          { label: 'Weekday', kind: 'text' },
          { label: 'Hour', kind: 'text' },
          { label: 'Connected', kind: 'count' },
          { label: 'Ended with error', kind: 'count' },
        ],
        rows:
          view?.heat.map(({ weekday, hour, connected, failed }) => [
            WEEKDAYS[weekday - 1] ?? '',
            `${String(hour).padStart(2, '0')}:00`,
            connected,
            failed,
          ]) ?? [],
      }}
      csvName="hours-of-the-week"
      permalink={permalink}
      toSvg={(frame) => toHeatSvg(frame, cells, ink, `Calls ${word} by hour of the week`)}
    >
      <HeatMap
        label={`Calls ${word} by hour of the week`}
        cells={cells}
        ink={ink}
        formatCell={(cell) => `${formatCount(cell.value)} ${word}`}
      />
    </ChartFrame>
  );
}

const COUNTED = [
  { value: 'connected', label: 'Connected' },
  { value: 'failed', label: 'Failed' },
] as const;
