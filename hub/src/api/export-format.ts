/**
 * Views as a file: CSV for spreadsheets, NDJSON for programs, Parquet for warehouses. In: views, a page at a time. Out:
 * pieces of the file with the rows that each completes; memory holds one piece, of Parquet one row group.
 */
export const EXPORT_FORMATS = ['csv', 'ndjson', 'parquet'] as const;
export type ExportFormat = (typeof EXPORT_FORMATS)[number];

export interface ExportColumn<View> {
  readonly name: string;
  readonly type: 'text' | 'integer' | 'boolean' | 'time';
  readonly read: (view: View) => string | number | boolean | null | undefined;
}

export interface ExportPiece {
  readonly bytes: string | Uint8Array;
  /** Rows that are the reader's once it has this piece. */
  readonly rows: number;
}

export interface ExportEncoder<View> {
  /** What a page of views completes; nothing yet, where a format gathers more first. */
  add(views: readonly View[]): Iterable<ExportPiece>;
  /** The end of the file: without it, the file must not look complete. */
  end(): Iterable<ExportPiece>;
}

export const EXPORT_MEDIA_TYPES: Readonly<Record<ExportFormat, string>> = {
  csv: 'text/csv; charset=utf-8; header=present',
  ndjson: 'application/x-ndjson; charset=utf-8',
  parquet: 'application/vnd.apache.parquet',
};
