/**
 * Runs replay jobs at delivery's pace: a step of at most STEP_MAX deliveries at a time, each step one
 * transaction that moves the job's own cursor, so that a crash repeats no step and loses none.
 */
import type { Clock } from '../clock.ts';
import type { ReplayId } from '../journal/ids.ts';
import type { DeliveryJournal } from '../journal/deliveries.ts';
import type { Replay } from '../journal/replays.ts';

/** Small enough that a step holds the journal's writer for a few milliseconds only. */
const STEP_MAX = 200;
/** Between two steps of one job, so that reports and outcomes get the writer in between. */
const STEP_INTERVAL_MS = 20;

export interface ReplayRunner {
  start(): void;
  stop(): Promise<void>;
}

export function createReplayRunner(options: {
  readonly journal: Pick<DeliveryJournal, 'listRunnableReplays' | 'advanceReplay'>;
  readonly clock: Clock;
  readonly pollMs: number;
  readonly troubled: (error: unknown) => void;
}): ReplayRunner {
  const { journal, clock, pollMs, troubled } = options;
  /** When a job may take its next step, kept in step with its rate. */
  const nextStepAtMs = new Map<ReplayId, number>();
  let running = false;
  let cancelTimer: (() => void) | null = null;
  let turn: Promise<void> = Promise.resolve();

  async function runTurn(): Promise<number> {
    const replays = await journal.listRunnableReplays();
    if (replays.length === 0) {
      nextStepAtMs.clear();
      return pollMs;
    }
    for (const replay of replays) {
      if (running) await runStep(replay);
    }
    return STEP_INTERVAL_MS;
  }

  async function runStep(replay: Replay): Promise<void> {
    const nowMs = clock.nowMs();
    const rate = replay.request.ratePerSecond;
    const dueAtMs = nextStepAtMs.get(replay.id) ?? nowMs;
    if (nowMs < dueAtMs) return;
    // A capped job takes a tenth of a second's worth at a time, at least one delivery.
    const limit = rate === null ? STEP_MAX : Math.min(STEP_MAX, Math.max(1, Math.floor(rate / 10)));
    const after = await journal.advanceReplay(replay.id, limit);
    if (rate !== null) {
      const made = after.created - replay.created;
      nextStepAtMs.set(replay.id, Math.max(dueAtMs, nowMs - 1_000) + (made * 1_000) / rate);
    }
  }

  function schedule(delayMs: number): void {
    if (!running) return;
    cancelTimer = clock.setTimer(() => {
      turn = runTurn().then(schedule, (error: unknown) => {
        troubled(error);
        schedule(pollMs);
      });
    }, delayMs);
  }

  return {
    start() {
      running = true;
      schedule(0);
    },
    async stop() {
      running = false;
      cancelTimer?.();
      await turn;
    },
  };
}
