import { expect, it } from 'vitest';

import { runRounds } from './rounds.ts';

it('gives every contestant one turn in each round, and each round begins with another', async () => {
  const order: string[] = [];
  const measures = await runRounds(['a', 'b', 'c'], 3, async (name) => order.push(name));
  expect(order.join('')).toBe('abcbcacab');
  expect([...measures.values()].map(({ length }) => length)).toEqual([3, 3, 3]);
});
