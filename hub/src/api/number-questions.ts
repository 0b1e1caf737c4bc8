/**
 * What those who see numbers masked may ask about them. A search is a question too: whoever may ask for beginnings, or
 * for any digits inside an error, reads a masked number digit by digit, and whoever may ask for many whole numbers
 * tries all that the mask leaves open.
 */
import type { Clock } from '../clock.ts';
import type { KeyId } from '../journal/ids.ts';
import type { Problem } from '../ingest/problem.ts';
import type { JournalFilter } from '../journal/filter.ts';

import { makeFault, makeProblem } from '../ingest/problem.ts';
import { parseFilter } from './filter.ts';

/** A mask leaves 10,000 numbers open: trying them all takes five and a half hours. */
export const NUMBER_QUESTIONS_PER_MINUTE_MAX = 30;
const WINDOW_MS = 60_000;
/** A key that falls out begins anew. */
const ASKERS_MAX = 10_000;

export interface NumberQuestions {
  /** Null lets the filter through. */
  ask(asker: Asker, q: unknown, where: 'query' | 'body'): Problem | null;
}

export interface Asker {
  /** Asked of the key, not of the session: sessions of a key can be opened without end. */
  readonly keyId: KeyId;
  readonly canReveal: boolean;
}

export function createNumberQuestions(clock: Pick<Clock, 'monotonicMs'>): NumberQuestions {
  /** By key: when each question was last let through, the longest ago first. */
  const asked = new Map<KeyId, Map<string, number>>();

  /** One that is asked again within the minute, as pages and their counts do, is no further guess. */
  function count(keyId: KeyId, question: string): Problem | null {
    const nowMs = clock.monotonicMs();
    const questions = asked.get(keyId) ?? new Map<string, number>();
    for (const [one, atMs] of questions) if (nowMs - atMs >= WINDOW_MS) questions.delete(one);
    if (questions.has(question)) return null;
    const [oldestAtMs] = questions.values();
    if (oldestAtMs !== undefined && questions.size >= NUMBER_QUESTIONS_PER_MINUTE_MAX) {
      return toTooMany(Math.max(1, Math.ceil((oldestAtMs + WINDOW_MS - nowMs) / 1000)));
    }
    questions.set(question, nowMs);
    asked.delete(keyId);
    asked.set(keyId, questions);
    const [longestAgo] = asked.keys();
    if (asked.size > ASKERS_MAX && longestAgo !== undefined) asked.delete(longestAgo);
    return null;
  }

  return {
    ask({ keyId, canReveal }, q, where) {
      // Most lists have no filter, or one without either word.
      if (typeof q !== 'string' || !/number|error/i.test(q)) return null;
      const parsed = parseFilter(q);
      // Whoever reads the filter says what is wrong with it.
      if (parsed.kind === 'fault') return null;
      const { number, error } = parsed.filter;
      if (number?.prefix === true) return toRefused(canReveal ? REVEAL_FOR_PREFIX : WHOLE_ONLY, where);
      if (error !== undefined && DIGITS.test(error)) {
        return toRefused(canReveal ? REVEAL_FOR_DIGITS : FEW_DIGITS, where);
      }
      const question = toQuestion({ number, error });
      return question === null ? null : count(keyId, question);
    },
  };
}

/**
 * With nothing but spaces and such between them: errors hold numbers as people write them. Two are enough to read one
 * by: which of the hundred pairs an error holds puts its digits in a row, all but surely.
 */
const DIGITS = /\p{Nd}[^\p{L}\p{Nd}]*\p{Nd}/u;

/** What of a filter tells something of a number; null where nothing does. */
function toQuestion({
  number,
  error,
}: {
  readonly number: JournalFilter['number'];
  readonly error: JournalFilter['error'];
}): string | null {
  const asksError = error !== undefined && /\p{Nd}/u.test(error);
  if (number === undefined && !asksError) return null;
  return JSON.stringify([number?.value ?? null, asksError ? error : null]);
}

const REVEAL_FOR_PREFIX =
  'Numbers are masked: reveal numbers first to search by their beginning, or search one whole, without a *.';
const WHOLE_ONLY = 'Numbers are masked for this key, so they are searched whole: number: without a *.';
const REVEAL_FOR_DIGITS =
  'Numbers are masked: reveal numbers first to search errors for more than one digit, or leave the digits out.';
const FEW_DIGITS = 'Numbers are masked for this key, so error: takes no two digits in a row: leave them out.';

function toRefused(detail: string, where: 'query' | 'body'): Problem {
  return makeFault(where === 'query' ? 'invalid_query' : 'invalid_body', where, '/q', detail, 'masked');
}

function toTooMany(waitS: number): Problem {
  return makeProblem(
    'rate_limited',
    `Numbers are masked, so at most ${NUMBER_QUESTIONS_PER_MINUTE_MAX} of them may be searched a minute: wait ${waitS} s, or reveal numbers first where you may.`,
    { headers: { 'Retry-After': String(waitS) } },
  );
}
