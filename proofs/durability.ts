/**
 * Promises P1 and P3 under sudden death: a writer with the real journal, engine and webhook sender is killed at
 * random times and at named points, with and without a power cut, and what is left is compared with what it
 * acknowledged and what the receivers got. A control run with synchronous=NORMAL must lose something, or the
 * proof would pass with durability switched off. Reliability reference, sections 3 to 4.3.
 */
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

import type { CrashPoint } from '../hub/src/journal/sqlite/writer.ts';
import { checkReceipts, checkRemains, type Story, type Verdict } from './durability/checker.ts';
import { createHubWriter } from './durability/hub-writer.ts';
import { startProcessWriter, warmCodeCache, type Writer } from './durability/process-writer.ts';
import { createRandom } from './durability/random.ts';
import { openSink, type Sink } from './durability/sink.ts';
import type { WriterOrder } from './durability/writer.child.ts';
import { createPowerCut } from './power-cut/power-cut.ts';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

const SIZES = {
  full: { kills: 1_000, cuts: 1_000, hubKills: 50, hubCuts: 50, controls: 40, ackedMin: 100_000 },
  small: { kills: 20, cuts: 20, hubKills: 3, hubCuts: 3, controls: 4, ackedMin: 500 },
} as const;
/** Lives of one journal: each starts from what the one before left. Then it is drained and compared in full. */
const LIVES_PER_JOURNAL = 25;

/** A writer lives this long after it is ready. */
const LIFE_MS = { min: 30, max: 130 };
/** The whole program answers its first requests slowly: its code is cold. */
const HUB_LIFE_MS = { min: 150, max: 700 };
const CRASH_NTH_MAX = 40;

const CRASH_POINTS: readonly CrashPoint[] = [
  'before-commit',
  'after-commit-before-ack',
  'after-take',
  'after-attempt-before-record',
  'after-record',
];

export async function proveDurability({ size, seed }: ProofOptions): Promise<ProofResult> {
  const wanted = SIZES[size];
  const folder = mkdtempSync(join(tmpdir(), 'offhook-durability-'));
  const random = createRandom(seed);
  const sink = await openSink(random);
  try {
    const run = (mode: Mode, lives: number): Promise<Totals> =>
      runLives({ mode, lives, folder, sink, random });
    const kills = await run('kill', wanted.kills);
    const cuts = await run('power-cut', wanted.cuts);
    const hubKills = await run('hub-kill', wanted.hubKills);
    const hubCuts = await run('hub-power-cut', wanted.hubCuts);
    const controls = await run('control', wanted.controls);
    const sum = (name: Exclude<keyof Totals, 'lives'>): number =>
      [kills, cuts, hubKills, hubCuts].reduce((all, totals) => all + totals[name], 0);
    const acked = sum('acked');
    const faults =
      sum('lost') +
      sum('phantom') +
      sum('inversions') +
      sum('stuck') +
      sum('integrityErrors') +
      sum('incomplete');
    return {
      passed: faults === 0 && acked >= wanted.ackedMin && controls.lost > 0,
      figures: {
        killCycles: kills.lives,
        powerCutCycles: cuts.lives,
        wholeHubKillCycles: hubKills.lives,
        wholeHubPowerCutCycles: hubCuts.lives,
        aimedAtCrashPoints: sum('atCrashPoint'),
        tornCuts: sum('torn'),
        acked,
        ackedOverHttp: hubKills.acked + hubCuts.acked,
        received: sum('received'),
        lost: sum('lost'),
        phantom: sum('phantom'),
        incomplete: sum('incomplete'),
        inversions: sum('inversions'),
        stuck: sum('stuck'),
        integrityErrors: sum('integrityErrors'),
        duplicates: sum('duplicates'),
        controlCycles: controls.lives,
        controlAcked: controls.acked,
        controlLost: controls.lost,
      },
    };
  } finally {
    sink.close();
    rmSync(folder, { recursive: true });
  }
}

/** hub-…: the whole program, reports over HTTP. Else journal, engine and sender, which start in a third of the time. */
type Mode = 'kill' | 'power-cut' | 'hub-kill' | 'hub-power-cut' | 'control';

interface Totals extends Verdict {
  lives: number;
  acked: number;
  received: number;
  atCrashPoint: number;
  torn: number;
  lost: number;
  phantom: number;
  inversions: number;
  duplicates: number;
  stuck: number;
  integrityErrors: number;
  incomplete: number;
}

async function runLives(options: {
  readonly mode: Mode;
  readonly lives: number;
  readonly folder: string;
  readonly sink: Sink;
  readonly random: () => number;
}): Promise<Totals> {
  const { mode, lives, folder, sink, random } = options;
  const dataFolder = join(folder, 'data');
  const isHub = mode === 'hub-kill' || mode === 'hub-power-cut';
  const powerCut = mode === 'kill' || mode === 'hub-kill' ? null : createPowerCut(folder, dataFolder);
  const fileName = isHub ? 'journal.sqlite' : 'journal.db';
  const environment = { NODE_COMPILE_CACHE: join(folder, 'code'), ...powerCut?.environment };
  const startWriter = (): Writer => (isHub ? createHubWriter(environment) : startProcessWriter(environment));
  if (!isHub) warmCodeCache(environment);
  const totals: Totals = {
    lives: 0,
    acked: 0,
    received: 0,
    atCrashPoint: 0,
    torn: 0,
    lost: 0,
    phantom: 0,
    inversions: 0,
    duplicates: 0,
    stuck: 0,
    integrityErrors: 0,
    incomplete: 0,
  };
  // The next writer loads its code while this one writes; it opens nothing before it is told to.
  let next = startWriter();
  const takeWriter = (): Writer => {
    const taken = next;
    next = startWriter();
    return taken;
  };
  try {
    // A control journal has lost something after its first life, so each gets one only.
    const livesPerJournal = mode === 'control' ? 1 : LIVES_PER_JOURNAL;
    while (totals.lives < lives) {
      rmSync(dataFolder, { recursive: true, force: true });
      mkdirSync(dataFolder);
      const story: Story = { tried: new Set(), acked: new Map() };
      sink.receipts.length = 0;
      for (let life = 0; life < livesPerJournal && totals.lives < lives; life += 1) {
        await live(takeWriter(), life, story);
        totals.lives += 1;
      }
      totals.acked += story.acked.size;
      if (mode === 'control') continue;
      await takeWriter().drain({ ...toOrder(LIVES_PER_JOURNAL), task: 'drain', crash: null });
      const paths = sink.urls.map((url) => new URL(url).pathname);
      add(totals, checkReceipts(join(dataFolder, fileName), sink.receipts, paths));
      totals.received += sink.receipts.length;
    }
    return totals;
  } finally {
    next.kill();
  }

  async function live(writer: Writer, life: number, story: Story): Promise<void> {
    powerCut?.arm();
    const order = toOrder(life);
    const { min, max } = isHub ? HUB_LIFE_MS : LIFE_MS;
    await writer.write(order, story, min + random() * (max - min));
    if (order.crash !== null) totals.atCrashPoint += 1;
    if (powerCut !== null) {
      // Half of the cuts leave exactly what was synced, the others a random part of the rest as well.
      const share = mode === 'control' || random() < 0.5 ? 0 : random();
      if (share > 0) totals.torn += 1;
      powerCut.cut(share, random);
    }
    const verdict = checkRemains(join(dataFolder, fileName), join(folder, 'copy'), story, sink.urls.length);
    if (
      mode !== 'control' &&
      verdict.lost + verdict.phantom + verdict.incomplete + verdict.integrityErrors > 0
    ) {
      process.stderr.write(`${mode} life ${totals.lives}: ${JSON.stringify({ order, verdict })}\n`);
    }
    add(totals, verdict);
  }

  function toOrder(life: number): WriterOrder {
    const isAtPoint = !isHub && random() < 0.5;
    return {
      file: join(dataFolder, fileName),
      firstNumber: life * 1_000_000 + 1,
      seed: Math.floor(random() * 2 ** 31),
      synchronous: mode === 'control' ? 'NORMAL' : 'FULL',
      urls: sink.urls,
      crash: isAtPoint
        ? {
            point: CRASH_POINTS[Math.floor(random() * CRASH_POINTS.length)] as CrashPoint,
            nth: 1 + Math.floor(random() * CRASH_NTH_MAX),
          }
        : null,
      task: 'write',
    };
  }
}

function add(totals: Totals, verdict: Verdict): void {
  for (const [name, count] of Object.entries(verdict) as [keyof Verdict, number][]) totals[name] += count;
}
