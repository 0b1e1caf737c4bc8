import { useMemo } from 'preact/hooks';
import type { CallSlotView, CallTotalsView } from '../../data/types.ts';
import type { ChartPanelProps } from './chart-panel.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { Sparkline } from '../../charts/sparkline.tsx';
import { formatCount } from '../../data/format.ts';

const ID = 'data-quality';

/** What the sources sent that told nothing new, or could not be true. */
export function DataQuality({ view, permalink }: ChartPanelProps) {
  const rows = useMemo(
    () =>
      KINDS.map((kind) => ({
        ...kind,
        count: view?.totals[kind.key] ?? 0,
        before: view?.previous?.[kind.key] ?? null,
        course: view?.slots.map((slot) => slot[kind.key]) ?? [],
      })),
    [view],
  );
  const noticed = rows.filter((row) => row.count > 0);
  return (
    <ChartFrame
      id={ID}
      title="Data quality"
      subtitle="reports that did not move a call on"
      summary={
        noticed.length === 0
          ? 'Every report moved its call on.'
          : `${noticed.map((row) => `${row.name}: ${formatCount(row.count)}`).join(', ')}.`
      }
      isLoading={view === undefined}
      isTabular
      table={{
        columns: [
          { label: 'Reports', kind: 'text' },
          { label: 'Meaning', kind: 'text' },
          { label: 'Count', kind: 'count' },
          { label: 'Period before', kind: 'count' },
        ],
        rows: rows.map((row) => [row.name, row.meaning, row.count, row.before]),
      }}
      csvName="data-quality"
      permalink={permalink}
    >
      <table class="chart-list" data-dense="">
        <caption class="visually-hidden">Data quality</caption>
        <thead>
          <tr>
            <th scope="col">Reports</th>
            <th scope="col" data-spare="">
              Trend
            </th>
            <th scope="col" data-kind="count">
              Count
            </th>
            {view?.previous !== null && (
              <th scope="col" data-kind="count">
                Before
              </th>
            )}
          </tr>
        </thead>
        <tbody>
          {rows.map((row) => (
            <tr key={row.key}>
              <th scope="row" class="chart-list-text">
                {row.name}
                <span class="chart-list-note">{row.meaning}</span>
              </th>
              <td data-spare="">
                <Sparkline values={row.course} label={`${formatCount(row.count)} over the range`} />
              </td>
              <td data-kind="count" data-alarm={row.isAlarming && row.count > 0 ? '' : undefined}>
                {formatCount(row.count)}
              </td>
              {view?.previous !== null && <td data-kind="count">{formatCount(row.before)}</td>}
            </tr>
          ))}
        </tbody>
      </table>
    </ChartFrame>
  );
}

interface Kind {
  readonly key: keyof CallSlotView &
    keyof CallTotalsView &
    ('repeated' | 'late' | 'conflicting' | 'noted' | 'unpaired');
  readonly name: string;
  readonly meaning: string;
  /** The others happen with every source. */
  readonly isAlarming: boolean;
}

const KINDS: readonly Kind[] = [
  { key: 'repeated', name: 'Repeated', meaning: 'said before; retries of the source', isAlarming: false },
  { key: 'late', name: 'Late', meaning: 'a start told after the end', isAlarming: false },
  {
    key: 'conflicting',
    name: 'Conflicting',
    meaning: 'another end than the one that holds',
    isAlarming: true,
  },
  { key: 'noted', name: 'Noted', meaning: 'a status that changes nothing here', isAlarming: false },
  { key: 'unpaired', name: 'Ends without a start', meaning: 'their duration is unknown', isAlarming: true },
];
