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
import type {
  AttemptRequest,
  AttemptResult,
  AttemptTiming,
  DestinationGround,
  DestinationSender,
} from '../destination.ts';
import { toAlert } from './alert.ts';
import type { Alert, Trouble } from './alert.ts';
import {
  addTrouble,
  isCounted,
  markTold,
  mergeTallies,
  nextStep,
  NOTHING,
  openGroup,
} from './alert-group.ts';
import type { AlertGroup, GroupRules, GroupStep, Tally } from './alert-group.ts';
import { renderRecovery, renderTrouble } from './alert-message.ts';
import { createGroupStore, EventLog, toEventMark } from './group-store.ts';
import type { EventMark, GroupStore, StoredGroup } from './group-store.ts';
import type { SendGate } from './send-gate.ts';
import type { SlackAnswer, SlackChannel } from './slack-channel.ts';
import type { SlackMessage } from './slack-message.ts';
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

/** All groups together; beyond that an error joins "other errors". */
export const GROUPS_MAX = 200;
/** Groups of calls that may get a first message within one cool-down, and groups of one operational type at a time. */
export const NEW_GROUPS_MAX = 20;
/** An attempt that waits holds one of the destination's places, so it does not wait long for its turn. */
export const WAIT_MS_MAX = 5_000;
const REQUEST_MS_MAX = 10_000;
const REQUEST_MS_MIN = 500;
/** Kept of an attempt's time for writing down what came of it. */
const WRITE_MS = 500;
const BACKOFF_MS_MIN = 5_000;
const BACKOFF_MS_MAX = 10 * 60_000;
/** A wait that Slack asked for outlives this process where it is longer. */
const HOLD_KEPT_MS_MIN = 30_000;
/** So many in a row are no longer a busy minute. */
const SLOW_ANSWERS_MAX = 5;
/** When the loop looks again after what is remembered could not be read. */
const RELOAD_MS = 5_000;
/** A ground's timers reach that far. */
const TIMER_MS_MAX = 3_600_000;

export function createSlackSender(options: SlackSenderOptions): SlackSender {
  return new SlackSender(options);
}

interface Entry extends StoredGroup {
  waiters: Waiter[];
  /** A request about it is under way; until it ends the group stays as it is. */
  isSending: boolean;
  /** Slack did not take its blocks: the sentence alone is sent. */
  isPlain: boolean;
}

interface Waiter {
  readonly alert: Exclude<Alert, { kind: 'nothing' }>;
  readonly event: EventMark;
  readonly arrivedAtMs: number;
  /** By the monotonic clock: when the attempt must be over. */
  readonly endsAtMs: number;
  readonly resolve: (result: AttemptResult) => void;
  cancelTimer: () => void;
}

interface Choice {
  readonly entry: Entry;
  readonly step: GroupStep;
  readonly atMs: number;
  readonly rank: number;
}

interface Owing {
  failures: number;
  retryAtMs: number;
  result: AttemptResult;
}

export class SlackSender implements DestinationSender {
  readonly #options: SlackSenderOptions;
  readonly #ground: DestinationGround;
  readonly #store: GroupStore;
  readonly #entries = new Map<string, Entry>();
  readonly #underWay = new Map<string, Promise<AttemptResult>>();
  readonly #ended = new AbortController();
  #loaded: Promise<void> | null = null;
  #isLoaded = false;
  #owing: Owing | null = null;
  #slowAnswers = 0;
  #probes: ((result: AttemptResult | null) => void)[] = [];
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
    void this.#loadSoon();
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
    const unread = await this.#loadBy(endsAtMs);
    if (unread !== null) return { ...unread, timing: since() };
    const event = toEventMark(request.eventId);
    const counted = this.#findCounted(event);
    if (counted === null) {
      const failure = await this.#tryOwed(endsAtMs);
      if (failure !== null) return { ...failure, timing: since() };
    }
    const result = await (counted === null
      ? this.#enter(alert, event, endsAtMs)
      : this.#count(counted, 'Counted before'));
    return { ...result, timing: since() };
  }

  // ── what comes in ──

  /** Waits for a message about it where one is due now; else it is counted. */
  #enter(alert: Waiter['alert'], event: EventMark, endsAtMs: number): Promise<AttemptResult> {
    const nowMs = this.#ground.nowMs();
    const entry = this.#entryFor(alert, nowMs);
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
        waiter.resolve(toFailure('timeout', 'Slack has not answered the message before this one in time'));
      },
      Math.max(1, this.#waitMs(waiter)),
    );
  }

  /** On disk, and so no longer lost: the loop owes it a message. */
  #keep(entry: Entry, waiter: Waiter): void {
    entry.group = apply(entry.group, waiter, this.#options.rules);
    entry.events.add(waiter.event);
    this.#entries.set(entry.group.key, entry);
    this.#schedule();
    void this.#count(entry, this.#describeCounted(entry.group)).then(waiter.resolve);
  }

  async #count(entry: Entry, detail: string): Promise<AttemptResult> {
    try {
      await this.#store.save(entry);
      return { kind: 'done', detail, timing: NO_TIME };
    } catch (error) {
      return this.#fail('the count could not be written to the journal', error, NO_TIME);
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

  #findCounted(event: EventMark): Entry | null {
    for (const entry of this.#entries.values()) if (entry.events.has(event)) return entry;
    return null;
  }

  /** The group it belongs to, which may be a new one; a new one is remembered once something is kept in it or told. */
  #entryFor(alert: Waiter['alert'], nowMs: number): Entry {
    if (alert.kind === 'end') {
      const open = this.#entries.get(alert.endedKey);
      // Where it had not even begun to be told, what is told is its beginning and then its end.
      if (open !== undefined) return open;
    }
    const { trouble } = alert;
    const open = this.#entries.get(trouble.key);
    if (open !== undefined) return open;
    const key = this.#hasRoom(trouble, nowMs) ? trouble.key : trouble.foldedKey;
    const folded = this.#entries.get(key);
    if (folded !== undefined) return folded;
    const entry: Entry = {
      group: openGroup(trouble, key, nowMs),
      events: new EventLog(),
      waiters: [],
      isSending: false,
      isPlain: false,
    };
    this.#entries.set(key, entry);
    return entry;
  }

  #hasRoom({ groupKind }: Trouble, nowMs: number): boolean {
    if (this.#entries.size >= GROUPS_MAX) return false;
    const sinceMs = nowMs - this.#options.rules.coolDownMs;
    let alike = 0;
    for (const { group, waiters } of this.#entries.values()) {
      if (group.kind !== groupKind) continue;
      const isTold = group.messages > 0 || group.untold.count > 0 || waiters.length > 0;
      if (isCounted(groupKind) ? isTold && group.openedAtMs > sinceMs : true) alike += 1;
    }
    return alike < NEW_GROUPS_MAX;
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
    if (!this.#isLoaded || this.#isRunning || this.#ended.signal.aborted) return;
    this.#forgetOld();
    const nowMs = this.#ground.nowMs();
    // What was owed may have become part of something else, or be forgotten.
    if (this.#owing !== null && !this.#owes(nowMs)) this.#settleOwing(null);
    const next = this.#choose();
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
      const next = this.#choose();
      if (next !== null && next.step !== 'forget' && next.atMs <= this.#ground.nowMs())
        await this.#perform(next.entry, next.step);
    } finally {
      gate.leave(this.#ground);
    }
  }

  /** What is to be sent next, and when. Whoever waits goes first. */
  #choose(): Choice | null {
    const { rules } = this.#options;
    const nowMs = this.#ground.nowMs();
    const retryAtMs = this.#owing?.retryAtMs ?? Number.NEGATIVE_INFINITY;
    let best: Choice | null = null;
    for (const entry of this.#entries.values()) {
      const hasWaiters = entry.waiters.length > 0;
      const group = hasWaiters ? applyAll(entry.group, entry.waiters, rules) : entry.group;
      const { step, atMs: dueAtMs } = nextStep(group, rules, nowMs);
      const atMs = step === 'forget' || hasWaiters ? dueAtMs : Math.max(dueAtMs, retryAtMs);
      const choice = { entry, step, atMs, rank: hasWaiters ? 0 : 1 };
      if (best === null || goesBefore(choice, best, nowMs)) best = choice;
    }
    return best;
  }

  async #perform(entry: Entry, step: Exclude<GroupStep, 'forget'>): Promise<void> {
    const { rules } = this.#options;
    const batch = entry.waiters;
    entry.waiters = [];
    entry.isSending = true;
    for (const waiter of batch) waiter.cancelTimer();
    const candidate = applyAll(entry.group, batch, rules);
    const answer = await this.#requestSafely(candidate, step, entry.isPlain, this.#toRequestMs(batch));
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

  /** Nobody above would hear of a bug of ours in here, and whoever waits would wait for ever. */
  async #requestSafely(
    group: AlertGroup,
    step: Exclude<GroupStep, 'forget'>,
    isPlain: boolean,
    deadlineMs: number,
  ): Promise<SlackAnswer> {
    try {
      return await this.#request(group, step, isPlain, deadlineMs);
    } catch (error) {
      return { kind: 'failed', result: this.#fail('the message could not be made', error, NO_TIME) };
    }
  }

  #request(
    group: AlertGroup,
    step: Exclude<GroupStep, 'forget'>,
    isPlain: boolean,
    deadlineMs: number,
  ): Promise<SlackAnswer> {
    const { channel } = this.#options;
    const whole = this.#render(group, step);
    const message = isPlain ? { text: whole.text, blocks: [] } : whole;
    const place = group.message?.place ?? null;
    return (step === 'change' || step === 'close') && place !== null
      ? channel.change(place, message, deadlineMs)
      : channel.post(message, deadlineMs);
  }

  #render(group: AlertGroup, step: Exclude<GroupStep, 'forget'>): SlackMessage {
    const { rules, mention } = this.#options;
    const common = { nowMs: this.#ground.nowMs(), links: this.#ground };
    if (step === 'recover') return renderRecovery(group, { ...common, recoveryMs: rules.recoveryMs });
    const tally = step === 'post' ? group.untold : toWhole(group);
    const isFirst = group.messages === 0 || (step !== 'post' && group.messages === 1);
    return renderTrouble(group, tally, {
      ...common,
      isFollowUp: !isFirst,
      isClosed: step === 'close',
      mention: isFirst && MENTIONED.has(group.kind) ? mention : null,
    });
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
    this.#settleOwing(null);
    const nowMs = this.#ground.nowMs();
    for (const { event } of batch) entry.events.add(event);
    const later = entry.waiters;
    if (step === 'recover') {
      entry.waiters = [];
      this.#entries.delete(candidate.key);
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
    this.#entries.delete(group.key);
    this.#store
      .forget(entry)
      .catch((error: unknown) => this.#ground.troubled('a group could not be forgotten', error));
  }

  #settleFailed(entry: Entry, result: AttemptResult, batch: readonly Waiter[]): void {
    this.#failAll(entry, result, batch);
    if (isEmpty(entry.group)) this.#entries.delete(entry.group.key);
    this.#settleOwing(result);
  }

  #failAll(entry: Entry, result: AttemptResult, batch: readonly Waiter[]): void {
    const failed = [...batch, ...entry.waiters];
    entry.waiters = [];
    for (const waiter of failed) {
      waiter.cancelTimer();
      waiter.resolve(result);
    }
  }

  // ── what is owed ──

  /** A request about something that no attempt waits for failed (a result), or nothing is owed any more (null). */
  #settleOwing(result: AttemptResult | null): void {
    const probes = this.#probes;
    this.#probes = [];
    const nowMs = this.#ground.nowMs();
    if (result === null) this.#owing = null;
    else if (this.#owing !== null || this.#owes(nowMs)) {
      const failures = (this.#owing?.failures ?? 0) + 1;
      const delayMs = Math.min(BACKOFF_MS_MAX, BACKOFF_MS_MIN * 2 ** Math.min(failures - 1, 20));
      if (failures === 1) {
        const detail = result.kind === 'answered' ? `Slack answered ${result.status}` : result.detail;
        this.#ground.troubled(
          `a message that is owed could not be sent to Slack and is tried again: ${detail}`,
          null,
        );
      }
      this.#owing = { failures, retryAtMs: nowMs + delayMs, result };
    }
    for (const done of probes) done(result);
  }

  #owes(nowMs: number): boolean {
    for (const { group } of this.#entries.values()) {
      const { step, atMs } = nextStep(group, this.#options.rules, nowMs);
      if (step !== 'forget' && atMs <= nowMs) return true;
    }
    return false;
  }

  /** Where something owed could not be sent, tries it again now: null once it is, else why not. */
  #tryOwed(endsAtMs: number): Promise<AttemptResult | null> {
    const owing = this.#owing;
    if (owing === null) return Promise.resolve(null);
    return new Promise((resolve) => {
      const leftMs = endsAtMs - this.#ground.monotonicMs() - WRITE_MS;
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
      this.#schedule();
    });
  }

  #forgetOld(): void {
    const nowMs = this.#ground.nowMs();
    for (const [key, entry] of this.#entries) {
      if (entry.waiters.length > 0 || entry.isSending) continue;
      const { step, atMs } = nextStep(entry.group, this.#options.rules, nowMs);
      if (step !== 'forget' || atMs > nowMs) continue;
      this.#entries.delete(key);
      this.#store
        .forget(entry)
        .catch((error: unknown) =>
          this.#ground.troubled('a group that is over could not be forgotten', error),
        );
    }
  }

  // ── begin and end ──

  #load(): Promise<void> {
    this.#loaded ??= this.#readAll().catch((error: unknown) => {
      this.#loaded = null;
      throw error;
    });
    return this.#loaded;
  }

  /** Null once what is remembered is there; else why it is not. */
  async #loadBy(endsAtMs: number): Promise<AttemptResult | null> {
    if (this.#isLoaded) return null;
    let cancelTimer = (): void => {};
    const late = new Promise<AttemptResult>((resolve) => {
      const leftMs = Math.max(1, endsAtMs - this.#ground.monotonicMs() - WRITE_MS);
      cancelTimer = this.#ground.setTimer(
        () => resolve(toFailure('timeout', 'what was counted before could not be read in time')),
        leftMs,
      );
    });
    try {
      return await Promise.race([late, this.#load().then(() => null)]);
    } catch (error) {
      return this.#fail('what was counted could not be read from the journal', error, NO_TIME);
    } finally {
      cancelTimer();
    }
  }

  async #loadSoon(): Promise<void> {
    try {
      await this.#load();
    } catch (error) {
      if (this.#ended.signal.aborted) return;
      this.#ground.troubled('what was counted could not be read from the journal; it is tried again', error);
      this.#cancelWake?.();
      this.#cancelWake = this.#ground.setTimer(() => void this.#loadSoon(), RELOAD_MS);
    }
  }

  async #readAll(): Promise<void> {
    await this.#options.predecessor;
    const { groups, heldUntilMs } = await this.#store.load();
    for (const { group, events } of groups)
      this.#entries.set(group.key, { group, events, waiters: [], isSending: false, isPlain: false });
    const heldForMs = heldUntilMs - this.#ground.nowMs();
    if (heldForMs > 0) this.#options.gate.hold(this.#ground, heldForMs);
    this.#isLoaded = true;
    this.#schedule();
  }

  async #close(): Promise<void> {
    this.#ended.abort();
    this.#cancelWake?.();
    for (const probe of this.#probes.splice(0)) probe(this.#owing?.result ?? null);
    for (const entry of this.#entries.values()) if (!entry.isSending) this.#keepAll(entry);
    if (this.#isRunning) {
      await new Promise<void>((resolve) => {
        this.#idle = resolve;
      });
    }
    // Those that came while the last request was under way.
    for (const entry of this.#entries.values()) this.#keepAll(entry);
    // Attempts that were cut off never end.
    await Promise.race([Promise.allSettled(this.#underWay.values()), this.#abandoned]);
    await this.#store.settle();
    this.#options.channel.close();
  }

  #fail(detail: string, error: unknown, timing: AttemptTiming): AttemptResult {
    this.#ground.troubled(detail, error);
    return { kind: 'failed', cause: 'refused', detail, timing };
  }
}

const NO_TIME: AttemptTiming = { firstByteMs: null, totalMs: 0 };

/** Something is down: worth a ping. A call that failed is not. */
const MENTIONED: ReadonlySet<AlertGroup['kind']> = new Set([
  'destination.disabled',
  'source.silent',
  'error_rate.high',
]);

function goesBefore(a: Choice, b: Choice, nowMs: number): boolean {
  const areDue = a.atMs <= nowMs && b.atMs <= nowMs;
  return areDue && a.rank !== b.rank ? a.rank < b.rank : a.atMs < b.atMs;
}

function applyAll(group: AlertGroup, waiters: readonly Waiter[], rules: GroupRules): AlertGroup {
  return waiters.reduce((before, waiter) => apply(before, waiter, rules), group);
}

function apply(group: AlertGroup, { alert, arrivedAtMs }: Waiter, rules: GroupRules): AlertGroup {
  return alert.kind === 'end' && group.key === alert.endedKey
    ? { ...group, endedBy: alert.trouble.title }
    : addTrouble(group, alert.trouble, arrivedAtMs, rules);
}

function toWhole({ message, untold }: AlertGroup): Tally {
  return message === null ? untold : mergeTallies(message.tally, untold);
}

/** Nothing of it is on disk: it was made for attempts that failed. */
function isEmpty({ messages, untold, early }: AlertGroup): boolean {
  return messages === 0 && untold.count === 0 && early.length === 0;
}

function toFailure(cause: 'timeout', detail: string): AttemptResult {
  return { kind: 'failed', cause, detail, timing: NO_TIME };
}
