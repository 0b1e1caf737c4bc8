import { describe, expect, it } from 'vitest';
import { parseFilter } from '../../../../hub/src/api/filter.ts';
import { toCallsHref, toDurationFilter, toErrorFilter } from './analytics-links.ts';

const span = { sinceMs: Date.UTC(2025, 11, 13, 12), untilMs: Date.UTC(2025, 11, 13, 13) };

describe('toCallsHref', () => {
  it('leads to the calls of exactly this span', () => {
    expect(toCallsHref(span)).toBe('/calls?since=2025-12-13T12:00:00.000Z&until=2025-12-13T13:00:00.000Z');
    const query = new URL(toCallsHref(span, 'state:failed error:"a & b"'), 'http://hub').searchParams;
    expect(query.get('q')).toBe('state:failed error:"a & b"');
  });
});

describe('filters of the charts', () => {
  it('are understood by the one filter language', () => {
    expect(parseFilter(toErrorFilter(String.raw`say \"no\"`))).toMatchObject({
      kind: 'filter',
      filter: { callStates: ['failed'], error: 'say "no"' },
    });
    expect(parseFilter(toErrorFilter(''))).toMatchObject({ kind: 'filter' });
    expect(parseFilter(toDurationFilter(1_258.9, 1_584.9))).toMatchObject({
      filter: { durationMs: { min: 1_259, max: 1_584 } },
    });
    expect(parseFilter(toDurationFilter(0, 1_000))).toMatchObject({ filter: { durationMs: { max: 999 } } });
  });

  it('leave no duration between two bars, nor count one twice', () => {
    const parse = (from: number, to: number) => {
      const parsed = parseFilter(toDurationFilter(from, to));
      if (parsed.kind === 'fault') throw new Error(parsed.detail);
      return parsed.filter.durationMs;
    };
    expect((parse(1_000, 1_258.925)?.max ?? 0) + 1).toBe(parse(1_258.925, 1_584.9)?.min);
    expect((parse(1_000, 2_000)?.max ?? 0) + 1).toBe(parse(2_000, 4_000)?.min);
  });
});
