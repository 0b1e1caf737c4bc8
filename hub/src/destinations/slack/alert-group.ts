/**
 * Trouble that belongs together, from its first message to the one that says it is over, as a value: what was told,
 * what is still to be told, and when. No clock and no I/O, so every rule here can be tried against any arrival pattern.
 */
import type { Example, GroupKind, Trouble } from './alert.ts';
import type { MessagePlace } from './slack-message.ts';

export interface Tally {
  readonly count: number;
  readonly firstAtMs: number;
  readonly lastAtMs: number;
  readonly examples: readonly Example[];
}

export interface SentMessage {
  /** Where it can be changed; null where it cannot. */
  readonly place: MessagePlace | null;
  /** By the hub's clock. */
  readonly postedAtMs: number;
  readonly changedAtMs: number;
  /** What it tells of. */
  readonly tally: Tally;
  /** It says that the trouble is over; only the message that follows is owed. */
  readonly isClosed: boolean;
}

export interface AlertGroup {
  readonly key: string;
  readonly kind: GroupKind;
  readonly title: string;
  readonly destinationId: string | null;
  readonly openedAtMs: number;
  /** When the last of it arrived, by the hub's clock. */
  readonly arrivedAtMs: number;
  /** All of it since it opened, told or not. */
  readonly total: Tally;
  /** On disk, and told nowhere yet. */
  readonly untold: Tally;
  /** The newest one; null while nothing was posted. */
  readonly message: SentMessage | null;
  readonly messages: number;
  /** While fewer failed than the settings ask for: when each arrived and when it failed, oldest first. */
  readonly early: readonly (readonly [arrivedAtMs: number, atMs: number])[];
  /** The newest of them. */
  readonly earlyExamples: readonly Example[];
  /** The hub itself said that it is over, in these words. */
  readonly endedBy: string | null;
}

export interface GroupRules {
  readonly coolDownMs: number;
  /** 0: nobody wants to hear of it. */
  readonly recoveryMs: number;
  readonly callsMin: number;
  readonly canChange: boolean;
}

export type GroupStep = 'post' | 'change' | 'close' | 'recover' | 'forget';

export const EXAMPLES_MAX = 3;
/** A message that is changed all the time is not read, and Slack allows 50 changes a minute. */
export const CHANGE_GAP_MS = 5_000;
/** What only an event can end, where that event never came: a source or destination that was deleted meanwhile. */
export const UNENDED_MS_MAX = 7 * 86_400_000;

export const NOTHING: Tally = {
  count: 0,
  firstAtMs: Number.MAX_SAFE_INTEGER,
  lastAtMs: 0,
  examples: [],
};

export function openGroup(trouble: Trouble, key: string, nowMs: number): AlertGroup {
  const isFolded = key === trouble.foldedKey;
  return {
    key,
    kind: isFolded && trouble.groupKind === 'calls' ? 'other_calls' : trouble.groupKind,
    title: trouble.title,
    destinationId: isFolded ? null : trouble.destinationId,
    openedAtMs: nowMs,
    arrivedAtMs: nowMs,
    total: NOTHING,
    untold: NOTHING,
    message: null,
    messages: 0,
    early: [],
    earlyExamples: [],
    endedBy: null,
  };
}

/** One more of it, to be told as the rules say. */
export function addTrouble(
  group: AlertGroup,
  trouble: Trouble,
  nowMs: number,
  rules: GroupRules,
): AlertGroup {
  const { example } = trouble;
  // What the hub says of itself changes with each: a rate, a reason. An error's first text stands for all of them.
  const title = group.kind === 'calls' ? group.title : trouble.title;
  const next = { ...group, title, arrivedAtMs: nowMs, endedBy: null };
  if (group.messages > 0 || group.untold.count > 0 || !isCounted(group.kind))
    return { ...next, ...count(group, [example.atMs], [example]) };
  const early = [...group.early, [nowMs, example.atMs] as const].filter(
    ([arrivedAtMs]) => arrivedAtMs > nowMs - rules.coolDownMs,
  );
  const earlyExamples = [...group.earlyExamples, example].slice(-Math.min(EXAMPLES_MAX, early.length));
  if (early.length < rules.callsMin) return { ...next, early, earlyExamples };
  const times = early.map(([, atMs]) => atMs);
  return { ...next, early: [], earlyExamples: [], ...count(group, times, earlyExamples) };
}

/** What is to be done next, and when. */
export function nextStep(
  group: AlertGroup,
  rules: GroupRules,
  nowMs: number,
): { readonly step: GroupStep; readonly atMs: number } {
  const { message, untold, arrivedAtMs } = group;
  if (message === null) {
    if (untold.count > 0) return { step: 'post', atMs: Number.NEGATIVE_INFINITY };
    // Nobody was told of it: too few failed, and those that did are long ago.
    return { step: 'forget', atMs: arrivedAtMs + rules.coolDownMs };
  }
  const quietAtMs = message.postedAtMs + rules.coolDownMs;
  const recovery = toRecovery(group, rules);
  const telling = toTelling(group, rules, quietAtMs, nowMs);
  // What is over is told as a whole, with what was not told of it.
  if (recovery !== null && (telling === null || recovery.atMs <= Math.max(telling.atMs, nowMs)))
    return recovery;
  if (telling !== null) return telling;
  const forgetAtMs = isEndedByEvent(group.kind) ? arrivedAtMs + UNENDED_MS_MAX : quietAtMs;
  return { step: 'forget', atMs: forgetAtMs };
}

/** After Slack took a message that tells of `told` beside what the changed message told before. */
export function markTold(
  group: AlertGroup,
  step: 'post' | 'change',
  told: Tally,
  place: MessagePlace | null,
  nowMs: number,
): AlertGroup {
  const { message } = group;
  if (step === 'change' && message !== null) {
    return {
      ...group,
      message: { ...message, tally: mergeTallies(message.tally, told), changedAtMs: nowMs, isClosed: false },
    };
  }
  return {
    ...group,
    message: { place, postedAtMs: nowMs, changedAtMs: nowMs, tally: told, isClosed: false },
    messages: group.messages + 1,
  };
}

export function mergeTallies(a: Tally, b: Tally): Tally {
  return {
    count: a.count + b.count,
    firstAtMs: Math.min(a.firstAtMs, b.firstAtMs),
    lastAtMs: Math.max(a.lastAtMs, b.lastAtMs),
    examples: [...a.examples, ...b.examples].slice(0, EXAMPLES_MAX),
  };
}

/** Only calls are waited for in numbers: a disabled destination is worth a message at once. */
export function isCounted(kind: GroupKind): boolean {
  return kind === 'calls' || kind === 'other_calls';
}

function count(
  group: AlertGroup,
  timesMs: readonly number[],
  examples: readonly Example[],
): Pick<AlertGroup, 'total' | 'untold'> {
  const more = {
    count: timesMs.length,
    firstAtMs: Math.min(...timesMs),
    lastAtMs: Math.max(...timesMs),
    examples,
  };
  return {
    // Examples are of a message, not of the whole.
    total: mergeTallies(group.total, { ...more, examples: [] }),
    untold: mergeTallies(group.untold, more),
  };
}

function toTelling(
  { message, untold }: AlertGroup,
  { canChange }: GroupRules,
  quietAtMs: number,
  nowMs: number,
): { readonly step: GroupStep; readonly atMs: number } | null {
  if (untold.count === 0 || message === null) return null;
  const changeAtMs = message.changedAtMs + CHANGE_GAP_MS;
  return canChange && message.place !== null && !message.isClosed && Math.max(changeAtMs, nowMs) < quietAtMs
    ? { step: 'change', atMs: changeAtMs }
    : { step: 'post', atMs: quietAtMs };
}

function toRecovery(
  group: AlertGroup,
  { recoveryMs, canChange }: GroupRules,
): { readonly step: GroupStep; readonly atMs: number } | null {
  const { message, kind, endedBy, arrivedAtMs } = group;
  if (message === null) return null;
  const isDue = endedBy !== null;
  if (!isDue && (!isCounted(kind) || recoveryMs === 0)) return null;
  const atMs = isDue ? Number.NEGATIVE_INFINITY : arrivedAtMs + recoveryMs;
  const canClose = canChange && message.place !== null && !message.isClosed;
  return { step: canClose ? 'close' : 'recover', atMs };
}

function isEndedByEvent(kind: GroupKind): boolean {
  return kind === 'destination.disabled' || kind === 'source.silent' || kind === 'error_rate.high';
}
