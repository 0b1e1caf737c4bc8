/**
 * Who appears in the pictures and what happens to them: two weeks of calls of a contact centre that does not exist,
 * its destinations, and how each of them answers at which hour. Pure, and the same at every run for the same seed and
 * the same present. Numbers are of the ranges that Ofcom and NANPA keep free for stories, hosts of RFC 2606.
 */
import type { Random } from '../../proofs/simulation/random.ts';

import { createRandom } from '../../proofs/simulation/random.ts';

const MINUTE_MS = 60_000;
const HOUR_MS = 3_600_000;
const DAY_MS = 86_400_000;

export interface SceneReport {
  readonly callId: string;
  /** Unix ms: when it is received; and when it happened, by the source's clock. */
  readonly receivedAtMs: number;
  readonly happenedAtMs: number;
  readonly status: string;
  readonly type: string;
  readonly phoneNumber: { readonly number: string | null; readonly name?: string };
  readonly customer: { readonly number: string | null };
  readonly error: string | null;
  readonly endReason: string | null;
}

export interface SceneDestination {
  readonly name: string;
  readonly url: string;
  readonly statuses: readonly string[];
  readonly ratePerSecond: number | null;
  readonly retryScheduleS: readonly number[] | null;
  readonly answer: (attempt: SceneAttempt) => SceneAnswer;
}

export interface SceneAttempt {
  readonly nowMs: number;
  readonly callId: string;
  readonly attemptNumber: number;
  readonly random: Random;
}

export interface SceneAnswer {
  readonly status: number;
  readonly body: string;
  readonly tookMs: number;
  /** It wants no further tries. */
  readonly isFinal?: boolean;
}

export interface Scene {
  readonly beginsAtMs: number;
  readonly destinationsSinceMs: number;
  readonly pausedAtMs: number;
  /** What one destination was mended by, for the audit log. */
  readonly mendedAtMs: number;
  readonly reports: readonly SceneReport[];
  readonly destinations: readonly SceneDestination[];
  /** The call whose timeline is shown: it failed, some of it was told twice, and not everybody listened at once. */
  readonly shownCallId: string;
  /** In which it is shortly before noon at present: contact centres are livelier by day than continuous integration. */
  readonly timeZone: string;
}

const HISTORY_MS = 14 * DAY_MS;
/** Two weeks of calls are wanted for their comparison, but deliveries of one are enough to look at. */
const DESTINATIONS_MS = 7 * DAY_MS + HOUR_MS;
const FUTURE_MS = 20 * MINUTE_MS;
const PICTURED_HOUR = 11;
/** By their distance from UTC in hours, those to the west from the end; none of them moves its clocks. */
const TIME_ZONES = [
  'Atlantic/Reykjavik',
  'Africa/Lagos',
  'Africa/Maputo',
  'Africa/Nairobi',
  'Asia/Dubai',
  'Asia/Karachi',
  'Asia/Dhaka',
  'Asia/Bangkok',
  'Asia/Singapore',
  'Asia/Tokyo',
  'Australia/Brisbane',
  'Pacific/Guadalcanal',
  'Pacific/Pago_Pago',
  'Pacific/Honolulu',
  'Pacific/Gambier',
  'Pacific/Pitcairn',
  'America/Phoenix',
  'America/Costa_Rica',
  'America/Bogota',
  'America/Caracas',
  'America/Buenos_Aires',
  'America/Noronha',
  'Atlantic/Cape_Verde',
] as const;

export const NUMBERS = [
  { number: '+442079460101', name: 'Support' },
  { number: '+442079460958', name: 'London desk' },
  { number: '+12025550142', name: 'Bookings' },
  { number: '+441614960733', name: 'Returns' },
  { number: '+12025550118', name: 'Night line' },
] as const;

/** Of the busiest hour, by the hour of the day. */
const HOURS = [
  0.06, 0.05, 0.04, 0.04, 0.05, 0.08, 0.16, 0.36, 0.7, 0.94, 1, 0.98, 0.82, 0.86, 0.95, 0.92, 0.8, 0.62, 0.46,
  0.36, 0.27, 0.19, 0.12, 0.08,
] as const;
const BUSIEST_PER_MINUTE = 6;
/** The week before was a little quieter. */
const EARLIER_SHARE = 0.9;
const DURATION_MS_MEDIAN = 165_000;
const DURATION_SPREAD = 0.85;
const DURATION_MS_MAX = 42 * MINUTE_MS;

const FAILED_SHARE = 0.032;
const REPEATED_SHARE = 0.04;
const LATE_SHARE = 0.012;
const CONFLICTING_SHARE = 0.003;
/** A provider in trouble, the afternoon before. */
const TROUBLE = { fromMs: 20 * HOUR_MS, untilMs: 19.25 * HOUR_MS, share: 0.34 };

const ERRORS: readonly ((random: Random) => string)[] = [
  () => 'STT connection failed',
  (random) => `LLM request timed out after ${20_000 + random.below(9_000)} ms`,
  (random) => `SIP ${random.pick([408, 480, 503])} from trunk ${1 + random.below(4)}`,
  () => 'TTS voice not available: quota is used up',
  (random) => `Tool update_crm failed: HTTP 502 after ${2 + random.below(2)} tries`,
];

export function makeScene(seed: number, presentMs: number): Scene {
  const random = createRandom(seed);
  const offsetHours = Math.max(-11, PICTURED_HOUR - new Date(presentMs).getUTCHours());
  const beginsAtMs = presentMs - HISTORY_MS;
  const shownCallId = makeCallId(random);
  const reports = [
    ...makeCalls(random, presentMs, offsetHours),
    ...makeShownCall(shownCallId, presentMs - 6 * MINUTE_MS),
    ...makeStaleCall(random, presentMs - 5.4 * HOUR_MS),
  ].toSorted((one, other) => one.receivedAtMs - other.receivedAtMs);
  return {
    beginsAtMs,
    destinationsSinceMs: presentMs - DESTINATIONS_MS,
    pausedAtMs: presentMs - 12 * MINUTE_MS,
    mendedAtMs: presentMs - CRM_TROUBLE.untilMs,
    reports,
    destinations: makeDestinations(presentMs, shownCallId),
    shownCallId,
    timeZone: TIME_ZONES.at(offsetHours) ?? 'UTC',
  };
}

function makeCalls(random: Random, presentMs: number, offsetHours: number): readonly SceneReport[] {
  const reports: SceneReport[] = [];
  for (let atMs = presentMs - HISTORY_MS; atMs < presentMs + FUTURE_MS;) {
    const hour = new Date(atMs + offsetHours * HOUR_MS).getUTCHours();
    const share = (HOURS[hour] ?? 1) * (atMs < presentMs - HISTORY_MS / 2 ? EARLIER_SHARE : 1);
    atMs += Math.max(50, (-Math.log(1 - random.next()) * MINUTE_MS) / (BUSIEST_PER_MINUTE * share));
    const agoMs = presentMs - atMs;
    const isTrouble = agoMs < TROUBLE.fromMs && agoMs > TROUBLE.untilMs;
    reports.push(...makeCall(random, Math.round(atMs), isTrouble ? TROUBLE.share : FAILED_SHARE, isTrouble));
  }
  return reports;
}

function makeCall(
  random: Random,
  beganAtMs: number,
  failedShare: number,
  isTrouble: boolean,
): readonly SceneReport[] {
  const parties = makeParties(random);
  const isFailed = random.chance(failedShare);
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  const usualMs = Math.min(DURATION_MS_MAX, DURATION_MS_MEDIAN * Math.exp(DURATION_SPREAD * normal));
  const endedAtMs = beganAtMs + Math.round(isFailed ? usualMs / 2 : usualMs);
  const lagMs = 80 + random.below(240);
  const isLate = random.chance(LATE_SHARE);
  const start: SceneReport = {
    ...parties,
    status: 'in-progress',
    happenedAtMs: beganAtMs,
    receivedAtMs: isLate ? endedAtMs + 900 : beganAtMs + lagMs,
    error: null,
    endReason: null,
  };
  const end: SceneReport = {
    ...parties,
    status: isFailed ? 'ended-with-error' : 'ended',
    happenedAtMs: endedAtMs,
    receivedAtMs: endedAtMs + lagMs,
    error: isFailed ? makeError(random, isTrouble) : null,
    endReason: isFailed
      ? null
      : random.pick(['customer-ended-call', 'assistant-ended-call', 'customer-ended-call']),
  };
  const reports = [start, end];
  if (random.chance(REPEATED_SHARE)) {
    const told = random.pick(reports);
    reports.push({ ...told, receivedAtMs: told.receivedAtMs + 700 + random.below(2_000) });
  }
  if (!isFailed && random.chance(CONFLICTING_SHARE))
    reports.push({
      ...end,
      status: 'ended-with-error',
      error: 'Media timeout',
      receivedAtMs: end.receivedAtMs + 1_500,
    });
  return reports;
}

function makeParties(random: Random): Pick<SceneReport, 'callId' | 'type' | 'phoneNumber' | 'customer'> {
  const callId = makeCallId(random);
  const kind = random.next();
  if (kind < 0.1)
    return { callId, type: 'web_call', phoneNumber: { number: null }, customer: { number: null } };
  const isWithheld = random.chance(0.03);
  return {
    callId,
    type: kind < 0.38 ? 'outbound_phone_call' : 'inbound_phone_call',
    phoneNumber: NUMBERS[Math.floor(random.next() ** 1.6 * NUMBERS.length)] ?? NUMBERS[0],
    customer: { number: isWithheld ? null : makeCustomer(random) },
  };
}

function makeCustomer(random: Random): string {
  return random.chance(0.6)
    ? `+447700900${String(random.below(1_000)).padStart(3, '0')}`
    : `+1202555${String(100 + random.below(100)).padStart(4, '0')}`;
}

/** Squared, so that some errors are far more common than others; in trouble it is nearly always the first. */
function makeError(random: Random, isTrouble: boolean): string {
  const at = isTrouble && random.chance(0.9) ? 0 : Math.floor(random.next() ** 1.7 * ERRORS.length);
  return (ERRORS[at] ?? ERRORS[0])?.(random) ?? '';
}

function makeCallId(random: Random): string {
  const digits = Array.from({ length: 32 }, () => random.below(16).toString(16)).join('');
  return [
    digits.slice(0, 8),
    digits.slice(8, 12),
    `4${digits.slice(13, 16)}`,
    `a${digits.slice(17, 20)}`,
    digits.slice(20),
  ].join('-');
}

function makeShownCall(callId: string, endedAtMs: number): readonly SceneReport[] {
  const parties = {
    callId,
    type: 'inbound_phone_call',
    phoneNumber: NUMBERS[0],
    customer: { number: '+447700900461' },
    endReason: null,
  };
  const beganAtMs = endedAtMs - 192_000;
  const start = {
    ...parties,
    status: 'in-progress',
    happenedAtMs: beganAtMs,
    receivedAtMs: beganAtMs + 140,
    error: null,
  };
  const end = {
    ...parties,
    status: 'ended-with-error',
    happenedAtMs: endedAtMs,
    receivedAtMs: endedAtMs + 190,
    error: 'STT connection failed',
  };
  return [start, { ...start, receivedAtMs: start.receivedAtMs + 1_900 }, end];
}

function makeStaleCall(random: Random, beganAtMs: number): readonly SceneReport[] {
  return [
    {
      ...makeParties(random),
      status: 'in-progress',
      happenedAtMs: beganAtMs,
      receivedAtMs: beganAtMs + 120,
      error: null,
      endReason: null,
    },
  ];
}

// ───────────────────────────── destinations ─────────────────────────────

/** Before the present. */
const CRM_TROUBLE = { fromMs: 27 * HOUR_MS, untilMs: 25.5 * HOUR_MS };
const WAREHOUSE_TROUBLE_MS = 21 * MINUTE_MS;
const STAGING_GONE_MS = 34 * MINUTE_MS;
const SLOW_SHARE = 0.006;
const UNKNOWN_CONTACT_SHARE = 0.004;

function makeDestinations(presentMs: number, shownCallId: string): readonly SceneDestination[] {
  const isWithin = (nowMs: number, { fromMs, untilMs }: { fromMs: number; untilMs: number }): boolean =>
    nowMs > presentMs - fromMs && nowMs < presentMs - untilMs;
  return [
    {
      name: 'Northwind CRM',
      url: 'https://crm.northwind.example/hooks/calls',
      statuses: [],
      ratePerSecond: null,
      retryScheduleS: [5, 30, 120],
      answer({ nowMs, callId, attemptNumber, random }) {
        if (isWithin(nowMs, CRM_TROUBLE))
          return { status: 401, body: '{"error":"invalid signature"}', tookMs: toTime(random, 60) };
        if (callId === shownCallId && attemptNumber === 1)
          return { status: 503, body: '{"error":"deploy in progress"}', tookMs: 412 };
        if (random.chance(UNKNOWN_CONTACT_SHARE))
          return {
            status: 422,
            body: '{"error":"unknown contact"}',
            tookMs: toTime(random, 70),
            isFinal: true,
          };
        return answerMostly(random, 92);
      },
    },
    {
      name: 'Incident alerts',
      url: 'https://alerts.northwind.example/offhook',
      statuses: ['ended-with-error'],
      ratePerSecond: 5,
      retryScheduleS: null,
      answer: ({ random }) => answerMostly(random, 140),
    },
    {
      name: 'Data warehouse',
      url: 'https://ingest.warehouse.example/v2/call-events',
      statuses: [],
      ratePerSecond: null,
      retryScheduleS: null,
      answer: ({ nowMs, random }) =>
        nowMs > presentMs - WAREHOUSE_TROUBLE_MS
          ? {
              status: 503,
              body: '{"message":"maintenance until further notice"}',
              tookMs: toTime(random, 35),
            }
          : answerMostly(random, 210),
    },
    {
      name: 'Wallboard Berlin',
      url: 'https://wall.northwind.example/events',
      statuses: [],
      ratePerSecond: null,
      retryScheduleS: null,
      answer: ({ random }) => answerMostly(random, 24),
    },
    {
      name: 'Billing',
      url: 'https://billing.northwind.example/webhooks/usage',
      statuses: ['ended'],
      ratePerSecond: null,
      retryScheduleS: null,
      answer: ({ random }) => answerMostly(random, 61),
    },
    {
      name: 'Staging',
      url: 'https://staging.northwind.example/hooks/calls',
      statuses: ['ended-with-error'],
      ratePerSecond: null,
      retryScheduleS: null,
      answer: ({ nowMs, random }) =>
        nowMs > presentMs - STAGING_GONE_MS
          ? { status: 410, body: '', tookMs: toTime(random, 30) }
          : answerMostly(random, 80),
    },
  ];
}

function answerMostly(random: Random, medianMs: number): SceneAnswer {
  return random.chance(SLOW_SHARE)
    ? { status: random.pick([500, 502, 503]), body: 'upstream error', tookMs: toTime(random, medianMs * 6) }
    : { status: 200, body: '', tookMs: toTime(random, medianMs) };
}

/** Log-normal, in tenths of a millisecond. */
function toTime(random: Random, medianMs: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
  return Math.min(9_000, Math.round(medianMs * Math.exp(0.45 * normal) * 10) / 10);
}
