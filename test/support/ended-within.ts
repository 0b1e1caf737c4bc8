/**
 * Waits for what must end in time, and fails where it does not. Time is counted in turns of this process's event loop:
 * a machine that stands still for two seconds takes one turn from what is tested, where a difference between two
 * readings of a clock would blame it for both seconds. What hangs still hangs, turn after turn.
 */
export async function endedWithin<Result>(work: Promise<Result>, limitMs: number): Promise<Result> {
  const late = Promise.withResolvers<never>();
  let turnsLeft = Math.ceil(limitMs / TURN_MS);
  const timer = setInterval(() => {
    turnsLeft -= 1;
    if (turnsLeft === 0) late.reject(new Error(`It had not ended after ${limitMs} ms.`));
  }, TURN_MS);
  try {
    return await Promise.race([work, late.promise]);
  } finally {
    clearInterval(timer);
  }
}

const TURN_MS = 20;
