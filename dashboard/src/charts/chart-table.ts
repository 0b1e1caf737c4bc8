/** A chart as a table: what "View as table" shows and what the CSV file holds. */
export type CellKind = 'text' | 'count' | 'rate' | 'duration' | 'time';

export interface ChartColumn {
  readonly label: string;
  readonly kind: CellKind;
}

/** Times and durations in ms, rates from 0 to 1. */
export type ChartCell = string | number | null;

export interface ChartTable {
  readonly columns: readonly ChartColumn[];
  readonly rows: readonly (readonly ChartCell[])[];
}
