/**
 * Calls as a small contact centre has them: a dozen at once, of all three endings, and a network that repeats some
 * reports and delays others. Pure: what is to be posted when, decided by the chance handed in.
 */
import type { CallStatus } from '@offhook/contract/message';

export interface SimulatedReport {
  readonly callId: string;
  readonly status: CallStatus;
  /** When it happened, and when its report arrives; ms after the call began. */
  readonly happensAfterMs: number;
  readonly arrivesAfterMs: number;
}

export interface SimulatedCall {
  readonly reports: readonly SimulatedReport[];
  /** Until the next call begins. */
  readonly nextCallAfterMs: number;
}

const ERROR_SHARE = 0.2;
const REPEATED_SHARE = 0.12;
const LATE_SHARE = 0.08;
/** With the durations below about 16 calls are active at once. */
const BETWEEN_CALLS_MS = 1_800;
const DURATION_MS_MIN = 2_500;
const DURATION_MS_MEAN = 20_000;
const DURATION_MS_MAX = 120_000;
/** Some callers have a lot to say: the wall shows who has been on for long. */
const LONG_SHARE = 0.03;
const LONG_MS_MIN = 180_000;
const LONG_MS_MAX = 480_000;

export function simulateCall(callId: string, random: () => number): SimulatedCall {
  const durationMs = toDurationMs(random);
  const start: SimulatedReport = {
    callId,
    status: 'in-progress',
    happensAfterMs: 0,
    // A late report of the start arrives after the end: the handler of the source document would keep a zombie.
    arrivesAfterMs: random() < LATE_SHARE ? durationMs + 400 : 0,
  };
  const end: SimulatedReport = {
    callId,
    status: random() < ERROR_SHARE ? 'ended-with-error' : 'ended',
    happensAfterMs: durationMs,
    arrivesAfterMs: durationMs,
  };
  const reports = [start, end];
  for (const report of [start, end]) {
    if (random() < REPEATED_SHARE) reports.push({ ...report, arrivesAfterMs: report.arrivesAfterMs + 700 });
  }
  return {
    reports: reports.sort((one, other) => one.arrivesAfterMs - other.arrivesAfterMs),
    nextCallAfterMs: Math.min(toExponential(BETWEEN_CALLS_MS, random), 3 * BETWEEN_CALLS_MS),
  };
}

/** The first calls, one of each ending within seconds, so that whoever just looks in has seen them all. */
export function openingCalls(makeId: () => string): readonly SimulatedCall[] {
  return [
    { status: 'ended', durationMs: 2_500 },
    { status: 'ended-with-error', durationMs: 4_000 },
  ].map(({ status, durationMs }) => {
    const callId = makeId();
    return {
      reports: [
        { callId, status: 'in-progress', happensAfterMs: 0, arrivesAfterMs: 0 },
        { callId, status: status as CallStatus, happensAfterMs: durationMs, arrivesAfterMs: durationMs },
      ],
      nextCallAfterMs: 1_000,
    };
  });
}

/** Calls that begin in quick succession after the opening ones, so that nobody waits for the wall to fill. */
export const MORNING_RUSH_CALLS = 8;
export const MORNING_RUSH_MS = 500;

function toDurationMs(random: () => number): number {
  if (random() < LONG_SHARE) return LONG_MS_MIN + random() * (LONG_MS_MAX - LONG_MS_MIN);
  return Math.min(DURATION_MS_MIN + toExponential(DURATION_MS_MEAN, random), DURATION_MS_MAX);
}

/** Times between independent arrivals, and roughly how long calls last. */
function toExponential(mean: number, random: () => number): number {
  return -Math.log(1 - random()) * mean;
}
