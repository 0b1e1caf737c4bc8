/**
 * What was sent and what arrived, one slot for each event. It is how the bench knows that a fast hub did not
 * get fast by losing events: every accepted event must arrive, and duplicates and inversions are counted.
 */
export interface Ledger {
  /** The next call's number. */
  startCall(): number;
  send(slot: number, atMs: number): void;
  arrive(slot: number, atMs: number): void;
  /** Forgets an event that the hub refused, so that nobody waits for it. */
  refuse(slot: number): void;
  readonly counts: LedgerCounts;
  /** When it was due to go; 0 for a slot that was never sent. */
  readSentAtMs(slot: number): number;
  /** Milliseconds from sending to first arrival of every event sent since `sinceMs` that arrived. */
  listLatencies(sinceMs: number): Float64Array;
  /** Resolves with the time of the last first arrival once everything sent has arrived. */
  waitUntilAllArrived(maxMs: number): Promise<number>;
}

export interface LedgerCounts {
  readonly sent: number;
  /** Events, each counted once. */
  readonly arrived: number;
  /** Arrivals of what had arrived before: at least once allows them. */
  readonly duplicates: number;
  /** A call's end that arrived before its start. */
  readonly inversions: number;
}

/** A call has two events: its start is 2 × number, its end 2 × number + 1. */
export function toSlot(callNumber: number, ends: boolean): number {
  return callNumber * 2 + (ends ? 1 : 0);
}

const SLOTS_AT_FIRST = 1 << 16;

export function createLedger(): Ledger {
  let calls = 0;
  let sentAt = new Float64Array(SLOTS_AT_FIRST);
  let arrivedAt = new Float64Array(SLOTS_AT_FIRST);
  const counts = { sent: 0, arrived: 0, duplicates: 0, inversions: 0 };
  let lastArrivalMs = 0;
  let onArrived: (() => void) | null = null;

  function reserve(slot: number): void {
    if (slot < sentAt.length) return;
    const grown = [new Float64Array(slot * 2), new Float64Array(slot * 2)] as const;
    grown[0].set(sentAt);
    grown[1].set(arrivedAt);
    [sentAt, arrivedAt] = grown;
  }

  return {
    startCall: () => calls++,
    send(slot, atMs) {
      reserve(slot);
      sentAt[slot] = atMs;
      counts.sent++;
    },
    arrive(slot, atMs) {
      if (slot >= sentAt.length || sentAt[slot] === 0) throw new Error(`slot ${slot} arrived unsent`);
      if (arrivedAt[slot] !== 0) {
        counts.duplicates++;
        return;
      }
      if (slot % 2 === 1 && arrivedAt[slot - 1] === 0) counts.inversions++;
      arrivedAt[slot] = atMs;
      lastArrivalMs = atMs;
      counts.arrived++;
      if (counts.arrived === counts.sent) onArrived?.();
    },
    refuse(slot) {
      if (arrivedAt[slot] !== 0) return;
      sentAt[slot] = 0;
      counts.sent--;
    },
    counts,
    readSentAtMs: (slot) => sentAt[slot] ?? 0,
    listLatencies(sinceMs) {
      const latencies = new Float64Array(calls * 2);
      let length = 0;
      for (let slot = 0; slot < calls * 2; slot++) {
        const sent = sentAt[slot] as number;
        const arrived = arrivedAt[slot] as number;
        if (sent >= sinceMs && sent !== 0 && arrived !== 0) latencies[length++] = arrived - sent;
      }
      return latencies.subarray(0, length).toSorted();
    },
    waitUntilAllArrived(maxMs) {
      if (counts.arrived === counts.sent) return Promise.resolve(lastArrivalMs);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          onArrived = null;
          const missing = counts.sent - counts.arrived;
          reject(new Error(`${missing} of ${counts.sent} events had not arrived after ${maxMs} ms`));
        }, maxMs);
        onArrived = () => {
          clearTimeout(timer);
          onArrived = null;
          resolve(lastArrivalMs);
        };
      });
    },
  };
}
