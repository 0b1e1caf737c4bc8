import { NO_TIME } from '../destination.ts';
import type { AttemptResult, DestinationGround, FailureCause } from '../destination.ts';
import type { Budget, StopResult } from './crm-port.ts';

export interface RunningBudget extends Budget {
  elapsedMs(): number;
}

export function startBudget(
  ground: Pick<DestinationGround, 'monotonicMs'>,
  deadlineMs: number,
): RunningBudget {
  const startedAt = ground.monotonicMs();
  const elapsedMs = (): number => ground.monotonicMs() - startedAt;
  return { elapsedMs, remainingMs: () => Math.max(0, deadlineMs - elapsedMs()) };
}

export function ok<T>(value: T): { readonly kind: 'ok'; readonly value: T } {
  return { kind: 'ok', value };
}

export function stop(result: AttemptResult): StopResult {
  return { kind: 'stop', result };
}

/** Its time is filled in by the sender, which knows when the attempt began. */
export function stopFailed(cause: FailureCause, detail: string): StopResult {
  return stop({ kind: 'failed', cause, detail, timing: NO_TIME });
}

/** afterMs: until the time, which alone ends the wait, has passed. */
export function stopLater(afterMs: number, detail: string): StopResult {
  return stop({
    kind: 'later',
    afterMs: Math.ceil(afterMs),
    detail,
    timing: NO_TIME,
  });
}
