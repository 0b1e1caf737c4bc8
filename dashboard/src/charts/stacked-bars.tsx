/**
 * Parts of a whole over time, stacked from the bottom, with lines laid over them. It is a TimeChart: the canvas that has
 * come for the lines anyway paints bars too, with the same cursor and selection; SVG bars would be a second set of both.
 */
import { useMemo } from 'preact/hooks';
import type { TimeChartProps, TimeSeries } from './time-chart.tsx';

import { TimeChart } from './time-chart.tsx';

export interface StackedBarsProps extends Omit<TimeChartProps, 'series'> {
  readonly bars: readonly Omit<TimeSeries, 'shape'>[];
  readonly lines?: readonly Omit<TimeSeries, 'shape'>[] | undefined;
}

export function StackedBars({ bars, lines = NONE, ...rest }: StackedBarsProps) {
  const series = useMemo(
    () => [
      ...bars.map((bar): TimeSeries => ({ ...bar, shape: 'bar' })),
      ...lines.map((line): TimeSeries => ({ ...line, shape: 'line' })),
    ],
    [bars, lines],
  );
  return <TimeChart {...rest} series={series} />;
}

const NONE: readonly never[] = [];
