/**
 * From events to messages. Trouble is gathered in groups; a group's first message goes out at once, and what comes
 * after it is counted on disk and told when the rules say. Two paths through one loop:
 *
 *   an attempt waits for Slack's answer     first of its group, first after a cool-down, the end of it
 *   an attempt is counted on disk           all others; the loop owes them a message and keeps at it
 *
 * While something owed cannot be sent, attempts are not counted in silence: each asks for another try of what is owed
 * and fails as that does, so that the destination shows as failing.
 */
import { NO_TIME } from '../destination.ts';
import type {
  AttemptRequest,
  AttemptResult,
  AttemptTiming,
  DestinationGround,
  DestinationSender,
} from '../destination.ts';
import { toAlert } from './alert.ts';
import { markTold, nextStep, NOTHING } from './alert-group.ts';
import type { AlertGroup, GroupRules, GroupStep } from './alert-group.ts';
import { GroupLoading } from './group-loading.ts';
import { createGroupStore, toEventMark } from './group-store.ts';
import type { EventMark, GroupStore } from './group-store.ts';
import { tellGroup } from './group-telling.ts';
import { apply, applyAll, OpenGroups } from './open-groups.ts';
import type { Entry, Waiter } from './open-groups.ts';
import { OwedMessages } from './owed-messages.ts';
import { failLate, failTroubled } from './own-failures.ts';
import type { SendGate } from './send-gate.ts';
import type { SlackAnswer, SlackChannel } from './slack-channel.ts';
import { toUtcText } from './slack-text.ts';

export interface SlackSenderOptions {
  readonly ground: DestinationGround;
  readonly channel: SlackChannel;
  readonly gate: SendGate;
  readonly rules: GroupRules;
  readonly mention: string | null;
  /** What was open for this destination before and may still be writing. */
  readonly predecessor: Promise<void>;
}

/** An attempt that waits holds one of the destination's places, so it does not wait long for its turn. */
export const WAIT_MS_MAX = 5_000;
const REQUEST_MS_MAX = 10_000;
const REQUEST_MS_MIN = 500;
/** Kept of an attempt's time for writing down what came of it. */
const WRITE_MS = 500;
/** A wait that Slack asked for outlives this process where it is longer. */
const HOLD_KEPT_MS_MIN = 30_000;
/** So many in a row are no longer a busy minute. */
const SLOW_ANSWERS_MAX = 5;
/** A ground's timers reach that far. */
const TIMER_MS_MAX = 3_600_000;

export function createSlackSender(options: SlackSenderOptions): SlackSender {
  return new SlackSender(options);
}

export class SlackSender implements DestinationSender {
  readonly #options: SlackSenderOptions;
  readonly #ground: DestinationGround;
  readonly #store: GroupStore;
  readonly #groups: OpenGroups;
  readonly #owed: OwedMessages;
  readonly #loading: GroupLoading;
  readonly #underWay = new Map<string, Promise<AttemptResult>>();
  readonly #ended = new AbortController();
  #slowAnswers = 0;
  #markAbandoned = (): void => {};
  readonly #abandoned = new Promise<void>((resolve) => {
    this.#markAbandoned = resolve;
  });
  #isRunning = false;
  #isScheduled = false;
  #cancelWake: (() => void) | null = null;
  #idle: (() => void) | null = null;
  #closed: Promise<void> | null = null;

  constructor(options: SlackSenderOptions) {
    this.#options = options;
    this.#ground = options.ground;
    this.#store = createGroupStore(options.ground);
    this.#groups = new OpenGroups(options.rules);
    this.#owed = new OwedMessages(options.ground);
    this.#loading = new GroupLoading({
      ground: options.ground,
      load: () => this.#load(),
      whenDone: () => this.#schedule(),
    });
    void this.#loading.begin();
  }

  async attempt(request: AttemptRequest): Promise<AttemptResult> {
    const known = this.#underWay.get(request.eventId);
    if (known !== undefined) return known;
    const result = this.#attempt(request).finally(() => this.#underWay.delete(request.eventId));
    this.#underWay.set(request.eventId, result);
    return result;
  }

  /** What is counted stays on disk; what waits for its turn is counted now. */
  close(): Promise<void> {
    this.#closed ??= this.#close();
    return this.#closed;
  }

  abandon(): void {
    this.#isRunning = false;
    this.#markAbandoned();
    this.#ended.abort();
    this.#loading.stop();
    this.#cancelWake?.();
    this.#options.channel.abandon();
    this.#idle?.();
  }

  async #attempt(request: AttemptRequest): Promise<AttemptResult> {
    const startedAtMs = this.#ground.monotonicMs();
    const endsAtMs = startedAtMs + request.deadlineMs;
    const alert = toAlert(request);
    const since = (): AttemptTiming => ({
      firstByteMs: null,
      totalMs: Math.max(0, this.#ground.monotonicMs() - startedAtMs),
    });
    if (alert.kind === 'nothing')
      return { kind: 'done', detail: alert.detail, isIdle: true, timing: since() };
    if (this.#ended.signal.aborted)
      return {
        kind: 'failed',
        cause: 'settings',
        detail: 'the settings were changed meanwhile',
        timing: since(),
      };
    const unread = await this.#loading.waitFor(this.#leftMs(endsAtMs));
    if (unread !== null) return { ...unread, timing: since() };
    const event = toEventMark(request.eventId);
    const counted = this.#groups.findCounted(event);
    if (counted === null) {
      const failure = await this.#owed.tryNow(this.#leftMs(endsAtMs), () => this.#schedule());
      if (failure !== null) return { ...failure, timing: since() };
    }
    const result = await (counted === null
      ? this.#enter(alert, event, endsAtMs)
      : this.#count(counted, 'Counted before'));
    return { ...result, timing: since() };
  }

  /** Until what came of it has to be written down. */
  #leftMs(endsAtMs: number): number {
    return endsAtMs - this.#ground.monotonicMs() - WRITE_MS;
  }

  // ── what comes in ──

  /** Waits for a message about it where one is due now; else it is counted. */
  #enter(alert: Waiter['alert'], event: EventMark, endsAtMs: number): Promise<AttemptResult> {
    const nowMs = this.#ground.nowMs();
    const entry = this.#groups.open(alert, nowMs);
    return new Promise((resolve) => {
      const waiter: Waiter = { alert, event, arrivedAtMs: nowMs, endsAtMs, resolve, cancelTimer: () => {} };
      const candidate = applyAll(entry.group, [...entry.waiters, waiter], this.#options.rules);
      const { step, atMs } = nextStep(candidate, this.#options.rules, nowMs);
      const isDue = step !== 'forget' && step !== 'change' && atMs <= nowMs;
      const isPossible = this.#options.gate.heldForMs(this.#ground) < this.#waitMs(waiter);
      if (!entry.isSending && !(isDue && isPossible)) {
        this.#keep(entry, waiter);
        return;
      }
      entry.waiters.push(waiter);
      this.#setLimit(entry, waiter);
      this.#schedule();
    });
  }

  /** How long it may still wait for its turn. */
  #waitMs({ endsAtMs }: Waiter): number {
    const leftMs = endsAtMs - this.#ground.monotonicMs();
    return Math.min(WAIT_MS_MAX, Math.max(leftMs / 2, leftMs - WRITE_MS));
  }

  #setLimit(entry: Entry, waiter: Waiter): void {
    waiter.cancelTimer = this.#ground.setTimer(
      () => {
        const index = entry.waiters.indexOf(waiter);
        if (index === -1) return;
        if (!entry.isSending) {
          entry.waiters.splice(index, 1);
          this.#keep(entry, waiter);
          return;
        }
        if (waiter.endsAtMs - this.#ground.monotonicMs() > 2 * WRITE_MS) {
          this.#setLimit(entry, waiter);
          return;
        }
        entry.waiters.splice(index, 1);
        waiter.resolve(failLate('Slack has not answered the message before this one in time'));
      },
      Math.max(1, this.#waitMs(waiter)),
    );
  }

  /** On disk, and so no longer lost: the loop owes it a message. */
  #keep(entry: Entry, waiter: Waiter): void {
    entry.group = apply(entry.group, waiter, this.#options.rules);
    entry.events.add(waiter.event);
    this.#groups.put(entry);
    this.#schedule();
    void this.#count(entry, this.#describeCounted(entry.group)).then(waiter.resolve);
  }

  async #count(entry: Entry, detail: string): Promise<AttemptResult> {
    try {
      await this.#store.save(entry);
      return { kind: 'done', detail, timing: NO_TIME };
    } catch (error) {
      return failTroubled(this.#ground, 'the count could not be written to the journal', error);
    }
  }

  #describeCounted(group: AlertGroup): string {
    const { rules, ground, gate } = this.#options;
    const { message, early } = group;
    const nowMs = ground.nowMs();
    if (early.length > 0) return `Counted: ${early.length} of ${rules.callsMin} calls before a message`;
    if (gate.heldForMs(ground) > 0) return 'Counted: posted as soon as Slack takes messages again';
    if (message === null) return 'Counted: posted as soon as it is its turn';
    const { step, atMs } = nextStep(group, rules, nowMs);
    const told = toUtcText(message.postedAtMs, nowMs);
    if (step === 'change') return `Counted in the message of ${told}`;
    return `Counted: the message of ${told} is followed up at ${toUtcText(Math.max(atMs, nowMs), nowMs)}`;
  }

  // ── what goes out ──

  /** After what is being done now, so that a burst is looked at once. */
  #schedule(): void {
    if (this.#isScheduled) return;
    this.#isScheduled = true;
    queueMicrotask(() => {
      this.#isScheduled = false;
      this.#look();
    });
  }

  #look(): void {
    if (!this.#loading.isDone || this.#isRunning || this.#ended.signal.aborted) return;
    this.#forgetOld();
    const nowMs = this.#ground.nowMs();
    // What was owed may have become part of something else, or be forgotten.
    if (this.#owed.isFailing && !this.#groups.owes(nowMs)) this.#owed.settle();
    const next = this.#groups.choose(nowMs, this.#owed.retryAtMs);
    this.#cancelWake?.();
    this.#cancelWake = null;
    if (next === null) return;
    if (next.atMs > nowMs) {
      const delayMs = Math.min(next.atMs - nowMs, TIMER_MS_MAX);
      this.#cancelWake = this.#ground.setTimer(() => this.#look(), delayMs);
      return;
    }
    this.#isRunning = true;
    void this.#send().finally(() => {
      this.#isRunning = false;
      this.#idle?.();
      this.#schedule();
    });
  }

  /** One message, chosen when it is its turn: whatever came meanwhile goes along. */
  async #send(): Promise<void> {
    const { gate } = this.#options;
    if (!(await gate.enter(this.#ground, this.#ended.signal))) return;
    try {
      this.#forgetOld();
      const nowMs = this.#ground.nowMs();
      const next = this.#groups.choose(nowMs, this.#owed.retryAtMs);
      if (next !== null && next.step !== 'forget' && next.atMs <= nowMs)
        await this.#perform(next.entry, next.step);
    } finally {
      gate.leave(this.#ground);
    }
  }

  async #perform(entry: Entry, step: Exclude<GroupStep, 'forget'>): Promise<void> {
    const { rules } = this.#options;
    const batch = entry.waiters;
    entry.waiters = [];
    entry.isSending = true;
    for (const waiter of batch) waiter.cancelTimer();
    const candidate = applyAll(entry.group, batch, rules);
    const answer = await tellGroup(this.#options, candidate, step, entry.isPlain, this.#toRequestMs(batch));
    entry.isSending = false;
    switch (answer.kind) {
      case 'taken':
        await this.#settleTaken(entry, candidate, step, answer, batch);
        break;
      case 'gone':
        // Somebody deleted the message: what it did not tell yet becomes one of its own.
        if (candidate.message !== null)
          entry.group = { ...entry.group, message: { ...candidate.message, place: null } };
        this.#putBack(entry, batch);
        this.#keepUndue(entry);
        break;
      case 'slow':
        await this.#settleSlow(entry, answer, batch);
        break;
      case 'unfit':
        if (entry.isPlain) this.#settleUnfit(entry, answer.result, batch);
        else {
          entry.isPlain = true;
          this.#putBack(entry, batch);
        }
        break;
      case 'failed':
        this.#settleFailed(entry, answer.result, batch);
        break;
    }
  }

  #toRequestMs(batch: readonly Waiter[]): number {
    const nowMs = this.#ground.monotonicMs();
    const leftMs = Math.min(...batch.map(({ endsAtMs }) => endsAtMs - nowMs - WRITE_MS), REQUEST_MS_MAX);
    return Math.max(leftMs, REQUEST_MS_MIN);
  }

  async #settleTaken(
    entry: Entry,
    candidate: AlertGroup,
    step: Exclude<GroupStep, 'forget'>,
    { place }: Extract<SlackAnswer, { kind: 'taken' }>,
    batch: readonly Waiter[],
  ): Promise<void> {
    this.#slowAnswers = 0;
    this.#owed.settle();
    const nowMs = this.#ground.nowMs();
    for (const { event } of batch) entry.events.add(event);
    const later = entry.waiters;
    if (step === 'recover') {
      entry.waiters = [];
      this.#groups.forget(candidate.key);
    } else {
      const marked = markTold(
        { ...candidate, untold: NOTHING },
        step === 'post' ? 'post' : 'change',
        candidate.untold,
        place,
        nowMs,
      );
      const { message } = marked;
      entry.group =
        step === 'close' && message !== null
          ? { ...marked, message: { ...message, isClosed: true } }
          : marked;
    }
    try {
      await (step === 'recover' ? this.#store.forget(entry) : this.#store.save(entry));
    } catch (error) {
      // Slack has it, so the attempt is done; what is lost is the memory of it, and that is written with the next.
      this.#ground.troubled('what was posted to Slack could not be written to the journal', error);
    }
    const detail =
      step === 'recover' || step === 'close'
        ? 'Posted: it is over'
        : `Posted to ${this.#options.channel.name}`;
    for (const waiter of batch) waiter.resolve({ kind: 'done', detail, timing: NO_TIME });
    if (step === 'recover') this.#enterAgain(later);
    else this.#keepUndue(entry);
  }

  /** What came while a request was under way: a message tells of it now, or it is counted. */
  #keepUndue(entry: Entry): void {
    if (entry.waiters.length === 0) return;
    const nowMs = this.#ground.nowMs();
    const { rules } = this.#options;
    const { step, atMs } = nextStep(applyAll(entry.group, entry.waiters, rules), rules, nowMs);
    if (step !== 'forget' && step !== 'change' && atMs <= nowMs) return;
    this.#keepAll(entry);
  }

  #keepAll(entry: Entry): void {
    const { waiters } = entry;
    entry.waiters = [];
    for (const waiter of waiters) {
      waiter.cancelTimer();
      this.#keep(entry, waiter);
    }
  }

  /** Their group is over and forgotten: they begin another. */
  #enterAgain(waiters: readonly Waiter[]): void {
    for (const waiter of waiters) {
      waiter.cancelTimer();
      void this.#enter(waiter.alert, waiter.event, waiter.endsAtMs).then(waiter.resolve);
    }
  }

  #putBack(entry: Entry, batch: readonly Waiter[]): void {
    entry.waiters = [...batch, ...entry.waiters];
    for (const waiter of batch) this.#setLimit(entry, waiter);
  }

  async #settleSlow(
    entry: Entry,
    { retryAfterMs, result }: Extract<SlackAnswer, { kind: 'slow' }>,
    batch: readonly Waiter[],
  ): Promise<void> {
    const { gate } = this.#options;
    gate.hold(this.#ground, retryAfterMs);
    this.#slowAnswers += 1;
    if (this.#slowAnswers > SLOW_ANSWERS_MAX) {
      this.#settleFailed(entry, result, batch);
      return;
    }
    if (retryAfterMs > HOLD_KEPT_MS_MIN) {
      this.#store
        .saveHold(this.#ground.nowMs() + gate.heldForMs(this.#ground))
        .catch((error: unknown) =>
          this.#ground.troubled('a wait that Slack asked for could not be written down', error),
        );
    }
    this.#putBack(entry, batch);
    this.#keepAll(entry);
    await this.#store.settle();
  }

  /** Not even the sentence alone is taken: whoever waits hears of it, and what is owed must not hold up the rest. */
  #settleUnfit(entry: Entry, result: AttemptResult, batch: readonly Waiter[]): void {
    this.#failAll(entry, result, batch);
    const { group } = entry;
    const detail = result.kind === 'failed' ? result.detail : 'Slack does not take the message';
    this.#ground.troubled(`${group.total.count} of one group are told nowhere: ${detail}`, null);
    this.#groups.forget(group.key);
    this.#store
      .forget(entry)
      .catch((error: unknown) => this.#ground.troubled('a group could not be forgotten', error));
  }

  #settleFailed(entry: Entry, result: AttemptResult, batch: readonly Waiter[]): void {
    this.#failAll(entry, result, batch);
    if (isEmpty(entry.group)) this.#groups.forget(entry.group.key);
    this.#owed.fail(result, this.#groups.owes(this.#ground.nowMs()));
  }

  #failAll(entry: Entry, result: AttemptResult, batch: readonly Waiter[]): void {
    const failed = [...batch, ...entry.waiters];
    entry.waiters = [];
    for (const waiter of failed) {
      waiter.cancelTimer();
      waiter.resolve(result);
    }
  }

  #forgetOld(): void {
    for (const entry of this.#groups.takeOld(this.#ground.nowMs())) {
      this.#store
        .forget(entry)
        .catch((error: unknown) =>
          this.#ground.troubled('a group that is over could not be forgotten', error),
        );
    }
  }

  // ── begin and end ──

  async #load(): Promise<void> {
    await this.#options.predecessor;
    const { groups, heldUntilMs } = await this.#store.load();
    for (const stored of groups) this.#groups.remember(stored);
    const heldForMs = heldUntilMs - this.#ground.nowMs();
    if (heldForMs > 0) this.#options.gate.hold(this.#ground, heldForMs);
  }

  async #close(): Promise<void> {
    this.#ended.abort();
    this.#loading.stop();
    this.#cancelWake?.();
    this.#owed.end();
    for (const entry of this.#groups) if (!entry.isSending) this.#keepAll(entry);
    if (this.#isRunning) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    // Those that came while the last request was under way.
    for (const entry of this.#groups) this.#keepAll(entry);
    // Attempts that were cut off never end.
    await Promise.race([Promise.allSettled(this.#underWay.values()), this.#abandoned]);
    await this.#store.settle();
    this.#options.channel.close();
  }
}

/** Nothing of it is on disk: it was made for attempts that failed. */
function isEmpty({ messages, untold, early }: AlertGroup): boolean {
  return messages === 0 && untold.count === 0 && early.length === 0;
}
