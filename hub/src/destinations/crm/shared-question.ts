/**
 * One question asked at the same time by several attempts is asked once. In: its key, what is left of the attempt, and
 * how to ask. Out: the answer, within that attempt's own time: who joins somebody that has less time left asks again
 * when theirs is over, and who joins somebody with more leaves when their own is.
 */
import type { DestinationGround } from '../destination.ts';
import { stopFailed } from './budget.ts';
import type { Budget, Step } from './crm-port.ts';

export interface SharedQuestions<T> {
  ask(key: string, budget: Budget, ask: () => Promise<Step<T>>): Promise<Step<T>>;
}

export function createSharedQuestions<T>(ground: Pick<DestinationGround, 'setTimer'>): SharedQuestions<T> {
  const underWay = new Map<string, Promise<Step<T>>>();

  async function askFirst(key: string, ask: () => Promise<Step<T>>): Promise<Step<T>> {
    const asking = ask();
    underWay.set(key, asking);
    try {
      return await asking;
    } finally {
      underWay.delete(key);
    }
  }

  return {
    async ask(key, budget, ask) {
      for (;;) {
        const joined = underWay.get(key);
        if (joined === undefined) return askFirst(key, ask);
        const step = await within(joined, budget, ground);
        if (!isOutOfTime(step) || budget.remainingMs() <= 0) return step;
      }
    },
  };
}

/** Out of the time of whoever asked: the deadline, or a turn that would have come too late for it. */
function isOutOfTime<T>(step: Step<T>): boolean {
  if (step.kind === 'ok') return false;
  const { result } = step;
  return result.kind === 'failed'
    ? result.cause === 'timeout'
    : result.kind === 'answered' && result.status === 429;
}

async function within<T>(
  asked: Promise<Step<T>>,
  budget: Budget,
  ground: Pick<DestinationGround, 'setTimer'>,
): Promise<Step<T>> {
  let cancel = (): void => {};
  const late = new Promise<Step<T>>((resolve) => {
    cancel = ground.setTimer(
      () => resolve(stopFailed('timeout', 'another attempt that asked the same was not answered in time')),
      Math.max(1, Math.ceil(budget.remainingMs())),
    );
  });
  try {
    return await Promise.race([asked, late]);
  } finally {
    cancel();
  }
}
