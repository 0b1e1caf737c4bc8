import type { DestinationId } from '../../hub/src/journal/ids.ts';
import type { Journal } from '../../hub/src/journal/journal.ts';
import type { KnownDestination } from '../../hub/src/journal/sqlite/destination-registry.ts';
import type { Call } from '../../hub/src/calls/call.ts';
import type { WorkloadContext } from './workload.ts';

import { mkdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { setTimeout as wait } from 'node:timers/promises';

import { createActiveCalls } from '../../hub/src/journal/sqlite/active-calls.ts';
import { loadCounters } from '../../hub/src/journal/sqlite/counters.ts';
import { createCounting } from '../../hub/src/journal/sqlite/counting.ts';
import { createErrorGroups } from '../../hub/src/journal/sqlite/error-groups.ts';
import { createSlots } from '../../hub/src/journal/sqlite/slots.ts';
import { openThreadJournal } from '../../hub/src/journal/sqlite/thread/thread-journal.ts';
import { toPercentile } from '../statistics.ts';

/**
 * What a month of analytics costs on a journal that holds 10 million events: readCallStatistics and
 * readDeliveryStatistics for 30 days, one after the other, as the analytics screen asks for them, through the
 * journal's own thread as in the hub.
 *
 * The events do not go through the door: that alone would take ten minutes. Their roll-ups are counted by the journal's
 * own code, one event after the other at its simulated time, and folded by the journal itself when it opens; their
 * rows (calls, reports, deliveries) are put in beside by SQL, with short bodies, so that the file has the length it
 * would have had. No question reads those rows, and that is the point.
 */
export interface AnalyticsResult {
  readonly events: number;
  readonly days: number;
  readonly destinations: number;
  readonly journalBytes: number;
  /** Counting alone, without what the event itself costs. */
  readonly countMicrosPerEvent: number;
  /** What the next start had to fold: every hour of the period at once. */
  readonly foldMs: number;
  /** The first question after the start. */
  readonly firstMs: number;
  readonly steps: readonly AnalyticsStep[];
}

export interface AnalyticsStep {
  readonly stepMs: number;
  readonly slots: number;
  readonly p50Ms: number;
  readonly p95Ms: number;
  /** The longest that something small asked of the same thread meanwhile had to wait. */
  readonly othersWaitMsMax: number;
}

const HOUR_MS = 3_600_000;
const DAY_MS = 24 * HOUR_MS;
/** What a screen draws, and the finest the hours allow. */
const STEPS_MS = [DAY_MS, 6 * HOUR_MS, HOUR_MS] as const;
const FOLD_MS_MAX = 600_000;

export async function runAnalytics({ size, dir, tell }: WorkloadContext): Promise<AnalyticsResult> {
  const { events, days, destinations, rounds } = size.analytics;
  const folder = join(dir, 'analytics');
  await mkdir(folder, { recursive: true });
  const file = join(folder, 'journal.sqlite');
  const masterKey = new Uint8Array(32);
  try {
    await createDestinations(file, masterKey, destinations);
    const untilMs = Date.now();
    const period: Period = { file, sinceMs: untilMs - days * DAY_MS, untilMs, events, destinations };
    tell(`analytics: ${events.toLocaleString('en')} events are counted`);
    const countMicrosPerEvent = countEvents(period);
    tell('analytics: their rows are put in');
    insertRows(period);
    const openedMs = performance.now();
    const journal = await openThreadJournal({ file, masterKey });
    try {
      await waitUntilFolded(file, untilMs);
      const foldMs = performance.now() - openedMs;
      const { bytes } = await journal.readStats();
      const firstMs = await ask(journal, period, DAY_MS, events);
      const steps = [];
      for (const stepMs of STEPS_MS) {
        const step = await measureStep(journal, period, stepMs, rounds);
        tell(
          `analytics: ${step.slots} slots, p50 ${step.p50Ms.toFixed(1)} ms, p95 ${step.p95Ms.toFixed(1)} ms`,
        );
        steps.push(step);
      }
      return { events, days, destinations, journalBytes: bytes, countMicrosPerEvent, foldMs, firstMs, steps };
    } finally {
      await journal.close();
    }
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
}

interface Period {
  readonly file: string;
  readonly sinceMs: number;
  readonly untilMs: number;
  readonly events: number;
  readonly destinations: number;
}

async function createDestinations(file: string, masterKey: Uint8Array, count: number): Promise<void> {
  const journal = await openThreadJournal({ file, masterKey });
  for (let index = 0; index < count; index += 1) {
    await journal.createDestination(
      {
        accountId: 'default',
        kind: 'webhook',
        name: `Destination ${index + 1}`,
        settings: { url: `https://example.com/${index}` },
        filter: {},
        order: 'strict',
        concurrency: 32,
        ratePerSecond: null,
        retryScheduleS: null,
        timeoutMs: 15_000,
        secret: 'whsec_bench',
      },
      { kind: 'hub', id: 'hub' },
    );
  }
  await journal.close();
}

/** Events that share one commit while they are counted, some minutes of a quiet account. */
const COMMIT_EVENTS = 1_000;

/** Two events a call; one call in twenty fails; one attempt in fifty fails first. */
function countEvents({ file, sinceMs, untilMs, events, destinations }: Period): number {
  const db = openForFilling(file);
  const counters = loadCounters(db);
  const slots = createSlots(db, counters);
  const errorGroups = createErrorGroups(db);
  const counting = createCounting(slots, createActiveCalls(db, 4 * HOUR_MS), errorGroups);
  const known = Array.from({ length: destinations }, (_, index) => toKnown(index));
  const random = createRandom();
  const stepMs = (untilMs - sinceMs) / events;
  // The destinations' creation set the mark at its own hour; what is counted here is older, and to be folded.
  slots.setMarks({ foldedUntil: 0, minutesSince: 0 });
  const began = process.cpuUsage();
  for (let event = 0; event < events;) {
    db.exec('BEGIN');
    for (const end = Math.min(events, event + COMMIT_EVENTS); event < end; event += 1) {
      const nowMs = Math.floor(sinceMs + event * stepMs);
      const destination = known[event % destinations] as KnownDestination;
      const counts = counting.open(1, nowMs);
      const isStart = event % 2 === 0;
      const durationMs = Math.round(toSpread(random, 90_000, 1.1));
      const live = toCall({ state: 'live', liveSinceMs: nowMs, startedAtMs: nowMs - durationMs });
      counting.countReport(counts, {
        accountRow: 1,
        sourceRow: 1,
        outcome: 'advanced',
        before: isStart ? undefined : live,
        after: isStart ? live : toOver(live, event, durationMs),
        nowMs,
      });
      if (random() < 0.02) counting.countFailed(destination, false, nowMs);
      counting.countDelivered(destination, toSpread(random, 80, 0.8), nowMs);
    }
    errorGroups.save();
    slots.save();
    counters.save();
    db.exec('COMMIT');
    counters.keep();
  }
  const { user, system } = process.cpuUsage(began);
  db.close();
  return (user + system) / events;
}

const ERRORS = [
  'STT connection lost',
  'TTS voice failed',
  'LLM timed out after',
  'Carrier rejected with SIP',
];

function toOver(live: Call, event: number, durationMs: number): Call {
  const isFailed = event % 40 === 1;
  return {
    ...live,
    callId: `call-${event}`,
    state: isFailed ? 'failed' : 'ended',
    durationMs,
    error: isFailed ? `${ERRORS[(event >> 4) % ERRORS.length]} ${event}` : null,
  };
}

function toCall(more: Partial<Call>): Call {
  return {
    callId: 'call',
    state: 'live',
    type: null,
    phoneNumber: null,
    customer: null,
    startedAtMs: null,
    endedAtMs: null,
    durationMs: null,
    error: null,
    endReason: null,
    summary: null,
    sequence: 1,
    firstReportAtMs: 0,
    liveSinceMs: null,
    updatedAtMs: 0,
    ...more,
  };
}

function toKnown(index: number): KnownDestination {
  const id: DestinationId = `dst_${index}`;
  const row = index + 1;
  const rest = { destination: undefined, isLatest: false, flows: false };
  return { row, id, accountId: 'default', accountRow: 1, ...rest };
}

/** Rows put in by one statement. */
const INSERT_ROWS = 500_000;
const ROWS = 'WITH RECURSIVE n (i) AS (SELECT CAST(? AS INTEGER) UNION ALL SELECT i + 1 FROM n WHERE i < ?)';
const INSERT_CALLS = `${ROWS}
  INSERT INTO calls (row, account_row, call_id, state, given, phone_number, started_at_ms, ended_at_ms, duration_ms,
    sequence, first_report_at_ms, live_since_ms, updated_at_ms)
  SELECT i, 1, 'call-' || i, 2, 1, '+31850000001', ?3 + i * ?4, ?3 + i * ?4 + 60000, 60000, 2, ?3 + i * ?4,
    ?3 + i * ?4, ?3 + i * ?4 + 60000 FROM n`;
const INSERT_REPORTS = `${ROWS}
  INSERT INTO reports (row, account_row, call_row, source_row, received_at_ms, status, outcome, event_id, sequence,
    body)
  SELECT i, 1, (i + 1) / 2, 1, ?3 + i * ?4, 'ended', 0, 'evt_' || i, 2 - i % 2, x'7b7d' FROM n`;
const INSERT_DELIVERIES = `${ROWS}
  INSERT INTO deliveries (row, destination_row, call_row, event_row, sequence, state, attempts, created_at_ms,
    finished_at_ms, last_status, sent_at_ms, sent_duration_ms)
  SELECT i, 1 + i % ?5, (i + 1) / 2, i, 2 - i % 2, 1, 1, ?3 + i * ?4, ?3 + i * ?4 + 80, 200, ?3 + i * ?4, 80 FROM n`;

function insertRows({ file, sinceMs, untilMs, events, destinations }: Period): void {
  const db = openForFilling(file);
  const calls = Math.floor(events / 2);
  const fill = (sql: string, count: number, ...more: readonly number[]): void => {
    const insert = db.prepare(sql);
    const stepMs = Math.floor((untilMs - sinceMs) / count);
    for (let from = 1; from <= count; from += INSERT_ROWS) {
      insert.run(from, Math.min(count, from + INSERT_ROWS - 1), Math.floor(sinceMs), stepMs, ...more);
    }
  };
  fill(INSERT_CALLS, calls);
  fill(INSERT_REPORTS, events);
  fill(INSERT_DELIVERIES, events, destinations);
  db.prepare('UPDATE counters SET call_row = ?, report_row = ?, delivery_row = ?, calls = ?, events = ?').run(
    calls,
    events,
    events,
    calls,
    events,
  );
  db.close();
}

/** Nobody would miss it after a crash. */
function openForFilling(file: string): DatabaseSync {
  const db = new DatabaseSync(file);
  db.exec('PRAGMA journal_mode = WAL');
  db.exec('PRAGMA synchronous = OFF');
  return db;
}

async function waitUntilFolded(file: string, untilMs: number): Promise<void> {
  const db = new DatabaseSync(file, { readOnly: true });
  try {
    const select = db.prepare(`
      SELECT folded_until, (SELECT count(*) FROM (
        SELECT 1 FROM delivery_minutes WHERE account_row = 1 AND slot < minutes_since LIMIT 1)) AS left
      FROM slot_marks`);
    const hour = Math.floor(untilMs / HOUR_MS);
    for (const beganMs = performance.now(); performance.now() - beganMs < FOLD_MS_MAX; await wait(20)) {
      const marks = select.get() as { folded_until: number; left: number };
      if (marks.folded_until >= hour && marks.left === 0) return;
    }
    throw new Error('The journal did not fold its hours.');
  } finally {
    db.close();
  }
}

/** Both questions, as the screen asks them; how long until both are answered. */
async function ask(
  journal: Journal,
  { sinceMs, untilMs }: Period,
  stepMs: number,
  events?: number,
): Promise<number> {
  const request = { accountId: 'default', sinceMs, untilMs: untilMs + 1, stepMs } as const;
  const beganMs = performance.now();
  const calls = await journal.readCallStatistics(request);
  const deliveries = await journal.readDeliveryStatistics(request);
  const tookMs = performance.now() - beganMs;
  if (events !== undefined) {
    const counted = calls.slots.reduce((sum, slot) => sum + slot.connected + slot.ended + slot.failed, 0);
    const delivered = deliveries.destinations.reduce((sum, each) => sum + each.delivered, 0);
    if (counted !== events || delivered !== events) {
      throw new Error(`The roll-ups hold ${counted} and ${delivered} of ${events} events.`);
    }
  }
  return tookMs;
}

async function measureStep(
  journal: Journal,
  period: Period,
  stepMs: number,
  rounds: number,
): Promise<AnalyticsStep> {
  const times = new Float64Array(rounds);
  let othersWaitMsMax = 0;
  let isOver = false;
  const others = (async () => {
    while (!isOver) {
      const beganMs = performance.now();
      await journal.readFeedEnd();
      othersWaitMsMax = Math.max(othersWaitMsMax, performance.now() - beganMs);
      await wait(1);
    }
  })();
  for (let round = 0; round < rounds; round += 1) times[round] = await ask(journal, period, stepMs);
  isOver = true;
  await others;
  times.sort();
  const slots = Math.ceil((period.untilMs - period.sinceMs) / stepMs);
  return { stepMs, slots, p50Ms: toPercentile(times, 50), p95Ms: toPercentile(times, 95), othersWaitMsMax };
}

/** Log-normal: most are near the middle, some are many times longer. */
function toSpread(random: () => number, median: number, sigma: number): number {
  const normal = Math.sqrt(-2 * Math.log(1 - random())) * Math.cos(2 * Math.PI * random());
  return median * Math.exp(sigma * normal);
}

/** The same journal every time. */
function createRandom(): () => number {
  let state = 1;
  return () => {
    state = (Math.imul(state, 1_664_525) + 1_013_904_223) >>> 0;
    return state / 4_294_967_296;
  };
}
