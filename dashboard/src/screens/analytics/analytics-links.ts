/** Where a part of a chart leads: the list of what was counted there. */
import { toHref } from '../../data/href.ts';

export interface Span {
  readonly sinceMs: number;
  readonly untilMs: number;
}

export function toCallsHref(span: Span, filter = ''): string {
  return toListHref('/calls', span, filter);
}

export function toDeliveriesHref(span: Span, filter = ''): string {
  return toListHref('/deliveries', span, filter);
}

/** `search` comes escaped for the quotes; empty where the texts of a group share nothing. */
export function toErrorFilter(search: string): string {
  return search === '' ? 'state:failed' : `state:failed error:"${search}"`;
}

/** [fromMs, toMs), in the filter's whole milliseconds, both ends inside. */
export function toDurationFilter(fromMs: number, toMs: number): string {
  const last = Math.max(0, Math.ceil(toMs) - 1);
  return fromMs <= 0 ? `duration:<=${last}ms` : `duration:${Math.ceil(fromMs)}ms..${last}ms`;
}

function toListHref(path: string, span: Span, filter: string): string {
  return toHref(
    { path, query: new URLSearchParams(), hash: '' },
    {
      since: new Date(span.sinceMs).toISOString(),
      until: new Date(span.untilMs).toISOString(),
      q: filter === '' ? null : filter,
    },
  );
}
