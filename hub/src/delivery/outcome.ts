/**
 * What one answer means for its delivery and for its lane (design section 6). A pure table: answer in, decision out.
 */
import {
  LATER_MS_MAX,
  LATER_MS_MIN,
  LATER_TOTAL_MS_MAX,
  type AttemptResult,
} from '../destinations/destination.ts';
import type { AttemptOutcome } from '../journal/delivery-state.ts';
import { parseRetryAfterMs, RETRY_SCHEDULE_S, stretchDelayMs, toRetryDelayMs } from './retry-schedule.ts';

/** After this many answered 4xx an event lets the next one of its call go first: it is most likely poison. */
export const POISON_REJECTIONS = 5;

/** A lane that is told to wait does so at most this long; the delivery itself may wait up to an hour. */
export const LANE_HOLD_MS_MAX = 60_000;

export interface Decision {
  readonly outcome: AttemptOutcome;
  /** Only with outcome retry. */
  readonly delayMs: number | null;
  /** Only with outcome dead. */
  readonly deadReason: 'exhausted' | 'aborted' | null;
  readonly rejected: boolean;
  readonly releasesNext: boolean;
  /** One plain sentence; for delivered what was done there, null where that is only that it was taken. */
  readonly detail: string | null;
  readonly lane: LaneSignal;
}

export type LaneSignal =
  | { readonly kind: 'works' }
  /** isLasting: by its settings, so that trying again changes nothing until somebody does. */
  | { readonly kind: 'fails'; readonly isLasting: boolean }
  /** Nothing was asked of the other side: it says nothing of how that is. */
  | { readonly kind: 'idle' }
  /** The receiver says it is overloaded: send less, and nothing for holdMs. */
  | { readonly kind: 'slow'; readonly holdMs: number }
  /** 410 Gone: it never wants to hear from us again. */
  | { readonly kind: 'gone' };

/** What an attempt came to, where one was made. */
export type Verdict = Exclude<AttemptResult, { kind: 'later' }>;

/**
 * `later` within its bounds, else the failure it counts as: a sender that never comes to an end, or puts off what it
 * was given together, has a bug, and its deliveries must end as dead letters that somebody sees.
 */
export function limitLater(
  result: AttemptResult,
  deliveries: readonly { readonly acceptedAtMs: number }[],
  nowMs: number,
): AttemptResult {
  if (result.kind !== 'later') return result;
  const { afterMs, detail, timing } = result;
  const fail = (why: string): Verdict => ({
    kind: 'failed',
    cause: 'refused',
    detail: `${why}: ${detail}`,
    timing,
  });
  const [first] = deliveries;
  if (first === undefined || deliveries.length > 1) return fail('a batch cannot be put off');
  if (nowMs - first.acceptedAtMs >= LATER_TOTAL_MS_MAX) return fail('it was put off for more than a day');
  // Whole milliseconds, and never NaN: such a delivery would have no time at all.
  const isLongEnough = afterMs >= LATER_MS_MIN;
  return { ...result, afterMs: isLongEnough ? Math.ceil(Math.min(afterMs, LATER_MS_MAX)) : LATER_MS_MIN };
}

/** isShared: the answer is to several events at once, so it says of none of them that it alone is refused. */
export function decideOutcome(
  result: Verdict,
  delivery: { readonly attempts: number; readonly rejections: number },
  scheduleS: readonly number[] | null,
  nowMs: number,
  random: () => number,
  isShared = false,
): Decision {
  if (result.kind === 'done') {
    const lane: LaneSignal = result.isIdle === true ? { kind: 'idle' } : DELIVERED.lane;
    return { ...DELIVERED, detail: result.detail, lane };
  }
  if (result.kind === 'answered' && result.status >= 200 && result.status < 300) return DELIVERED;

  const schedule = scheduleS ?? RETRY_SCHEDULE_S;
  const lane = toLaneSignal(result, nowMs);
  const detail = toDetail(result);
  const aborts = result.kind === 'answered' && result.abort;
  // Who was in a rejected batch travels alone next: then the answer is its own.
  const rejected = result.kind === 'answered' && (isRejection(result.status) || (isShared && aborts));
  const releasesNext = rejected && delivery.rejections + 1 >= POISON_REJECTIONS;
  const dead = (deadReason: 'exhausted' | 'aborted'): Decision => ({
    outcome: 'dead',
    delayMs: null,
    deadReason,
    rejected,
    releasesNext: false,
    detail,
    lane,
  });

  if (aborts && !isShared) return dead('aborted');

  const plannedMs = toRetryDelayMs(delivery.attempts + 1, schedule, random);
  // A destination that answers 410 is disabled and holds what it is owed, so even the last try does not kill it.
  if (plannedMs === undefined && lane.kind !== 'gone') return dead('exhausted');

  const retryAfterMs = result.kind === 'answered' ? parseRetryAfterMs(result.retryAfter, nowMs) : undefined;
  const delayMs = stretchDelayMs(plannedMs ?? (schedule.at(-1) ?? 0) * 1000, retryAfterMs);
  return { outcome: 'retry', delayMs, deadReason: null, rejected, releasesNext, detail, lane };
}

const DELIVERED: Decision = {
  outcome: 'delivered',
  delayMs: null,
  deadReason: null,
  rejected: false,
  releasesNext: false,
  detail: null,
  lane: { kind: 'works' },
};

/** 408, 425 and 429 speak of the moment, not of the message, so they do not make an event poison. */
function isRejection(status: number): boolean {
  return (
    status >= 400 && status < 500 && status !== 408 && status !== 410 && status !== 425 && status !== 429
  );
}

function toLaneSignal(result: Exclude<Verdict, { kind: 'done' }>, nowMs: number): LaneSignal {
  if (result.kind === 'failed') return { kind: 'fails', isLasting: result.cause === 'settings' };
  switch (result.status) {
    case 410:
      return { kind: 'gone' };
    case 429:
    case 502:
    case 503:
    case 504: {
      const askedMs = parseRetryAfterMs(result.retryAfter, nowMs) ?? 0;
      return { kind: 'slow', holdMs: Math.min(askedMs, LANE_HOLD_MS_MAX) };
    }
    default:
      return { kind: 'fails', isLasting: false };
  }
}

function toDetail(result: Exclude<Verdict, { kind: 'done' }>): string {
  if (result.kind === 'failed') return result.detail;
  const { status } = result;
  if (result.abort)
    return `answered ${status} and asked for no further tries (webhook-delivery: abort-message)`;
  if (status >= 300 && status < 400)
    return `answered ${status}: redirects are never followed; set the final URL`;
  if (status === 401 || status === 403) return `answered ${status}: was the secret or token changed?`;
  if (status === 404) return 'answered 404: is the path right?';
  if (status === 410) return 'answered 410 Gone: the destination is disabled';
  if (status === 413) return 'answered 413: the receiver takes no body of this size';
  if (status === 429) return 'answered 429: the receiver asks for fewer requests';
  if (status >= 500) return `answered ${status}: the receiver failed`;
  return `answered ${status}`;
}
