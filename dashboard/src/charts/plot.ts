/**
 * A time chart on a canvas by uPlot: the only file that knows it, and a chunk of its own. It paints what it is told;
 * cursor and selection belong to the component around it.
 */
import './plot.css';
import uPlot from 'uplot';
import type { SlotCursor, Slots } from './slot-cursor.ts';
import type { ChartInk, ChartTheme } from './theme.ts';
import type { ChartUnit } from './value-ticks.ts';
import type { WallClock } from './wall-clock.ts';

import { toTimeTicks } from './time-ticks.ts';
import { formatMark, toValueTicks } from './value-ticks.ts';

export interface PlotSeries {
  readonly label: string;
  readonly ink: ChartInk;
  /** Bars are stacked in the order given, from the bottom. */
  readonly shape: 'bar' | 'line' | 'area';
  readonly isDashed?: boolean | undefined;
  /** One per slot. */
  readonly values: readonly (number | null)[];
  /** What the range comes to, shown while no slot is read. */
  readonly total?: string | undefined;
  /** Rings the highest point and writes its value there. */
  readonly isPeakMarked?: boolean | undefined;
}

export interface PlotView extends Slots {
  readonly series: readonly PlotSeries[];
  readonly unit: ChartUnit;
  readonly clock: WallClock;
  readonly theme: ChartTheme;
}

export interface Plot {
  /** undefined where the series are of another kind: then it takes a new plot. */
  update(view: PlotView): boolean;
  resize(widthPx: number, heightPx: number): void;
  paintCursor(cursor: SlotCursor): void;
  /** Slot at a point of the page. */
  findSlot(clientX: number): number | null;
  /** Of the plotting area, inside the axes. */
  readonly area: HTMLElement;
  destroy(): void;
}

const AXIS_WIDTH_PX = 44;
const AXIS_HEIGHT_PX = 24;
const TICK_GAP_PX = 62;
const MARK_GAP_PX = 34;
const DASH_PX = [5, 4];

export function makePlot(host: HTMLElement, first: PlotView, widthPx: number, heightPx: number): Plot {
  let view = first;
  let valueTicks = toViewTicks(view, heightPx);
  let height = heightPx;
  // Bars first, the whole stack before its lower parts, so that each part is painted over what stands above it.
  const order = toOrder(view.series);
  const shape = toShape(view);
  const ink = (name: ChartInk): string => view.theme.inks[name];
  const seriesAt = (at: number): PlotSeries | undefined => view.series[order[at - 1] ?? -1];

  const options: uPlot.Options = {
    width: widthPx,
    height: heightPx,
    ms: 1,
    padding: [10, 8, 0, 0],
    legend: { show: false },
    // Dragging is ours (slots, touch, keys), so uPlot listens to nothing.
    cursor: {
      y: false,
      drag: { x: false, y: false },
      bind: SILENT,
      // The slot that is read and no other, also where it has no value.
      dataIdx: (_plot, _series, slot) => slot,
      points: {
        size: (_plot, at) => (seriesAt(at)?.shape === 'bar' ? 0 : 7),
        width: 2,
        stroke: (_plot, at) => ink(seriesAt(at)?.ink ?? 'text'),
        fill: () => ink('surface'),
      },
    },
    scales: {
      x: { time: false, range: () => toEnds(view) },
      y: { range: () => [0, valueTicks.at(-1) ?? 1] },
    },
    axes: [
      {
        size: AXIS_HEIGHT_PX,
        gap: 6,
        font: view.theme.font,
        stroke: () => ink('muted'),
        grid: { show: false },
        ticks: { size: 4, width: 1, stroke: () => ink('grid') },
        border: { show: true, width: 1, stroke: () => ink('grid') },
        splits: (plot) => toTicks(plot).map((tick) => tick.atMs),
        values: (plot) => toTicks(plot).map((tick) => tick.label),
      },
      {
        size: AXIS_WIDTH_PX,
        gap: 6,
        font: view.theme.font,
        stroke: () => ink('muted'),
        grid: { width: 1, stroke: () => ink('grid') },
        ticks: { show: false },
        splits: () => [...valueTicks],
        values: (_plot, splits) => splits.map((value) => formatMark(value, view.unit)),
      },
    ],
    series: [{}, ...order.map((index, at) => toOption(index, at + 1))],
    hooks: { draw: [drawPeaks] },
  };

  function toTicks(plot: uPlot) {
    const room = Math.max(1, Math.floor(plot.bbox.width / uPlot.pxRatio / TICK_GAP_PX));
    return toTimeTicks(...toEnds(view), room, view.clock);
  }

  function toOption(index: number, at: number): uPlot.Series {
    const series = view.series[index] as PlotSeries;
    const name = () => seriesAt(at)?.ink ?? 'text';
    if (series.shape === 'bar') {
      return {
        paths: uPlot.paths.bars?.({ size: [0.84, 44], radius: 0 }) ?? (() => null),
        width: 0,
        fill: (plot) =>
          view.theme.isForced && index > 0 ? toHatch(plot.ctx, ink(name()), ink('surface')) : ink(name()),
        points: { show: false },
      };
    }
    return {
      width: series.shape === 'area' ? 2 : 1.5,
      stroke: () => ink(name()),
      points: {
        show: true,
        size: 5,
        width: 0,
        fill: () => ink(name()),
        filter: (_plot, seriesAtIndex) => toLonePoints(seriesAtIndex),
      },
      ...(series.isDashed === true && { dash: DASH_PX }),
      ...(series.shape === 'area' && { fill: () => ink(toSoft(name())) }),
    };
  }

  // A rate between two slots without one has no line: it is seen as a dot.
  function toLonePoints(at: number): number[] {
    const values = seriesAt(at)?.values ?? [];
    return values.flatMap((value, index) =>
      value !== null && (values[index - 1] ?? null) === null && (values[index + 1] ?? null) === null
        ? [index]
        : [],
    );
  }

  function drawPeaks(plot: uPlot): void {
    for (const series of view.series) {
      if (series.isPeakMarked !== true) continue;
      const index = findPeak(series.values);
      const value = index === null ? null : (series.values[index] ?? null);
      if (index === null || value === null || value === 0) continue;
      const ratio = uPlot.pxRatio;
      const x = plot.valToPos(toMiddle(view, index), 'x', true);
      const y = plot.valToPos(value, 'y', true);
      const { ctx } = plot;
      ctx.save();
      ctx.beginPath();
      ctx.arc(x, y, 4 * ratio, 0, 2 * Math.PI);
      ctx.fillStyle = ink('surface');
      ctx.strokeStyle = ink(series.ink);
      ctx.lineWidth = 2 * ratio;
      ctx.fill();
      ctx.stroke();
      ctx.restore();
    }
  }

  const plot = new uPlot(options, toData(view, order), host);

  return {
    area: plot.over,
    update(next) {
      if (toShape(next) !== shape) return false;
      view = next;
      valueTicks = toViewTicks(view, height);
      plot.setData(toData(view, order));
      return true;
    },
    resize(width, newHeight) {
      height = newHeight;
      valueTicks = toViewTicks(view, height);
      plot.setSize({ width, height });
    },
    paintCursor({ index, anchor }) {
      const middle = index === null ? undefined : toMiddle(view, index);
      plot.setCursor(
        middle === undefined ? { left: -10, top: -10 } : { left: plot.valToPos(middle, 'x'), top: 0 },
        false,
      );
      if (index === null || anchor === null) {
        plot.setSelect({ left: 0, top: 0, width: 0, height: 0 }, false);
        return;
      }
      const half = view.stepMs / 2;
      const left = plot.valToPos(toMiddle(view, Math.min(index, anchor)) - half, 'x');
      const right = plot.valToPos(toMiddle(view, Math.max(index, anchor)) + half, 'x');
      const from = Math.max(0, left);
      const to = Math.min(plot.over.clientWidth, right);
      plot.setSelect({ left: from, top: 0, width: to - from, height: plot.over.clientHeight }, false);
    },
    findSlot(clientX) {
      const rect = plot.over.getBoundingClientRect();
      if (view.atMs.length === 0 || rect.width === 0) return null;
      const atMs = plot.posToVal(Math.min(rect.width, Math.max(0, clientX - rect.left)), 'x');
      const index = Math.floor((atMs - (view.atMs[0] ?? 0)) / view.stepMs);
      return Math.min(view.atMs.length - 1, Math.max(0, index));
    },
    destroy: () => plot.destroy(),
  };
}

const none = () => null;
const SILENT: uPlot.Cursor.Bind = {
  mousedown: none,
  mouseup: none,
  click: none,
  dblclick: none,
  mousemove: none,
  mouseleave: none,
  mouseenter: none,
};

function toOrder(series: readonly PlotSeries[]): readonly number[] {
  const indexes = series.map((_, index) => index);
  const isBar = (index: number) => series[index]?.shape === 'bar';
  return [...indexes.filter(isBar).toReversed(), ...indexes.filter((index) => !isBar(index))];
}

/** What cannot change on a plot that stands. */
function toShape(view: PlotView): string {
  const series = view.series.map((one) => `${one.shape} ${one.isDashed === true}`).join();
  return `${view.unit} ${view.theme.font} ${series}`;
}

/** uPlot wants plain arrays: the middle of each slot, then one array per series in the order of painting. */
function toData(view: PlotView, order: readonly number[]): uPlot.AlignedData {
  const stacked = stack(view.series);
  const middles = view.atMs.map((_, index) => toMiddle(view, index));
  return [middles, ...order.map((index) => [...(stacked[index] ?? [])])] as uPlot.AlignedData;
}

/** Whole slots: the first may begin before the range does. */
function toEnds({ atMs, stepMs, sinceMs, untilMs }: Slots): [sinceMs: number, untilMs: number] {
  return [Math.min(sinceMs, atMs[0] ?? sinceMs), Math.max(untilMs, (atMs.at(-1) ?? 0) + stepMs)];
}

function toMiddle(slots: Slots, index: number): number {
  return (slots.atMs[index] ?? 0) + slots.stepMs / 2;
}

/** Bars carry the sum of themselves and those below. */
function stack(series: readonly PlotSeries[]): readonly (readonly (number | null)[])[] {
  let below: readonly (number | null)[] = [];
  return series.map((one) => {
    if (one.shape !== 'bar') return one.values;
    const under = below;
    below = one.values.map((value, index) => (value ?? 0) + (under[index] ?? 0));
    return below;
  });
}

function toViewTicks(view: PlotView, heightPx: number): readonly number[] {
  let max = 0;
  const stacked = stack(view.series);
  view.series.forEach((series, index) => {
    // One failed call of one in a quiet hour of last week would press this week's rates to the ground.
    if (view.unit === 'rate' && series.isDashed === true) return;
    for (const value of stacked[index] ?? []) max = Math.max(max, value ?? 0);
  });
  const room = Math.max(2, Math.floor((heightPx - AXIS_HEIGHT_PX - 10) / MARK_GAP_PX));
  return toValueTicks(max, room, view.unit);
}

function findPeak(values: readonly (number | null)[]): number | null {
  let peak: number | null = null;
  values.forEach((value, index) => {
    if (value !== null && (peak === null || value > (values[peak] ?? 0))) peak = index;
  });
  return peak;
}

function toSoft(ink: ChartInk): ChartInk {
  return ink === 'failed' ? 'failed-soft' : 'active-soft';
}

const HATCH_PX = 6;

/** Diagonal lines, where colour alone cannot tell two parts of a bar apart. */
function toHatch(ctx: CanvasRenderingContext2D, stroke: string, ground: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  tile.width = HATCH_PX;
  tile.height = HATCH_PX;
  const pen = tile.getContext('2d');
  if (pen === null) return stroke;
  pen.fillStyle = ground;
  pen.fillRect(0, 0, HATCH_PX, HATCH_PX);
  pen.strokeStyle = stroke;
  pen.lineWidth = 2;
  pen.beginPath();
  for (const shift of [-HATCH_PX, 0, HATCH_PX]) {
    pen.moveTo(shift - 1, HATCH_PX + 1);
    pen.lineTo(shift + HATCH_PX + 1, -1);
  }
  pen.stroke();
  return ctx.createPattern(tile, 'repeat') ?? stroke;
}
