/** What destinations' senders stand on: the journal's calls and memory, the hub's clock, links to the dashboard. */
import type { Call } from './calls/call.ts';
import type { Clock } from './clock.ts';
import type { DestinationGround, KnownCall } from './destinations/destination.ts';
import { loadPhoneNumbers, needsPhoneNumbers, toE164 } from './ingest/phone-number.ts';
import type { Destination } from './journal/destinations.ts';
import type { DestinationMemoryJournal } from './journal/destination-memory.ts';
import { matchesCall } from './journal/sqlite/destination-registry.ts';

export type GroundedDestination = Pick<Destination, 'id' | 'accountId' | 'name' | 'filter'>;

export interface DestinationGroundOptions {
  readonly journal: DestinationMemoryJournal;
  readonly clock: Clock;
  readonly random: () => number;
  readonly staleAfterMs: number;
  /** Where people open the dashboard; null while nobody knows. */
  readonly readBaseUrl: () => string | null;
  readonly troubled: (destination: GroundedDestination, detail: string, error: unknown) => void;
}

/** As large as the journal's pages may be. */
const PAGE_CALLS = 200;

export function createDestinationGrounds(
  options: DestinationGroundOptions,
): (destination: GroundedDestination) => DestinationGround {
  const { journal, clock, random, staleAfterMs, readBaseUrl, troubled } = options;
  const linkTo = (section: string, id: string): string | null => {
    const base = readBaseUrl();
    return base === null ? null : `${base.replace(/\/+$/, '')}/${section}/${encodeURIComponent(id)}`;
  };
  // From here on a live call counts as active; before it, it is stale.
  const readActiveSinceMs = (): number => clock.nowMs() - staleAfterMs;
  return (destination) => {
    const { id, accountId, name, filter } = destination;
    return {
      destinationId: id,
      accountId,
      destinationName: name,
      nowMs: clock.nowMs,
      monotonicMs: clock.monotonicMs,
      setTimer: clock.setTimer,
      random,
      async readCalls(callIds) {
        const calls = await journal.readCalls(accountId, callIds);
        await readyNumbers(calls);
        const activeSinceMs = readActiveSinceMs();
        return calls.map((call) => (call === undefined ? undefined : toKnownCall(call, activeSinceMs)));
      },
      async readActiveCalls(cursor) {
        const activeSinceMs = readActiveSinceMs();
        const { items, nextCursor } = await journal.listActiveCalls(accountId, activeSinceMs, {
          limit: PAGE_CALLS,
          cursor,
        });
        await readyNumbers(items);
        return { calls: items.map((call) => toKnownCall(call, activeSinceMs)), nextCursor };
      },
      isWanted: ({ type, phoneNumber }) =>
        matchesCall(filter, {
          callType: type ?? '',
          phoneNumber: phoneNumber?.number ?? null,
          phoneNumberE164: toE164(phoneNumber?.number),
        }),
      memory: {
        read: (keys) => journal.readDestinationMemory(id, keys),
        list: (prefix, limit) => journal.listDestinationMemory(id, prefix, limit),
        write: (entries) => journal.writeDestinationMemory(id, entries),
      },
      toCallLink: (callId) => linkTo('calls', callId),
      toDestinationLink: (destinationId) => linkTo('destinations', destinationId),
      troubled: (detail, error) => troubled(destination, detail, error),
    };
  };
}

/** Whoever has read calls may ask at once whether they are wanted, whatever notation their numbers are in. */
async function readyNumbers(calls: readonly (Call | undefined)[]): Promise<void> {
  if (calls.some((call) => needsPhoneNumbers(call?.phoneNumber?.number))) await loadPhoneNumbers();
}

function toKnownCall(call: Call, activeSinceMs: number): KnownCall {
  const { callId, state, type, phoneNumber, customer, startedAtMs, endedAtMs, durationMs } = call;
  const { error, endReason, summary, firstReportAtMs, liveSinceMs } = call;
  return {
    callId,
    state,
    isActive: state === 'live' && liveSinceMs !== null && liveSinceMs >= activeSinceMs,
    type,
    phoneNumber,
    customer,
    startedAtMs,
    endedAtMs,
    durationMs,
    error,
    endReason,
    summary,
    firstReportAtMs,
    liveSinceMs,
  };
}
