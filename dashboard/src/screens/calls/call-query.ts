/** The list's question: how the address of the screen becomes a query of the API, and which state a filter asks for. */
import type { CallState } from '../../../../hub/src/calls/call.ts';

import { CALL_STATES } from '../../../../hub/src/calls/call.ts';
import { parseFilter } from '../../../../hub/src/api/filter.ts';
import { joinTerms, splitTerms } from '../../components/filter-terms.ts';

/** What the list shows unless the address says otherwise. */
export const SINCE_DEFAULT = '24h';
/** In the address: as far back as the hub keeps calls. */
export const SINCE_ALL = 'all';

export interface CallQuery {
  readonly q: string;
  /** null: as far back as is kept. */
  readonly since: string | null;
  readonly until: string | null;
}

/** An `until` without a `since` comes from a link that means everything before it. */
export function toCallQuery(query: URLSearchParams): CallQuery {
  const until = query.get('until') || null;
  const since = query.get('since') || (until === null ? SINCE_DEFAULT : SINCE_ALL);
  return { q: query.get('q')?.trim() ?? '', since: since === SINCE_ALL ? null : since, until };
}

export function toApiQuery({ q, since, until }: CallQuery): Record<string, string | undefined> {
  return { q: q === '' ? undefined : q, since: since ?? undefined, until: until ?? undefined };
}

/** Query of a link to the list that shows exactly this. */
export function toCallsHref({ q, since, until }: CallQuery): string {
  const query = new URLSearchParams();
  if (q !== '') query.set('q', q);
  if (since !== SINCE_DEFAULT) query.set('since', since ?? SINCE_ALL);
  if (until !== null) query.set('until', until);
  const text = query.toString().replaceAll('%3A', ':').replaceAll('%2C', ',');
  return text === '' ? '/calls' : `/calls?${text}`;
}

/**
 * The one call state that the filter asks for: `all` where it asks for none, null where it asks for several or rules
 * some out, or cannot be read.
 */
export function toCallState(q: string): CallState | 'all' | null {
  const parsed = parseFilter(q);
  if (parsed.kind === 'fault') return null;
  const { callStates, excludedCallStates } = parsed.filter;
  if (excludedCallStates !== undefined) return null;
  if (callStates === undefined) return 'all';
  return callStates.length === 1 ? (callStates[0] ?? null) : null;
}

/** The same filter, asking for this state of calls and no other; its states of deliveries stay. */
export function withCallState(q: string, state: CallState | 'all'): string {
  const terms = splitTerms(q).flatMap((term) => withoutCallStates(term.text));
  return joinTerms([...terms, state === 'all' ? '' : `state:${state}`]);
}

function withoutCallStates(term: string): readonly string[] {
  const parts = /^(-?state:)(.+)$/i.exec(term);
  if (parts === null) return [term];
  const kept = (parts[2] ?? '')
    .split(',')
    .filter((value) => !CALL_STATES.some((state) => state === value.replaceAll('"', '').toLowerCase()));
  return kept.length === 0 ? [] : [`${parts[1]}${kept.join(',')}`];
}
