/**
 * What a CRM is told about one call. In: the call as the journal holds it, the message that was delivered, and the
 * settings. Out: one record in plain values, or why none is written. Pure; how a CRM spells it is its port's business.
 *
 * The call in the journal is the truth: an event says when its call ended and not when it began, and may be a replay of
 * last week's. Only the assistant's metadata is taken from the message, since the journal's call does not hold it.
 */
import { createHash } from 'node:crypto';
import type { StatusUpdateMessage } from '@offhook/contract/message';
import type { KnownCall } from '../destination.ts';
import type { CrmSettings } from './crm-settings.ts';

export interface CallRecord {
  readonly callId: string;
  readonly outcome: 'in_progress' | 'completed' | 'failed';
  readonly direction: 'inbound' | 'outbound';
  readonly isWebCall: boolean;
  /** Plain text, one line: "Inbound call to Front desk". */
  readonly title: string;
  /** The start; where nobody reported it, the end, or when we first heard of the call. */
  readonly startAtMs: number;
  readonly isStartKnown: boolean;
  readonly durationMs: number | null;
  /** By our own clock, when we first heard of the call: nothing can have been written before. */
  readonly knownSinceMs: number;
  /** E.164 where the number is one, else as the source gave it (an extension, a SIP user), bounded. */
  readonly fromNumber: string | null;
  readonly toNumber: string | null;
  /** Plain text; the port escapes it where its CRM shows HTML. */
  readonly error: string | null;
  /** Plain text, in the order to be shown; the error is among them. */
  readonly facts: readonly RecordFact[];
  /** Page of the call on the dashboard. */
  readonly link: string | null;
}

export interface RecordFact {
  /** null: the text is a sentence of its own. */
  readonly label: string | null;
  readonly text: string;
}

/** Whom to look for. */
export interface ContactHint {
  /** As the metadata says it: untrusted text. */
  readonly metadataId: string | null;
  /** The customer's, in E.164. */
  readonly number: string | null;
  /** Ours, in E.164. */
  readonly ownNumber: string | null;
}

export type RecordPlan =
  | {
      readonly kind: 'write';
      readonly record: CallRecord;
      readonly contact: ContactHint;
      readonly needsContact: boolean;
    }
  | { readonly kind: 'skip'; readonly reason: string };

export interface PlanInput {
  readonly call: KnownCall;
  readonly settings: CrmSettings;
  /** From the message, or as an earlier message of the call said it. */
  readonly metadataId: string | null;
  /** In E.164, where it is a full number. */
  readonly customerNumber: string | null;
  readonly ownNumber: string | null;
  readonly link: string | null;
  /** A record exists already: it is kept right whatever would be decided about a new one. */
  readonly isWritten: boolean;
}

export const TITLE_CHARACTERS_MAX = 200;
export const ERROR_CHARACTERS_MAX = 1_000;
export const END_REASON_CHARACTERS_MAX = 200;
export const SUMMARY_CHARACTERS_MAX = 8_000;
/** Of what is no E.164; CRMs take at most some dozens. */
export const ODD_NUMBER_CHARACTERS_MAX = 40;
const METADATA_ID_CHARACTERS_MAX = 100;

export function toRecordPlan(input: PlanInput): RecordPlan {
  const { call, settings, metadataId, customerNumber, ownNumber, isWritten } = input;
  const contact: ContactHint = { metadataId, number: customerNumber, ownNumber };
  const isWebCall = call.type === 'web_call';
  if (!isWritten) {
    if (call.state === 'none') return skip('Nothing to write: the call has not begun');
    if (call.state === 'live' && settings.write_when === 'ended')
      return skip('Nothing to write until the call has ended');
    if (isWebCall && customerNumber === null && settings.web_calls === 'skip')
      return skip('Not written: a web call without a number');
    if (
      isWebCall &&
      customerNumber === null &&
      settings.web_calls === 'attach_by_metadata' &&
      metadataId === null
    )
      return skip(`Not written: a web call whose metadata has no ${settings.metadata_key}`);
  }
  return {
    kind: 'write',
    record: toCallRecord(input),
    contact,
    needsContact: needsContact(isWebCall, customerNumber, settings),
  };
}

/** Web calls without a number are logged for nobody only where that was chosen. */
function needsContact(isWebCall: boolean, customerNumber: string | null, settings: CrmSettings): boolean {
  if (isWebCall && customerNumber === null) return settings.web_calls !== 'log_without_contact';
  return settings.unknown_contacts === 'skip';
}

export function toCallRecord(input: Omit<PlanInput, 'settings' | 'metadataId' | 'isWritten'>): CallRecord {
  const { call, customerNumber, ownNumber, link } = input;
  const direction = call.type === 'outbound_phone_call' ? 'outbound' : 'inbound';
  const customer = customerNumber ?? toOddNumber(call.customer?.number);
  const own = ownNumber ?? toOddNumber(call.phoneNumber?.number);
  const outcome = toOutcome(call);
  return {
    callId: call.callId,
    outcome,
    direction,
    isWebCall: call.type === 'web_call',
    title: toTitle(call, direction, outcome),
    startAtMs: toStartAtMs(call),
    isStartKnown: call.startedAtMs !== null,
    durationMs: outcome === 'in_progress' ? null : call.durationMs,
    knownSinceMs: call.firstReportAtMs,
    fromNumber: direction === 'inbound' ? customer : own,
    toNumber: direction === 'inbound' ? own : customer,
    error: toErrorText(call),
    facts: toFacts(call, outcome),
    link,
  };
}

/** What the call's metadata says about who it is with, bounded; numbers are taken as their digits. */
export function readMetadataId(message: StatusUpdateMessage['message'], key: string): string | null {
  const metadata = message.assistant?.metadata;
  if (metadata === undefined || metadata === null || !Object.hasOwn(metadata, key)) return null;
  const value = metadata[key];
  if (typeof value === 'number') return Number.isSafeInteger(value) && value >= 0 ? String(value) : null;
  if (typeof value !== 'string') return null;
  const text = value.trim();
  return text === '' || text.length > METADATA_ID_CHARACTERS_MAX ? null : text;
}

/** A call as its message tells it: for replays of calls that the journal has forgotten. */
export function toCallOfMessage(message: StatusUpdateMessage['message'], nowMs: number): KnownCall {
  const parsedMs = Date.parse(message.timestamp);
  const atMs = Number.isNaN(parsedMs) ? nowMs : parsedMs;
  const { status } = message.call;
  const isLive = status === 'in-progress';
  return {
    callId: message.call.id,
    state: isLive ? 'live' : status === 'ended' ? 'ended' : 'failed',
    isActive: isLive,
    type: message.call.type,
    phoneNumber: message.phone_number,
    customer: message.customer,
    startedAtMs: isLive ? atMs : null,
    endedAtMs: isLive ? null : atMs,
    durationMs: null,
    error: message.error ?? null,
    endReason: message.end_reason ?? null,
    summary: null,
    // By a source's clock that is ahead, nothing could have been written yet.
    firstReportAtMs: Math.min(atMs, nowMs),
    liveSinceMs: isLive ? atMs : null,
  };
}

const PLAIN_CALL_ID = /^[a-z0-9][a-z0-9._-]{0,127}$/;
const HASH_PREFIX = 'sha256-';

/**
 * The call's id as a CRM can hold and compare it. Ids are the sources' own strings: some CRMs fold case, trim or cut
 * what they store, and then two calls would be one record; those that could suffer from it go by their hash.
 */
export function toCallKey(callId: string): string {
  if (PLAIN_CALL_ID.test(callId) && !callId.startsWith(HASH_PREFIX)) return callId;
  return `${HASH_PREFIX}${createHash('sha256').update(callId).digest('hex')}`;
}

function toOutcome(call: KnownCall): CallRecord['outcome'] {
  switch (call.state) {
    case 'none':
    case 'live':
      return 'in_progress';
    case 'ended':
      return 'completed';
    case 'failed':
      return 'failed';
  }
}

function toTitle(call: KnownCall, direction: 'inbound' | 'outbound', outcome: CallRecord['outcome']): string {
  const what =
    call.type === 'web_call' ? 'Web call' : direction === 'inbound' ? 'Inbound call' : 'Outbound call';
  const name = toLine(call.phoneNumber?.name ?? '', TITLE_CHARACTERS_MAX - 40);
  const where = name === '' ? '' : direction === 'inbound' ? ` to ${name}` : ` from ${name}`;
  return `${what}${where}${outcome === 'failed' ? ', ended with error' : ''}`;
}

/** An end-of-call report may tell the duration of a call whose start nobody reported. */
function toStartAtMs(call: KnownCall): number {
  if (call.startedAtMs !== null) return call.startedAtMs;
  if (call.endedAtMs !== null) return call.endedAtMs - (call.durationMs ?? 0);
  return call.liveSinceMs ?? call.firstReportAtMs;
}

function toErrorText(call: KnownCall): string | null {
  if (call.state !== 'failed' || call.error === null) return null;
  const text = toLine(call.error, ERROR_CHARACTERS_MAX);
  return text === '' ? null : text;
}

function toFacts(call: KnownCall, outcome: CallRecord['outcome']): readonly RecordFact[] {
  const facts: RecordFact[] = [];
  const error = toErrorText(call);
  const endReason = toLine(call.endReason ?? '', END_REASON_CHARACTERS_MAX);
  const summary = toBounded(call.summary?.trim() ?? '', SUMMARY_CHARACTERS_MAX);
  if (outcome === 'in_progress') facts.push({ label: null, text: 'The call is in progress.' });
  if (outcome === 'failed') facts.push({ label: 'Error', text: error ?? 'not told' });
  if (endReason !== '') facts.push({ label: 'End reason', text: endReason });
  if (summary !== '') facts.push({ label: 'Summary', text: summary });
  if (call.startedAtMs === null) facts.push({ label: null, text: toUnknownStart(call) });
  facts.push({ label: 'Call id', text: call.callId });
  return facts;
}

function toUnknownStart(call: KnownCall): string {
  return call.durationMs === null
    ? 'Nobody reported when this call began, so its duration is not known and its time is that of its end.'
    : 'Nobody reported when this call began; its time is its end less its reported duration.';
}

function toOddNumber(number: string | null | undefined): string | null {
  const text = toLine(number ?? '', ODD_NUMBER_CHARACTERS_MAX);
  return text === '' ? null : text;
}

/** One line without control characters. */
function toLine(text: string, charactersMax: number): string {
  // oxlint-disable-next-line no-control-regex -- what is taken out are the control characters.
  return toBounded(text.replaceAll(/[\u0000-\u001f\u007f\u2028\u2029]+/g, ' ').trim(), charactersMax);
}

/** Cut between characters, never inside a surrogate pair. */
function toBounded(text: string, charactersMax: number): string {
  if (text.length <= charactersMax) return text;
  const cut = text.slice(0, charactersMax - 1);
  return `${cut.isWellFormed() ? cut : cut.slice(0, -1)}…`;
}

function skip(reason: string): RecordPlan {
  return { kind: 'skip', reason };
}
