/** What sources sent, by the hour: added to what is there, since it is gathered elsewhere a minute at a time. */
import { SKEW_CLASS_SECONDS, type QualityJournal, type SourceQuality } from '../source-quality.ts';
import { findAccountRow, toAccountRow } from './accounts.ts';
import { addUp, HOUR_MS } from './slot-kinds.ts';
import type { Store } from './store.ts';

const COUNTS = [
  'advanced',
  'repeated',
  'late',
  'conflicting',
  'noted',
  'unpairedEnds',
  'badSignatures',
  'badRequests',
] as const;
const COUNT_COLUMNS =
  'advanced, repeated, late, conflicting, noted, unpaired_ends AS unpairedEnds, bad_signatures AS badSignatures, bad_requests AS badRequests, behind, ahead';

const SELECT_HOUR = `
  SELECT ${COUNT_COLUMNS} FROM source_quality WHERE account_row = ? AND slot = ? AND source_row = ?`;
const REPLACE_HOUR = `
  INSERT OR REPLACE INTO source_quality (account_row, slot, source_row, advanced, repeated, late, conflicting, noted,
    unpaired_ends, bad_signatures, bad_requests, behind, ahead)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;
const SELECT_RANGE = `
  SELECT slot, source_row, ${COUNT_COLUMNS} FROM source_quality
  WHERE account_row = ? AND slot >= ? AND slot < ? ORDER BY source_row, slot`;

type Counts = Pick<SourceQuality, (typeof COUNTS)[number] | 'behind' | 'ahead'>;
type CountsRow = Readonly<Record<(typeof COUNTS)[number], number>> & {
  readonly behind: string;
  readonly ahead: string;
};

export function createSourceQuality(store: Store): QualityJournal {
  const { db, read, writer, sources } = store;
  const selectHour = db.prepare(SELECT_HOUR);
  const replaceHour = db.prepare(REPLACE_HOUR);
  const selectRange = read.prepare(SELECT_RANGE);

  function add(quality: SourceQuality): void {
    const key = [
      toAccountRow(store, quality.accountId),
      Math.floor(quality.hourMs / HOUR_MS),
      sources.toRow(quality.sourceId),
    ];
    const before = selectHour.get(...key) as unknown as CountsRow | undefined;
    const sum = before === undefined ? quality : addCounts(toCounts(before), quality);
    replaceHour.run(
      ...key,
      ...COUNTS.map((name) => sum[name]),
      JSON.stringify(toClasses(sum.behind)),
      JSON.stringify(toClasses(sum.ahead)),
    );
  }

  return {
    async addSourceQuality(counts) {
      if (counts.length === 0) return;
      await writer.run(
        {
          work() {
            for (const quality of counts) add(quality);
          },
        },
        { weight: counts.length, lazy: true },
      );
    },
    async readSourceQuality(accountId, sinceMs, untilMs) {
      const first = Math.floor(sinceMs / HOUR_MS);
      const end = Math.ceil(untilMs / HOUR_MS);
      const rows = selectRange.all(findAccountRow(store, accountId), first, end) as unknown as (CountsRow & {
        readonly slot: number;
        readonly source_row: number;
      })[];
      return rows.map((row) => ({
        accountId,
        sourceId: sources.toId(row.source_row),
        hourMs: row.slot * HOUR_MS,
        ...toCounts(row),
      }));
    },
  };
}

function toCounts(row: CountsRow): Counts {
  const { advanced, repeated, late, conflicting, noted, unpairedEnds, badSignatures, badRequests } = row;
  return {
    advanced,
    repeated,
    late,
    conflicting,
    noted,
    unpairedEnds,
    badSignatures,
    badRequests,
    behind: toClasses(JSON.parse(row.behind) as number[]),
    ahead: toClasses(JSON.parse(row.ahead) as number[]),
  };
}

function addCounts(before: Counts, added: Counts): Counts {
  const sum: Record<(typeof COUNTS)[number], number> = { ...before };
  for (const name of COUNTS) sum[name] = addUp(before[name], added[name]);
  return {
    ...sum,
    behind: before.behind.map((count, index) => addUp(count, added.behind[index] ?? 0)),
    ahead: before.ahead.map((count, index) => addUp(count, added.ahead[index] ?? 0)),
  };
}

/** As many as there are classes, however many were given. */
function toClasses(counts: readonly number[]): readonly number[] {
  return Array.from({ length: SKEW_CLASS_SECONDS.length + 1 }, (_, index) => counts[index] ?? 0);
}
