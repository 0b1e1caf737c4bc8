/** Questions over roll-ups: calls and deliveries by slot, errors by group, sources by hour. */
import {
  SLOTS_MAX,
  type AnalyticsJournal,
  type CallSlot,
  type DeliverySlot,
  type StatisticsRequest,
} from '../analytics.ts';
import type { ErrorGroupId } from '../ids.ts';
import { findAccountRow } from './accounts.ts';
import { toErrorGroup } from './error-group-journal.ts';
import type { ErrorGroupRow } from './error-groups.ts';
import { addBars, createBars, toBuckets, type Bars } from './histogram.ts';
import {
  CALL,
  CALL_KIND,
  createCounts,
  DELIVERY,
  DELIVERY_KIND,
  ERROR,
  ERROR_KIND,
  HOUR_MS,
  mergeCounts,
  MINUTE_MS,
  SOURCE,
  SOURCE_KIND,
} from './slot-kinds.ts';
import { createSlotReader, type SeenBars, type SlotRange } from './slot-rows.ts';
import type { Store } from './store.ts';

const ERRORS_MAX = 50;
/** Some groups are gone, to make room or with retention; 2 µs each. */
const ERRORS_LOOKED_AT = 500;
const ACTIVITY_DAYS = 15;
const DAY_HOURS = 24;

const SELECT_GROUP = 'SELECT * FROM error_groups WHERE row = ?';
const SELECT_GROUP_ROW = 'SELECT row FROM error_groups WHERE account_row = ? AND id = ?';
const SELECT_FIRST_HOUR = 'SELECT min(slot) AS slot FROM call_hours WHERE account_row = ?';
const SELECT_FIRST_MINUTE = 'SELECT min(slot) AS slot FROM call_minutes WHERE account_row = ?';
const SELECT_LAST_REPORT = `
  SELECT last_report_at_ms AS ms FROM source_hours
  WHERE account_row = ? AND source_row = ? ORDER BY slot DESC LIMIT 1`;

export function createStatisticsReader(
  store: Store,
): Pick<
  AnalyticsJournal,
  | 'readCallStatistics'
  | 'readDeliveryStatistics'
  | 'readCountedSince'
  | 'readErrorHours'
  | 'readSourceActivity'
> {
  const { read, clock, slots, sources, destinations } = store;
  const reader = createSlotReader(store);
  const selectGroup = read.prepare(SELECT_GROUP);
  const selectGroupRow = read.prepare(SELECT_GROUP_ROW);
  const selectFirstHour = read.prepare(SELECT_FIRST_HOUR);
  const selectFirstMinute = read.prepare(SELECT_FIRST_MINUTE);
  const selectLastReport = read.prepare(SELECT_LAST_REPORT);

  /** Failed calls by row of their group. */
  async function countErrors(accountRow: number, range: SlotRange): Promise<Map<number, number>> {
    const counts = new Map<number, number>();
    await reader.read(
      ERROR_KIND,
      accountRow,
      range,
      () => counts.clear(),
      (_, row, added) => counts.set(row, (counts.get(row) ?? 0) + (added[ERROR.calls] as number)),
    );
    return counts;
  }

  /** Of a source that has been silent for longer than its hours are looked at. */
  function readLastReport(accountRow: number, row: number): number | null {
    const saved = selectLastReport.get(accountRow, row)?.['ms'] as number | undefined;
    const open = [...slots.listOpen()].filter(
      (slot) => slot.kind === SOURCE_KIND && slot.accountRow === accountRow && slot.row === row,
    );
    const times = [saved ?? 0, ...open.map(({ counts }) => counts[SOURCE.lastReportAtMs] as number)];
    return Math.max(...times) || null;
  }

  return {
    async readCallStatistics(request) {
      const frame = toFrame(request);
      const accountRow = findAccountRow(store, request.accountId);
      const tallies = new Map<number, CallTally>();
      const durations = createBars();
      const begin = (): void => {
        tallies.clear();
        durations.fill(0);
      };
      await reader.read(CALL_KIND, accountRow, frame.range, begin, (startMs, _, counts, bars) => {
        const index = frame.toIndex(startMs);
        const tally = tallies.get(index) ?? { counts: createCounts(CALL_KIND), lastMs: -1 };
        const { activeEnd } = { activeEnd: tally.counts[CALL.activeEnd] as number };
        mergeCounts(CALL_KIND, tally.counts, counts);
        // What memory adds may lie between what the rows told.
        if (startMs < tally.lastMs) tally.counts[CALL.activeEnd] = activeEnd;
        tally.lastMs = Math.max(tally.lastMs, startMs);
        tallies.set(index, tally);
        addSeen(bars, durations);
      });
      const active = reader.readActiveBefore(accountRow, frame.range.sinceMs);
      const callSlots = toCallSlots(frame, tallies, active);
      const counts = await countErrors(accountRow, frame.range);
      const errors = [...counts]
        // The newest first among equals: those that had to make room for others are old and have few calls.
        .toSorted(([rowA, a], [rowB, b]) => b - a || rowB - rowA)
        .slice(0, ERRORS_LOOKED_AT)
        .flatMap(([row, count]) => {
          const group = selectGroup.get(row) as unknown as ErrorGroupRow | undefined;
          return group === undefined ? [] : [{ group: toErrorGroup(group, request.accountId), count }];
        })
        .slice(0, ERRORS_MAX);
      const { sinceMs, untilMs } = frame.range;
      const { stepMs } = request;
      return { sinceMs, untilMs, stepMs, slots: callSlots, durations: toBuckets(durations), errors };
    },

    async readDeliveryStatistics(request) {
      const frame = toFrame(request);
      const accountRow = findAccountRow(store, request.accountId);
      const tallies = new Map<number, DestinationTally>();
      await reader.read(
        DELIVERY_KIND,
        accountRow,
        frame.range,
        () => tallies.clear(),
        (startMs, row, counts, bars) => {
          let tally = tallies.get(row);
          if (tally === undefined) {
            tally = { total: createCounts(DELIVERY_KIND), latencies: createBars(), slots: new Map() };
            tallies.set(row, tally);
          }
          const index = frame.toIndex(startMs);
          let slot = tally.slots.get(index);
          if (slot === undefined) {
            slot = createCounts(DELIVERY_KIND);
            tally.slots.set(index, slot);
          }
          mergeCounts(DELIVERY_KIND, slot, counts);
          mergeCounts(DELIVERY_KIND, tally.total, counts);
          addSeen(bars, tally.latencies);
        },
      );
      const found = [...tallies].toSorted(([a], [b]) => a - b);
      const { sinceMs, untilMs } = frame.range;
      return {
        sinceMs,
        untilMs,
        stepMs: request.stepMs,
        destinations: found.map(([row, { total, latencies, slots }]) => ({
          destinationId: destinations.get(row).id,
          ...toDeliveryCounts(total),
          latencies: toBuckets(latencies),
          slots: [...slots]
            .toSorted(([a], [b]) => a - b)
            .map(([index, counts]): DeliverySlot => ({
              startMs: frame.toStartMs(index),
              ...toDeliveryCounts(counts),
            })),
        })),
      };
    },

    async readCountedSince(accountId) {
      const accountRow = findAccountRow(store, accountId);
      const hour = selectFirstHour.get(accountRow)?.['slot'] as number | null;
      const minute = selectFirstMinute.get(accountRow)?.['slot'] as number | null;
      const open = [...slots.listOpen()].filter(
        (slot) => slot.kind === CALL_KIND && slot.accountRow === accountRow,
      );
      const times = [
        ...(minute === null ? [] : [minute * MINUTE_MS]),
        // An hour stands beside its minutes once it is folded, and says less about when it began.
        ...(hour === null || (minute !== null && hour * HOUR_MS + HOUR_MS > minute * MINUTE_MS)
          ? []
          : [hour * HOUR_MS]),
        ...open.map(({ number }) => number * MINUTE_MS),
      ];
      return times.length === 0 ? null : Math.min(...times);
    },

    async readErrorHours(accountId, ids, nowMs, hours) {
      const accountRow = findAccountRow(store, accountId);
      const untilMs = (Math.floor(nowMs / HOUR_MS) + 1) * HOUR_MS;
      const sinceMs = untilMs - hours * HOUR_MS;
      const idsByRow = new Map<number, ErrorGroupId>();
      for (const id of ids) {
        const row = selectGroupRow.get(accountRow, id)?.['row'] as number | undefined;
        if (row !== undefined) idsByRow.set(row, id);
      }
      const found = new Map<ErrorGroupId, number[]>();
      const begin = (): void => {
        for (const id of idsByRow.values())
          found.set(
            id,
            Array.from({ length: hours }, () => 0),
          );
      };
      const range: SlotRange = { sinceMs, untilMs, grain: 'hour' };
      await reader.read(ERROR_KIND, accountRow, range, begin, (startMs, row, counts) => {
        const id = idsByRow.get(row);
        const series = id === undefined ? undefined : found.get(id);
        const hour = Math.floor((startMs - sinceMs) / HOUR_MS);
        if (series !== undefined) {
          series[hour] = (series[hour] as number) + (counts[ERROR.calls] as number);
        }
      });
      return found;
    },

    async readSourceActivity(accountId) {
      const accountRow = findAccountRow(store, accountId);
      const untilMs = (Math.floor(clock.nowMs() / HOUR_MS) + 1) * HOUR_MS;
      const range: SlotRange = {
        sinceMs: untilMs - ACTIVITY_DAYS * DAY_HOURS * HOUR_MS,
        untilMs,
        grain: 'hour',
      };
      const seen = new Map<number, { lastMs: number; hours: { startMs: number; reports: number }[] }>();
      await reader.read(
        SOURCE_KIND,
        accountRow,
        range,
        () => seen.clear(),
        (startMs, row, counts) => {
          const source = seen.get(row) ?? { lastMs: 0, hours: [] };
          source.hours.push({ startMs, reports: counts[SOURCE.reports] as number });
          source.lastMs = Math.max(source.lastMs, counts[SOURCE.lastReportAtMs] as number);
          seen.set(row, source);
        },
      );
      // The built-in sources are the default account's, but reports of any account may come through them.
      const rows = new Set([
        ...sources.list(accountId).map(({ id }) => sources.toRow(id)),
        ...[...seen.keys()].filter((row) => sources.find(sources.toId(row)) !== undefined),
      ]);
      return [...rows]
        .toSorted((a, b) => a - b)
        .map((row) => {
          const source = seen.get(row);
          const lastReportAtMs = source?.lastMs ?? readLastReport(accountRow, row);
          return { sourceId: sources.toId(row), lastReportAtMs, hours: source?.hours ?? [] };
        });
    },
  };
}

interface CallTally {
  readonly counts: number[];
  /** Start of the newest slot in it. */
  lastMs: number;
}

interface DestinationTally {
  readonly total: number[];
  readonly latencies: Bars;
  readonly slots: Map<number, number[]>;
}

/** The slots of an answer, and what is read for them. */
interface Frame {
  readonly range: SlotRange;
  readonly count: number;
  readonly toIndex: (ms: number) => number;
  readonly toStartMs: (index: number) => number;
}

function toFrame({ sinceMs, untilMs, stepMs }: StatisticsRequest): Frame {
  if (!Number.isInteger(stepMs / MINUTE_MS) || stepMs <= 0) {
    throw new RangeError('A step is a whole number of minutes.');
  }
  const grain = stepMs >= HOUR_MS ? 'hour' : 'minute';
  const grainMs = grain === 'hour' ? HOUR_MS : MINUTE_MS;
  const range: SlotRange = {
    sinceMs: Math.floor(sinceMs / grainMs) * grainMs,
    untilMs: Math.ceil(untilMs / grainMs) * grainMs,
    grain,
  };
  const first = Math.floor(range.sinceMs / stepMs);
  const count = Math.ceil(range.untilMs / stepMs) - first;
  if (!(count >= 1 && count <= SLOTS_MAX)) {
    throw new RangeError(`There are 1 to ${SLOTS_MAX} slots in an answer, not ${count}.`);
  }
  return {
    range,
    count,
    toIndex: (ms) => Math.floor(ms / stepMs) - first,
    toStartMs: (index) => (first + index) * stepMs,
  };
}

function toCallSlots(
  frame: Frame,
  tallies: ReadonlyMap<number, CallTally>,
  activeBefore: number,
): readonly CallSlot[] {
  let active = activeBefore;
  return Array.from({ length: frame.count }, (_, index) => {
    const counts = tallies.get(index)?.counts;
    // Whoever was active when the slot began belongs to its peak.
    const activePeak = Math.max(active, counts?.[CALL.activePeak] ?? 0);
    active = counts?.[CALL.activeEnd] ?? active;
    const read = (place: number): number => counts?.[place] ?? 0;
    return {
      startMs: frame.toStartMs(index),
      connected: read(CALL.connected),
      ended: read(CALL.ended),
      failed: read(CALL.failed),
      unpaired: read(CALL.unpaired),
      durationCount: read(CALL.durationCount),
      durationMsSum: read(CALL.durationMsSum),
      durationMsMax: read(CALL.durationMsMax),
      shortCalls: read(CALL.shortCalls),
      activePeak,
      activeEnd: active,
      repeated: read(CALL.repeated),
      late: read(CALL.late),
      conflicting: read(CALL.conflicting),
      noted: read(CALL.noted),
    };
  });
}

function toDeliveryCounts(counts: readonly number[]): Omit<DeliverySlot, 'startMs'> {
  return {
    delivered: counts[DELIVERY.delivered] as number,
    failedAttempts: counts[DELIVERY.failedAttempts] as number,
    dead: counts[DELIVERY.dead] as number,
  };
}

function addSeen(seen: SeenBars, bars: Bars): void {
  if (seen === null) return;
  if (seen instanceof Uint8Array) {
    addBars({ bytes: seen, at: 0 }, bars);
  } else {
    for (let bar = 0; bar < bars.length; bar += 1) bars[bar] = (bars[bar] as number) + (seen[bar] as number);
  }
}
