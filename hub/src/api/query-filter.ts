/** `q`, `since` and `until` of a list as one JournalFilter. */
import { z } from 'zod';
import type { Problem } from '../ingest/problem.ts';
import type { JournalFilter } from '../journal/filter.ts';

import { makeFault } from '../ingest/problem.ts';
import { FILTER_CHARACTERS_MAX, parseFilter } from './filter.ts';
import { sinceSchema } from './time.ts';

export const filterShape = {
  q: z
    .string()
    .max(FILTER_CHARACTERS_MAX)
    .optional()
    .meta({
      description:
        'Filter: status:, state:, number:, call:, type:, destination:, source:, duration:, error:; of deliveries also code: (HTTP status of the last answer) and attempts:. A comma is or, a minus before status or state is not, quotes keep spaces.',
      examples: ['status:ended-with-error number:+3185* duration:>5m'],
    }),
  since: sinceSchema.optional(),
  until: sinceSchema.optional(),
};

export interface FilterQuery {
  readonly q?: string | undefined;
  readonly since?: number | undefined;
  readonly until?: number | undefined;
}

export function readFilter(
  query: FilterQuery,
  where: 'query' | 'body' = 'query',
): { readonly kind: 'filter'; readonly filter: JournalFilter } | Problem {
  const code = where === 'query' ? 'invalid_query' : 'invalid_body';
  const parsed = query.q === undefined ? EVERYTHING : parseFilter(query.q);
  if (parsed.kind === 'fault') {
    return makeFault(code, where, '/q', `Column ${parsed.column}: ${parsed.detail}`, 'malformed_filter');
  }
  const { since, until } = query;
  if (since !== undefined && until !== undefined && until <= since) {
    return makeFault(code, where, '/until', 'must be later than since.', 'out_of_order');
  }
  return {
    kind: 'filter',
    filter: {
      ...parsed.filter,
      ...(since !== undefined && { sinceMs: since }),
      ...(until !== undefined && { untilMs: until }),
    },
  };
}

const EVERYTHING = { kind: 'filter', filter: {} } as const;

/** A word that means nothing for this list would be ignored in silence, and the list would show too much. */
export function refuseWords(
  filter: JournalFilter,
  words: readonly (keyof JournalFilter)[],
  what: string,
  where: 'query' | 'body' = 'query',
): Problem | null {
  const used = words.find((word) => filter[word] !== undefined);
  if (used === undefined) return null;
  return makeFault(
    where === 'query' ? 'invalid_query' : 'invalid_body',
    where,
    '/q',
    `${WORD_OF[used] ?? used} says nothing about ${what}: leave it out.`,
    'meaningless_filter',
  );
}

const WORD_OF: Partial<Record<keyof JournalFilter, string>> = {
  statuses: 'status:',
  excludedStatuses: '-status:',
  callStates: 'A state of calls',
  excludedCallStates: 'A state of calls',
  deliveryStates: 'A state of deliveries',
  excludedDeliveryStates: 'A state of deliveries',
  callTypes: 'type:',
  callId: 'call:',
  number: 'number:',
  destinationIds: 'destination:',
  sourceIds: 'source:',
  durationMs: 'duration:',
  error: 'error:',
  codes: 'code:',
  attempts: 'attempts:',
};

/** Words that say something of deliveries only. A state of deliveries may be asked of calls: of any of theirs. */
export function refuseDeliveryWords(
  filter: JournalFilter,
  what: string,
  where: 'query' | 'body' = 'query',
): Problem | null {
  return refuseWords(filter, ['codes', 'attempts'], what, where);
}
