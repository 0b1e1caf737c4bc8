/**
 * Values over time. Cursor, selection and read-out are here, so that mouse, finger and keys do the same: hover or arrows
 * read a slot, drag or Shift with arrows selects a span, Enter shows what is in it.
 */
import './time-chart.css';
import { useEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { TimeZone } from '../data/preferences.ts';
import type { Plot, PlotSeries } from './plot.ts';
import type { SlotCursor, Slots } from './slot-cursor.ts';
import type { ChartUnit } from './value-ticks.ts';

import { Button } from '../components/button.tsx';
import { timeZone } from '../data/preferences.ts';
import { ChartLegend } from './chart-legend.tsx';
import { makePlot } from './plot.ts';
import { followSlots, moveCursor, NO_CURSOR, toSpan } from './slot-cursor.ts';
import { readChartTheme, themeVersion } from './theme.ts';
import { formatSpan } from './time-ticks.ts';
import { formatValue } from './value-ticks.ts';
import { toWallClock } from './wall-clock.ts';

export type TimeSeries = PlotSeries;

export interface TimeChartProps {
  /** The accessible name. */
  readonly label: string;
  readonly slots: Slots;
  /** Made anew only when they change: each new array is a new painting. */
  readonly series: readonly TimeSeries[];
  readonly unit?: ChartUnit | undefined;
  readonly zone?: TimeZone | undefined;
  /** A span somebody selected, in whole slots. */
  readonly onSelect?: ((sinceMs: number, untilMs: number) => void) | undefined;
  /** What selecting does, on the button: "Show calls". */
  readonly selectLabel?: string | undefined;
}

/** Less than this between press and release is a click. */
const DRAG_PX_MIN = 6;

export function TimeChart({
  label,
  slots,
  series,
  unit = 'count',
  zone = timeZone.value,
  onSelect,
  selectLabel = 'Show calls',
}: TimeChartProps) {
  const host = useRef<HTMLDivElement>(null);
  const plot = useRef<Plot | null>(null);
  const drag = useRef<{ readonly fromPx: number; isMoved: boolean } | null>(null);
  const [kept, keep] = useState({ slots, cursor: NO_CURSOR });
  // Live slots move on, and another range may have come, while the cursor stood.
  const cursor = useMemo(() => followSlots(kept.cursor, kept.slots, slots), [kept, slots]);
  const setCursor = (next: SlotCursor): void => keep({ slots, cursor: next });
  // What was let go of does not come back with the slots it stood on.
  useEffect(() => setCursor(cursor), [slots]);
  const [spoken, setSpoken] = useState('');
  const clock = useMemo(() => toWallClock(zone), [zone]);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const shown = (plot.current ??= makePlot(element));
    // At once, not with the next frame: paper has none.
    return themeVersion.subscribe(() =>
      shown.show({ ...slots, series, unit, clock, theme: readChartTheme(element) }),
    );
  }, [slots, series, unit, clock]);

  useEffect(() => {
    const element = host.current;
    if (element === null) return;
    const observer = new ResizeObserver(() => plot.current?.fit());
    observer.observe(element);
    return () => {
      observer.disconnect();
      plot.current?.destroy();
      plot.current = null;
    };
  }, []);

  useEffect(() => plot.current?.showCursor(cursor), [cursor]);

  const { index } = cursor;
  const span = index === null ? null : toSpan(slots, cursor.anchor ?? index, index);
  const isPinned = cursor.anchor !== null && span !== null;

  function select(one: number, other: number): void {
    const chosen = toSpan(slots, one, other);
    if (chosen !== null) onSelect?.(chosen.sinceMs, chosen.untilMs);
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.altKey || event.ctrlKey || event.metaKey) return;
    if (event.key === 'Enter' && index !== null && onSelect !== undefined) {
      event.preventDefault();
      select(cursor.anchor ?? index, index);
      return;
    }
    // With nothing to let go of, Escape is for whatever the chart stands in.
    if (event.key === 'Escape' && index === null) return;
    const isShift = event.shiftKey && onSelect !== undefined;
    const next = moveCursor(cursor, event.key, isShift, slots.atMs.length);
    if (next === undefined) return;
    event.preventDefault();
    event.stopPropagation();
    setCursor(next);
    setSpoken(next.index === null ? '' : toSentence(next));
  }

  function toSentence({ index: at, anchor }: SlotCursor): string {
    const chosen = at === null ? null : toSpan(slots, anchor ?? at, at);
    if (at === null || chosen === null) return '';
    const when = formatSpan(chosen.sinceMs, chosen.untilMs, clock);
    if (anchor !== null && anchor !== at) return `Selected ${when}. Enter: ${selectLabel.toLowerCase()}.`;
    const values = series.map((one) => `${one.label} ${formatValue(one.values[at], unit)}`);
    return `${when}: ${values.join(', ')}`;
  }

  function onPointerDown(event: PointerEvent): void {
    const at = plot.current?.findSlot(event.clientX) ?? null;
    if (event.button !== 0 || at === null) return;
    drag.current = { fromPx: event.clientX, isMoved: false };
    if (onSelect === undefined) {
      setCursor({ index: at, anchor: null });
      return;
    }
    host.current?.setPointerCapture(event.pointerId);
    setCursor({ index: at, anchor: event.shiftKey ? (cursor.anchor ?? index ?? at) : at });
  }

  function onPointerMove(event: PointerEvent): void {
    const at = plot.current?.findSlot(event.clientX) ?? null;
    if (at === null) return;
    if (drag.current !== null) {
      if (Math.abs(event.clientX - drag.current.fromPx) >= DRAG_PX_MIN) drag.current.isMoved = true;
    } else if (isPinned) {
      return;
    }
    if (at !== index) setCursor({ index: at, anchor: cursor.anchor });
  }

  function onPointerUp(event: PointerEvent): void {
    const at = plot.current?.findSlot(event.clientX) ?? null;
    const ended = drag.current;
    drag.current = null;
    if (ended === null || at === null || onSelect === undefined) return;
    // A click only marks its slot and offers the button; only a drag goes somewhere by itself.
    if (ended.isMoved && cursor.anchor !== null) select(cursor.anchor, at);
  }

  function onPointerLeave(): void {
    if (drag.current === null && !isPinned) setCursor(NO_CURSOR);
  }

  const when = span === null ? null : formatSpan(span.sinceMs, span.untilMs, clock);
  const isUnfinished = index !== null && (slots.atMs[index] ?? 0) + slots.stepMs > slots.untilMs;

  return (
    <div class="time-chart">
      <div
        ref={host}
        class="time-chart-plot"
        tabIndex={0}
        role="application"
        aria-roledescription="time chart"
        aria-label={`${label}. Arrow keys read it${onSelect === undefined ? '' : ', Shift with arrow keys selects a span'}.`}
        onKeyDown={onKeyDown}
        onPointerDown={onPointerDown}
        onPointerMove={onPointerMove}
        onPointerUp={onPointerUp}
        onPointerCancel={() => {
          drag.current = null;
          setCursor(NO_CURSOR);
        }}
        onPointerLeave={onPointerLeave}
        onBlur={() => setSpoken('')}
      />
      <ChartLegend
        items={[
          ...series.filter((one) => one.isDashed !== true),
          ...series.filter((one) => one.isDashed === true),
        ].map((one) => ({
          label: one.label,
          ink: one.ink,
          mark: one.shape === 'bar' ? 'block' : one.isDashed === true ? 'dash' : 'line',
          total: one.total ?? '',
          value:
            index === null || (cursor.anchor ?? index) !== index
              ? null
              : formatValue(one.values[index], unit),
        }))}
        when={
          when === null
            ? null
            : isUnfinished && !(cursor.anchor !== index && isPinned)
              ? `${when}, so far`
              : when
        }
        hint={onSelect === undefined ? null : `Drag over a span to ${selectLabel.toLowerCase()}`}
      >
        {isPinned && index !== null && onSelect !== undefined && (
          <>
            <Button size="small" onClick={() => select(cursor.anchor ?? index, index)}>
              {selectLabel}
            </Button>
            <Button size="small" kind="quiet" onClick={() => setCursor(NO_CURSOR)}>
              Clear
            </Button>
          </>
        )}
      </ChartLegend>
      <p class="visually-hidden" aria-live="polite">
        {spoken}
      </p>
    </div>
  );
}
