/**
 * Reports that come through the hub's own API. In: the bytes of a body. Out: reports, or every fault with its place
 * and its remedy. Strict about form, since the sender is somebody's program under development and a 400 that
 * says what to do is a help; open about content (unknown statuses, types and fields, any form of number).
 */
import type { z } from 'zod';

import type { CallReport } from '../calls/report.ts';
import type { JsonLimits } from './json-door.ts';
import type { Refusal } from './source.ts';

import { callStatusSchema, reportItemSchema, REPORTS_MAX } from './api-schema.ts';
import { timestampFault, toFieldFaults } from './field-faults.ts';
import { parseInstant } from './instant.ts';
import { JSON_LIMITS, parseJsonDoor } from './json-door.ts';
import { toCustomer, toPhoneNumber } from './phone-numbers.ts';
import { refuseBody } from './source.ts';
import { collectUnknownFields } from './unknown-fields.ts';
import { CALL_ID_CHARACTERS_MAX } from './voicedock-schema.ts';

export type ParsedReport = { readonly kind: 'report'; readonly report: CallReport } | Refusal;

export type ParsedReports =
  | {
      readonly kind: 'reports';
      /** In the order given; a wrong one does not keep the others out. Pointers are into the whole body. */
      readonly items: readonly ParsedReport[];
    }
  | Refusal;

/** A thousand reports with metadata of their own; the size of the body bounds it before. */
export const REPORTS_JSON_LIMITS: JsonLimits = { ...JSON_LIMITS, keysMax: 50_000 };

/** The body of `PUT /v1/calls/{call_id}/status`; `callId` as decoded from the path. */
export function parseCallStatusBody(callId: string, body: Uint8Array): ParsedReport {
  if (!isCallId(callId)) {
    return {
      kind: 'refused',
      status: 400,
      code: 'invalid_call_id',
      detail: `The call id in the path must be 1 to ${CALL_ID_CHARACTERS_MAX} characters, percent-encoded, without U+0000.`,
      errors: [],
    };
  }
  const parsed = parseJsonDoor(body, JSON_LIMITS);
  if (!parsed.ok) return refuseBody([parsed.fault]);
  const checked = callStatusSchema.safeParse(parsed.value);
  if (!checked.success) return refuseBody(toFieldFaults(checked.error.issues, parsed.value));
  return toReport(callId, checked.data, CALL_STATUS_KEYS, []);
}

/** The body of `POST /v1/reports`. */
export function parseReportsBody(body: Uint8Array): ParsedReports {
  const parsed = parseJsonDoor(body, REPORTS_JSON_LIMITS);
  if (!parsed.ok) return refuseBody([parsed.fault]);
  const reports = (parsed.value as { reports?: unknown } | null)?.reports;
  if (!Array.isArray(reports)) {
    const found = reports === undefined ? 'is missing' : 'is not an array';
    return refuseBody([
      {
        pointer: '/reports',
        code: found === 'is missing' ? 'missing' : 'wrong_type',
        detail: `${found}; must be an array of reports.`,
      },
    ]);
  }
  if (reports.length === 0 || reports.length > REPORTS_MAX) {
    return refuseBody([
      {
        pointer: '/reports',
        code: 'wrong_length',
        detail: `holds ${reports.length} reports; must hold 1 to ${REPORTS_MAX}.`,
      },
    ]);
  }
  return { kind: 'reports', items: reports.map(parseReportItem) };
}

function parseReportItem(item: unknown, index: number): ParsedReport {
  const path = ['reports', index];
  const checked = reportItemSchema.safeParse(item);
  if (!checked.success) return refuseBody(toFieldFaults(checked.error.issues, item, path));
  return toReport(checked.data.call_id, checked.data, REPORT_ITEM_KEYS, path);
}

const CALL_STATUS_KEYS = new Set([
  'status',
  'timestamp',
  'type',
  'phone_number',
  'customer',
  'error',
  'end_reason',
  'metadata',
]);
const REPORT_ITEM_KEYS = new Set([...CALL_STATUS_KEYS, 'call_id']);
const PHONE_NUMBER_KEYS = new Set(['number', 'name']);
const CUSTOMER_KEYS = new Set(['number']);

function toReport(
  callId: string,
  body: z.infer<typeof callStatusSchema>,
  knownKeys: ReadonlySet<string>,
  path: readonly PropertyKey[],
): ParsedReport {
  const occurredAtMs =
    body.timestamp === undefined || body.timestamp === null ? null : parseInstant(body.timestamp);
  if (occurredAtMs === undefined) return refuseBody([timestampFault([...path, 'timestamp'])]);
  const unknown = collectUnknownFields();
  unknown.collect(body, knownKeys, path);
  unknown.collect(body.phone_number, PHONE_NUMBER_KEYS, [...path, 'phone_number']);
  unknown.collect(body.customer, CUSTOMER_KEYS, [...path, 'customer']);
  const { phone_number: phoneNumber, customer, metadata } = body;
  return {
    kind: 'report',
    report: {
      callId,
      status: body.status,
      occurredAtMs,
      type: body.type ?? null,
      phoneNumber: toPhoneNumber(phoneNumber),
      customer: toCustomer(customer),
      error: body.error ?? null,
      endReason: body.end_reason ?? null,
      assistant: metadata === undefined || metadata === null ? null : { metadata },
      unknownFields: unknown.toRecord(),
    },
  };
}

function isCallId(callId: string): boolean {
  return (
    callId.length >= 1 &&
    callId.length <= CALL_ID_CHARACTERS_MAX &&
    !callId.includes('\0') &&
    callId.isWellFormed()
  );
}
