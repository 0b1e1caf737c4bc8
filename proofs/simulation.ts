/**
 * The real engine and the real journal under a simulated clock and network: thousands of seeds, each a whole
 * life with crashes, freezes, pauses, poison, replays and every kind of answer. Reliability reference, section 5.
 */
import { checkWorld, VERDICTS, type Verdict } from './simulation/checker.ts';
import { runWorld } from './simulation/world.ts';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

const SEEDS = { full: 10_000, small: 200 };
/** Every so many seeds one is run a second time: the same seed must give the same run. */
const REPEAT_EVERY = 50;

export async function proveSimulation({ size, seed }: ProofOptions): Promise<ProofResult> {
  const found = Object.fromEntries(VERDICTS.map((verdict) => [verdict, 0])) as Record<Verdict, number>;
  const totals: Record<string, number> = {};
  let events = 0;
  let attempts = 0;
  let irreproducible = 0;
  let repeated = 0;
  for (let index = 0; index < SEEDS[size]; index += 1) {
    const each = (seed + index) >>> 0;
    const world = await runWorld(each);
    const faults = await checkWorld(world);
    for (const fault of faults) {
      found[fault.verdict] += 1;
      process.stderr.write(`seed ${each}: ${fault.verdict}: ${fault.detail}\n`);
    }
    for (const trouble of world.troubles) process.stderr.write(`seed ${each}: ${trouble}\n`);
    events += world.events.length;
    attempts += world.attempts.length;
    for (const [name, count] of Object.entries(world.counts)) totals[name] = (totals[name] ?? 0) + count;
    await world.journal.close();
    if (index % REPEAT_EVERY === 0) {
      const again = await runWorld(each);
      repeated += 1;
      if (again.traceHash !== world.traceHash) {
        irreproducible += 1;
        process.stderr.write(`seed ${each}: the second run differs from the first\n`);
      }
      await again.journal.close();
    }
  }
  const faultCount = Object.values(found).reduce((sum, count) => sum + count, 0);
  // A run in which no late write was ever fenced off would not have tested leases at all.
  const fenced = Object.entries(totals).some(
    ([name, count]) => name.startsWith('attempt refused') && count > 0,
  );
  return {
    passed: faultCount === 0 && irreproducible === 0 && fenced,
    figures: {
      seeds: SEEDS[size],
      events,
      attempts,
      ...found,
      'seeds run twice': repeated,
      'runs that differed': irreproducible,
      ...totals,
    },
  };
}
