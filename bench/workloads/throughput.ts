import type { ContestantName } from '../contestants/contestant.ts';
import type { Stand } from '../stand.ts';
import type { WorkloadContext } from './workload.ts';

import { readCpuMs } from '../cpu.ts';
import { runClosedLoop } from '../load/load.ts';
import { runRounds } from '../rounds.ts';
import { ARRIVAL_MAX_MS, IN_FLIGHT, openStand, warmUp } from '../stand.ts';

/**
 * Accepted → delivered per second. 64 requests are under way; each event goes to the one destination that has
 * its number; the clock runs from the first request to the last arrival, so whatever a hub accepted faster
 * than it delivered is waited for. CPU is that of all the contestant's processes within the same time.
 */
export interface ThroughputResult {
  readonly destinations: number;
  readonly turns: Partial<Record<ContestantName, readonly ThroughputTurn[]>>;
}

export interface ThroughputTurn {
  readonly eventsPerSecond: number;
  readonly cpuMicrosPerEvent: number;
  /** How busy load generator and destinations were: near 1 they would be what is measured. */
  readonly benchCpuShare: number;
  readonly refused: number;
  readonly duplicates: number;
  readonly inversions: number;
}

export async function runThroughput(
  context: WorkloadContext,
  destinations: number,
): Promise<ThroughputResult> {
  const { size, secret, dir, profileDir } = context;
  const stands = new Map<ContestantName, Stand>();
  try {
    for (const contestant of context.contestants) {
      const stand = await openStand(contestant, { destinations, secret, dir, profileDir });
      stands.set(contestant.name, stand);
      await warmUp(stand, size.warmUpMs);
    }
    const turns = await runRounds([...stands.keys()], size.throughput.rounds, async (name) => {
      const turn = await measureThroughput(stands.get(name) as Stand, size.throughput.turnMs);
      context.tell(
        `${destinations} destinations, ${name}: ${Math.round(turn.eventsPerSecond)} events/s, ` +
          `${Math.round(turn.cpuMicrosPerEvent)} µs CPU`,
      );
      return turn;
    });
    return { destinations, turns: Object.fromEntries(turns) };
  } finally {
    for (const stand of stands.values()) await stand.stop();
  }
}

export async function measureThroughput(stand: Stand, durationMs: number): Promise<ThroughputTurn> {
  const { contestant, feed, ledger } = stand;
  const before = { ...ledger.counts, cpuMs: readCpuMs(contestant.pids), bench: process.cpuUsage() };
  const { startedAtMs, refused } = await runClosedLoop(
    { port: contestant.door.port, feed, ledger },
    { inFlight: IN_FLIGHT, durationMs },
  );
  const endedAtMs = await ledger.waitUntilAllArrived(ARRIVAL_MAX_MS);
  const bench = process.cpuUsage(before.bench);
  const events = ledger.counts.arrived - before.arrived;
  if (events === 0) throw new Error(`no event arrived, ${refused} requests were refused`);
  return {
    eventsPerSecond: (events * 1_000) / (endedAtMs - startedAtMs),
    cpuMicrosPerEvent: ((readCpuMs(contestant.pids) - before.cpuMs) * 1_000) / events,
    benchCpuShare: (bench.user + bench.system) / 1_000 / (endedAtMs - startedAtMs),
    refused,
    duplicates: ledger.counts.duplicates - before.duplicates,
    inversions: ledger.counts.inversions - before.inversions,
  };
}
