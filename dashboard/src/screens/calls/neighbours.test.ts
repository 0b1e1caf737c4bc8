import { describe, expect, it } from 'vitest';

import { parseList, toNeighbours } from './neighbours.ts';

const LIST = { href: '/calls?q=state:failed', ids: ['a', 'b/+ ü', 'c'] };

describe('toNeighbours', () => {
  it('knows what stands before and after in the list it came from', () => {
    expect(toNeighbours(LIST, 'b/+ ü')).toEqual({
      listHref: '/calls?q=state:failed',
      previous: 'a',
      next: 'c',
      place: 2,
      count: 3,
    });
    expect(toNeighbours(LIST, 'a').previous).toBeNull();
    expect(toNeighbours(LIST, 'c').next).toBeNull();
  });

  it('has none for a call that was opened by its address', () => {
    expect(toNeighbours(null, 'a')).toEqual({
      listHref: '/calls',
      previous: null,
      next: null,
      place: null,
      count: 0,
    });
    expect(toNeighbours(LIST, 'x')).toMatchObject({ previous: null, next: null, place: null });
  });
});

describe('parseList', () => {
  it('takes only a list of this dashboard, so that "back" leads nowhere else', () => {
    expect(parseList(LIST)).toEqual(LIST);
    expect(parseList({ ...LIST, href: 'https://evil.example/calls' })).toBeNull();
    expect(parseList({ ...LIST, href: '//evil.example' })).toBeNull();
    expect(parseList({ ...LIST, href: 'javascript:alert(1)' })).toBeNull();
    expect(parseList({ href: '/calls', ids: [1] })).toBeNull();
    expect(parseList('x')).toBeNull();
  });
});
