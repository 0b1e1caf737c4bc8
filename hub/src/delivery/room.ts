/**
 * What all lanes share: memory for bodies, events under way, attempts that the journal has not taken yet. A body counts
 * from its lease to its record, and a batch counts as what it carries, so that neither batches nor receivers that hang
 * take more than was given.
 */
import type { DeliveryLimits } from './limits.ts';

/** Lanes that were refused are asked again once this share of each limit is free. */
const FREE_SHARE = 1 / 8;
/** A body's size where none is in memory to tell. */
const BODY_BYTES_GUESS = 1_024;

interface Bodies extends Iterable<{ readonly body: { readonly length: number } }> {
  readonly length: number;
}

export class Room {
  readonly #limits: DeliveryLimits;
  #held = 0;
  #heldBytes = 0;
  #underWay = 0;
  #unrecorded = 0;
  #isShort = false;

  constructor(limits: DeliveryLimits) {
    this.#limits = limits;
  }

  /** Nothing is under way, and everything is recorded. */
  get isIdle(): boolean {
    return this.#underWay + this.#unrecorded === 0;
  }

  /** No more is to be asked for; but see countShare. */
  get isFull(): boolean {
    return this.#heldBytes >= this.#limits.heldBytesMax || this.#unrecorded >= this.#limits.unrecordedMax;
  }

  fits(bytes: number): boolean {
    return this.#heldBytes + bytes <= this.#limits.heldBytesMax;
  }

  hold(bytes: number): void {
    this.#held += 1;
    this.#heldBytes += bytes;
  }

  /** They were given back, or lost. */
  drop(deliveries: Bodies): void {
    this.#held -= deliveries.length;
    for (const { body } of deliveries) this.#heldBytes -= body.length;
  }

  /** inFlight: requests of the lane that asks. */
  mayStart(inFlight: number): boolean {
    const { unrecordedMax, inFlightMax, laneReserve } = this.#limits;
    if (this.#unrecorded < unrecordedMax && (this.#underWay < inFlightMax || inFlight < laneReserve))
      return true;
    this.#isShort = true;
    return false;
  }

  start(events: number): void {
    this.#underWay += events;
  }

  end(events: number): void {
    this.#underWay -= events;
    this.#unrecorded += events;
  }

  recorded(deliveries: Bodies): void {
    this.#unrecorded -= deliveries.length;
    this.drop(deliveries);
  }

  /** A lane wanted more and did not get it. */
  refuse(): void {
    this.#isShort = true;
  }

  /**
   * Those that were refused may ask again; told once. Only well below the limits: else lanes that are refused all the
   * time would be asked after every attempt.
   */
  takeRelief(): boolean {
    if (!this.#isShort) return false;
    const { heldBytesMax, inFlightMax, unrecordedMax } = this.#limits;
    const share = 1 - FREE_SHARE;
    this.#isShort =
      this.#heldBytes > share * heldBytesMax ||
      this.#underWay > share * inFlightMax ||
      this.#unrecorded > share * unrecordedMax;
    return !this.#isShort;
  }

  /**
   * How many each of so many lanes may ask the journal for, so that together they bring about what there is room for;
   * never less than slow lanes can take from no other.
   */
  countShare(lanes: number): number {
    const { heldBytesMax, laneReserve } = this.#limits;
    const bodyBytes = this.#held === 0 ? BODY_BYTES_GUESS : Math.max(1, this.#heldBytes / this.#held);
    return Math.max(laneReserve, Math.floor((heldBytesMax - this.#heldBytes) / bodyBytes / lanes));
  }
}
