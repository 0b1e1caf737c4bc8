import type { ContestantName } from '../contestants/contestant.ts';
import type { Spread } from '../statistics.ts';
import type { Results } from './results.ts';

import { toRatios, toSpread } from '../statistics.ts';

/** One line of design section 11, with what this run says about it. */
export interface Target {
  readonly workload: string;
  readonly measured: Spread;
  readonly unit: '×' | 'ms' | 'MiB' | 's';
  readonly bound: { readonly kind: 'at least' | 'at most'; readonly value: number };
  /** Judged by the median. */
  readonly met: boolean;
}

export function listTargets(results: Results): readonly Target[] {
  return [
    ...listThroughputTargets(results),
    ...listLatencyTargets(results),
    ...listIsolationTargets(results),
    ...listBacklogTargets(results),
    ...listViewersTargets(results),
    ...listAnalyticsTargets(results),
  ];
}

function listThroughputTargets({ throughput }: Results): Target[] {
  return throughput.flatMap(({ destinations, turns }) => {
    const rates = (name: ContestantName): number[] => (turns[name] ?? []).map((turn) => turn.eventsPerSecond);
    const cpu = (name: ContestantName): number[] => (turns[name] ?? []).map((turn) => turn.cpuMicrosPerEvent);
    const what = `${destinations.toLocaleString('en')} destination${destinations === 1 ? '' : 's'}`;
    return [
      ...compare(
        `events/s, ${what}: Offhook ÷ bare relay`,
        rates('offhook'),
        rates('relay'),
        'at least',
        0.6,
      ),
      ...compare(
        `events/s, ${what}: Offhook ÷ BullMQ always`,
        rates('offhook'),
        rates('bullmq-always'),
        'at least',
        1.4,
      ),
      ...compare(
        `CPU per event, ${what}: Offhook ÷ BullMQ everysec`,
        cpu('offhook'),
        cpu('bullmq-everysec'),
        'at most',
        0.7,
      ),
      ...compare(
        `CPU per event, ${what}: Offhook ÷ BullMQ always`,
        cpu('offhook'),
        cpu('bullmq-always'),
        'at most',
        0.7,
      ),
    ];
  });
}

function listLatencyTargets({ latency }: Results): Target[] {
  const ours = latency?.turns.offhook ?? [];
  const relays = latency?.turns.relay ?? [];
  if (ours.length === 0) return [];
  return [
    judge('accept → arrival at 500/s, p50', toSpread(ours.map(({ p50Ms }) => p50Ms)), 'ms', 'at most', 3),
    ...compare(
      'accept → arrival at 500/s, p99: Offhook ÷ bare relay',
      ours.map(({ p99Ms }) => p99Ms),
      relays.map(({ p99Ms }) => p99Ms),
      'at most',
      3,
    ),
  ];
}

function listIsolationTargets({ isolation }: Results): Target[] {
  if (isolation === null) return [];
  const { hostile, friendly } = isolation.turns;
  return compare(
    `p99 of a healthy lane beside ${isolation.hostile} hostile ones ÷ beside friendly ones`,
    hostile.map(({ p99Ms }) => p99Ms),
    friendly.map(({ p99Ms }) => p99Ms),
    'at most',
    1.2,
  );
}

const MIB = 2 ** 20;

function listBacklogTargets({ backlog }: Results): Target[] {
  if (backlog === null) return [];
  const what = `${backlog.pending.toLocaleString('en')} pending for a dead destination`;
  const { throughput, latency, rssBytes, restart } = backlog;
  return [
    judge(
      `${what}: memory grows by, while they are taken in by thousands`,
      toSpread([(rssBytes.max - rssBytes.before) / MIB]),
      'MiB',
      'at most',
      150,
    ),
    judge(
      `${what}: memory of a restarted hub beside an empty one`,
      toSpread([(rssBytes.restarted - rssBytes.before) / MIB]),
      'MiB',
      'at most',
      150,
    ),
    // "Others unaffected" is made a number: what a nearly equal hub loses to noise, and no more.
    ...compare(
      `${what}: events/s of the healthy one ÷ without`,
      throughput.piled.map(({ eventsPerSecond }) => eventsPerSecond),
      throughput.empty.map(({ eventsPerSecond }) => eventsPerSecond),
      'at least',
      0.9,
    ),
    ...compare(
      `${what}: p99 of the healthy one ÷ without`,
      latency.piled.map(({ p99Ms }) => p99Ms),
      latency.empty.map(({ p99Ms }) => p99Ms),
      'at most',
      1.2,
    ),
    judge(
      `${what}: kill -9, restart to first delivery`,
      toSpread([restart.firstDeliveryMs / 1_000]),
      's',
      'at most',
      5,
    ),
  ];
}

function listViewersTargets({ viewers }: Results): Target[] {
  if (viewers === null || viewers === undefined) return [];
  const { watched, unwatched } = viewers.turns;
  const what = `${viewers.viewers} viewers of the stream at ${viewers.perSecond}/s`;
  return [
    judge(
      `${what}: memory`,
      toSpread(watched.map(({ rssBytes }, round) => (rssBytes - (unwatched[round]?.rssBytes ?? 0)) / MIB)),
      'MiB',
      'at most',
      64,
    ),
    // "No measurable delivery latency" is made a number: as with neighbours, what noise alone may do.
    ...compare(
      `${what}: p50 of deliveries ÷ without`,
      watched.map(({ p50Ms }) => p50Ms),
      unwatched.map(({ p50Ms }) => p50Ms),
      'at most',
      1.2,
    ),
    ...compare(
      `${what}: p99 of deliveries ÷ without`,
      watched.map(({ p99Ms }) => p99Ms),
      unwatched.map(({ p99Ms }) => p99Ms),
      'at most',
      1.2,
    ),
    judge(
      `${what}: report → message at a viewer, p95`,
      toSpread(watched.flatMap(({ told }) => told?.p95Ms ?? [])),
      'ms',
      'at most',
      500,
    ),
  ];
}

function listAnalyticsTargets({ analytics }: Results): Target[] {
  return (analytics?.steps ?? []).map(({ slots, p95Ms }) =>
    judge(
      `${analytics?.days} days of analytics in ${slots} slots over ${analytics?.events.toLocaleString('en')} events, p95`,
      toSpread([p95Ms]),
      'ms',
      'at most',
      200,
    ),
  );
}

/** Nothing where one of the two did not run. */
function compare(
  workload: string,
  values: readonly number[],
  base: readonly number[],
  kind: Target['bound']['kind'],
  value: number,
): Target[] {
  if (values.length === 0 || values.length !== base.length) return [];
  return [judge(workload, toRatios(values, base), '×', kind, value)];
}

function judge(
  workload: string,
  measured: Spread,
  unit: Target['unit'],
  kind: Target['bound']['kind'],
  value: number,
): Target {
  const met = kind === 'at least' ? measured.median >= value : measured.median <= value;
  return { workload, measured, unit, bound: { kind, value }, met };
}
