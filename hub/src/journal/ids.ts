/**
 * Our ids: a visible prefix, then Crockford base32. An id carries its own row number, so that looking
 * one up needs no second index, which every row of the hot path would have to be entered in.
 * Events add 80 random bits, since receivers deduplicate by them: a journal restored from a backup
 * counts its rows again, but never makes the same event id twice.
 */
import { randomFillSync } from 'node:crypto';

export type EventId = `evt_${string}`;
export type DestinationId = `dst_${string}`;
export type DeliveryId = `dlv_${string}`;
export type AttemptId = `att_${string}`;
export type KeyId = `key_${string}`;
export type AccountId = 'default' | `acc_${string}`;
/** `api` and `voicedock` are built in. */
export type SourceId = 'api' | 'voicedock' | `src_${string}`;
export type ReplayId = `rpl_${string}`;
export type AuditId = `aud_${string}`;
export type ReportId = `rep_${string}`;
export type ErrorGroupId = `err_${string}`;
export type OperationalEventId = `ope_${string}`;
export type SessionId = `ses_${string}`;

const ALPHABET = '0123456789ABCDEFGHJKMNPQRSTVWXYZ';
const DIGITS: ReadonlyMap<string, number> = new Map(Array.from(ALPHABET, (digit, value) => [digit, value]));

/** 10 digits hold 50 bits: more rows than a journal can ever number, and still a safe integer. */
const ROW_DIGITS = 10;
const RANDOM_DIGITS = 16;

const pool = new Uint8Array(4096);
let poolUsed = pool.length;

function toRandomDigits(count: number): string {
  if (poolUsed + count > pool.length) {
    randomFillSync(pool);
    poolUsed = 0;
  }
  let digits = '';
  for (let index = 0; index < count; index += 1) {
    // 256 is a multiple of 32, so the low five bits are uniform.
    digits += ALPHABET[(pool[poolUsed + index] as number) & 31];
  }
  poolUsed += count;
  return digits;
}

function toRowDigits(row: number): string {
  let digits = '';
  for (let rest = row, index = 0; index < ROW_DIGITS; index += 1) {
    digits = ALPHABET.charAt(rest % 32) + digits;
    rest = Math.floor(rest / 32);
  }
  return digits;
}

export function makeEventId(row: number): EventId {
  return `evt_${toRowDigits(row)}${toRandomDigits(RANDOM_DIGITS)}`;
}

/** An id that is the row number alone: enough where the id never leaves this journal's API. */
export function toDeliveryId(row: number): DeliveryId {
  return `dlv_${toRowDigits(row)}`;
}

export function toAttemptId(deliveryRow: number, attemptNumber: number): AttemptId {
  return `att_${toRowDigits(deliveryRow)}${String(attemptNumber).padStart(4, '0')}`;
}

export function toReportId(row: number): ReportId {
  return `rep_${toRowDigits(row)}`;
}

export function makeId<Prefix extends string>(prefix: Prefix): `${Prefix}_${string}` {
  return `${prefix}_${toRandomDigits(20)}`;
}

/** The row number an id carries; undefined where the text is no such id. */
export function parseRow(id: string, prefix: 'evt' | 'dlv' | 'rep'): number | undefined {
  const digits = id.slice(4, 4 + ROW_DIGITS);
  if (!id.startsWith(`${prefix}_`) || digits.length !== ROW_DIGITS) return undefined;
  let row = 0;
  for (const digit of digits) {
    const value = DIGITS.get(digit);
    if (value === undefined) return undefined;
    row = row * 32 + value;
  }
  return row > 0 && Number.isSafeInteger(row) ? row : undefined;
}
