import { describe, expect, it } from 'vitest';
import {
  LATER_MS_MAX,
  LATER_MS_MIN,
  LATER_TOTAL_MS_MAX,
  type AttemptResult,
} from '../destinations/destination.ts';
import { decideOutcome, limitLater, POISON_REJECTIONS, type Verdict } from './outcome.ts';

const timing = { firstByteMs: 3, totalMs: 4 };
const fresh = { attempts: 0, rejections: 0 };
const nowMs = Date.UTC(2026, 0, 1);

function answered(status: number, more: Partial<Extract<AttemptResult, { kind: 'answered' }>> = {}): Verdict {
  return { kind: 'answered', status, retryAfter: null, abort: false, responseBody: null, timing, ...more };
}

function decide(result: Verdict, delivery = fresh, scheduleS: readonly number[] | null = null) {
  return decideOutcome(result, delivery, scheduleS, nowMs, () => 0.5);
}

describe('decideOutcome', () => {
  it.each([200, 201, 202, 204, 226, 299])('takes %d as delivered', (status) => {
    expect(decide(answered(status))).toMatchObject({ outcome: 'delivered', lane: { kind: 'works' } });
  });

  it.each([100, 199, 301, 302, 307, 400, 401, 404, 408, 422, 429, 500, 502, 503, 599])(
    'retries after %d',
    (status) => {
      expect(decide(answered(status))).toMatchObject({ outcome: 'retry', delayMs: 5_000 });
    },
  );

  it('retries when no answer came', () => {
    const failed: Verdict = { kind: 'failed', cause: 'tls', detail: 'certificate expired', timing };
    expect(decide(failed)).toMatchObject({
      outcome: 'retry',
      detail: 'certificate expired',
      rejected: false,
      lane: { kind: 'fails', isLasting: false },
    });
  });

  it('takes what a kind calls done as delivered and keeps what it says', () => {
    const done: Verdict = { kind: 'done', detail: 'Call 4711 created in HubSpot', timing };
    expect(decide(done)).toMatchObject({
      outcome: 'delivered',
      detail: 'Call 4711 created in HubSpot',
      lane: { kind: 'works' },
    });
  });

  it('retries what was refused in words that are no status, and never takes it for poison', () => {
    const refused: Verdict = { kind: 'failed', cause: 'refused', detail: 'OOM', timing };
    expect(decide(refused, { attempts: 4, rejections: 4 })).toMatchObject({
      outcome: 'retry',
      rejected: false,
      releasesNext: false,
      lane: { kind: 'fails', isLasting: false },
    });
  });

  it('lets an answer to several events kill none of them, but has them sent alone', () => {
    const shared = (result: Verdict) => decideOutcome(result, fresh, null, nowMs, () => 0.5, true);
    expect(shared(answered(422))).toMatchObject({ outcome: 'retry', rejected: true });
    expect(shared(answered(500, { abort: true }))).toMatchObject({ outcome: 'retry', rejected: true });
    expect(shared(answered(503))).toMatchObject({ outcome: 'retry', rejected: false });
    expect(shared(answered(200))).toMatchObject({ outcome: 'delivered' });
  });

  it('gives up only when the schedule is used up', () => {
    expect(decide(answered(500), { attempts: 10, rejections: 0 }).outcome).toBe('retry');
    expect(decide(answered(500), { attempts: 11, rejections: 0 })).toMatchObject({
      outcome: 'dead',
      deadReason: 'exhausted',
    });
    expect(decide(answered(500), fresh, [])).toMatchObject({ outcome: 'dead', deadReason: 'exhausted' });
  });

  it('stops at once when the receiver asks for it', () => {
    expect(decide(answered(500, { abort: true }))).toMatchObject({ outcome: 'dead', deadReason: 'aborted' });
  });

  it('keeps the delivery and marks the destination gone after 410, even at the last try', () => {
    expect(decide(answered(410))).toMatchObject({
      outcome: 'retry',
      lane: { kind: 'gone' },
      rejected: false,
    });
    expect(decide(answered(410), { attempts: 11, rejections: 0 }).outcome).toBe('retry');
  });

  it.each([429, 502, 503, 504])(
    'slows the lane after %d and honours Retry-After for the delivery',
    (status) => {
      expect(decide(answered(status, { retryAfter: '600' }))).toMatchObject({
        delayMs: 600_000,
        lane: { kind: 'slow', holdMs: 60_000 },
      });
    },
  );

  it('never tries earlier than planned, whatever Retry-After says', () => {
    for (const retryAfter of ['0', '-1', '1e99', 'soon', 'Thu, 01 Jan 1970 00:00:00 GMT']) {
      expect(decide(answered(503, { retryAfter })).delayMs).toBe(5_000);
    }
  });

  it(`lets the next event go after ${POISON_REJECTIONS} answered 4xx, counting none that speak of the moment`, () => {
    expect(decide(answered(422), { attempts: 3, rejections: 3 }).releasesNext).toBe(false);
    expect(decide(answered(422), { attempts: 4, rejections: 4 }).releasesNext).toBe(true);
    for (const status of [408, 425, 429, 500]) {
      expect(decide(answered(status), { attempts: 4, rejections: 4 })).toMatchObject({
        rejected: false,
        releasesNext: false,
      });
    }
  });
});

describe('limitLater', () => {
  const acceptedAtMs = nowMs - 60_000;
  const later = (afterMs: number): AttemptResult => ({
    kind: 'later',
    afterMs,
    detail: 'Waits for the start',
    timing,
  });

  it('leaves what was attempted as it is', () => {
    expect(limitLater(answered(500), [{ acceptedAtMs: 0 }, { acceptedAtMs: 0 }], nowMs)).toEqual(
      answered(500),
    );
  });

  it.each([
    [5_000, 5_000],
    [1_500.2, 1_501],
    [0, LATER_MS_MIN],
    [-1, LATER_MS_MIN],
    [Number.NaN, LATER_MS_MIN],
    [Number.POSITIVE_INFINITY, LATER_MS_MAX],
    [2 * LATER_MS_MAX, LATER_MS_MAX],
  ])('takes %d ms as %d ms', (afterMs, takenMs) => {
    expect(limitLater(later(afterMs), [{ acceptedAtMs }], nowMs)).toEqual(later(takenMs));
  });

  it('counts it as failed once the event is a day old', () => {
    const at = (ageMs: number) => limitLater(later(5_000), [{ acceptedAtMs: nowMs - ageMs }], nowMs);
    expect(at(LATER_TOTAL_MS_MAX - 1)).toMatchObject({ kind: 'later' });
    expect(at(LATER_TOTAL_MS_MAX)).toEqual({
      kind: 'failed',
      cause: 'refused',
      detail: 'it was put off for more than a day: Waits for the start',
      timing,
    });
  });

  it('counts it as failed for a batch', () => {
    expect(limitLater(later(5_000), [{ acceptedAtMs }, { acceptedAtMs }], nowMs)).toMatchObject({
      kind: 'failed',
      detail: 'a batch cannot be put off: Waits for the start',
    });
  });
});
