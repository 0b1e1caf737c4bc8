import { describe, expect, it } from 'vitest';
import { ok, stopFailed } from './budget.ts';
import type { Budget, Step } from './crm-port.ts';
import { createSharedQuestions } from './shared-question.ts';

describe('a question that several attempts ask at once', () => {
  it('is asked once, and again when it was answered', async () => {
    const { ask, answers } = open();
    const both = [ask(1_000), ask(1_000)];
    expect(answers).toHaveLength(1);
    answers[0]?.(ok('1'));
    expect(await Promise.all(both)).toEqual([ok('1'), ok('1')]);
    const next = ask(1_000);
    expect(answers).toHaveLength(2);
    answers[1]?.(ok('2'));
    expect(await next).toEqual(ok('2'));
  });

  it('is asked again by who has time left when the first one has none', async () => {
    for (const outOfTime of [stopFailed('timeout', 'too slow'), TOO_MANY]) {
      const { ask, answers } = open();
      const [first, second, third] = [ask(10), ask(5_000), ask(5_000)];
      answers[0]?.(outOfTime);
      expect(await first).toEqual(outOfTime);
      await Promise.resolve();
      expect(answers).toHaveLength(2);
      answers[1]?.(ok('1'));
      expect(await Promise.all([second, third])).toEqual([ok('1'), ok('1')]);
    }
  });

  it('is waited for by nobody longer than their own time', async () => {
    const { ask, answers, passTime } = open();
    const first = ask(30_000);
    const second = ask(1_000);
    passTime(1_000);
    expect(await second).toMatchObject({ kind: 'stop', result: { kind: 'failed', cause: 'timeout' } });
    answers[0]?.(ok('1'));
    expect(await first).toEqual(ok('1'));
    expect(answers).toHaveLength(1);
  });

  it('passes any other end on, also what was thrown', async () => {
    const { ask, answers } = open();
    const refused = stopFailed('settings', 'the token was rotated');
    const both = [ask(1_000), ask(1_000)];
    answers[0]?.(refused);
    expect(await Promise.all(both)).toEqual([refused, refused]);
    const { questions, budgetOf } = open();
    const bug = (): Promise<Step<string>> => Promise.reject(new Error('disk full'));
    const all = await Promise.allSettled([
      questions.ask('who', budgetOf(1_000), bug),
      questions.ask('who', budgetOf(1_000), bug),
    ]);
    expect(all.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  });
});

const TOO_MANY: Step<string> = {
  kind: 'stop',
  result: {
    kind: 'answered',
    status: 429,
    retryAfter: '10',
    abort: false,
    responseBody: null,
    timing: { firstByteMs: null, totalMs: 0 },
  },
};

function open() {
  let now = 0;
  const timers = new Set<{ readonly atMs: number; fire(): void }>();
  const questions = createSharedQuestions<string>({
    setTimer(fire, delayMs) {
      const timer = { atMs: now + delayMs, fire };
      timers.add(timer);
      return () => timers.delete(timer);
    },
  });
  const answers: ((step: Step<string>) => void)[] = [];
  const budgetOf = (ms: number): Budget => {
    const until = now + ms;
    return { remainingMs: () => Math.max(0, until - now) };
  };
  return {
    questions,
    answers,
    budgetOf,
    ask: (ms: number) =>
      questions.ask('who', budgetOf(ms), () => new Promise((resolve) => void answers.push(resolve))),
    passTime(ms: number) {
      now += ms;
      for (const timer of timers) if (timer.atMs <= now) timer.fire();
    },
  };
}
