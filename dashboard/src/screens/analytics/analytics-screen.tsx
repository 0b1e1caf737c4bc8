/** What happened over a range of time: numbers, charts, and from each of them the way to the calls it counted. */
import './analytics.css';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { CallStatisticsView, DeliveryStatisticsView } from '../../data/types.ts';
import type { AnalyticsRange } from './analytics-range.ts';

import { toZoneName } from '../../charts/wall-clock.ts';
import { LinkButton } from '../../components/button.tsx';
import { Empty } from '../../components/empty.tsx';
import { Switch } from '../../components/field.tsx';
import { PageHead } from '../../components/page.tsx';
import { ProblemNote } from '../../components/problem.tsx';
import { TimeRange } from '../../components/time-range.tsx';
import { request, toPath } from '../../data/api.ts';
import { readNowMs } from '../../data/clock.ts';
import { formatDateTime } from '../../data/format.ts';
import { hrefWith, location, setQuery } from '../../data/location.ts';
import { timeZone } from '../../data/preferences.ts';
import { useResource } from '../../data/resource.ts';
import { paused } from '../../data/stream.ts';
import { DEFAULT_SINCE, isGrowing, readRange, toQuestion } from './analytics-range.ts';
import { ConcurrencyChart } from './concurrency-chart.tsx';
import { DataQuality } from './data-quality.tsx';
import { DestinationTable, FailedAttemptsChart } from './delivery-charts.tsx';
import { DurationChart } from './duration-chart.tsx';
import { ErrorRateChart, TopErrors } from './error-charts.tsx';
import { MetricTiles } from './metric-tiles.tsx';
import { isReported } from './metrics.ts';
import { OutcomeChart } from './outcome-chart.tsx';
import { SourceQuality } from './source-quality.tsx';
import { WeekChart } from './week-chart.tsx';

/** Roll-ups are per minute: more often would show the same. */
const REFRESH_MS = 60_000;

export function AnalyticsScreen() {
  const range = readRange(location.value.query);
  const [askedAtMs, setAskedAtMs] = useState(readNowMs);
  const question = toQuestion(range, askedAtMs);
  const callsPath = toPath('/v1/analytics/calls', {
    ...question,
    time_zone: toZoneName(timeZone.value),
    compare: range.isCompared ? 'previous' : undefined,
  });
  const deliveriesPath = toPath('/v1/analytics/deliveries', { ...question });
  const calls = useResource(callsPath, (signal) => request<CallStatisticsView>('GET', callsPath, { signal }));
  const deliveries = useResource(deliveriesPath, (signal) =>
    request<DeliveryStatisticsView>('GET', deliveriesPath, { signal }),
  );
  useRefresh(isGrowing(range), () => {
    const nowMs = readNowMs();
    setAskedAtMs(nowMs);
    // Where the present slot is over the question is another one, and is asked by itself.
    if (toQuestion(range, nowMs).until !== question.until) return;
    calls.reload();
    deliveries.reload();
  });

  const answer = calls.data;
  const view = useMemo(() => answer && withoutEmptyPast(answer), [answer]);
  const deliveryView = deliveries.data;
  const fault = calls.fault ?? deliveries.fault;
  const isEmpty =
    view !== undefined &&
    deliveryView !== undefined &&
    !isReported(view.totals) &&
    view.totals.active_peak === 0 &&
    deliveryView.destinations.length === 0;
  const permalink = (chartId: string) => toPermalink(view, chartId);

  return (
    <div class="analytics" aria-busy={calls.isLoading && view === undefined}>
      <PageHead
        title="Analytics"
        subtitle={view === undefined ? '\u00a0' : toRangeWords(view, range)}
        actions={
          <>
            <Switch
              label="Compare with the period before"
              isOn={range.isCompared}
              onChange={(isOn) => setQuery({ compare: isOn ? null : 'none' }, { replace: true })}
            />
            <TimeRange
              since={range.since}
              until={range.until}
              defaultSince={DEFAULT_SINCE}
              onChange={setQuery}
            />
          </>
        }
      />
      {fault !== null && (
        <ProblemNote
          fault={fault}
          isCompact={view !== undefined}
          onRetry={() => {
            calls.reload();
            deliveries.reload();
          }}
          isRetrying={calls.isLoading || deliveries.isLoading}
        />
      )}
      <h2 class="visually-hidden">Numbers of the range</h2>
      {isEmpty ? (
        <NothingHere range={range} />
      ) : fault !== null && view === undefined ? null : (
        <>
          <MetricTiles view={answer} />
          <div class="chart-grid-2">
            <OutcomeChart view={view} permalink={permalink} />
            <ConcurrencyChart view={view} permalink={permalink} />
            <ErrorRateChart view={view} permalink={permalink} />
            <TopErrors view={view} permalink={permalink} />
            <DurationChart view={view} permalink={permalink} />
            <WeekChart view={view} permalink={permalink} />
            <DestinationTable view={deliveryView} permalink={permalink} />
            <FailedAttemptsChart view={deliveryView} permalink={permalink} />
            <DataQuality view={view} permalink={permalink} />
            <SourceQuality question={question} permalink={permalink} />
          </div>
        </>
      )}
    </div>
  );
}

/** A dashed line along nought for a period before the first report would say that nothing happened. */
function withoutEmptyPast(view: CallStatisticsView): CallStatisticsView {
  if (view.previous === null || isReported(view.previous)) return view;
  return { ...view, previous: null, previous_slots: null };
}

function NothingHere({ range }: { readonly range: AnalyticsRange }) {
  const isLong = range.since === '30d';
  return (
    <Empty
      title="No calls in this range"
      icon="analytics"
      command={`npm run offhook -- trigger lifecycle --url ${globalThis.location.origin}`}
      actions={
        !isLong && (
          <LinkButton href={hrefWith({ since: '30d', until: null })}>Show the last 30 days</LinkButton>
        )
      }
    >
      <p>
        Numbers appear as soon as a source reports a call. To see some now, make one up, from the folder of
        Offhook:
      </p>
    </Empty>
  );
}

/** `13 Dec 2025, 14:03 – now · Europe/Amsterdam` */
function toRangeWords(view: CallStatisticsView, range: AnalyticsRange): string {
  const zone = view.time_zone.replaceAll('_', ' ');
  return `${toMinutes(view.since)} – ${isGrowing(range) ? 'now' : toMinutes(view.until)} · ${zone}`;
}

/** Ranges are whole minutes; the zone stands beside them. */
function toMinutes(at: string): string {
  return formatDateTime(at).replace(/:\d\d( UTC)?$/, '');
}

/** What "24h" means changes while a link lies in somebody's mail: a permalink says from when until when. */
function toPermalink(view: CallStatisticsView | undefined, chartId: string): string {
  const href = view === undefined ? hrefWith({}) : hrefWith({ since: view.since, until: view.until });
  return `${href.split('#')[0] ?? ''}#${chartId}`;
}

/** Quietly once a minute while the range ends now, nobody has paused the page and somebody may be looking. */
function useRefresh(isOn: boolean, reload: () => void): void {
  const latest = useRef(reload);
  latest.current = reload;
  useEffect(() => {
    if (!isOn) return;
    let readAt = performance.now();
    const refresh = () => {
      if (document.hidden || paused.peek() || performance.now() - readAt < REFRESH_MS - 1_000) return;
      readAt = performance.now();
      latest.current();
    };
    const timer = setInterval(refresh, REFRESH_MS);
    // Coming back to the page after an hour must not show the hour before.
    document.addEventListener('visibilitychange', refresh);
    return () => {
      clearInterval(timer);
      document.removeEventListener('visibilitychange', refresh);
    };
  }, [isOn]);
}
