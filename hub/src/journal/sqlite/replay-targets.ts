/**
 * What a replay sends: events in journal order and, for each, the destinations it goes to again. Shared by
 * the dry run, which counts, and the job, which makes deliveries. Operational events come before reports, oldest first
 * as well: a destination whose trouble is over must hear of its end last.
 *
 * A place says how far it came in one number, as jobs keep it: the row of a report, or, negative, how far an operational
 * event's row is from one past the last that the replay looks at.
 */
import type { DatabaseSync } from 'node:sqlite';

import { parseRow } from '../ids.ts';
import type { EventFilter } from '../destinations.ts';
import type { JournalFilter } from '../filter.ts';
import type { ReplayRequest } from '../replays.ts';
import { DELIVERY_STATE_CODES } from './codes.ts';
import { asksForOperational, matches, type KnownDestination } from './destination-registry.ts';
import { toSelectDelivery } from './delivery-rows.ts';
import { toConditions, toOperationalConditions } from './filter-sql.ts';
import { isOperational, OPERATIONAL_SEQUENCE } from './operational-rows.ts';
import { findRowAt } from './row-at.ts';
import type { Store } from './store.ts';

export interface ReplayEvent {
  readonly place: number;
  /** As deliveries name it: negative for operational events. */
  readonly row: number;
  readonly call_row: number;
  readonly sequence: number;
  readonly status: string;
  readonly call_type: string | null;
  readonly phone_number: string | null;
  readonly phone_search: string | null;
}

export interface ReplayTarget {
  readonly destination: KnownDestination;
  /** The same event is on its way there already. */
  readonly isPending: boolean;
}

export interface ReplayWindow {
  /** Places with after < place <= until. */
  readonly after: number;
  readonly until: number;
}

export interface ReplayTargets {
  /** The places to look at next: none that cannot match, and either kind of event, not both. */
  toWindow(after: number, endRow: number): ReplayWindow;
  /** Matching events with after < place <= until, oldest first, at most `limit`. */
  readEvents(after: number, until: number, limit: number): readonly ReplayEvent[];
  findTargets(event: ReplayEvent): readonly ReplayTarget[];
}

const SELECT_DELIVERIES = `
  SELECT row, destination_row, state, last_status, attempts FROM deliveries
  WHERE call_row = ? AND event_row = ? ORDER BY row`;
const SELECT_DELIVERY_EVENT = toSelectDelivery('d.event_row, d.destination_row');
const SELECT_OPERATIONAL_END = 'SELECT max(row) AS row FROM operational_events';
export const SELECT_NEXT_OPERATIONAL = `
  SELECT row FROM operational_events INDEXED BY operational_events_by_account
  WHERE account_row = ? AND row > ? AND row < ? ORDER BY row LIMIT 1`;

/** Rows a step or a count looks at in one go, however few of them match. */
const WINDOW_ROWS = 4_096;
/** The last place before those of reports. */
const OPERATIONAL_END = -1;

/** The last operational event there is: one that comes later is not replayed. */
export function findOperationalEnd(db: DatabaseSync): number {
  return (db.prepare(SELECT_OPERATIONAL_END).get()?.['row'] as number | null) ?? 0;
}

/** Before all places. */
export function toReplayStart(operationalEndRow: number): number {
  return OPERATIONAL_END - operationalEndRow;
}

export function createReplayTargets(
  store: Store,
  db: DatabaseSync,
  accountRow: number,
  request: ReplayRequest,
  operationalEndRow: number,
): ReplayTargets {
  const { filter } = request;
  const named =
    request.deliveryIds === undefined ? undefined : readNamed(db, accountRow, request.deliveryIds);
  const conditions = toConditions(store, 'events', accountRow, filter, { withDeliveries: false });
  const select = db.prepare(`
    SELECT e.row AS place, e.row, e.call_row, e.sequence, e.status, c.type AS call_type, c.phone_number, c.phone_search
    FROM reports e CROSS JOIN calls c ON c.row = e.call_row
    WHERE e.row > ? AND e.row <= ? AND e.account_row = ? AND e.sequence IS NOT NULL ${conditions.sql}
    ORDER BY e.row LIMIT ?`);
  const operational = toOperationalConditions(accountRow, filter);
  const selectOperational = operational && db.prepare(toSelectOperational(operational.sql));
  const selectNextOperational = db.prepare(SELECT_NEXT_OPERATIONAL);
  const selectDeliveries = db.prepare(SELECT_DELIVERIES);
  const wanted = filter.destinationIds?.flatMap((id) => store.destinations.find(id)?.row ?? []);
  const states = filter.deliveryStates?.map((state) => DELIVERY_STATE_CODES[state]);
  const excluded = filter.excludedDeliveryStates?.map((state) => DELIVERY_STATE_CODES[state]);
  /** Place 0 in rows of operational events. */
  const placeZero = operationalEndRow + 1;
  const namedPlaces = [...(named?.keys() ?? [])]
    .filter((row) => !isOperational(row) || -row < placeZero)
    .map((row) => (isOperational(row) ? -row - placeZero : row))
    .toSorted((a, b) => a - b);

  function readEvents(after: number, until: number, limit: number): readonly ReplayEvent[] {
    const read = (from: number, to: number, count: number): readonly ReplayEvent[] => {
      const rows =
        to <= OPERATIONAL_END
          ? selectOperational?.all(
              placeZero,
              from + placeZero,
              to + placeZero,
              ...(operational?.values ?? []),
              count,
            )
          : select.all(from, to, accountRow, ...conditions.values, count);
      return (rows ?? []) as unknown as ReplayEvent[];
    };
    if (named === undefined) return read(after, until, limit);
    const places = namedPlaces.filter((place) => place > after && place <= until);
    return places.slice(0, limit).flatMap((place) => read(place - 1, place, 1));
  }

  /** The latest delivery decides; a pending one anywhere means: on its way. */
  function findTargets(event: ReplayEvent): readonly ReplayTarget[] {
    const latest = new Map<number, LatestDelivery & { readonly isPending: boolean }>();
    const rows = selectDeliveries.all(event.call_row, event.row) as unknown as (LatestDelivery & {
      readonly destination_row: number;
    })[];
    for (const delivery of rows) {
      const { destination_row: row, state } = delivery;
      latest.set(row, { ...delivery, isPending: state === 0 || latest.get(row)?.isPending === true });
    }
    const candidates = named?.get(event.row) ?? wanted ?? [...latest.keys()];
    return candidates.flatMap((row) => {
      const destination = store.destinations.get(row);
      if (destination.destination === undefined || destination.accountRow !== accountRow) return [];
      if (wanted !== undefined && !wanted.includes(row)) return [];
      const last = latest.get(row);
      if (last === undefined) {
        // A destination that is named but never had the event gets it where it wants such events: backfill.
        const asksOfDeliveries =
          states !== undefined || filter.codes !== undefined || filter.attempts !== undefined;
        const isWanted = !asksOfDeliveries && wants(destination.destination.filter, event);
        return isWanted ? [{ destination, isPending: false }] : [];
      }
      if (states?.includes(last.state) === false || excluded?.includes(last.state) === true) return [];
      if (!matchesAnswer(filter, last)) return [];
      return [{ destination, isPending: last.isPending }];
    });
  }

  /** Where the rows of reports begin that can match. */
  const reportStart = filter.sinceMs === undefined ? 0 : findRowAt(db, 'reports', filter.sinceMs).lower - 1;

  /** The first operational event of the account after a place, by its own; what others have is not walked through. */
  function findNextOperational(after: number): number | undefined {
    if (operational === undefined || after >= OPERATIONAL_END) return undefined;
    const { sinceMs, untilMs } = filter;
    const first = sinceMs === undefined ? 0 : findRowAt(db, 'operational_events', sinceMs).lower;
    const end = untilMs === undefined ? placeZero : findRowAt(db, 'operational_events', untilMs).upper;
    const from = Math.max(after + placeZero, first - 1);
    const next = selectNextOperational.get(accountRow, from, Math.min(end, placeZero))?.['row'];
    return next === undefined ? undefined : (next as number) - placeZero;
  }

  function toWindow(after: number, endRow: number): ReplayWindow {
    const nextNamed = namedPlaces.find((place) => place > after);
    if (named !== undefined && nextNamed === undefined) return { after, until: endRow };
    const from = nextNamed === undefined ? after : nextNamed - 1;
    const operationalPlace = findNextOperational(from);
    if (operationalPlace !== undefined) {
      return {
        after: operationalPlace - 1,
        until: Math.min(OPERATIONAL_END, operationalPlace - 1 + WINDOW_ROWS),
      };
    }
    const start = Math.max(from, OPERATIONAL_END, reportStart);
    return { after: start, until: Math.min(endRow, start + WINDOW_ROWS) };
  }

  return { toWindow, readEvents, findTargets };
}

export function toSelectOperational(conditions: string): string {
  return `
    SELECT o.row - ? AS place, -o.row AS row, -o.row AS call_row, ${OPERATIONAL_SEQUENCE} AS sequence,
      o.type AS status, NULL AS call_type, NULL AS phone_number, NULL AS phone_search
    FROM operational_events o INDEXED BY operational_events_by_account
    WHERE o.row > ? AND o.row <= ? ${conditions} ORDER BY o.row LIMIT ?`;
}

function wants(filter: EventFilter, event: ReplayEvent): boolean {
  return isOperational(event.row)
    ? asksForOperational(filter, event.status)
    : matches(filter, toTraits(event));
}

interface LatestDelivery {
  readonly state: number;
  readonly last_status: number | null;
  readonly attempts: number;
}

function matchesAnswer({ codes, attempts }: JournalFilter, delivery: LatestDelivery): boolean {
  const code = delivery.last_status;
  const hasCode =
    codes === undefined || (code !== null && codes.some(({ min, max }) => code >= min && code <= max));
  return (
    hasCode &&
    delivery.attempts >= (attempts?.min ?? 0) &&
    delivery.attempts <= (attempts?.max ?? Number.POSITIVE_INFINITY)
  );
}

/** Event row → destination rows. */
function readNamed(
  db: DatabaseSync,
  accountRow: number,
  ids: NonNullable<ReplayRequest['deliveryIds']>,
): Map<number, readonly number[]> {
  const select = db.prepare(SELECT_DELIVERY_EVENT);
  const named = new Map<number, readonly number[]>();
  for (const id of ids) {
    const found = select.get(parseRow(id, 'dlv') ?? 0, accountRow) as unknown as
      | { event_row: number; destination_row: number }
      | undefined;
    if (found === undefined) continue;
    const others = named.get(found.event_row) ?? [];
    if (!others.includes(found.destination_row)) {
      named.set(found.event_row, [...others, found.destination_row]);
    }
  }
  return named;
}

function toTraits(event: ReplayEvent): Parameters<typeof matches>[1] {
  return {
    status: event.status,
    callType: event.call_type ?? '',
    phoneNumber: event.phone_number,
    phoneNumberE164: event.phone_search?.startsWith('+') === true ? event.phone_search : null,
  };
}
