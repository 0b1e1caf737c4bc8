/** What a screen reads from the hub: old data stays while new is on its way, a fault can be retried, late answers of
 * an earlier question are dropped, and what the stream may have missed is read anew. */
import { useCallback, useEffect, useReducer, useRef } from 'preact/hooks';
import type { ApiFault, RequestOptions } from './api.ts';
import type { Page } from './types.ts';
import type { ResyncTopic } from './stream.ts';

import { request, toApiFault, toPath } from './api.ts';
import { forgetAll, recall, remember } from './resource-cache.ts';
import { session } from './session.ts';
import { onResync } from './stream.ts';

export interface Resource<T> {
  readonly data: T | undefined;
  /** Of the last load; the data before it is still there. */
  readonly fault: ApiFault | null;
  readonly isLoading: boolean;
  readonly reload: () => void;
}

export interface Pages<T> {
  readonly rows: readonly T[];
  readonly fault: ApiFault | null;
  readonly isLoading: boolean;
  readonly hasMore: boolean;
  readonly loadMore: () => void;
  readonly reload: () => void;
  readonly setRows: (change: (rows: readonly T[]) => readonly T[]) => void;
}

/** `key` names what is read: another key, another load. An empty key reads nothing. */
export function useResource<T>(
  key: string,
  load: (signal: AbortSignal) => Promise<T>,
  options: { readonly resync?: readonly ResyncTopic[] } = {},
): Resource<T> {
  const { state, start, render } = useLoads<{ data: T | undefined }>(() => ({
    data: recall(key) as T | undefined,
  }));
  const latestLoad = useRef(load);
  latestLoad.current = load;

  const reload = useCallback(() => {
    if (key === '') return;
    start(latestLoad.current, (data) => {
      state.data = data;
      remember(key, data);
    });
  }, [key]);

  useEffect(() => {
    const known = recall(key);
    if (known !== undefined) state.data = known as T;
    else if (key === '') state.data = undefined;
    state.fault = null;
    state.key = key;
    reload();
    render();
    return () => state.controller?.abort();
  }, [key]);
  useResync(reload, options.resync);

  return { data: state.data, fault: state.fault, isLoading: isLoading(state, key), reload };
}

/** A list of the API, page by page. */
export function usePages<T>(
  path: string,
  query: RequestOptions['query'] = {},
  options: { readonly resync?: readonly ResyncTopic[] } = {},
): Pages<T> {
  const key = toPath(path, query);
  const { state, start, render } = useLoads<Kept<T>>(() => (recall(key) as Kept<T> | undefined) ?? NONE);
  const changes = useRef<((rows: readonly T[]) => readonly T[])[]>([]);

  const reload = useCallback(() => {
    // What somebody has paged to does not shrink under them; more than one answer holds is paged to again.
    const pages = state.isForeign ? 1 : Math.max(1, Math.ceil(state.rows.length / PAGE_ROWS));
    const limit = Math.min(PAGE_ROWS_MAX, pages * PAGE_ROWS);
    changes.current = [];
    start(
      (signal) => request<Page<T>>('GET', key, { query: { limit }, signal }),
      (page) => {
        // What changed while it was read may not be in it.
        const rows = changes.current.reduce((before, change) => change(before), page.data);
        keep({ rows, cursor: page.next_cursor });
      },
    );
  }, [key]);

  const loadMore = useCallback(() => {
    const { cursor } = state;
    if (cursor === null || state.controller !== null) return;
    start(
      (signal) => request<Page<T>>('GET', key, { query: { limit: PAGE_ROWS, cursor }, signal }),
      (page) => {
        keep({ rows: [...state.rows, ...page.data], cursor: page.next_cursor });
      },
    );
  }, [key]);

  const setRows = useCallback(
    (change: (rows: readonly T[]) => readonly T[]) => {
      if (state.controller !== null) changes.current.push(change);
      const rows = change(state.rows);
      if (rows === state.rows || state.isForeign === true) return;
      keep({ rows, cursor: state.cursor });
      render();
    },
    [key],
  );

  function keep(kept: Kept<T>): void {
    state.rows = kept.rows;
    state.cursor = kept.cursor;
    state.isForeign = false;
    remember(key, kept);
  }

  useEffect(() => {
    const known = recall(key) as Kept<T> | undefined;
    if (known !== undefined) Object.assign(state, known, { isForeign: false });
    else if (state.key !== null) {
      // The rows of the list before stay until those of this one are there, but cannot be gone on with.
      state.cursor = null;
      state.isForeign = true;
    }
    state.fault = null;
    state.key = key;
    reload();
    render();
    return () => state.controller?.abort();
  }, [key]);
  useResync(reload, options.resync);

  return {
    rows: state.rows,
    fault: state.fault,
    isLoading: isLoading(state, key),
    hasMore: state.cursor !== null,
    loadMore,
    reload,
    setRows,
  };
}

interface Kept<T> {
  rows: readonly T[];
  cursor: string | null;
  /** The rows are those of the list before. */
  isForeign?: boolean;
}

const NONE: Kept<never> = { rows: [], cursor: null };

/** As the hub gives by default, and at most. */
export const PAGE_ROWS = 50;
const PAGE_ROWS_MAX = 200;

interface Loads {
  fault: ApiFault | null;
  /** Of the load under way. */
  controller: AbortController | null;
  /** What was last asked for; null before the first time. */
  key: string | null;
}

/** From the first render on, which is before the load: else an empty list would be shown for a frame. */
function isLoading(state: Loads, key: string): boolean {
  return key !== '' && (state.controller !== null || state.key !== key);
}

/** State of a component that loads: a new load takes the place of the one before, whose answer is dropped. */
function useLoads<State extends object>(begin: () => State) {
  const render = useRender();
  const ref = useRef<State & Loads>(null);
  ref.current ??= { ...begin(), fault: null, controller: null, key: null };
  const state = ref.current;

  async function run<Answer>(
    controller: AbortController,
    load: (signal: AbortSignal) => Promise<Answer>,
    take: (answer: Answer) => void,
  ): Promise<void> {
    try {
      const answer = await load(controller.signal);
      if (state.controller !== controller || controller.signal.aborted) return;
      take(answer);
      state.fault = null;
    } catch (error) {
      if (state.controller !== controller || controller.signal.aborted) return;
      state.fault = toApiFault(error);
    }
    state.controller = null;
    render();
  }

  return {
    state,
    render,
    start<Answer>(load: (signal: AbortSignal) => Promise<Answer>, take: (answer: Answer) => void): void {
      state.controller?.abort();
      state.controller = new AbortController();
      render();
      void run(state.controller, load, take);
    },
  };
}

function useRender(): () => void {
  const [, render] = useReducer((count: number) => count + 1, 0);
  return render as () => void;
}

function useResync(reload: () => void, topics?: readonly ResyncTopic[]): void {
  const key = topics?.join();
  useEffect(
    () =>
      onResync((lost) => {
        if (topics === undefined || topics.some((topic) => lost.includes(topic))) reload();
      }),
    [reload, key],
  );
}

/** What another person or another masking may see is not shown from memory. */
export function startResources(): void {
  let before: string | undefined;
  session.subscribe((now) => {
    const seen = now === null || now === undefined ? '' : `${now.account.id} ${now.key.id} ${now.revealed}`;
    if (before !== seen) forgetAll();
    before = seen;
  });
}
