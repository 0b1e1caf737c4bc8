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
  const render = useRender();
  const state = useRef<{ data: T | undefined; fault: ApiFault | null; controller: AbortController | null }>(
    null,
  );
  state.current ??= { data: recall<T>(key), fault: null, controller: null };
  const current = state.current;
  const latestLoad = useRef(load);
  latestLoad.current = load;

  const reload = useCallback(() => {
    current.controller?.abort();
    if (key === '') {
      current.controller = null;
      return;
    }
    const controller = new AbortController();
    current.controller = controller;
    render();
    latestLoad
      .current(controller.signal)
      .then(
        (data) => {
          if (controller.signal.aborted) return;
          remember(key, data);
          current.data = data;
          current.fault = null;
        },
        (error: unknown) => {
          if (!controller.signal.aborted) current.fault = toApiFault(error);
        },
      )
      .finally(() => {
        if (current.controller !== controller) return;
        current.controller = null;
        render();
      });
  }, [key]);

  useEffect(() => {
    const known = recall<T>(key);
    if (known !== undefined) current.data = known;
    current.fault = null;
    reload();
    return () => {
      current.controller?.abort();
      current.controller = null;
    };
  }, [key]);
  useResync(reload, options.resync);

  return { data: current.data, fault: current.fault, isLoading: current.controller !== null, reload };
}

/** A list of the API, page by page. */
export function usePages<T>(
  path: string,
  query: RequestOptions['query'] = {},
  options: { readonly resync?: readonly ResyncTopic[] } = {},
): Pages<T> {
  const key = toPath(path, query);
  const render = useRender();
  const state = useRef<PagesState<T>>(null);
  state.current ??= { key, rows: [], cursor: null, fault: null, controller: null };
  const current = state.current;

  const read = useCallback(
    (isMore: boolean) => {
      if (isMore && (current.cursor === null || current.controller !== null)) return;
      current.controller?.abort();
      const controller = new AbortController();
      current.controller = controller;
      render();
      const cursor = isMore ? current.cursor : null;
      request<Page<T>>('GET', key, {
        query: { limit: PAGE_ROWS, cursor: cursor ?? undefined },
        signal: controller.signal,
      })
        .then(
          (page) => {
            if (controller.signal.aborted) return;
            current.rows = isMore ? [...current.rows, ...page.data] : page.data;
            current.cursor = page.next_cursor;
            current.fault = null;
            remember(key, { rows: current.rows, cursor: current.cursor });
          },
          (error: unknown) => {
            if (!controller.signal.aborted) current.fault = toApiFault(error);
          },
        )
        .finally(() => {
          if (current.controller !== controller) return;
          current.controller = null;
          render();
        });
    },
    [key],
  );

  const reload = useCallback(() => read(false), [read]);
  const loadMore = useCallback(() => read(true), [read]);
  const setRows = useCallback(
    (change: (rows: readonly T[]) => readonly T[]) => {
      const rows = change(current.rows);
      if (rows === current.rows) return;
      current.rows = rows;
      remember(key, { rows, cursor: current.cursor });
      render();
    },
    [key],
  );

  useEffect(() => {
    const known = recall<{ readonly rows: readonly T[]; readonly cursor: string | null }>(key);
    if (known !== undefined) {
      current.rows = known.rows;
      current.cursor = known.cursor;
    }
    current.fault = null;
    reload();
    return () => {
      current.controller?.abort();
      current.controller = null;
    };
  }, [key]);
  useResync(reload, options.resync);

  return {
    rows: current.rows,
    fault: current.fault,
    isLoading: current.controller !== null,
    hasMore: current.cursor !== null,
    loadMore,
    reload,
    setRows,
  };
}

export const PAGE_ROWS = 50;

interface PagesState<T> {
  key: string;
  rows: readonly T[];
  cursor: string | null;
  fault: ApiFault | null;
  controller: AbortController | null;
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
