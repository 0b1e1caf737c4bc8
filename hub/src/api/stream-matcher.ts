/** A filter for rows as they come: each event and call answers by itself, without asking the journal. */
import type { Call } from '../calls/call.ts';
import type { Problem } from '../ingest/problem.ts';
import type { EventEntry } from '../journal/reader.ts';
import type { JournalFilter } from '../journal/filter.ts';
import type { StreamTopic } from './stream-messages.ts';

import { makeFault } from '../ingest/problem.ts';
import { matchesError, matchesNumber, toEventMatcher } from './event-matcher.ts';
import { refuseWords } from './query-filter.ts';

export interface StreamMatcher {
  readonly kind: 'matcher';
  event(event: EventEntry): boolean;
  call(call: Call): boolean;
}

export function readMatcher(
  filter: JournalFilter,
  topics: ReadonlySet<StreamTopic>,
): StreamMatcher | Problem {
  if (Object.keys(filter).length === 0) return EVERYTHING;
  if (UNFILTERED_TOPICS.some((topic) => topics.has(topic))) return NOT_FILTERED;
  const refused =
    (topics.has('events') ? refuseWords(filter, NOT_OF_EVENTS, 'events as they come') : null) ??
    (topics.has('calls') ? refuseWords(filter, NOT_OF_CALLS, 'calls as they change') : null);
  return refused ?? { kind: 'matcher', event: toEventMatcher(filter), call: toCallMatcher(filter) };
}

const EVERYTHING: StreamMatcher = { kind: 'matcher', event: () => true, call: () => true };

const UNFILTERED_TOPICS: readonly StreamTopic[] = ['deliveries', 'operational', 'overview'];

const NOT_OF_EITHER = [
  'deliveryStates',
  'excludedDeliveryStates',
  'destinationIds',
  'sourceIds',
  'codes',
  'attempts',
] as const;
const NOT_OF_EVENTS = [...NOT_OF_EITHER, 'callStates', 'excludedCallStates', 'durationMs'] as const;
const NOT_OF_CALLS = [...NOT_OF_EITHER, 'statuses', 'excludedStatuses'] as const;

const NOT_FILTERED = makeFault(
  'invalid_query',
  'query',
  '/q',
  'filters events and calls only: leave it out, or the topics deliveries, operational and overview.',
);

function toCallMatcher(filter: JournalFilter): (call: Call) => boolean {
  const { callStates, excludedCallStates, callId, callTypes, number, error, durationMs } = filter;
  return (call) => {
    if (callStates !== undefined && !callStates.includes(call.state)) return false;
    if (excludedCallStates?.includes(call.state) === true) return false;
    if (callId !== undefined && call.callId !== callId) return false;
    if (callTypes !== undefined && (call.type === null || !callTypes.includes(call.type))) return false;
    if (error !== undefined && !matchesError(call.error, error)) return false;
    if (durationMs !== undefined && !isWithin(call.durationMs, durationMs)) return false;
    if (number === undefined) return true;
    const numbers = [call.phoneNumber?.number ?? null, call.customer?.number ?? null];
    return numbers.some((one) => matchesNumber(one, number));
  };
}

/** A duration that is not known is in no range. */
function isWithin(
  ms: number | null,
  range: { readonly min?: number | undefined; readonly max?: number | undefined },
): boolean {
  return ms !== null && ms >= (range.min ?? 0) && ms <= (range.max ?? Number.POSITIVE_INFINITY);
}
