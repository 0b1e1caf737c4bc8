import { useMemo } from 'preact/hooks';
import type { ChartPanelProps } from './chart-panel.ts';
import type { TimeSeries } from '../../charts/time-chart.tsx';

import { ChartFrame } from '../../charts/chart-frame.tsx';
import { TimeChart } from '../../charts/time-chart.tsx';
import { Badge } from '../../components/badge.tsx';
import { toErrorClassWords } from '../../components/error-class.ts';
import { formatCount, formatPercent } from '../../data/format.ts';
import { go } from '../../data/location.ts';
import { toCallsHref, toErrorFilter } from './analytics-links.ts';
import { formatStep } from './analytics-range.ts';
import { toErrorRate, toSlots, withPrevious } from './call-slots.ts';

const RATE_ID = 'error-rate';
const ERRORS_ID = 'top-errors';
/** As many as stand beside the chart without scrolling; the CSV file has all that came. */
const ERRORS_SHOWN_MAX = 6;

export function ErrorRateChart({ view, permalink }: ChartPanelProps) {
  const slots = useMemo(() => view && toSlots(view), [view]);
  const series = useMemo((): readonly TimeSeries[] => {
    if (view === undefined) return [];
    const now: TimeSeries = {
      label: 'Error rate',
      ink: 'failed',
      shape: 'area',
      values: view.slots.map(toErrorRate),
      total: formatPercent(view.totals.error_rate),
    };
    return withPrevious(view, now, toErrorRate, formatPercent(view.previous?.error_rate));
  }, [view]);
  const totals = view?.totals;
  return (
    <ChartFrame
      id={RATE_ID}
      title="Error rate"
      subtitle={view === undefined ? undefined : `of the calls that ended, ${formatStep(view.step_ms)}`}
      summary={
        totals === undefined
          ? ''
          : `${formatPercent(totals.error_rate)} of the calls that ended did so with an error: ${formatCount(totals.failed)} of ${formatCount(totals.finished)}.`
      }
      isLoading={view === undefined}
      empty={totals?.finished === 0 && 'No call ended in this range, so there is no rate.'}
      table={{
        columns: [
          { label: 'From', kind: 'time' },
          { label: 'Error rate', kind: 'rate' },
          { label: 'Ended with error', kind: 'count' },
          { label: 'All that ended', kind: 'count' },
        ],
        rows:
          view?.slots.map((slot) => [
            Date.parse(slot.at),
            toErrorRate(slot),
            slot.failed,
            slot.ended + slot.failed,
          ]) ?? [],
      }}
      csvName="error-rate"
      permalink={permalink}
    >
      {slots !== undefined && (
        <TimeChart
          label="Error rate over time"
          slots={slots}
          series={series}
          unit="rate"
          selectLabel="Show failed calls"
          onSelect={(sinceMs, untilMs) => go(toCallsHref({ sinceMs, untilMs }, 'state:failed'))}
        />
      )}
    </ChartFrame>
  );
}

export function TopErrors({ view, permalink }: ChartPanelProps) {
  const errors = view?.errors ?? [];
  const failed = view?.totals.failed ?? 0;
  const span = view && { sinceMs: Date.parse(view.since), untilMs: Date.parse(view.until) };
  const top = errors[0];
  return (
    <ChartFrame
      id={ERRORS_ID}
      title="Top errors"
      subtitle="by what they say, numbers and ids aside"
      summary={
        top === undefined
          ? 'No call ended with an error.'
          : `Most often: ${toName(top)}, ${formatCount(top.count)} of ${formatCount(failed)} failed calls.`
      }
      isLoading={view === undefined}
      isTabular
      empty={view !== undefined && errors.length === 0 && 'No call ended with an error in this range.'}
      table={{
        columns: [
          { label: 'Error', kind: 'text' },
          { label: 'Class', kind: 'text' },
          { label: 'Last text', kind: 'text' },
          { label: 'Calls', kind: 'count' },
        ],
        rows: errors.map((error) => [toName(error), error.class, error.example, error.count]),
      }}
      csvName="top-errors"
      permalink={permalink}
    >
      <table class="chart-list">
        <caption class="visually-hidden">Top errors</caption>
        <thead>
          <tr>
            <th scope="col">Error</th>
            <th scope="col" data-spare="">
              Class
            </th>
            <th scope="col" data-kind="count">
              Calls
            </th>
            <th scope="col" data-kind="rate">
              Share
            </th>
          </tr>
        </thead>
        <tbody>
          {errors.slice(0, ERRORS_SHOWN_MAX).map((error) => (
            <tr key={error.id}>
              <td class="chart-list-text">
                <a href={span === undefined ? '/calls' : toCallsHref(span, toErrorFilter(error.search))}>
                  {toName(error)}
                </a>
              </td>
              <td data-spare="">
                <Badge tone="quiet" isPlain>
                  {toErrorClassWords(error.class)}
                </Badge>
              </td>
              <td data-kind="count">{formatCount(error.count)}</td>
              <td data-kind="rate">{failed === 0 ? '' : formatPercent(error.count / failed)}</td>
            </tr>
          ))}
        </tbody>
      </table>
      {errors.length > ERRORS_SHOWN_MAX && (
        <p class="chart-more">
          <a href={`/calls?tab=errors&since=${view?.since ?? ''}`}>All {formatCount(errors.length)} errors</a>
        </p>
      )}
    </ChartFrame>
  );
}

function toName(error: { readonly fingerprint: string }): string {
  return error.fingerprint === '' ? 'No error text' : error.fingerprint;
}
