/**
 * One message per second and per channel or hook, over all destinations of this process that post there: Slack allows
 * short bursts beyond that without saying how short, so none is made. Entered one at a time, first come, first served.
 */
import type { DestinationGround } from '../destination.ts';

export interface SendGate {
  /** Resolves with true when it is the caller's turn, who then must leave; with false where `cancel` came first. */
  enter(ground: GateGround, cancel: AbortSignal): Promise<boolean>;
  leave(ground: GateGround): void;
  /** Nothing is sent for that long: Slack asked for it. */
  hold(ground: GateGround, forMs: number): void;
  /** How much longer nothing is sent because Slack asked for it. */
  heldForMs(ground: GateGround): number;
}

export interface SendGates {
  /** The one gate of a place. */
  open(place: string): SendGate;
}

type GateGround = Pick<DestinationGround, 'monotonicMs' | 'setTimer'>;

/** Counted from the answer, since a request may arrive at Slack any time before it is answered. */
export const MESSAGE_GAP_MS = 1_000;
export const HOLD_MS_MAX = 3_600_000;
/** Beyond that the oldest is forgotten, most likely of a destination that is long gone. */
const GATES_MAX = 10_000;

export function createSendGates(): SendGates {
  const gates = new Map<string, SendGate>();
  return {
    open(place) {
      const gate = gates.get(place) ?? new Gate();
      gates.delete(place);
      gates.set(place, gate);
      const [oldest] = gates.keys();
      if (gates.size > GATES_MAX && oldest !== undefined) gates.delete(oldest);
      return gate;
    },
  };
}

class Gate implements SendGate {
  readonly #queue: (() => void)[] = [];
  #busy = false;
  #nextAtMs = Number.NEGATIVE_INFINITY;
  #heldUntilMs = Number.NEGATIVE_INFINITY;

  async enter(ground: GateGround, cancel: AbortSignal): Promise<boolean> {
    while (this.#busy && !cancel.aborted) await this.#waitInLine(cancel);
    if (cancel.aborted) return false;
    this.#busy = true;
    for (;;) {
      const waitMs = Math.max(this.#nextAtMs, this.#heldUntilMs) - ground.monotonicMs();
      if (waitMs <= 0) return true;
      await waitFor(ground, waitMs, cancel);
      if (!cancel.aborted) continue;
      this.#release();
      return false;
    }
  }

  leave(ground: GateGround): void {
    this.#nextAtMs = ground.monotonicMs() + MESSAGE_GAP_MS;
    this.#release();
  }

  hold(ground: GateGround, forMs: number): void {
    this.#heldUntilMs = Math.max(this.#heldUntilMs, ground.monotonicMs() + Math.min(forMs, HOLD_MS_MAX));
  }

  heldForMs(ground: GateGround): number {
    return Math.max(0, this.#heldUntilMs - ground.monotonicMs());
  }

  #release(): void {
    this.#busy = false;
    this.#queue.shift()?.();
  }

  #waitInLine(cancel: AbortSignal): Promise<void> {
    return new Promise((resolve) => {
      const go = (): void => {
        cancel.removeEventListener('abort', leaveLine);
        resolve();
      };
      const leaveLine = (): void => {
        const index = this.#queue.indexOf(go);
        if (index !== -1) this.#queue.splice(index, 1);
        resolve();
      };
      this.#queue.push(go);
      cancel.addEventListener('abort', leaveLine, { once: true });
    });
  }
}

function waitFor(ground: GateGround, delayMs: number, cancel: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      cancelTimer();
      cancel.removeEventListener('abort', done);
      resolve();
    };
    const cancelTimer = ground.setTimer(done, Math.min(delayMs, HOLD_MS_MAX));
    cancel.addEventListener('abort', done, { once: true });
  });
}
