import { describe, expect, it } from 'vitest';

import { makeStrokeSequence, SEQUENCE_MS_MAX, toStroke } from './key-strokes.ts';

const press = (key: string, more: object = {}) =>
  toStroke({ key, ctrlKey: false, metaKey: false, altKey: false, ...more });
const known = (name: string): boolean => ['g l', 'l', 'r', 'R', '?'].includes(name);

describe('what pressed keys are called', () => {
  it('letters as they are typed, with Ctrl or ⌘ as mod', () => {
    expect([press('R'), press('?'), press('K', { metaKey: true }), press('k', { ctrlKey: true })]).toEqual([
      'R',
      '?',
      'mod+k',
      'mod+k',
    ]);
  });

  it('named keys, space and Alt are no shortcuts', () => {
    expect([press('Enter'), press('Shift'), press(' '), press('å', { altKey: true })]).toEqual([
      null,
      null,
      null,
      null,
    ]);
  });

  it('two keys in time are one, too late they are two', () => {
    const sequence = makeStrokeSequence();
    expect(sequence.push('g', known, 0)).toBeNull();
    expect(sequence.push('l', known, SEQUENCE_MS_MAX)).toBe('g l');
    expect(sequence.push('g', known, 5_000)).toBeNull();
    expect(sequence.push('l', known, 5_001 + SEQUENCE_MS_MAX)).toBe('l');
  });

  it('a begun sequence that leads nowhere does not swallow the next key', () => {
    const sequence = makeStrokeSequence();
    expect(sequence.push('g', known, 0)).toBeNull();
    expect(sequence.push('r', known, 10)).toBe('r');
    expect(sequence.push('l', known, 20)).toBe('l');
  });
});
