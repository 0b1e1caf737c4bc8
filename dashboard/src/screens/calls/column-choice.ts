/** Which columns the list of calls shows in this browser. */
import { signal } from '@preact/signals';

export const CALL_COLUMN_KEYS = [
  'state',
  'id',
  'ours',
  'customer',
  'type',
  'started',
  'duration',
  'reason',
  'ended',
  'changed',
  'summary',
] as const;
export type CallColumnKey = (typeof CALL_COLUMN_KEYS)[number];

/** The row's link and what it leads to. */
export const FIXED_COLUMNS: ReadonlySet<CallColumnKey> = new Set(['state', 'id']);
const HIDDEN_AT_FIRST: ReadonlySet<CallColumnKey> = new Set(['ended', 'changed', 'summary']);

const KEY = 'offhook-call-columns';

export const shownColumns = signal<ReadonlySet<CallColumnKey>>(readChoice());

export function setColumnShown(key: CallColumnKey, isShown: boolean): void {
  const next = new Set(shownColumns.peek());
  if (isShown) next.add(key);
  else next.delete(key);
  write(next);
}

export function resetColumns(): void {
  write(toDefault());
}

function write(next: ReadonlySet<CallColumnKey>): void {
  shownColumns.value = next;
  try {
    localStorage.setItem(KEY, JSON.stringify([...next]));
  } catch {
    // Storage is full or forbidden: it holds until the page is left.
  }
}

function readChoice(): ReadonlySet<CallColumnKey> {
  try {
    return parseColumns(JSON.parse(localStorage.getItem(KEY) ?? 'null'));
  } catch {
    return toDefault();
  }
}

/** What an older page kept is taken as far as it fits. */
export function parseColumns(value: unknown): ReadonlySet<CallColumnKey> {
  if (!Array.isArray(value)) return toDefault();
  return new Set(CALL_COLUMN_KEYS.filter((key) => FIXED_COLUMNS.has(key) || value.includes(key)));
}

function toDefault(): ReadonlySet<CallColumnKey> {
  return new Set(CALL_COLUMN_KEYS.filter((key) => !HIDDEN_AT_FIRST.has(key)));
}
