/**
 * One destination's own flow: what it holds in memory, what is under way, and what it knows of its backlog
 * in the journal. Inside a lane calls do not block each other: the journal gives out only the head of each call.
 */
import type { DestinationKind, DestinationSender } from '../destinations/destination.ts';
import type { ClaimedDelivery, Destination } from '../journal/journal.ts';
import { Flow } from './flow.ts';

export class Lane {
  destination: Destination;
  flow: Flow;
  /** Opened with the first attempt, so that a thousand quiet destinations cost nothing. */
  sender: DestinationSender | null = null;
  /** Leased, in order of claim, waiting for their turn. */
  readonly held: ClaimedDelivery[] = [];
  inFlight = 0;
  /** When the journal's earliest claimable delivery of this lane is due, as far as we know. */
  journalDueAtMs = Number.POSITIVE_INFINITY;
  wakeAtMs = Number.POSITIVE_INFINITY;
  cancelWake: (() => void) | null = null;

  constructor(destination: Destination, nowMs: number) {
    this.destination = destination;
    this.flow = new Flow(destination, nowMs);
    if (destination.failingSinceMs !== null) this.flow.resumeOpen(destination.failingSinceMs, nowMs);
  }

  get flows(): boolean {
    return this.destination.state === 'enabled';
  }

  /**
   * How many more it wants from the journal now: as much as it can hold, so that a backlog is read in batches and
   * caught up with; two windows' worth while it ramps up; the one probe while the breaker is open.
   */
  countWanted(heldMax: number, nowMs: number): number {
    if (!this.flows) return 0;
    if (this.flow.isOpen) return this.held.length > 0 ? 0 : this.flow.countStartable(this.inFlight, nowMs);
    const ramping = this.flow.window < this.destination.concurrency;
    return (ramping ? Math.min(heldMax, 2 * this.flow.window) : heldMax) - this.held.length;
  }

  openSender(kind: DestinationKind): DestinationSender {
    this.sender ??= kind.open(this.destination.settings);
    return this.sender;
  }

  hint(dueAtMs: number): void {
    this.journalDueAtMs = Math.min(this.journalDueAtMs, dueAtMs);
  }

  /** Takes over changed settings; says whether it began to flow again. */
  change(destination: Destination, nowMs: number): { readonly resumed: boolean; readonly stopped: boolean } {
    const before = this.destination;
    this.destination = destination;
    this.flow.change(destination);
    if (JSON.stringify(before.settings) !== JSON.stringify(destination.settings)) {
      this.closeSender();
      // Somebody mended it, and looks: a minute until the next probe would seem as if it had not helped.
      this.flow.probeNow(nowMs);
    }
    // A person's resume also forgets that it was failing. Without a fresh start the breaker would stay open, and the
    // journal would say of a destination that takes nothing that nothing is wrong with it.
    const isForgiven =
      this.flow.isOpen && before.failingSinceMs !== null && destination.failingSinceMs === null;
    const resumed = destination.state === 'enabled' && (before.state !== 'enabled' || isForgiven);
    if (resumed) {
      this.flow = new Flow(destination, nowMs);
      this.flow.startSlowly();
      this.journalDueAtMs = nowMs;
    }
    return { resumed, stopped: before.state === 'enabled' && destination.state !== 'enabled' };
  }

  closeSender(): void {
    void this.sender?.close();
    this.sender = null;
  }
}
