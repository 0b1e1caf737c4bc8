import { parquetMetadata, parquetReadObjects } from 'hyparquet';
import { describe, expect, it } from 'vitest';
import type { ExportColumn, ExportPiece } from './export-format.ts';

import { loadParquet, PARQUET_GROUP_CHARACTERS, PARQUET_GROUP_ROWS } from './export-parquet.ts';

interface Row {
  readonly id: string;
  readonly error: string | null;
  readonly count: number | null;
  readonly isLive: boolean;
  readonly at: string | null;
}

const COLUMNS: readonly ExportColumn<Row>[] = [
  { name: 'id', type: 'text', read: (row) => row.id },
  { name: 'error', type: 'text', read: (row) => row.error },
  { name: 'count', type: 'integer', read: (row) => row.count },
  { name: 'live', type: 'boolean', read: (row) => row.isLive },
  { name: 'at', type: 'time', read: (row) => row.at },
];

function makeRow(index: number): Row {
  return {
    id: `call-${index}`,
    error: index % 3 === 0 ? null : `=1+1 "é 電話" \u{1F600} ${index}`,
    count: index % 5 === 0 ? null : Number.MAX_SAFE_INTEGER - index,
    isLive: index % 2 === 0,
    at: index % 7 === 0 ? null : new Date(1_700_000_000_000 + index).toISOString(),
  };
}

function join(pieces: readonly ExportPiece[]): ArrayBuffer {
  return new Uint8Array(Buffer.concat(pieces.map(({ bytes }) => Buffer.from(bytes)))).buffer;
}

describe('Parquet', () => {
  it('is read by another reader as what it was, row group after row group', async () => {
    const encoder = (await loadParquet())(COLUMNS);
    const rows = Array.from({ length: PARQUET_GROUP_ROWS * 2 + 150 }, (_, index) => makeRow(index));
    const pieces: ExportPiece[] = [];
    for (let from = 0; from < rows.length; from += 200)
      pieces.push(...encoder.add(rows.slice(from, from + 200)));
    pieces.push(...encoder.end());
    expect(pieces.reduce((sum, piece) => sum + piece.rows, 0)).toBe(rows.length);

    const file = join(pieces);
    const metadata = parquetMetadata(file);
    expect(metadata.row_groups.map((group) => Number(group.num_rows))).toEqual([
      PARQUET_GROUP_ROWS,
      PARQUET_GROUP_ROWS,
      150,
    ]);
    expect(metadata.created_by).toBe('offhook');
    const read = await parquetReadObjects({ file });
    expect(read).toHaveLength(rows.length);
    for (const [index, row] of rows.entries()) {
      expect(read[index]).toEqual({
        id: row.id,
        error: row.error,
        count: row.count === null ? null : BigInt(row.count),
        live: row.isLive,
        at: row.at === null ? null : new Date(row.at),
      });
    }
  });

  it('of nothing is a file with columns and no rows', async () => {
    const encoder = (await loadParquet())(COLUMNS);
    const file = join([...encoder.add([]), ...encoder.end()]);
    expect(
      parquetMetadata(file)
        .schema.slice(1)
        .map(({ name }) => name),
    ).toEqual(COLUMNS.map(({ name }) => name));
    expect(await parquetReadObjects({ file })).toEqual([]);
  });

  it('ends a group of long texts early, so that memory stays bounded', async () => {
    const encoder = (await loadParquet())(COLUMNS);
    const long = { ...makeRow(1), error: 'x'.repeat(PARQUET_GROUP_CHARACTERS / 4) };
    const pieces = [...encoder.add(Array.from({ length: 10 }, () => long))];
    expect(pieces.map(({ rows }) => rows)).toEqual([4, 4]);
  });
});
