import { spawnSync } from 'node:child_process';
import fc from 'fast-check';
import { describe, expect, it } from 'vitest';

import { quoteForShell } from './shell-quote.ts';

/** What a shell hands to a program for this word. */
function runWord(shell: string, word: string): string {
  const ran = spawnSync(shell, ['-c', `printf '%s|' ${word}`], { encoding: 'utf8' });
  expect(ran.stderr).toBe('');
  return ran.stdout;
}

const HOSTILE = [
  '',
  "it's",
  "'; touch /tmp/owned; echo '",
  '$(touch /tmp/owned)',
  '`touch /tmp/owned`',
  '${HOME} $HOME $$ $?',
  String.raw`\' \\ \n \0`,
  '"double" & | ; < > ( ) { } [ ] * ? ~ # !',
  '!! !$ !-1',
  '-rf --output /etc/passwd @/etc/passwd',
  '\u{1B}[201~\ntouch /tmp/owned\n',
  '\u{9B}31mred',
  'tab\there, line\nfeed, return\r\n',
  'left \u{202E}thgir\u{202C} \u{200B} \u{2066}',
  '\u{2028}\u{2029}\u{7F}\u{85}',
  'ünï çødé 電話 🤙🏽',
  "\u{7}7'7!\\7",
];

describe('quoteForShell', () => {
  it.each(HOSTILE)('hands %j to a program unchanged, as one word', (text) => {
    expect(runWord('bash', quoteForShell(text))).toBe(`${text}|`);
  });

  it('shows a terminal nothing that it would act on by itself', () => {
    for (const text of HOSTILE) expect(quoteForShell(text)).not.toMatch(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}]/u);
  });

  it('leaves visible text readable', () => {
    expect(quoteForShell('{"error":"STT connection failed"}')).toBe(`'{"error":"STT connection failed"}'`);
  });

  it('says NUL and lone surrogates, which no argument can hold, as the replacement character', () => {
    expect(runWord('bash', quoteForShell('a\0b\u{D800}c'))).toBe('a\u{FFFD}b\u{FFFD}c|');
  });

  it('holds for any text', () => {
    const word = fc.string({
      unit: fc.oneof(
        fc.constantFrom("'", '\\', '!', '$', '\n', '\u{1B}', '7'),
        fc.string({ unit: 'binary', minLength: 1, maxLength: 1 }),
      ),
    });
    fc.assert(
      fc.property(word, (text) => {
        expect(runWord('bash', quoteForShell(text))).toBe(
          `${text.replaceAll('\0', '\u{FFFD}').toWellFormed()}|`,
        );
      }),
      { numRuns: 150 },
    );
  });
});
