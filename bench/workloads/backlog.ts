import { setTimeout as sleep } from 'node:timers/promises';

import type { RunningOffhook } from '../contestants/offhook.ts';
import type { Stand } from '../stand.ts';
import type { LatencyTurn } from './latency.ts';
import type { ThroughputTurn } from './throughput.ts';
import type { WorkloadContext } from './workload.ts';

import { startOffhook } from '../contestants/offhook.ts';
import { findFreePort } from '../../test/support/free-port.ts';
import { readRssBytes } from '../cpu.ts';
import { runClosedLoop } from '../load/load.ts';
import { toNumber } from '../load/report-feed.ts';
import { runRounds } from '../rounds.ts';
import { ARRIVAL_MAX_MS, IN_FLIGHT, openStand, warmUp } from '../stand.ts';
import { LATENCY_PER_SECOND, measureLatency } from './latency.ts';
import { measureThroughput } from './throughput.ts';

/**
 * A great many deliveries pending for one destination that refuses connections, and one healthy destination
 * beside it: how far memory grows, whether the healthy one notices (against a second hub without a backlog,
 * in the same rounds), and how soon the first delivery arrives after a kill and a restart.
 */
export interface BacklogResult {
  readonly pending: number;
  /** How fast reports were taken in while it piled up. */
  readonly piledPerSecond: number;
  readonly rssBytes: {
    /** After the same warm-up, before the first pending delivery. */
    readonly before: number;
    readonly max: number;
    readonly after: number;
    /** Of the restarted hub, its backlog of a million in the journal: what the backlog itself costs. */
    readonly restarted: number;
  };
  readonly throughput: Readonly<Record<Hub, readonly ThroughputTurn[]>>;
  readonly latency: Readonly<Record<Hub, readonly LatencyTurn[]>>;
  readonly restart: {
    /** From starting the new process. */
    readonly readyMs: number;
    readonly firstDeliveryMs: number;
    /** Until everything the healthy destination was owed had arrived. */
    readonly allDeliveredMs: number;
    readonly owed: number;
  };
}

type Hub = 'empty' | 'piled';

const DEAD_NUMBER = toNumber(9_000_000);
const REPORTS_PER_REQUEST = 1_000;
const REQUESTS_UNDER_WAY = 4;
const RSS_SAMPLE_MS = 200;
/** Owed to the healthy destination when the hub is killed. */
const OWED_MS = 200;

export async function runBacklog(context: WorkloadContext): Promise<BacklogResult> {
  const { size, secret, dir, profileDir } = context;
  const others = [{ number: DEAD_NUMBER, url: `http://127.0.0.1:${await findFreePort()}/hook` }];
  const open = (hub: Hub): Promise<Stand<RunningOffhook>> =>
    openStand(
      { name: 'offhook', start: startOffhook },
      { destinations: 1, secret, dir: `${dir}/${hub}`, profileDir, others },
    );
  const stands = { empty: await open('empty'), piled: await open('piled') };
  let restarted: RunningOffhook | null = null;
  try {
    for (const stand of Object.values(stands)) await warmUp(stand, size.warmUpMs);
    const { pid } = stands.piled.contestant;
    const before = readRssBytes([pid]);
    const rss = sampleRss(pid);
    const startedAtMs = performance.now();
    await pile(stands.piled.contestant, size.backlog.pending);
    const piledPerSecond = (size.backlog.pending * 1_000) / (performance.now() - startedAtMs);
    context.tell(`${size.backlog.pending} pending, taken in at ${Math.round(piledPerSecond)}/s`);

    const hubs = ['empty', 'piled'] as const;
    const throughput = await runRounds(hubs, size.backlog.rounds, async (hub) => {
      const turn = await measureThroughput(stands[hub], size.backlog.turnMs);
      context.tell(`${hub} hub: ${Math.round(turn.eventsPerSecond)} events/s to the healthy destination`);
      return turn;
    });
    const latency = await runRounds(hubs, size.backlog.rounds, async (hub) => {
      const turn = await measureLatency(stands[hub], LATENCY_PER_SECOND, size.backlog.turnMs);
      context.tell(`${hub} hub: p50 ${turn.p50Ms.toFixed(2)} ms, p99 ${turn.p99Ms.toFixed(2)} ms`);
      return turn;
    });
    const rssWhilePiled = rss.stop();
    const restart = await measureRestart(stands.piled, (running) => {
      restarted = running;
    });
    context.tell(
      `restart to first delivery ${Math.round(restart.firstDeliveryMs)} ms, to the last of ${restart.owed} ` +
        `${Math.round(restart.allDeliveredMs)} ms`,
    );
    // As warm as the first process was when `before` was read.
    const contestant = restarted as unknown as RunningOffhook;
    await warmUp({ ...stands.piled, contestant }, size.warmUpMs);
    const rssBytes = { before, ...rssWhilePiled, restarted: readRssBytes([contestant.pid]) };
    return {
      pending: size.backlog.pending,
      piledPerSecond,
      rssBytes,
      throughput: { empty: throughput.get('empty') ?? [], piled: throughput.get('piled') ?? [] },
      latency: { empty: latency.get('empty') ?? [], piled: latency.get('piled') ?? [] },
      restart,
    };
  } finally {
    await (restarted as RunningOffhook | null)?.stop();
    for (const stand of Object.values(stands)) await stand.stop();
  }
}

async function pile(hub: RunningOffhook, pending: number): Promise<void> {
  let next = 0;
  const pileOn = async (): Promise<void> => {
    while (next < pending) {
      const from = next;
      next = Math.min(pending, next + REPORTS_PER_REQUEST);
      await hub.postReports(Array.from({ length: next - from }, (_, index) => toPendingReport(from + index)));
    }
  };
  await Promise.all(Array.from({ length: REQUESTS_UNDER_WAY }, pileOn));
}

function toPendingReport(index: number): unknown {
  return {
    call_id: `pending-${index}`,
    status: 'in-progress',
    type: 'inbound_phone_call',
    phone_number: { number: DEAD_NUMBER, name: 'HMS Sovereign Demo' },
    customer: { number: '+31612345678' },
  };
}

function sampleRss(pid: number): { stop(): { readonly max: number; readonly after: number } } {
  let max = 0;
  const sample = (): number => {
    const bytes = readRssBytes([pid]);
    max = Math.max(max, bytes);
    return bytes;
  };
  const timer = setInterval(sample, RSS_SAMPLE_MS);
  return {
    stop() {
      clearInterval(timer);
      const after = sample();
      return { max, after };
    },
  };
}

/** The healthy destination hangs while it is owed something; then the hub is killed and it answers again. */
async function measureRestart(
  { contestant, feed, ledger, sink }: Stand<RunningOffhook>,
  onRestart: (running: RunningOffhook) => void,
): Promise<BacklogResult['restart']> {
  sink.setBehaviour(0, 'hang');
  await runClosedLoop(
    { port: contestant.door.port, feed, ledger },
    { inFlight: IN_FLIGHT, durationMs: OWED_MS },
  );
  const owed = ledger.counts.sent - ledger.counts.arrived;
  const arrivedBefore = ledger.counts.arrived;
  await contestant.kill();
  sink.setBehaviour(0, 'answer');

  const startedAtMs = performance.now();
  const restarting = contestant.restart();
  const firstArrival = waitForFirstArrival(ledger, arrivedBefore);
  onRestart(await restarting);
  const readyMs = performance.now() - startedAtMs;
  const firstDeliveryMs = (await firstArrival) - startedAtMs;
  const allDeliveredMs = (await ledger.waitUntilAllArrived(ARRIVAL_MAX_MS)) - startedAtMs;
  return { readyMs, firstDeliveryMs, allDeliveredMs, owed };
}

async function waitForFirstArrival(ledger: Stand['ledger'], arrivedBefore: number): Promise<number> {
  const endsAtMs = performance.now() + ARRIVAL_MAX_MS;
  while (ledger.counts.arrived === arrivedBefore) {
    if (performance.now() > endsAtMs) throw new Error('nothing was delivered after the restart');
    await sleep(1);
  }
  return performance.now();
}
