/** Deletes what ended before the retention cut, a little at a time, so that the writer is never held for long. */
import type { Clock } from './clock.ts';
import type { Journal } from './journal/journal.ts';

/** Calls per transaction; about 20 rows each. */
const CALLS_PER_RUN = 200;
/** Between runs while there is more to delete: other writers come first. */
const NEXT_RUN_MS = 200;
/** Between looks once nothing is left. */
const LOOK_MS = 10 * 60_000;
const FIRST_LOOK_MS = 60_000;
const DAY_MS = 86_400_000;

export interface Retention {
  stop(): void;
}

export function startRetention(options: {
  readonly journal: Pick<Journal, 'prune'>;
  readonly clock: Clock;
  readonly retentionDays: number;
  readonly pruned: (calls: number) => void;
  readonly troubled: (error: unknown) => void;
}): Retention {
  const { journal, clock } = options;
  let cancel = clock.setTimer(() => void run(), FIRST_LOOK_MS);
  let stopped = false;

  async function run(): Promise<void> {
    let nextMs = LOOK_MS;
    try {
      const calls = await journal.prune(clock.nowMs() - options.retentionDays * DAY_MS, CALLS_PER_RUN);
      if (calls > 0) {
        options.pruned(calls);
        nextMs = NEXT_RUN_MS;
      }
    } catch (error) {
      // A full or busy journal is said by the doors; the next look tries again.
      if (!stopped) options.troubled(error);
    }
    if (!stopped) cancel = clock.setTimer(() => void run(), nextMs);
  }

  return {
    stop() {
      stopped = true;
      cancel();
    },
  };
}
