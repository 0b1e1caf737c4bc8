import { describe, expect, it } from 'vitest';
import { formatLength, isGrowing, readRange, toQuestion } from './analytics-range.ts';
import { sumDeliveries, toDeliveredCourse } from './call-slots.ts';
import { isReported, toMetrics } from './metrics.ts';

const totals = {
  connected: 1_284,
  ended: 1_200,
  failed: 63,
  finished: 1_263,
  error_rate: 63 / 1_263,
  clean_end_rate: 1_200 / 1_263,
  unpaired: 2,
  duration: { count: 1_261, mean_ms: 80_000, p50_ms: 72_000, p95_ms: 241_000, max_ms: 900_000 },
  short_calls: 12,
  active_peak: 37,
  active_peak_at: '2025-12-13T12:00:00.000Z',
  mean_active: 1.168,
  repeated: 4,
  late: 0,
  conflicting: 0,
  noted: 0,
};

describe('toMetrics', () => {
  it('shows what three statuses can tell, by its right name', () => {
    const metrics = toMetrics(totals, null);
    expect(metrics.map(({ name, value }) => `${name} ${value}`)).toEqual([
      'Connected calls 1,284',
      'Error rate 5 %',
      'Clean-end rate 95 %',
      'Median duration 1:12',
      'p95 duration 4:01',
      'Short calls 12',
      'Peak active 37',
      'Mean active 1.2',
    ]);
    expect(JSON.stringify(metrics)).not.toMatch(/ASR|answer.{0,9}(rate|ratio)/);
  });

  it('measures against the period before only where something was reported then', () => {
    const none = { ...totals, connected: 0, finished: 0, repeated: 0 };
    expect(isReported(none)).toBe(false);
    const before = { ...totals, connected: 1_000 };
    expect(toMetrics(totals, before)[0]).toMatchObject({ before: '1,000', change: { text: '28 %' } });
  });
});

describe('readRange', () => {
  it('compares unless told not to, and grows unless it has an end', () => {
    expect(readRange(new URLSearchParams('since=7d'))).toEqual({
      since: '7d',
      until: null,
      isCompared: true,
    });
    expect(isGrowing(readRange(new URLSearchParams('since=7d')))).toBe(true);
    const closed = readRange(new URLSearchParams('until=2025-12-13T12:00:00Z&compare=none'));
    expect(closed.isCompared).toBe(false);
    expect(isGrowing(closed)).toBe(false);
  });
});

describe('toQuestion', () => {
  const nowMs = Date.UTC(2025, 11, 13, 12, 7, 30);
  const ask = (query: string) => toQuestion(readRange(new URLSearchParams(query)), nowMs);

  it('asks for whole slots, of exactly the length that was chosen', () => {
    expect(ask('')).toEqual({ since: '2025-12-12T12:15:00.000Z', until: '2025-12-13T12:15:00.000Z' });
    expect(ask('since=7d')).toEqual({ since: '2025-12-06T13:00:00.000Z', until: '2025-12-13T13:00:00.000Z' });
    expect(ask('since=15m')).toEqual({
      since: '2025-12-13T11:53:00.000Z',
      until: '2025-12-13T12:08:00.000Z',
    });
  });

  it('asks as it was written where somebody gave instants, or nonsense the hub shall explain', () => {
    expect(ask('since=2025-12-13T10:00:00Z')).toEqual({ since: '2025-12-13T10:00:00Z', until: undefined });
    expect(ask('since=2d&until=1d')).toEqual({ since: '2d', until: '1d' });
    expect(ask('since=soon')).toEqual({ since: 'soon', until: undefined });
  });
});

describe('formatLength', () => {
  it('says how long a slot is', () => {
    expect(formatLength(3_600_000)).toBe('1 hour');
    expect(formatLength(900_000)).toBe('15 minutes');
    expect(formatLength(7 * 86_400_000)).toBe('7 days');
  });
});

describe('deliveries over time', () => {
  const view = {
    since: '2025-12-13T12:30:00.000Z',
    until: '2025-12-13T15:00:00.000Z',
    step_ms: 3_600_000,
    totals: { delivered: 3, failed_attempts: 3, dead: 1, success_rate: 0.5 },
    destinations: [1, 2].map((number) => ({
      destination_id: `dst_${number}`,
      name: null,
      kind: 'webhook',
      deleted: false,
      delivered: 0,
      failed_attempts: 0,
      dead: 0,
      success_rate: null,
      p50_ms: null,
      p95_ms: null,
      slots: [{ at: '2025-12-13T14:00:00.000Z', delivered: 1, failed_attempts: number, dead: 0 }],
    })),
  };

  it('are summed over all destinations, with the empty slots filled in', () => {
    const sums = sumDeliveries(view);
    expect(sums.atMs.map((at) => new Date(at).getUTCHours())).toEqual([12, 13, 14]);
    expect(sums.failed).toEqual([0, 0, 3]);
    expect(sums.delivered).toEqual([0, 0, 2]);
  });

  it('of one destination keep their sum in its course', () => {
    const [first] = view.destinations;
    if (first === undefined) throw new Error('no destination');
    const course = toDeliveredCourse(first.slots, view);
    expect(course.delivered.reduce((sum, one) => sum + one, 0)).toBe(1);
  });
});
