import type { ContestantName } from '../contestants/contestant.ts';
import type { Results } from './results.ts';

import { CONTESTANT_LABELS, CONTESTANT_NAMES } from '../contestants/contestant.ts';
import { toRatios, toSpread } from '../statistics.ts';

/**
 * The results as one SVG of horizontal bars, readable on white and on dark: an image embedded in a page
 * cannot take the page's colours, so it asks the reader's system for the scheme. Whiskers are the least and
 * the most of any round. No library draws it: a bar is a rectangle.
 */
export function toChart(results: Results): string {
  const panels = [
    ...results.throughput.map((result) => toThroughputPanel(result)),
    ...results.throughput.slice(0, 1).map((result) => toCpuPanel(result)),
    ...(results.latency === null ? [] : [toLatencyPanel(results.latency)]),
  ].filter(({ bars }) => bars.length > 0);
  let y = HEADER_HEIGHT;
  const drawn = panels.map((panel) => {
    const text = drawPanel(panel, y);
    y += PANEL_HEAD_HEIGHT + panel.bars.length * BAR_STEP + PANEL_GAP;
    return text;
  });
  const { machine } = results;
  const footer =
    `${results.startedAt.slice(0, 10)} · ${machine.cores} cores, ${machine.cpu} · Node ${machine.node.slice(1)} · ` +
    `SQLite ${machine.sqlite}${machine.redis === null ? '' : ` · Redis ${machine.redis}`}`;
  const height = y + FOOTER_HEIGHT;
  return `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" width="${WIDTH}" height="${height}" role="img" aria-labelledby="title">
<title id="title">${escape(describe(panels))}</title>
<style>
  text { font: 13px system-ui, -apple-system, "Segoe UI", sans-serif; fill: #1f2328; }
  .head { font-size: 17px; font-weight: 600; }
  .panel { font-weight: 600; }
  .quiet { fill: #59636e; font-size: 12px; }
  .other { fill: #9aa4af; }
  .ours { fill: #0f766e; }
  .whisker { stroke: #1f2328; stroke-width: 1.25; fill: none; }
  .axis { stroke: #d1d9e0; stroke-width: 1; }
  @media (prefers-color-scheme: dark) {
    text { fill: #e6edf3; }
    .quiet { fill: #9198a1; }
    .other { fill: #59636e; }
    .ours { fill: #2dd4bf; }
    .whisker { stroke: #e6edf3; }
    .axis { stroke: #3d444d; }
  }
</style>
<text class="head" x="0" y="18">Offhook beside a bare relay and BullMQ + Redis</text>
<text class="quiet" x="0" y="38">Medians of interleaved rounds in one run; whiskers show the least and the most of any round.</text>
${drawn.join('\n')}
<text class="quiet" x="0" y="${height - 6}">${escape(footer)}</text>
</svg>
`;
}

interface Panel {
  readonly title: string;
  readonly note: string;
  readonly bars: readonly Bar[];
}

interface Bar {
  readonly name: ContestantName;
  readonly value: number;
  readonly min: number;
  readonly max: number;
  readonly label: string;
}

const WIDTH = 760;
const HEADER_HEIGHT = 62;
const PANEL_HEAD_HEIGHT = 22;
const PANEL_GAP = 18;
const FOOTER_HEIGHT = 18;
const BAR_STEP = 24;
const BAR_HEIGHT = 15;
const BARS_X = 200;
/** Leaves room for the label behind the longest bar. */
const BARS_WIDTH = 380;

function toThroughputPanel({ destinations, turns }: Results['throughput'][number]): Panel {
  const rates = (name: ContestantName): number[] => (turns[name] ?? []).map((turn) => turn.eventsPerSecond);
  const relay = rates('relay');
  return {
    title: `Delivered per second, ${destinations.toLocaleString('en')} destination${destinations === 1 ? '' : 's'}`,
    note: 'more is better',
    bars: toBars(turns, rates, (name, value) => {
      const ratio =
        relay.length === 0 ? '' : ` · ${toRatios(rates(name), relay).median.toFixed(2)} of the relay`;
      return Math.round(value).toLocaleString('en') + (name === 'relay' ? '' : ratio);
    }),
  };
}

function toCpuPanel({ destinations, turns }: Results['throughput'][number]): Panel {
  return {
    title: `CPU per delivered event, all processes, ${destinations.toLocaleString('en')} destination${destinations === 1 ? '' : 's'}`,
    note: 'less is better',
    bars: toBars(
      turns,
      (name) => (turns[name] ?? []).map((turn) => turn.cpuMicrosPerEvent),
      (_, value) => `${Math.round(value)} µs`,
    ),
  };
}

function toLatencyPanel({ perSecond, turns }: NonNullable<Results['latency']>): Panel {
  const p50 = (name: ContestantName): number =>
    toSpread((turns[name] ?? []).map((turn) => turn.p50Ms)).median;
  return {
    title: `Accept → arrival at ${perSecond} per second, p99`,
    note: 'less is better',
    bars: toBars(
      turns,
      (name) => (turns[name] ?? []).map((turn) => turn.p99Ms),
      (name, value) => `${value.toFixed(1)} ms · p50 ${p50(name).toFixed(1)} ms`,
    ),
  };
}

function toBars(
  turns: Partial<Record<ContestantName, readonly unknown[]>>,
  values: (name: ContestantName) => number[],
  label: (name: ContestantName, median: number) => string,
): Bar[] {
  return CONTESTANT_NAMES.filter((name) => (turns[name] ?? []).length > 0).map((name) => {
    const { median, min, max } = toSpread(values(name));
    return { name, value: median, min, max, label: label(name, median) };
  });
}

function drawPanel({ title, note, bars }: Panel, y: number): string {
  const longest = Math.max(...bars.map(({ max }) => max));
  const toX = (value: number): number => Math.round(BARS_X + (value / longest) * BARS_WIDTH);
  const drawn = bars.map((bar, index) => {
    const top = y + PANEL_HEAD_HEIGHT + index * BAR_STEP - 10;
    const middle = top + BAR_HEIGHT / 2;
    const whisker =
      bar.min === bar.max
        ? ''
        : `<path class="whisker" d="M${toX(bar.min)} ${middle}H${toX(bar.max)}M${toX(bar.min)} ${middle - 3}v6M${toX(bar.max)} ${middle - 3}v6"/>`;
    return (
      `<text x="0" y="${top + 12}">${escape(CONTESTANT_LABELS[bar.name])}</text>` +
      `<rect class="${bar.name === 'offhook' ? 'ours' : 'other'}" x="${BARS_X}" y="${top}" width="${Math.max(1, toX(bar.value) - BARS_X)}" height="${BAR_HEIGHT}" rx="2"/>` +
      `${whisker}<text x="${toX(bar.max) + 8}" y="${top + 12}">${escape(bar.label)}</text>`
    );
  });
  const bottom = y + PANEL_HEAD_HEIGHT + bars.length * BAR_STEP - 14;
  return [
    `<text class="panel" x="0" y="${y}">${escape(title)} <tspan class="quiet" font-weight="400">${escape(note)}</tspan></text>`,
    `<path class="axis" d="M${BARS_X} ${y + 8}V${bottom}"/>`,
    ...drawn,
  ].join('\n');
}

/** The picture in words, for those who do not see it. */
function describe(panels: readonly Panel[]): string {
  return panels
    .map(
      ({ title, bars }) =>
        `${title}: ${bars.map(({ name, label }) => `${CONTESTANT_LABELS[name]} ${label}`).join(', ')}.`,
    )
    .join(' ');
}

function escape(text: string): string {
  return text
    .replaceAll('&', '&amp;')
    .replaceAll('<', '&lt;')
    .replaceAll('>', '&gt;')
    .replaceAll('"', '&quot;');
}
