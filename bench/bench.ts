/**
 * `npm run bench`: the workloads of design section 11, ratios measured in one run.
 *
 *   --size tiny|full   tiny runs everything once, for CI (default full)
 *   --only NAME        throughput, latency, isolation, backlog, viewers or analytics (may be given several times)
 *   --contestant NAME  only these (may be given several times)
 *   --profile DIR      writes a V8 CPU profile of every hub process there
 *   --store            with --only viewers or analytics puts its result beside the stored ones; else writes bench/results/latest.json and docs/images/bench.svg (default for a whole full run)
 *   --redraw           only draws the chart and prints the tables of the stored results
 */
import { mkdir, mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { dirname, resolve } from 'node:path';
import { fileURLToPath } from 'node:url';
import { parseArgs } from 'node:util';

import type { Contestant } from './contestants/contestant.ts';
import type { Results } from './report/results.ts';
import type { WorkloadContext } from './workloads/workload.ts';

import { createSecret } from '@offhook/contract/signature';

import { bullmqAlways, bullmqEverysec } from './contestants/bullmq.ts';
import { CONTESTANT_NAMES } from './contestants/contestant.ts';
import { offhook } from './contestants/offhook.ts';
import { relay, signingRelay } from './contestants/relay.ts';
import { toChart } from './report/chart.ts';
import { readMachine } from './report/machine.ts';
import { toTables } from './report/tables.ts';
import { runAnalytics } from './workloads/analytics.ts';
import { runBacklog } from './workloads/backlog.ts';
import { runIsolation } from './workloads/isolation.ts';
import { runLatency } from './workloads/latency.ts';
import { runThroughput } from './workloads/throughput.ts';
import { runViewers } from './workloads/viewers.ts';
import { SIZES } from './workloads/workload.ts';

const WORKLOADS = ['throughput', 'latency', 'isolation', 'backlog', 'viewers', 'analytics'] as const;
type WorkloadName = (typeof WORKLOADS)[number];
/** They compare nothing with other contestants, so that they can be run without the rest. */
const APART: ReadonlySet<WorkloadName> = new Set(['viewers', 'analytics']);
const CONTESTANTS: readonly Contestant[] = [relay, signingRelay, bullmqEverysec, bullmqAlways, offhook];

const RESULTS_FILE = fileURLToPath(new URL('./results/latest.json', import.meta.url));
const CHART_FILE = fileURLToPath(new URL('../docs/images/bench.svg', import.meta.url));
/** In the checkout (git ignores it), not in the system's temporary directory, which is memory on many machines. */
const SCRATCH_DIR = fileURLToPath(new URL('./data', import.meta.url));

const { size, workloads, contestants, profileDir, store, redraw } = readOptions();
const isApart = workloads.every((name) => APART.has(name));
const results = redraw ? (JSON.parse(await readFile(RESULTS_FILE, 'utf8')) as Results) : await runAll();
console.log(`\n${toTables(results)}`);
if (store || redraw) {
  for (const file of [RESULTS_FILE, CHART_FILE]) await mkdir(dirname(file), { recursive: true });
  const stored = store && isApart ? await addToStored(results) : results;
  await writeFile(RESULTS_FILE, `${JSON.stringify(stored, null, 2)}\n`);
  await writeFile(CHART_FILE, toChart(stored));
}

async function addToStored({ viewers = null, analytics = null }: Results): Promise<Results> {
  const stored = JSON.parse(await readFile(RESULTS_FILE, 'utf8')) as Results;
  return { ...stored, ...(viewers !== null && { viewers }), ...(analytics !== null && { analytics }) };
}

async function runAll(): Promise<Results> {
  await mkdir(SCRATCH_DIR, { recursive: true });
  const dir = await mkdtemp(`${SCRATCH_DIR}/bench-`);
  try {
    const startedAt = new Date().toISOString();
    const obstacles = contestants.map((contestant) => ({ contestant, obstacle: contestant.findObstacle() }));
    const context: WorkloadContext = {
      size,
      contestants: obstacles.filter(({ obstacle }) => obstacle === null).map(({ contestant }) => contestant),
      secret: createSecret(),
      dir,
      profileDir,
      tell: (line) => console.log(line),
    };
    const hubRuns = context.contestants.includes(offhook);
    const runs = (name: WorkloadName): boolean => workloads.includes(name);
    const throughput = [];
    for (const destinations of runs('throughput') ? size.throughput.destinations : [])
      throughput.push(await runThroughput(context, destinations));
    return {
      startedAt,
      size: size.name,
      machine: await readMachine(dir),
      skipped: obstacles.flatMap(({ contestant, obstacle }) =>
        obstacle === null ? [] : [`${contestant.name}: ${obstacle}`],
      ),
      throughput,
      latency: runs('latency') ? await runLatency(context) : null,
      isolation: runs('isolation') && hubRuns ? await runIsolation(context) : null,
      backlog: runs('backlog') && hubRuns ? await runBacklog(context) : null,
      viewers: runs('viewers') && hubRuns ? await runViewers(context) : null,
      analytics: runs('analytics') && hubRuns ? await runAnalytics(context) : null,
    };
  } finally {
    await rm(dir, { recursive: true, force: true });
  }
}

function readOptions() {
  const { values } = parseArgs({
    options: {
      size: { type: 'string', default: 'full' },
      only: { type: 'string', multiple: true, default: [] },
      contestant: { type: 'string', multiple: true, default: [] },
      profile: { type: 'string' },
      store: { type: 'boolean', default: false },
      redraw: { type: 'boolean', default: false },
    },
  });
  const chosen = pick('--only', WORKLOADS, values.only);
  const names = pick('--contestant', CONTESTANT_NAMES, values.contestant);
  const isWhole = chosen.length === WORKLOADS.length && names.length === CONTESTANT_NAMES.length;
  const [sizeName = 'full'] = pick('--size', ['tiny', 'full'] as const, [values.size]);
  return {
    size: SIZES[sizeName],
    workloads: chosen,
    contestants: CONTESTANTS.filter(({ name }) => names.includes(name)),
    profileDir: values.profile === undefined ? null : resolve(values.profile),
    store: values.store || (isWhole && sizeName === 'full'),
    redraw: values.redraw,
  };
}

/** All of them where none was asked for; a name that does not exist ends the run. */
function pick<Name extends string>(
  option: string,
  names: readonly Name[],
  wanted: readonly string[],
): readonly Name[] {
  const unknown = wanted.find((name) => !names.some((known) => known === name));
  if (unknown !== undefined) throw new Error(`${option} ${unknown}: choose from ${names.join(', ')}`);
  return wanted.length === 0 ? names : names.filter((name) => wanted.includes(name));
}
