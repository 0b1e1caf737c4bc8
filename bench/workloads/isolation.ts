import type { LatencyTurn } from './latency.ts';
import type { WorkloadContext } from './workload.ts';

import { startOffhook } from '../contestants/offhook.ts';
import { createLedger } from '../load/ledger.ts';
import { runOpenLoop } from '../load/load.ts';
import { createReportFeed, toNumber } from '../load/report-feed.ts';
import { HOSTILE_BEHAVIOURS, openSink } from '../load/sink.ts';
import { runRounds } from '../rounds.ts';
import { openStand, warmUp } from '../stand.ts';
import { measureLatency } from './latency.ts';

/**
 * One healthy destination beside many that fail, hang, reset or trickle, and the same again beside as many
 * that answer: two hubs with equal traffic, in the same rounds. What differs is the neighbours' behaviour.
 */
export interface IsolationResult {
  readonly hostile: number;
  readonly perSecond: { readonly healthy: number; readonly others: number };
  readonly turns: Readonly<Record<Neighbours, readonly LatencyTurn[]>>;
}

type Neighbours = 'friendly' | 'hostile';

const HEALTHY_PER_SECOND = 200;
const OTHERS_PER_SECOND = 200;
const OTHER_CALLS_PREFIX = '6d5e141a-54f4-5f76-9aaf-';
/** Numbers of the others, far from those of the ledger's destinations. */
const OTHER_NUMBERS_FROM = 5_000_000;

export async function runIsolation(context: WorkloadContext): Promise<IsolationResult> {
  const friendly = await openNeighbourhood(context, 'friendly');
  const hostile = await openNeighbourhood(context, 'hostile');
  const both = { friendly, hostile };
  try {
    for (const { stand } of [friendly, hostile]) await warmUp(stand, context.size.warmUpMs);
    const turns = await runRounds(
      ['friendly', 'hostile'] as const,
      context.size.isolation.rounds,
      async (neighbours) => {
        const turn = await both[neighbours].measure();
        context.tell(
          `beside ${neighbours} lanes: p50 ${turn.p50Ms.toFixed(2)} ms, p99 ${turn.p99Ms.toFixed(2)} ms`,
        );
        return turn;
      },
    );
    return {
      hostile: context.size.isolation.hostile,
      perSecond: { healthy: HEALTHY_PER_SECOND, others: OTHERS_PER_SECOND },
      turns: { friendly: turns.get('friendly') ?? [], hostile: turns.get('hostile') ?? [] },
    };
  } finally {
    await friendly.stop();
    await hostile.stop();
  }
}

async function openNeighbourhood({ size, secret, dir, profileDir }: WorkloadContext, neighbours: Neighbours) {
  const { hostile, turnMs } = size.isolation;
  const othersSink = await openSink(hostile, () => undefined);
  for (let index = 0; index < hostile; index++) {
    const behaviour = HOSTILE_BEHAVIOURS[index % HOSTILE_BEHAVIOURS.length] ?? 'fail';
    othersSink.setBehaviour(index, neighbours === 'hostile' ? behaviour : 'swallow');
  }
  const others = othersSink.urls.map((url, index) => ({ number: toNumber(OTHER_NUMBERS_FROM + index), url }));
  const stand = await openStand(
    { name: 'offhook', start: startOffhook },
    { destinations: 1, secret, dir: `${dir}/${neighbours}`, profileDir, others },
  );
  const { port } = stand.contestant.door;
  const ledger = createLedger();
  const feed = createReportFeed({
    door: stand.contestant.door,
    numbers: others.map(({ number }) => number),
    secret,
    ledger,
    callIdPrefix: OTHER_CALLS_PREFIX,
  });
  return {
    stand,
    async measure(): Promise<LatencyTurn> {
      const [turn] = await Promise.all([
        measureLatency(stand, HEALTHY_PER_SECOND, turnMs),
        runOpenLoop({ port, feed, ledger }, { perSecond: OTHERS_PER_SECOND, durationMs: turnMs }),
      ]);
      return turn;
    },
    async stop(): Promise<void> {
      await stand.stop();
      await othersSink.close();
    },
  };
}
