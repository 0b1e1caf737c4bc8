/**
 * Senders, from their opening to their end. A destination has one that begins attempts; the next one opens once that one
 * has closed, or has had its time. So whoever changes their mind twenty times has not twenty senders that work between
 * attempts, each with its connections, and a change of settings is not written over by those from before.
 */
import type { Clock } from '../clock.ts';
import { NO_TIME } from '../destinations/destination.ts';
import type {
  AttemptResult,
  DestinationGround,
  DestinationKind,
  DestinationSender,
} from '../destinations/destination.ts';
import type { Destination } from '../journal/destinations.ts';
import type { DeliveryObserver } from './observer.ts';

/** A sender that takes longer to close is not waited for: this long at most, and hardly longer than the grace has left. */
const CLOSE_MS_MAX = 2_000;
const CLOSE_MS_MIN = 500;

/** A sender and what it has under way, so that it can be seen to its end after its lane has let go of it. */
export interface Seat {
  readonly sender: DestinationSender;
  underWay: number;
  /** Set once it is closing. */
  closing: Promise<void> | null;
  isClosed: boolean;
  /** Cut off as soon as nothing is under way in it. */
  isOverdue: boolean;
  isAbandoned: boolean;
}

/** A lane, as far as its senders go. */
export interface SeatHolder {
  readonly destination: Destination;
  /** undefined: this hub knows no such kind. */
  readonly kind: DestinationKind | undefined;
  seat: Seat | null;
  /** Its last sender is closing, and the next may not open yet. */
  isVacating: boolean;
  /** A sender that had its time to close and is still at it. */
  overdue: Seat | null;
  /** It did not open the last time, and that was told. */
  isOpenTroubled: boolean;
}

export interface SeatsOptions {
  readonly grounds: (destination: Destination) => DestinationGround;
  readonly clock: Clock;
  readonly troubled: DeliveryObserver['troubled'];
}

export class Seats {
  readonly #options: SeatsOptions;
  /** Open senders, closing ones, and closed ones with attempts still under way. */
  readonly #seats = new Set<Seat>();

  constructor(options: SeatsOptions) {
    this.#options = options;
  }

  /** The lane's seat, with its sender opened where it is not. Nobody asks while the lane is vacating. */
  open(lane: SeatHolder): Seat {
    if (lane.seat !== null) return lane.seat;
    const { destination, kind } = lane;
    if (kind === undefined) return toBrokenSeat(`this hub has no destinations of kind ${destination.kind}`);
    try {
      lane.seat = toSeat(kind.open(destination.settings, this.#options.grounds(destination)));
      lane.isOpenTroubled = false;
      this.#seats.add(lane.seat);
      return lane.seat;
    } catch (error) {
      // Tried anew with each attempt, told once.
      if (!lane.isOpenTroubled)
        this.#options.troubled(`${destination.id} could not be opened; its attempts fail`, error);
      lane.isOpenTroubled = true;
      return toBrokenSeat(
        `its settings cannot be used: ${error instanceof Error ? error.message : String(error)}`,
      );
    }
  }

  /** An attempt has ended. */
  leave(seat: Seat): void {
    seat.underWay -= 1;
    if (seat.closing !== null) this.#settle(seat);
  }

  /** Closes the lane's sender; calls back once the next one may open. */
  vacate(lane: SeatHolder, whenFree: () => void): void {
    const { seat, overdue } = lane;
    if (seat === null) return;
    lane.seat = null;
    lane.overdue = null;
    lane.isVacating = true;
    // One that had its time goes on closing beside the next, but not beside any number of them.
    if (overdue !== null) {
      overdue.isOverdue = true;
      this.#settle(overdue);
    }
    void this.#vacate(lane, seat, whenFree);
  }

  async #vacate(lane: SeatHolder, seat: Seat, whenFree: () => void): Promise<void> {
    await this.#waitFor(this.#close(seat), CLOSE_MS_MAX);
    if (!seat.isClosed) lane.overdue = seat;
    lane.isVacating = false;
    whenFree();
  }

  /** At the end of the process: closes all, cuts off what is under way, and after a while what is not closed. */
  async stop(leftMs: number): Promise<void> {
    const seats = [...this.#seats];
    // What outlasts the grace stays pending: the next process sends it again. Open sockets would keep this one alive.
    for (const seat of seats) if (seat.underWay > 0) this.#abandon(seat);
    const closed = Promise.all(seats.map((seat) => this.#close(seat)));
    await this.#waitFor(closed, Math.max(CLOSE_MS_MIN, Math.min(CLOSE_MS_MAX, leftMs)));
    for (const seat of this.#seats) this.#abandon(seat);
  }

  async #waitFor(promise: Promise<unknown>, ms: number): Promise<void> {
    let cancelWait = (): void => {};
    const waited = new Promise<void>((resolve) => {
      cancelWait = this.#options.clock.setTimer(resolve, ms);
    });
    await Promise.race([promise, waited]);
    cancelWait();
  }

  #close(seat: Seat): Promise<void> {
    seat.closing ??= this.#closeOnce(seat);
    return seat.closing;
  }

  async #closeOnce(seat: Seat): Promise<void> {
    try {
      await seat.sender.close();
    } catch (error) {
      this.#options.troubled('a sender could not be closed', error);
    }
    seat.isClosed = true;
    this.#settle(seat);
  }

  #settle(seat: Seat): void {
    if (seat.underWay > 0) return;
    if (seat.isOverdue && !seat.isClosed) this.#abandon(seat);
    if (seat.isClosed || seat.isAbandoned) this.#seats.delete(seat);
  }

  #abandon(seat: Seat): void {
    if (seat.isAbandoned) return;
    seat.isAbandoned = true;
    try {
      seat.sender.abandon();
    } catch (error) {
      this.#options.troubled('a sender could not be cut off', error);
    }
  }
}

function toSeat(sender: DestinationSender): Seat {
  return { sender, underWay: 0, closing: null, isClosed: false, isOverdue: false, isAbandoned: false };
}

/** In no set: there is nothing to close. */
function toBrokenSeat(detail: string): Seat {
  const attempt = (): Promise<AttemptResult> =>
    Promise.resolve({
      kind: 'failed',
      cause: 'settings',
      detail,
      timing: NO_TIME,
    });
  return toSeat({ attempt, attemptBatch: attempt, close: () => Promise.resolve(), abandon: () => {} });
}
