/** A call as a row, both ways. */
import type { Call } from '../../calls/call.ts';
import { CALL_STATE_CODES, toCallState } from './codes.ts';

/** A row may hold a duration beyond what the driver can read (10^16 ms were taken once); every list with it would throw. */
export const CALL_COLUMNS = `c.row, c.call_id, c.state, c.type, c.given, c.phone_number, c.phone_name,
  c.customer_number, c.started_at_ms, c.ended_at_ms,
  min(c.duration_ms, ${Number.MAX_SAFE_INTEGER}) AS duration_ms, c.error, c.end_reason, c.summary,
  c.sequence, c.first_report_at_ms, c.live_since_ms, c.updated_at_ms`;

export interface CallRow {
  readonly row: number;
  readonly call_id: string;
  readonly state: number;
  readonly type: string | null;
  readonly given: number;
  readonly phone_number: string | null;
  readonly phone_name: string | null;
  readonly customer_number: string | null;
  readonly started_at_ms: number | null;
  readonly ended_at_ms: number | null;
  readonly duration_ms: number | null;
  readonly error: string | null;
  readonly end_reason: string | null;
  readonly summary: string | null;
  readonly sequence: number;
  readonly first_report_at_ms: number;
  readonly live_since_ms: number | null;
  readonly updated_at_ms: number;
}

const PHONE_GIVEN = 1;
const NAME_GIVEN = 2;
const CUSTOMER_GIVEN = 4;

export function toCall(row: CallRow): Call {
  return {
    callId: row.call_id,
    state: toCallState(row.state),
    type: row.type,
    phoneNumber: toPhoneNumber(row),
    customer: (row.given & CUSTOMER_GIVEN) === 0 ? null : { number: row.customer_number },
    startedAtMs: row.started_at_ms,
    endedAtMs: row.ended_at_ms,
    durationMs: row.duration_ms,
    error: row.error,
    endReason: row.end_reason,
    summary: row.summary,
    sequence: row.sequence,
    firstReportAtMs: row.first_report_at_ms,
    liveSinceMs: row.live_since_ms,
    updatedAtMs: row.updated_at_ms,
  };
}

function toPhoneNumber({ given, phone_number, phone_name }: CallRow): Call['phoneNumber'] {
  if ((given & PHONE_GIVEN) === 0) return null;
  return (given & NAME_GIVEN) === 0 ? { number: phone_number } : { number: phone_number, name: phone_name };
}

/** The identity columns, in the order both statements below name them. */
function toGiven({ phoneNumber, customer }: Call): number {
  return (
    (phoneNumber === null ? 0 : PHONE_GIVEN) |
    (phoneNumber?.name === undefined ? 0 : NAME_GIVEN) |
    (customer === null ? 0 : CUSTOMER_GIVEN)
  );
}

export interface CallSearch {
  /** With a leading + where it is E.164, else bare digits or lower-case text. */
  readonly phone: string | null;
  readonly customer: string | null;
}

export const INSERT_CALL = `
  INSERT INTO calls (row, account_row, call_id, state, type, given, phone_number, phone_name, customer_number,
    phone_search, customer_search, started_at_ms, ended_at_ms, duration_ms, error, end_reason, summary,
    sequence, first_report_at_ms, live_since_ms, updated_at_ms)
  VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?)`;

export function toInsertValues(
  row: number,
  accountRow: number,
  call: Call,
  search: CallSearch,
): (string | number | null)[] {
  return [
    row,
    accountRow,
    call.callId,
    CALL_STATE_CODES[call.state],
    call.type,
    toGiven(call),
    call.phoneNumber?.number ?? null,
    call.phoneNumber?.name ?? null,
    call.customer?.number ?? null,
    search.phone,
    search.customer,
    call.startedAtMs,
    call.endedAtMs,
    call.durationMs,
    call.error,
    call.endReason,
    call.summary,
    call.sequence,
    call.firstReportAtMs,
    call.liveSinceMs,
    call.updatedAtMs,
  ];
}

/** What moves with a call. Who called whom rarely changes after the first report and has its own statement. */
export const UPDATE_CALL_PROGRESS = `
  UPDATE calls SET state = ?, started_at_ms = ?, ended_at_ms = ?, duration_ms = ?, error = ?, end_reason = ?,
    summary = ?, sequence = ?, live_since_ms = ?, updated_at_ms = ? WHERE row = ?`;

export function toProgressValues(row: number, call: Call): (string | number | null)[] {
  return [
    CALL_STATE_CODES[call.state],
    call.startedAtMs,
    call.endedAtMs,
    call.durationMs,
    call.error,
    call.endReason,
    call.summary,
    call.sequence,
    call.liveSinceMs,
    call.updatedAtMs,
    row,
  ];
}

export const UPDATE_CALL_IDENTITY = `
  UPDATE calls SET type = ?, given = ?, phone_number = ?, phone_name = ?, customer_number = ?,
    phone_search = ?, customer_search = ? WHERE row = ?`;

export function toIdentityValues(row: number, call: Call, search: CallSearch): (string | number | null)[] {
  return [
    call.type,
    toGiven(call),
    call.phoneNumber?.number ?? null,
    call.phoneNumber?.name ?? null,
    call.customer?.number ?? null,
    search.phone,
    search.customer,
    row,
  ];
}

const DIALLED = /^[+\d\s().-]*\d[+\d\s().-]*$/;

/** What number search compares; numbers that are no phone numbers (SIP users, "anonymous") stay text. */
export function toSearchNumber(given: string | null | undefined, e164: string | null): string | null {
  if (e164 !== null) return e164;
  if (given === null || given === undefined) return null;
  return DIALLED.test(given) ? given.replaceAll(/\D/g, '') : given.toLowerCase();
}
