/**
 * The groups of one destination, each with the attempts that wait for a message about it: which group trouble belongs
 * to, which of them is told next, and which are over. What is sent, and what comes of it, is the sender's.
 */
import type { AttemptResult } from '../destination.ts';
import type { Alert, Trouble } from './alert.ts';
import { addTrouble, isCounted, nextStep, openGroup } from './alert-group.ts';
import type { AlertGroup, GroupRules, GroupStep } from './alert-group.ts';
import { EventLog } from './group-store.ts';
import type { EventMark, StoredGroup } from './group-store.ts';

/** All groups together; beyond that an error joins "other errors". */
export const GROUPS_MAX = 200;
/** Groups of calls that may get a first message within one cool-down, and groups of one operational type at a time. */
export const NEW_GROUPS_MAX = 20;

export interface Entry extends StoredGroup {
  waiters: Waiter[];
  /** A request about it is under way; until it ends the group stays as it is. */
  isSending: boolean;
  /** Slack did not take its blocks: the sentence alone is sent. */
  isPlain: boolean;
}

export interface Waiter {
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

export class OpenGroups {
  readonly #rules: GroupRules;
  readonly #entries = new Map<string, Entry>();

  constructor(rules: GroupRules) {
    this.#rules = rules;
  }

  [Symbol.iterator](): Iterator<Entry> {
    return this.#entries.values();
  }

  /** In place of another of its key. */
  put(entry: Entry): void {
    this.#entries.set(entry.group.key, entry);
  }

  remember(stored: StoredGroup): void {
    this.put({ ...stored, waiters: [], isSending: false, isPlain: false });
  }

  forget(key: string): void {
    this.#entries.delete(key);
  }

  findCounted(event: EventMark): Entry | null {
    for (const entry of this.#entries.values()) if (entry.events.has(event)) return entry;
    return null;
  }

  /** The group it belongs to, which may be a new one; a new one is remembered once something is kept in it or told. */
  open(alert: Waiter['alert'], nowMs: number): Entry {
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
    const sinceMs = nowMs - this.#rules.coolDownMs;
    let alike = 0;
    for (const { group, waiters } of this.#entries.values()) {
      if (group.kind !== groupKind) continue;
      const isTold = group.messages > 0 || group.untold.count > 0 || waiters.length > 0;
      if (isCounted(groupKind) ? isTold && group.openedAtMs > sinceMs : true) alike += 1;
    }
    return alike < NEW_GROUPS_MAX;
  }

  /** What is to be sent next, and when. Whoever waits goes first; what is owed alone not before retryAtMs. */
  choose(nowMs: number, retryAtMs: number): Choice | null {
    const rules = this.#rules;
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

  /** Something is to be told by now. */
  owes(nowMs: number): boolean {
    for (const { group } of this.#entries.values()) {
      const { step, atMs } = nextStep(group, this.#rules, nowMs);
      if (step !== 'forget' && atMs <= nowMs) return true;
    }
    return false;
  }

  /** Those that are over: they are in it no more. */
  takeOld(nowMs: number): readonly Entry[] {
    const old: Entry[] = [];
    for (const [key, entry] of this.#entries) {
      if (entry.waiters.length > 0 || entry.isSending) continue;
      const { step, atMs } = nextStep(entry.group, this.#rules, nowMs);
      if (step !== 'forget' || atMs > nowMs) continue;
      this.#entries.delete(key);
      old.push(entry);
    }
    return old;
  }
}

function goesBefore(a: Choice, b: Choice, nowMs: number): boolean {
  const areDue = a.atMs <= nowMs && b.atMs <= nowMs;
  return areDue && a.rank !== b.rank ? a.rank < b.rank : a.atMs < b.atMs;
}

/** The group as it is with all of them. */
export function applyAll(group: AlertGroup, waiters: readonly Waiter[], rules: GroupRules): AlertGroup {
  return waiters.reduce((before, waiter) => apply(before, waiter, rules), group);
}

export function apply(group: AlertGroup, { alert, arrivedAtMs }: Waiter, rules: GroupRules): AlertGroup {
  return alert.kind === 'end' && group.key === alert.endedKey
    ? { ...group, endedBy: alert.trouble.title }
    : addTrouble(group, alert.trouble, arrivedAtMs, rules);
}
