import type { Contestant } from '../contestants/contestant.ts';

/** What every workload is given. */
export interface WorkloadContext {
  readonly size: Size;
  /** Those that can run here and were asked for. */
  readonly contestants: readonly Contestant[];
  readonly secret: string;
  /** On a real disk. */
  readonly dir: string;
  readonly profileDir: string | null;
  /** Says what goes on, on one line. */
  tell(line: string): void;
}

/** How long and how often. `tiny` only shows that every workload runs: its figures mean nothing. */
export interface Size {
  readonly name: 'tiny' | 'full';
  readonly warmUpMs: number;
  readonly throughput: {
    readonly destinations: readonly number[];
    readonly rounds: number;
    readonly turnMs: number;
  };
  readonly latency: { readonly rounds: number; readonly turnMs: number };
  readonly isolation: { readonly hostile: number; readonly rounds: number; readonly turnMs: number };
  readonly backlog: { readonly pending: number; readonly rounds: number; readonly turnMs: number };
  readonly analytics: {
    readonly events: number;
    readonly days: number;
    readonly destinations: number;
    readonly rounds: number;
  };
  readonly viewers: { readonly count: number; readonly rounds: number; readonly turnMs: number };
}

export const SIZES: Readonly<Record<Size['name'], Size>> = {
  tiny: {
    name: 'tiny',
    warmUpMs: 300,
    throughput: { destinations: [10], rounds: 1, turnMs: 400 },
    latency: { rounds: 1, turnMs: 600 },
    isolation: { hostile: 8, rounds: 1, turnMs: 600 },
    backlog: { pending: 3_000, rounds: 1, turnMs: 400 },
    analytics: { events: 20_000, days: 3, destinations: 4, rounds: 5 },
    viewers: { count: 20, rounds: 1, turnMs: 600 },
  },
  full: {
    name: 'full',
    warmUpMs: 3_000,
    throughput: { destinations: [1, 100, 1_000], rounds: 5, turnMs: 3_000 },
    latency: { rounds: 5, turnMs: 6_000 },
    isolation: { hostile: 100, rounds: 5, turnMs: 6_000 },
    backlog: { pending: 1_000_000, rounds: 5, turnMs: 3_000 },
    analytics: { events: 10_000_000, days: 30, destinations: 20, rounds: 60 },
    viewers: { count: 500, rounds: 5, turnMs: 10_000 },
  },
};
