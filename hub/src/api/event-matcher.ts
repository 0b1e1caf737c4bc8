import type { StatusUpdateMessage } from '@offhook/contract/message';
import type { EventEntry } from '../journal/reader.ts';
import type { JournalFilter } from '../journal/filter.ts';

import { toBodyText } from './body-text.ts';
import { toE164 } from '../ingest/phone-number.ts';

export type EventMatcher = (event: EventEntry) => boolean;

/** The parts of a filter that one event can answer by itself; its body is read only if one of them needs it. */
export function toEventMatcher(filter: JournalFilter): EventMatcher {
  const { statuses, excludedStatuses, callId, callTypes, number, error } = filter;
  const needsBody = callTypes !== undefined || number !== undefined || error !== undefined;
  return (event) => {
    if (statuses !== undefined && !statuses.includes(event.status)) return false;
    if (excludedStatuses?.includes(event.status) === true) return false;
    if (callId !== undefined && event.callId !== callId) return false;
    if (!needsBody) return true;
    const { message } = JSON.parse(toBodyText(event.body)) as StatusUpdateMessage;
    if (callTypes !== undefined && !callTypes.includes(message.call.type)) return false;
    if (error !== undefined && !matchesError(message.error ?? null, error)) return false;
    if (number === undefined) return true;
    return [message.phone_number.number, message.customer.number].some((one) => matchesNumber(one, number));
  };
}

/** Each word is in the text. */
export function matchesError(given: string | null, wanted: string): boolean {
  const text = given?.toLowerCase() ?? '';
  return wanted
    .toLowerCase()
    .split(/\s+/)
    .every((word) => text.includes(word));
}

export function matchesNumber(
  given: string | null,
  wanted: { readonly value: string; readonly prefix: boolean },
): boolean {
  if (given === null) return false;
  return [given, toE164(given)].some(
    (one) => one !== null && (wanted.prefix ? one.startsWith(wanted.value) : one === wanted.value),
  );
}
