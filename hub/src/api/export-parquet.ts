/**
 * Apache Parquet, a row group at a time: `hyparquet-writer` (no dependency but its reader) encodes, and what is encoded
 * leaves at once. Loaded with the first export that asks for it.
 */
import type { ByteWriter as ByteWriterType, ParquetWriter as ParquetWriterType } from 'hyparquet-writer';
import type { ExportColumn, ExportEncoder, ExportPiece } from './export-format.ts';

/**
 * Rows of one group: what is held in memory, and how long the event loop is held: 2,000 calls take 20 ms to encode, the
 * first ones 80. Readers like larger groups; an export must not slow calls down.
 */
export const PARQUET_GROUP_ROWS = 2_000;
/** A group of long texts ends earlier. */
export const PARQUET_GROUP_CHARACTERS = 4 * 1024 * 1024;

type Value = string | bigint | boolean | Date | null;

const PARQUET_TYPES = { text: 'STRING', integer: 'INT64', boolean: 'BOOLEAN', time: 'TIMESTAMP' } as const;

export async function loadParquet(): Promise<
  <View>(columns: readonly ExportColumn<View>[]) => ExportEncoder<View>
> {
  const { ByteWriter, ParquetWriter, schemaFromColumnData } = await import('hyparquet-writer');

  return function createParquetEncoder<View>(columns: readonly ExportColumn<View>[]): ExportEncoder<View> {
    const out = new ByteWriter();
    const schema = schemaFromColumnData({
      columnData: columns.map(({ name, type }) => ({ name, type: PARQUET_TYPES[type], data: [] })),
    });
    const parquet = new ParquetWriter({ writer: out, schema, codec: 'SNAPPY', createdBy: 'offhook' });
    let group = columns.map((): Value[] => []);
    let rows = 0;
    let characters = 0;

    function* takeGroup(): Iterable<ExportPiece> {
      if (rows === 0) return;
      writeGroup(parquet, columns, group, rows);
      const piece = { bytes: drain(out), rows };
      group = columns.map(() => []);
      rows = 0;
      characters = 0;
      yield piece;
    }

    return {
      *add(views) {
        for (const view of views) {
          for (const [index, column] of columns.entries()) {
            const value = toValue(column.type, column.read(view));
            group[index]?.push(value);
            if (typeof value === 'string') characters += value.length;
          }
          rows += 1;
          if (rows >= PARQUET_GROUP_ROWS || characters >= PARQUET_GROUP_CHARACTERS) yield* takeGroup();
        }
      },
      *end() {
        yield* takeGroup();
        void parquet.finish();
        yield { bytes: drain(out), rows: 0 };
      },
    };
  };
}

function writeGroup<View>(
  parquet: ParquetWriterType,
  columns: readonly ExportColumn<View>[],
  group: readonly Value[][],
  rows: number,
): void {
  void parquet.write({
    columnData: columns.map(({ name }, index) => ({ name, data: group[index] ?? [], offsetIndex: false })),
    rowGroupSize: rows,
  });
}

/** What was written since the last time; offsets in the file go on counting. */
function drain(out: ByteWriterType): Uint8Array {
  const bytes = new Uint8Array(out.getBuffer());
  out.index = 0;
  return bytes;
}

function toValue(
  type: ExportColumn<unknown>['type'],
  value: ReturnType<ExportColumn<unknown>['read']>,
): Value {
  if (value === null || value === undefined) return null;
  switch (type) {
    case 'text':
      return String(value);
    case 'boolean':
      return Boolean(value);
    case 'integer':
      return BigInt(Math.round(Number(value)));
    case 'time':
      return new Date(String(value));
  }
}
