/**
 * All destinations, open, in memory: accepting a report asks which of them want its event, and that must not
 * cost a query. Changed only after the commit that changed the row.
 */
import type { DatabaseSync } from 'node:sqlite';

import type { AccountId, DestinationId } from '../ids.ts';
import type { Destination, EventFilter } from '../destinations.ts';
import type { SecretBox } from '../secret-box.ts';
import type { AccountRegistry } from './account-registry.ts';
import { DESTINATION_COLUMNS, toDestination, type DestinationRow } from './destination-rows.ts';

export interface KnownDestination {
  readonly row: number;
  readonly id: DestinationId;
  readonly accountId: AccountId;
  readonly accountRow: number;
  /** Missing once it is deleted. */
  readonly destination: Destination | undefined;
  readonly isLatest: boolean;
  /** Its deliveries may be claimed. */
  readonly flows: boolean;
}

export interface EventTraits {
  readonly status: string;
  readonly callType: string;
  /** Our side's number as given, and in E.164. */
  readonly phoneNumber: string | null;
  readonly phoneNumberE164: string | null;
}

export interface DestinationRegistry {
  find(id: DestinationId): KnownDestination | undefined;
  get(row: number): KnownDestination;
  /** Not deleted; of all accounts where undefined. */
  list(accountRow?: number): readonly KnownDestination[];
  listDeletedRows(): readonly number[];
  /** Those of an account that want such an event. */
  match(accountRow: number, event: EventTraits): readonly KnownDestination[];
  /** Those of an account that ask for operational events of this type. */
  matchOperational(accountRow: number, type: string): readonly KnownDestination[];
  put(row: number, accountRow: number, destination: Destination): KnownDestination;
  remove(row: number): void;
}

const SELECT_DESTINATIONS = `SELECT ${DESTINATION_COLUMNS} FROM destinations ORDER BY row`;

export function loadDestinations(
  db: DatabaseSync,
  accounts: AccountRegistry,
  box: SecretBox,
): DestinationRegistry {
  const registry = createRegistry();
  for (const row of db.prepare(SELECT_DESTINATIONS).all() as unknown as DestinationRow[]) {
    const accountId = accounts.toId(row.account_row);
    if (row.deleted_at_ms === null) {
      registry.put(row.row, row.account_row, toDestination(row, accountId, box));
    } else {
      registry.bury(row.row, row.account_row, row.id, accountId);
    }
  }
  return registry;
}

export function matches(filter: EventFilter, event: EventTraits): boolean {
  return allows(filter.statuses, event.status) && matchesCall(filter, event);
}

/** What of a filter is about the call, whatever it has come to. */
export function matchesCall(filter: EventFilter, call: Omit<EventTraits, 'status'>): boolean {
  return (
    filter.calls !== false &&
    allows(filter.call_types, call.callType) &&
    (isEmpty(filter.phone_numbers) ||
      (call.phoneNumber !== null && filter.phone_numbers.includes(call.phoneNumber)) ||
      (call.phoneNumberE164 !== null && filter.phone_numbers.includes(call.phoneNumberE164)))
  );
}

export function asksForOperational(filter: EventFilter, type: string): boolean {
  return filter.operational_events?.includes(type) === true;
}

function allows(values: readonly string[] | undefined, value: string): boolean {
  return isEmpty(values) || values.includes(value);
}

function isEmpty(values: readonly string[] | undefined): values is undefined {
  return values === undefined || values.length === 0;
}

/** Destinations of one account; those bound to numbers by number, so that 1,000 of them are not all asked. */
interface AccountDestinations {
  readonly anyNumber: KnownDestination[];
  readonly byNumber: Map<string, KnownDestination[]>;
  readonly byOperationalType: Map<string, KnownDestination[]>;
}

function createRegistry(): DestinationRegistry & {
  bury(row: number, accountRow: number, id: DestinationId, accountId: AccountId): void;
} {
  const byId = new Map<DestinationId, KnownDestination>();
  const byRow = new Map<number, KnownDestination>();
  /** Built when first asked for, thrown away at each change: destinations change rarely. */
  const byAccount = new Map<number, AccountDestinations>();

  function set(known: KnownDestination): KnownDestination {
    byId.set(known.id, known);
    byRow.set(known.row, known);
    byAccount.delete(known.accountRow);
    return known;
  }

  function get(row: number): KnownDestination {
    const known = byRow.get(row);
    if (known === undefined) throw new Error(`The journal names an unknown destination: row ${row}.`);
    return known;
  }

  function bury(row: number, accountRow: number, id: DestinationId, accountId: AccountId): void {
    set({ row, id, accountId, accountRow, destination: undefined, isLatest: false, flows: false });
  }

  function list(accountRow?: number): readonly KnownDestination[] {
    const all = [...byRow.values()];
    return all.filter(
      (known) =>
        known.destination !== undefined && (accountRow === undefined || known.accountRow === accountRow),
    );
  }

  function indexAccount(accountRow: number): AccountDestinations {
    const index: AccountDestinations = {
      anyNumber: [],
      byNumber: new Map(),
      byOperationalType: new Map(),
    };
    for (const known of list(accountRow)) {
      const { phone_numbers: numbers, operational_events: types } = known.destination?.filter ?? {};
      if (numbers === undefined || numbers.length === 0) index.anyNumber.push(known);
      for (const number of new Set(numbers)) push(index.byNumber, number, known);
      for (const type of new Set(types)) push(index.byOperationalType, type, known);
    }
    byAccount.set(accountRow, index);
    return index;
  }

  return {
    find: (id) => byId.get(id),
    get,
    list,
    listDeletedRows: () =>
      [...byRow.values()].filter((known) => known.destination === undefined).map((known) => known.row),
    bury,
    match(accountRow, event) {
      const index = byAccount.get(accountRow) ?? indexAccount(accountRow);
      const { phoneNumber, phoneNumberE164 } = event;
      let matched = index.anyNumber.filter((known) => matchesKnown(known, event));
      if (index.byNumber.size === 0) return matched;
      const given = phoneNumber === null ? undefined : index.byNumber.get(phoneNumber);
      const normal =
        phoneNumberE164 === null || phoneNumberE164 === phoneNumber
          ? undefined
          : index.byNumber.get(phoneNumberE164);
      for (const known of new Set([...(given ?? []), ...(normal ?? [])])) {
        if (matchesKnown(known, event)) matched = [...matched, known];
      }
      return matched;
    },
    matchOperational(accountRow, type) {
      const index = byAccount.get(accountRow) ?? indexAccount(accountRow);
      return index.byOperationalType.get(type) ?? [];
    },
    put(row, accountRow, destination) {
      return set({
        row,
        id: destination.id,
        accountId: destination.accountId,
        accountRow,
        destination,
        isLatest: destination.order === 'latest',
        flows: destination.state === 'enabled',
      });
    },
    remove(row) {
      const known = get(row);
      bury(row, known.accountRow, known.id, known.accountId);
    },
  };
}

function push(index: Map<string, KnownDestination[]>, key: string, known: KnownDestination): void {
  const others = index.get(key);
  if (others === undefined) index.set(key, [known]);
  else others.push(known);
}

function matchesKnown(known: KnownDestination, event: EventTraits): boolean {
  return known.destination !== undefined && matches(known.destination.filter, event);
}
