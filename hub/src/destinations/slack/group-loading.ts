/** Reads once what is remembered of groups, however often it takes: until then nothing can be counted or told. */
import type { AttemptResult, DestinationGround } from '../destination.ts';
import { failLate, failTroubled } from './own-failures.ts';

/** When it is tried again after what is remembered could not be read. */
const RELOAD_MS = 5_000;

export interface LoadingOptions {
  readonly ground: DestinationGround;
  readonly load: () => Promise<void>;
  readonly whenDone: () => void;
}

export class GroupLoading {
  readonly #options: LoadingOptions;
  #underWay: Promise<void> | null = null;
  #isDone = false;
  #isStopped = false;
  #cancelRetry = (): void => {};

  constructor(options: LoadingOptions) {
    this.#options = options;
  }

  get isDone(): boolean {
    return this.#isDone;
  }

  /** Tries until it is done or stopped. */
  async begin(): Promise<void> {
    const { ground } = this.#options;
    try {
      await this.#load();
    } catch (error) {
      if (this.#isStopped) return;
      ground.troubled('what was counted could not be read from the journal; it is tried again', error);
      this.#cancelRetry();
      this.#cancelRetry = ground.setTimer(() => void this.begin(), RELOAD_MS);
    }
  }

  stop(): void {
    this.#isStopped = true;
    this.#cancelRetry();
  }

  /** Null once what is remembered is there; else why it is not. */
  async waitFor(leftMs: number): Promise<AttemptResult | null> {
    if (this.#isDone) return null;
    const { ground } = this.#options;
    let cancelTimer = (): void => {};
    const late = new Promise<AttemptResult>((resolve) => {
      cancelTimer = ground.setTimer(
        () => resolve(failLate('what was counted before could not be read in time')),
        Math.max(1, leftMs),
      );
    });
    try {
      return await Promise.race([late, this.#load().then(() => null)]);
    } catch (error) {
      return failTroubled(ground, 'what was counted could not be read from the journal', error);
    } finally {
      cancelTimer();
    }
  }

  #load(): Promise<void> {
    this.#underWay ??= this.#loadOnce().catch((error: unknown) => {
      this.#underWay = null;
      throw error;
    });
    return this.#underWay;
  }

  async #loadOnce(): Promise<void> {
    const { load, whenDone } = this.#options;
    await load();
    this.#isDone = true;
    whenDone();
  }
}
