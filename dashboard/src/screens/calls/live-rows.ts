/** How a list takes what the stream says: rows in view change where they stand, others wait until they are wanted. */
import type { CallView } from '../../data/types.ts';

/** The same rows with the changes in them; the same array where nothing changed. */
export function replaceRows(
  rows: readonly CallView[],
  changes: ReadonlyMap<string, CallView>,
): readonly CallView[] {
  let isChanged = false;
  const replaced = rows.map((row) => {
    const change = changes.get(row.id);
    // A page that was read after the change was told knows better.
    if (change === undefined || change.updated_at < row.updated_at || isSame(row, change)) return row;
    isChanged = true;
    return change;
  });
  return isChanged ? replaced : rows;
}

/** Those in front, then the rows; each call once, latest change first among the added. */
export function addRows(rows: readonly CallView[], added: readonly CallView[]): readonly CallView[] {
  if (added.length === 0) return rows;
  const known = new Set(rows.map((row) => row.id));
  const news = new Map<string, CallView>();
  for (const call of added) if (!known.has(call.id)) news.set(call.id, call);
  return [...[...news.values()].toSorted((one, two) => compare(two.updated_at, one.updated_at)), ...rows];
}

/** The next page behind the rows. A call that changed since was moved to the front, so it may come a second time. */
export function appendRows(rows: readonly CallView[], page: readonly CallView[]): readonly CallView[] {
  const known = new Set(rows.map((row) => row.id));
  return [...rows, ...page.filter((row) => !known.has(row.id))];
}

/** RFC 3339 in UTC with milliseconds, as the hub writes them, sorts as text. */
function compare(one: string, two: string): number {
  return one < two ? -1 : one > two ? 1 : 0;
}

function isSame(one: CallView, two: CallView): boolean {
  return JSON.stringify(one) === JSON.stringify(two);
}
