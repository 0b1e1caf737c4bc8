import { describe, expect, it } from 'vitest';
import type { OperationalEntry } from '../journal/operational-events.ts';

import { createSimClock } from '../../../test/support/sim-clock.ts';
import { createOperationalFeed, OPERATIONAL_FEED_MS, OPERATIONAL_TOLD_MAX } from './operational-feed.ts';

function makeEntry(number: number): OperationalEntry {
  return {
    id: `ope_${number}`,
    accountId: 'default',
    atMs: number,
    callId: null,
    content: {
      type: 'source.resumed',
      source: { id: 'api', kind: 'api', name: 'API' },
      silent_since: '2026-11-22T08:00:00.000Z',
    },
  };
}

/** A journal of which only the newest entries are asked for. */
function open(entries: OperationalEntry[]) {
  const clock = createSimClock(0);
  const troubles: string[] = [];
  const state = { looks: 0, reads: 0, isBroken: false };
  const feed = createOperationalFeed({
    journal: {
      async readOperationalEnd() {
        state.looks += 1;
        if (state.isBroken) throw new Error('broken');
        return Number(entries.at(-1)?.id.slice('ope_'.length) ?? 0);
      },
      async listOperationalEvents(_accountId, _filter, { limit }) {
        state.reads += 1;
        if (state.isBroken) throw new Error('broken');
        return { items: entries.toReversed().slice(0, limit), nextCursor: null };
      },
    },
    clock,
    troubled: (detail) => troubles.push(detail),
  });
  const watch = () => {
    const told: string[] = [];
    const stop = feed.watch('default', {
      show: ({ id }) => told.push(id),
      resync: () => told.push('resync'),
    });
    return { told, stop };
  };
  let untilMs = 0;
  const pass = async () => {
    untilMs += OPERATIONAL_FEED_MS;
    await clock.runUntil(untilMs);
    await clock.settle();
  };
  return { watch, pass, clock, state, troubles };
}

describe('the feed of operational events', () => {
  it('tells each watcher what comes from then on, in order, once', async () => {
    const entries = [makeEntry(1)];
    const { watch, pass, clock } = open(entries);
    const first = watch();
    await clock.settle();
    entries.push(makeEntry(2), makeEntry(3));
    await pass();
    const second = watch();
    entries.push(makeEntry(4));
    await pass();
    await pass();
    expect([first.told, second.told]).toEqual([['ope_2', 'ope_3', 'ope_4'], ['ope_4']]);
  });

  it('tells the first there ever is', async () => {
    const entries: OperationalEntry[] = [];
    const { watch, pass, clock } = open(entries);
    const { told } = watch();
    await clock.settle();
    entries.push(makeEntry(1));
    await pass();
    expect(told).toEqual(['ope_1']);
  });

  it('says that some were left out where more came than it tells, or what it knew is gone', async () => {
    const entries = [makeEntry(1)];
    const { watch, pass, clock } = open(entries);
    const { told } = watch();
    await clock.settle();
    for (let number = 2; number < OPERATIONAL_TOLD_MAX + 3; number += 1) entries.push(makeEntry(number));
    await pass();
    expect(told).toEqual(['resync']);
    entries.splice(0, entries.length, makeEntry(100));
    await pass();
    expect(told).toEqual(['resync', 'resync']);
    entries.push(makeEntry(101));
    await pass();
    expect(told.at(-1)).toBe('ope_101');
  });

  it('asks nothing while nobody watches', async () => {
    const { watch, pass, clock, state } = open([]);
    const { stop } = watch();
    await clock.settle();
    await pass();
    stop();
    const { looks } = state;
    expect(looks).toBe(2);
    await pass();
    expect(state.looks).toBe(looks);
  });

  it('reads them only when there is a new one', async () => {
    const entries = [makeEntry(1)];
    const { watch, pass, clock, state } = open(entries);
    watch();
    await clock.settle();
    for (let second = 0; second < 5; second += 1) await pass();
    expect(state).toMatchObject({ looks: 6, reads: 1 });
    entries.push(makeEntry(2));
    await pass();
    await pass();
    expect(state).toMatchObject({ looks: 8, reads: 2 });
  });

  it('goes on where it was after trouble, of which it tells once', async () => {
    const entries = [makeEntry(1)];
    const { watch, pass, clock, state, troubles } = open(entries);
    const { told } = watch();
    await clock.settle();
    state.isBroken = true;
    await pass();
    await pass();
    entries.push(makeEntry(2));
    state.isBroken = false;
    await pass();
    expect(told).toEqual(['ope_2']);
    expect(troubles).toHaveLength(1);
  });
});
