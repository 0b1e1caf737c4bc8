/** What is counted of a report and of an attempt. Everything here runs inside an operation's work. */
import type { Call, ReportOutcome } from '../../calls/call.ts';
import { isTerminal } from '../../calls/transition.ts';
import { COUNTED_DURATION_MS_MAX, SHORT_CALL_MS } from '../analytics.ts';
import type { ActiveCalls, ActiveCount } from './active-calls.ts';
import type { KnownDestination } from './destination-registry.ts';
import type { ErrorGroups } from './error-groups.ts';
import { createBars, toBar } from './histogram.ts';
import {
  addUp,
  CALL,
  CALL_KIND,
  DELIVERY,
  DELIVERY_KIND,
  ERROR,
  ERROR_KIND,
  MINUTE_MS,
  SOURCE,
  SOURCE_KIND,
} from './slot-kinds.ts';
import type { SlotValues } from './slot-record.ts';
import type { OpenSlot, Slots } from './slots.ts';

/** An account's slot of this minute and its active calls, taken before a report changes any of them. */
export interface CallCounts {
  readonly slot: OpenSlot;
  readonly active: ActiveCount;
}

export interface CountedReport {
  readonly accountRow: number;
  /** null: no source said it. What is counted of sources tells whether they still talk. */
  readonly sourceRow: number | null;
  readonly outcome: ReportOutcome;
  readonly before: Call | undefined;
  readonly after: Call;
  readonly nowMs: number;
}

export interface Counting {
  open(accountRow: number, nowMs: number): CallCounts;
  countReport(counts: CallCounts, report: CountedReport): void;
  countDelivered(destination: KnownDestination, durationMs: number, nowMs: number): void;
  countFailed(destination: KnownDestination, isDead: boolean, nowMs: number): void;
}

export function createCounting(slots: Slots, activeCalls: ActiveCalls, errorGroups: ErrorGroups): Counting {
  function countAdvance({ slot: { counts }, active }: CallCounts, report: CountedReport): void {
    const { before, after, accountRow, nowMs } = report;
    if (after.state === 'live') {
      add(counts, CALL.connected);
      // By the same rule as it is taken off again, whatever the clock did within the minute.
      if ((after.liveSinceMs ?? 0) >= active.liveSinceMsMin) active.count += 1;
      return;
    }
    add(counts, after.state === 'failed' ? CALL.failed : CALL.ended);
    if (after.startedAtMs === null) add(counts, CALL.unpaired);
    if (before?.state === 'live' && (before.liveSinceMs ?? 0) >= active.liveSinceMsMin) active.count -= 1;
    if (after.state !== 'failed') return;
    const hasText = after.error !== null && after.error !== '';
    const text = hasText ? after.error : (after.endReason ?? '');
    const errorRow = errorGroups.count(accountRow, text, after.callId, nowMs);
    add(slots.touch(ERROR_KIND, accountRow, errorRow, nowMs).counts, ERROR.calls);
  }

  return {
    open(accountRow, nowMs) {
      const slot = slots.touch(CALL_KIND, accountRow, 0, nowMs);
      const active = activeCalls.find(accountRow, nowMs);
      // Once a minute, since calls become stale without a report. Of the clock, which the slot may not follow.
      const minute = Math.floor(nowMs / MINUTE_MS);
      if (active.minute !== minute) activeCalls.dropStale(accountRow, active, nowMs);
      active.minute = minute;
      noteActive(slot.counts, active.count);
      return { slot, active };
    },
    countReport(calls, report) {
      const { outcome, before, after, accountRow, sourceRow, nowMs } = report;
      const { counts } = calls.slot;
      if (outcome === 'advanced') countAdvance(calls, report);
      else add(counts, CALL[outcome]);
      // Once for each call, when it is over and its duration is known, whichever comes last.
      const isNew = before === undefined || !isTerminal(before.state) || before.durationMs === null;
      if (isNew && isTerminal(after.state) && after.durationMs !== null) {
        countDuration(calls.slot, after.durationMs);
      }
      noteActive(counts, calls.active.count);
      if (sourceRow === null) return;
      const source = slots.touch(SOURCE_KIND, accountRow, sourceRow, nowMs).counts;
      add(source, SOURCE.reports);
      raise(source, SOURCE.lastReportAtMs, nowMs);
    },
    countDelivered({ accountRow, row }, durationMs, nowMs) {
      const slot = slots.touch(DELIVERY_KIND, accountRow, row, nowMs);
      add(slot.counts, DELIVERY.delivered);
      addToBars(slot, durationMs);
    },
    countFailed({ accountRow, row }, isDead, nowMs) {
      const { counts } = slots.touch(DELIVERY_KIND, accountRow, row, nowMs);
      add(counts, DELIVERY.failedAttempts);
      if (isDead) add(counts, DELIVERY.dead);
    },
  };
}

function countDuration(slot: OpenSlot, durationMs: number): void {
  const { counts } = slot;
  addToBars(slot, durationMs);
  if (durationMs > COUNTED_DURATION_MS_MAX) return;
  add(counts, CALL.durationCount);
  counts[CALL.durationMsSum] = addUp(counts[CALL.durationMsSum] as number, durationMs);
  raise(counts, CALL.durationMsMax, durationMs);
  if (durationMs < SHORT_CALL_MS) add(counts, CALL.shortCalls);
}

function noteActive(counts: number[], active: number): void {
  counts[CALL.activeEnd] = active;
  raise(counts, CALL.activePeak, active);
}

function add(counts: number[], place: number): void {
  counts[place] = (counts[place] as number) + 1;
}

function raise(counts: number[], place: number, value: number): void {
  if (value > (counts[place] as number)) counts[place] = value;
}

function addToBars(slot: SlotValues, ms: number): void {
  slot.bars ??= createBars();
  const bar = toBar(ms);
  slot.bars[bar] = (slot.bars[bar] as number) + 1;
}
