/** Reports of calls that never were, in the published shape: for `trigger` and the demo. */
import {
  WEBHOOK_EVENT_HEADER,
  WEBHOOK_SIGNATURE_HEADER,
  WEBHOOK_TIMESTAMP_HEADER,
  STATUS_UPDATE_EVENT,
} from '@offhook/contract/headers';
import type { CallStatus } from '@offhook/contract/message';
import { signPublished } from '@offhook/contract/signature';

import { CommandFailure, EXIT } from './failure.ts';

export interface MadeUpReport {
  readonly message: {
    readonly type: 'status-update';
    readonly timestamp: string;
    readonly call: { readonly id: string; readonly type: string; readonly status: string };
    readonly phone_number: { readonly number: string | null; readonly name?: string };
    readonly customer: { readonly number: string | null };
    readonly error?: string;
  };
}

/** The source document's number, and two from the ranges that Ofcom keeps free for stories. */
const NUMBERS = [
  { number: '+31850835037', name: 'HMS Sovereign Demo' },
  { number: '+442079460101', name: 'Support' },
  { number: '+442079460958', name: 'London desk' },
  { number: '+12025550142', name: 'Bookings' },
  { number: '+441614960733', name: 'Returns' },
] as const;
/** Customers: Ofcom's mobile range, and the one that North America keeps free. */
const CUSTOMERS = ['+447700900', '+12025550'] as const;

/** Numbers in the texts differ from call to call, as real ones do; their groups are found all the same. */
const ERRORS: readonly ((seed: number) => string)[] = [
  () => 'STT connection failed',
  (seed) => `LLM request timed out after ${20_000 + (seed % 10_000)} ms`,
  (seed) => `TTS voice not available: quota of ${100 * (1 + (seed % 9))} minutes is used up`,
  (seed) => `SIP ${SIP_CODES[seed % SIP_CODES.length] ?? 503} from trunk ${1 + (seed % 4)}`,
  (seed) => `Tool update_crm failed: HTTP 502 after ${1 + (seed % 3)} tries`,
];
const SIP_CODES = [408, 480, 503] as const;

export function makeReport(options: {
  readonly callId: string;
  readonly status: CallStatus;
  readonly nowMs: number;
}): MadeUpReport {
  const { callId, status, nowMs } = options;
  // From the id, not from chance, so that all reports of one call agree.
  const seed = toSeed(callId);
  const kind = seed % 10;
  const isWebCall = kind === 0;
  return {
    message: {
      type: 'status-update',
      timestamp: new Date(nowMs).toISOString(),
      call: {
        id: callId,
        type: isWebCall ? 'web_call' : kind < 4 ? 'outbound_phone_call' : 'inbound_phone_call',
        status,
      },
      phone_number: isWebCall ? { number: null } : (NUMBERS[seed % NUMBERS.length] ?? NUMBERS[0]),
      customer: { number: isWebCall ? null : toCustomer(seed) },
      ...(status === 'ended-with-error' && { error: toErrorText(seed) }),
    },
  };
}

function toCustomer(seed: number): string {
  const prefix = CUSTOMERS[seed % CUSTOMERS.length] ?? CUSTOMERS[0];
  // 555-01xx is what is free there.
  const digits = prefix.startsWith('+1') ? 100 + (seed % 100) : seed % 1_000;
  return prefix + String(digits).padStart(3, '0');
}

function toErrorText(seed: number): string {
  // Squared, so that some errors are far more common than others.
  const rank = Math.floor(((seed % 100) / 100) ** 2 * ERRORS.length);
  return (ERRORS[rank] ?? ERRORS[0])?.(Math.floor(seed / 100)) ?? '';
}

/** Headers of the published scheme; none where there is no secret. */
export function toSignedHeaders(
  secret: string | undefined,
  body: Uint8Array,
  nowMs: number,
): Record<string, string> {
  const timestampSeconds = Math.floor(nowMs / 1000);
  return {
    [WEBHOOK_EVENT_HEADER]: STATUS_UPDATE_EVENT,
    ...(secret !== undefined && {
      [WEBHOOK_TIMESTAMP_HEADER]: String(timestampSeconds),
      [WEBHOOK_SIGNATURE_HEADER]: signPublished(secret, timestampSeconds, body),
    }),
  };
}

/** `call.id=abc` sets message.call.id. A value that is JSON is taken as such, so `customer.number=null` works. */
export function overrideField(report: MadeUpReport, override: string): void {
  const equals = override.indexOf('=');
  const path = override
    .slice(0, Math.max(equals, 0))
    .replace(/^message\./, '')
    .split('.');
  if (equals < 1 || path.some((part) => part === '' || part === '__proto__'))
    throw new CommandFailure(
      EXIT.usage,
      `--override must be path=value, such as call.id=abc, not "${override}".`,
    );
  const text = override.slice(equals + 1);
  let value: unknown = text;
  try {
    value = JSON.parse(text);
  } catch {
    // Plain text needs no quotes.
  }
  let target = report.message as unknown as Record<string, unknown>;
  for (const part of path.slice(0, -1)) {
    const inner = target[part];
    const copy: Record<string, unknown> = typeof inner === 'object' && inner !== null ? { ...inner } : {};
    target[part] = copy;
    target = copy;
  }
  // A call id that happens to be digits stays a text.
  target[path.at(-1) ?? ''] = path.join('.') === 'call.id' || path.join('.') === 'call.status' ? text : value;
}

function toSeed(text: string): number {
  let seed = 0;
  for (const character of text) seed = (seed * 31 + character.charCodeAt(0)) % 1_000_003;
  return seed;
}
