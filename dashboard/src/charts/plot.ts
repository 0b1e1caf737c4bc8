/**
 * A time chart on a canvas. It paints what it is told; which slot is read and which span is selected belong to the
 * component around it, and stand over the canvas as elements, so that moving them paints nothing anew.
 */
import './plot.css';
import type { SlotCursor, Slots } from './slot-cursor.ts';
import type { ChartInk, ChartTheme } from './theme.ts';
import type { ChartUnit } from './value-ticks.ts';
import type { WallClock } from './wall-clock.ts';

import { findSlotAt, stackBars, toEnds, toMiddle, toRuns, toShare } from './plot-shapes.ts';
import { NO_CURSOR } from './slot-cursor.ts';
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
  /** Rings the highest point. */
  readonly isPeakMarked?: boolean | undefined;
}

export interface PlotView extends Slots {
  readonly series: readonly PlotSeries[];
  readonly unit: ChartUnit;
  readonly clock: WallClock;
  readonly theme: ChartTheme;
}

export interface Plot {
  show(view: PlotView): void;
  /** The host may have another size. */
  fit(): void;
  showCursor(cursor: SlotCursor): void;
  /** Slot at a point of the page. */
  findSlot(clientX: number): number | null;
  destroy(): void;
}

type Point = readonly [x: number, y: number];

/** Between the edges of the canvas and what is plotted: the same as in plot.css. */
const TOP_PX = 10;
const RIGHT_PX = 8;
const BOTTOM_PX = 24;
const LEFT_PX = 44;

const TICK_PX = 4;
const LABEL_GAP_PX = 6;
/** What a label of the time axis and one of the value axis need. */
const TICK_ROOM_PX = 62;
const MARK_ROOM_PX = 34;
const BAR_SHARE = 0.84;
const BAR_WIDTH_PX_MAX = 44;
/** Of the screen: from here on nobody sees that gaps differ by one. */
const GAP_DOTS_MIN = 5;
const DASH_PX = [5, 4];
const HATCH_PX = 6;

/** Fills `host`, which must be positioned. */
export function makePlot(host: HTMLElement): Plot {
  const canvas = document.createElement('canvas');
  canvas.className = 'plot';
  const area = makePart('plot-area');
  host.append(canvas, area);
  const gone = new AbortController();
  let view: PlotView | null = null;
  let cursor = NO_CURSOR;
  let width = 0;
  let height = 0;
  /** Of the value axis. */
  let top = 1;

  function paint(): void {
    const pen = canvas.getContext('2d');
    if (view === null || pen === null) return;
    width = host.clientWidth;
    height = host.clientHeight;
    const stacks = stackBars(view.series);
    const room = Math.max(2, Math.floor((height - TOP_PX - BOTTOM_PX) / MARK_ROOM_PX));
    const marks = toValueTicks(findMax(view, stacks), room, view.unit);
    top = marks.at(-1) ?? 1;
    // Whoever gives a canvas a size empties it and gets a new pen.
    canvas.width = Math.round(width * devicePixelRatio);
    canvas.height = Math.round(height * devicePixelRatio);
    // The host may end within a pixel of the screen; a canvas stretched to there would blur every line.
    canvas.style.width = `${canvas.width / devicePixelRatio}px`;
    canvas.style.height = `${canvas.height / devicePixelRatio}px`;
    pen.scale(devicePixelRatio, devicePixelRatio);
    paintAxes(pen, view, marks);
    pen.save();
    pen.beginPath();
    // Last week's rates may be above the axis. What lies on its ends keeps the whole of its line.
    pen.rect(LEFT_PX, TOP_PX - 1, width - LEFT_PX - RIGHT_PX, height - TOP_PX - BOTTOM_PX + 2);
    pen.clip();
    let below: readonly (number | null)[] = [];
    for (const [index, series] of view.series.entries()) {
      if (series.shape !== 'bar') continue;
      const stack = stacks[index] ?? [];
      paintBars(pen, view, series, stack, below);
      below = stack;
    }
    for (const series of view.series) if (series.shape !== 'bar') paintLine(pen, view, series);
    pen.restore();
    for (const series of view.series) if (series.isPeakMarked === true) paintPeak(pen, view, series);
    placeCursor();
  }

  function paintAxes(pen: CanvasRenderingContext2D, { theme, ...shown }: PlotView, marks: readonly number[]) {
    const end = width - RIGHT_PX;
    const ground = height - BOTTOM_PX;
    pen.font = theme.font;
    pen.fillStyle = theme.inks.muted;
    pen.strokeStyle = theme.inks.grid;
    pen.beginPath();
    pen.textAlign = 'right';
    pen.textBaseline = 'middle';
    for (const mark of marks) {
      const y = toY(mark);
      pen.fillText(formatMark(mark, shown.unit), LEFT_PX - LABEL_GAP_PX, y);
      pen.moveTo(LEFT_PX, toHair(y));
      pen.lineTo(end, toHair(y));
    }
    pen.textAlign = 'center';
    pen.textBaseline = 'top';
    const room = Math.max(1, Math.floor((end - LEFT_PX) / TICK_ROOM_PX));
    for (const { atMs, label } of toTimeTicks(...toEnds(shown), room, shown.clock)) {
      const x = toX(shown, atMs);
      // The last one may stand at the very end.
      const middle = Math.min(x, width - pen.measureText(label).width / 2);
      pen.fillText(label, middle, ground + TICK_PX + LABEL_GAP_PX);
      pen.moveTo(toHair(x), ground);
      pen.lineTo(toHair(x), ground + TICK_PX);
    }
    pen.stroke();
  }

  function paintBars(
    pen: CanvasRenderingContext2D,
    shown: PlotView,
    { ink }: PlotSeries,
    stack: readonly (number | null)[],
    below: readonly (number | null)[],
  ): void {
    const { inks, isForced } = shown.theme;
    const room = toX(shown, shown.stepMs) - toX(shown, 0);
    const gap = room * (1 - BAR_SHARE);
    // Gaps too small to see are none; small ones are left as they come, since rounded they would differ.
    const wide = gap * devicePixelRatio < 1 ? room : Math.min(room - gap, BAR_WIDTH_PX_MAX);
    const isSharp = gap * devicePixelRatio >= GAP_DOTS_MIN;
    pen.fillStyle = isForced && below.length > 0 ? toHatch(pen, inks[ink], inks.surface) : inks[ink];
    // One path, or bars that touch would show a seam.
    pen.beginPath();
    stack.forEach((value, at) => {
      const left = toX(shown, toMiddle(shown, at)) - wide / 2;
      const y = toY(value ?? 0);
      // Never over one another: where an edge falls within a pixel, the other would shine through.
      const ground = toY(below[at] ?? 0);
      if (isSharp) pen.rect(toPixel(left), y, toPixel(wide), ground - y);
      else pen.rect(left, y, wide, ground - y);
    });
    pen.fill();
  }

  function paintLine(pen: CanvasRenderingContext2D, shown: PlotView, series: PlotSeries): void {
    const { inks } = shown.theme;
    const isArea = series.shape === 'area';
    pen.strokeStyle = inks[series.ink];
    pen.lineWidth = isArea ? 2 : 1.5;
    pen.lineJoin = 'round';
    pen.setLineDash(series.isDashed === true ? DASH_PX : []);
    for (const run of toRuns(series.values)) {
      const points = run.map(({ at, value }): Point => [toX(shown, toMiddle(shown, at)), toY(value)]);
      const [first, last] = [points[0], points.at(-1)];
      if (first === undefined || last === undefined) continue;
      if (first === last) {
        // A rate between two slots without one has no line: it is seen as a dot.
        pen.fillStyle = inks[series.ink];
        paintDot(pen, first, 2.5);
        continue;
      }
      if (isArea) {
        trace(pen, [...points, [last[0], toY(0)], [first[0], toY(0)]]);
        pen.fillStyle = inks[series.ink === 'failed' ? 'failed-soft' : 'active-soft'];
        pen.fill();
      }
      trace(pen, points);
      pen.stroke();
    }
  }

  function paintPeak(pen: CanvasRenderingContext2D, shown: PlotView, { ink, values }: PlotSeries): void {
    const peak = Math.max(0, ...values.map(Number));
    if (peak === 0) return;
    pen.fillStyle = shown.theme.inks.surface;
    pen.strokeStyle = shown.theme.inks[ink];
    pen.lineWidth = 2;
    paintDot(pen, [toX(shown, toMiddle(shown, values.indexOf(peak))), toY(peak)], 4);
    pen.stroke();
  }

  function placeCursor(): void {
    const { index, anchor } = cursor;
    area.replaceChildren();
    if (view === null || index === null || index >= view.atMs.length) return;
    const left = toPercent(toShare(view, toMiddle(view, index)));
    if (anchor !== null) {
      const half = view.stepMs / 2;
      const from = toShare(view, toMiddle(view, Math.min(index, anchor)) - half);
      const to = toShare(view, toMiddle(view, Math.max(index, anchor)) + half);
      addPart('plot-selection', { left: toPercent(from), width: toPercent(Math.min(1, to) - from) });
    }
    addPart('plot-cursor', { left });
    for (const { shape, values, ink } of view.series) {
      const value = values[index] ?? null;
      if (shape === 'bar' || value === null) continue;
      addPart('plot-dot', { left, top: toPercent(1 - value / top), color: view.theme.inks[ink] });
    }
  }

  function addPart(name: string, style: Partial<CSSStyleDeclaration>): void {
    const part = makePart(name);
    Object.assign(part.style, style);
    area.append(part);
  }

  function toX(slots: Slots, atMs: number): number {
    return LEFT_PX + toShare(slots, atMs) * (width - LEFT_PX - RIGHT_PX);
  }

  function toY(value: number): number {
    return toPixel(height - BOTTOM_PX - (value / top) * (height - TOP_PX - BOTTOM_PX));
  }

  /** Another zoom, or a screen with other pixels. */
  function watchPixels(): void {
    matchMedia(`(resolution: ${devicePixelRatio}dppx)`).addEventListener(
      'change',
      () => {
        paint();
        watchPixels();
      },
      { once: true, signal: gone.signal },
    );
  }

  watchPixels();
  return {
    show(next) {
      view = next;
      paint();
    },
    fit() {
      if (host.clientWidth !== width || host.clientHeight !== height) paint();
    },
    showCursor(next) {
      cursor = next;
      placeCursor();
    },
    findSlot(clientX) {
      const { left, width: wide } = area.getBoundingClientRect();
      return view === null || wide === 0 ? null : findSlotAt(view, (clientX - left) / wide);
    },
    destroy() {
      gone.abort();
      canvas.remove();
      area.remove();
    },
  };
}

function makePart(name: string): HTMLElement {
  const part = document.createElement('div');
  part.className = name;
  return part;
}

function toPercent(share: number): string {
  return `${share * 100}%`;
}

/** Edges on whole pixels of the screen are sharp. */
function toPixel(px: number): number {
  return Math.round(px * devicePixelRatio) / devicePixelRatio;
}

/** So is a line as wide as an odd number of them, through the middle of one. */
function toHair(px: number): number {
  return toPixel(px) + (Math.round(devicePixelRatio) % 2) / 2 / devicePixelRatio;
}

function findMax(view: PlotView, stacks: readonly (readonly (number | null)[])[]): number {
  let max = 0;
  view.series.forEach((series, index) => {
    // One failed call of one in a quiet hour of last week would press this week's rates to the ground.
    if (view.unit === 'rate' && series.isDashed === true) return;
    for (const value of stacks[index] ?? []) max = Math.max(max, value ?? 0);
  });
  return max;
}

function trace(pen: CanvasRenderingContext2D, points: readonly Point[]): void {
  pen.beginPath();
  for (const point of points) pen.lineTo(...point);
}

function paintDot(pen: CanvasRenderingContext2D, [x, y]: Point, radius: number): void {
  pen.beginPath();
  pen.arc(x, y, radius, 0, 2 * Math.PI);
  pen.fill();
}

/** Diagonal lines, where colour alone cannot tell two parts of a bar apart. */
function toHatch(ctx: CanvasRenderingContext2D, stroke: string, ground: string): CanvasPattern | string {
  const tile = document.createElement('canvas');
  // As fine as the screen: a pattern is scaled with the pen, as a picture is.
  tile.width = Math.round(HATCH_PX * devicePixelRatio);
  tile.height = tile.width;
  const pen = tile.getContext('2d');
  if (pen === null) return stroke;
  pen.scale(tile.width / HATCH_PX, tile.width / HATCH_PX);
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
  const pattern = ctx.createPattern(tile, 'repeat');
  pattern?.setTransform(new DOMMatrix().scale(1 / devicePixelRatio));
  return pattern ?? stroke;
}
