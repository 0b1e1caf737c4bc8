/** Destinations: commands, and reads out of memory. Every change writes its audit entry in the same transaction. */
import { makeId, type AccountId, type DestinationId } from '../ids.ts';
import type { Actor } from '../actor.ts';
import type { DeliveryJournal } from '../deliveries.ts';
import type { Destination, DestinationJournal } from '../destinations.ts';
import { toAccountRow } from './accounts.ts';
import { writeAudit } from './audit.ts';
import {
  DESTINATION_COLUMNS,
  DESTINATION_WRITES,
  toDestination,
  toDestinationValues,
  type DestinationRow,
} from './destination-rows.ts';
import type { Recoveries } from './recoveries.ts';
import type { Store } from './store.ts';

const SELECT_DESTINATION = `SELECT ${DESTINATION_COLUMNS} FROM destinations WHERE id = ? AND deleted_at_ms IS NULL`;
const SELECT_PENDING = `
  SELECT row FROM deliveries WHERE destination_row = ? AND due_at_ms IS NOT NULL LIMIT ?`;
const SELECT_WAITING = `
  SELECT row FROM deliveries WHERE destination_row = ? AND state = 0 AND due_at_ms IS NULL LIMIT ?`;
const CANCEL_DELIVERY = `
  UPDATE deliveries SET state = 4, due_at_ms = NULL, reason = 'Its destination was deleted.', finished_at_ms = ?
  WHERE row = ?`;

/** Its secrets go with it, the rest of what it remembered in the steps below: nobody can read it any more. */
const FORGET_SECRETS = `
  DELETE FROM destination_memory INDEXED BY destination_memory_sealed
  WHERE destination_row = ? AND sealed IS NOT NULL`;
const FORGET_SOME = `
  DELETE FROM destination_memory WHERE destination_row = ?1 AND key IN (
    SELECT key FROM destination_memory WHERE destination_row = ?1 LIMIT ?2)`;
const SELECT_REMEMBERED = 'SELECT 1 FROM destination_memory WHERE destination_row = ? LIMIT 1';

/** A million deliveries of a deleted destination are cancelled in steps that hold the writer for some 5 ms each. */
const CANCEL_STEP_MAX = 1_000;
const FORGET_STEP_MAX = 1_000;

type Listener = (id: DestinationId, destination: Destination | undefined) => void;

export function createDestinations(
  store: Store,
  recoveries: Recoveries,
): DestinationJournal & Pick<DeliveryJournal, 'setDestinationHealth'> & { finishDeletions(): void } {
  const { db, writer, clock, box, destinations, leases, due, counters, accounts } = store;
  const select = db.prepare(SELECT_DESTINATION);
  const insert = db.prepare(DESTINATION_WRITES.insert);
  const update = db.prepare(DESTINATION_WRITES.update);
  const remove = db.prepare(DESTINATION_WRITES.delete);
  const selectPending = db.prepare(SELECT_PENDING);
  const selectWaiting = db.prepare(SELECT_WAITING);
  const cancel = db.prepare(CANCEL_DELIVERY);
  const forgetSecrets = db.prepare(FORGET_SECRETS);
  const forgetSome = db.prepare(FORGET_SOME);
  const selectRemembered = db.prepare(SELECT_REMEMBERED);
  const listeners = new Set<Listener>();

  interface Changed {
    readonly row: number;
    readonly accountRow: number;
    readonly destination: Destination;
  }

  /** Reads the row, not the memory: an operation before it in the same group may have changed it. */
  function read(id: DestinationId): Changed | undefined {
    const row = select.get(id) as unknown as DestinationRow | undefined;
    if (row === undefined) return undefined;
    const destination = toDestination(row, accounts.toId(row.account_row), box);
    return { row: row.row, accountRow: row.account_row, destination };
  }

  function save({ row, accountRow, destination }: Changed): Changed {
    update.run(...toDestinationValues(destination, accountRow, box), row);
    return { row, accountRow, destination };
  }

  function publish(changed: Changed | undefined): void {
    if (changed === undefined) return;
    const { destination } = changed;
    const before = destinations.find(destination.id);
    destinations.put(changed.row, changed.accountRow, destination);
    // Whatever it held may go now.
    if (destination.state === 'enabled' && before?.flows === false) due.hint(destination.id, clock.nowMs());
    for (const listener of listeners) listener(destination.id, destination);
  }

  /** Read, change, write, audit; undefined where the account has no such destination. */
  function change(
    accountId: AccountId | undefined,
    id: DestinationId,
    apply: (destination: Destination, nowMs: number) => Destination,
    /** null: nothing more is written. */
    audit: (before: Changed) => {
      actor: Actor;
      action: string;
      detail: Readonly<Record<string, unknown>> | null;
    } | null,
  ): Promise<Destination | undefined> {
    return writer
      .run({
        work() {
          const found = read(id);
          if (found === undefined) return undefined;
          if (accountId !== undefined && found.destination.accountId !== accountId) return undefined;
          const after = apply(found.destination, clock.nowMs());
          if (after === found.destination) return found;
          const entry = audit(found);
          if (entry !== null) {
            writeAudit(store, found.accountRow, entry.actor, entry.action, id, entry.detail);
          }
          return save({ ...found, destination: after });
        },
        committed: publish,
      })
      .then((changed) => changed?.destination);
  }

  /** One step of cancelling and forgetting what a deleted destination still had; true where there is more. */
  function cancelSome(row: number): Promise<boolean> {
    return writer.run({
      work() {
        const rows = [
          ...selectPending.all(row, CANCEL_STEP_MAX),
          ...selectWaiting.all(row, CANCEL_STEP_MAX),
        ] as unknown as { row: number }[];
        const nowMs = clock.nowMs();
        for (const delivery of rows) {
          cancel.run(nowMs, delivery.row);
          due.withdraw(delivery.row);
        }
        counters.now.pending -= rows.length;
        const forgotten = Number(forgetSome.run(row, FORGET_STEP_MAX).changes);
        return rows.length > 0 || forgotten > 0;
      },
      committed: () => leases.endLane(row),
    });
  }

  /** The mark is durable already: if this stops half way, the next start goes on. */
  async function cancelAll(row: number): Promise<void> {
    try {
      while (await cancelSome(row));
    } catch {
      // The journal is closing, full or broken: its own callers hear of it, and the next start goes on here.
    }
  }

  return {
    async listDestinations(accountId) {
      const accountRow = accountId === undefined ? undefined : (accounts.findRow(accountId) ?? -1);
      return destinations.list(accountRow).map((known) => known.destination as Destination);
    },
    async getDestination(accountId, id) {
      const known = destinations.find(id);
      return known?.accountId === accountId ? known.destination : undefined;
    },
    createDestination(created, actor) {
      return writer
        .run({
          work() {
            const nowMs = clock.nowMs();
            const destination: Destination = {
              ...created,
              id: makeId('dst'),
              state: 'enabled',
              stateReason: null,
              previousSecret: null,
              previousSecretUntilMs: null,
              failingSinceMs: null,
              createdAtMs: nowMs,
              updatedAtMs: nowMs,
            };
            const accountRow = toAccountRow(store, created.accountId);
            const values = toDestinationValues(destination, accountRow, box);
            const row = insert.get(...values)?.['inserted'] as number;
            const detail = { kind: created.kind, name: created.name };
            writeAudit(store, accountRow, actor, 'destination.created', destination.id, detail);
            return { row, accountRow, destination };
          },
          committed: (changed) => publish(changed),
        })
        .then(({ destination }) => destination);
    },
    updateDestination(accountId, id, changes, actor) {
      return change(
        accountId,
        id,
        (destination, nowMs) => ({ ...destination, ...changes, updatedAtMs: nowMs }),
        // Names of what changed, not values: settings may hold credentials.
        () => ({ actor, action: 'destination.updated', detail: { changed: Object.keys(changes) } }),
      );
    },
    setDestinationState(accountId, id, state, reason, actor) {
      const action = { enabled: 'resumed', paused: 'paused', disabled: 'disabled' }[state];
      return change(
        accountId,
        id,
        (destination, nowMs) => ({
          ...destination,
          state,
          stateReason: state === 'enabled' ? null : reason,
          failingSinceMs: state === 'enabled' ? null : destination.failingSinceMs,
          updatedAtMs: nowMs,
        }),
        () => ({ actor, action: `destination.${action}`, detail: reason === null ? null : { reason } }),
      );
    },
    rotateSecret(accountId, id, secret, overlapMs, actor) {
      return change(
        accountId,
        id,
        (destination, nowMs) => ({
          ...destination,
          secret,
          previousSecret: overlapMs > 0 ? destination.secret : null,
          previousSecretUntilMs: overlapMs > 0 ? nowMs + overlapMs : null,
          updatedAtMs: nowMs,
        }),
        () => ({ actor, action: 'destination.secret_rotated', detail: { overlapMs } }),
      );
    },
    setDestinationHealth(health) {
      return change(
        undefined,
        health.destinationId,
        (destination, nowMs) => {
          switch (health.kind) {
            case 'failing':
              return destination.failingSinceMs === null
                ? { ...destination, failingSinceMs: health.sinceMs }
                : destination;
            case 'recovered':
              return destination.failingSinceMs === null
                ? destination
                : { ...destination, failingSinceMs: null };
            case 'disabled':
              // A person's pause stays a pause: only they end it.
              return destination.state === 'enabled'
                ? { ...destination, state: 'disabled', stateReason: health.reason, updatedAtMs: nowMs }
                : destination;
          }
        },
        (before) => {
          if (health.kind === 'recovered') recoveries.tellRecovered(before, clock.nowMs());
          if (health.kind === 'disabled') recoveries.tellDisabled(before, health.reason);
          return null;
        },
      ).then(() => undefined);
    },
    deleteDestination(accountId, id, actor) {
      return writer
        .run({
          work() {
            const found = read(id);
            if (found === undefined || found.destination.accountId !== accountId) return undefined;
            const nowMs = clock.nowMs();
            remove.run(nowMs, nowMs, found.row);
            forgetSecrets.run(found.row);
            const detail = { kind: found.destination.kind, name: found.destination.name };
            writeAudit(store, found.accountRow, actor, 'destination.deleted', id, detail);
            return found.row;
          },
          committed(row) {
            if (row === undefined) return;
            destinations.remove(row);
            leases.endLane(row);
            for (const listener of listeners) listener(id, undefined);
          },
        })
        .then(async (row) => {
          if (row === undefined) return false;
          // The first step is waited for; a long backlog goes on behind the answer.
          if (await cancelSome(row)) void cancelAll(row);
          return true;
        });
    },
    listenDestinations(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    finishDeletions() {
      for (const row of destinations.listDeletedRows()) {
        const left = selectPending.get(row, 1) ?? selectWaiting.get(row, 1) ?? selectRemembered.get(row);
        if (left !== undefined) void cancelAll(row);
      }
    },
  };
}
