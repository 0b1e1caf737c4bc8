export interface DeliveryLimits {
  /** Leases end by themselves after this, so that a dead node's work is taken over. */
  readonly leaseMs: number;
  /** Leases are renewed this often: two renewals may fail before one is lost. */
  readonly renewMs: number;
  /** Leased deliveries waiting in one lane's memory; the rest of its backlog waits in the journal. */
  readonly laneHeldMax: number;
  /**
   * Leased bodies in memory, all lanes together: those that wait, those under way, and those whose records the journal
   * has not taken yet. Beyond it a lane with nothing at all still gets laneReserve.
   */
  readonly heldBytesMax: number;
  /**
   * Events under way, all lanes together; a batch counts as many as it carries. A lane with fewer than laneReserve
   * requests may start one all the same.
   */
  readonly inFlightMax: number;
  /** What slow lanes can never take away from another. */
  readonly laneReserve: number;
  /** Finished attempts that the journal has not taken yet, by event; beyond it nothing new starts. */
  readonly unrecordedMax: number;
  /** The journal is asked what is due at least this often; hints only make it sooner. */
  readonly sweepMs: number;
  /** Before a lane is asked again whose due work turned out to be leased, and before a failed journal call is tried again. */
  readonly recheckMs: number;
  readonly replayPollMs: number;
  /** A destination that has only failed for this long is disabled (its deliveries are held). */
  readonly disableAfterMs: number;
}

export const DELIVERY_LIMITS: DeliveryLimits = {
  leaseMs: 15_000,
  renewMs: 5_000,
  laneHeldMax: 256,
  heldBytesMax: 64 * 1024 * 1024,
  inFlightMax: 8_192,
  laneReserve: 2,
  unrecordedMax: 4_096,
  sweepMs: 5_000,
  recheckMs: 250,
  replayPollMs: 1_000,
  disableAfterMs: 5 * 24 * 3_600_000,
};
