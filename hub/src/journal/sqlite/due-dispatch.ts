/**
 * Tells the listener what became due. Offers collect while a transaction runs, and what a later operation of
 * the same group finished is taken out again, so that nothing is offered that is not due on disk.
 */
import type { DestinationId } from '../ids.ts';
import type { ClaimedDelivery, DueListener } from '../deliveries.ts';
import type { DestinationRegistry, KnownDestination } from './destination-registry.ts';
import type { Leases } from './leases.ts';
import type { CrashPoint } from './writer.ts';

/** A delivery that is due now, as the engine needs it; the token is set when it is offered (0 until then). */
export type DueDelivery = Omit<ClaimedDelivery, 'token'> & { token: number };

export interface DueDispatch {
  listen(listener: DueListener): () => void;
  /** Inside work: this delivery is due from now on. */
  offer(destination: KnownDestination, delivery: DueDelivery): void;
  /** Inside work: this delivery is finished, or not due any more. */
  withdraw(row: number): void;
  /** Inside work or after it: something of this destination is due at this time. */
  hint(destinationId: DestinationId, dueAtMs: number): void;
  afterCommit(): void;
  afterRollback(): void;
}

export function createDueDispatch(
  leases: Leases,
  destinations: DestinationRegistry,
  crashPoint: ((point: CrashPoint) => void) | undefined,
): DueDispatch {
  const offers = new Map<number, { destination: KnownDestination; delivery: DueDelivery }>();
  const hints = new Map<DestinationId, number>();
  let listener: DueListener | null = null;

  function dispatch(to: DueListener, destinationRow: number, delivery: DueDelivery): void {
    // Paused meanwhile: it stays in the journal, and resuming hints again.
    if (!destinations.get(destinationRow).flows) return;
    if (leases.isCallHeld(destinationRow, delivery.callRow)) return;
    const { row, callRow, sequence } = delivery;
    const token = leases.nextToken();
    delivery.token = token;
    if (to.take(delivery)) {
      leases.add({ row, token, destinationRow, callRow, sequence, expiresAtMs: leases.toExpiry(to.leaseMs) });
      crashPoint?.('after-take');
    } else {
      to.hint(delivery.destinationId, delivery.dueAtMs);
    }
  }

  return {
    listen(newListener) {
      if (listener !== null) throw new Error('The journal has a due listener already.');
      listener = newListener;
      return () => {
        if (listener === newListener) listener = null;
      };
    },
    offer(destination, delivery) {
      if (listener !== null) offers.set(delivery.row, { destination, delivery });
    },
    withdraw(row) {
      if (offers.size > 0) offers.delete(row);
    },
    hint(destinationId, dueAtMs) {
      if (listener === null) return;
      hints.set(destinationId, Math.min(dueAtMs, hints.get(destinationId) ?? Number.POSITIVE_INFINITY));
    },
    afterCommit() {
      if (listener !== null) {
        for (const { destination, delivery } of offers.values()) {
          dispatch(listener, destination.row, delivery);
          if (listener === null) break;
        }
        for (const [destinationId, dueAtMs] of hints) listener?.hint(destinationId, dueAtMs);
      }
      offers.clear();
      hints.clear();
    },
    afterRollback() {
      offers.clear();
      hints.clear();
    },
  };
}
