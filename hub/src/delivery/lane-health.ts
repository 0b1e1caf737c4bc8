/** What attempts teach about their lane, told to the journal: it fails, it works again, it is to be disabled. */
import type { Clock } from '../clock.ts';
import type { DeliveryJournal } from '../journal/deliveries.ts';
import type { DestinationHealthChange } from '../journal/destinations.ts';
import type { Lane } from './lane.ts';
import type { DeliveryObserver } from './observer.ts';
import type { LaneSignal } from './outcome.ts';

export interface LaneHealthOptions {
  readonly journal: Pick<DeliveryJournal, 'setDestinationHealth'>;
  readonly clock: Clock;
  readonly observer: DeliveryObserver;
  readonly disableAfterMs: number;
}

export class LaneHealth {
  readonly #options: LaneHealthOptions;

  constructor(options: LaneHealthOptions) {
    this.#options = options;
  }

  /** True where the breaker opened: what the lane holds has to go back. */
  learn(lane: Lane, signal: LaneSignal, detail: string | null, monotonicMs: number): boolean {
    const { clock, observer, disableAfterMs } = this.#options;
    const nowMs = clock.nowMs();
    const { destination, flow } = lane;
    const change = flow.learn(signal, monotonicMs, nowMs);
    if (signal.kind === 'gone') {
      this.#setHealth({ kind: 'disabled', destinationId: destination.id, reason: 'it answered 410 Gone' });
    }
    if (change === 'opened' || change === 'troubled') {
      this.#setHealth({
        kind: 'failing',
        destinationId: destination.id,
        sinceMs: flow.failingSinceMs ?? nowMs,
      });
    }
    if (change === 'closed' || change === 'eased') {
      this.#setHealth({ kind: 'recovered', destinationId: destination.id });
    }
    if (change === 'opened') {
      observer.laneChanged({ destination, breaker: 'open', detail: detail ?? '' });
    } else if (change === 'closed') {
      observer.laneChanged({ destination, breaker: 'closed', detail: 'an attempt was accepted' });
    }
    const failingForMs = flow.failingSinceMs === null ? 0 : nowMs - flow.failingSinceMs;
    if (flow.isOpen && failingForMs >= disableAfterMs && lane.flows) {
      this.#setHealth({
        kind: 'disabled',
        destinationId: destination.id,
        reason: `every attempt has failed for ${Math.floor(failingForMs / 86_400_000)} days; last: ${detail ?? ''}`,
      });
    }
    return change === 'opened';
  }

  #setHealth(change: DestinationHealthChange): void {
    this.#options.observer.healthChanged(change);
    this.#options.journal
      .setDestinationHealth(change)
      .catch((error: unknown) =>
        this.#options.observer.troubled(
          `the health of ${change.destinationId} could not be written (${change.kind})`,
          error,
        ),
      );
  }
}
