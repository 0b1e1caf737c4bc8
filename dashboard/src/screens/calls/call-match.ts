/** Whether a call that the stream tells of belongs to a list, as far as this page can know. */
import type { CallState } from '../../../../hub/src/calls/call.ts';
import type { JournalFilter } from '../../../../hub/src/journal/filter.ts';
import type { CallView } from '../../data/types.ts';

/** What a call itself shows. The rest (words, numbers, sources, deliveries, an end in the past) the hub must be asked. */
const DECIDABLE: ReadonlySet<string> = new Set<keyof JournalFilter>([
  'callStates',
  'excludedCallStates',
  'statuses',
  'excludedStatuses',
  'callTypes',
  'callId',
  'durationMs',
]);

export function isDecidable(filter: JournalFilter): boolean {
  return Object.keys(filter).every((key) => DECIDABLE.has(key));
}

/** For a decidable filter, as the hub would say. */
export function matchCall(filter: JournalFilter, call: CallView): boolean {
  const { callStates, excludedCallStates, statuses, excludedStatuses, callTypes, callId, durationMs } =
    filter;
  const ms = call.duration_ms;
  return (
    (callStates === undefined || callStates.includes(call.state)) &&
    !(excludedCallStates?.includes(call.state) ?? false) &&
    (statuses === undefined || toStates(statuses).includes(call.state)) &&
    !toStates(excludedStatuses ?? []).includes(call.state) &&
    (callTypes === undefined || (call.type !== null && callTypes.includes(call.type))) &&
    (callId === undefined || call.id === callId) &&
    (durationMs?.min === undefined || (ms !== null && ms >= durationMs.min)) &&
    (durationMs?.max === undefined || (ms !== null && ms <= durationMs.max))
  );
}

/** A call has no status of its own: it is in the state that a report of the status leads to. */
function toStates(statuses: readonly string[]): readonly (CallState | undefined)[] {
  return statuses.map((status) => STATE_OF_STATUS.get(status));
}

export const STATE_OF_STATUS: ReadonlyMap<string, CallState> = new Map([
  ['in-progress', 'live'],
  ['ended', 'ended'],
  ['ended-with-error', 'failed'],
]);
