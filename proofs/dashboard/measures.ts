/** The measurements themselves: each takes a stand and a size and says what was seen, judging nothing. */
import { setTimeout as wait } from 'node:timers/promises';
import type { BrowserContext, Page } from 'playwright-core';

import { waitFor } from '../../test/support/wait-for.ts';
import { askPage, watchCosts } from './stand.ts';
import type { PageCosts, Stand } from './stand.ts';

const PIXELS_MS_MAX = 30_000;
/** As many pings: the shortest says how far apart the two clocks may be. */
const CLOCK_PINGS = 20;

export interface PixelTimes {
  readonly events: number;
  readonly eventsPerSecond: number;
  /** From the hub's answer to the paint. */
  readonly acceptedToPixelMs: readonly number[];
  /** From the request's first byte to the paint: the hub's own work and fsync included. */
  readonly sentToPixelMs: readonly number[];
  readonly acceptMs: readonly number[];
  readonly refused: number;
  readonly unseen: number;
  readonly starts: number;
  /** Of those, how many were painted only when their call was over. */
  readonly startsSeenAsOver: number;
  readonly behindMsMax: number;
  /** How far the page's clock may be from that of the one who reports. */
  readonly clockMsMax: number;
}

export interface PixelSize {
  readonly sustainedMs: number;
  /** Half start calls and half end them. */
  readonly eventsPerSecond: number;
  readonly callMs: number;
}

export async function measurePixels(
  stand: Stand,
  { sustainedMs, eventsPerSecond, callMs }: PixelSize,
): Promise<PixelTimes> {
  const page = await stand.open('/live');
  try {
    const clockMsMax = await compareClocks(page);
    await askPage(page, 'watchTiles()');
    const { reports, refused, behindMsMax } = await stand.traffic.pace({
      prefix: 'pixel',
      eventsPerSecond,
      durationMs: callMs + sustainedMs,
      liveMs: callMs,
    });
    // A start that was never painted live was seen with its end: as late as that, and counted.
    const findPainted = (
      seen: ReadonlyMap<string, number>,
      callId: string,
      status: string,
    ): number | undefined =>
      (status === 'in-progress' ? seen.get(`${callId} live`) : undefined) ?? seen.get(`${callId} over`);
    const painted = await waitFor(
      async () => {
        const seen = new Map(await askPage<[string, number][]>(page, 'tiles()'));
        return reports.every(({ callId, status }) => findPainted(seen, callId, status) !== undefined) && seen;
      },
      'every tile',
      PIXELS_MS_MAX,
    ).catch(async () => new Map(await askPage<[string, number][]>(page, 'tiles()')));

    // At first calls only begin, and at last they only end: between the two is the full rate.
    const beganAtMs = Math.min(...reports.map(({ sentAtMs }) => sentAtMs));
    const judged = reports.filter(
      ({ sentAtMs }) => sentAtMs >= beganAtMs + callMs && sentAtMs < beganAtMs + callMs + sustainedMs,
    );
    const seen = judged.flatMap(({ callId, status, sentAtMs, answeredAtMs }) => {
      const paintedAtMs = findPainted(painted, callId, status);
      return paintedAtMs === undefined ? [] : [{ sentAtMs, answeredAtMs, paintedAtMs }];
    });
    const starts = judged.filter(({ status }) => status === 'in-progress');
    return {
      events: judged.length,
      eventsPerSecond: judged.length / (sustainedMs / 1_000),
      acceptedToPixelMs: seen.map(({ answeredAtMs, paintedAtMs }) => paintedAtMs - answeredAtMs),
      sentToPixelMs: seen.map(({ sentAtMs, paintedAtMs }) => paintedAtMs - sentAtMs),
      acceptMs: judged.map(({ sentAtMs, answeredAtMs }) => answeredAtMs - sentAtMs),
      refused,
      unseen: judged.length - seen.length,
      starts: starts.length,
      startsSeenAsOver: starts.filter(
        ({ callId }) => !painted.has(`${callId} live`) && painted.has(`${callId} over`),
      ).length,
      behindMsMax,
      clockMsMax,
    };
  } finally {
    await page.context().close();
  }
}

async function compareClocks(page: Page): Promise<number> {
  let clockMsMax = Number.POSITIVE_INFINITY;
  for (let ping = 0; ping < CLOCK_PINGS; ping += 1) {
    const before = performance.timeOrigin + performance.now();
    const there = await askPage<number>(page, 'now()');
    const after = performance.timeOrigin + performance.now();
    clockMsMax = Math.min(clockMsMax, Math.max(Math.abs(there - before), Math.abs(after - there)));
  }
  return clockMsMax;
}

export interface FirstPaints {
  readonly firstPaintMs: readonly number[];
  /** Until the wall's numbers of the hub's first answer stand there. */
  readonly numbersMs: readonly number[];
}

/** Each load has a browser context of its own, so that nothing is cached. */
export async function measureFirstPaints(stand: Stand, loads: number): Promise<FirstPaints> {
  const firstPaintMs: number[] = [];
  const numbersMs: number[] = [];
  for (let load = 0; load < loads; load += 1) {
    const context = await stand.openContext();
    try {
      const page = await context.newPage();
      await page.goto(`${stand.address}/live`, { waitUntil: 'commit' });
      numbersMs.push(await page.evaluate<number>(WALL_HAS_NUMBERS));
      firstPaintMs.push(
        await page.evaluate<number>(`performance.getEntriesByName('first-contentful-paint')[0].startTime`),
      );
    } finally {
      await context.close();
    }
  }
  return { firstPaintMs, numbersMs };
}

const WALL_HAS_NUMBERS = `new Promise((resolve) => {
  requestAnimationFrame(function look() {
    if (document.querySelector('.wall:not([aria-busy])') === null) requestAnimationFrame(look);
    else requestAnimationFrame(() => resolve(performance.now()));
  });
})`;

export interface TickingTiles {
  readonly tilesMin: number;
  readonly framesPerSecond: number;
  /** Of a page with nothing on it, in the same browser, just before and just after. */
  readonly emptyFramesPerSecond: number;
  readonly gapP99Ms: number;
  readonly longTasks: number;
  readonly longTaskMsMax: number;
  /** Of each second, ms. */
  readonly perSecond: Pick<PageCosts, 'scriptMs' | 'layoutMs' | 'styleMs' | 'taskMs'>;
}

interface Frames {
  readonly gapsMs: readonly number[];
  readonly longTasksMs: readonly number[];
  readonly tilesMin: number;
}

const CHANGES_PER_SECOND = 20;
const SETTLE_MS = 2_000;
/** Ends of other calls than those that fill the wall. */
const CHANGING_CALL_MS = 2_000;

export async function measureTiles(
  stand: Stand,
  { tiles, watchMs }: { readonly tiles: number; readonly watchMs: number },
): Promise<TickingTiles> {
  await stand.traffic.bulk({ prefix: 'tile', calls: tiles, reportsPerRequest: 500, ends: false });
  const context = await stand.openContext();
  // Beside the empty pages as well: what the hub costs the machine must fall on both.
  const changing = stand.traffic.pace({
    prefix: 'changing',
    eventsPerSecond: CHANGES_PER_SECOND,
    durationMs: watchMs * 2 + SETTLE_MS * 3,
    liveMs: CHANGING_CALL_MS,
  });
  try {
    const before = await watchEmptyPage(context, watchMs / 2);
    const page = await stand.open('/live', context);
    await waitFor(
      async () => (await askPage<Frames>(page, 'countFrames(0)')).tilesMin >= tiles * 0.9,
      'tiles',
    );
    const costs = await watchCosts(page);
    await wait(SETTLE_MS);
    const from = await costs.read();
    const { gapsMs, longTasksMs, tilesMin } = await askPage<Frames>(page, `countFrames(${watchMs})`);
    const until = await costs.read();
    await page.close();
    const after = await watchEmptyPage(context, watchMs / 2);
    const per = (name: 'scriptMs' | 'layoutMs' | 'styleMs' | 'taskMs'): number =>
      ((until[name] - from[name]) / watchMs) * 1_000;
    return {
      tilesMin,
      framesPerSecond: toRate(gapsMs),
      emptyFramesPerSecond: toRate([...before, ...after]),
      gapP99Ms: quantile(gapsMs, 0.99),
      longTasks: longTasksMs.length,
      longTaskMsMax: Math.max(0, ...longTasksMs),
      perSecond: {
        scriptMs: per('scriptMs'),
        layoutMs: per('layoutMs'),
        styleMs: per('styleMs'),
        taskMs: per('taskMs'),
      },
    };
  } finally {
    await changing;
    await context.close();
    await stand.traffic.bulk({ prefix: 'tile', calls: tiles, reportsPerRequest: 500, ends: true });
  }
}

/** What this browser on this machine can do at all: headless ones have a rate of their own. */
async function watchEmptyPage(context: BrowserContext, watchMs: number): Promise<readonly number[]> {
  const page = await context.newPage();
  await page.goto('about:blank');
  const gapsMs = await page.evaluate<number[]>(`new Promise((resolve) => {
    const frames = [];
    const beganAt = performance.now();
    requestAnimationFrame(function step(at) {
      frames.push(at);
      if (performance.now() - beganAt < ${watchMs}) requestAnimationFrame(step);
      else resolve(frames.slice(1).map((at, index) => at - frames[index]));
    });
  })`);
  await page.close();
  return gapsMs;
}

function toRate(gapsMs: readonly number[]): number {
  return (gapsMs.length / gapsMs.reduce((sum, gap) => sum + gap, 0)) * 1_000;
}

export interface RowTimes {
  /** From the click to the paint. */
  readonly totalMs: number;
  /** Of that, not spent on the request. */
  readonly pageMs: number;
  readonly hubMs: number;
  readonly rows: number;
}

export interface PagingTimes {
  /** The first pages of each list, by "Load more". */
  readonly loadedMore: Readonly<Record<string, readonly RowTimes[]>>;
  /** The same by jumping to the end of what is there, which loads as well. */
  readonly readOn: Readonly<Record<string, readonly RowTimes[]>>;
  /** The last pages of a list read far on. */
  readonly deepPages: readonly RowTimes[];
  readonly tabs: readonly RowTimes[];
}

const PAGING_LISTS: Readonly<Record<string, string>> = {
  'all calls': '/calls',
  'a filter': `/calls?${new URLSearchParams({ q: 'number:+441614960733 duration:>1m' }).toString()}`,
  'an error': `/calls?${new URLSearchParams({ q: 'state:failed error:"timed out"' }).toString()}`,
  'tab Ended': `/calls?${new URLSearchParams({ q: 'state:ended' }).toString()}`,
};
const TABS = ['Failed', 'Ended'] as const;

export async function measurePaging(
  stand: Stand,
  size: {
    readonly lists: number;
    readonly pages: number;
    readonly deepPages: number;
    readonly tabRounds: number;
  },
): Promise<PagingTimes> {
  const context = await stand.openContext();
  const loadedMore: Record<string, readonly RowTimes[]> = {};
  const readOn: Record<string, readonly RowTimes[]> = {};
  const readPages = async (path: string, question: string, count: number): Promise<readonly RowTimes[]> => {
    const page = await openList(stand, path, context);
    const times: RowTimes[] = [];
    for (let turn = 0; turn < count; turn += 1) times.push(await askPage<RowTimes>(page, question));
    await page.close();
    return times;
  };
  try {
    for (const [name, path] of Object.entries(PAGING_LISTS).slice(0, size.lists)) {
      loadedMore[name] = await readPages(path, 'pressLoadMore()', size.pages);
      readOn[name] = await readPages(path, 'scrollToEnd()', size.pages);
    }
    const deepPages = await readPages('/calls', 'pressLoadMore()', size.deepPages);
    const tabs: RowTimes[] = [];
    for (let round = 0; round < size.tabRounds; round += 1) {
      // A page of its own: what was read once is shown at once the second time.
      const tabbed = await openList(stand, '/calls', context);
      for (const tab of TABS) tabs.push(await askPage<RowTimes>(tabbed, `pressTab('${tab}')`));
      await tabbed.close();
    }
    return { loadedMore, readOn, deepPages: deepPages.slice(-size.pages), tabs };
  } finally {
    await context.close();
  }
}

async function openList(stand: Stand, path: string, context: BrowserContext): Promise<Page> {
  const page = await stand.open(path, context);
  await waitFor(async () => (await askPage<number>(page, 'countRows()')) > 0, `rows of ${path}`);
  // What the list reads at its start is not what is measured: the tabs' counts are the last of it.
  await page.locator('.tab-count').first().waitFor();
  await wait(SETTLE_MS / 2);
  return page;
}

export const MEMORY_PAGES = ['live', 'calls', 'deliveries'] as const;
type MemoryPage = (typeof MEMORY_PAGES)[number];

export interface MemoryUse {
  readonly events: number;
  readonly tookMs: number;
  readonly pages: Readonly<Partial<Record<MemoryPage, MemoryCourse>>>;
}

/** Heap and nodes: before, the most seen meanwhile, and after all is quiet again. */
export interface MemoryCourse {
  /** In the document at any time; nodes count what waits for the collector as well. */
  readonly elementsMax: number;
  readonly before: PageCosts;
  readonly peak: PageCosts;
  readonly after: PageCosts;
}

/** Before the first reading, so that what is kept once (code, caches, pools of nodes) is there already. */
const WARM_UP_CALLS = 500;
const REPORTS_PER_REQUEST = 100;
/** At once, so that the wall has tiles to put up and take down. */
const MEMORY_LIVE_CALLS = 400;
const QUIET_MS_MAX = 60_000;
const PEAK_EVERY_MS = 500;

/** One page after the other, each in front as a person has it: a browser lets go of less in a tab behind. */
export async function measureMemory(
  stand: Stand,
  size: { readonly events: number; readonly pages: readonly MemoryPage[] },
): Promise<MemoryUse> {
  const pages: Partial<Record<MemoryPage, MemoryCourse>> = {};
  let events = 0;
  let tookMs = 0;
  for (const name of size.pages) {
    const context = await stand.openContext();
    try {
      const page = await stand.open(`/${name}`, context);
      const costs = await watchCosts(page);
      const fill = async (what: string, calls: number): Promise<void> => {
        const sent = await stand.traffic.bulk({
          prefix: `${what}-${name}`,
          calls,
          reportsPerRequest: REPORTS_PER_REQUEST,
          ends: true,
          liveCalls: MEMORY_LIVE_CALLS,
        });
        events += sent.events;
        tookMs += sent.tookMs;
        await waitUntilQuiet(page);
      };
      await fill('warm', WARM_UP_CALLS);
      await costs.collect();
      const before = await costs.read();
      let peak = before;
      let elementsMax = 0;
      let isOver = false;
      const watching = (async () => {
        while (!isOver) {
          await wait(PEAK_EVERY_MS);
          elementsMax = Math.max(elementsMax, await askPage<number>(page, 'countElements()'));
          const { heapMib, nodes } = await costs.read();
          peak = { ...peak, heapMib: Math.max(peak.heapMib, heapMib), nodes: Math.max(peak.nodes, nodes) };
        }
      })();
      await fill('memory', size.events / 2);
      isOver = true;
      await watching;
      await costs.collect();
      pages[name] = { elementsMax, before, peak, after: await costs.read() };
    } finally {
      await context.close();
    }
  }
  return { events, tookMs, pages };
}

/** No call is live any more, and the tiles of those that ended are down. */
async function waitUntilQuiet(page: Page): Promise<void> {
  await waitFor(async () => (await page.locator('.call-tile').count()) === 0, 'an empty wall', QUIET_MS_MAX);
  // Lists read themselves anew some seconds after the last change.
  await wait(SETTLE_MS * 2);
}

export function quantile(values: readonly number[], part: number): number {
  const sorted = values.toSorted((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * part))] ?? Number.NaN;
}
