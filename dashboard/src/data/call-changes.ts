/** How changes that come by the stream are put into rows that are already shown. */

export interface Change {
  readonly id: string;
}

/**
 * The rows with the changes in them: known ones replaced in place, new ones in front where they `belong`, and what no
 * longer belongs taken out. The same array where nothing changed.
 */
export function mergeChanges<Row extends Change>(
  rows: readonly Row[],
  changes: readonly Row[],
  belongs: (row: Row) => boolean = () => true,
): readonly Row[] {
  const byId = new Map(changes.map((change) => [change.id, change]));
  let isChanged = false;
  const merged: Row[] = [];
  for (const row of rows) {
    const change = byId.get(row.id);
    if (change === undefined) {
      merged.push(row);
      continue;
    }
    byId.delete(row.id);
    isChanged = true;
    if (belongs(change)) merged.push(change);
  }
  const added = [...byId.values()].filter(belongs).toReversed();
  return isChanged || added.length > 0 ? [...added, ...merged] : rows;
}
