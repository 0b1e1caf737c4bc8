/** How long things took: bars on a logarithmic axis, with the median and the 95th percentile written beside their lines. */
import './histogram.css';
import { useMemo, useState } from 'preact/hooks';
import type { DurationBar } from './log-bins.ts';

import { formatCount } from '../data/format.ts';
import { formatMarkDuration, toDurationMarks, toLogBins, toLogPosition } from './log-bins.ts';
import { useWidth } from './use-width.ts';
import { formatMark, toValueTicks } from './value-ticks.ts';

export interface HistogramProps {
  readonly label: string;
  readonly durations: readonly DurationBar[];
  readonly markers: readonly { readonly word: string; readonly ms: number }[];
  /** "calls" */
  readonly noun: string;
  /** A bar somebody chose. */
  readonly onSelect?: ((fromMs: number, toMs: number) => void) | undefined;
}

const HEIGHT = 236;
const LEFT = 44;
const RIGHT = 8;
const TOP = 34;
const BOTTOM = 24;
const BAR_WIDTH_MIN = 8;
const BARS_MAX = 48;
const MARK_GAP_PX = 46;
const LABEL_GAP = 4;

export function Histogram({ label, durations, markers, noun, onSelect }: HistogramProps) {
  const [ref, width] = useWidth<HTMLDivElement>();
  const [at, setAt] = useState<number | null>(null);
  const plotWidth = Math.max(0, width - LEFT - RIGHT);
  const barsMax = Math.min(BARS_MAX, Math.max(8, Math.floor(plotWidth / BAR_WIDTH_MIN)));
  const bins = useMemo(() => toLogBins(durations, barsMax), [durations, barsMax]);
  if (bins === null) return <div ref={ref} class="histogram" />;

  const { bars, minMs, maxMs, countMax } = bins;
  const ground = HEIGHT - BOTTOM;
  const ticks = toValueTicks(countMax, 4, 'count');
  const top = ticks.at(-1) ?? 1;
  const toX = (ms: number) => LEFT + toLogPosition(ms, minMs, maxMs) * plotWidth;
  const toY = (count: number) => ground - (count / top) * (ground - TOP);
  const bar = at === null ? undefined : bars[at];

  function onKeyDown(event: KeyboardEvent): void {
    const last = bars.length - 1;
    let next: number;
    if (event.key === 'ArrowRight') next = at === null ? 0 : Math.min(last, at + 1);
    else if (event.key === 'ArrowLeft') next = at === null ? last : Math.max(0, at - 1);
    else if (event.key === 'Home') next = 0;
    else if (event.key === 'End') next = last;
    else if (event.key === 'Enter' && bar !== undefined && bar.count > 0) {
      event.preventDefault();
      onSelect?.(bar.fromMs, bar.toMs);
      return;
    } else return;
    event.preventDefault();
    setAt(next);
  }

  return (
    <div ref={ref} class="histogram">
      {width > 0 && (
        <svg
          width={width}
          height={HEIGHT}
          viewBox={`0 0 ${width} ${HEIGHT}`}
          tabIndex={0}
          role="application"
          aria-roledescription="histogram"
          aria-label={`${label}. Arrow keys read it.`}
          focusable="true"
          onKeyDown={onKeyDown}
          onPointerLeave={() => setAt(null)}
          onBlur={() => setAt(null)}
        >
          <g class="chart-grid" aria-hidden="true">
            {ticks.map((tick) => (
              <g key={tick}>
                <line x1={LEFT} x2={width - RIGHT} y1={toY(tick)} y2={toY(tick)} />
                <text x={LEFT - 8} y={toY(tick)} dy="0.32em" text-anchor="end">
                  {formatMark(tick, 'count')}
                </text>
              </g>
            ))}
            {toDurationMarks(minMs, maxMs, MARK_GAP_PX / Math.max(1, plotWidth)).map((ms) => (
              <g key={ms}>
                <line x1={toX(ms)} x2={toX(ms)} y1={ground} y2={ground + 4} />
                <text x={toX(ms)} y={ground + 17} text-anchor={toX(ms) > width - 24 ? 'end' : 'middle'}>
                  {formatMarkDuration(ms)}
                </text>
              </g>
            ))}
          </g>
          <g class="histogram-bars" aria-hidden="true">
            {bars.map((one, index) => {
              const x = toX(one.fromMs);
              const barWidth = Math.max(1, toX(one.toMs) - x - 1);
              return (
                <g
                  key={index}
                  data-current={index === at ? '' : undefined}
                  data-link={onSelect !== undefined && one.count > 0 ? '' : undefined}
                  onPointerEnter={() => setAt(index)}
                  onClick={() => {
                    if (one.count > 0) onSelect?.(one.fromMs, one.toMs);
                  }}
                >
                  <rect class="histogram-catch" x={x} y={TOP} width={barWidth + 1} height={ground - TOP} />
                  {one.count > 0 && (
                    <rect
                      class="histogram-bar"
                      x={x}
                      // A bar of one among thousands is still seen.
                      y={Math.min(toY(one.count), ground - 1.5)}
                      width={barWidth}
                      height={Math.max(1.5, ground - toY(one.count))}
                    />
                  )}
                </g>
              );
            })}
          </g>
          <g class="histogram-markers" aria-hidden="true">
            {markers.map(({ word, ms }, index) => {
              const x = toX(ms);
              const isLeft = x > LEFT + plotWidth * 0.72;
              // Each on a line of its own: close together they would write over one another.
              const y = 12 + index * 14;
              return (
                <g key={word}>
                  <line x1={x} x2={x} y1={y - 8} y2={ground} />
                  <text
                    x={isLeft ? x - LABEL_GAP : x + LABEL_GAP}
                    y={y}
                    text-anchor={isLeft ? 'end' : 'start'}
                  >
                    {word}
                  </text>
                </g>
              );
            })}
          </g>
        </svg>
      )}
      <p class="histogram-readout" aria-live="polite" data-hint={bar === undefined ? '' : undefined}>
        {bar === undefined
          ? onSelect === undefined
            ? ''
            : `Choose a bar for its ${noun}`
          : toSentence(bar, noun)}
      </p>
    </div>
  );
}

function toSentence(bar: DurationBar, noun: string): string {
  const range =
    bar.fromMs === 0
      ? `under ${formatMarkDuration(bar.toMs)}`
      : `${formatMarkDuration(bar.fromMs)} to ${formatMarkDuration(bar.toMs)}`;
  return `${range}: ${formatCount(bar.count)} ${noun}`;
}
