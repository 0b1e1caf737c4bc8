/**
 * Where reports come from. In: the raw bytes and headers of one request. Out: what it says, as a value.
 * Pure: no I/O, no clock, never throws for what a sender sends. Adding a provider is one file that exports a
 * Source.
 */
import type { CallReport } from '../calls/report.ts';

export interface Source {
  /** As in `/v1/sources` and the URL: `voicedock`, later `livekit`, `twilio` … */
  readonly provider: string;
  /** Bounds of a body before it is parsed; the door refuses larger ones with 413. */
  readonly bodyBytesMax: number;
  parse(request: SourceRequest): SourceResult;
}

export interface SourceRequest {
  /** As received: signatures are over these bytes. */
  readonly body: Uint8Array;
  /** Names in lower case, as Node gives them. */
  readonly headers: Readonly<Record<string, string | readonly string[] | undefined>>;
  /** All that are valid now; empty where the source has none. */
  readonly secrets: readonly string[];
  /**
   * Whether a source without a secret takes what comes (the local profile). It never excuses a missing or
   * wrong signature once a secret is set.
   */
  readonly unsigned: 'accept' | 'refuse';
  /** Unix ms by the hub's clock, for the signature's tolerance. */
  readonly nowMs: number;
}

export type SourceResult =
  | {
      /** A claim that a call has a status. */
      readonly kind: 'report';
      readonly report: CallReport;
    }
  | {
      /** Facts about a call that move no state (an end-of-call-report). Goes through `applyReport` like a report. */
      readonly kind: 'note';
      readonly report: CallReport;
    }
  | {
      /** An event type that shares the URL and is none of ours: the answer is `200 {}`. */
      readonly kind: 'ignored';
      readonly eventType: string;
    }
  | Refusal;

/** Becomes problem+json as it is; holds nothing of the body but names and places. */
export interface Refusal {
  readonly kind: 'refused';
  readonly status: 400 | 401;
  readonly code: string;
  readonly detail: string;
  readonly errors: readonly FieldFault[];
}

/** One thing that is wrong in a body: where, what, and what would be right. */
export interface FieldFault {
  /** RFC 6901; empty for the whole body. */
  readonly pointer: string;
  readonly detail: string;
  readonly code: FieldFaultCode;
}

export const FIELD_FAULT_CODES = [
  'malformed_utf8',
  'malformed_json',
  'too_deep',
  'too_many_keys',
  'string_too_long',
  'nul_character',
  'malformed_text',
  'forbidden_key',
  'duplicate_key',
  'number_out_of_range',
  'missing',
  'wrong_type',
  'wrong_length',
  'malformed_timestamp',
] as const;
export type FieldFaultCode = (typeof FIELD_FAULT_CODES)[number];

/** A body that cannot be used, with every fault that was found in it. */
export function refuseBody(errors: readonly FieldFault[]): Refusal {
  const code = errors.some((error) => error.code === 'malformed_json' || error.code === 'malformed_utf8')
    ? 'malformed_json'
    : 'invalid_body';
  const first = errors[0];
  const where = first === undefined || first.pointer === '' ? 'The body' : first.pointer;
  const more = errors.length > 1 ? ` (and ${errors.length - 1} more)` : '';
  return {
    kind: 'refused',
    status: 400,
    code,
    detail: `${where} ${first?.detail ?? 'cannot be used.'}${more}`,
    errors,
  };
}
