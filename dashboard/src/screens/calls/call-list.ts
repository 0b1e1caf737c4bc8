/**
 * The rows of the Calls screen and how they move. In: pages of the hub, changes of the stream. Out: rows in which every
 * call is as the hub last said. Rows in view change where they stand; new ones slide in at the top, unless somebody
 * reads further down or has chosen a row (held): then they wait, and only their number is shown.
 */
import type { JournalFilter } from '../../../../hub/src/journal/filter.ts';
import type { ApiFault } from '../../data/api.ts';
import type { CallView, Page } from '../../data/types.ts';
import type { Timers } from './gate.ts';

import { toApiFault } from '../../data/api.ts';
import { isDecidable, matchCall } from './call-match.ts';
import { makeGate } from './gate.ts';
import { addRows, appendRows, replaceRows } from './live-rows.ts';

export interface CallListState {
  readonly rows: readonly CallView[];
  readonly cursor: string | null;
  readonly fault: ApiFault | null;
  readonly loading: 'first' | 'more' | null;
  /** The hub has answered this question, now or when it was last asked. */
  readonly isKnown: boolean;
  /** New calls that wait to be shown. */
  readonly newCount: number;
}

export interface CallList {
  state(): CallListState;
  load(): void;
  loadMore(): void;
  showNew(): void;
  take(changes: readonly CallView[]): void;
  /** Reads the top of the list anew soon, without moving what is held. */
  check(): void;
  stop(): void;
}

export interface CallListOptions extends Timers {
  /** null where no change can be judged here: then the hub is asked. */
  readonly filter: JournalFilter | null;
  /** What was shown the last time this question was asked. */
  readonly known: Pick<CallListState, 'rows' | 'cursor'> | undefined;
  readonly read: (cursor: string | null, signal: AbortSignal) => Promise<Page<CallView>>;
  readonly isHeld: () => boolean;
  readonly changed: () => void;
}

/** Of asking the hub for the first page because of changes. */
const CHECK_GAP_MS = 2_000;
/** Of sliding in: at a hundred changes a second rows would run, and nobody could read them. */
const SLIDE_GAP_MS = 250;
/** Rows that slid in on top of the first page before it is read anew. */
const SLID_ROWS_MAX = 150;
/** Waiting calls that are kept; beyond them their number alone grows wrong, so that the top is read anew. */
const WAITING_MAX = 500;

export function makeCallList(options: CallListOptions): CallList {
  const { filter, read, changed } = options;
  const canDecide = filter !== null && isDecidable(filter);
  let rows: readonly CallView[] = options.known?.rows ?? [];
  let cursor: string | null = options.known?.cursor ?? null;
  let fault: ApiFault | null = null;
  let loading: 'first' | 'more' | null = null;
  let isKnown = options.known !== undefined;
  let waiting = new Map<string, CallView>();
  /** Between what waits and the rows there are calls that nobody has read. */
  let hasGap = false;
  /** Loaded by somebody who reads on. */
  let isPastFirstPage = isKnown && rows.length > SLID_ROWS_MAX;
  let controller: AbortController | null = null;

  const checks = makeGate(CHECK_GAP_MS, options, () => void readTop());
  const slides = makeGate(SLIDE_GAP_MS, options, slideIn);

  function isHeld(): boolean {
    return isPastFirstPage || options.isHeld();
  }

  function start(kind: 'first' | 'more'): AbortSignal {
    controller?.abort();
    controller = new AbortController();
    loading = kind;
    changed();
    return controller.signal;
  }

  function finish(signal: AbortSignal, error?: unknown): void {
    if (signal.aborted) return;
    loading = null;
    controller = null;
    fault = error === undefined ? null : toApiFault(error);
    changed();
  }

  function showTop(page: Page<CallView>): void {
    rows = page.data;
    cursor = page.next_cursor;
    isKnown = true;
    isPastFirstPage = false;
    waiting.clear();
    hasGap = false;
  }

  async function load(): Promise<void> {
    const signal = start('first');
    try {
      const page = await read(null, signal);
      if (!signal.aborted) showTop(page);
      finish(signal);
    } catch (error) {
      finish(signal, error);
    }
  }

  async function loadMore(): Promise<void> {
    if (cursor === null || loading !== null) return;
    const signal = start('more');
    try {
      const page = await read(cursor, signal);
      if (!signal.aborted) {
        rows = appendRows(rows, page.data);
        cursor = page.next_cursor;
        isPastFirstPage = true;
      }
      finish(signal);
    } catch (error) {
      finish(signal, error);
    }
  }

  /** Because of changes: a fault of it is not shown, the connection's own sign says what is wrong. */
  async function readTop(): Promise<void> {
    if (loading !== null) return;
    const mine = new AbortController();
    controller = mine;
    try {
      const page = await read(null, mine.signal);
      if (mine.signal.aborted) return;
      if (isHeld()) holdTop(page);
      else showTop(page);
      fault = null;
      changed();
    } catch {
      // Read again with the next change.
    } finally {
      if (controller === mine) controller = null;
    }
  }

  function holdTop(page: Page<CallView>): void {
    const fresh = new Map(page.data.map((call) => [call.id, call]));
    const known = new Set(rows.map((row) => row.id));
    const unknown = page.data.filter((call) => !known.has(call.id));
    rows = replaceRows(rows, fresh);
    hasGap ||= unknown.length === page.data.length && page.has_more && rows.length > 0;
    waiting = new Map([...waiting, ...unknown.map((call) => [call.id, call] as const)]);
  }

  function take(changes: readonly CallView[]): void {
    const changeById = new Map(changes.map((call) => [call.id, call]));
    const before = rows;
    rows = replaceRows(rows, changeById);
    const known = new Set(rows.map((row) => row.id));
    const unknown = changes.filter((call) => !known.has(call.id));
    if (!canDecide) {
      // Whether a call in the rows still belongs may have changed as well.
      checks.ask();
    } else {
      for (const call of unknown) {
        waiting.delete(call.id);
        if (matchCall(filter, call)) waiting.set(call.id, call);
      }
      if (waiting.size > WAITING_MAX) {
        waiting = new Map([...waiting].slice(-WAITING_MAX));
        hasGap = true;
      }
      if (waiting.size > 0 && !isHeld()) slides.ask();
      // One that no longer belongs is left in place until the top is read anew, so that its end is seen.
      if (rows !== before && rows.some((row) => changeById.has(row.id) && !matchCall(filter, row)))
        checks.ask();
    }
    if (rows !== before || unknown.length > 0) changed();
  }

  function slideIn(): void {
    if (waiting.size === 0 || isHeld()) return;
    if (hasGap || rows.length > SLID_ROWS_MAX) {
      checks.ask();
      return;
    }
    rows = addRows(rows, [...waiting.values()]);
    waiting.clear();
    changed();
  }

  function showNew(): void {
    if (hasGap || isPastFirstPage) {
      waiting.clear();
      void load();
      return;
    }
    rows = addRows(rows, [...waiting.values()]);
    waiting.clear();
    changed();
  }

  return {
    state: () => ({ rows, cursor, fault, loading, isKnown, newCount: isKnown ? waiting.size : 0 }),
    load: () => void load(),
    loadMore: () => void loadMore(),
    showNew,
    take,
    check: () => checks.ask(),
    stop() {
      controller?.abort();
      controller = null;
      checks.stop();
      slides.stop();
    },
  };
}
