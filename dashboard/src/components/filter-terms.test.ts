import { describe, expect, it } from 'vitest';

import { parseFilter } from '../../../hub/src/api/filter.ts';
import { isInQuotes, joinTerms, quoteValue, splitTerms, toParts } from './filter-terms.ts';

describe('the words of a filter', () => {
  it('are split at spaces, but not at those in quotes', () => {
    const text = ' state:live,ended  error:"STT \\"x\\" failed" -state:dead ';
    expect(splitTerms(text).map((term) => term.text)).toEqual([
      'state:live,ended',
      String.raw`error:"STT \"x\" failed"`,
      '-state:dead',
    ]);
    for (const term of splitTerms(text)) expect(text.slice(term.start, term.end)).toBe(term.text);
  });

  it('end with an open quote as one word', () => {
    expect(splitTerms('error:"not closed').map((term) => term.text)).toEqual(['error:"not closed']);
    expect(splitTerms('error:"not closed\\').map((term) => term.text)).toEqual(['error:"not closed\\']);
    expect(isInQuotes('error:"not closed ')).toBe(true);
    expect(isInQuotes('error:"closed" ')).toBe(false);
  });

  it('come together again as they were', () => {
    const text = 'state:live error:"a b"';
    expect(joinTerms(splitTerms(text).map((term) => term.text))).toBe(text);
  });

  it('have parts', () => {
    expect(toParts('-state:dead')).toEqual({ isNot: true, qualifier: 'state', value: 'dead' });
    expect(toParts('error:"a:b"')).toEqual({ isNot: false, qualifier: 'error', value: '"a:b"' });
    expect(toParts('word')).toBeNull();
  });

  it.each(['plain', 'two words', 'a "quote"', 'back\\slash', 'a,b', ''])(
    'quote %j so that the hub reads it again',
    (value) => {
      const parsed = parseFilter(`error:${quoteValue(value)}`);
      expect(parsed).toMatchObject({ kind: 'filter', filter: { error: value } });
    },
  );
});
