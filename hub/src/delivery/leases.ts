/** Every lease this process holds: waiting, under way, or finished and not yet recorded. By row, for one try each. */
import type { ClaimedDelivery } from '../journal/deliveries.ts';

/** What a journal needs to know a lease. */
interface Claim {
  readonly row: number;
  readonly token: number;
}

interface Lease {
  token: number;
  /** Attempts recorded before it: tells a lease for the next try from the same lease taken again. */
  readonly attempts: number;
}

type Leased = Pick<ClaimedDelivery, 'row' | 'token' | 'attempts'>;

export class Leases {
  readonly #byRow = new Map<number, Lease>();

  get size(): number {
    return this.#byRow.size;
  }

  hold(delivery: Leased): void {
    this.#byRow.set(delivery.row, { token: delivery.token, attempts: delivery.attempts });
  }

  /**
   * The same try again: its lease had run out behind a blocked event loop. The new token counts; one attempt is enough.
   * The next try of a delivery whose last one is recorded is another matter, even while the journal's answer to that
   * record is still on its way: it is held like any other. Taking it for the same one left it to nobody until its lease
   * ran out.
   */
  retake(delivery: Leased): boolean {
    const lease = this.#byRow.get(delivery.row);
    if (lease?.attempts !== delivery.attempts) return false;
    lease.token = delivery.token;
    return true;
  }

  /** The token of the latest lease for this try. */
  tokenOf(delivery: Leased): number {
    const lease = this.#byRow.get(delivery.row);
    return lease?.attempts === delivery.attempts ? lease.token : delivery.token;
  }

  forget(delivery: Leased): void {
    if (this.#byRow.get(delivery.row)?.attempts === delivery.attempts) this.#byRow.delete(delivery.row);
  }

  list(): readonly Claim[] {
    return [...this.#byRow].map(([row, { token }]) => ({ row, token }));
  }

  /** Of what was asked about and is said to be lost: without what was taken anew meanwhile, which is another lease. */
  listLost(asked: readonly Claim[], rows: readonly number[]): ReadonlySet<number> {
    if (rows.length === 0) return NONE;
    const tokens = new Map(asked.map(({ row, token }) => [row, token]));
    return new Set(rows.filter((row) => this.#byRow.get(row)?.token === tokens.get(row)));
  }
}

const NONE: ReadonlySet<number> = new Set();
