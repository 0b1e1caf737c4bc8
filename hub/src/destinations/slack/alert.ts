/** What an event means for a channel: trouble that belongs to a group, the end of such trouble, or nothing. Pure. */
import { createHash } from 'node:crypto';
import { toErrorFingerprint } from '@offhook/contract/error-fingerprint';
import type { StatusUpdateMessage } from '@offhook/contract/message';
import { OPERATIONAL_EVENT_TYPES } from '@offhook/contract/operational-event';
import type { OperationalEventType, OperationalMessage } from '@offhook/contract/operational-event';
import type { AttemptRequest } from '../destination.ts';
import { cleanLine, cleanText } from './slack-text.ts';

/** `calls`: calls that failed with one error. `other_calls`: with any of many errors. Else one type of operational event. */
export type GroupKind = 'calls' | 'other_calls' | OperationalEventType;

export type Alert =
  | { readonly kind: 'trouble'; readonly trouble: Trouble }
  | {
      readonly kind: 'end';
      /** Of the group that is over. */
      readonly endedKey: string;
      /** What is told where no such group is open. */
      readonly trouble: Trouble;
    }
  | { readonly kind: 'nothing'; readonly detail: string };

export interface Trouble {
  readonly groupKind: GroupKind;
  /** Alike for what belongs together; a hash where it comes from free text. */
  readonly key: string;
  /** The group that takes it where there are too many. */
  readonly foldedKey: string;
  /** The error, or the hub's own sentence; as it may be shown. */
  readonly title: string;
  /** Page of the hub that shows more. */
  readonly destinationId: string | null;
  readonly example: Example;
}

/** Fields as they may be shown, but callId, which is needed for the link. */
export interface Example {
  readonly atMs: number;
  readonly callId: string | null;
  /** "inbound", "outbound", "web call". */
  readonly way: string | null;
  readonly numberName: string | null;
  /** Where the group has no error of its own. */
  readonly error: string | null;
}

const TITLE_CHARACTERS_MAX = 500;
const ERROR_LINE_CHARACTERS_MAX = 200;
const NAME_CHARACTERS_MAX = 60;
const CALL_ID_CHARACTERS_MAX = 256;
const OTHER_CALLS_KEY = 'calls:*';

export function toAlert(request: Pick<AttemptRequest, 'body' | 'eventType' | 'nowMs'>): Alert {
  const { body, eventType, nowMs } = request;
  const { message } = JSON.parse(
    Buffer.from(body.buffer, body.byteOffset, body.byteLength).toString('utf8'),
  ) as StatusUpdateMessage | OperationalMessage;
  const atMs = toTimeMs(message.timestamp, nowMs);
  if (message.type === 'status-update') return toCallAlert(message, atMs);
  if (OPERATIONAL_EVENT_TYPES.includes(message.type)) return toOperationalAlert(message, atMs);
  return {
    kind: 'nothing',
    detail: `Not posted: events of type ${cleanLine(eventType, 60)} are not known here`,
  };
}

function toCallAlert(message: StatusUpdateMessage['message'], atMs: number): Alert {
  const { call, error = '' } = message;
  if (call.status !== 'ended-with-error')
    return { kind: 'nothing', detail: 'Not posted: the call did not end with an error' };
  const trouble: Trouble = {
    groupKind: 'calls',
    key: `calls:${hash(toErrorFingerprint(error))}`,
    foldedKey: OTHER_CALLS_KEY,
    title: cleanText(error, TITLE_CHARACTERS_MAX),
    destinationId: null,
    example: {
      atMs,
      callId: toCallId(call.id),
      way: toWay(call.type),
      numberName: toName(message.phone_number.name),
      error: cleanLine(error, ERROR_LINE_CHARACTERS_MAX),
    },
  };
  return { kind: 'trouble', trouble };
}

interface Over extends Partial<Omit<Trouble, 'example'>> {
  readonly example?: Partial<Example>;
}

function toOperationalAlert(message: OperationalMessage['message'], atMs: number): Alert {
  const { type } = message;
  const make = (subject: string, over: Over): Trouble => ({
    groupKind: type,
    key: `${type}:${hash(subject)}`,
    foldedKey: `${type}:*`,
    title: cleanText(message.summary, TITLE_CHARACTERS_MAX),
    destinationId: null,
    ...over,
    example: { atMs, callId: null, way: null, numberName: null, error: null, ...over.example },
  });
  const trouble = (subject: string, over: Over = {}): Alert => ({
    kind: 'trouble',
    trouble: make(subject, over),
  });
  const end = (of: OperationalEventType, subject: string, over: Over = {}): Alert => ({
    kind: 'end',
    endedKey: `${of}:${hash(subject)}`,
    trouble: make(subject, over),
  });
  switch (message.type) {
    case 'destination.disabled':
      return trouble(message.destination.id, { destinationId: message.destination.id });
    case 'destination.recovered':
      return end('destination.disabled', message.destination.id, { destinationId: message.destination.id });
    case 'delivery.dead':
      return trouble(message.destination.id, {
        destinationId: message.destination.id,
        example: {
          callId: toCallId(message.call.id),
          error: message.reason === null ? null : cleanLine(message.reason, ERROR_LINE_CHARACTERS_MAX),
        },
      });
    case 'call.stale':
      return trouble('', {
        example: {
          atMs: toTimeMs(message.live_since, atMs),
          callId: toCallId(message.call.id),
          way: message.call.type === null ? null : toWay(message.call.type),
        },
      });
    case 'source.silent':
      return trouble(message.source.id);
    case 'source.resumed':
      return end('source.silent', message.source.id);
    case 'error_rate.high':
      return trouble('');
    case 'error_rate.normal':
      return end('error_rate.high', '');
  }
}

/** Half a character would break the link. */
function toCallId(id: string): string {
  return id.slice(0, CALL_ID_CHARACTERS_MAX).toWellFormed();
}

function toWay(type: string): string {
  switch (type) {
    case 'inbound_phone_call':
      return 'inbound';
    case 'outbound_phone_call':
      return 'outbound';
    case 'web_call':
      return 'web call';
    default:
      return cleanLine(type, NAME_CHARACTERS_MAX);
  }
}

function toName(name: string | null | undefined): string | null {
  const clean = cleanLine(name ?? '', NAME_CHARACTERS_MAX);
  return clean === '' ? null : clean;
}

/** The hub wrote it, but what a date is in a message must be one. */
function toTimeMs(text: string, otherwiseMs: number): number {
  const atMs = Date.parse(text);
  return Number.isFinite(atMs) && atMs >= 0 ? atMs : otherwiseMs;
}

function hash(text: string): string {
  return createHash('sha256').update(text).digest('base64url').slice(0, 22);
}
