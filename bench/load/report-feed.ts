import type { Door } from '../contestants/contestant.ts';
import type { Ledger } from './ledger.ts';

import { createSigner } from '@offhook/contract/signature';

import { toSlot } from './ledger.ts';

/**
 * The source document's payloads, one report after the other: every call begins and, a while later, ends.
 * The same bytes go to every contestant, signed as the published scheme has it.
 */
export interface ReportFeed {
  /** The request to send, and the slot its event has in the ledger. */
  next(): { readonly slot: number; readonly request: string };
  /** The hub has taken the event of this slot: only then may its call end, or the start could come late. */
  accepted(slot: number): void;
}

/** That many calls are under way before the first ends, so that no end follows on the heels of its start. */
const LIVE_CALLS_MAX = 1_000;
/** In front of the twelve digits that number a call; with it the sink knows its own. */
export const CALL_ID_PREFIX = '5c4d030f-43e3-4e65-899e-';

export function createReportFeed(options: {
  readonly door: Door;
  readonly numbers: readonly string[];
  readonly secret: string;
  readonly ledger: Ledger;
  /** Calls of two feeds to one hub must not be the same calls. */
  readonly callIdPrefix?: string;
}): ReportFeed {
  const { door, numbers, ledger, callIdPrefix = CALL_ID_PREFIX } = options;
  const signer = createSigner({ current: options.secret, previous: null });
  const head = `POST ${door.path} HTTP/1.1\r\nHost: 127.0.0.1:${door.port}\r\nContent-Type: application/json\r\n`;
  const live: number[] = [];
  let ending = false;
  return {
    next() {
      ending = !ending && live.length >= LIVE_CALLS_MAX;
      const call = ending ? (live.shift() as number) : ledger.startCall();
      const callId = callIdPrefix + String(call).padStart(12, '0');
      const body = toBody(callId, ending, numbers[call % numbers.length] as string);
      const timestamp = Math.floor(Date.now() / 1_000);
      const signature = signer.signPublished(timestamp, Buffer.from(body));
      return {
        slot: toSlot(call, ending),
        request:
          `${head}Content-Length: ${body.length}\r\nX-Webhook-Event: status-update\r\n` +
          `X-Webhook-Timestamp: ${timestamp}\r\nX-Webhook-Signature: ${signature}\r\n\r\n${body}`,
      };
    },
    accepted(slot) {
      if (slot % 2 === 0) live.push(slot / 2);
    },
  };
}

/** Compact, keys in the published order: what Offhook sends on is byte for byte what it got, as with the others. */
export function toBody(callId: string, ends: boolean, number: string): string {
  return JSON.stringify({
    message: {
      type: 'status-update',
      timestamp: ends ? '2025-12-13T12:05:00.000Z' : '2025-12-13T12:00:00.000Z',
      call: {
        id: callId,
        type: 'inbound_phone_call',
        status: ends ? 'ended' : 'in-progress',
      },
      phone_number: { number, name: 'HMS Sovereign Demo' },
      customer: { number: '+31612345678' },
    },
  });
}

/** The destination with this index has this number. */
export function toNumber(index: number): string {
  return `+3185${String(index).padStart(7, '0')}`;
}
