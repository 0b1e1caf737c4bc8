import { describe, expect, it } from 'vitest';
import type { StreamMessage } from './sse.ts';
import type { Link } from './stream-relay.ts';

import { makeRelay } from './stream-relay.ts';

const link: Link = { state: 'live', sinceMs: 0, heardMs: 0 };
const call = (row: number): StreamMessage => ({ event: 'call', id: String(row), data: `{"row":${row}}` });
const resync = (row: number): StreamMessage => ({ event: 'resync', id: String(row), data: '{}' });
const overview = (at: string): StreamMessage => ({ event: 'overview', id: '1', data: at });
const rows = (messages: readonly StreamMessage[] | null) =>
  messages?.map((message) => Number(message.id)) ?? null;

function welcome(relay: ReturnType<typeof makeRelay>, lastId: number | null) {
  const note = relay.welcome({ kind: 'hello', from: 'tab', lastId }, link);
  if (note.kind !== 'welcome') throw new Error(note.kind);
  return note;
}

describe('how tabs share one stream', () => {
  it('takes no call twice, whoever tells it', () => {
    const relay = makeRelay();
    expect(rows(relay.take([call(5), call(6)]))).toEqual([5, 6]);
    expect(rows(relay.take([call(6), call(7)]))).toEqual([7]);
    expect(relay.lastId()).toBe(7);
  });

  it('a tab that comes back gets exactly what it missed', () => {
    const relay = makeRelay();
    relay.take([call(5), call(6), call(9)]);
    expect(rows(welcome(relay, 6).missed)).toEqual([9]);
    expect(rows(welcome(relay, 4).missed)).toEqual([5, 6, 9]);
    expect(rows(welcome(relay, 9).missed)).toEqual([]);
  });

  it('a tab that missed more than is kept, or never saw anything, reads all anew', () => {
    const relay = makeRelay();
    relay.take([call(5)]);
    expect(welcome(relay, 3).missed).toBeNull();
    expect(welcome(relay, null)).toMatchObject({ missed: null, lastId: 5 });
    relay.take(Array.from({ length: 1_500 }, (_, index) => call(10 + index)));
    expect(welcome(relay, 10).missed).toBeNull();
    expect(rows(welcome(relay, 509).missed)).toHaveLength(1_000);
  });

  it('after a resync rows below what was seen are taken again: the journal may have been restored', () => {
    const relay = makeRelay();
    relay.take([call(100)]);
    relay.take([resync(10)]);
    expect(rows(relay.take([call(11)]))).toEqual([11]);
    expect(welcome(relay, 100).missed).toEqual([]);
    expect(welcome(relay, 9).missed).toBeNull();
  });

  it('shows a new tab the last overview at once', () => {
    const relay = makeRelay();
    relay.take([overview('a'), overview('b')]);
    expect(welcome(relay, null).overview).toEqual(overview('b'));
  });
});
