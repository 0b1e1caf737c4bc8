/**
 * How much one lane may send now: a window of attempts at once that grows while the receiver works and
 * shrinks when it struggles (as TCP does), a rate limit, and a breaker that lets one probe through while
 * the receiver is down. Pure: no I/O, no timers; time is handed in, as monotonic ms: a wall clock that is set back must
 * not make anybody wait for the difference.
 */
import type { LaneSignal } from './outcome.ts';

/** Failures in a row, whatever their kind, after which the breaker opens. */
export const BREAKER_FAILURES = 10;
/**
 * Failures in a row after which people are told that it fails, and the time they must last: a receiver that takes a
 * thousand events a second and refuses every third has three in a row all the time.
 */
export const TROUBLED_FAILURES = 3;
export const TROUBLED_MS = 5_000;
export const PROBE_DELAY_MS_MIN = 1_000;
export const PROBE_DELAY_MS_MAX = 60_000;
/**
 * A lane nobody knows yet begins with this many at once and earns the rest, one a success: a hundred new
 * destinations that all hang would else hold 3,200 sockets until their first deadline.
 */
const WINDOW_START = 8;
/** Many attempts of one window fail together; they count as one sign of trouble within this time. */
const SHRINK_INTERVAL_MS = 1_000;

export interface FlowSettings {
  readonly concurrency: number;
  readonly ratePerSecond: number | null;
}

/**
 * opened, closed: the breaker. troubled: it fails, and people are to know, though a quiet lane may take hours to fail
 * often enough for the breaker; eased: that is over, and the breaker had not opened.
 */
export type FlowChange = 'opened' | 'closed' | 'troubled' | 'eased' | 'none';

export class Flow {
  #settings: FlowSettings;
  #window: number;
  /** Above this the window grows by one a round, below it by one a success. */
  #threshold: number;
  #failures = 0;
  #failingSinceMs: number | null = null;
  #isOpen = false;
  #isTroubled = false;
  #probeDelayMs = PROBE_DELAY_MS_MIN;
  #nextProbeAtMs = Number.NEGATIVE_INFINITY;
  #holdUntilMs = Number.NEGATIVE_INFINITY;
  #shrunkAtMs = Number.NEGATIVE_INFINITY;
  #tokens: number;
  #tokensAtMs: number;

  constructor(settings: FlowSettings, atMs: number) {
    this.#settings = settings;
    this.#window = Math.min(settings.concurrency, WINDOW_START);
    this.#threshold = settings.concurrency;
    this.#tokens = settings.ratePerSecond ?? 0;
    this.#tokensAtMs = atMs;
  }

  get isOpen(): boolean {
    return this.#isOpen;
  }

  /** Unix ms of the first failure since the last success; null while it works. */
  get failingSinceMs(): number | null {
    return this.#failingSinceMs;
  }

  get window(): number {
    return Math.max(1, Math.floor(this.#window));
  }

  change(settings: FlowSettings): void {
    this.#settings = settings;
    this.#window = Math.min(this.#window, settings.concurrency);
    this.#threshold = settings.concurrency;
  }

  /** Begins again with one attempt at a time: after a pause, or where trouble is remembered from before a restart. */
  startSlowly(): void {
    this.#window = 1;
    this.#threshold = this.#settings.concurrency;
  }

  /** Opens the breaker from the start, with a probe at once: the journal says the destination was failing. */
  resumeOpen(sinceMs: number, atMs: number): void {
    this.#isOpen = true;
    this.#isTroubled = true;
    this.#failingSinceMs = sinceMs;
    this.#failures = BREAKER_FAILURES;
    this.#nextProbeAtMs = atMs;
    this.startSlowly();
  }

  /** What it learned was of another address: it is asked at once, not when the next probe was planned. */
  probeNow(atMs: number): void {
    this.#holdUntilMs = Number.NEGATIVE_INFINITY;
    this.#probeDelayMs = PROBE_DELAY_MS_MIN;
    this.#nextProbeAtMs = atMs;
  }

  /** How many more attempts may start now, with `inFlight` under way. */
  countStartable(inFlight: number, atMs: number): number {
    if (atMs < this.#holdUntilMs) return 0;
    if (this.isOpen) return inFlight === 0 && atMs >= this.#nextProbeAtMs ? 1 : 0;
    const room = this.window - inFlight;
    return room <= 0 ? 0 : Math.min(room, this.#countTokens(atMs));
  }

  /** When countStartable may change by time alone; null where only a finished attempt changes it. */
  nextChangeAtMs(atMs: number): number | null {
    let nextMs = this.#holdUntilMs;
    if (this.#isOpen) nextMs = Math.max(nextMs, this.#nextProbeAtMs);
    const rate = this.#settings.ratePerSecond;
    if (!this.#isOpen && rate !== null && this.#countTokens(atMs) < 1) {
      nextMs = Math.max(nextMs, atMs + Math.ceil(((1 - this.#tokens) * 1000) / rate));
    }
    return nextMs > atMs ? nextMs : null;
  }

  /** One attempt starts. */
  spend(): void {
    if (this.#settings.ratePerSecond !== null) this.#tokens -= 1;
  }

  /** nowMs: Unix ms, by which people and the journal remember since when it fails. */
  learn(signal: LaneSignal, atMs: number, nowMs: number): FlowChange {
    if (signal.kind === 'works') return this.#learnSuccess();
    if (signal.kind === 'idle') return 'none';
    this.#failures += 1;
    this.#failingSinceMs ??= nowMs;
    if (signal.kind === 'slow') {
      this.#holdUntilMs = Math.max(this.#holdUntilMs, atMs + signal.holdMs);
      this.#shrink(atMs);
    }
    if (this.isOpen) {
      // Attempts that began before it opened end here too; only one that came after the last probe time counts.
      if (atMs >= this.#nextProbeAtMs) {
        this.#probeDelayMs = Math.min(this.#probeDelayMs * 2, PROBE_DELAY_MS_MAX);
        this.#nextProbeAtMs = atMs + this.#probeDelayMs;
      }
      return 'none';
    }
    if (this.#failures < BREAKER_FAILURES) return this.#learnTrouble(signal, nowMs);
    this.#isOpen = true;
    this.#isTroubled = true;
    this.#probeDelayMs = PROBE_DELAY_MS_MIN;
    this.#nextProbeAtMs = atMs + this.#probeDelayMs;
    return 'opened';
  }

  #learnTrouble(signal: LaneSignal, nowMs: number): FlowChange {
    const lastedMs = nowMs - (this.#failingSinceMs ?? nowMs);
    const isLasting =
      (signal.kind === 'fails' && signal.isLasting) ||
      (this.#failures >= TROUBLED_FAILURES && lastedMs >= TROUBLED_MS);
    if (this.#isTroubled || !isLasting) return 'none';
    this.#isTroubled = true;
    return 'troubled';
  }

  #learnSuccess(): FlowChange {
    const wasTroubled = this.#isTroubled;
    this.#failures = 0;
    this.#failingSinceMs = null;
    this.#isTroubled = false;
    if (this.isOpen) {
      this.#isOpen = false;
      this.#holdUntilMs = Number.NEGATIVE_INFINITY;
      this.startSlowly();
      return 'closed';
    }
    const { concurrency } = this.#settings;
    if (this.#window < concurrency) {
      const growth = this.#window < this.#threshold ? 1 : 1 / this.#window;
      this.#window = Math.min(concurrency, this.#window + growth);
    }
    return wasTroubled ? 'eased' : 'none';
  }

  #shrink(atMs: number): void {
    if (atMs - this.#shrunkAtMs < SHRINK_INTERVAL_MS) return;
    this.#shrunkAtMs = atMs;
    this.#window = Math.max(1, this.#window / 2);
    this.#threshold = this.#window;
  }

  #countTokens(atMs: number): number {
    const rate = this.#settings.ratePerSecond;
    if (rate === null) return Number.POSITIVE_INFINITY;
    // At most one second's worth is saved up, and at least one token, so that slow rates ever send.
    const elapsedMs = Math.max(0, atMs - this.#tokensAtMs);
    this.#tokens = Math.min(Math.max(1, rate), this.#tokens + (elapsedMs * rate) / 1000);
    this.#tokensAtMs = atMs;
    return Math.floor(this.#tokens);
  }
}
