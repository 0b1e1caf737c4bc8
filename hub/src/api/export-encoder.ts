/** The encoder of each format. */
import type { ExportColumn, ExportEncoder, ExportFormat } from './export-format.ts';

import { toCsvHead, toCsvLine, toLineEncoder, toNdjsonLine } from './export-lines.ts';
import { loadParquet } from './export-parquet.ts';

export async function openExportEncoder<View>(
  format: ExportFormat,
  columns: readonly ExportColumn<View>[],
): Promise<ExportEncoder<View>> {
  switch (format) {
    case 'csv':
      return toLineEncoder((view) => toCsvLine(view, columns), toCsvHead(columns));
    case 'ndjson':
      return toLineEncoder(toNdjsonLine, '');
    case 'parquet': {
      const createParquetEncoder = await loadParquet();
      return createParquetEncoder(columns);
    }
  }
}
