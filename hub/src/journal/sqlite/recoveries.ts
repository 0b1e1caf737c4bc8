/**
 * When it is told that a destination takes deliveries again: `destination.recovered`, and its audit entry. One that flaps
 * recovers thousands of times a day, so only the end of what was trouble for somebody is told: it had failed for
 * RECOVERED_AFTER_MS, or the last that was told of it is that the hub disabled it.
 */
import type { OperationalEventType } from '@offhook/contract/operational-event';

import { RECOVERED_AFTER_MS, type Destination } from '../destinations.ts';
import type { Actor } from '../actor.ts';
import { writeAudit } from './audit.ts';
import type { KnownDestination } from './destination-registry.ts';
import { createMinuteCap } from './minute-cap.ts';
import { toDestinationPart, TOLD_PER_MINUTE_MAX, type RaiseOperational } from './operational-events.ts';
import type { Store } from './store.ts';

const HUB: Actor = { kind: 'hub', id: 'hub' };

type Told = Pick<KnownDestination, 'row' | 'accountRow' | 'destination'>;

/** Inside an operation's work. */
export interface Recoveries {
  /** The hub disables it: whoever hears of that hears of its end, too. */
  tellDisabled(told: Told & { readonly destination: Destination }, reason: string): void;
  /** It failed, as its row still says, and works again. */
  tellRecovered(told: Told & { readonly destination: Destination }, nowMs: number): void;
  /** Resuming one by hand clears that it fails: then its first delivery says that it works. */
  tellDelivered(told: Told, nowMs: number): void;
}

/** Whether the last that was told of it is that it was disabled. */
export const IS_TOLD_DISABLED = `
  SELECT (${toLastTold('destination.disabled')}) > coalesce((${toLastTold('destination.recovered')}), 0) AS told`;

export function createRecoveries(store: Store, raise: RaiseOperational): Recoveries {
  const { db, destinations } = store;
  const isToldDisabled = db.prepare(IS_TOLD_DISABLED);
  const mayTell = createMinuteCap(TOLD_PER_MINUTE_MAX);
  const isDisabledLast = (row: number): boolean => isToldDisabled.get(row, row)?.['told'] === 1;
  /** Those that may be told to be disabled and not to work again; the journal's rows decide, so a rollback harms nothing. */
  const awaited = new Set(destinations.list().flatMap(({ row }) => (isDisabledLast(row) ? [row] : [])));

  function tellRecovery(accountRow: number, destination: Destination): void {
    const { id, failingSinceMs: since } = destination;
    const type = 'destination.recovered';
    writeAudit(store, accountRow, HUB, type, id, { since });
    raise(accountRow, {
      type,
      destination: toDestinationPart(destination),
      failing_since: since === null ? null : new Date(since).toISOString(),
    });
  }

  return {
    tellDisabled({ row, accountRow, destination }, reason) {
      const type = 'destination.disabled';
      awaited.add(row);
      writeAudit(store, accountRow, HUB, type, destination.id, { reason });
      raise(accountRow, { type, destination: toDestinationPart(destination), reason });
    },
    tellRecovered({ row, accountRow, destination }, nowMs) {
      const { state, failingSinceMs } = destination;
      // What was under way when it was disabled may arrive: nothing more is sent there until somebody resumes it.
      if (state === 'disabled' || failingSinceMs === null) return;
      if (nowMs - failingSinceMs < RECOVERED_AFTER_MS && !isDisabledLast(row)) return;
      if (mayTell(row, nowMs)) tellRecovery(accountRow, destination);
    },
    tellDelivered({ row, accountRow, destination }, nowMs) {
      if (!awaited.has(row) || destination === undefined) return;
      // Where it is known to fail, `tellRecovered` tells.
      if (destination.state === 'disabled' || destination.failingSinceMs !== null) return;
      if (!isDisabledLast(row)) awaited.delete(row);
      else if (mayTell(row, nowMs)) tellRecovery(accountRow, destination);
    },
  };
}

function toLastTold(type: OperationalEventType): string {
  return `
    SELECT max(row) FROM operational_events INDEXED BY operational_events_by_destination
    WHERE destination_row = ? AND type = '${type}'`;
}
