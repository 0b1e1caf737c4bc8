/**
 * JournalFilter as SQL conditions over calls (c), events (e), operational events (o) and deliveries (d). Values are
 * always parameters.
 */
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';

import type { CallState } from '../../calls/call.ts';
import type { DestinationId } from '../ids.ts';
import type { JournalFilter } from '../filter.ts';
import { toSearchNumber } from './call-rows.ts';
import { CALL_STATE_CODES, DELIVERY_STATE_CODES } from './codes.ts';
import type { EventNeeds } from './delivery-rows.ts';
import type { Store } from './store.ts';

export type FilterScope = 'calls' | 'events' | 'deliveries';

export interface Conditions {
  /** Each starts with AND, so that it can follow whatever a query begins with. */
  readonly sql: string;
  readonly values: readonly (string | number)[];
  /** The one call that is asked for; undefined where any may match. Known, it makes its index the way in. */
  readonly callRow: number | undefined;
  /** Something is asked that only calls and their reports have: no operational event matches. */
  readonly isOfCalls: boolean;
  /** Of deliveries: the rows of events that are looked at. */
  readonly needs: EventNeeds;
}

const SELECT_CALL_ROW = 'SELECT row FROM calls WHERE account_row = ? AND call_id = ?';
/** No row has it, nor does a delivery of an operational event. */
const NO_CALL = 0;
const SELECT_SAID = 'SELECT 1 FROM operational_events WHERE account_row = ? AND call_id = ? LIMIT 1';
/** A call's own deliveries, and those of what the hub said about it. */
const OF_CALL = `d.call_row IN (
  SELECT ? UNION ALL SELECT -row FROM operational_events WHERE account_row = ? AND call_id = ?)`;

const OPERATIONAL_TYPES: ReadonlySet<string> = new Set(OPERATIONAL_EVENT_TYPES);

/** Which state a call is in after a report of this status; a call has no status of its own. */
const STATE_OF_STATUS: ReadonlyMap<string, CallState> = new Map([
  ['in-progress', 'live'],
  ['ended', 'ended'],
  ['ended-with-error', 'failed'],
]);

/** `withDeliveries: false` leaves out what is asked of deliveries (a replay asks it of each target itself). */
export function toConditions(
  store: Pick<Store, 'destinations' | 'sources' | 'prepareRead'>,
  scope: FilterScope,
  accountRow: number,
  filter: JournalFilter,
  { withDeliveries = true } = {},
): Conditions {
  const parts: string[] = [];
  const values: (string | number)[] = [];
  const add = (sql: string, ...added: (string | number)[]): void => {
    parts.push(`AND ${sql}`);
    values.push(...added);
  };
  const addIn = (column: string, list: readonly (string | number)[] | undefined, isNot = false): void => {
    if (list === undefined) return;
    add(`${column} ${isNot ? 'NOT IN' : 'IN'} (${toMarks(list)})`, ...list);
  };
  const toDestinationRows = (ids: readonly DestinationId[]): readonly number[] =>
    ids.flatMap((id) => store.destinations.find(id)?.row ?? []);

  const isOfCalls = asksOfCalls(filter);
  const needs = { reports: filter.sourceIds !== undefined, operational: false };
  if (scope === 'calls') {
    addIn('c.state', toStateCodes(filter.statuses));
    addIn('c.state', toStateCodes(filter.excludedStatuses), true);
  } else if (scope === 'events' || isOfCalls) {
    addIn('e.status', filter.statuses);
    addIn('e.status', filter.excludedStatuses, true);
    needs.reports ||= filter.statuses !== undefined || filter.excludedStatuses !== undefined;
  } else {
    addIn('coalesce(e.status, o.type)', filter.statuses);
    // Not coalesced: the sign says which of the two an event is, and mostly only one kind is left out.
    const [types, statuses] = divide(filter.excludedStatuses ?? [], (word) => OPERATIONAL_TYPES.has(word));
    if (statuses.length > 0) add(`(d.event_row < 0 OR e.status NOT IN (${toMarks(statuses)}))`, ...statuses);
    if (types.length > 0) add(`(d.event_row > 0 OR o.type NOT IN (${toMarks(types)}))`, ...types);
    needs.reports ||= filter.statuses !== undefined || statuses.length > 0;
    needs.operational = filter.statuses !== undefined || types.length > 0;
  }
  addIn(
    'c.state',
    filter.callStates?.map((state) => CALL_STATE_CODES[state]),
  );
  addIn(
    'c.state',
    filter.excludedCallStates?.map((state) => CALL_STATE_CODES[state]),
    true,
  );
  addIn('c.type', filter.callTypes);

  const destinationRows =
    filter.destinationIds === undefined ? undefined : toDestinationRows(filter.destinationIds);
  const states = filter.deliveryStates?.map((state) => DELIVERY_STATE_CODES[state]);
  const excludedStates = filter.excludedDeliveryStates?.map((state) => DELIVERY_STATE_CODES[state]);
  if (scope === 'deliveries') {
    addIn('d.destination_row', destinationRows);
    addIn('d.state', states);
    addIn('d.state', excludedStates, true);
    if (filter.codes !== undefined) {
      const ranges = filter.codes.map(() => 'd.last_status BETWEEN ? AND ?').join(' OR ');
      // No range at all matches nothing, as an empty list of states does.
      add(`(${ranges === '' ? 'FALSE' : ranges})`, ...filter.codes.flatMap(({ min, max }) => [min, max]));
    }
    if (filter.attempts?.min !== undefined) add('d.attempts >= ?', filter.attempts.min);
    if (filter.attempts?.max !== undefined) add('d.attempts <= ?', filter.attempts.max);
  } else if (withDeliveries) {
    const owner =
      scope === 'calls' ? 'x.call_row = c.row' : 'x.call_row = e.call_row AND x.event_row = e.row';
    const toExists = (wanted: readonly number[] | undefined): string =>
      `EXISTS (SELECT 1 FROM deliveries x WHERE ${owner}` +
      (wanted === undefined ? '' : ` AND x.state IN (${toMarks(wanted)})`) +
      (destinationRows === undefined ? '' : ` AND x.destination_row IN (${toMarks(destinationRows)})`) +
      ')';
    if (states !== undefined || destinationRows !== undefined) {
      add(toExists(states), ...(states ?? []), ...(destinationRows ?? []));
    }
    if (excludedStates !== undefined) {
      add(`NOT ${toExists(excludedStates)}`, ...excludedStates, ...(destinationRows ?? []));
    }
  }

  if (filter.sourceIds !== undefined) {
    const rows = filter.sourceIds.flatMap((id) => store.sources.findRow(id) ?? []);
    if (scope === 'calls') {
      add(`EXISTS (SELECT 1 FROM reports y WHERE y.call_row = c.row AND ${isSaidBy('y', rows)})`, ...rows);
    } else {
      add(isSaidBy('e', rows), ...rows);
    }
  }
  if (filter.number !== undefined) {
    const wanted = (toSearchNumber(filter.number.value, null) ?? '').replace(/^\+/, '');
    const ours = `ltrim(c.phone_search, '+')`;
    const theirs = `ltrim(c.customer_search, '+')`;
    if (filter.number.prefix) {
      const { length } = wanted;
      add(`(substr(${ours}, 1, ?) = ? OR substr(${theirs}, 1, ?) = ?)`, length, wanted, length, wanted);
    } else {
      add(`(${ours} = ? OR ${theirs} = ?)`, wanted, wanted);
    }
  }
  if (filter.durationMs?.min !== undefined) add('c.duration_ms >= ?', filter.durationMs.min);
  if (filter.durationMs?.max !== undefined) add('c.duration_ms <= ?', filter.durationMs.max);
  for (const word of filter.error?.toLowerCase().split(/\s+/) ?? []) {
    add('instr(fold(c.error), ?) > 0', word);
  }
  const time = { calls: 'c.updated_at_ms', events: 'e.received_at_ms', deliveries: 'd.created_at_ms' }[scope];
  if (filter.sinceMs !== undefined) add(`${time} >= ?`, filter.sinceMs);
  if (filter.untilMs !== undefined) add(`${time} < ?`, filter.untilMs);

  const callRow =
    filter.callId === undefined
      ? undefined
      : ((store.prepareRead(SELECT_CALL_ROW).get(accountRow, filter.callId)?.['row'] as number | undefined) ??
        NO_CALL);
  if (callRow !== undefined && filter.callId !== undefined) {
    const isSaidOf =
      scope === 'deliveries' && store.prepareRead(SELECT_SAID).get(accountRow, filter.callId) !== undefined;
    if (isSaidOf) add(OF_CALL, callRow, accountRow, filter.callId);
    else add(`${{ calls: 'c.row', events: 'e.call_row', deliveries: 'd.call_row' }[scope]} = ?`, callRow);
  }
  return {
    sql: parts.join(' '),
    values,
    callRow,
    isOfCalls,
    needs,
  };
}

function asksOfCalls(filter: JournalFilter): boolean {
  if (filter.statuses?.some((status) => OPERATIONAL_TYPES.has(status)) === false) return true;
  return [
    filter.callStates,
    filter.excludedCallStates,
    filter.callTypes,
    filter.sourceIds,
    filter.number,
    filter.durationMs?.min,
    filter.durationMs?.max,
    filter.error,
  ].some((part) => part !== undefined);
}

/** What was assumed no source said, whatever row it stands under. */
function isSaidBy(reports: 'e' | 'y', sourceRows: readonly number[]): string {
  return `(${reports}.source_row IN (${toMarks(sourceRows)}) AND json_extract(${reports}.report, '$.isAssumed') IS NULL)`;
}

/** The same filter over operational events (o) alone; undefined where none can match. */
export function toOperationalConditions(
  accountRow: number,
  filter: JournalFilter,
): Pick<Conditions, 'sql' | 'values'> | undefined {
  if (asksOfCalls(filter)) return undefined;
  const parts = ['AND o.account_row = ?'];
  const values: (string | number)[] = [accountRow];
  const add = (sql: string, ...added: readonly (string | number)[]): void => {
    parts.push(`AND ${sql}`);
    values.push(...added);
  };
  const { statuses, excludedStatuses, callId, sinceMs, untilMs } = filter;
  if (statuses !== undefined) add(`o.type IN (${toMarks(statuses)})`, ...statuses);
  if (excludedStatuses !== undefined)
    add(`o.type NOT IN (${toMarks(excludedStatuses)})`, ...excludedStatuses);
  if (callId !== undefined) add('o.call_id = ?', callId);
  if (sinceMs !== undefined) add('o.at_ms >= ?', sinceMs);
  if (untilMs !== undefined) add('o.at_ms < ?', untilMs);
  return { sql: parts.join(' '), values };
}

function toStateCodes(statuses: readonly string[] | undefined): readonly number[] | undefined {
  return statuses?.flatMap((status) => {
    const state = STATE_OF_STATUS.get(status);
    return state === undefined ? [] : [CALL_STATE_CODES[state]];
  });
}

function divide<Item>(
  items: readonly Item[],
  isFirst: (item: Item) => boolean,
): readonly [readonly Item[], readonly Item[]] {
  return [items.filter(isFirst), items.filter((item) => !isFirst(item))];
}

function toMarks(list: readonly unknown[]): string {
  return list.map(() => '?').join(', ');
}
