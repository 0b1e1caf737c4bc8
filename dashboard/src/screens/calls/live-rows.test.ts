import { describe, expect, it } from 'vitest';
import type { CallView } from '../../data/types.ts';

import { isDecidable, matchCall } from './call-match.ts';
import { addRows, appendRows, replaceRows } from './live-rows.ts';
import { parseFilter } from '../../../../hub/src/api/filter.ts';

function call(id: string, updatedAt = '2025-12-13T12:00:00.000Z', more: Partial<CallView> = {}): CallView {
  return {
    id,
    state: 'live',
    stale: false,
    type: 'web_call',
    phone_number: null,
    customer: null,
    started_at: null,
    ended_at: null,
    duration_ms: null,
    error: null,
    end_reason: null,
    summary: null,
    sequence: 1,
    first_report_at: updatedAt,
    live_since: updatedAt,
    updated_at: updatedAt,
    ...more,
  };
}

function asMap(...calls: readonly CallView[]): ReadonlyMap<string, CallView> {
  return new Map(calls.map((one) => [one.id, one]));
}

describe('replaceRows', () => {
  it('changes rows where they stand', () => {
    const rows = [call('a'), call('b'), call('c')];
    const ended = call('b', '2025-12-13T12:00:05.000Z', { state: 'ended' });
    expect(replaceRows(rows, asMap(ended))).toEqual([rows[0], ended, rows[2]]);
  });

  it('keeps what is newer than the change, and the same array where nothing changed', () => {
    const rows = [call('a', '2025-12-13T12:00:05.000Z', { state: 'ended' })];
    expect(replaceRows(rows, asMap(call('a')))).toBe(rows);
    expect(replaceRows(rows, asMap(call('x')))).toBe(rows);
    expect(replaceRows(rows, asMap({ ...(rows[0] as CallView) }))).toBe(rows);
  });
});

describe('addRows and appendRows', () => {
  it('show each call once, the latest change first', () => {
    const rows = [call('a')];
    const added = addRows(rows, [
      call('b', '2025-12-13T12:00:01.000Z'),
      call('a'),
      call('c', '2025-12-13T12:00:02.000Z'),
    ]);
    expect(added.map(({ id }) => id)).toEqual(['c', 'b', 'a']);
    expect(appendRows(added, [call('b'), call('d')]).map(({ id }) => id)).toEqual(['c', 'b', 'a', 'd']);
  });

  it('take a page on top of 100,000 calls well within a frame of patience', () => {
    const rows = Array.from({ length: 100_000 }, (_, index) => call(`call-${index}`));
    const page = Array.from({ length: 50 }, (_, index) => call(`more-${index}`));
    // The fastest of five: other work on the machine is not what is promised about.
    const tookMs = Array.from({ length: 5 }, () => {
      const startedMs = performance.now();
      expect(appendRows(rows, page)).toHaveLength(100_050);
      return performance.now() - startedMs;
    });
    expect(Math.min(...tookMs)).toBeLessThan(100);
  });
});

describe('matchCall', () => {
  const failed = call('a', undefined, { state: 'failed', duration_ms: 400_000, type: 'inbound_phone_call' });
  const read = (q: string) => {
    const parsed = parseFilter(q);
    if (parsed.kind === 'fault') throw new Error(parsed.detail);
    return parsed.filter;
  };

  it.each([
    ['', true],
    ['state:failed', true],
    ['state:live,ended', false],
    ['-state:failed', false],
    ['status:ended-with-error', true],
    ['-status:ended-with-error', false],
    ['type:inbound_phone_call duration:>5m', true],
    ['duration:<5m', false],
    ['call:a', true],
    ['call:b', false],
  ] as const)('says of %j what the hub would say', (q, isMatch) => {
    const filter = read(q);
    expect(isDecidable(filter)).toBe(true);
    expect(matchCall(filter, failed)).toBe(isMatch);
  });

  it.each(['error:STT', 'number:+3185*', 'source:api', 'destination:dst_1', 'state:dead'])(
    'asks the hub about %s',
    (q) => {
      expect(isDecidable(read(q))).toBe(false);
    },
  );
});
