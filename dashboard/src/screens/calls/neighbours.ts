/** The list that a call was opened from: its address for the way back, its ids for previous and next. */

export interface LastList {
  /** Path and query of the list. */
  readonly href: string;
  readonly ids: readonly string[];
}

export interface Neighbours {
  readonly listHref: string;
  readonly previous: string | null;
  readonly next: string | null;
  /** From 1; null where the call is not of the list. */
  readonly place: number | null;
  readonly count: number;
}

const KEY = 'offhook-last-calls';
/** Some 100 kB for ids of the greatest length; storage of a tab holds 5 MB. */
const IDS_MAX = 400;

export function toNeighbours(list: LastList | null, id: string): Neighbours {
  const ids = list?.ids ?? [];
  const at = ids.indexOf(id);
  return {
    listHref: list?.href ?? '/calls',
    previous: at > 0 ? (ids[at - 1] ?? null) : null,
    next: at >= 0 ? (ids[at + 1] ?? null) : null,
    place: at < 0 ? null : at + 1,
    count: ids.length,
  };
}

export function rememberList(list: LastList): void {
  try {
    sessionStorage.setItem(KEY, JSON.stringify({ href: list.href, ids: list.ids.slice(0, IDS_MAX) }));
  } catch {
    // No storage: there is no previous and next.
  }
}

export function recallList(): LastList | null {
  try {
    return parseList(JSON.parse(sessionStorage.getItem(KEY) ?? 'null'));
  } catch {
    return null;
  }
}

/** What is kept is this page's own, but of an older build perhaps. */
export function parseList(value: unknown): LastList | null {
  if (typeof value !== 'object' || value === null) return null;
  const { href, ids } = value as Partial<Record<keyof LastList, unknown>>;
  const isList =
    typeof href === 'string' &&
    /^\/(?:calls|live)(?:[?]|$)/.test(href) &&
    Array.isArray(ids) &&
    ids.every((one) => typeof one === 'string');
  return isList ? { href, ids } : null;
}
