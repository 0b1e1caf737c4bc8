/**
 * One destination's own flow: what it holds in memory, what is under way, and what it knows of its backlog
 * in the journal. Inside a lane calls do not block each other: the journal gives out only the head of each call.
 */
import type { DestinationKind } from '../destinations/destination.ts';
import type { ClaimedDelivery } from '../journal/deliveries.ts';
import type { Destination, EventFilter } from '../journal/destinations.ts';
import { Flow } from './flow.ts';
import { Gathering } from './gathering.ts';
import { RETRY_SCHEDULE_S } from './retry-schedule.ts';
import type { Seat, SeatHolder } from './seats.ts';

export class Lane implements SeatHolder {
  destination: Destination;
  flow: Flow;
  readonly kind: DestinationKind | undefined;
  /** Opened with the first attempt unless the kind is eager, so that a thousand quiet destinations cost nothing. */
  seat: Seat | null = null;
  isVacating = false;
  overdue: Seat | null = null;
  isOpenTroubled = false;
  /** null: one event a request. */
  #gathering: Gathering | null;
  /** Leased, in order of claim, waiting for their turn. */
  readonly held: ClaimedDelivery[] = [];
  /** Requests under way. */
  inFlight = 0;
  /** Unix ms: when the journal's earliest claimable delivery of this lane is due, as far as we know. */
  journalDueAtMs = Number.POSITIVE_INFINITY;
  /** Monotonic ms. */
  wakeAtMs = Number.POSITIVE_INFINITY;
  cancelWake: (() => void) | null = null;

  constructor(destination: Destination, kind: DestinationKind | undefined, monotonicMs: number) {
    this.destination = destination;
    this.kind = kind;
    this.#gathering = openGathering(destination, kind);
    this.flow = new Flow(destination, monotonicMs);
    if (destination.failingSinceMs !== null) this.flow.resumeOpen(destination.failingSinceMs, monotonicMs);
  }

  get flows(): boolean {
    return this.destination.state === 'enabled';
  }

  /**
   * How many more it wants from the journal now: as much as it can hold, so that a backlog is read in batches and
   * caught up with; two windows' worth while it ramps up; the one probe while the breaker is open.
   */
  countWanted(heldMax: number, monotonicMs: number): number {
    if (!this.flows) return 0;
    if (this.flow.isOpen)
      return this.held.length > 0 ? 0 : this.flow.countStartable(this.inFlight, monotonicMs);
    const ramping = this.flow.window < this.destination.concurrency;
    return (ramping ? Math.min(heldMax, 2 * this.heldPerWindow) : heldMax) - this.held.length;
  }

  /** Events that fill the window. */
  get heldPerWindow(): number {
    return this.flow.window * (this.#gathering?.eventsMax ?? 1);
  }

  /** Takes what goes next out of what is held; null where there is nothing, or it waits for company. */
  takeNext(monotonicMs: number): readonly ClaimedDelivery[] | null {
    if (this.#gathering === null) {
      const next = this.held.shift();
      return next === undefined ? null : [next];
    }
    const tries = (this.destination.retryScheduleS ?? RETRY_SCHEDULE_S).length + 1;
    return this.#gathering.take(this.held, tries, monotonicMs, this.flow.isOpen);
  }

  /** Monotonic ms at which waiting for company is over; null where nothing waits for it. */
  nextBatchAtMs(): number | null {
    return this.held.length === 0 ? null : (this.#gathering?.nextAtMs() ?? null);
  }

  /** Takes out of what is held what is given back, or lost. */
  drop(isDropped: (delivery: ClaimedDelivery) => boolean): readonly ClaimedDelivery[] {
    const dropped = this.held.filter((delivery) => isDropped(delivery));
    if (dropped.length === 0) return dropped;
    const kept = this.held.filter((delivery) => !isDropped(delivery));
    this.held.splice(0, this.held.length, ...kept);
    // Whoever comes next waits for company from then on, and not since before a pause.
    if (kept.length === 0) this.#gathering?.reset();
    return dropped;
  }

  hint(dueAtMs: number): void {
    this.journalDueAtMs = Math.min(this.journalDueAtMs, dueAtMs);
  }

  /** Takes over what was changed; says whether it began or ceased to flow, and whether its sender must be made anew. */
  change(
    destination: Destination,
    { nowMs, monotonicMs }: { readonly nowMs: number; readonly monotonicMs: number },
  ): { readonly resumed: boolean; readonly stopped: boolean; readonly outdated: boolean } {
    const before = this.destination;
    this.destination = destination;
    this.flow.change(destination);
    const isMoved = JSON.stringify(before.settings) !== JSON.stringify(destination.settings);
    if (isMoved) {
      this.#gathering = openGathering(destination, this.kind);
      this.isOpenTroubled = false;
      // Somebody mended it, and looks: a minute until the next probe would seem as if it had not helped.
      this.flow.probeNow(monotonicMs);
    }
    // A person's resume also forgets that it was failing. Without a fresh start the breaker would stay open, and the
    // journal would say of a destination that takes nothing that nothing is wrong with it.
    const isForgiven =
      this.flow.isOpen && before.failingSinceMs !== null && destination.failingSinceMs === null;
    const resumed = destination.state === 'enabled' && (before.state !== 'enabled' || isForgiven);
    if (resumed) {
      this.flow = new Flow(destination, monotonicMs);
      this.flow.startSlowly();
      this.journalDueAtMs = nowMs;
    }
    return {
      resumed,
      stopped: before.state === 'enabled' && destination.state !== 'enabled',
      // Its ground knows the name, too, and which calls are asked for.
      outdated:
        isMoved || before.name !== destination.name || asksForOthers(before.filter, destination.filter),
    };
  }
}

/** What its calls come to is no matter of a ground's. */
function asksForOthers(before: EventFilter, after: EventFilter): boolean {
  const toText = ({ call_types, phone_numbers }: EventFilter): string =>
    JSON.stringify([call_types ?? [], phone_numbers ?? []]);
  return toText(before) !== toText(after);
}

function openGathering(destination: Destination, kind: DestinationKind | undefined): Gathering | null {
  try {
    const rule = kind?.toBatchRule?.(destination.settings) ?? null;
    return rule === null ? null : new Gathering(rule);
  } catch {
    // Settings that cannot be read fail at each attempt, which says so where people look.
    return null;
  }
}
