import type { BacklogResult } from '../workloads/backlog.ts';
import type { IsolationResult } from '../workloads/isolation.ts';
import type { LatencyResult } from '../workloads/latency.ts';
import type { ThroughputResult } from '../workloads/throughput.ts';
import type { AnalyticsResult } from '../workloads/analytics.ts';
import type { ViewersResult } from '../workloads/viewers.ts';
import type { Size } from '../workloads/workload.ts';
import type { Machine } from './machine.ts';

/** What one run measured, turn by turn; everything that is printed or drawn is derived from it. */
export interface Results {
  readonly startedAt: string;
  /** What a reader must know about this file beyond its figures. */
  readonly note?: string;
  readonly size: Size['name'];
  readonly machine: Machine;
  /** What was not run, and why. */
  readonly skipped: readonly string[];
  readonly throughput: readonly ThroughputResult[];
  readonly latency: LatencyResult | null;
  readonly isolation: IsolationResult | null;
  readonly backlog: BacklogResult | null;
  /** May be of a later run than the rest: nothing in it is compared with that. */
  readonly analytics?: AnalyticsResult | null;
  readonly viewers?: ViewersResult | null;
}
