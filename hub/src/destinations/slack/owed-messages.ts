/**
 * Messages that no attempt waits for, and whether they get through: while they do not, the loop tries them ever more
 * seldom, and each attempt that comes asks for another try and fails as that does.
 */
import type { AttemptResult, DestinationGround } from '../destination.ts';

const BACKOFF_MS_MIN = 5_000;
const BACKOFF_MS_MAX = 10 * 60_000;

interface Owing {
  failures: number;
  retryAtMs: number;
  result: AttemptResult;
}

type Probe = (result: AttemptResult | null) => void;

export class OwedMessages {
  readonly #ground: DestinationGround;
  #owing: Owing | null = null;
  #probes: Probe[] = [];

  constructor(ground: DestinationGround) {
    this.#ground = ground;
  }

  /** The last try failed. */
  get isFailing(): boolean {
    return this.#owing !== null;
  }

  /** Unix ms. */
  get retryAtMs(): number {
    return this.#owing?.retryAtMs ?? Number.NEGATIVE_INFINITY;
  }

  /** A message was taken, or nothing is owed any more. */
  settle(): void {
    this.#owing = null;
    this.#tell(null);
  }

  /** A request failed; isOwed: of what it was about, or of something else, a message is due that nobody waits for. */
  fail(result: AttemptResult, isOwed: boolean): void {
    if (this.#owing !== null || isOwed) {
      const failures = (this.#owing?.failures ?? 0) + 1;
      const delayMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures - 1, 20));
      if (failures === 1) {
        const detail = result.kind === 'answered' ? `Slack answered ${result.status}` : result.detail;
        this.#ground.troubled(
          `a message that is owed could not be sent to Slack and is tried again: ${detail}`,
          null,
        );
      }
      this.#owing = { failures, retryAtMs: this.#ground.nowMs() + delayMs, result };
    }
    this.#tell(result);
  }

  /** Where the last try failed, waits for another, which is due from now on: null once it is sent, else why not. */
  tryNow(leftMs: number, whenDue: () => void): Promise<AttemptResult | null> {
    const owing = this.#owing;
    if (owing === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const cancelTimer = this.#ground.setTimer(
        () => {
          this.#probes = this.#probes.filter((probe) => probe !== done);
          resolve(owing.result);
        },
        Math.max(1, leftMs),
      );
      const done = (result: AttemptResult | null): void => {
        cancelTimer();
        resolve(result);
      };
      this.#probes.push(done);
      owing.retryAtMs = this.#ground.nowMs();
      whenDue();
    });
  }

  /** No try follows: who waits for one hears of the last. */
  end(): void {
    this.#tell(this.#owing?.result ?? null);
  }

  #tell(result: AttemptResult | null): void {
    const probes = this.#probes;
    this.#probes = [];
    for (const done of probes) done(result);
  }
}
