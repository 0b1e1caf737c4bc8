/**
 * How leased deliveries go back to the journal: recorded, put off, or given back untouched. Each way ends their leases;
 * until then they are renewed.
 */
import type { Clock } from '../clock.ts';
import type {
  AttemptRecord,
  ClaimedDelivery,
  DeliveryJournal,
  RecordedAttempt,
} from '../journal/deliveries.ts';
import type { Destination } from '../journal/destinations.ts';
import { JournalError } from '../journal/journal-error.ts';
import type { MadeAttempt, PutOffAttempt } from './deliver.ts';
import type { Leases } from './leases.ts';
import type { DeliveryLimits } from './limits.ts';
import type { DeliveryObserver } from './observer.ts';

export interface RecorderOptions {
  readonly journal: Pick<
    DeliveryJournal,
    'recordAttempts' | 'postponeDeliveries' | 'releaseDeliveries' | 'renewLeases'
  >;
  readonly clock: Clock;
  readonly observer: DeliveryObserver;
  readonly leases: Leases;
  readonly limits: DeliveryLimits;
}

export class Recorder {
  readonly #options: RecorderOptions;
  readonly #leases: Leases;
  #isStopping = false;

  constructor(options: RecorderOptions) {
    this.#options = options;
    this.#leases = options.leases;
  }

  /** From here on what the journal does not take at once is not tried again: the next process sends it once more. */
  stop(): void {
    this.#isStopping = true;
  }

  async finish(
    deliveries: readonly ClaimedDelivery[],
    destination: Destination,
    { records }: MadeAttempt,
  ): Promise<void> {
    const recorded = await this.#record(deliveries, records);
    for (const [index, delivery] of deliveries.entries()) {
      this.#leases.forget(delivery);
      const record = records[index];
      const one = recorded[index];
      if (record !== undefined && one !== undefined) {
        this.#options.observer.attempted({ delivery, destination, record, recorded: one });
      }
    }
  }

  /**
   * The lease is forgotten before the journal is asked: the next one has as many attempts before it, and where it
   * overtook the answer it would be taken for this one, and held by nobody until it ran out. A token that is stale by
   * then, or a journal in trouble, costs nothing but another try, which the destination may put off again.
   */
  async postpone(deliveries: readonly ClaimedDelivery[], { dueAtMs, detail }: PutOffAttempt): Promise<void> {
    const { journal, observer } = this.#options;
    const postponements = deliveries.map((delivery) => ({
      row: delivery.row,
      token: this.#leases.tokenOf(delivery),
      dueAtMs,
      detail,
    }));
    for (const delivery of deliveries) this.#leases.forget(delivery);
    try {
      await journal.postponeDeliveries(postponements);
      for (const delivery of deliveries) observer.postponed({ delivery, dueAtMs, detail });
    } catch (error) {
      observer.troubled(
        'a delivery could not be put off; it is tried again once its lease has run out',
        error,
      );
    }
  }

  /** Untouched: what is not attempted here after all. */
  async giveBack(deliveries: readonly ClaimedDelivery[]): Promise<void> {
    const claims = deliveries.map((delivery) => ({
      row: delivery.row,
      token: this.#leases.tokenOf(delivery),
    }));
    for (const delivery of deliveries) this.#leases.forget(delivery);
    try {
      await this.#options.journal.releaseDeliveries(claims);
    } catch (error) {
      this.#options.observer.troubled('leases could not be given back; they run out by themselves', error);
    }
  }

  /**
   * `drop` is told the rows whose leases are lost: somebody else has them, or nobody. In the turn in which that is
   * found, since a claim's answer in the next one may have taken one of them anew.
   */
  async renew(drop: (rows: ReadonlySet<number>) => void): Promise<void> {
    const { journal, clock, observer, limits } = this.#options;
    const claims = this.#leases.list();
    try {
      const rows = await journal.renewLeases(claims, limits.leaseMs, clock.nowMs());
      const lost = this.#leases.listLost(claims, rows);
      if (lost.size > 0) drop(lost);
    } catch (error) {
      observer.troubled('leases could not be renewed; it is tried again', error);
    }
  }

  /**
   * Only the journal's answer ends a lease; while it has no room we keep trying, bounded by unrecordedMax. What it
   * refuses because we took the lease anew meanwhile is recorded under the new token: the attempt was made, after all.
   */
  async #record(
    deliveries: readonly ClaimedDelivery[],
    records: readonly AttemptRecord[],
  ): Promise<readonly (RecordedAttempt | undefined)[]> {
    const { journal, observer, clock } = this.#options;
    const results: (RecordedAttempt | undefined)[] = records.map(() => undefined);
    let open = records.map((record, index) => ({ record, index }));
    for (;;) {
      const current = open.map(({ record, index }) => {
        const delivery = deliveries[index];
        const token = delivery === undefined ? record.token : this.#leases.tokenOf(delivery);
        return token === record.token ? record : { ...record, token };
      });
      try {
        const recorded = await journal.recordAttempts(current);
        for (const [at, { index }] of open.entries()) results[index] = recorded[at];
        open = open.filter(({ index }, at) => {
          const delivery = deliveries[index];
          const isRetaken = delivery !== undefined && this.#leases.tokenOf(delivery) !== current[at]?.token;
          return recorded[at]?.kind === 'refused' && isRetaken;
        });
        if (open.length === 0) return results;
      } catch (error) {
        observer.troubled('an attempt could not be recorded; its delivery may be sent once more', error);
        const lasting = error instanceof JournalError && (error.code === 'full' || error.code === 'busy');
        if (!lasting || this.#isStopping) return results;
        await new Promise<void>((resolve) => {
          clock.setTimer(resolve, 4 * this.#options.limits.recheckMs);
        });
      }
    }
  }
}
