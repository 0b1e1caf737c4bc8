import type { ContestantName } from '../contestants/contestant.ts';
import type { Spread } from '../statistics.ts';
import type { Results } from './results.ts';

import { CONTESTANT_LABELS } from '../contestants/contestant.ts';
import { toRatios, toSpread } from '../statistics.ts';
import { listTargets } from './targets.ts';

/** The whole report as text: medians, in brackets the least and the most of any round. */
export function toTables(results: Results): string {
  const sections = [
    ...results.throughput.map((result) => toThroughputTable(result)),
    results.latency === null ? '' : toLatencyTable(results.latency),
    results.isolation === null ? '' : toIsolationTable(results.isolation),
    results.backlog === null ? '' : toBacklogTable(results.backlog),
    results.viewers === null || results.viewers === undefined ? '' : toViewersTable(results.viewers),
    results.analytics === null || results.analytics === undefined ? '' : toAnalyticsTable(results.analytics),
    // A verdict on figures that mean nothing would be read all the same.
    results.size === 'tiny' ? '' : toTargetTable(results),
    ...results.skipped.map((reason) => `Skipped: ${reason}.`),
    results.machine.disk === 'tmpfs'
      ? 'The data lay on a tmpfs: fsync was free, so no figure of a journal counts.'
      : '',
    results.size === 'tiny' ? 'Size tiny shows that everything runs; its figures mean nothing.' : '',
  ];
  return sections.filter((section) => section !== '').join('\n\n');
}

function toThroughputTable({ destinations, turns }: Results['throughput'][number]): string {
  const relay = turns.relay?.map(({ eventsPerSecond }) => eventsPerSecond);
  const rows = listTurns(turns).map(([label, list]) => {
    const rates = list.map(({ eventsPerSecond }) => eventsPerSecond);
    return [
      label,
      format(toSpread(rates), 0),
      relay === undefined ? '' : format(toRatios(rates, relay), 2),
      format(toSpread(list.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)), 0),
      format(toSpread(list.map(({ benchCpuShare }) => benchCpuShare)), 2),
      sum(list.map(({ refused }) => refused)),
      sum(list.map(({ duplicates }) => duplicates)),
      sum(list.map(({ inversions }) => inversions)),
    ];
  });
  return toTable(
    `Accepted → delivered, ${destinations.toLocaleString('en')} destination(s), 64 requests in flight`,
    ['', 'events/s', '÷ relay', 'CPU µs/event', 'bench busy', 'refused', 'twice', 'out of order'],
    rows,
  );
}

function toLatencyTable({ perSecond, turns }: NonNullable<Results['latency']>): string {
  const rows = listTurns(turns).map(([label, list]) => [
    label,
    format(toSpread(list.map(({ p50Ms }) => p50Ms)), 2),
    format(toSpread(list.map(({ p99Ms }) => p99Ms)), 2),
    format(toSpread(list.map(({ maxMs }) => maxMs)), 1),
    format(toSpread(list.map(({ lagMaxMs }) => lagMaxMs)), 1),
  ]);
  return toTable(
    `Accept → arrival at ${perSecond}/s, ms`,
    ['', 'p50', 'p99', 'worst', 'generator late'],
    rows,
  );
}

function toIsolationTable({ hostile, turns }: NonNullable<Results['isolation']>): string {
  const rows = (['friendly', 'hostile'] as const).map((name) => [
    `${hostile} ${name} ones`,
    format(toSpread(turns[name].map(({ p50Ms }) => p50Ms)), 2),
    format(toSpread(turns[name].map(({ p99Ms }) => p99Ms)), 2),
  ]);
  return toTable('One healthy lane beside, ms', ['', 'p50', 'p99'], rows);
}

function toBacklogTable(backlog: NonNullable<Results['backlog']>): string {
  const { pending, piledPerSecond, rssBytes, throughput, latency, restart } = backlog;
  const mib = (bytes: number): string => (bytes / 2 ** 20).toFixed(0);
  const rows = (['empty', 'piled'] as const).map((hub) => [
    hub === 'empty' ? 'without' : 'with',
    format(toSpread(throughput[hub].map(({ eventsPerSecond }) => eventsPerSecond)), 0),
    format(toSpread(latency[hub].map(({ p50Ms }) => p50Ms)), 2),
    format(toSpread(latency[hub].map(({ p99Ms }) => p99Ms)), 2),
  ]);
  return [
    toTable(
      `A healthy destination with and without ${pending.toLocaleString('en')} pending for a dead one`,
      ['', 'events/s', 'p50 ms', 'p99 ms'],
      rows,
    ),
    `  piled up at ${Math.round(piledPerSecond).toLocaleString('en')}/s; RSS ${mib(rssBytes.before)} → ` +
      `${mib(rssBytes.after)} MiB, at most ${mib(rssBytes.max)}; after the restart ${mib(rssBytes.restarted)}`,
    `  kill -9 and restart: ready after ${Math.round(restart.readyMs)} ms, first delivery after ` +
      `${Math.round(restart.firstDeliveryMs)} ms, all ${restart.owed} owed after ${Math.round(restart.allDeliveredMs)} ms`,
  ].join('\n');
}

function toViewersTable({ viewers, perSecond, loadAverage, turns }: NonNullable<Results['viewers']>): string {
  const rows = (['unwatched', 'watched'] as const).map((audience) => {
    const list = turns[audience];
    return [
      audience === 'watched' ? `${viewers} viewers` : 'nobody watches',
      format(toSpread(list.map(({ p50Ms }) => p50Ms)), 2),
      format(toSpread(list.map(({ p99Ms }) => p99Ms)), 2),
      format(toSpread(list.map(({ cpuMicrosPerEvent }) => cpuMicrosPerEvent)), 0),
      format(toSpread(list.map(({ rssBytes }) => rssBytes / 2 ** 20)), 0),
    ];
  });
  const told = turns.watched.flatMap((turn) => turn.told ?? []);
  return [
    toTable(
      `The live stream at ${perSecond} events/s`,
      ['', 'delivery p50 ms', 'p99 ms', 'CPU µs/event', 'RSS MiB'],
      rows,
    ),
    `  a viewer is told of a call after p50 ${format(toSpread(told.map(({ p50Ms }) => p50Ms)), 0)} ms, ` +
      `p95 ${format(toSpread(told.map(({ p95Ms }) => p95Ms)), 0)} ms`,
    `  the machine's load average beforehand was ${loadAverage.toFixed(1)}`,
  ].join('\n');
}

function toAnalyticsTable(analytics: NonNullable<Results['analytics']>): string {
  const { events, days, destinations, steps } = analytics;
  const rows = steps.map(({ slots, p50Ms, p95Ms, othersWaitMsMax }) => [
    `${slots.toLocaleString('en')} slots`,
    p50Ms.toFixed(1),
    p95Ms.toFixed(1),
    othersWaitMsMax.toFixed(1),
  ]);
  return [
    toTable(
      `${days} days of calls and deliveries over ${events.toLocaleString('en')} events, ${destinations} destinations, ms`,
      ['', 'p50', 'p95', 'others wait at most'],
      rows,
    ),
    `  the first question after a start takes ${analytics.firstMs.toFixed(0)} ms; the journal has ` +
      `${(analytics.journalBytes / 2 ** 20).toFixed(0)} MiB; counting costs ${analytics.countMicrosPerEvent.toFixed(2)} µs ` +
      `an event; folding all ${days} days at once took ${(analytics.foldMs / 1_000).toFixed(1)} s`,
    '  (events are counted and folded by the journal’s code, but do not come through its door; rows put in by SQL)',
  ].join('\n');
}

function toTargetTable(results: Results): string {
  const rows = listTargets(results).map(({ workload, measured, unit, bound, met }) => {
    const digits = unit === 'MiB' ? 0 : 2;
    const sign = bound.kind === 'at least' ? '≥' : '≤';
    return [
      workload,
      `${format(measured, digits)} ${unit}`,
      `${sign} ${bound.value} ${unit}`,
      met ? 'met' : 'MISSED',
    ];
  });
  return rows.length === 0
    ? ''
    : toTable('Targets of design section 11', ['', 'measured', 'target', ''], rows);
}

function listTurns<Turn>(
  turns: Partial<Record<ContestantName, readonly Turn[]>>,
): readonly (readonly [string, readonly Turn[]])[] {
  return Object.entries(turns).map(([name, list]) => [CONTESTANT_LABELS[name as ContestantName], list]);
}

function format({ median, min, max }: Spread, digits: number): string {
  const write = (value: number): string =>
    value.toLocaleString('en', { minimumFractionDigits: digits, maximumFractionDigits: digits });
  return min === max ? write(median) : `${write(median)} (${write(min)}–${write(max)})`;
}

function sum(values: readonly number[]): string {
  return values.reduce((total, value) => total + value, 0).toLocaleString('en');
}

function toTable(title: string, head: readonly string[], rows: readonly (readonly string[])[]): string {
  const lines = [head, ...rows];
  const widths = head.map((_, column) => Math.max(...lines.map((line) => (line[column] ?? '').length)));
  const body = lines.map((line) =>
    line
      .map((cell, column) =>
        column === 0 ? cell.padEnd(widths[0] ?? 0) : cell.padStart(widths[column] ?? 0),
      )
      .join('  '),
  );
  return [title, ...body.map((line) => `  ${line}`.trimEnd())].join('\n');
}
