import type { ContestantName } from '../contestants/contestant.ts';
import type { Stand } from '../stand.ts';
import type { WorkloadContext } from './workload.ts';

import { runOpenLoop } from '../load/load.ts';
import { runRounds } from '../rounds.ts';
import { ARRIVAL_MAX_MS, openStand, warmUp } from '../stand.ts';
import { toPercentile } from '../statistics.ts';

/**
 * From the moment a report is due to be sent to its event's arrival at the destination, at a steady 500 a
 * second. Both times are taken by the bench's process, so no two clocks are compared.
 */
export interface LatencyResult {
  readonly perSecond: number;
  readonly turns: Partial<Record<ContestantName, readonly LatencyTurn[]>>;
}

export interface LatencyTurn {
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly maxMs: number;
  readonly refused: number;
  /** How late the load generator itself was at worst. */
  readonly lagMaxMs: number;
}

export const LATENCY_PER_SECOND = 500;

export async function runLatency(context: WorkloadContext): Promise<LatencyResult> {
  const { size, secret, dir, profileDir } = context;
  const stands = new Map<ContestantName, Stand>();
  try {
    for (const contestant of context.contestants) {
      const stand = await openStand(contestant, { destinations: 1, secret, dir, profileDir });
      stands.set(contestant.name, stand);
      await warmUp(stand, size.warmUpMs);
    }
    const turns = await runRounds([...stands.keys()], size.latency.rounds, async (name) => {
      const turn = await measureLatency(stands.get(name) as Stand, LATENCY_PER_SECOND, size.latency.turnMs);
      context.tell(
        `${LATENCY_PER_SECOND}/s, ${name}: p50 ${turn.p50Ms.toFixed(2)} ms, p99 ${turn.p99Ms.toFixed(2)} ms`,
      );
      return turn;
    });
    return { perSecond: LATENCY_PER_SECOND, turns: Object.fromEntries(turns) };
  } finally {
    for (const stand of stands.values()) await stand.stop();
  }
}

export async function measureLatency(
  { contestant, feed, ledger }: Stand,
  perSecond: number,
  durationMs: number,
): Promise<LatencyTurn> {
  const { startedAtMs, refused, lagMaxMs } = await runOpenLoop(
    { port: contestant.door.port, feed, ledger },
    { perSecond, durationMs },
  );
  await ledger.waitUntilAllArrived(ARRIVAL_MAX_MS);
  const latencies = ledger.listLatencies(startedAtMs);
  return {
    p50Ms: toPercentile(latencies, 50),
    p99Ms: toPercentile(latencies, 99),
    maxMs: latencies.at(-1) as number,
    refused,
    lagMaxMs,
  };
}
