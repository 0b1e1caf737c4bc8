/**
 * The dashboard is as fast as promised: a real hub, real calls over HTTP from another process, and a real Chromium that
 * says when it painted what. Six rules: event to pixel, first paint, 500 ticking tiles, paging through 100,000 calls,
 * memory that does not grow with what went by, and weight. A small run shows that everything of this runs, on a machine
 * that does other things at the time: its limits of time catch a view that hangs, leaks, loses a call or shows one only
 * when it is over, and none that is merely slow. Speed is judged by the full size alone.
 */
import { cpus, getPriority, loadavg } from 'node:os';
import { setTimeout as wait } from 'node:timers/promises';

import { buildDashboard, SCRIPT_BYTES_MAX, STYLE_BYTES_MAX } from '../scripts/dashboard.ts';
import {
  measureFirstPaints,
  measureMemory,
  measurePaging,
  measurePixels,
  measureTiles,
  MEMORY_PAGES,
  quantile,
} from './dashboard/measures.ts';
import type { MemoryUse, PagingTimes, RowTimes } from './dashboard/measures.ts';
import { openStand } from './dashboard/stand.ts';

export interface ProofOptions {
  readonly size: 'full' | 'small';
  readonly seed: number;
}

export interface ProofResult {
  readonly passed: boolean;
  readonly figures: Readonly<Record<string, number | string>>;
}

const SIZES = {
  full: {
    calls: 100_000,
    // With the four seconds a tile stays after its call, 350 to 400 of at most 500 tiles are on the wall.
    pixels: { sustainedMs: 60_000, eventsPerSecond: 100, callMs: 3_000 },
    loads: 7,
    tiles: 500,
    watchMs: 10_000,
    paging: { lists: 4, pages: 10, deepPages: 40, tabRounds: 10 },
    memory: { events: 20_000, pages: MEMORY_PAGES },
    // What the issue asks for.
    limits: {
      pixelMs: 500,
      seenAsOverShare: 0.01,
      firstPaintMs: 1_000,
      frameRatio: 0.95,
      pageInMs: 100,
      pageInQuantile: 0.95,
      rateShare: 0.9,
      scriptBytes: 90_000,
      styleBytes: 15_000,
    },
  },
  small: {
    calls: 5_000,
    // Calls are longer than what is let pass as a delay: who shows them only when they are over is too late for half.
    pixels: { sustainedMs: 5_000, eventsPerSecond: 50, callMs: 8_000 },
    loads: 3,
    tiles: 200,
    watchMs: 2_000,
    paging: { lists: 1, pages: 3, deepPages: 4, tabRounds: 1 },
    memory: { events: 2_000, pages: ['live'] as const },
    limits: {
      pixelMs: 5_000,
      // A machine that stands still for longer than a call lasts hides its start.
      seenAsOverShare: 0.1,
      firstPaintMs: 5_000,
      // The wall and the empty page are watched at different times, two seconds each.
      frameRatio: 0.25,
      pageInMs: 2_000,
      // Of three pages the 95th percentile is the slowest one, and that may have met whatever else the machine does.
      pageInQuantile: 0.5,
      // How many reports this machine makes besides is not the dashboard's doing.
      rateShare: 0.25,
      // What the build itself holds to.
      scriptBytes: SCRIPT_BYTES_MAX,
      styleBytes: STYLE_BYTES_MAX,
    },
  },
} as const;
/** Of every page, after 20,000 events as after 2,000: what is kept of what went by is kept once, not per event. */
const HEAP_GROWTH_MIB_MAX = 8;
const NODES_GROWTH_MAX = 2_500;
/** 500 tiles of some 15 elements, or 650 rows of 35: the Calls list takes up to 500 that wait at once. */
const ELEMENTS_MAX = 25_000;
/** Of a wall that is to be full: calls end and begin while it is watched. */
const TILES_SHARE_MIN = 0.9;
const BUSY_SAMPLE_MS = 1_000;

interface Rule {
  readonly name: string;
  readonly held: boolean;
  readonly found: string;
}

export async function proveDashboard({ size }: ProofOptions): Promise<ProofResult> {
  const { calls, pixels: pixelSize, loads, tiles, watchMs, paging, memory: memorySize, limits } = SIZES[size];
  const busyBefore = await readBusyShare();
  const load = watchLoad();
  const built = await buildDashboard();
  if (built.kind === 'failed') throw new Error(`The dashboard does not build: ${built.reason}`);
  if (built.kind === 'no_builder') throw new Error('Vite is not installed: npm ci.');
  const { scriptBytes, styleBytes } = built.sizes;

  const stand = await openStand();
  try {
    const say = (what: string): void => void process.stdout.write(`  … ${what}\n`);
    say(`${calls.toLocaleString('en')} calls are put in`);
    const filled = await stand.traffic.bulk({ prefix: 'kept', calls, reportsPerRequest: 1_000, ends: true });
    say('pages of calls');
    const pagingTimes = await measurePaging(stand, paging);
    say('first paint');
    const paints = await measureFirstPaints(stand, loads);
    await stand.addReceiver();
    say('event to pixel');
    const pixels = await measurePixels(stand, pixelSize);
    say('ticking tiles');
    const ticking = await measureTiles(stand, { tiles, watchMs });
    say('memory');
    const memory = await measureMemory(stand, memorySize);

    // Shown beside it: reading on, which begins before the end is in sight, and another tab, which is another list.
    const rows = Object.values(pagingTimes.loadedMore).flat();
    const pixelP95Ms = quantile(pixels.acceptedToPixelMs, 0.95);
    const firstPaintMs = quantile(paints.firstPaintMs, 0.5);
    const frameRatio = ticking.framesPerSecond / ticking.emptyFramesPerSecond;
    const pageInMs = quantile(toTimes(rows, 'pageMs'), limits.pageInQuantile);
    const totalInMs = quantile(toTimes(rows, 'totalMs'), limits.pageInQuantile);
    const growth = toGrowth(memory);
    const rules: readonly Rule[] = [
      below(`event accepted → pixel p95 < ${limits.pixelMs} ms`, pixelP95Ms, limits.pixelMs, 'ms'),
      {
        name: 'every event reached the wall',
        held:
          pixels.unseen + pixels.refused === 0 &&
          pixels.eventsPerSecond > pixelSize.eventsPerSecond * limits.rateShare,
        found: `${pixels.unseen} of ${pixels.events} not seen, ${pixels.refused} refused`,
      },
      {
        name: `starts seen only when their call was over ≤ ${limits.seenAsOverShare * 100} %`,
        held: pixels.starts > 0 && pixels.startsSeenAsOver <= pixels.starts * limits.seenAsOverShare,
        found: `${pixels.startsSeenAsOver} of ${pixels.starts}`,
      },
      below(
        `first contentful paint, median < ${limits.firstPaintMs} ms`,
        firstPaintMs,
        limits.firstPaintMs,
        'ms',
      ),
      {
        name: `${tiles} ticking tiles keep ≥ ${limits.frameRatio} of an empty page's frames`,
        held: frameRatio >= limits.frameRatio && ticking.tilesMin >= tiles * TILES_SHARE_MIN,
        found: `${rounded(frameRatio)} with at least ${ticking.tilesMin} tiles`,
      },
      below(
        `a page of calls, page's side, p${limits.pageInQuantile * 100} < ${limits.pageInMs} ms`,
        pageInMs,
        limits.pageInMs,
        'ms',
      ),
      below(
        `a page of calls, click to paint, p${limits.pageInQuantile * 100} < ${limits.pageInMs} ms`,
        totalInMs,
        limits.pageInMs,
        'ms',
      ),
      below(`heap growth < ${HEAP_GROWTH_MIB_MAX} MiB`, growth.heapMib, HEAP_GROWTH_MIB_MAX, 'MiB'),
      below(`growth in DOM nodes < ${NODES_GROWTH_MAX}`, growth.nodes, NODES_GROWTH_MAX, 'nodes'),
      below(`elements in a page at most < ${ELEMENTS_MAX}`, growth.elementsMax, ELEMENTS_MAX, 'elements'),
      below(
        `JavaScript ≤ ${limits.scriptBytes / 1_000} kB gzipped`,
        scriptBytes / 1_000,
        limits.scriptBytes / 1_000,
        'kB',
      ),
      below(
        `CSS ≤ ${limits.styleBytes / 1_000} kB gzipped`,
        styleBytes / 1_000,
        limits.styleBytes / 1_000,
        'kB',
      ),
      {
        name: 'no page threw, broke its policy or asked another host',
        held: stand.faults.length === 0,
        found: stand.faults.length === 0 ? 'none' : stand.faults.slice(0, 3).join('; ').slice(0, 300),
      },
    ];

    return {
      passed: rules.every(({ held }) => held),
      figures: {
        ...Object.fromEntries(
          rules.map(({ name, held, found }) => [`${held ? 'pass' : 'FAIL'}: ${name}`, found]),
        ),
        'calls in the journal': calls,
        'reports taken per second while filling': Math.round(filled.events / (filled.tookMs / 1_000)),
        'events judged': pixels.events,
        'events per second': rounded(pixels.eventsPerSecond),
        ...spread('accepted to pixel', pixels.acceptedToPixelMs),
        ...spread('sent to pixel', pixels.sentToPixelMs),
        ...spread('accept', pixels.acceptMs),
        'clocks apart by at most (ms)': rounded(pixels.clockMsMax),
        'reporter behind its plan by at most (ms)': rounded(pixels.behindMsMax),
        'first contentful paints (ms)': paints.firstPaintMs.map(Math.round).join(' '),
        'first contentful paint, median (ms)': rounded(firstPaintMs),
        'numbers on the wall, median (ms)': rounded(quantile(paints.numbersMs, 0.5)),
        'frames per second': rounded(ticking.framesPerSecond),
        'frames per second of an empty page': rounded(ticking.emptyFramesPerSecond),
        'frame gap p99 (ms)': rounded(ticking.gapP99Ms),
        'long tasks': ticking.longTasks,
        'longest task (ms)': rounded(ticking.longTaskMsMax),
        'scripting per second (ms)': rounded(ticking.perSecond.scriptMs),
        'style and layout per second (ms)': rounded(ticking.perSecond.styleMs + ticking.perSecond.layoutMs),
        'all tasks per second (ms)': rounded(ticking.perSecond.taskMs),
        ...toPagingFigures(pagingTimes),
        'events for memory': memory.events,
        'events for memory per second': Math.round(memory.events / (memory.tookMs / 1_000)),
        ...toMemoryFigures(memory),
        'machine busy before the run (%)': Math.round(busyBefore * 100),
        'load average before, mean, most': load.read().map(rounded).join(', '),
        'priority (nice)': getPriority(),
      },
    };
  } finally {
    load.stop();
    await stand.stop();
  }
}

function below(name: string, value: number, limit: number, unit: string): Rule {
  // What could not be measured is NaN, and did not hold.
  return { name, held: value <= limit, found: `${rounded(value)} ${unit}` };
}

function spread(what: string, valuesMs: readonly number[]): Record<string, number> {
  return Object.fromEntries(
    [50, 95, 99].map((part) => [`${what} p${part} (ms)`, rounded(quantile(valuesMs, part / 100))]),
  );
}

function toTimes(rows: readonly RowTimes[], name: 'totalMs' | 'pageMs' | 'hubMs'): readonly number[] {
  return rows.map((row) => row[name]);
}

function toPagingFigures({ loadedMore, readOn, deepPages, tabs }: PagingTimes): Record<string, string> {
  const deepest = deepPages.at(-1)?.rows ?? 0;
  const lists: readonly (readonly [string, readonly RowTimes[]])[] = [
    ...Object.entries(loadedMore).map(([name, rows]) => [`Load more of ${name}`, rows] as const),
    ['not judged: first rows of another tab', tabs],
    [`not judged: Load more up to ${deepest} rows`, deepPages],
    ...Object.entries(readOn).map(
      ([name, rows]) => [`not judged: jump to the end of ${name}`, rows] as const,
    ),
  ];
  return Object.fromEntries(
    lists.map(([name, rows]) => [
      `${name}: median, p95, hub's median (ms)`,
      [
        quantile(toTimes(rows, 'totalMs'), 0.5),
        quantile(toTimes(rows, 'totalMs'), 0.95),
        quantile(toTimes(rows, 'hubMs'), 0.5),
      ]
        .map(rounded)
        .join(', '),
    ]),
  );
}

function toGrowth({ pages }: MemoryUse): {
  readonly heapMib: number;
  readonly nodes: number;
  readonly elementsMax: number;
} {
  const all = Object.values(pages);
  return {
    heapMib: Math.max(...all.map(({ before, after }) => after.heapMib - before.heapMib)),
    nodes: Math.max(...all.map(({ before, after }) => after.nodes - before.nodes)),
    elementsMax: Math.max(...all.map(({ elementsMax }) => elementsMax)),
  };
}

function toMemoryFigures({ pages }: MemoryUse): Record<string, string> {
  return Object.fromEntries(
    Object.entries(pages).flatMap(([name, { before, peak, after }]) => [
      [
        `${name}: heap before, at most, after (MiB)`,
        [before.heapMib, peak.heapMib, after.heapMib].map(rounded).join(', '),
      ],
      [`${name}: DOM nodes before, at most, after`, [before.nodes, peak.nodes, after.nodes].join(', ')],
    ]),
  );
}

/** Of all cores, by whatever else this machine does. */
async function readBusyShare(): Promise<number> {
  const read = (): { busy: number; all: number } => {
    const times = cpus().map((cpu) => cpu.times);
    const all = times.reduce((sum, time) => sum + time.user + time.nice + time.sys + time.idle + time.irq, 0);
    return { all, busy: all - times.reduce((sum, time) => sum + time.idle, 0) };
  };
  const before = read();
  await wait(BUSY_SAMPLE_MS);
  const after = read();
  return (after.busy - before.busy) / (after.all - before.all);
}

const LOAD_EVERY_MS = 5_000;

/** A shared machine says little about speed while others work: how much they did stands beside the figures. */
function watchLoad(): { read(): readonly number[]; stop(): void } {
  const seen = [loadavg()[0] ?? Number.NaN];
  const timer = setInterval(() => seen.push(loadavg()[0] ?? Number.NaN), LOAD_EVERY_MS);
  return {
    read: () => [
      seen[0] ?? Number.NaN,
      seen.reduce((sum, one) => sum + one, 0) / seen.length,
      Math.max(...seen),
    ],
    stop: () => clearInterval(timer),
  };
}

function rounded(value: number): number {
  return Math.round(value * 100) / 100;
}
