import { useEffect, useReducer, useRef } from 'preact/hooks';
import type { CallView, Page } from '../../data/types.ts';
import type { CallList, CallListState } from './call-list.ts';
import type { CallQuery } from './call-query.ts';

import { parseFilter } from '../../../../hub/src/api/filter.ts';
import { request, toPath } from '../../data/api.ts';
import { PAGE_ROWS } from '../../data/resource.ts';
import { recall, remember } from '../../data/resource-cache.ts';
import { session } from '../../data/session.ts';
import { onCalls, onResync } from '../../data/stream.ts';
import { makeCallList } from './call-list.ts';
import { toApiQuery } from './call-query.ts';
import { BROWSER_TIMERS } from './gate.ts';

export interface ShownCallList extends CallListState {
  /** The rows answer an earlier question while the present one is on its way. */
  readonly isBehind: boolean;
  readonly load: () => void;
  readonly loadMore: () => void;
  readonly showNew: () => void;
}

const EMPTY: CallListState = {
  rows: [],
  cursor: null,
  fault: null,
  loading: 'first',
  isKnown: false,
  newCount: 0,
};

/** `isHeld` is asked at each change: whether somebody reads where rows must not move. */
export function useCallList(query: CallQuery, isHeld: () => boolean): ShownCallList {
  const [, render] = useReducer((count: number) => count + 1, 0);
  const path = toPath('/v1/calls', toApiQuery(query));
  // Other numbers are masked: no row of before may stay.
  const key = `${path} ${session.value?.revealed === true}`;
  const held = useRef(isHeld);
  held.current = isHeld;
  const current = useRef<{ readonly key: string; readonly list: CallList } | null>(null);
  const shown = useRef<CallListState>(EMPTY);

  if (current.current?.key !== key) {
    current.current?.list.stop();
    const parsed = parseFilter(query.q);
    const list = makeCallList({
      // An end in the past is a question of time as the hub sees it.
      filter: parsed.kind === 'filter' && query.until === null ? parsed.filter : null,
      known: recall(path) as Pick<CallListState, 'rows' | 'cursor'> | undefined,
      read: (cursor, signal) =>
        request<Page<CallView>>('GET', path, {
          query: { limit: PAGE_ROWS, cursor: cursor ?? undefined },
          signal,
        }),
      isHeld: () => held.current(),
      changed() {
        const { rows, cursor, isKnown } = list.state();
        if (isKnown) remember(path, { rows, cursor });
        if (current.current?.list === list) render(0);
      },
      ...BROWSER_TIMERS,
    });
    current.current = { key, list };
  }

  const { list } = current.current;
  useEffect(() => {
    // Rows of an earlier visit stay until somebody is at the top; what came since is put above them.
    if (list.state().isKnown) list.check();
    else list.load();
    const stops = [
      onCalls((calls) => list.take(calls)),
      onResync((topics) => {
        if (topics.includes('calls')) list.check();
      }),
    ];
    return () => {
      list.stop();
      for (const stop of stops) stop();
    };
  }, [list]);

  const state = list.state();
  const isBehind = !state.isKnown && state.fault === null;
  if (!isBehind) shown.current = state;
  return {
    ...shown.current,
    ...(isBehind && { loading: 'first' as const, newCount: 0 }),
    isBehind,
    load: list.load,
    loadMore: list.loadMore,
    showNew: list.showNew,
  };
}
