/**
 * What is measured: something that takes a status update over HTTP and hands it to a destination over HTTP.
 * Every contestant is one hub process (and its store's process, where it has one); the load generator and
 * the destinations live together in the bench's own process, so that on two cores the hub has one for itself.
 */
export interface Contestant {
  readonly name: ContestantName;
  /** Why it cannot run here; null if it can. */
  findObstacle(): string | null;
  start(options: ContestantOptions): Promise<RunningContestant>;
}

export const CONTESTANT_NAMES = [
  'relay',
  'signing-relay',
  'bullmq-everysec',
  'bullmq-always',
  'offhook',
] as const;
export type ContestantName = (typeof CONTESTANT_NAMES)[number];

export const CONTESTANT_LABELS: Readonly<Record<ContestantName, string>> = {
  relay: 'bare relay',
  'signing-relay': 'relay that verifies and signs',
  'bullmq-everysec': 'BullMQ + Redis everysec',
  'bullmq-always': 'BullMQ + Redis always',
  offhook: 'Offhook, SQLite FULL',
};

export interface ContestantOptions {
  readonly destinations: readonly BenchDestination[];
  /** What the load generator signs with, and what hubs that sign use. */
  readonly secret: string;
  /** Empty, on a real disk: an fsync to a tmpfs costs nothing and would prove nothing. */
  readonly dataDir: string;
  /** Where to write a V8 CPU profile of the hub process; null for none. */
  readonly profileDir: string | null;
  /** For Node itself, of the hub process. */
  readonly nodeArguments?: readonly string[];
}

/** Gets the events of one of our numbers. */
export interface BenchDestination {
  readonly number: string;
  readonly url: string;
}

export interface Door {
  readonly port: number;
  readonly path: string;
}

export interface RunningContestant {
  readonly door: Door;
  /** All that work for it: the hub first, then its store. CPU time is summed over them. */
  readonly pids: readonly number[];
  stop(): Promise<void>;
}
