import type { CallStatisticsView } from '../../data/types.ts';

/** What each chart of calls is given. */
export interface ChartPanelProps {
  /** undefined until the first answer is there. */
  readonly view: CallStatisticsView | undefined;
  /** An address that shows this range for good, at this chart. */
  readonly permalink: (chartId: string) => string;
}
