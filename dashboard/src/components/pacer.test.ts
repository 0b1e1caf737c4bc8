import { describe, expect, it } from 'vitest';

import { makePacer } from './pacer.ts';

function makeStage() {
  const said: string[] = [];
  let nowMs = 0;
  let due: { run: () => void; atMs: number } | null = null;
  const pacer = makePacer({
    gapMs: 5_000,
    say: (text) => said.push(text),
    now: () => nowMs,
    later: (run, ms) => {
      const mine = { run, atMs: nowMs + ms };
      due = mine;
      return () => {
        if (due === mine) due = null;
      };
    },
  });
  return {
    said,
    push: (text: string, isUrgent = false) => pacer.push(text, isUrgent),
    pass: (ms: number) => {
      nowMs += ms;
      if (due !== null && due.atMs <= nowMs) {
        const { run } = due;
        due = null;
        run();
      }
    },
  };
}

describe('what is said to those who listen', () => {
  it('is said at once, then once per gap, and then the newest', () => {
    const stage = makeStage();
    for (const text of ['14 active', '15 active', '16 active']) stage.push(text);
    expect(stage.said).toEqual(['14 active']);
    stage.pass(4_999);
    expect(stage.said).toHaveLength(1);
    stage.pass(1);
    expect(stage.said).toEqual(['14 active', '16 active']);
    stage.push('17 active');
    expect(stage.said).toHaveLength(2);
    stage.pass(5_000);
    expect(stage.said.at(-1)).toBe('17 active');
  });

  it('does not wait when it answers a key, and takes what waited away', () => {
    const stage = makeStage();
    stage.push('14 active');
    stage.push('15 active');
    stage.push('Copied', true);
    stage.pass(10_000);
    expect(stage.said).toEqual(['14 active', 'Copied']);
  });

  it('is heard again when it is the same again', () => {
    const stage = makeStage();
    stage.push('Copied', true);
    stage.push('Copied', true);
    expect(stage.said[0]).not.toBe(stage.said[1]);
    expect(stage.said[1]?.trim()).toBe('Copied');
  });
});
