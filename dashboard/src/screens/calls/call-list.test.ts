import { describe, expect, it } from 'vitest';
import type { CallView, Page } from '../../data/types.ts';
import type { CallListOptions } from './call-list.ts';

import { parseFilter } from '../../../../hub/src/api/filter.ts';
import { makeCallList } from './call-list.ts';

function call(id: string, second = 0, state: CallView['state'] = 'live'): CallView {
  const at = `2025-12-13T12:00:${String(second).padStart(2, '0')}.000Z`;
  return {
    id,
    state,
    stale: false,
    type: 'web_call',
    phone_number: null,
    customer: null,
    started_at: at,
    ended_at: null,
    duration_ms: null,
    error: null,
    end_reason: null,
    summary: null,
    sequence: 1,
    first_report_at: at,
    live_since: at,
    updated_at: at,
  };
}

/** A hub whose answers are given by hand, and a clock that is turned by hand. */
function makeStage(q = '', more: Partial<CallListOptions> = {}) {
  let nowMs = 0;
  let isHeld = false;
  let timers: { readonly atMs: number; readonly run: () => void }[] = [];
  const reads: { readonly cursor: string | null; readonly answer: (page: Page<CallView>) => void }[] = [];
  const parsed = parseFilter(q);
  const list = makeCallList({
    filter: parsed.kind === 'filter' ? parsed.filter : null,
    known: undefined,
    read: (cursor) =>
      new Promise((resolve) => {
        reads.push({ cursor, answer: resolve });
      }),
    isHeld: () => isHeld,
    changed: () => {},
    now: () => nowMs,
    later(run, ms) {
      const timer = { atMs: nowMs + ms, run };
      timers.push(timer);
      return () => {
        timers = timers.filter((one) => one !== timer);
      };
    },
    ...more,
  });
  return {
    list,
    reads,
    ids: () => list.state().rows.map(({ id }) => id),
    hold(value: boolean) {
      isHeld = value;
    },
    async answer(calls: readonly CallView[], next: string | null = null) {
      reads.at(-1)?.answer({ data: calls, next_cursor: next, has_more: next !== null });
      // The page goes through two promises of the list.
      await new Promise((resolve) => {
        setImmediate(resolve);
      });
    },
    pass(ms: number) {
      nowMs += ms;
      const due = timers.filter((timer) => timer.atMs <= nowMs);
      timers = timers.filter((timer) => timer.atMs > nowMs);
      for (const timer of due) timer.run();
    },
  };
}

describe('makeCallList', () => {
  it('slides new calls in at the top and changes others where they stand, without asking the hub', async () => {
    const { list, ids, answer, reads } = makeStage();
    list.load();
    await answer([call('b', 2), call('a', 1)]);
    list.take([call('a', 3, 'ended'), call('c', 4)]);
    expect(ids()).toEqual(['c', 'b', 'a']);
    expect(list.state().rows.at(-1)?.state).toBe('ended');
    expect(reads).toHaveLength(1);
  });

  it('lets new ones wait while the list is held, and shows them when asked', async () => {
    const { list, ids, answer, hold } = makeStage();
    list.load();
    await answer([call('a', 1)]);
    hold(true);
    list.take([call('b', 2), call('c', 3)]);
    list.take([call('b', 4, 'ended')]);
    expect(ids()).toEqual(['a']);
    expect(list.state().newCount).toBe(2);
    list.showNew();
    expect(ids()).toEqual(['b', 'c', 'a']);
    expect(list.state().newCount).toBe(0);
  });

  it('holds further pages, and reads the top anew when what is new is asked for', async () => {
    const { list, ids, answer, reads } = makeStage();
    list.load();
    await answer([call('b', 2)], 'next');
    list.loadMore();
    expect(reads.at(-1)?.cursor).toBe('next');
    await answer([call('b', 2), call('a', 1)]);
    expect(ids()).toEqual(['b', 'a']);
    list.take([call('c', 3)]);
    expect(ids()).toEqual(['b', 'a']);
    expect(list.state().newCount).toBe(1);
    list.showNew();
    await answer([call('c', 3), call('b', 2)], 'next');
    expect(ids()).toEqual(['c', 'b']);
  });

  it('asks the hub about what it cannot judge, at most once per 2 s', async () => {
    const { list, ids, answer, reads, pass } = makeStage('error:STT');
    list.load();
    await answer([call('a', 1, 'failed')]);
    list.take([call('x', 2, 'failed')]);
    expect(reads).toHaveLength(2);
    expect(ids()).toEqual(['a']);
    await answer([call('x', 2, 'failed'), call('a', 1, 'failed')]);
    expect(ids()).toEqual(['x', 'a']);
    for (let change = 0; change < 50; change += 1) list.take([call(`y${change}`, 3)]);
    expect(reads).toHaveLength(2);
    pass(2_000);
    expect(reads).toHaveLength(3);
  });

  it('takes out what no longer belongs once the hub has said so, and not from under a reader', async () => {
    const { list, ids, answer, reads, pass, hold } = makeStage('state:live');
    list.load();
    await answer([call('b', 2), call('a', 1)]);
    list.take([call('a', 3, 'ended'), call('z', 3, 'failed')]);
    expect(ids()).toEqual(['b', 'a']);
    expect(reads).toHaveLength(2);
    hold(true);
    await answer([call('b', 2)]);
    expect(ids()).toEqual(['b', 'a']);
    hold(false);
    list.take([call('b', 4, 'failed')]);
    pass(2_000);
    await answer([]);
    expect(ids()).toEqual([]);
  });

  it('reads the top anew rather than show a list with a hole', async () => {
    const { list, ids, answer, hold, reads } = makeStage('error:STT');
    list.load();
    await answer([call('a', 1)], 'next');
    hold(true);
    list.take([call('n', 2)]);
    await answer([call('n', 2), call('m', 2)], 'next');
    expect(list.state().newCount).toBe(2);
    list.showNew();
    expect(reads).toHaveLength(3);
    await answer([call('n', 2), call('m', 2)], 'next');
    expect(ids()).toEqual(['n', 'm']);
  });

  it('keeps its rows when a page cannot be read, and says why', async () => {
    const { list, ids } = makeStage('', {
      known: { rows: [call('a')], cursor: null },
      read: () => Promise.reject(new Error('down')),
    });
    list.load();
    await new Promise((resolve) => {
      setImmediate(resolve);
    });
    expect(ids()).toEqual(['a']);
    expect(list.state().fault?.problem.detail).toBe('down');
  });
});
