import { describe, expect, it } from 'vitest';
import type { KeyId } from '../journal/ids.ts';
import type { Asker, NumberQuestions } from './number-questions.ts';

import { createNumberQuestions, NUMBER_QUESTIONS_PER_MINUTE_MAX } from './number-questions.ts';

function makeAsker(id = 'key_1', canReveal = false): Asker {
  return { keyId: id as KeyId, canReveal };
}

function open(): { questions: NumberQuestions; pass: (ms: number) => void } {
  let nowMs = 1_000;
  return {
    questions: createNumberQuestions({ monotonicMs: () => nowMs }),
    pass(ms) {
      nowMs += ms;
    },
  };
}

describe('whoever sees numbers masked', () => {
  it('asks for no beginnings, and for no digits inside errors that make part of a number', () => {
    const { questions } = open();
    for (const q of [
      'number:+316*',
      'state:failed number:"+31 6*"',
      'error:+3161',
      'error:61',
      'error:612',
      'error:"31 6 12"',
      'error:"3-1(6"',
      'ERROR:"٣١٦"',
    ]) {
      expect([q, questions.ask(makeAsker(), q, 'query')?.faults?.[0]?.code]).toEqual([q, 'masked']);
    }
    for (const q of [
      undefined,
      '',
      'state:failed',
      'error:STT',
      'error:"after 1 s, try 3"',
      'number:',
      'x',
    ]) {
      expect([q, questions.ask(makeAsker(), q, 'query')]).toEqual([q, null]);
    }
  });

  it('is told to reveal them where that can be done, and where the fault stands', () => {
    const { questions } = open();
    const operator = makeAsker('key_1', true);
    for (const q of ['number:+316*', 'error:3161']) {
      expect(questions.ask(operator, q, 'body')).toMatchObject({
        code: 'invalid_body',
        faults: [{ in: 'body', pointer: '/q', detail: expect.stringContaining('reveal numbers first') }],
      });
      expect(questions.ask(makeAsker(), q, 'query')?.detail).not.toContain('reveal numbers first');
    }
  });

  it('asks for so many numbers a minute, the same one as often as it likes', () => {
    const { questions, pass } = open();
    const ask = (index: number, asker = makeAsker()): string | undefined =>
      questions.ask(asker, `number:+316${10_000_000 + index}`, 'query')?.code;
    for (let index = 0; index < NUMBER_QUESTIONS_PER_MINUTE_MAX; index += 1) {
      expect(ask(index)).toBeUndefined();
      expect(ask(index)).toBeUndefined();
      pass(1_000);
    }
    expect(ask(99)).toBe('rate_limited');
    const refused = questions.ask(makeAsker(), 'error:"to +3"', 'query');
    expect(refused?.headers).toEqual({ 'Retry-After': '30' });
    expect(ask(0)).toBeUndefined();
    expect(ask(99, makeAsker('key_2'))).toBeUndefined();
    pass(30_000);
    expect(ask(99)).toBeUndefined();
    expect(ask(100)).toBe('rate_limited');
  });
});
