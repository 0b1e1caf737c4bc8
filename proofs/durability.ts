/**
 * Promises P1 and P3 under sudden death: a writer with the real journal, engine and webhook sender is killed at
 * random times and at named points, with and without a power cut, and what is left is compared with what it
 * acknowledged and what the receivers got. A control run with synchronous=NORMAL must lose something, or the
 * proof would pass with durability switched off. Reliability reference, sections 3 to 4.3.
 */
import { spawn, spawnSync, type ChildProcess } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';

import type { CrashPoint } from '../hub/src/journal/sqlite/writer.ts';
import {
  checkReceipts,
  checkRemains,
  JOURNAL_FILES,
  type Story,
  type Verdict,
} from './durability/checker.ts';
import { createRandom } from './durability/random.ts';
import { openSink, type Sink } from './durability/sink.ts';
import type { WriterOrder } from './durability/writer.child.ts';
import { createPowerCut, type PowerCut } from './power-cut/power-cut.ts';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

const SIZES = {
  full: { kills: 1_000, cuts: 1_000, controls: 40, ackedMin: 100_000 },
  small: { kills: 20, cuts: 20, controls: 4, ackedMin: 500 },
} as const;
/** Lives of one journal: each starts from what the one before left. Then it is drained and compared in full. */
const LIVES_PER_JOURNAL = 25;

/** A writer lives this long after it is ready. */
const LIFE_MS_MIN = 30;
const LIFE_MS_MAX = 130;
/** A crash point that is not reached by then becomes an ordinary kill. */
const CRASH_MS_MAX = 400;
const CRASH_NTH_MAX = 40;
const READY_MS_MAX = 30_000;

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
  warmCodeCache(folder);
  const sink = await openSink(random);
  try {
    const run = (mode: Mode, lives: number): Promise<Totals> =>
      runLives({ mode, lives, folder, sink, random });
    const kills = await run('kill', wanted.kills);
    const cuts = await run('power-cut', wanted.cuts);
    const controls = await run('control', wanted.controls);
    const acked = kills.acked + cuts.acked;
    const sum = (name: keyof Verdict): number => kills[name] + cuts[name];
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
        killedAtCrashPoints: kills.atCrashPoint + cuts.atCrashPoint,
        tornCuts: cuts.torn,
        acked,
        received: kills.received + cuts.received,
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

type Mode = 'kill' | 'power-cut' | 'control';

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
  const powerCut = mode === 'kill' ? null : createPowerCut(folder, dataFolder);
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
  let next = startWriter(folder, powerCut);
  const takeWriter = (): Writer => {
    const taken = next;
    next = startWriter(folder, powerCut);
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
      add(totals, checkReceipts(dataFolder, sink.receipts, paths));
      totals.received += sink.receipts.length;
    }
    return totals;
  } finally {
    next.kill();
  }

  async function live(writer: Writer, life: number, story: Story): Promise<void> {
    powerCut?.arm();
    const order = toOrder(life);
    await writer.write(order, story, LIFE_MS_MIN + random() * (LIFE_MS_MAX - LIFE_MS_MIN));
    if (order.crash !== null) totals.atCrashPoint += 1;
    if (powerCut !== null) {
      // Half of the cuts leave exactly what was synced, the others a random part of the rest as well.
      const share = mode === 'control' || random() < 0.5 ? 0 : random();
      if (share > 0) totals.torn += 1;
      powerCut.cut(share, random);
    }
    const verdict = checkRemains(dataFolder, join(folder, 'copy'), story, sink.urls.length);
    if (
      mode !== 'control' &&
      verdict.lost + verdict.phantom + verdict.incomplete + verdict.integrityErrors > 0
    ) {
      process.stderr.write(`${mode} life ${totals.lives}: ${JSON.stringify({ order, verdict })}\n`);
    }
    add(totals, verdict);
  }

  function toOrder(life: number): WriterOrder {
    const isAtPoint = random() < 0.5;
    return {
      file: join(dataFolder, JOURNAL_FILES[0]),
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

interface Writer {
  /** Lets it write until its life is over; returns when it is dead and everything it said was heard. */
  write(order: WriterOrder, story: Story, lifeMs: number): Promise<void>;
  drain(order: WriterOrder): Promise<void>;
  kill(): void;
}

const WRITER_SCRIPT = new URL('./durability/writer.child.ts', import.meta.url).pathname;

/** Compiled code is kept only by a process that ends by itself, which writers never do. Start: 0.21 s instead of 0.45 s. */
function warmCodeCache(folder: string): void {
  spawnSync(process.execPath, [WRITER_SCRIPT], { input: '', env: toEnvironment(folder) });
}

function toEnvironment(folder: string): NodeJS.ProcessEnv {
  return { NODE_COMPILE_CACHE: join(folder, 'code') };
}

function startWriter(folder: string, powerCut: PowerCut | null): Writer {
  const child = spawn(process.execPath, [WRITER_SCRIPT], {
    stdio: ['pipe', 'pipe', 'inherit'],
    env: { ...toEnvironment(folder), ...powerCut?.environment },
  });
  // It may be dead before it reads its order.
  child.stdin.on('error', () => {});
  return {
    async write(order, story, lifeMs) {
      await runOrder(child, order, (line, kill) => {
        const [word, number, text] = line.split(' ');
        if (word === 'ready') kill(order.crash === null ? lifeMs : CRASH_MS_MAX);
        else if (word === 'try') story.tried.add(Number(number));
        else if (word === 'ack') story.acked.set(Number(number), String(text));
        else process.stderr.write(`writer: ${line}\n`);
      });
    },
    async drain(order) {
      const code = await runOrder(child, order, (line) => {
        if (line !== 'ready') process.stderr.write(`writer: ${line}\n`);
      });
      if (code !== 0) throw new Error(`The drain ended with ${code}.`);
    },
    kill: () => void child.kill('SIGKILL'),
  };
}

async function runOrder(
  child: ChildProcess & { readonly stdin: NonNullable<ChildProcess['stdin']> },
  order: WriterOrder,
  hear: (line: string, killAfter: (delayMs: number) => void) => void,
): Promise<number | null> {
  const closed = new Promise<number | null>((resolve) => {
    child.once('close', resolve);
  });
  let timer = setTimeout(() => child.kill('SIGKILL'), READY_MS_MAX);
  const killAfter = (delayMs: number): void => {
    clearTimeout(timer);
    timer = setTimeout(() => child.kill('SIGKILL'), delayMs);
  };
  const lines = createInterface({ input: child.stdout as NodeJS.ReadableStream });
  const heard = (async () => {
    for await (const line of lines) hear(line, killAfter);
  })();
  child.stdin.write(`${JSON.stringify(order)}\n`);
  const code = await closed;
  await heard;
  clearTimeout(timer);
  return code;
}
