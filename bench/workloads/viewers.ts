import { loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';

import type { RunningOffhook } from '../contestants/offhook.ts';
import type { Viewers } from '../load/viewers.ts';
import type { ViewersReport } from '../load/viewers-process.ts';
import type { Stand } from '../stand.ts';
import type { LatencyTurn } from './latency.ts';
import type { WorkloadContext } from './workload.ts';

import { startOffhook } from '../contestants/offhook.ts';
import { readCpuMs, readRssBytes } from '../cpu.ts';
import { startViewers } from '../load/viewers.ts';
import { runRounds } from '../rounds.ts';
import { openStand, warmUp } from '../stand.ts';
import { toPercentile } from '../statistics.ts';
import { measureLatency } from './latency.ts';

/**
 * People in front of the dashboard: two hubs with the same steady traffic, one of which has viewers of the live
 * stream (calls, deliveries, overview). They stay: while the other hub has its turn they are told nothing but that the
 * hub lives. What they cost deliveries in time, and the hub in memory and CPU; and how soon after a report was due to
 * be sent its call is told to a viewer.
 */
export interface ViewersResult {
  readonly startedAt: string;
  /** Of the minute before: what else the machine was busy with. */
  readonly loadAverage: number;
  readonly viewers: number;
  readonly perSecond: number;
  readonly turns: Readonly<Record<Audience, readonly ViewersTurn[]>>;
}

export interface ViewersTurn extends LatencyTurn {
  readonly cpuMicrosPerEvent: number;
  /** Of the hub, at the end of the turn while they still watch. */
  readonly rssBytes: number;
  /** null without viewers. */
  readonly told: {
    readonly p50Ms: number;
    readonly p95Ms: number;
    readonly maxMs: number;
    readonly bytesPerEvent: number;
  } | null;
}

type Audience = 'unwatched' | 'watched';

export const VIEWERS_PER_SECOND = 100;
/**
 * V8 doubles its young generation up to 128 MiB at moments of its own choosing, watched or not: with room for it in
 * one hub and not in the other, that and nothing else would be what is compared.
 */
const NODE_ARGUMENTS = ['--min-semi-space-size=16', '--max-semi-space-size=16'];
/** After the last delivery has arrived, the last message about it may wait for its batch. */
const TELL_MS = 500;
/** And viewers, who read at a low priority, for their turn on a busy machine. What is not told by then is lost. */
const TOLD_MS_MAX = 60_000;

export async function runViewers(context: WorkloadContext): Promise<ViewersResult> {
  const { size, secret, dir, profileDir } = context;
  const startedAt = new Date().toISOString();
  const [loadAverage = 0] = loadavg();
  const open = (audience: Audience): Promise<Stand<RunningOffhook>> =>
    openStand(
      { name: 'offhook', start: startOffhook },
      { destinations: 1, secret, dir: `${dir}/${audience}`, profileDir, nodeArguments: NODE_ARGUMENTS },
    );
  const stands = { unwatched: await open('unwatched'), watched: await open('watched') };
  const { port } = stands.watched.contestant.door;
  const { apiKey } = stands.watched.contestant;
  let viewers: Viewers | null = null;
  try {
    for (const stand of Object.values(stands)) await warmUp(stand, size.warmUpMs);
    const watching = await startViewers({ port, apiKey, count: size.viewers.count });
    viewers = watching;
    await watching.open();
    const turns = await runRounds(
      ['unwatched', 'watched'] as const,
      size.viewers.rounds,
      async (audience): Promise<ViewersTurn> => {
        if (audience === 'watched') await watching.takeReport();
        const turn = await measureTurn(
          stands[audience],
          size.viewers.turnMs,
          audience === 'watched' ? watching : null,
        );
        context.tell(
          `${audience === 'watched' ? size.viewers.count : 'no'} viewers: p50 ${turn.p50Ms.toFixed(2)} ms, ` +
            `p99 ${turn.p99Ms.toFixed(2)} ms, ${Math.round(turn.cpuMicrosPerEvent)} µs CPU` +
            (turn.told === null ? '' : `, told after ${turn.told.p50Ms.toFixed(0)} ms`),
        );
        return turn;
      },
    );
    return {
      startedAt,
      loadAverage,
      viewers: size.viewers.count,
      perSecond: VIEWERS_PER_SECOND,
      turns: { unwatched: turns.get('unwatched') ?? [], watched: turns.get('watched') ?? [] },
    };
  } finally {
    await viewers?.stop();
    for (const stand of Object.values(stands)) await stand.stop();
  }
}

async function measureTurn(
  stand: Stand<RunningOffhook>,
  turnMs: number,
  viewers: Viewers | null,
): Promise<ViewersTurn> {
  const { contestant, ledger } = stand;
  const sentBefore = ledger.counts.sent;
  const cpuBeforeMs = readCpuMs(contestant.pids);
  const startedAtMs = performance.now();
  const latency = await measureLatency(stand, VIEWERS_PER_SECOND, turnMs);
  const events = ledger.counts.sent - sentBefore;
  const toDelays = ({ arrivals }: ViewersReport): readonly number[] =>
    arrivals
      .map(([slot, atMs]) => [ledger.readSentAtMs(slot), atMs] as const)
      .filter(([sentAtMs]) => sentAtMs >= startedAtMs)
      .map(([sentAtMs, atMs]) => atMs - sentAtMs);
  if (viewers !== null)
    await waitUntilTold(
      viewers,
      (report) => report.lost === 0 && toDelays(report).length >= events * report.sampled,
    );
  const cpuMicrosPerEvent = ((readCpuMs(contestant.pids) - cpuBeforeMs) * 1_000) / events;
  const rssBytes = readRssBytes(contestant.pids);
  if (viewers === null) return { ...latency, cpuMicrosPerEvent, rssBytes, told: null };

  const report = await viewers.takeReport();
  const { bytes, lost, sampled } = report;
  if (lost > 0) throw new Error(`${lost} viewers lost their stream or were told nothing`);
  const delays = new Float64Array(toDelays(report)).toSorted();
  if (delays.length !== events * sampled) {
    throw new Error(`${sampled} viewers were told ${delays.length} calls, not ${events} each`);
  }
  return {
    ...latency,
    cpuMicrosPerEvent,
    rssBytes,
    told: {
      p50Ms: toPercentile(delays, 50),
      p95Ms: toPercentile(delays, 95),
      maxMs: delays.at(-1) as number,
      bytesPerEvent: bytes / events,
    },
  };
}

async function waitUntilTold(viewers: Viewers, isTold: (report: ViewersReport) => boolean): Promise<void> {
  const endsAtMs = performance.now() + TOLD_MS_MAX;
  do await sleep(TELL_MS);
  while (!isTold(await viewers.readReport()) && performance.now() < endsAtMs);
}
