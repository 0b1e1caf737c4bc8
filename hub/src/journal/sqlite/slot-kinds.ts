/**
 * What is counted, by kind: calls of an account, attempts at a destination, failed calls of an error group, reports of
 * a source. Each kind is a list of numbers in the order of its columns, so that counting, writing, folding hours and
 * answering questions are one piece of code for all of them.
 */
export const MINUTE_MS = 60_000;
export const HOUR_MS = 3_600_000;
export const HOUR_MINUTES = 60;

/** How two numbers of the same column become one: of two slots in a row, the later one's is `last`. */
type Merge = 'sum' | 'max' | 'last';

export interface SlotKind {
  readonly name: 'call' | 'delivery' | 'error' | 'source';
  /** On disk, in slot records: never another meaning. */
  readonly code: number;
  readonly grain: 'minute' | 'hour';
  /** null where the hours are all there is. */
  readonly minutes: string | null;
  readonly hours: string;
  /** Beside account and slot; null where there is one of an account. */
  readonly rowColumn: string | null;
  readonly columns: readonly string[];
  readonly merges: readonly Merge[];
  readonly histogram: string | null;
}

/** Places in the numbers of a call slot. */
export const CALL = {
  connected: 0,
  ended: 1,
  failed: 2,
  unpaired: 3,
  durationCount: 4,
  durationMsSum: 5,
  durationMsMax: 6,
  shortCalls: 7,
  activePeak: 8,
  activeEnd: 9,
  repeated: 10,
  late: 11,
  conflicting: 12,
  noted: 13,
} as const;

export const CALL_KIND: SlotKind = {
  name: 'call',
  code: 0,
  grain: 'minute',
  minutes: 'call_minutes',
  hours: 'call_hours',
  rowColumn: null,
  columns: [
    'connected',
    'ended',
    'failed',
    'unpaired',
    'duration_count',
    'duration_ms_sum',
    'duration_ms_max',
    'short_calls',
    'active_peak',
    'active_end',
    'repeated',
    'late',
    'conflicting',
    'noted',
  ],
  merges: ['sum', 'sum', 'sum', 'sum', 'sum', 'sum', 'max', 'sum', 'max', 'last', 'sum', 'sum', 'sum', 'sum'],
  histogram: 'durations',
};

export const DELIVERY = { delivered: 0, failedAttempts: 1, dead: 2 } as const;

export const DELIVERY_KIND: SlotKind = {
  name: 'delivery',
  code: 1,
  grain: 'minute',
  minutes: 'delivery_minutes',
  hours: 'delivery_hours',
  rowColumn: 'destination_row',
  columns: ['delivered', 'failed_attempts', 'dead'],
  merges: ['sum', 'sum', 'sum'],
  histogram: 'latencies',
};

export const ERROR = { calls: 0 } as const;

export const ERROR_KIND: SlotKind = {
  name: 'error',
  code: 2,
  grain: 'minute',
  minutes: 'error_minutes',
  hours: 'error_hours',
  rowColumn: 'error_row',
  columns: ['calls'],
  merges: ['sum'],
  histogram: null,
};

export const SOURCE = { reports: 0, lastReportAtMs: 1 } as const;

export const SOURCE_KIND: SlotKind = {
  name: 'source',
  code: 3,
  grain: 'hour',
  minutes: null,
  hours: 'source_hours',
  rowColumn: 'source_row',
  columns: ['reports', 'last_report_at_ms'],
  merges: ['sum', 'max'],
  histogram: null,
};

/** By code. */
export const SLOT_KINDS: readonly SlotKind[] = [CALL_KIND, DELIVERY_KIND, ERROR_KIND, SOURCE_KIND];

export function toSlotTable(kind: SlotKind, grain: SlotKind['grain']): string {
  return grain === 'minute' && kind.minutes !== null ? kind.minutes : kind.hours;
}

/** The columns of its key after the account, and those of its numbers. */
export function listSlotColumns(kind: SlotKind): readonly string[] {
  return [
    'slot',
    ...(kind.rowColumn === null ? [] : [kind.rowColumn]),
    ...kind.columns,
    ...(kind.histogram === null ? [] : [kind.histogram]),
  ];
}

/** `added` is of a later slot than what was merged before. */
export function mergeCounts(kind: SlotKind, counts: number[], added: readonly number[]): void {
  for (const [index, merge] of kind.merges.entries()) {
    const value = added[index] as number;
    switch (merge) {
      case 'sum':
        counts[index] = addUp(counts[index] as number, value);
        break;
      case 'max':
        counts[index] = Math.max(counts[index] as number, value);
        break;
      case 'last':
        counts[index] = value;
        break;
    }
  }
}

/** Stops at what a record, a row and the driver can hold: beyond it nothing of the slot could be read back. */
export function addUp(sum: number, value: number): number {
  return Math.min(Number.MAX_SAFE_INTEGER, sum + value);
}

export function createCounts(kind: SlotKind): number[] {
  return kind.columns.map(() => 0);
}
