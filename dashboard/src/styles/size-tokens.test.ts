import { readFileSync } from 'node:fs';
import { describe, expect, it } from 'vitest';

import { readSizes, writeSizesOut } from './size-tokens.ts';

const TOKENS = `@layer tokens {
  :root {
    /* --size-s: of a comment; */
    --text: black;
    --size-s: 0.75rem;
    --weight: 400;

    &[data-density='compact'] {
      --row: 2rem;
    }
  }

  @media (pointer: coarse) {
    :root {
      --row: 3rem;
    }
  }
}`;

describe('sizes that are written out', () => {
  it('are read from tokens.css, and stand where they were used', () => {
    const sizes = readSizes(TOKENS);
    expect([...sizes]).toEqual([
      ['--size-s', '0.75rem'],
      ['--weight', '400'],
    ]);
    expect(writeSizesOut('a { font: var(--weight) var(--size-s) var(--font); }', sizes, false)).toBe(
      'a { font: 400 0.75rem var(--font); }',
    );
    expect(writeSizesOut(TOKENS, sizes, true)).not.toMatch(/--size|--weight/);
    expect(writeSizesOut(TOKENS, sizes, true)).toContain('--row: 3rem;');
  });

  it.each(['--row: 2rem;', '--row: 3rem;'])('may not be declared anew beside %s', (place) => {
    expect(() => readSizes(TOKENS.replace(place, `${place} --size-s: 1rem;`))).toThrow('once');
  });

  it('may not be declared twice, nor in another file', () => {
    expect(() => readSizes(TOKENS.replace('--weight: 400;', '--weight: 400; --weight: 300;'))).toThrow(
      'once',
    );
    expect(() => writeSizesOut('.a { --size-s:1rem }', readSizes(TOKENS), false)).toThrow('tokens.css only');
  });

  it('are all known by the tokens of the dashboard', () => {
    const sizes = readSizes(readFileSync(new URL('tokens.css', import.meta.url), 'utf8'));
    expect(sizes.get('--space-4')).toBe('1rem');
    expect(sizes.get('--radius-full')).toBe('999px');
  });
});
