/**
 * The published webhook (VoiceDock). In: raw bytes, headers, secrets. Out: a report, a note, an event type that is
 * none of ours, or a refusal. Strict about the signature and about what a report cannot do without (which call,
 * which status, a time that can be read); lenient about everything else, because a refused status update is a call
 * that stays live for ever. A field that has another form than the one we know counts as unknown: it is kept with
 * the report and the report goes through.
 */
import type { Assistant } from '@offhook/contract/message';
import type { z } from 'zod';

import {
  STATUS_UPDATE_EVENT,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
} from '@offhook/contract/headers';
import { verifyPublished } from '@offhook/contract/signature';

import type { CallReport } from '../calls/report.ts';
import type { JsonLimits } from './json-door.ts';
import type { FieldFault, Refusal, Source, SourceRequest, SourceResult } from './source.ts';
import type { UnknownFields } from './unknown-fields.ts';

import { REPORTED_DURATION_S_MAX } from '../calls/report.ts';
import { timestampFault, toFieldFaults } from './field-faults.ts';
import { parseInstant } from './instant.ts';
import { JSON_LIMITS, parseJsonDoor } from './json-door.ts';
import { toCustomer, toPhoneNumber } from './phone-numbers.ts';
import { refuseBody } from './source.ts';
import { collectUnknownFields } from './unknown-fields.ts';
import { voicedockEndOfCallSchema, voicedockMessageSchema } from './voicedock-schema.ts';

export const voicedock: Source = {
  provider: 'voicedock',
  bodyBytesMax: 256 * 1024,
  parse: parseVoicedockWebhook,
};

/**
 * A transcript in an end-of-call-report is two to six keys per turn, so a long call has several thousand; 16,000
 * still fit the 256 KiB of a body. The sender cannot be asked to write large integers as strings.
 */
export const VOICEDOCK_JSON_LIMITS: JsonLimits = { ...JSON_LIMITS, keysMax: 16_000, inexactNumbers: 'text' };

export const END_OF_CALL_EVENT = 'end-of-call-report';
const EVENT_TYPE_CHARACTERS_MAX = 64;

export function parseVoicedockWebhook(request: SourceRequest): SourceResult {
  const refusal = checkSignature(request);
  if (refusal !== null) return refusal;
  const parsed = parseJsonDoor(request.body, VOICEDOCK_JSON_LIMITS);
  if (!parsed.ok) return refuseBody([parsed.fault]);
  return parseVoicedockMessage(parsed.value);
}

/** The same without a signature, for values that come from a trusted hand (tests, replays of captured bodies). */
export function parseVoicedockMessage(body: unknown): SourceResult {
  const eventType = (body as { message?: { type?: unknown } } | null)?.message?.type;
  if (eventType === STATUS_UPDATE_EVENT) return parseStatusUpdate(body);
  if (eventType === END_OF_CALL_EVENT) return parseEndOfCall(body);
  if (typeof eventType === 'string')
    return { kind: 'ignored', eventType: eventType.slice(0, EVENT_TYPE_CHARACTERS_MAX).toWellFormed() };
  const checked = voicedockMessageSchema.safeParse(body);
  // Without a type the rest may be anything, so only what is wrong down to the type is worth saying.
  const issues = (checked.error?.issues ?? []).filter(
    (issue) => issue.path.length <= 1 || issue.path[1] === 'type',
  );
  return refuseBody(toFieldFaults(issues, body));
}

function checkSignature({ body, headers, secrets, unsigned, nowMs }: SourceRequest): Refusal | null {
  if (secrets.length === 0 && unsigned === 'accept') return null;
  const result = verifyPublished({
    secrets,
    body,
    timestamp: singleHeader(headers, TIMESTAMP_HEADER),
    signature: singleHeader(headers, SIGNATURE_HEADER),
    nowMs,
  });
  if (result.ok) return null;
  return { kind: 'refused', status: 401, code: result.code, detail: result.detail, errors: [] };
}

const TIMESTAMP_HEADER = WEBHOOK_TIMESTAMP_HEADER.toLowerCase();
const SIGNATURE_HEADER = WEBHOOK_SIGNATURE_HEADER.toLowerCase();

/** A header that came twice is joined, and so refused as malformed: which of the two was meant is not ours to guess. */
function singleHeader(headers: SourceRequest['headers'], name: string): string | undefined {
  const value = headers[name];
  return value === undefined || typeof value === 'string' ? value : value.join(', ');
}

type Body = z.infer<typeof voicedockMessageSchema>;
type EndOfCallBody = z.infer<typeof voicedockEndOfCallSchema>;

function parseStatusUpdate(body: unknown): SourceResult {
  const unknown = collectUnknownFields();
  const checked = parseLeniently(voicedockMessageSchema, body, unknown);
  if (!checked.ok) return refuseBody(checked.faults);
  const { message } = checked.value;
  const occurredAtMs = readInstant(message.timestamp);
  if (occurredAtMs === undefined) return refuseBody([timestampFault(['message', 'timestamp'])]);
  collectUnknown(checked.value, STATUS_UPDATE_KEYS, unknown);
  return {
    kind: 'report',
    report: {
      ...toCommonFacts(message),
      status: message.call.status,
      occurredAtMs,
      error: message.error ?? null,
      unknownFields: unknown.toRecord(),
    },
  };
}

function parseEndOfCall(body: unknown): SourceResult {
  const unknown = collectUnknownFields();
  const checked = parseLeniently(voicedockEndOfCallSchema, body, unknown);
  if (!checked.ok) return refuseBody(checked.faults);
  const { message } = checked.value;
  const sentAtMs = readInstant(message.timestamp);
  if (sentAtMs === undefined) return refuseBody([timestampFault(['message', 'timestamp'])]);
  // A summary is worth more than the exact form of two times that nothing depends on.
  const startedAtMs = readInstant(message.started_at) ?? null;
  const endedAtMs = readInstant(message.ended_at) ?? null;
  collectUnknown(checked.value, END_OF_CALL_KEYS, unknown);
  return {
    kind: 'note',
    report: {
      ...toCommonFacts(message),
      status: END_OF_CALL_EVENT,
      occurredAtMs: endedAtMs ?? sentAtMs,
      error: null,
      durationSeconds: message.duration_seconds ?? secondsBetween(startedAtMs, endedAtMs),
      summary: message.summary ?? null,
      unknownFields: unknown.toRecord(),
    },
  };
}

function toCommonFacts(
  message: Body['message'] | EndOfCallBody['message'],
): Pick<CallReport, 'callId' | 'type' | 'phoneNumber' | 'customer' | 'endReason' | 'assistant'> {
  return {
    callId: message.call.id,
    type: message.call.type ?? null,
    phoneNumber: toPhoneNumber(message.phone_number),
    customer: toCustomer(message.customer),
    endReason: message.end_reason ?? null,
    assistant: toAssistant(message['assistant']),
  };
}

/** Only id, name and metadata, each only in the form we know. The rest is gone here, before anything is stored. */
export function toAssistant(assistant: unknown): Assistant | null {
  if (typeof assistant !== 'object' || assistant === null || Array.isArray(assistant)) return null;
  const { id, name, metadata } = assistant as Record<string, unknown>;
  const reduced: Assistant = {
    ...((typeof id === 'string' || id === null) && { id }),
    ...((typeof name === 'string' || name === null) && { name }),
    ...((isRecord(metadata) || metadata === null) && { metadata }),
  };
  return Object.keys(reduced).length === 0 ? null : reduced;
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

type LenientResult<Value> =
  | { readonly ok: true; readonly value: Value }
  | { readonly ok: false; readonly faults: readonly FieldFault[] };

/**
 * Parses; where only fields fail that a report can do without, puts those aside as unknown and parses again.
 * The second pass is never paid by a body that has the published form.
 */
function parseLeniently<Value>(
  schema: z.ZodType<Value>,
  body: unknown,
  unknown: UnknownFields,
): LenientResult<Value> {
  const first = schema.safeParse(body);
  if (first.success) return { ok: true, value: first.data };
  const dispensable: PropertyKey[][] = [];
  for (const issue of first.error.issues) {
    const field = dispensableField(issue.path);
    if (field === null) {
      const needed = first.error.issues.filter(({ path }) => dispensableField(path) === null);
      return { ok: false, faults: toFieldFaults(needed, body) };
    }
    dispensable.push(field);
  }
  const { message } = body as { message: Record<string, unknown> };
  const trimmed: Record<string, unknown> = { ...message };
  for (const field of dispensable) {
    const [, key, inner] = field as [string, string, string?];
    const value = trimmed[key];
    if (inner === undefined) {
      unknown.keep(field, value);
      trimmed[key] = undefined;
    } else if (isRecord(value)) {
      unknown.keep(field, value[inner]);
      trimmed[key] = { ...value, [inner]: undefined };
    }
  }
  const second = schema.safeParse({ ...(body as object), message: trimmed });
  return second.success
    ? { ok: true, value: second.data }
    : { ok: false, faults: toFieldFaults(second.error.issues, body) };
}

/** The field to put aside for an issue at this path; null where the report needs it. */
function dispensableField(path: readonly PropertyKey[]): PropertyKey[] | null {
  const [root, key, inner] = path;
  if (root !== 'message' || key === undefined) return null;
  if (key === 'type' || key === 'timestamp') return null;
  if (key === 'call') return inner === 'type' ? [root, key, inner] : null;
  return inner === undefined ? [root, key] : [root, key, inner];
}

/** null where there was none, undefined where it cannot be read. */
function readInstant(value: string | number | null | undefined): number | null | undefined {
  return value === undefined || value === null ? null : parseInstant(value);
}

function secondsBetween(startedAtMs: number | null, endedAtMs: number | null): number | null {
  if (startedAtMs === null || endedAtMs === null) return null;
  const seconds = (endedAtMs - startedAtMs) / 1000;
  return seconds >= 0 && seconds <= REPORTED_DURATION_S_MAX ? seconds : null;
}

const ROOT_KEYS = new Set(['message']);
const CALL_KEYS = new Set(['id', 'type', 'status']);
const PHONE_NUMBER_KEYS = new Set(['number', 'name']);
const CUSTOMER_KEYS = new Set(['number']);
const STATUS_UPDATE_KEYS = new Set([
  'type',
  'timestamp',
  'call',
  'phone_number',
  'customer',
  'error',
  'end_reason',
  'assistant',
]);
/** What was said in the call is known, and is not its status: it is never stored. Its two times are kept as given. */
const END_OF_CALL_KEYS = new Set([
  ...STATUS_UPDATE_KEYS,
  'duration_seconds',
  'summary',
  'messages',
  'transcript',
  'analysis',
  'artifact',
  'recording_url',
]);

function collectUnknown(
  body: Body | EndOfCallBody,
  messageKeys: ReadonlySet<string>,
  unknown: UnknownFields,
): void {
  const { message } = body;
  unknown.collect(body, ROOT_KEYS, []);
  unknown.collect(message, messageKeys, ['message']);
  unknown.collect(message.call, CALL_KEYS, ['message', 'call']);
  unknown.collect(message.phone_number, PHONE_NUMBER_KEYS, ['message', 'phone_number']);
  unknown.collect(message.customer, CUSTOMER_KEYS, ['message', 'customer']);
}
