import { useMemo } from 'preact/hooks';
import type { TimeSeries } from '../../charts/time-chart.tsx';
import type { DeliveryStatisticsView } from '../../data/types.ts';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { Sparkline } from '../../charts/sparkline.tsx';
import { TimeChart } from '../../charts/time-chart.tsx';
import { toDestinationName } from '../../data/destination-name.ts';
import { formatCount, formatLatency, formatPercent } from '../../data/format.ts';
import { go } from '../../data/location.ts';
import { useDestinations } from '../../data/use-destinations.ts';
import { toDeliveriesHref } from './analytics-links.ts';
import { formatStep } from './analytics-range.ts';
import { sumDeliveries, toDeliveredCourse } from './call-slots.ts';

export interface DeliveryPanelProps {
  readonly view: DeliveryStatisticsView | undefined;
  readonly permalink: (chartId: string) => string;
}

const DESTINATIONS_ID = 'destinations';
const FAILED_ID = 'failed-attempts';

type DestinationRow = DeliveryStatisticsView['destinations'][number];

export function DestinationTable({ view, permalink }: DeliveryPanelProps) {
  const all = useDestinations().data?.data;
  const rows = useMemo(
    () =>
      (view?.destinations ?? []).toSorted(
        (one, other) => (one.success_rate ?? 1) - (other.success_rate ?? 1),
      ),
    [view],
  );
  const span = view && { sinceMs: Date.parse(view.since), untilMs: Date.parse(view.until) };
  const totals = view?.totals;
  return (
    <ChartFrame
      id={DESTINATIONS_ID}
      title="Deliveries by destination"
      subtitle="lowest success first; latency of the attempts that delivered"
      summary={
        totals === undefined
          ? ''
          : `${formatCount(totals.delivered)} delivered, ${formatCount(totals.failed_attempts)} attempts failed, ${formatCount(totals.dead)} given up.`
      }
      isLoading={view === undefined}
      isTabular
      isWide
      empty={view !== undefined && rows.length === 0 && 'Nothing was delivered or tried in this range.'}
      table={{
        columns: [
          { label: 'Destination', kind: 'text' },
          { label: 'Name', kind: 'text' },
          { label: 'Kind', kind: 'text' },
          { label: 'Success rate', kind: 'rate' },
          { label: 'Delivered', kind: 'count' },
          { label: 'Failed attempts', kind: 'count' },
          { label: 'Given up', kind: 'count' },
          { label: 'Median latency', kind: 'duration' },
          { label: 'p95 latency', kind: 'duration' },
        ],
        rows: rows.map((row) => [
          row.destination_id,
          row.name,
          row.kind,
          row.success_rate,
          row.delivered,
          row.failed_attempts,
          row.dead,
          row.p50_ms,
          row.p95_ms,
        ]),
      }}
      csvName="deliveries-by-destination"
      permalink={permalink}
    >
      {/* Narrow screens scroll it: a table cut into cards could not be compared by column. */}
      <div class="chart-list-scroll" role="region" aria-label="Deliveries by destination" tabIndex={0}>
        <table class="chart-list">
          <caption class="visually-hidden">Deliveries by destination</caption>
          <thead>
            <tr>
              <th scope="col">Destination</th>
              <th scope="col" data-kind="rate">
                Success
              </th>
              <th scope="col" data-kind="count">
                Delivered
              </th>
              <th scope="col" data-kind="count">
                Failed attempts
              </th>
              <th scope="col" data-kind="count">
                Given up
              </th>
              <th scope="col" data-kind="duration">
                Median
              </th>
              <th scope="col" data-kind="duration">
                p95
              </th>
              <th scope="col">Trend</th>
            </tr>
          </thead>
          <tbody>
            {rows.map((row) => (
              <tr key={row.destination_id}>
                <th scope="row" class="chart-list-text">
                  <a
                    href={
                      span === undefined
                        ? '/deliveries'
                        : toDeliveriesHref(span, `destination:${row.destination_id}`)
                    }
                  >
                    {toDestinationName(row.destination_id, all, row.name)}
                  </a>
                  <span class="chart-list-note">{row.deleted ? 'deleted' : row.kind}</span>
                </th>
                <td data-kind="rate">{formatPercent(row.success_rate)}</td>
                <td data-kind="count">{formatCount(row.delivered)}</td>
                <td data-kind="count">{formatCount(row.failed_attempts)}</td>
                <td data-kind="count">{formatCount(row.dead)}</td>
                <td data-kind="duration">{formatLatency(row.p50_ms)}</td>
                <td data-kind="duration">{formatLatency(row.p95_ms)}</td>
                <td>{view !== undefined && <Course row={row} view={view} />}</td>
              </tr>
            ))}
          </tbody>
        </table>
      </div>
    </ChartFrame>
  );
}

function Course({ row, view }: { readonly row: DestinationRow; readonly view: DeliveryStatisticsView }) {
  const course = useMemo(() => toDeliveredCourse(row.slots, view), [row, view]);
  const isFailing = row.delivered === 0 && row.failed_attempts > 0;
  return (
    <Sparkline
      values={isFailing ? course.failed : course.delivered}
      ink={isFailing ? 'failed' : 'active'}
      label={
        isFailing
          ? `${formatCount(row.failed_attempts)} failed attempts over the range`
          : `${formatCount(row.delivered)} delivered over the range`
      }
    />
  );
}

export function FailedAttemptsChart({ view, permalink }: DeliveryPanelProps) {
  const sums = useMemo(() => view && sumDeliveries(view), [view]);
  const series = useMemo(
    (): readonly TimeSeries[] =>
      view === undefined || sums === undefined
        ? []
        : [
            {
              label: 'Failed attempts',
              ink: 'failed',
              shape: 'bar',
              values: sums.failed,
              total: formatCount(view.totals.failed_attempts),
            },
            {
              label: 'Given up',
              ink: 'connected',
              shape: 'line',
              values: sums.dead,
              total: formatCount(view.totals.dead),
            },
          ],
    [view, sums],
  );
  const totals = view?.totals;
  return (
    <ChartFrame
      id={FAILED_ID}
      title="Failed attempts"
      subtitle={view === undefined ? undefined : `to deliver, ${formatStep(view.step_ms)}`}
      summary={
        totals === undefined
          ? ''
          : `${formatCount(totals.failed_attempts)} attempts to deliver failed; ${formatPercent(totals.success_rate)} of all attempts succeeded; ${formatCount(totals.dead)} deliveries were given up.`
      }
      isLoading={view === undefined}
      empty={
        totals !== undefined &&
        totals.failed_attempts + totals.dead === 0 &&
        (totals.delivered === 0
          ? 'Nothing was delivered or tried in this range.'
          : `No attempt failed: all ${formatCount(totals.delivered)} deliveries arrived at the first try.`)
      }
      table={{
        columns: [
          { label: 'From', kind: 'time' },
          { label: 'Failed attempts', kind: 'count' },
          { label: 'Given up', kind: 'count' },
          { label: 'Delivered', kind: 'count' },
        ],
        rows:
          sums?.atMs.map((at, index) => [
            at,
            sums.failed[index] ?? 0,
            sums.dead[index] ?? 0,
            sums.delivered[index] ?? 0,
          ]) ?? [],
      }}
      csvName="failed-attempts"
      permalink={permalink}
    >
      {sums !== undefined && (
        <TimeChart
          label="Failed attempts to deliver over time"
          slots={sums}
          series={series}
          selectLabel="Show deliveries"
          onSelect={(sinceMs, untilMs) => go(toDeliveriesHref({ sinceMs, untilMs }))}
        />
      )}
    </ChartFrame>
  );
}
